/* relation: which actions make two items related.
 *
 * A relation has two sets of actions. What depends on one set alone
 * (memberships, supports, N) is kept once a *set*, however many relations
 * share it: the three default relations have three sets in all. */
#ifndef TERKAIT_RELATION_H
#define TERKAIT_RELATION_H

#include "err.h"
#include "event.h"
#include "window.h"

#include <stdint.h>

enum { RELATIONS_MAX = 16, SETS_MAX = 7 };

enum { ACTION_VIEW = 1, ACTION_CART = 2, ACTION_PURCHASE = 4, ACTION_ALL = 7 };

enum score {
    SCORE_COSINE,
    SCORE_COUNT,
    SCORE_JACCARD,
    SCORE_CONDITIONAL,
    SCORE_LIFT,
    SCORE_LLR,
    SCORES
};

struct relation {
    char name[NAME_BYTES_MAX + 1];
    uint8_t from; /* actions; not empty */
    uint8_t to;
    uint8_t from_set; /* index into relations.sets */
    uint8_t to_set;
    enum score score;
    uint32_t k;
    uint32_t min_support;
};

struct relations {
    uint32_t count;
    struct relation at[RELATIONS_MAX];
    uint32_t sets_count;
    uint8_t sets[SETS_MAX]; /* distinct action masks */
};

/* Fills `sets`, `from_set` and `to_set` from the relations' masks. */
void relations_init(struct relations *relations);

static inline int relation_is_symmetric(const struct relation *relation)
{
    return relation->from == relation->to;
}

/* The actions of an item after an event of this type. */
uint8_t relation_next_actions(uint8_t actions, enum event_type type);

#endif
