/* list: the published best K of one row for one relation and window. */
#ifndef TERKAIT_LIST_H
#define TERKAIT_LIST_H

#include "intern.h"
#include "strbuf.h"

#include <stdint.h>

enum { LIST_ITEMS_MAX = 1000 };

struct list_entry {
    double score;
    uint32_t count;
    uint32_t item;
    struct id_prefix prefix; /* of its id; list_offer fills it in */
};

/* Always in list order: score, then count, both falling, then the plain id by
 * bytes, rising. */
struct list {
    uint32_t k;
    uint32_t count;
    struct list_entry *entries; /* owned; room for k */
};

void list_init(struct list *list, uint32_t k); /* k up to LIST_ITEMS_MAX */
void list_deinit(struct list *list);
void list_clear(struct list *list);

/* Both have the same k. */
void list_copy(struct list *to, const struct list *from);

/* Keeps the entry when it is among the best k so far. Returns the item that is
 * left out for it, the offered one itself, or 0 when there was room. */
uint32_t list_offer(struct list *list, const struct intern *items,
                    struct list_entry entry);

/* What stands beside the entries in the JSON. */
struct list_head {
    uint32_t item;        /* 0: a popular list */
    struct text category; /* of a popular list; length 0: overall */
    const char *relation;
    const char *window;
    int64_t as_of_ms;
    uint32_t support;
    int is_partial;
};

/* Appends {"v":1,...}. */
void list_format(struct strbuf *out, const struct list *list,
                 const struct list_head *head, const struct intern *items);

/* 48 bits of all that list_format writes but as_of, above 16 bits of the items
 * in their order; never 0 for a list with entries, always 0 for an empty one.
 */
uint64_t list_digest(const struct list *list, const struct list_head *head,
                     const struct intern *items);

/* 64 bits of the items and their counts, in order; 0 for an empty list alone.
 */
uint64_t list_counts_digest(const struct list *list,
                            const struct intern *items);

static inline int list_same_order(uint64_t digest, uint64_t other)
{
    return (uint16_t)digest == (uint16_t)other;
}

#endif
