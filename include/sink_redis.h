/* sink_redis: the sink on a Redis connection. */
#ifndef TERKAIT_SINK_REDIS_H
#define TERKAIT_SINK_REDIS_H

#include "redis.h"
#include "sink.h"

struct sink_redis;

/* Borrows the connection, which somebody else pumps. */
struct sink_redis *sink_redis_new(struct sink *sink, struct redis *redis);
void sink_redis_free(struct sink_redis *sink);

#endif
