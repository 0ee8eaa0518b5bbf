#include "sort.h"

#include "err.h"

#include <string.h>

enum { INSERTED = 16, BYTES = 8, VALUES = 256 };

/* ---- few ---- */

static void insert(struct sort_entry *entries, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct sort_entry entry = entries[i];
        uint32_t at = i;

        for (; at > 0 && entries[at - 1].key > entry.key; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

/* Returns how many stand in the first part: no key of it is above one of the
 * second. Neither part is empty. */
static uint32_t part(struct sort_entry *entries, uint32_t count)
{
    uint64_t middle = middle_of(entries[0].key, entries[count / 2].key,
                                entries[count - 1].key);
    struct sort_entry *left = entries, *right = entries + count - 1;

    for (;; left++, right--) {
        struct sort_entry held;

        while (left->key < middle)
            left++;
        while (right->key > middle)
            right--;
        if (left >= right)
            return (uint32_t)(right - entries) + 1;
        held = *left;
        *left = *right;
        *right = held;
    }
}

static void sort_few(struct sort_entry *entries, uint32_t count)
{
    while (count > INSERTED) {
        uint32_t first = part(entries, count);

        sort_few(entries, first);
        entries += first;
        count -= first;
    }
    insert(entries, count);
}

/* ---- many ---- */

static unsigned byte_of(const struct sort_entry *entry, unsigned byte)
{
    return entry->key >> 8 * byte & 0xff;
}

static void deal(struct sort_entry *to, const struct sort_entry *from,
                 uint32_t count, unsigned byte)
{
    uint32_t places[VALUES] = {0}, sum = 0;

    for (uint32_t i = 0; i < count; i++)
        places[byte_of(&from[i], byte)]++;
    for (unsigned i = 0; i < VALUES; i++) {
        uint32_t start = sum;

        sum += places[i];
        places[i] = start;
    }
    for (uint32_t i = 0; i < count; i++)
        to[places[byte_of(&from[i], byte)]++] = from[i];
}

static void sort_many(struct sort_entry *entries, struct sort_entry *room,
                      uint32_t count)
{
    struct sort_entry *from = entries, *to = room;
    uint64_t differing = 0;

    ASSERT(room != NULL);
    for (uint32_t i = 1; i < count; i++)
        differing |= entries[i].key ^ entries[0].key;
    for (unsigned byte = 0; byte < BYTES; byte++) {
        struct sort_entry *dealt = to;

        if ((differing >> 8 * byte & 0xff) == 0)
            continue;
        deal(to, from, count, byte);
        to = from;
        from = dealt;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
}

void sort_entries(struct sort_entry *entries, struct sort_entry *room,
                  uint32_t count)
{
    if (count > SORT_FEW)
        sort_many(entries, room, count);
    else
        sort_few(entries, count);
}
