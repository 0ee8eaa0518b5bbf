/* contribution: one +1 or -1, the only thing that passes from the sessions of
 * a partition to the groups that count. What a shuffle carries. */
#ifndef TERKAIT_CONTRIBUTION_H
#define TERKAIT_CONTRIBUTION_H

#include <stdint.h>

/* other = 0: a support of `item` (or N, when the item stands for its tenant),
 * and `index` is a set; else a pair in the row of `item`, `index` a relation.
 */
struct contribution {
    uint32_t item;
    uint32_t other;
    uint8_t index;
    int8_t sign; /* +1 or -1 */
    int64_t fine_pane;
};

/* Grows once and is used again for every event. The items in it are held by
 * the session that made it, or by the caller, until it is applied. */
struct contributions {
    uint32_t count;
    uint32_t capacity;
    struct contribution *at; /* owned */
};

void contributions_init(struct contributions *list);
void contributions_deinit(struct contributions *list);
void contributions_add(struct contributions *list, struct contribution one);

#endif
