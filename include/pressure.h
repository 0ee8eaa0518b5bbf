/* pressure: Redis is full; what of the lists is given up for the state.
 *
 *     NONE --full--> PAUSED --5 s--> NO_COUNTS --5 s, all gone--> NO_LISTS
 *       ^               |                |                           |
 *       +---------------+----------------+------- calm --------------+
 *
 * Checkpoints that Redis refuses for want of memory come first: lists wait;
 * when that does not help their sorted sets of counts are removed, and then
 * the lists. It is calm when no write of the state was refused for `calm_us`;
 * counts stay away for a while longer, so as not to fill it at once again. A
 * pure machine. */
#ifndef TERKAIT_PRESSURE_H
#define TERKAIT_PRESSURE_H

#include <stdint.h>

enum pressure_level {
    PRESSURE_NONE,
    PRESSURE_PAUSED,    /* no lists are written */
    PRESSURE_NO_COUNTS, /* and counts are being removed */
    PRESSURE_NO_LISTS   /* and all other public keys, but stats */
};

enum {
    PRESSURE_STEP_US = 5000000,    /* of refusals, to the next level */
    PRESSURE_CALM_US = 10000000,   /* the least calm */
    PRESSURE_LISTS_US = 30000000,  /* the same after NO_LISTS */
    PRESSURE_COUNTS_US = 600000000 /* counts stay away after NO_COUNTS */
};

/* Zero to begin with, but for calm_us. */
struct pressure {
    enum pressure_level level;
    int64_t calm_us;   /* a checkpoint is tried at least twice in that time */
    int64_t level_us;  /* when the level was reached */
    int64_t full_us;   /* when a write was last refused */
    int64_t counts_us; /* no counts until then */
};

/* `is_full`: a write of the state was refused for want of memory since the last
 * call. `is_removing`: what the level gives up is not all gone yet. Returns 1
 * when the level is another now. */
int pressure_turn(struct pressure *pressure, int64_t now_us, int is_full,
                  int is_removing);

/* No sorted sets are to be written. */
int pressure_forbids_counts(const struct pressure *pressure, int64_t now_us);

/* "lists wait", "counts are given up", ... */
const char *pressure_means(enum pressure_level level);

#endif
