/* shed: gives up the pairs of the rows that were idle for longest, until so
 * many bytes are free; supports stay, and so do sessions.
 *
 *     weighing   over all rows: bytes of pairs, by how long they are idle
 *     dropping   over all rows: those that are idle for longer than the limit
 *                that these bytes put, at the limit as many as it takes
 *
 * In slices, for there may be millions of rows. Idleness is told in buckets: a
 * row that goes was idle for no less than 7/8 of what any that stays was.
 * Whatever is touched in the meantime stays. */
#ifndef TERKAIT_SHED_H
#define TERKAIT_SHED_H

#include "groups.h"

#include <stdint.h>

enum { SHED_BUCKETS = 240 };

enum shed_phase { SHED_RESTING, SHED_WEIGHING, SHED_DROPPING };

/* Zero to begin with. */
struct shed {
    enum shed_phase phase;
    uint32_t next_item;
    uint32_t tick;     /* when it began */
    uint32_t limit;    /* bucket */
    uint64_t wanted;   /* bytes */
    uint64_t at_limit; /* of them still to come from rows at the limit */
    uint64_t freed;
    int is_bare; /* in the end nothing was found to give up */
    uint64_t bytes[SHED_BUCKETS];
};

/* It rests, and the groups stay the same until it rests again. */
void shed_begin(struct shed *shed, const struct groups *groups, uint64_t bytes);

/* Looks at that many rows, a pair that goes counting as one more. Returns 1
 * while there is more to do; then `freed` and `is_bare` say what came of it. */
int shed_work(struct shed *shed, struct groups *groups, uint32_t rows);

/* The bucket of a row that is idle for that many ticks; rises with them. */
uint32_t shed_bucket(uint32_t ticks);

#endif
