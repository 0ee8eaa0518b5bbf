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
};

/* A bounded heap while it is collected, in list order once it is finished.
 * `entries` has room for `k`. Order: score, then count, both falling, then
 * the plain id by bytes, rising. */
struct list {
    uint32_t k;
    uint32_t count;
    struct list_entry *entries;
};

void list_init(struct list *list, uint32_t k); /* k up to LIST_ITEMS_MAX */
void list_deinit(struct list *list);
void list_clear(struct list *list);

/* Keeps the entry when it is among the best k so far. */
void list_offer(struct list *list, const struct intern *items,
                struct list_entry entry);

/* Puts the entries into list order. */
void list_finish(struct list *list, const struct intern *items);

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

/* Appends {"v":1,...}. The list is finished. */
void list_format(struct strbuf *out, const struct list *list,
                 const struct list_head *head, const struct intern *items);

/* 48 bits of the whole content but as_of, above 16 bits of the items and
 * their order; never 0 for a list with entries, always 0 for an empty one. */
uint64_t list_digest(const struct list *list, const struct list_head *head);

#endif
