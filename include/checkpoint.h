/* checkpoint: what is known of one group's durable state, and what may be done
 * next. Pure; protocol of checkpoints, sections 3 and 6 of ARCHITECTURE.md's
 * rules:
 *
 *                      send                  done
 *     STANDING ----------------> IN_FLIGHT --------> STANDING (the new id)
 *        ^  |  a minute, a reconnect |
 *        |  +---------------+        | refused, unknown
 *        |   judge          v        v
 *        +---------------- IN_DOUBT (the head is asked for)
 *
 * Only one checkpoint is in flight. An id that was sent is remembered until
 * the next one is sent, for the head to be judged by. */
#ifndef TERKAIT_CHECKPOINT_H
#define TERKAIT_CHECKPOINT_H

#include "store.h"

enum checkpoint_phase {
    CHECKPOINT_STANDING,
    CHECKPOINT_IN_FLIGHT,
    CHECKPOINT_IN_DOUBT
};

struct checkpoint {
    enum checkpoint_phase phase;
    struct store_id stands; /* what the next one builds on */
    struct store_id sent;   /* the latest that was sent */
    struct store_id former; /* what `stands` was before (a mutant's) */
    int needs_base;         /* a delta would build on rows not our own */
};

/* What became of the cut that was in flight, and of us. */
enum checkpoint_verdict {
    CHECKPOINT_LANDED,      /* the cut is durable */
    CHECKPOINT_LOST,        /* it is not: its rows are changed again */
    CHECKPOINT_ROLLED_BACK, /* nor is what stood before: a base is due */
    CHECKPOINT_OVERTAKEN,   /* another process owns the group: end */
    CHECKPOINT_UNKNOWN      /* in doubt: ask for the head */
};

/* After a load: this id stands. */
void checkpoint_begin(struct checkpoint *checkpoint, struct store_id stands);

/* A checkpoint `id` goes out; it builds on `stands`. */
void checkpoint_send(struct checkpoint *checkpoint, struct store_id id);

/* Its answer: LANDED or UNKNOWN. */
enum checkpoint_verdict checkpoint_answer(struct checkpoint *checkpoint,
                                          enum store_outcome outcome);

/* Something may have happened to the store: the head must be asked for before
 * anything else is sent. */
void checkpoint_doubt(struct checkpoint *checkpoint);

/* The answer to taking the token again, which read the head too. */
enum checkpoint_verdict checkpoint_judge(struct checkpoint *checkpoint,
                                         const struct store_answer *answer);

#endif
