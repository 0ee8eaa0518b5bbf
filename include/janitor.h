/* janitor: removes public keys that nothing stands behind: of items, relations
 * and windows that are no more, which a former run left behind.
 *
 *     SCAN cursor MATCH prefix*  ->  key_parse  ->  known? written? due?  ->
 * DEL
 *
 * One slow pass over all of Redis on the lists' connection, a small step at a
 * time, so that nobody notices. It touches none but keys that key.h would write
 * byte for byte; never state or stats, nor what has another prefix. It also
 * gives up lists when Redis is full, and then it hurries. */
#ifndef TERKAIT_JANITOR_H
#define TERKAIT_JANITOR_H

#include "engine.h"
#include "publish.h"
#include "redis.h"
#include "sink.h"

#include <stdint.h>

struct janitor;

/* Borrows all. The connection is closed before the janitor is freed. */
struct janitor *janitor_new(struct redis *redis, const struct sink *sink,
                            const char *prefix);
void janitor_free(struct janitor *janitor);

enum janitor_task {
    JANITOR_LEFTOVERS, /* what nothing stands behind */
    JANITOR_COUNTS,    /* all counts:* */
    JANITOR_LISTS      /* these, related:* and popular:* */
};

/* Begins a pass, in place of one that is under way. */
void janitor_begin(struct janitor *janitor, enum janitor_task task);
void janitor_stop(struct janitor *janitor);
int janitor_is_busy(const struct janitor *janitor);

/* For JANITOR_LEFTOVERS a sweep has been over all rows, and with counts_max = 0
 * there are to be no sorted sets; else only now_us counts. */
struct janitor_turn {
    int64_t now_us;
    struct engine *engine;
    struct publish *publish;
    uint32_t counts_max;
};

/* A step of the pass, when it is time for one. */
void janitor_work(struct janitor *janitor, const struct janitor_turn *turn);

struct janitor_stats {
    uint64_t passes;  /* done, of leftovers */
    uint64_t removed; /* leftovers */
    uint64_t given_up;
};
const struct janitor_stats *janitor_stats(const struct janitor *janitor);

#endif
