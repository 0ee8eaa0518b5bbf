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
    *places = (struct group_places){.tiers = windows->count};
    for (uint32_t tier = 0; tier < windows->count; tier++) {
        const struct window *window = &windows->at[windows->by_tier[tier]];

        places->newest[tier] =
            floor_div(fine_pane, windows->fine_per_pane[tier]);
        places->starts[tier + 1] =
            places->starts[tier] + (uint64_t)window->panes;
        if (tier == 0) {
            places->newest[0] += (int64_t)ahead;
            places->starts[1] += ahead;
        }
    }
}

uint64_t group_places_code(const struct group_places *places,
                           struct row_place place)
{
    int64_t age = places->newest[place.tier] - place.pane;
    uint64_t number = places->starts[place.tier] + (uint64_t)age;

    ASSERT(age >= 0 && number < places->starts[place.tier + 1]);
    return place.index * group_places_span(places) + number;
}

struct row_place group_places_decode(const struct group_places *places,
                                     uint64_t code)
{
    uint64_t span = group_places_span(places), number = code % span;
    struct row_place place = {.index = (uint32_t)(code / span)};

    while (number >= places->starts[place.tier + 1])
        place.tier++;
    place.pane = places->newest[place.tier] -
                 (int64_t)(number - places->starts[place.tier]);
    return place;
}
