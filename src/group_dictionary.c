#include "group_dictionary.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_MIN = 64,
    HEAD_BYTES = 8,
    SUFFIX_BITS = 4, /* of a suffix's length that stand beside the drop */
    SUFFIX_MASK = (1 << SUFFIX_BITS) - 1
};

struct dictionary_slot {
    uint32_t number; /* 0: empty */
    uint32_t rank;
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
    free(dictionary->slots);
}

/* The slot of the number, or the empty one where it would go. */
static struct dictionary_slot *
find_slot(const struct group_dictionary *dictionary, uint32_t number)
{
    uint32_t mask = dictionary->slots_count - 1;
    uint32_t at = number * UINT32_C(2654435769) >> 7 & mask;

    while (dictionary->slots[at].number != 0 &&
           dictionary->slots[at].number != number)
        at = (at + 1) & mask;
    return &dictionary->slots[at];
}

static void grow_slots(struct group_dictionary *dictionary)
{
    free(dictionary->slots);
    dictionary->slots_count *= 4;
    dictionary->slots =
        mem_new(dictionary->slots_count, sizeof *dictionary->slots);
    for (uint32_t i = 0; i < dictionary->count; i++)
        find_slot(dictionary, dictionary->numbers[i])->number =
            dictionary->numbers[i];
}

void group_dictionary_add(struct group_dictionary *dictionary, uint32_t number)
{
    struct dictionary_slot *slot = find_slot(dictionary, number);

    if (slot->number == number)
        return;
    slot->number = number;
    if (dictionary->count == dictionary->capacity) {
        dictionary->capacity = 2 * dictionary->capacity + SLOTS_MIN;
        dictionary->numbers =
            mem_resize(dictionary->numbers, dictionary->capacity,
                       sizeof *dictionary->numbers);
    }
    dictionary->numbers[dictionary->count++] = number;
    if (dictionary->count > dictionary->slots_count / 2)
        grow_slots(dictionary);
}

uint32_t group_dictionary_rank(const struct group_dictionary *dictionary,
                               uint32_t number)
{
    return find_slot(dictionary, number)->rank;
}

/* ---- the order of ids ----
 *
 * Eight bytes at a time, as one number: sorted by it, then each run of equal
 * ones by the next eight. */

struct entry {
    uint64_t head;
    const char *bytes;
    uint32_t length;
    uint32_t number;
};

static uint64_t head_at(const struct entry *entry, uint32_t depth)
{
    uint64_t head = 0;

    for (uint32_t i = depth; i < depth + HEAD_BYTES; i++)
        head = head << 8 |
               (i < entry->length ? (unsigned char)entry->bytes[i] : 0);
    return head;
}

static int compare_heads(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;

    if (left->head != right->head)
        return left->head < right->head ? -1 : 1;
    return left->length < right->length ? -1 : left->length > right->length;
}

static void sort_entries(struct entry *entries, uint32_t count, uint32_t depth)
{
    uint32_t longest = 0;

    for (uint32_t i = 0; i < count; i++) {
        entries[i].head = head_at(&entries[i], depth);
        if (entries[i].length > longest)
            longest = entries[i].length;
    }
    qsort(entries, count, sizeof *entries, compare_heads);
    if (longest <= depth + HEAD_BYTES)
        return;
    for (uint32_t start = 0, end; start < count; start = end) {
        end = start + 1;
        while (end < count && entries[end].head == entries[start].head)
            end++;
        if (end - start > 1)
            sort_entries(entries + start, end - start, depth + HEAD_BYTES);
    }
}

/* ---- tenants ---- */

/* The entries of one tenant stand together. */
struct run {
    struct text tenant;
    uint32_t start;
    uint32_t count;
};

static int compare_texts(struct text left, struct text right)
{
    uint32_t shorter = left.length < right.length ? left.length : right.length;
    int order = memcmp(left.bytes, right.bytes, shorter);

    if (order != 0)
        return order;
    return left.length < right.length ? -1 : left.length > right.length;
}

static int compare_runs(const void *a, const void *b)
{
    const struct run *left = a, *right = b;

    return compare_texts(left->tenant, right->tenant);
}

/* Entries come in the order of their tenants' numbers, which `head` holds.
 * Returns how many tenants there are, in the order of their bytes. */
static uint32_t find_runs(struct run *runs, const struct intern *ids,
                          const struct entry *entries, uint32_t count)
{
    uint32_t tenants = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || entries[i].head != entries[i - 1].head)
            runs[tenants++] =
                (struct run){intern_tenant(ids, entries[i].number), i, 0};
        runs[tenants - 1].count++;
    }
    qsort(runs, tenants, sizeof *runs, compare_runs);
    return tenants;
}

static uint32_t fill_entries(struct entry *entries,
                             const struct group_dictionary *dictionary)
{
    const struct intern *ids = dictionary->ids;
    uint32_t tenants = 1;

    for (uint32_t i = 0; i < dictionary->count; i++) {
        uint32_t number = dictionary->numbers[i];
        struct text id = intern_id(ids, number);

        entries[i] = (struct entry){intern_tenant_number(ids, number), id.bytes,
                                    id.length, number};
        tenants += i > 0 && entries[i].head != entries[i - 1].head;
    }
    if (tenants > 1)
        qsort(entries, dictionary->count, sizeof *entries, compare_heads);
    return tenants;
}

/* ---- writing ---- */

static uint32_t common_length(const struct entry *left,
                              const struct entry *right)
{
    uint32_t length = 0;

    while (length < left->length && length < right->length &&
           left->bytes[length] == right->bytes[length])
        length++;
    return length;
}

static void add_entry(struct strbuf *out, const struct entry *before,
                      const struct entry *entry)
{
    uint32_t shared = before == NULL ? 0 : common_length(before, entry);
    uint32_t drop = before == NULL ? 0 : before->length - shared;
    uint32_t suffix = entry->length - shared;

    if (suffix < SUFFIX_MASK) {
        pack_add_uint(out, (uint64_t)drop << SUFFIX_BITS | suffix);
    } else {
        pack_add_uint(out, (uint64_t)drop << SUFFIX_BITS | SUFFIX_MASK);
        pack_add_uint(out, suffix - SUFFIX_MASK);
    }
    strbuf_add(out, entry->bytes + shared, suffix);
}

static void add_run(struct strbuf *out, struct group_dictionary *dictionary,
                    const struct run *run, struct entry *entries, uint32_t rank)
{
    sort_entries(entries, run->count, 0);
    pack_add_bytes(out, run->tenant.bytes, run->tenant.length);
    pack_add_uint(out, run->count);
    for (uint32_t i = 0; i < run->count; i++) {
        add_entry(out, i == 0 ? NULL : &entries[i - 1], &entries[i]);
        dictionary->numbers[rank + i] = entries[i].number;
        find_slot(dictionary, entries[i].number)->rank = rank + i;
    }
}

void group_dictionary_pack(struct strbuf *out,
                           struct group_dictionary *dictionary)
{
    struct entry *entries = mem_new(dictionary->count, sizeof *entries);
    uint32_t tenants = fill_entries(entries, dictionary), rank = 0;
    struct run *runs = mem_new(tenants, sizeof *runs);

    tenants = find_runs(runs, dictionary->ids, entries, dictionary->count);
    pack_add_uint(out, tenants);
    for (uint32_t i = 0; i < tenants; i++) {
        add_run(out, dictionary, &runs[i], entries + runs[i].start, rank);
        rank += runs[i].count;
    }
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

static int read_run(struct group_names *names, struct text tenant,
                    struct unpack *from)
{
    uint64_t count = unpack_uint(from);
    char id[EVENT_ID_BYTES_MAX];
    uint32_t length = 0;

    if (count == 0 || count > unpack_left(from))
        return -1;
    names->numbers = mem_resize(names->numbers, names->count + count,
                                sizeof *names->numbers);
    for (uint64_t i = 0; i < count; i++) {
        if (read_entry(id, &length, i == 0, from) < 0)
            return -1;
        names->numbers[names->count++] =
            intern_hold(names->ids, tenant, (struct text){id, length});
    }
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
            (i > 0 && compare_texts(before, tenant) >= 0) ||
            read_run(names, tenant, from) < 0)
            return -1;
        before = tenant;
    }
    return 0;
}

void group_names_deinit(struct group_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        intern_drop(names->ids, names->numbers[i]);
    free(names->numbers);
    free(names->ends);
    *names = (struct group_names){0};
}
