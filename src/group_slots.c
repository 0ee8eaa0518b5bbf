#include "group_slots.h"

#include "err.h"

enum { UNKNOWN = -1 };

static uint32_t place_of(uint32_t slot)
{
    return slot * UINT32_C(2654435769) >> (32 - GROUP_SLOTS_BITS);
}

/* ---- codes ---- */

static void forget(struct group_slots *slots)
{
    for (uint32_t i = 0; i < GROUP_SLOTS_KNOWN; i++)
        slots->known[i].code = (uint32_t)UNKNOWN;
}

void group_slots_init(struct group_slots *slots, const struct windows *windows,
                      int64_t fine_pane)
{
    slots->windows = windows;
    slots->ahead = 0;
    group_places_init(&slots->places, windows, fine_pane, 0);
    forget(slots);
}

void group_slots_see(struct group_slots *slots, uint32_t slot)
{
    uint32_t at = place_of(slot);
    struct row_place place;
    int64_t ahead;

    if (slots->known[at].slot == slot &&
        slots->known[at].code != (uint32_t)UNKNOWN)
        return;
    slots->known[at].slot = slot;
    slots->known[at].code = 0;
    place = row_place(slot, slots->places.now);
    ahead = place.pane - slots->places.now[0];
    if (place.tier == 0 && ahead > (int64_t)slots->ahead)
        slots->ahead = (uint64_t)ahead;
}

uint64_t group_slots_number(struct group_slots *slots)
{
    group_places_init(&slots->places, slots->windows, slots->places.fine_pane,
                      slots->ahead);
    forget(slots);
    return slots->ahead;
}

uint32_t group_slots_code(struct group_slots *slots, uint32_t slot)
{
    uint32_t at = place_of(slot);
    uint64_t code;

    if (slots->known[at].slot == slot &&
        slots->known[at].code != (uint32_t)UNKNOWN)
        return slots->known[at].code;
    code =
        group_places_code(&slots->places, row_place(slot, slots->places.now));
    ASSERT(code < (uint32_t)UNKNOWN);
    slots->known[at].slot = slot;
    slots->known[at].code = (uint32_t)code;
    return (uint32_t)code;
}

/* ---- slots ---- */

void group_codes_init(struct group_codes *codes, const struct windows *windows,
                      int64_t fine_pane, uint64_t ahead)
{
    codes->windows = windows;
    group_places_init(&codes->places, windows, fine_pane, ahead);
    window_horizon(&codes->horizon, windows, fine_pane);
    for (uint32_t i = 0; i < GROUP_SLOTS_KNOWN; i++)
        codes->known[i] = GROUP_CODE_UNKNOWN;
}

uint64_t group_codes_work_out(struct group_codes *codes, uint64_t code)
{
    const struct windows *windows = codes->windows;
    struct row_place place = group_places_decode(&codes->places, code);
    int64_t fine_pane = place.pane * windows->fine_per_pane[place.tier];
    uint64_t known = GROUP_CODE_NONE;

    if (window_tier(&codes->horizon, windows, fine_pane) == place.tier)
        known = row_slot(place);
    if (code < GROUP_SLOTS_KNOWN)
        codes->known[code] = known;
    return known;
}
