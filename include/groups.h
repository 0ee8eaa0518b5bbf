/* groups: the counting stage. Rows by item, and the groups that own them.
 *
 * A group is the unit of ownership: an item belongs to the group
 * XXH64(item as in keys) mod count, and N of a tenant to the group of the
 * tenant's name. Contributions come in from the shuffle with the partition
 * and offset they stem from. */
#ifndef TERKAIT_GROUPS_H
#define TERKAIT_GROUPS_H

#include "contribution.h"
#include "row.h"

#include <stdint.h>

struct groups;

struct groups *groups_new(const struct row_rules *rules, uint32_t count);
void groups_free(struct groups *groups);

/* Stream time may have moved on: the horizon of all that follows. Never goes
 * back. */
void groups_advance(struct groups *groups, int64_t fine_pane);
const struct horizon *groups_horizon(const struct groups *groups);

/* Applies all contributions of the record at (partition, offset). */
void groups_apply(struct groups *groups, const struct contributions *list,
                  uint32_t partition, int64_t offset);

/* The category of the event with the highest time wins; tie: the larger by
 * bytes. */
void groups_categorise(struct groups *groups, uint32_t item, int64_t ts_ms,
                       struct text category);

/* The row at the horizon and in order, ready to be read; NULL when nothing is
 * kept of the item. */
struct row *groups_row(struct groups *groups, uint32_t item);

/* The item's category; length 0 when none is known. Categories are numbered,
 * from 1; 0: none. */
struct text groups_category(const struct groups *groups, uint32_t item);
uint32_t groups_category_number(const struct groups *groups, uint32_t item);
struct intern *groups_categories(struct groups *groups);

/* Support of an item for a set and window (by settings order), now. 0 when
 * there is no row. Remembered until the row or stream time changes. */
uint32_t groups_support(struct groups *groups, uint32_t item, uint32_t set,
                        uint32_t window);

/* Rows that contributions changed since they were last drained, each once, in
 * the order of their first change. `pairs` has a bit for each relation of
 * which a pair changed (all, when the row was cut); a row of which only
 * supports changed has none.
 * Returns 0 when there are no more. */
int groups_next_touched(struct groups *groups, uint32_t *item, uint32_t *pairs);

/* Frees the row and returns 1 when nothing is counted in it any more and its
 * category, if any, is past remembering (GROUPS_CATEGORY_MS behind the longest
 * window). The caller has withdrawn whatever it published of it. */
int groups_release(struct groups *groups, uint32_t item);

#define GROUPS_CATEGORY_MS (INT64_C(30) * 24 * 3600 * 1000)

uint32_t groups_index(const struct groups *groups, uint32_t item);
uint64_t groups_rows(const struct groups *groups);
uint64_t groups_bytes(const struct groups *groups);
const struct row_stats *groups_stats(const struct groups *groups);
void groups_check(struct groups *groups);

#endif
