#include "intern.h"

#include "err.h"
#include "hash.h"
#include "key.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BITS = 12,
    CHUNK_ENTRIES = 1 << CHUNK_BITS,
    SLOTS_MIN = 64,
    BATCH = 32 /* ids that are asked for at once */
};

struct entry {
    char *bytes;   /* owned; NULL while the number is free */
    uint32_t hash; /* free: the next free number */
    uint32_t tag;  /* tells apart equal bytes; part of the identity */
    uint32_t length;
};

struct slot {
    uint32_t hash;
    uint32_t number; /* 0: empty */
};

/* Bytes with a tag to numbers from 1 up. What is asked for of items in no order
 * stands in arrays of its own, which the caches hold. */
struct atoms {
    struct entry **chunks;      /* owned; number 0 is never used */
    uint32_t *holders;          /* owned; by number, 0 while it is free */
    struct id_prefix *prefixes; /* owned */
    uint32_t room;              /* of these two */
    struct slot *slots;         /* owned; slots_count is a power of two */
    uint32_t slots_count;
    uint32_t count;
    uint32_t end;  /* one above the highest number ever used */
    uint32_t free; /* head of the chain of free numbers, 0: none */
    uint64_t text_bytes;
};

struct intern {
    struct atoms tenants;
    struct atoms items; /* tagged with their tenant's number, 0: none */
    int is_abandoned;
};

static struct entry *entry_at(const struct atoms *atoms, uint32_t number)
{
    return &atoms->chunks[number >> CHUNK_BITS][number & (CHUNK_ENTRIES - 1)];
}

static void grow_arrays(struct atoms *atoms, uint32_t room)
{
    atoms->holders = mem_resize(atoms->holders, room, sizeof *atoms->holders);
    atoms->prefixes =
        mem_resize(atoms->prefixes, room, sizeof *atoms->prefixes);
    memset(atoms->holders + atoms->room, 0,
           (room - atoms->room) * sizeof *atoms->holders);
    atoms->room = room;
}

static uint64_t eight_bytes(struct text bytes, uint32_t from)
{
    uint64_t number = 0;

    for (uint32_t i = from; i < from + 8; i++)
        number = number << 8 |
                 (i < bytes.length ? (unsigned char)bytes.bytes[i] : 0);
    return number;
}

static struct id_prefix prefix_of(struct text bytes)
{
    return (struct id_prefix){eight_bytes(bytes, 0), eight_bytes(bytes, 8)};
}

static void atoms_init(struct atoms *atoms)
{
    *atoms = (struct atoms){.slots_count = SLOTS_MIN, .end = 1};
    atoms->slots = mem_new(SLOTS_MIN, sizeof *atoms->slots);
    atoms->chunks = mem_new(1, sizeof *atoms->chunks);
    atoms->chunks[0] = mem_new(CHUNK_ENTRIES, sizeof **atoms->chunks);
    grow_arrays(atoms, 64);
}

static uint32_t chunks_count(const struct atoms *atoms)
{
    return ((atoms->end - 1) >> CHUNK_BITS) + 1;
}

static void atoms_deinit(struct atoms *atoms)
{
    for (uint32_t number = 1; number < atoms->end; number++)
        free(entry_at(atoms, number)->bytes);
    for (uint32_t i = 0; i < chunks_count(atoms); i++)
        free(atoms->chunks[i]);
    free(atoms->chunks);
    free(atoms->slots);
    free(atoms->holders);
    free(atoms->prefixes);
}

static uint32_t hash_of(struct text bytes, uint32_t tag)
{
    return (uint32_t)hash_bytes(bytes.bytes, bytes.length, tag);
}

static int is_entry(const struct entry *entry, struct text bytes, uint32_t tag)
{
    return entry->tag == tag && entry->length == bytes.length &&
           memcmp(entry->bytes, bytes.bytes, bytes.length) == 0;
}

/* The slot that holds these bytes, or the empty one where they would go. */
static uint32_t find_slot(const struct atoms *atoms, struct text bytes,
                          uint32_t tag, uint32_t hash)
{
    uint32_t mask = atoms->slots_count - 1;
    uint32_t at = hash & mask;

    for (; atoms->slots[at].number != 0; at = (at + 1) & mask)
        if (atoms->slots[at].hash == hash &&
            is_entry(entry_at(atoms, atoms->slots[at].number), bytes, tag))
            break;
    return at;
}

static void grow_slots(struct atoms *atoms)
{
    struct slot *old = atoms->slots;
    uint32_t old_count = atoms->slots_count;
    uint32_t mask = 2 * old_count - 1;

    atoms->slots_count = 2 * old_count;
    atoms->slots = mem_new(atoms->slots_count, sizeof *atoms->slots);
    for (uint32_t i = 0; i < old_count; i++) {
        uint32_t at = old[i].hash & mask;

        if (old[i].number == 0)
            continue;
        while (atoms->slots[at].number != 0)
            at = (at + 1) & mask;
        atoms->slots[at] = old[i];
    }
    free(old);
}

static uint32_t new_number(struct atoms *atoms)
{
    uint32_t number = atoms->free;

    if (number != 0) {
        atoms->free = entry_at(atoms, number)->hash;
        return number;
    }
    number = atoms->end++;
    ASSERT(atoms->end != 0);
    if (number >= atoms->room)
        grow_arrays(atoms, number + number / 4 + 64);
    if ((number & (CHUNK_ENTRIES - 1)) == 0) {
        uint32_t chunk = number >> CHUNK_BITS;

        atoms->chunks =
            mem_resize(atoms->chunks, chunk + 1, sizeof *atoms->chunks);
        atoms->chunks[chunk] = mem_new(CHUNK_ENTRIES, sizeof(struct entry));
    }
    return number;
}

/* `hash` is that of the bytes and the tag. */
static uint32_t atoms_hold_hashed(struct atoms *atoms, struct text bytes,
                                  uint32_t tag, uint32_t hash)
{
    uint32_t at = find_slot(atoms, bytes, tag, hash);
    uint32_t number = atoms->slots[at].number;
    struct entry *entry;

    if (number != 0) {
        atoms->holders[number]++;
        return number;
    }
    if (4 * (uint64_t)(atoms->count + 1) > 3 * (uint64_t)atoms->slots_count) {
        grow_slots(atoms);
        at = find_slot(atoms, bytes, tag, hash);
    }
    number = new_number(atoms);
    entry = entry_at(atoms, number);
    *entry = (struct entry){mem_dup(bytes.bytes, bytes.length), hash, tag,
                            bytes.length};
    atoms->holders[number] = 1;
    atoms->prefixes[number] = prefix_of(bytes);
    atoms->slots[at] = (struct slot){hash, number};
    atoms->text_bytes += bytes.length + 1;
    atoms->count++;
    return number;
}

static uint32_t atoms_hold(struct atoms *atoms, struct text bytes, uint32_t tag)
{
    return atoms_hold_hashed(atoms, bytes, tag, hash_of(bytes, tag));
}

/* The number that a hash likely stands for; 0 when it stands for none. */
static uint32_t guess_number(const struct atoms *atoms, uint32_t hash)
{
    uint32_t mask = atoms->slots_count - 1;
    uint32_t at = hash & mask;

    while (atoms->slots[at].number != 0 && atoms->slots[at].hash != hash)
        at = (at + 1) & mask;
    return atoms->slots[at].number;
}

/* Asks for what a hold of each will look at: its slot, then its entry, then
 * that one's bytes. Leaves the numbers that they likely have. */
static void atoms_guess(const struct atoms *atoms, uint32_t *numbers,
                        const uint32_t *hashes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(&atoms->slots[hashes[i] & (atoms->slots_count - 1)]);
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = guess_number(atoms, hashes[i]);
        __builtin_prefetch(entry_at(atoms, numbers[i]));
        __builtin_prefetch(&atoms->holders[numbers[i]], 1);
    }
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(entry_at(atoms, numbers[i])->bytes);
}

/* Closes the gap at `at` so that every probe still finds what it looks for
 * (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R). */
static void remove_slot(struct atoms *atoms, uint32_t at)
{
    uint32_t mask = atoms->slots_count - 1;
    uint32_t next = at;

    for (;;) {
        next = (next + 1) & mask;
        if (atoms->slots[next].number == 0)
            break;
        if (((next - atoms->slots[next].hash) & mask) >= ((next - at) & mask)) {
            atoms->slots[at] = atoms->slots[next];
            at = next;
        }
    }
    atoms->slots[at] = (struct slot){0, 0};
}

/* Returns 1 when that was the last holder. */
static int atoms_drop(struct atoms *atoms, uint32_t number)
{
    struct entry *entry;
    uint32_t at;

    ASSERT(number != 0 && atoms->holders[number] > 0);
    if (--atoms->holders[number] > 0)
        return 0;
    entry = entry_at(atoms, number);
    at = entry->hash & (atoms->slots_count - 1);
    while (atoms->slots[at].number != number)
        at = (at + 1) & (atoms->slots_count - 1);
    remove_slot(atoms, at);
    atoms->text_bytes -= entry->length + 1;
    atoms->count--;
    free(entry->bytes);
    *entry = (struct entry){.hash = atoms->free};
    atoms->free = number;
    return 1;
}

static struct text atoms_text(const struct atoms *atoms, uint32_t number)
{
    const struct entry *entry = entry_at(atoms, number);

    return (struct text){entry->bytes, entry->length};
}

static uint64_t atoms_bytes(const struct atoms *atoms)
{
    return atoms->text_bytes + atoms->slots_count * sizeof(struct slot) +
           (uint64_t)chunks_count(atoms) * CHUNK_ENTRIES *
               sizeof(struct entry) +
           atoms->room * (sizeof(uint32_t) + sizeof(uint64_t));
}

static void atoms_check(const struct atoms *atoms)
{
    uint32_t live = 0, in_slots = 0;

    for (uint32_t number = 1; number < atoms->end; number++) {
        const struct entry *entry = entry_at(atoms, number);
        struct text bytes = {entry->bytes, entry->length};
        uint32_t at;

        ASSERT((atoms->holders[number] > 0) == (entry->bytes != NULL));
        if (atoms->holders[number] == 0)
            continue;
        ASSERT(atoms->prefixes[number].high == prefix_of(bytes).high &&
               atoms->prefixes[number].low == prefix_of(bytes).low);
        live++;
        ASSERT(entry->hash == hash_of(bytes, entry->tag));
        at = find_slot(atoms, bytes, entry->tag, entry->hash);
        ASSERT(atoms->slots[at].number == number);
    }
    for (uint32_t i = 0; i < atoms->slots_count; i++)
        in_slots += atoms->slots[i].number != 0;
    ASSERT(live == atoms->count && in_slots == live);
}

struct intern *intern_new(void)
{
    struct intern *intern = mem_new(1, sizeof *intern);

    atoms_init(&intern->tenants);
    atoms_init(&intern->items);
    return intern;
}

void intern_free(struct intern *intern)
{
    if (intern == NULL)
        return;
    atoms_deinit(&intern->items);
    atoms_deinit(&intern->tenants);
    free(intern);
}

uint32_t intern_hold(struct intern *intern, struct text tenant, struct text id)
{
    uint32_t count = intern->items.count;
    uint32_t tag = 0, item;

    if (tenant.length > 0)
        tag = atoms_hold(&intern->tenants, tenant, 0);
    item = atoms_hold(&intern->items, id, tag);
    if (tag != 0 && intern->items.count == count)
        atoms_drop(&intern->tenants, tag); /* each item holds it once */
    return item;
}

static void hold_batch(struct intern *intern, uint32_t *items, uint32_t tag,
                       const struct text *ids, uint32_t count)
{
    struct atoms *atoms = &intern->items;
    uint32_t hashes[BATCH];

    for (uint32_t i = 0; i < count; i++)
        hashes[i] = hash_of(ids[i], tag);
    atoms_guess(atoms, items, hashes, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t before = atoms->count;

        if (items[i] != 0 && is_entry(entry_at(atoms, items[i]), ids[i], tag)) {
            atoms->holders[items[i]]++;
            continue;
        }
        items[i] = atoms_hold_hashed(atoms, ids[i], tag, hashes[i]);
        if (tag != 0 && atoms->count != before)
            intern->tenants.holders[tag]++;
    }
}

void intern_hold_all(struct intern *intern, uint32_t *items, struct text tenant,
                     const struct text *ids, uint32_t count)
{
    uint32_t tag =
        tenant.length > 0 ? atoms_hold(&intern->tenants, tenant, 0) : 0;

    for (uint32_t i = 0; i < count; i += BATCH)
        hold_batch(intern, items + i, tag, ids + i,
                   count - i < BATCH ? count - i : BATCH);
    if (tag != 0)
        atoms_drop(&intern->tenants, tag);
}

static uint32_t tag_of(const struct intern *intern, struct text tenant)
{
    const struct atoms *tenants = &intern->tenants;

    if (tenant.length == 0)
        return 0;
    return tenants->slots[find_slot(tenants, tenant, 0, hash_of(tenant, 0))]
        .number;
}

uint32_t intern_ask(const struct intern *intern, struct text tenant,
                    struct text id)
{
    uint32_t hash = hash_of(id, tag_of(intern, tenant));

    __builtin_prefetch(
        &intern->items.slots[hash & (intern->items.slots_count - 1)]);
    return hash;
}

void intern_ask_on(const struct intern *intern, uint32_t hash,
                   enum intern_step step)
{
    const struct atoms *atoms = &intern->items;
    const struct entry *entry = entry_at(atoms, guess_number(atoms, hash));

    __builtin_prefetch(step == INTERN_ENTRY ? (const void *)entry
                                            : entry->bytes);
}

void intern_prefetch(const struct intern *intern, uint32_t item)
{
    __builtin_prefetch(&intern->items.holders[item], 1);
}

void intern_prefetch_id(const struct intern *intern, uint32_t item)
{
    __builtin_prefetch(entry_at(&intern->items, item));
}

void intern_drop_all(struct intern *intern, const uint32_t *items,
                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i + BATCH < count)
            intern_prefetch(intern, items[i + BATCH]);
        intern_drop(intern, items[i]);
    }
}

uint32_t intern_find(const struct intern *intern, struct text tenant,
                     struct text id)
{
    uint32_t tag = tag_of(intern, tenant), hash;

    if (tenant.length > 0 && tag == 0)
        return 0;
    hash = hash_of(id, tag);
    return intern->items.slots[find_slot(&intern->items, id, tag, hash)].number;
}

void intern_hold_again(struct intern *intern, uint32_t item)
{
    ASSERT(item != 0 && intern->items.holders[item] > 0);
    intern->items.holders[item]++;
}

void intern_abandon(struct intern *intern)
{
    intern->is_abandoned = 1;
}

void intern_drop(struct intern *intern, uint32_t item)
{
    uint32_t tag;

    if (intern->is_abandoned)
        return;
    if (intern->items.holders[item] > 1) {
        intern->items.holders[item]--;
        return;
    }
    tag = entry_at(&intern->items, item)->tag;
    if (atoms_drop(&intern->items, item) && tag != 0)
        atoms_drop(&intern->tenants, tag);
}

int intern_compare_ids(const struct intern *intern, uint32_t a, uint32_t b)
{
    struct id_prefix left = intern->items.prefixes[a];
    struct id_prefix right = intern->items.prefixes[b];

    if (left.high != right.high)
        return left.high < right.high ? -1 : 1;
    if (left.low != right.low)
        return left.low < right.low ? -1 : 1;
    return text_compare(atoms_text(&intern->items, a),
                        atoms_text(&intern->items, b));
}

struct id_prefix intern_prefix(const struct intern *intern, uint32_t item)
{
    return intern->items.prefixes[item];
}

void intern_ask_prefix(const struct intern *intern, uint32_t item)
{
    __builtin_prefetch(&intern->items.prefixes[item]);
}

struct text intern_id(const struct intern *intern, uint32_t item)
{
    return atoms_text(&intern->items, item);
}

struct text intern_tenant(const struct intern *intern, uint32_t item)
{
    uint32_t tag = entry_at(&intern->items, item)->tag;

    return tag == 0 ? (struct text){"", 0} : atoms_text(&intern->tenants, tag);
}

uint32_t intern_tenant_number(const struct intern *intern, uint32_t item)
{
    return entry_at(&intern->items, item)->tag;
}

uint32_t intern_hash(const struct intern *intern, uint32_t item)
{
    return entry_at(&intern->items, item)->hash;
}

uint64_t intern_key_hash(const struct intern *intern, uint32_t item)
{
    char key[KEY_ITEM_BYTES_MAX];
    size_t length = key_write_item(key, intern_tenant(intern, item),
                                   intern_id(intern, item));

    return hash_bytes(key, length, 0);
}

uint32_t intern_end(const struct intern *intern)
{
    return intern->items.end;
}

uint32_t intern_count(const struct intern *intern)
{
    return intern->items.count;
}

uint64_t intern_bytes(const struct intern *intern)
{
    return atoms_bytes(&intern->items) + atoms_bytes(&intern->tenants);
}

void intern_check(const struct intern *intern)
{
    atoms_check(&intern->tenants);
    atoms_check(&intern->items);
}
