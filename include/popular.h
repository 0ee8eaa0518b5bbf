/* popular: the fallback lists, items by from-support of the first relation,
 * by tenant and window, overall and by category.
 *
 * Made by offering every row once (a sweep does) and taking the lists then. */
#ifndef TERKAIT_POPULAR_H
#define TERKAIT_POPULAR_H

#include "engine.h"

struct popular;

struct popular *popular_new(struct engine *engine); /* borrows it */
void popular_free(struct popular *popular);

void popular_clear(struct popular *popular);
void popular_offer(struct popular *popular, uint32_t item);

/* One list with at least one item, and what stands beside it. Borrowed; good
 * until the next popular_offer or popular_clear. */
struct popular_list {
    struct text tenant;
    const struct list *list;
    struct list_head head;
};

/* The next list after `cursor` (begin with 0), in no set order; returns 0 when
 * there are no more. */
int popular_next(struct popular *popular, struct popular_list *out,
                 uint64_t *cursor);

#endif
