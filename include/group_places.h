/* group_places: where a cell counts, as one small number, its *code*.
 *
 * For each relation (or set) the panes of all tiers are numbered from young to
 * old, those ahead of stream time first:
 *
 *     | ahead | finest tier | next tier | ... |   | ahead | finest ...
 *     |<---------------- span --------------->|   | of the next relation
 *
 * Seen from stream time, so that the numbers are small; the fine pane of stream
 * time is kept beside them. */
#ifndef TERKAIT_GROUP_PLACES_H
#define TERKAIT_GROUP_PLACES_H

#include "row.h"
#include "window.h"

#include <stdint.h>

/* No pane is further ahead, for a row could not hold it. */
#define GROUP_PLACES_AHEAD_MAX ((UINT64_C(1) << 24) - 1)

struct group_places {
    uint32_t tiers;
    int64_t fine_pane; /* of stream time */
    uint64_t ahead;
    int64_t now[WINDOWS_MAX];         /* by tier: the pane of stream time */
    uint64_t starts[WINDOWS_MAX + 1]; /* by tier: its first number; the span */
};

/* `ahead`: how many panes ahead of stream time there is room for. */
void group_places_init(struct group_places *places,
                       const struct windows *windows, int64_t fine_pane,
                       uint64_t ahead);

uint64_t group_places_code(const struct group_places *places,
                           struct row_place place);

/* The code is below indexes * span. */
struct row_place group_places_decode(const struct group_places *places,
                                     uint64_t code);

static inline uint64_t group_places_span(const struct group_places *places)
{
    return places->starts[places->tiers];
}

#endif
