#include "http_guard.h"

#include "err.h"
#include "mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct http_guest {
    int descriptor;
    int64_t until_us;
    struct http_guest *next, *before;
};

struct http_guard {
    pthread_mutex_t lock;
    struct http_guest *first;
};

struct http_guard *http_guard_new(void)
{
    struct http_guard *guard = mem_new(1, sizeof *guard);

    pthread_mutex_init(&guard->lock, NULL);
    return guard;
}

void http_guard_free(struct http_guard *guard)
{
    if (guard == NULL)
        return;
    ASSERT(guard->first == NULL);
    pthread_mutex_destroy(&guard->lock);
    free(guard);
}

struct http_guest *http_guard_enter(struct http_guard *guard, int descriptor,
                                    int64_t until_us)
{
    struct http_guest *guest = mem_new(1, sizeof *guest);

    guest->descriptor = descriptor;
    guest->until_us = until_us;
    pthread_mutex_lock(&guard->lock);
    guest->next = guard->first;
    if (guest->next != NULL)
        guest->next->before = guest;
    guard->first = guest;
    pthread_mutex_unlock(&guard->lock);
    return guest;
}

void http_guard_leave(struct http_guard *guard, struct http_guest *guest)
{
    pthread_mutex_lock(&guard->lock);
    if (guest->next != NULL)
        guest->next->before = guest->before;
    if (guest->before != NULL)
        guest->before->next = guest->next;
    else
        guard->first = guest->next;
    pthread_mutex_unlock(&guard->lock);
    free(guest);
}

void http_guard_allow(struct http_guard *guard, struct http_guest *guest,
                      int64_t until_us)
{
    pthread_mutex_lock(&guard->lock);
    guest->until_us = until_us;
    pthread_mutex_unlock(&guard->lock);
}

uint32_t http_guard_sweep(struct http_guard *guard, int64_t now_us)
{
    uint32_t late = 0;

    pthread_mutex_lock(&guard->lock);
    for (struct http_guest *one = guard->first; one != NULL; one = one->next) {
        if (now_us <= one->until_us)
            continue;
        shutdown(one->descriptor, SHUT_RDWR);
        one->until_us = HTTP_GUARD_EVER;
        late++;
    }
    pthread_mutex_unlock(&guard->lock);
    return late;
}
