/* intern: item ids to small numbers and back.
 *
 * Each distinct (tenant, id) has one number from 1 up while anybody holds it;
 * numbers of forgotten ids are used again. The id's text is stored once. An
 * item with an empty id stands for the tenant itself: N is counted there.
 * Tenants are numbered too, from 0 (none); a tenant lives as long as an item
 * of its.
 *
 * Open addressing over 32-bit hash parts (linear probing, backward-shift
 * deletion), entries in a chunked array, so pointers to texts never move. */
#ifndef TERKAIT_INTERN_H
#define TERKAIT_INTERN_H

#include "event.h"

#include <stdint.h>

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *intern);

/* Finds or makes the item and holds it once more. */
uint32_t intern_hold(struct intern *intern, struct text tenant, struct text id);

/* The same of many ids of one tenant, and back: they lie anywhere in memory,
 * which is asked for beforehand. */
void intern_hold_all(struct intern *intern, uint32_t *items, struct text tenant,
                     const struct text *ids, uint32_t count);
void intern_drop_all(struct intern *intern, const uint32_t *items,
                     uint32_t count);

/* An id will be held soon: asks for the memory that this needs, in steps, for
 * each says where the next is. `intern_ask` answers a hash that the others
 * want. */
enum intern_step { INTERN_ENTRY, INTERN_BYTES };
uint32_t intern_ask(const struct intern *intern, struct text tenant,
                    struct text id);
void intern_ask_on(const struct intern *intern, uint32_t hash,
                   enum intern_step step);

/* Something will be done with the item soon. */
void intern_prefetch(const struct intern *intern, uint32_t item);

/* Its text or tenant will be asked for soon. */
void intern_prefetch_id(const struct intern *intern, uint32_t item);

/* The item's number, or 0 when it is not known. Holds nothing. */
uint32_t intern_find(const struct intern *intern, struct text tenant,
                     struct text id);

void intern_hold_again(struct intern *intern, uint32_t item);
void intern_drop(struct intern *intern, uint32_t item);

/* All its holders are about to go, and then it: what they drop is not looked at
 * any more, one cache miss each. */
void intern_abandon(struct intern *intern);

/* How two ids compare as bytes, tenants not looked at: below 0, 0, above 0. */
int intern_compare_ids(const struct intern *intern, uint32_t a, uint32_t b);

/* The first 16 bytes of an id as numbers that order as the bytes do, those that
 * are not there as 0. */
struct id_prefix {
    uint64_t high, low;
};
struct id_prefix intern_prefix(const struct intern *intern, uint32_t item);
void intern_ask_prefix(const struct intern *intern, uint32_t item);

struct text intern_id(const struct intern *intern, uint32_t item);
struct text intern_tenant(const struct intern *intern, uint32_t item);

/* The tenant's number (0: none), the same for all its items while one is held;
 * and 32 bits of hash over tenant and id. */
uint32_t intern_tenant_number(const struct intern *intern, uint32_t item);
uint32_t intern_hash(const struct intern *intern, uint32_t item);

/* XXH64 of the item as it stands in keys, seed 0: what decides its group. */
uint64_t intern_key_hash(const struct intern *intern, uint32_t item);

/* One above the highest number in use; items known now; bytes held. */
uint32_t intern_end(const struct intern *intern);
uint32_t intern_count(const struct intern *intern);
uint64_t intern_bytes(const struct intern *intern);

/* Walks the whole structure and asserts its invariants. */
void intern_check(const struct intern *intern);

#endif
