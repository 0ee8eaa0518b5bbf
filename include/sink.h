/* sink: where lists go. Two implementations: Redis (sink_redis) and memory
 * (sink_memory, for tests and the simulation).
 *
 * All calls are asynchronous and in order. A sink that has no room, or lost
 * its connection, says so by room() = 0; what was handed over before a loss
 * is unknown then, which generation() tells: when it has changed, whatever was
 * written must be taken as forgotten. */
#ifndef TERKAIT_SINK_H
#define TERKAIT_SINK_H

#include "event.h"

#include <stdint.h>

struct sink_member {
    struct text id;
    uint64_t count;
};

struct sink {
    void *self;
    /* How many more calls it takes now; 0 while it is away. */
    uint32_t (*room)(void *self);
    uint64_t (*generation)(void *self);
    void (*put)(void *self, struct text key, struct text value, int64_t ttl_ms);
    /* Makes the sorted set at `key` hold exactly these: no two alike, counts
     * falling, among equal ones ids rising. Copies. count = 0 deletes. */
    void (*put_counts)(void *self, struct text key,
                       const struct sink_member *members, uint32_t count,
                       int64_t ttl_ms);
    void (*expire)(void *self, struct text key, int64_t ttl_ms);
    void (*remove)(void *self, struct text key);
};

#endif
