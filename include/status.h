/* status: what dashboards read, collected from the modules' own statistics. */
#ifndef TERKAIT_STATUS_H
#define TERKAIT_STATUS_H

#include "engine.h"
#include "publish.h"
#include "redis.h"
#include "sink_redis.h"
#include "source.h"

struct status;

/* Where the values come from; all borrowed. */
struct status_parts {
    struct engine *engine;
    struct publish *publish;
    struct redis *redis;
    struct sink_redis *sink;
    const struct source *source;
    const struct source *kafka; /* the same when it is Kafka, else NULL */
};

struct status *status_new(int64_t started_at_ms);
void status_free(struct status *status);

/* Takes all values; rates are since the collection before. */
void status_collect(struct status *status, const struct status_parts *parts,
                    int64_t now_us, int64_t wall_ms);

/* Renews the hash `<prefix>stats`; nothing when Redis is away. */
void status_send(const struct status *status, struct redis *redis,
                 const char *prefix);

#endif
