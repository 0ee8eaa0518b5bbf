/* http_guard: connections, and until when each may take for what it does. One
 * that drips its request byte by byte is never idle; here it is late, and its
 * socket is shut down. Any thread may call. */
#ifndef TERKAIT_HTTP_GUARD_H
#define TERKAIT_HTTP_GUARD_H

#include <stdint.h>

struct http_guard;
struct http_guest;

struct http_guard *http_guard_new(void);
void http_guard_free(struct http_guard *guard); /* no guest is left */

/* The descriptor is the guest's until it leaves, and not closed before. */
struct http_guest *http_guard_enter(struct http_guard *guard, int descriptor,
                                    int64_t until_us);
void http_guard_leave(struct http_guard *guard, struct http_guest *guest);

/* It has until then; HTTP_GUARD_EVER: for ever. */
#define HTTP_GUARD_EVER INT64_MAX
void http_guard_allow(struct http_guard *guard, struct http_guest *guest,
                      int64_t until_us);

/* Shuts down all that are late, each once. Returns how many. */
uint32_t http_guard_sweep(struct http_guard *guard, int64_t now_us);

#endif
