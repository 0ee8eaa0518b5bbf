/* store_check: what is asked of a Redis before it is trusted with state. */
#ifndef TERKAIT_STORE_CHECK_H
#define TERKAIT_STORE_CHECK_H

#include "redis.h"

/* -1: it cannot be asked, is older than 6.0, or may evict any key it likes
 * (maxmemory-policy allkeys-*). On 0 `warning` says, unless it is empty, what
 * people should hear loudly: no append-only file, or that Redis does not tell.
 */
int store_check(struct redis *redis, struct err *warning, int64_t timeout_ms,
                struct err *err) MUST_CHECK;

/* Whether a process keeps, or kept, durable state below this prefix: 1, 0, or
 * -1 when it cannot be asked. One look at the heads of the first groups and
 * partitions: a start takes all of them. */
int store_is_used(struct redis *redis, const char *prefix, int64_t timeout_ms,
                  struct err *err) MUST_CHECK;

#endif
