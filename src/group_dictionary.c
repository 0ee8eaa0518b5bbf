#include "group_dictionary.h"

#include "mem.h"
#include "sort.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_MIN = 64,
    HEAD_BYTES = 8,
    AHEAD = 16,    /* texts that are prefetched */
    BATCH = 32,    /* ids that are interned together */
    FEW = 16,      /* ids that are sorted by insertion */
    TEXTS_END = 8, /* bytes that are read behind a text */
    ID_ROOM = 2 * PACK_UINT_BYTES_MAX,
    SUFFIX_BITS = 4, /* of a suffix's length that stand beside the drop */
    SUFFIX_MASK = (1 << SUFFIX_BITS) - 1
};

struct dictionary_slot {
    uint32_t number; /* 0: empty */
    uint32_t index;
};

/* ---- numbers, each once ---- */

void group_dictionary_init(struct group_dictionary *dictionary,
                           const struct intern *ids)
{
    *dictionary = (struct group_dictionary){
        .ids = ids,
        .slots = mem_new(SLOTS_MIN, sizeof *dictionary->slots),
        .slots_count = SLOTS_MIN,
    };
}

void group_dictionary_deinit(struct group_dictionary *dictionary)
{
    free(dictionary->numbers);
    free(dictionary->ranks);
    free(dictionary->slots);
}

static uint32_t slot_of(const struct group_dictionary *dictionary,
                        uint32_t number)
{
    return number * UINT32_C(2654435769) >> 7 & (dictionary->slots_count - 1);
}

/* The slot of the number, or the empty one where it would go. */
static struct dictionary_slot *
find_slot(const struct group_dictionary *dictionary, uint32_t number)
{
    uint32_t mask = dictionary->slots_count - 1;
    uint32_t at = slot_of(dictionary, number);

    while (dictionary->slots[at].number != 0 &&
           dictionary->slots[at].number != number)
        at = (at + 1) & mask;
    return &dictionary->slots[at];
}

void group_dictionary_prefetch(const struct group_dictionary *dictionary,
                               uint32_t number)
{
    __builtin_prefetch(&dictionary->slots[slot_of(dictionary, number)]);
}

static void grow_slots(struct group_dictionary *dictionary)
{
    free(dictionary->slots);
    dictionary->slots_count *= 4;
    dictionary->slots =
        mem_new(dictionary->slots_count, sizeof *dictionary->slots);
    for (uint32_t i = 0; i < dictionary->count; i++)
        *find_slot(dictionary, dictionary->numbers[i]) =
            (struct dictionary_slot){dictionary->numbers[i], i};
}

uint32_t group_dictionary_add(struct group_dictionary *dictionary,
                              uint32_t number)
{
    struct dictionary_slot *slot = find_slot(dictionary, number);

    if (slot->number == number)
        return slot->index;
    if (dictionary->count == dictionary->capacity) {
        dictionary->capacity = 2 * dictionary->capacity + SLOTS_MIN;
        dictionary->numbers =
            mem_resize(dictionary->numbers, dictionary->capacity,
                       sizeof *dictionary->numbers);
    }
    *slot = (struct dictionary_slot){number, dictionary->count};
    dictionary->numbers[dictionary->count++] = number;
    if (dictionary->count > dictionary->slots_count / 2)
        grow_slots(dictionary);
    return dictionary->count - 1;
}

/* ---- the order of ids ----
 *
 * Eight bytes at a time, as one number: sorted by it, then each run of equal
 * ones by the next eight. */

struct sorter {
    const struct group_dictionary *dictionary;
    char *texts;             /* owned; all ids side by side, and TEXTS_END */
    uint32_t *starts;        /* owned; by index, and the end of the last */
    struct sort_entry *room; /* owned; as many as there are ids */
};

static struct text text_at(const struct sorter *sorter, uint32_t index)
{
    uint32_t start = sorter->starts[index];

    return (struct text){sorter->texts + start,
                         sorter->starts[index + 1] - start};
}

/* The eight bytes at `depth` as a number that sorts as they do. What is behind
 * the text is read, for TEXTS_END follows all of them, and cut off. */
static uint64_t head_of(struct text text, uint32_t depth)
{
    uint64_t head;
    uint32_t left;

    if (depth >= text.length)
        return 0;
    memcpy(&head, text.bytes + depth, sizeof head);
    head = be64toh(head);
    left = text.length - depth;
    return left < HEAD_BYTES ? head & ~(UINT64_MAX >> 8 * left) : head;
}

static int is_above(const struct sorter *sorter, const struct sort_entry *left,
                    const struct sort_entry *right)
{
    if (left->key != right->key)
        return left->key > right->key;
    return text_compare(text_at(sorter, left->index),
                        text_at(sorter, right->index)) > 0;
}

static void insert_ids(const struct sorter *sorter, struct sort_entry *ids,
                       uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct sort_entry id = ids[i];
        uint32_t at = i;

        for (; at > 0 && is_above(sorter, &ids[at - 1], &id); at--)
            ids[at] = ids[at - 1];
        ids[at] = id;
    }
}

/* The ids are alike before `depth`, and all different. */
static void sort_ids(const struct sorter *sorter, struct sort_entry *ids,
                     uint32_t count, uint32_t depth)
{
    for (uint32_t i = 0; i < count; i++)
        ids[i].key = head_of(text_at(sorter, ids[i].index), depth);
    if (count <= FEW) {
        insert_ids(sorter, ids, count);
        return;
    }
    sort_entries(ids, sorter->room, count);
    for (uint32_t start = 0, end; start < count; start = end) {
        end = start + 1;
        while (end < count && ids[end].key == ids[start].key)
            end++;
        if (end - start > 1)
            sort_ids(sorter, ids + start, end - start, depth + HEAD_BYTES);
    }
}

/* Ids lie anywhere in memory: what says where is asked for beforehand, then
 * they are. */
static void find_ids(struct text *texts, struct sort_entry *tenants,
                     const struct group_dictionary *dictionary)
{
    for (uint32_t i = 0; i < dictionary->count; i++) {
        uint32_t number = dictionary->numbers[i];

        if (i + AHEAD < dictionary->count)
            intern_prefetch_id(dictionary->ids, dictionary->numbers[i + AHEAD]);
        texts[i] = intern_id(dictionary->ids, number);
        tenants[i] = (struct sort_entry){
            intern_tenant_number(dictionary->ids, number), i};
    }
}

static void gather_texts(struct sorter *sorter, const struct text *texts,
                         uint32_t count)
{
    uint64_t length = 0;

    for (uint32_t i = 0; i < count; i++) {
        sorter->starts[i] = (uint32_t)length;
        length += texts[i].length;
    }
    ASSERT(length <= UINT32_MAX);
    sorter->starts[count] = (uint32_t)length;
    sorter->texts = mem_new(length + TEXTS_END, 1);
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch(texts[i + AHEAD].bytes);
        memcpy(sorter->texts + sorter->starts[i], texts[i].bytes,
               texts[i].length);
    }
}

/* The entries are left with their tenants' numbers. */
static void sorter_init(struct sorter *sorter, struct sort_entry *entries,
                        const struct group_dictionary *dictionary)
{
    uint32_t count = dictionary->count;
    struct text *texts = mem_new(count, sizeof *texts);

    *sorter = (struct sorter){.dictionary = dictionary};
    sorter->starts = mem_new(count + 1u, sizeof *sorter->starts);
    sorter->room = mem_new(count, sizeof *sorter->room);
    find_ids(texts, entries, dictionary);
    gather_texts(sorter, texts, count);
    free(texts);
}

static void sorter_deinit(struct sorter *sorter)
{
    free(sorter->texts);
    free(sorter->starts);
    free(sorter->room);
}

/* ---- tenants ---- */

/* The entries of one tenant stand together. */
struct run {
    struct text tenant;
    uint32_t start;
    uint32_t count;
};

static int compare_runs(const void *a, const void *b)
{
    const struct run *left = a, *right = b;

    return text_compare(left->tenant, right->tenant);
}

/* Puts the entries by their tenants; returns how many of these there are, in
 * the order of their bytes. */
static uint32_t find_runs(struct run **runs, struct sort_entry *entries,
                          const struct sorter *sorter)
{
    const struct group_dictionary *dictionary = sorter->dictionary;
    uint32_t tenants = 0;

    sort_entries(entries, sorter->room, dictionary->count);
    for (uint32_t i = 0; i < dictionary->count; i++)
        tenants += i == 0 || entries[i].key != entries[i - 1].key;
    *runs = mem_new(tenants, sizeof **runs);
    tenants = 0;
    for (uint32_t i = 0; i < dictionary->count; i++) {
        if (i == 0 || entries[i].key != entries[i - 1].key)
            (*runs)[tenants++] = (struct run){
                intern_tenant(dictionary->ids,
                              dictionary->numbers[entries[i].index]),
                i, 0};
        (*runs)[tenants - 1].count++;
    }
    qsort(*runs, tenants, sizeof **runs, compare_runs);
    return tenants;
}

/* ---- writing ---- */

/* Eight bytes at a time; what is read behind the shorter one does not count. */
static uint32_t common_length(struct text left, struct text right)
{
    uint32_t shorter = left.length < right.length ? left.length : right.length;
    uint32_t length = 0;

    while (length < shorter) {
        uint64_t a, b;

        memcpy(&a, left.bytes + length, sizeof a);
        memcpy(&b, right.bytes + length, sizeof b);
        if (a != b) {
            length += (uint32_t)__builtin_ctzll(htole64(a ^ b)) / 8;
            break;
        }
        length += HEAD_BYTES;
    }
    return length < shorter ? length : shorter;
}

static void add_id(struct pack *pack, struct text before, struct text id)
{
    uint32_t shared = common_length(before, id);
    uint32_t drop = before.length - shared;
    uint32_t suffix = id.length - shared;

    if (suffix < SUFFIX_MASK) {
        pack_put_uint(pack, (uint64_t)drop << SUFFIX_BITS | suffix);
    } else {
        pack_put_uint(pack, (uint64_t)drop << SUFFIX_BITS | SUFFIX_MASK);
        pack_put_uint(pack, suffix - SUFFIX_MASK);
    }
    memcpy(pack->at, id.bytes + shared, suffix);
    pack->at += suffix;
}

static void add_run(struct strbuf *out, const struct sorter *sorter,
                    const struct run *run, const struct sort_entry *entries,
                    uint32_t rank)
{
    struct text before = {sorter->texts, 0};

    pack_add_bytes(out, run->tenant.bytes, run->tenant.length);
    pack_add_uint(out, run->count);
    for (uint32_t i = 0; i < run->count; i++) {
        struct text id = text_at(sorter, entries[i].index);
        struct pack pack = pack_begin(out, id.length + ID_ROOM);

        add_id(&pack, before, id);
        pack_end(out, &pack);
        before = id;
        sorter->dictionary->ranks[entries[i].index] = rank + i;
    }
}

void group_dictionary_pack(struct strbuf *out,
                           struct group_dictionary *dictionary)
{
    struct sort_entry *entries = mem_new(dictionary->count, sizeof *entries);
    struct run *runs = NULL;
    struct sorter sorter;
    uint32_t tenants, rank = 0;

    dictionary->ranks = mem_new(dictionary->count, sizeof *dictionary->ranks);
    sorter_init(&sorter, entries, dictionary);
    tenants = find_runs(&runs, entries, &sorter);
    pack_add_uint(out, tenants);
    for (uint32_t i = 0; i < tenants; i++) {
        struct sort_entry *of_tenant = entries + runs[i].start;

        sort_ids(&sorter, of_tenant, runs[i].count, 0);
        add_run(out, &sorter, &runs[i], of_tenant, rank);
        rank += runs[i].count;
    }
    sorter_deinit(&sorter);
    free(runs);
    free(entries);
}

/* ---- reading ---- */

/* The id before is still in `id`, and becomes the next one. */
static int read_entry(char *id, uint32_t *length, int is_first,
                      struct unpack *from)
{
    uint64_t head = unpack_uint(from);
    uint64_t drop = head >> SUFFIX_BITS, suffix = head & SUFFIX_MASK;
    uint32_t shared;

    if (suffix == SUFFIX_MASK)
        suffix += unpack_uint(from);
    if (from->is_broken || drop > *length)
        return -1;
    shared = *length - (uint32_t)drop;
    if (suffix > EVENT_ID_BYTES_MAX || shared + suffix > EVENT_ID_BYTES_MAX ||
        suffix > unpack_left(from))
        return -1;
    if (!is_first &&
        (suffix == 0 || (drop > 0 && *from->at <= (unsigned char)id[shared])))
        return -1;
    memcpy(id + shared, from->at, suffix);
    from->at += suffix;
    *length = shared + (uint32_t)suffix;
    return 0;
}

/* Ids that are read before they are interned together. */
struct batch {
    char bytes[BATCH][EVENT_ID_BYTES_MAX];
    struct text ids[BATCH];
    uint32_t count;
};

static void intern_batch(struct group_names *names, struct text tenant,
                         struct batch *batch)
{
    intern_hold_all(names->ids, names->numbers + names->count, tenant,
                    batch->ids, batch->count);
    names->count += batch->count;
    batch->count = 0;
}

static int read_ids(struct group_names *names, struct text tenant,
                    uint64_t count, struct unpack *from)
{
    char id[EVENT_ID_BYTES_MAX];
    uint32_t length = 0;
    struct batch batch = {.count = 0};
    int result = 0;

    for (uint64_t i = 0; i < count && result == 0; i++) {
        uint32_t at = batch.count;

        result = read_entry(id, &length, i == 0, from);
        if (result < 0)
            break;
        memcpy(batch.bytes[at], id, length);
        batch.ids[at] = (struct text){batch.bytes[at], length};
        if (++batch.count == BATCH)
            intern_batch(names, tenant, &batch);
    }
    intern_batch(names, tenant, &batch);
    return result;
}

static int read_run(struct group_names *names, struct text tenant,
                    struct unpack *from)
{
    uint64_t count = unpack_uint(from);

    if (count == 0 || count > unpack_left(from))
        return -1;
    names->numbers = mem_resize(names->numbers, names->count + count,
                                sizeof *names->numbers);
    if (read_ids(names, tenant, count, from) < 0)
        return -1;
    names->ends[names->tenants++] = names->count;
    return 0;
}

int group_names_unpack(struct group_names *names, struct intern *ids,
                       struct unpack *from)
{
    uint64_t tenants = unpack_uint(from);
    struct text before = {"", 0};

    *names = (struct group_names){.ids = ids};
    if (from->is_broken || tenants > unpack_left(from))
        return -1;
    names->ends = mem_new(tenants, sizeof *names->ends);
    for (uint64_t i = 0; i < tenants; i++) {
        size_t length;
        struct text tenant = {unpack_bytes(from, &length), 0};

        tenant.length = (uint32_t)length;
        if (from->is_broken || length > EVENT_TENANT_BYTES_MAX ||
            (i > 0 && text_compare(before, tenant) >= 0) ||
            read_run(names, tenant, from) < 0)
            return -1;
        before = tenant;
    }
    return 0;
}

void group_names_deinit(struct group_names *names)
{
    if (names->count > 0)
        intern_drop_all(names->ids, names->numbers, names->count);
    free(names->numbers);
    free(names->ends);
    *names = (struct group_names){0};
}
