#include "row_slot.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

uint32_t row_slot(struct row_place place)
{
    return place.index << SLOT_INDEX_SHIFT |
           (SLOT_TIER_MASK - place.tier) << SLOT_PANE_BITS |
           ((uint32_t)place.pane & SLOT_PANE_MASK);
}

uint32_t slot_make(const struct windows *windows, uint32_t index, uint32_t tier,
                   int64_t fine_pane)
{
    int64_t pane = tier == 0
                       ? fine_pane /* a fine pane is the finest tier's */
                       : floor_div(fine_pane, windows->fine_per_pane[tier]);

    return row_slot((struct row_place){index, tier, pane});
}

/* The slot's pane: of all with these low bits the one nearest to `near`. */
static int64_t slot_pane(uint32_t slot, int64_t near)
{
    int64_t ahead = ((int64_t)slot - near) & SLOT_PANE_MASK;

    if (ahead > SLOT_PANE_MASK / 2)
        ahead -= SLOT_PANE_MASK + 1;
    return near + ahead;
}

struct row_place row_place(uint32_t slot, const int64_t *near)
{
    uint32_t tier = slot_tier(slot);

    return (struct row_place){slot_index(slot), tier,
                              slot_pane(slot, near[tier])};
}

void slot_near(int64_t *near, const struct windows *windows, int64_t as_of)
{
    for (uint32_t tier = 0; tier < windows->count; tier++)
        near[tier] = floor_div(as_of, windows->fine_per_pane[tier]);
}

int64_t slot_fine_pane(const struct windows *windows, uint32_t slot,
                       const int64_t *near)
{
    uint32_t tier = slot_tier(slot);

    return slot_pane(slot, near[tier]) * windows->fine_per_pane[tier];
}
