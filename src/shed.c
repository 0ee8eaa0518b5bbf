#include "shed.h"

#include "err.h"

#include <string.h>

enum { FRACTION_BITS = 3, FRACTIONS = 1 << FRACTION_BITS };

/* Eight buckets an octave; the first eight hold a tick each. */
uint32_t shed_bucket(uint32_t ticks)
{
    uint32_t octave;

    if (ticks < FRACTIONS)
        return ticks;
    octave = 31 - (uint32_t)__builtin_clz(ticks);
    return (octave - FRACTION_BITS + 1) * FRACTIONS +
           (ticks >> (octave - FRACTION_BITS) & (FRACTIONS - 1));
}

void shed_begin(struct shed *shed, const struct groups *groups, uint64_t bytes)
{
    ASSERT(shed->phase == SHED_RESTING);
    *shed = (struct shed){
        .phase = SHED_WEIGHING,
        .next_item = 1,
        .tick = groups_tick(groups),
        .wanted = bytes,
    };
}

/* The row's bytes and bucket as they were when it began; 0: nothing to gain,
 * for there are no pairs, or something has touched it since. */
static uint64_t weigh(const struct shed *shed, const struct groups *groups,
                      uint32_t item, uint32_t *bucket)
{
    uint32_t since = groups_tick(groups) - shed->tick, ticks;
    uint64_t bytes = groups_idle(groups, item, &ticks);

    if (bytes == 0 || ticks < since)
        return 0;
    *bucket = shed_bucket(ticks - since);
    return bytes;
}

static void set_limit(struct shed *shed)
{
    uint64_t above = 0;
    uint32_t bucket = SHED_BUCKETS - 1;

    while (bucket > 0 && above + shed->bytes[bucket] < shed->wanted)
        above += shed->bytes[bucket--];
    shed->limit = bucket;
    shed->at_limit = shed->wanted > above ? shed->wanted - above : 0;
}

/* Returns what it cost, in rows. */
static uint32_t drop(struct shed *shed, struct groups *groups, uint32_t item)
{
    const struct row_stats *stats = groups_stats(groups);
    uint64_t before = stats->pairs_shed, freed;
    uint32_t bucket = 0;

    if (weigh(shed, groups, item, &bucket) == 0 || bucket < shed->limit ||
        (bucket == shed->limit && shed->at_limit == 0))
        return 1;
    freed = groups_shed(groups, item);
    shed->freed += freed;
    if (bucket == shed->limit)
        shed->at_limit -= freed < shed->at_limit ? freed : shed->at_limit;
    return 1 + (uint32_t)(stats->pairs_shed - before);
}

static uint32_t look(struct shed *shed, struct groups *groups, uint32_t item)
{
    uint32_t bucket = 0;
    uint64_t bytes;

    if (shed->phase == SHED_DROPPING)
        return drop(shed, groups, item);
    bytes = weigh(shed, groups, item, &bucket);
    shed->bytes[bucket] += bytes;
    return 1;
}

static void end_phase(struct shed *shed)
{
    shed->next_item = 1;
    if (shed->phase == SHED_WEIGHING) {
        shed->phase = SHED_DROPPING;
        set_limit(shed);
        return;
    }
    shed->phase = SHED_RESTING;
    shed->is_bare = shed->freed == 0;
}

int shed_work(struct shed *shed, struct groups *groups, uint32_t rows)
{
    while (rows > 0 && shed->phase != SHED_RESTING) {
        uint32_t cost = 1;

        if (shed->next_item >= groups_end(groups))
            end_phase(shed);
        else
            cost = look(shed, groups, shed->next_item++);
        rows -= cost < rows ? cost : rows;
    }
    return shed->phase != SHED_RESTING;
}
