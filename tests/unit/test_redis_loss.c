/* A fake server (a bare socket of the test's own) shows what a real one does
 * not do on demand. Time is handed to redis_pump(), so back-off and time-outs
 * need no waiting. */
#include "redis.h"

#include "clock.h"
#include "private_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/tcp.h>
#include <poll.h>

static struct redis *open_redis(const char *url)
{
    struct err err = ERR_NONE;
    struct redis *redis;

    if (redis_open(&redis, url, "test", &err) != 0)
        fail_msg("%s", err.text);
    return redis;
}

struct order {
    size_t answered;
    size_t lost;
};

static void on_number(void *context, const struct redis_reply *reply)
{
    struct order *order = context;

    if (reply == NULL)
        order->lost++;
    else
        order->answered++;
}

struct fake {
    int fd, client, port;
    char url[64];
};

static void fake_start(struct fake *fake)
{
    fake->fd = private_bind(&fake->port);
    fake->client = -1;
    if (listen(fake->fd, 8) != 0 || fcntl(fake->fd, F_SETFL, O_NONBLOCK) != 0)
        abort();
    snprintf(fake->url, sizeof fake->url, "redis://127.0.0.1:%d", fake->port);
}

static void fake_drop(struct fake *fake)
{
    if (fake->client >= 0)
        close(fake->client);
    fake->client = -1;
}

static int fake_accept(struct fake *fake)
{
    int client = accept(fake->fd, NULL, NULL), yes = 1;

    if (client < 0)
        return 0;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fake_drop(fake);
    fake->client = client;
    return 1;
}

static void fake_stop(struct fake *fake)
{
    fake_drop(fake);
    close(fake->fd);
}

static void fake_say(struct fake *fake, const char *bytes)
{
    assert_int_equal(send(fake->client, bytes, strlen(bytes), MSG_NOSIGNAL),
                     strlen(bytes));
}

/* Connects and greets at time 0. */
static struct redis *fake_ready(struct fake *fake)
{
    struct redis *redis;

    fake_start(fake);
    redis = open_redis(fake->url);
    redis_pump(redis, 0, 1000);
    assert_true(fake_accept(fake));
    fake_say(fake, "+PONG\r\n+OK\r\n");
    for (int i = 0; i < 100 && !redis_is_ready(redis); i++)
        redis_pump(redis, 0, 10);
    assert_true(redis_is_ready(redis));
    return redis;
}

static void test_back_off(void **state)
{
    static const int64_t wanted_ms[] = {0,    100,  200,  400,  800, 1600,
                                        3200, 5000, 5000, 5000, 5000};
    enum { ATTEMPTS = sizeof wanted_ms / sizeof wanted_ms[0] };
    struct fake fake;
    struct redis *redis;
    int64_t previous_ms = 0;
    size_t attempts = 0;

    (void)state;
    fake_start(&fake);
    redis = open_redis(fake.url);
    for (int64_t now_ms = 0; attempts < ATTEMPTS; now_ms += 10) {
        redis_pump(redis, now_ms * 1000, 0);
        if (redis_descriptor(redis) < 0)
            continue;
        while (!fake_accept(&fake))
            redis_pump(redis, now_ms * 1000, 1);
        fake_drop(&fake);
        while (redis_descriptor(redis) >= 0)
            redis_pump(redis, now_ms * 1000, 10);
        assert_int_equal(now_ms - previous_ms, wanted_ms[attempts]);
        previous_ms = now_ms;
        attempts++;
        assert_in_range(now_ms, 0, 60000);
    }
    redis_close(redis);
    fake_stop(&fake);
}

static void test_back_off_starts_anew_when_ready(void **state)
{
    struct fake fake;
    struct redis *redis = fake_ready(&fake);

    (void)state;
    for (int64_t now_us = 0; now_us < 1000000; now_us += 500000) {
        fake_drop(&fake);
        while (redis_is_ready(redis))
            redis_pump(redis, now_us, 10);
        redis_pump(redis, now_us + 90000, 0);
        assert_int_equal(redis_descriptor(redis), -1);
        while (!fake_accept(&fake))
            redis_pump(redis, now_us + 100000, 1);
        fake_say(&fake, "+PONG\r\n+OK\r\n");
        while (!redis_is_ready(redis))
            redis_pump(redis, now_us + 100000, 10);
    }
    assert_int_equal(redis_generation(redis), 3);
    redis_close(redis);
    fake_stop(&fake);
}

/* Half a command was written to the lost connection, and none of the rest
 * goes to the next. */
static void test_nothing_is_left_over(void **state)
{
    enum { BYTES = 20000000 };
    char *value = calloc(1, BYTES), got[14];
    struct text set[] = {{"SET", 3}, {"k", 1}, {value, BYTES}};
    struct fake fake;
    struct redis *redis = fake_ready(&fake);

    (void)state;
    redis_send(redis, set, 3, NULL, NULL);
    redis_pump(redis, 0, 0);
    assert_in_range(redis_unwritten(redis), 1, BYTES - 1);
    fake_drop(&fake);
    while (redis_is_ready(redis))
        redis_pump(redis, 0, 10);
    assert_int_equal(redis_unwritten(redis), 0);
    while (!fake_accept(&fake))
        redis_pump(redis, 100000, 1);
    redis_pump(redis, 100000, 0);
    assert_int_equal(recv(fake.client, got, sizeof got, MSG_WAITALL),
                     sizeof got);
    assert_memory_equal(got, "*1\r\n$4\r\nPING\r\n", sizeof got);
    redis_close(redis);
    fake_stop(&fake);
    free(value);
}

/* Each answer, and each part of one, starts the time anew. */
static void test_slow_answers_are_no_silence(void **state)
{
    static const char *const parts[] = {"$9\r\n", "12345", "6789\r\n",
                                        ":1\r\n"};
    struct text get[] = {{"GET", 3}, {"k", 1}};
    struct order order = {0};
    struct fake fake;
    struct redis *redis = fake_ready(&fake);
    int64_t now_us = 0;

    (void)state;
    redis_send(redis, get, 2, on_number, &order);
    redis_send(redis, get, 2, on_number, &order);
    for (size_t i = 0; i < 4; i++) {
        for (int64_t end_us = now_us + 9000000; now_us < end_us;)
            redis_pump(redis, now_us += 500000, 0);
        fake_say(&fake, parts[i]);
        poll(NULL, 0, 20);
        redis_pump(redis, now_us, 0);
        assert_true(redis_is_ready(redis));
    }
    assert_int_equal(order.answered, 2);
    redis_close(redis);
    fake_stop(&fake);
}

static void test_silence_is_a_loss(void **state)
{
    struct text get[] = {{"GET", 3}, {"k", 1}};
    struct order order = {0};
    struct redis *redis;
    struct fake fake;
    int64_t now_us = 0;

    (void)state;
    redis = fake_ready(&fake);
    redis_pump(redis, 100000000, 0);
    assert_true(redis_is_ready(redis)); /* idle is not silent */
    redis_send(redis, get, 2, on_number, &order);
    for (now_us = 100000000; now_us < 109900000; now_us += 100000)
        redis_pump(redis, now_us, 0);
    assert_true(redis_is_ready(redis));
    fake_say(&fake, ":1\r\n");
    poll(NULL, 0, 20);
    redis_pump(redis, now_us, 0);
    assert_int_equal(order.answered, 1);
    redis_send(redis, get, 2, on_number, &order);
    for (int64_t end_us = now_us + 9900000; now_us < end_us; now_us += 100000)
        redis_pump(redis, now_us, 0);
    assert_true(redis_is_ready(redis));
    redis_pump(redis, now_us, 0);
    redis_pump(redis, now_us + 100000, 0);
    assert_false(redis_is_ready(redis));
    assert_int_equal(order.lost, 1);
    redis_close(redis);
    fake_stop(&fake);
}

/* The answer lay in the socket while the process did not run. */
static void test_a_stopped_process_loses_nothing(void **state)
{
    struct text get[] = {{"GET", 3}, {"k", 1}};
    struct order order = {0};
    struct redis *redis;
    struct fake fake;

    (void)state;
    redis = fake_ready(&fake);
    redis_send(redis, get, 2, on_number, &order);
    redis_pump(redis, 1000, 0);
    redis_pump(redis, 60000000, 0);
    assert_true(redis_is_ready(redis));
    fake_say(&fake, ":1\r\n");
    poll(NULL, 0, 20);
    redis_pump(redis, 120000000, 0);
    assert_true(redis_is_ready(redis));
    assert_int_equal(order.answered, 1);
    redis_close(redis);
    fake_stop(&fake);
}

static void test_silent_greeting(void **state)
{
    struct fake fake;
    struct redis *redis;
    int64_t now_us = 0;

    (void)state;
    fake_start(&fake);
    redis = open_redis(fake.url);
    redis_pump(redis, 0, 1000);
    while (redis_descriptor(redis) >= 0 && now_us < 20000000)
        redis_pump(redis, now_us += 100000, 0);
    assert_int_equal(now_us, 10000000);
    redis_close(redis);
    fake_stop(&fake);
}

static void assert_is_lost(struct redis *redis, struct fake *fake)
{
    for (int i = 0; i < 100 && redis_is_ready(redis); i++)
        redis_pump(redis, 0, 10);
    assert_false(redis_is_ready(redis));
    redis_close(redis);
    fake_stop(fake);
}

static void test_answer_to_no_command(void **state)
{
    struct fake fake;
    struct redis *redis = fake_ready(&fake);

    (void)state;
    fake_say(&fake, "+OK\r\n");
    assert_is_lost(redis, &fake);
}

static void test_garbage(void **state)
{
    struct text get[] = {{"GET", 3}, {"k", 1}};
    struct order order = {0};
    struct redis *redis;
    struct fake fake;

    (void)state;
    redis = fake_ready(&fake);
    redis_send(redis, get, 2, on_number, &order);
    fake_say(&fake, "HTTP/1.1 400 Bad Request\r\n");
    assert_is_lost(redis, &fake);
    assert_int_equal(order.lost, 1);
}

static void test_greeting_refused(void **state)
{
    static const char *const refusals[] = {
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-DENIED Redis is running in protected mode\r\n"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake fake;
        struct redis *redis;

        fake_start(&fake);
        redis = open_redis(fake.url);
        redis_pump(redis, 0, 1000);
        assert_true(fake_accept(&fake));
        fake_say(&fake, refusals[i]);
        for (int j = 0; j < 100 && redis_descriptor(redis) >= 0; j++)
            redis_pump(redis, 0, 10);
        assert_int_equal(redis_descriptor(redis), -1);
        assert_int_equal(redis_generation(redis), 0);
        redis_close(redis);
        fake_stop(&fake);
    }
}

static void test_ask_gives_up(void **state)
{
    struct text ping = {"PING", 4};
    struct err err = ERR_NONE;
    struct redis_reply *reply;
    struct fake fake;
    struct redis *redis;
    int64_t start_us = clock_mono_us();

    (void)state;
    fake_start(&fake);
    redis = open_redis(fake.url);
    assert_int_equal(redis_ask(redis, &reply, &ping, 1, 200, &err), -1);
    assert_in_range(clock_mono_us() - start_us, 200000, 3000000);
    assert_non_null(strstr(err.text, "no answer in time"));
    assert_null(reply);
    fake_stop(&fake);
    err = ERR_NONE;
    start_us = clock_mono_us();
    assert_int_equal(redis_ask(redis, &reply, &ping, 1, 5000, &err), -1);
    assert_in_range(clock_mono_us() - start_us, 0, 1000000);
    assert_non_null(strstr(err.text, "refused"));
    assert_non_null(strstr(err.text, "127.0.0.1:"));
    redis_close(redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_back_off_starts_anew_when_ready),
        cmocka_unit_test(test_nothing_is_left_over),
        cmocka_unit_test(test_slow_answers_are_no_silence),
        cmocka_unit_test(test_silence_is_a_loss),
        cmocka_unit_test(test_a_stopped_process_loses_nothing),
        cmocka_unit_test(test_silent_greeting),
        cmocka_unit_test(test_answer_to_no_command),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_greeting_refused),
        cmocka_unit_test(test_ask_gives_up),
    };

    return cmocka_run_group_tests_name("redis_loss", tests, NULL, NULL);
}
