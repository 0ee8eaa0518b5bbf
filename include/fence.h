/* fence: commands that run only while a token stands.
 *
 * A process that was paused and overtaken may wake up with commands on their
 * way; they must not write over what its successor published. So commands of
 * one key each are gathered, and sent as one script that compares the token
 * first and then runs them in order:
 *
 *     EVAL script KEYS token-key key1 key2 ... ARGV token pieces
 *
 * where a piece is one command ("ZADD", 2, "5", "a") or a run of writes that
 * differ in key and value only ("=SET", 2, ttl, value1, value2).
 *
 * Each command's callback gets its own reply; all get the script's error when
 * it refused, NULL when the connection was lost. Without a token commands go
 * out as they are. (One Redis node: the keys are of many slots.) */
#ifndef TERKAIT_FENCE_H
#define TERKAIT_FENCE_H

#include "redis.h"

struct fence;

struct fence *fence_new(struct redis *redis); /* borrows it */

/* The connection is closed already; what was gathered is answered with NULL. */
void fence_free(struct fence *fence);

/* From now on: the hash at `key` must have `token` in its field "token". Both
 * are copied; an empty key: no fence. */
void fence_set(struct fence *fence, struct text key, struct text token);

/* A command whose first argument is its key. As redis_send. */
void fence_send(struct fence *fence, const struct text *arguments, size_t count,
                redis_callback *callback, void *context);

enum fence_put {
    FENCE_SET,    /* SET key value PX ttl */
    FENCE_RESTORE /* RESTORE key ttl value REPLACE */
};

/* The same at less cost, for Redis too. */
void fence_put(struct fence *fence, enum fence_put kind, struct text key,
               struct text value, int64_t ttl_ms, redis_callback *callback,
               void *context);

/* The next so many commands (at most 10) run in one script: nobody sees a part
 * of them. Without a token they go out one by one. */
void fence_join(struct fence *fence, uint32_t commands);

/* Sends what was gathered. */
void fence_flush(struct fence *fence);

/* Commands not answered, gathered ones included. */
size_t fence_outstanding(const struct fence *fence);

#endif
