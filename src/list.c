#include "list.h"

#include "err.h"
#include "hash.h"
#include "mem.h"
#include "score.h"

#include <stdlib.h>
#include <string.h>

void list_init(struct list *list, uint32_t k)
{
    ASSERT(k >= 1 && k <= LIST_ITEMS_MAX);
    *list = (struct list){.k = k};
    list->entries = mem_new(k, sizeof *list->entries);
}

void list_deinit(struct list *list)
{
    free(list->entries);
    *list = (struct list){0};
}

void list_clear(struct list *list)
{
    list->count = 0;
}

void list_copy(struct list *to, const struct list *from)
{
    ASSERT(to->k == from->k);
    to->count = from->count;
    memcpy(to->entries, from->entries, from->count * sizeof *to->entries);
}

/* Ids alike in their first bytes are rare: only then is one looked up. */
static int comes_before(const struct list_entry *a, const struct list_entry *b,
                        const struct intern *items)
{
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score;
    if (a->count != b->count)
        return a->count > b->count;
    if (a->prefix.high != b->prefix.high)
        return a->prefix.high < b->prefix.high;
    if (a->prefix.low != b->prefix.low)
        return a->prefix.low < b->prefix.low;
    return intern_compare_ids(items, a->item, b->item) < 0;
}

/* Where it belongs among the first `count`. */
static uint32_t place_of(const struct list *list, uint32_t count,
                         const struct list_entry *entry,
                         const struct intern *items)
{
    uint32_t low = 0;

    while (low < count) {
        uint32_t middle = low + (count - low) / 2;

        if (comes_before(entry, &list->entries[middle], items))
            count = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* By what needs no id. */
static int is_beaten(const struct list *list, const struct list_entry *entry)
{
    const struct list_entry *last = &list->entries[list->k - 1];

    return list->count == list->k &&
           (entry->score < last->score ||
            (!(entry->score > last->score) && entry->count < last->count));
}

uint32_t list_offer(struct list *list, const struct intern *items,
                    struct list_entry entry)
{
    uint32_t at = list->count, left_out = 0, place;

    if (is_beaten(list, &entry))
        return entry.item;
    entry.prefix = intern_prefix(items, entry.item);
    if (at == list->k) {
        at--;
        if (!comes_before(&entry, &list->entries[at], items))
            return entry.item;
        left_out = list->entries[at].item;
    } else {
        list->count++;
    }
    place = place_of(list, at, &entry, items);
    memmove(list->entries + place + 1, list->entries + place,
            (at - place) * sizeof entry);
    list->entries[place] = entry;
    return left_out;
}

static void add_member(struct strbuf *out, const char *name, struct text text)
{
    strbuf_add_format(out, ",\"%s\":", name);
    strbuf_add_json(out, text.bytes, text.length);
}

static void add_head(struct strbuf *out, const struct list_head *head,
                     const struct intern *items)
{
    strbuf_add_text(out, "{\"v\":1");
    if (head->item != 0)
        add_member(out, "item", intern_id(items, head->item));
    else if (head->category.length > 0)
        add_member(out, "category", head->category);
    strbuf_add_text(out, ",\"relation\":\"");
    strbuf_add_text(out, head->relation);
    strbuf_add_text(out, "\",\"window\":\"");
    strbuf_add_text(out, head->window);
    strbuf_add_text(out, "\",\"as_of\":");
    strbuf_add_int(out, head->as_of_ms);
    strbuf_add_text(out, ",\"support\":");
    strbuf_add_uint(out, head->support);
    if (head->is_partial)
        strbuf_add_text(out, ",\"partial\":true");
}

static void add_score(struct strbuf *out, double score)
{
    uint64_t rounded = score_round(score);
    uint64_t part = rounded % 10000;
    char digits[5] = {'.', (char)('0' + part / 1000),
                      (char)('0' + part / 100 % 10),
                      (char)('0' + part / 10 % 10), (char)('0' + part % 10)};

    if (score < 0)
        strbuf_add_char(out, '-');
    strbuf_add_uint(out, rounded / 10000);
    strbuf_add(out, digits, sizeof digits);
}

void list_format(struct strbuf *out, const struct list *list,
                 const struct list_head *head, const struct intern *items)
{
    add_head(out, head, items);
    strbuf_add_text(out, ",\"items\":[");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct list_entry *entry = &list->entries[i];
        struct text id = intern_id(items, entry->item);

        strbuf_add_text(out, i == 0 ? "{\"id\":" : ",{\"id\":");
        strbuf_add_json(out, id.bytes, id.length);
        strbuf_add_text(out, ",\"score\":");
        add_score(out, entry->score);
        strbuf_add_text(out, ",\"count\":");
        strbuf_add_uint(out, entry->count);
        strbuf_add_char(out, '}');
    }
    strbuf_add_text(out, "]}");
}

/* All entries at once: a hash is dear to begin and cheap to go on with. */
enum { ENTRY_WORDS = 2, AT_ONCE = 64 };

uint64_t list_digest(const struct list *list, const struct list_head *head,
                     const struct intern *items)
{
    uint64_t first[] = {head->support, (uint64_t)(head->is_partial != 0)};
    uint64_t order = 0, content = hash_bytes(first, sizeof first, 0);

    if (list->count == 0)
        return 0;
    for (uint32_t begin = 0; begin < list->count; begin += AT_ONCE) {
        uint64_t who[AT_ONCE], what[ENTRY_WORDS * AT_ONCE];
        uint32_t count = list->count - begin;

        count = count < AT_ONCE ? count : AT_ONCE;
        for (uint32_t i = 0; i < count; i++) {
            const struct list_entry *entry = &list->entries[begin + i];
            uint64_t sign = entry->score < 0;

            who[i] =
                (uint64_t)entry->item << 32 | intern_hash(items, entry->item);
            what[ENTRY_WORDS * i] = score_round(entry->score) | sign << 63;
            what[ENTRY_WORDS * i + 1] = entry->count;
        }
        order = hash_bytes(who, count * sizeof *who, order);
        content = hash_bytes(what, ENTRY_WORDS * count * sizeof *what, content);
    }
    content = hash_bytes(&order, sizeof order, content);
    return ((content | 1u << 16) & ~UINT64_C(0xffff)) | (order & 0xffff);
}

uint64_t list_counts_digest(const struct list *list, const struct intern *items)
{
    uint64_t digest = 0;

    for (uint32_t begin = 0; begin < list->count; begin += AT_ONCE) {
        uint64_t what[ENTRY_WORDS * AT_ONCE];
        uint32_t count = list->count - begin;

        count = count < AT_ONCE ? count : AT_ONCE;
        for (uint32_t i = 0; i < count; i++) {
            const struct list_entry *entry = &list->entries[begin + i];

            what[ENTRY_WORDS * i] =
                (uint64_t)entry->item << 32 | intern_hash(items, entry->item);
            what[ENTRY_WORDS * i + 1] = entry->count;
        }
        digest = hash_bytes(what, ENTRY_WORDS * count * sizeof *what, digest);
    }
    return list->count > 0 && digest == 0 ? 1 : digest;
}
