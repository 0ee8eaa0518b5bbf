#include "notify.h"

#include "mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 512 };

struct notify {
    int socket; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_bytes;
    int64_t beat_us; /* between two beats; 0: none */
    int64_t next_beat_us;
    int is_ready;
    int is_reloading;
    int is_stopping;
    char status[LINE_BYTES_MAX];
};

/* Returns 0 when it is no address. */
static int set_address(struct notify *notify, const char *address)
{
    size_t length = strlen(address);
    char *path = notify->address.sun_path;

    if ((address[0] != '/' && address[0] != '@') || length < 2 ||
        length >= sizeof notify->address.sun_path)
        return 0;
    notify->address.sun_family = AF_UNIX;
    memcpy(path, address, length);
    if (path[0] == '@')
        path[0] = '\0';
    notify->address_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return 1;
}

struct notify *notify_new(const char *address, int64_t watchdog_us)
{
    struct notify *notify = mem_new(1, sizeof *notify);

    notify->socket = -1;
    notify->beat_us = watchdog_us / 2;
    if (address != NULL && set_address(notify, address))
        notify->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return notify;
}

void notify_free(struct notify *notify)
{
    if (notify == NULL)
        return;
    if (notify->socket >= 0)
        close(notify->socket);
    free(notify);
}

/* WATCHDOG_PID names the process that is watched, when it is set. */
static int64_t watchdog_us(void)
{
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (us == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    return strtoll(us, NULL, 10) > 0 ? strtoll(us, NULL, 10) : 0;
}

struct notify *notify_from_environment(void)
{
    return notify_new(getenv("NOTIFY_SOCKET"), watchdog_us());
}

/* Returns 0 when it should be tried again. */
static int send_line(struct notify *notify, const char *line)
{
    if (notify->socket < 0)
        return 1;
    return sendto(notify->socket, line, strlen(line),
                  MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)&notify->address,
                  notify->address_bytes) >= 0 ||
           (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

/* For what is said once and must arrive: waits a moment for a full socket. */
static void insist(struct notify *notify, const char *line)
{
    for (int i = 0; i < 100 && !send_line(notify, line); i++)
        usleep(1000);
}

void notify_ready(struct notify *notify)
{
    if (notify->is_ready || notify->is_stopping)
        return;
    notify->is_ready = 1;
    insist(notify, "READY=1");
}

void notify_reloading(struct notify *notify, int64_t now_us)
{
    char line[64];

    if (!notify->is_ready || notify->is_stopping)
        return;
    notify->is_reloading = 1;
    snprintf(line, sizeof line, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_us);
    insist(notify, line);
}

void notify_reloaded(struct notify *notify)
{
    if (!notify->is_reloading || notify->is_stopping)
        return;
    notify->is_reloading = 0;
    insist(notify, "READY=1");
}

void notify_stopping(struct notify *notify)
{
    if (notify->is_stopping)
        return;
    notify->is_stopping = 1;
    insist(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *text)
{
    char line[LINE_BYTES_MAX];

    snprintf(line, sizeof line, "STATUS=%.*s", (int)strcspn(text, "\n"), text);
    if (strcmp(line, notify->status) != 0 && send_line(notify, line))
        memcpy(notify->status, line, sizeof line);
}

void notify_beat(struct notify *notify, int64_t now_us)
{
    if (notify->beat_us == 0 || now_us < notify->next_beat_us)
        return;
    if (send_line(notify, "WATCHDOG=1"))
        notify->next_beat_us = now_us + notify->beat_us;
}
