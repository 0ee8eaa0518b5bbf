/* row_slot: relation and pane of a cell in 32 bits.
 *
 *     slot = relation or set (4 bits) | coarseness (3) | pane (25)
 *
 * A slot names a pane of its tier modulo 2^25: which one is meant, whoever
 * reads it knows from a pane that it is near to. Tiers are numbered from coarse
 * to fine, so that a pair's slots stand from old to young. */
#ifndef TERKAIT_ROW_SLOT_H
#define TERKAIT_ROW_SLOT_H

#include "window.h"

#include <stdint.h>

enum {
    SLOT_PANE_BITS = 25,
    SLOT_PANE_MASK = (1 << SLOT_PANE_BITS) - 1,
    SLOT_TIER_BITS = 3,
    SLOT_TIER_MASK = (1 << SLOT_TIER_BITS) - 1,
    SLOT_INDEX_SHIFT = SLOT_PANE_BITS + SLOT_TIER_BITS
};

/* What a slot says, in numbers that stand by themselves. */
struct row_place {
    uint32_t index; /* relation or set */
    uint32_t tier;
    int64_t pane; /* number of the pane in its tier, since the epoch */
};

/* `near`: by tier, the number of a pane that the slot's is near to. */
struct row_place row_place(uint32_t slot, const int64_t *near);
uint32_t row_slot(struct row_place place);

static inline uint32_t slot_index(uint32_t slot)
{
    return slot >> SLOT_INDEX_SHIFT;
}

static inline uint32_t slot_tier(uint32_t slot)
{
    return SLOT_TIER_MASK - (slot >> SLOT_PANE_BITS & SLOT_TIER_MASK);
}

/* The slot of the tier's pane that holds the fine pane. */
uint32_t slot_make(const struct windows *windows, uint32_t index, uint32_t tier,
                   int64_t fine_pane);

/* By tier, the number of the pane that holds the fine pane `as_of`. */
void slot_near(int64_t *near, const struct windows *windows, int64_t as_of);

/* The first fine pane of the slot's pane. */
int64_t slot_fine_pane(const struct windows *windows, uint32_t slot,
                       const int64_t *near);

/* Whether the window of tier `k` counts a slot of tier `tier`, of a pane within
 * 2^24 of the window. */
static inline int slot_counts(const struct horizon *horizon, uint32_t slot,
                              uint32_t tier, uint32_t k)
{
    return ((slot - horizon->low[tier][k]) & SLOT_PANE_MASK) <
           horizon->span[tier][k];
}

#endif
