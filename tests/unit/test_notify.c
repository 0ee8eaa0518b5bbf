/* The test is the service manager: it reads the datagrams. */
#include "notify.h"

#include "unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct manager {
    int socket;
    char address[108]; /* as in $NOTIFY_SOCKET */
};

static void listen_at(struct manager *manager, int is_abstract)
{
    static int number;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(manager->address, sizeof manager->address,
                          "%s/tmp/terkait-notify-%ld-%d",
                          is_abstract ? "@" : "", (long)getpid(), number++);

    memcpy(address.sun_path, manager->address, (size_t)length);
    if (is_abstract)
        address.sun_path[0] = '\0';
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager->socket, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                      (size_t)length)),
                     0);
}

static void stop(struct manager *manager)
{
    close(manager->socket);
    if (manager->address[0] == '/')
        unlink(manager->address);
}

static void assert_said(struct manager *manager, const char *wanted)
{
    char said[1024];
    ssize_t length = recv(manager->socket, said, sizeof said - 1, 0);

    if (length < 0)
        fail_msg("nothing was said, not \"%s\"", wanted);
    said[length > 0 ? length : 0] = '\0';
    assert_string_equal(said, wanted);
}

static void assert_silent(struct manager *manager)
{
    char said[1024];

    assert_int_equal(recv(manager->socket, said, sizeof said, 0), -1);
}

static void say_all(struct manager *manager)
{
    struct notify *notify = notify_new(manager->address, 0);

    notify_reloading(notify, 1); /* not ready: it does not become so */
    notify_reloaded(notify);
    notify_status(notify, "waits for Kafka");
    notify_status(notify, "waits for Kafka");
    notify_ready(notify);
    notify_ready(notify);
    notify_status(notify, "two\nlines");
    notify_reloading(notify, 1234567);
    notify_reloaded(notify);
    notify_reloaded(notify);
    notify_stopping(notify);
    notify_stopping(notify);
    notify_ready(notify);
    notify_status(notify, "ends");
    assert_said(manager, "STATUS=waits for Kafka");
    assert_said(manager, "READY=1");
    assert_said(manager, "STATUS=two");
    assert_said(manager, "RELOADING=1\nMONOTONIC_USEC=1234567");
    assert_said(manager, "READY=1");
    assert_said(manager, "STOPPING=1");
    assert_said(manager, "STATUS=ends");
    assert_silent(manager);
    notify_free(notify);
    stop(manager);
}

static void test_to_a_path(void **state)
{
    struct manager manager;

    (void)state;
    listen_at(&manager, 0);
    say_all(&manager);
}

static void test_to_an_abstract_name(void **state)
{
    struct manager manager;

    (void)state;
    listen_at(&manager, 1);
    say_all(&manager);
}

static void test_beats_at_half_the_time(void **state)
{
    struct manager manager;
    struct notify *notify;

    (void)state;
    listen_at(&manager, 0);
    notify = notify_new(manager.address, 1000);
    notify_beat(notify, 5000);
    assert_said(&manager, "WATCHDOG=1");
    notify_beat(notify, 5499);
    assert_silent(&manager);
    notify_beat(notify, 5500);
    assert_said(&manager, "WATCHDOG=1");
    notify_beat(notify, 9000); /* late: not made up for */
    notify_beat(notify, 9100);
    assert_said(&manager, "WATCHDOG=1");
    assert_silent(&manager);
    notify_free(notify);
    notify = notify_new(manager.address, 0);
    notify_beat(notify, 1);
    assert_silent(&manager);
    notify_free(notify);
    stop(&manager);
}

static void beat_by_environment(struct manager *manager, const char *pid,
                                int is_due)
{
    struct notify *notify;

    setenv("NOTIFY_SOCKET", manager->address, 1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    if (pid != NULL)
        setenv("WATCHDOG_PID", pid, 1);
    else
        unsetenv("WATCHDOG_PID");
    notify = notify_from_environment();
    notify_beat(notify, 1);
    if (is_due)
        assert_said(manager, "WATCHDOG=1");
    notify_beat(notify, 15000000);
    assert_silent(manager);
    notify_free(notify);
}

static void test_the_environment(void **state)
{
    struct manager manager;
    char pid[24];

    (void)state;
    listen_at(&manager, 0);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    beat_by_environment(&manager, NULL, 1);
    beat_by_environment(&manager, pid, 1);
    beat_by_environment(&manager, "1", 0);
    stop(&manager);
}

static void test_nobody_listens(void **state)
{
    static const char *const nobody[] = {
        NULL,
        "",
        "/nowhere/socket",
        "relative",
        "@",
        "/",
        "/a/path/that/is/much/longer/than/what/a/unix/socket/may/have/as/its/"
        "address/which/is/one/hundred/and/eight/bytes/all/in/all"};

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_free(notify_from_environment());
    for (size_t i = 0; i < COUNT(nobody); i++) {
        struct notify *notify = notify_new(nobody[i], 1000);

        notify_ready(notify);
        notify_status(notify, "x");
        notify_beat(notify, 1);
        notify_stopping(notify);
        notify_free(notify);
    }
    notify_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_a_path),
        cmocka_unit_test(test_to_an_abstract_name),
        cmocka_unit_test(test_beats_at_half_the_time),
        cmocka_unit_test(test_the_environment),
        cmocka_unit_test(test_nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
