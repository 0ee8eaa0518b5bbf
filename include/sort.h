/* sort: numbers with something beside them, by number.
 *
 * Few are sorted in place (Hoare's quicksort, ended by insertion); many are
 * dealt out byte by byte from the lowest, but for bytes that are the same in
 * all. Equal ones come in any order when they are few. */
#ifndef TERKAIT_SORT_H
#define TERKAIT_SORT_H

#include <stdint.h>

struct sort_entry {
    uint64_t key;
    uint32_t index;
};

/* `room` is for as many, and may be NULL for up to SORT_FEW. */
void sort_entries(struct sort_entry *entries, struct sort_entry *room,
                  uint32_t count);

enum { SORT_FEW = 400 };

#endif
