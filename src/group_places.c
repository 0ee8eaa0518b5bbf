#include "group_places.h"

#include "err.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

void group_places_init(struct group_places *places,
                       const struct windows *windows, int64_t fine_pane,
                       uint64_t ahead)
{
    uint64_t end = ahead;

    *places = (struct group_places){
        .tiers = windows->count, .fine_pane = fine_pane, .ahead = ahead};
    for (uint32_t tier = 0; tier < windows->count; tier++) {
        places->now[tier] = floor_div(fine_pane, windows->fine_per_pane[tier]);
        end += (uint64_t)windows->at[windows->by_tier[tier]].panes;
        places->starts[tier + 1] = end;
    }
}

/* The number of the pane of stream time in the tier. */
static uint64_t number_now(const struct group_places *places, uint32_t tier)
{
    return tier == 0 ? places->ahead : places->starts[tier];
}

uint64_t group_places_code(const struct group_places *places,
                           struct row_place place)
{
    uint64_t number = number_now(places, place.tier) +
                      (uint64_t)(places->now[place.tier] - place.pane);

    ASSERT(number >= places->starts[place.tier] &&
           number < places->starts[place.tier + 1]);
    return place.index * group_places_span(places) + number;
}

struct row_place group_places_decode(const struct group_places *places,
                                     uint64_t code)
{
    uint64_t span = group_places_span(places), number = code;
    struct row_place place = {0};

    for (; number >= span; number -= span) /* there are few: no division */
        place.index++;
    while (number >= places->starts[place.tier + 1])
        place.tier++;
    place.pane = places->now[place.tier] -
                 (int64_t)(number - number_now(places, place.tier));
    return place;
}
