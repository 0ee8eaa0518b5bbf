/* sink_redis: the sink on a Redis connection.
 *
 * Sorted sets are written whole, as the dump of one (zset_dump.h), at a tenth
 * of what a ZADD costs Redis. Whether it takes that is asked of each connection
 * (older ones do not, some users may not, and of look-alikes who knows): a set
 * is dumped beside the first key, read and deleted. Until it has said so, and
 * when it has not, sets are written by DEL, ZADD, PEXPIRE.
 *
 * In flight are at most some 4,096 commands (by ZADD: sets) and 4 MB. A write
 * that Redis refuses (OOM, READONLY, LOADING, ...) was not written: room() is 0
 * then for 1 s, doubling to 10 s while it goes on, and when that is over the
 * generation rises. So it does when a key that was to be kept alive turns out
 * to be gone (evicted, flushed), at most once a minute. */
#ifndef TERKAIT_SINK_REDIS_H
#define TERKAIT_SINK_REDIS_H

#include "redis.h"
#include "sink.h"

struct sink_redis;

/* Borrows the connection, which somebody else pumps, and closes before the
 * sink is freed: its answers come here. */
struct sink_redis *sink_redis_new(struct sink *sink, struct redis *redis);
void sink_redis_free(struct sink_redis *sink);

/* Nothing is written any more unless `token` stands at `key` (fence.h). Until
 * the first call, and with an empty key, nothing is asked. */
void sink_redis_fence(struct sink_redis *sink, struct text key,
                      struct text token);

/* Sends what was gathered; the main loop calls it once a turn. */
void sink_redis_flush(struct sink_redis *sink);

/* Commands not answered yet, gathered ones included. */
size_t sink_redis_outstanding(const struct sink_redis *sink);

struct sink_redis_stats {
    uint64_t refused;   /* writes that Redis answered with an error */
    uint64_t missing;   /* keys to be kept alive that were gone */
    uint64_t forgotten; /* generations because of these two */
    uint64_t dumped;    /* sorted sets written as a dump */
    uint64_t added;     /* and by ZADD */
};
const struct sink_redis_stats *sink_redis_stats(const struct sink_redis *sink);

#endif
