/* group_dictionary: the ids that a packed value names, each once.
 *
 * Sorted by tenant and bytes, so that an id mostly begins as the one before it
 * does, and is written as what differs:
 *
 *     kopi-gayo-250g   16 0       "kopi-gayo-250g"
 *     kopi-gayo-500g   of the one before drop 4 bytes, then "500g"
 *     kopi-toraja      drop 9, then "toraja"
 *
 * An id's *rank* is its place in that order; ranks are what rows are written
 * in. Works on any interned ids: items, or categories. */
#ifndef TERKAIT_GROUP_DICTIONARY_H
#define TERKAIT_GROUP_DICTIONARY_H

#include "err.h"
#include "intern.h"
#include "pack.h"
#include "strbuf.h"

#include <stdint.h>

/* ---- writing ---- */

struct group_dictionary {
    const struct intern *ids;
    uint32_t *numbers; /* owned; of ids, in the order they were first added */
    uint32_t *ranks;   /* owned; in that order too, once it is packed */
    uint32_t count;
    uint32_t capacity;
    struct dictionary_slot *slots; /* owned; number to index */
    uint32_t slots_count;          /* a power of two */
};

/* Borrows the ids, which stay held. */
void group_dictionary_init(struct group_dictionary *dictionary,
                           const struct intern *ids);
void group_dictionary_deinit(struct group_dictionary *dictionary);

/* Returns the id's index into `numbers` and `ranks`. */
uint32_t group_dictionary_add(struct group_dictionary *dictionary,
                              uint32_t number);

/* The id will be added soon. */
void group_dictionary_prefetch(const struct group_dictionary *dictionary,
                               uint32_t number);

/* After the last id was added: deals out ranks, and writes them down. */
void group_dictionary_pack(struct strbuf *out,
                           struct group_dictionary *dictionary);

/* ---- reading ---- */

struct group_names {
    struct intern *ids;
    uint32_t *numbers; /* owned; by rank, each held once */
    uint32_t count;
    uint32_t *ends; /* owned; by tenant, one above the last rank */
    uint32_t tenants;
};

/* -1 when the bytes are none. To be freed in both cases. */
int group_names_unpack(struct group_names *names, struct intern *ids,
                       struct unpack *from) MUST_CHECK;
void group_names_deinit(struct group_names *names);

#endif
