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

/* Calls `visit` for each list that has an item, finished, in no set order. */
typedef void popular_visit(void *context, struct text tenant,
                           const struct list *list,
                           const struct list_head *head);
void popular_each(struct popular *popular, popular_visit *visit, void *context);

#endif
