/* redis: one connection to one Redis, pipelined, never waiting.
 *
 * Commands are queued while the connection is ready and answered in order.
 * Any error, 10 s without an answer included, closes the connection, answers
 * every outstanding command with NULL, and connects again with back-off
 * (100 ms doubling to 5 s): after that nobody knows which of them ran. The one
 * thing that may wait is the system's resolver, when the URL names a host.
 *
 * Only redis.c and redis_reply.c know hiredis. */
#ifndef TERKAIT_REDIS_H
#define TERKAIT_REDIS_H

#include "err.h"
#include "event.h"

#include <stddef.h>
#include <stdint.h>

struct redis;
struct redis_reply;

/* `url` as redis_url.h says; -1 when it is not. Nothing is connected yet.
 * `name` is said in logs and in CLIENT LIST ("lists", "state"). */
int redis_open(struct redis **redis, const char *url, const char *name,
               struct err *err) MUST_CHECK;
void redis_close(struct redis *redis); /* outstanding: answered with NULL */

/* Connects, writes what is queued, reads what is there, calls back. Waits up
 * to `wait_ms` for something to happen on the socket (0: not at all). */
void redis_pump(struct redis *redis, int64_t now_us, int64_t wait_ms);

int redis_is_ready(const struct redis *redis);
int redis_descriptor(const struct redis *redis); /* for poll(2); -1: none */

/* Rises with each connection that became ready; 0 before the first. */
uint64_t redis_generation(const struct redis *redis);

/* `reply` is NULL when the connection was lost; borrowed. */
typedef void redis_callback(void *context, const struct redis_reply *reply);

/* Queues a command; only while ready. Arguments are copied. Error replies are
 * counted, and logged when there is no `callback` (NULL) to do it. A callback
 * may queue further commands unless its reply is NULL; it must not pump, ask
 * or close. */
void redis_send(struct redis *redis, const struct text *arguments, size_t count,
                redis_callback *callback, void *context);

/* The same, of a command that stands in the words of the protocol already
 * (resp.h), in `count` parts. */
void redis_send_written(struct redis *redis, const struct text *parts,
                        size_t count, redis_callback *callback, void *context);

/* Commands sent and not answered, and bytes not yet written. */
size_t redis_outstanding(const struct redis *redis);
size_t redis_unwritten(const struct redis *redis);

struct redis_stats {
    uint64_t commands;
    uint64_t errors;     /* error replies */
    uint64_t reconnects; /* after the first */
    int64_t latency_us;  /* of the latest reply */
};
const struct redis_stats *redis_stats(const struct redis *redis);

/* For command-line tools: connects if need be, sends one command, waits for its
 * answer at most `timeout_ms`. Does not connect twice. The reply, which may be
 * an error, is the caller's to free. */
int redis_ask(struct redis *redis, struct redis_reply **reply,
              const struct text *arguments, size_t count, int64_t timeout_ms,
              struct err *err) MUST_CHECK;
void redis_reply_free(struct redis_reply *reply);

enum redis_kind {
    REDIS_NIL,
    REDIS_TEXT, /* strings and statuses */
    REDIS_NUMBER,
    REDIS_ARRAY,
    REDIS_ERROR
};
enum redis_kind redis_reply_kind(const struct redis_reply *reply);
struct text redis_reply_text(const struct redis_reply *reply); /* also errors */
int64_t redis_reply_number(const struct redis_reply *reply);
size_t redis_reply_count(const struct redis_reply *reply); /* of an array */
const struct redis_reply *redis_reply_at(const struct redis_reply *reply,
                                         size_t index);

#endif
