/* membership: what a change of one item's actions contributes.
 *
 * An item is a member of a set of actions while it has one of them. When a
 * membership begins it is paired with those that are there; when it ends,
 * every pair between it and a present one is taken back at the time of its
 * +1, that of the later of the two. */
#ifndef TERKAIT_MEMBERSHIP_H
#define TERKAIT_MEMBERSHIP_H

#include "contribution.h"
#include "relation.h"
#include "session_store.h"

#include <stdint.h>

struct membership_change {
    const struct session_store *store;
    const struct relations *relations;
    struct session *session;
    uint32_t *record;  /* of the item; still with its actions of before */
    uint8_t after;     /* its actions now; not the same */
    int64_t fine_pane; /* of the event */
};

/* Appends the contributions to `out` and brings the record up to date. */
void membership_apply(const struct membership_change *change,
                      struct contributions *out);

/* Sets (a bit each) of which the item becomes a member. */
uint8_t membership_begins(const struct membership_change *change);

#endif
