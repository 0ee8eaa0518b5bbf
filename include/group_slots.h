/* group_slots: the slots of cells as codes of group_places, and back. There are
 * few in a group, and many cells: each is worked out once and remembered. */
#ifndef TERKAIT_GROUP_SLOTS_H
#define TERKAIT_GROUP_SLOTS_H

#include "group_places.h"

#include <stdint.h>

enum { GROUP_SLOTS_BITS = 10, GROUP_SLOTS_KNOWN = 1 << GROUP_SLOTS_BITS };

/* Codes of slots. Those that were met last, by a hash. */
struct group_slots {
    const struct windows *windows; /* borrowed */
    struct group_places places;
    uint64_t ahead; /* panes ahead of stream time that were seen */
    struct {
        uint32_t slot;
        uint32_t code;
    } known[GROUP_SLOTS_KNOWN];
};

/* `fine_pane`: that of stream time, to which all rows were advanced. */
void group_slots_init(struct group_slots *slots, const struct windows *windows,
                      int64_t fine_pane);

/* All that will be asked for is seen first; then the codes are dealt out.
 * Returns how many panes ahead of stream time there is room for. */
void group_slots_see(struct group_slots *slots, uint32_t slot);
uint64_t group_slots_number(struct group_slots *slots);

uint32_t group_slots_code(struct group_slots *slots, uint32_t slot);

/* Slots of codes. */
struct group_codes {
    const struct windows *windows; /* borrowed */
    struct group_places places;
    struct horizon horizon;
    uint64_t known[GROUP_SLOTS_KNOWN]; /* by code; the slot, or: */
};

#define GROUP_CODE_UNKNOWN (UINT64_C(1) << 32)
#define GROUP_CODE_NONE    (UINT64_C(2) << 32)

/* `fine_pane` and `ahead` as they were written. */
void group_codes_init(struct group_codes *codes, const struct windows *windows,
                      int64_t fine_pane, uint64_t ahead);

uint64_t group_codes_work_out(struct group_codes *codes, uint64_t code);

/* -1: no row has a cell there, for it stands in no other tier than the finest
 * that still needs it. The code is below indexes * span. */
static inline int group_codes_slot(struct group_codes *codes, uint32_t *slot,
                                   uint64_t code)
{
    uint64_t known =
        code < GROUP_SLOTS_KNOWN ? codes->known[code] : GROUP_CODE_UNKNOWN;

    if (known == GROUP_CODE_UNKNOWN)
        known = group_codes_work_out(codes, code);
    *slot = (uint32_t)known;
    return known == GROUP_CODE_NONE ? -1 : 0;
}

#endif
