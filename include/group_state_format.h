/* group_state_format: the bytes of a group's rows, as group_state.c writes and
 * group_state_read.c reads them.
 *
 *     version | fine pane of stream time | panes ahead of it
 *     | dictionary of categories | dictionary of items
 *     | number of rows | rows | seal
 *
 * Rows stand in the order of their items' ranks, others likewise. A number of
 * a rising sequence is written as its *step*: less the one before and 1.
 *
 *     row:    step of its rank
 *             | number of others << 2 | is cut << 1 | has a category
 *             | [rank of the category, how long ago it was given, in ms]
 *             | [fine panes until it is exact again]
 *             | number of supports | cells of these
 *             | others
 *     other:  step of its rank << 1 | has several cells
 *             | [number of cells - 2] | cells
 *     cell:   step of its code (group_places.h) << 1 | counts several
 *             | [count - 2] */
#ifndef TERKAIT_GROUP_STATE_FORMAT_H
#define TERKAIT_GROUP_STATE_FORMAT_H

#include "groups.h"

#include <stdint.h>

enum {
    GROUP_STATE_VERSION = 1,
    GROUP_STATE_HAS_CATEGORY = 1,
    GROUP_STATE_IS_CUT = 2,
    GROUP_STATE_OTHERS_SHIFT = 2
};

/* The time that a fine pane begins at. */
static inline int64_t group_state_time(const struct groups *groups,
                                       int64_t fine_pane)
{
    return fine_pane * groups_rules(groups)->windows->fine_ms;
}

#endif
