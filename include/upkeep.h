/* upkeep: what the daemon does for Redis beside its work: removes what former
 * runs left behind (janitor), and gives lists up when the state has no room
 * (pressure).
 *
 * Leftovers are looked for once after the start, when a sweep has been over all
 * rows, then daily, and after the settings changed. */
#ifndef TERKAIT_UPKEEP_H
#define TERKAIT_UPKEEP_H

#include "janitor.h"
#include "pressure.h"
#include "store_redis.h"

struct upkeep;

/* Borrows all; the connection is closed first. */
struct upkeep *upkeep_new(struct redis *redis, const struct sink *sink,
                          const char *prefix);
void upkeep_free(struct upkeep *upkeep);

struct upkeep_round {
    struct engine *engine;
    struct publish *publish;
    const struct publish_rules *rules; /* as the settings have them; borrowed */
    const struct store_redis *store;   /* NULL: no state, nothing to do */
    int64_t checkpoint_us;             /* time between two of a group */
};
void upkeep_begin(struct upkeep *upkeep, const struct upkeep_round *round);
void upkeep_end(struct upkeep *upkeep);

/* The settings changed: the publisher gets its rules. */
void upkeep_retune(struct upkeep *upkeep);

struct upkeep_turn {
    int64_t now_us;
    int is_counting; /* the round's start is over */
    int is_behind;
};
void upkeep_work(struct upkeep *upkeep, const struct upkeep_turn *turn);

/* Redis has room: lists may be written. */
int upkeep_may_publish(const struct upkeep *upkeep);

enum pressure_level upkeep_pressure(const struct upkeep *upkeep);
const struct janitor_stats *upkeep_janitor(const struct upkeep *upkeep);

#endif
