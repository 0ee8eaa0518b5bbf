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

enum { GROUPS_MAX = 65536 };

struct groups *groups_new(const struct row_rules *rules, uint32_t count);
void groups_free(struct groups *groups);

const struct row_rules *groups_rules(const struct groups *groups);

/* Another pairs_max. A row that is above it is cut when it is read next. */
void groups_set_pairs_max(struct groups *groups, uint32_t pairs_max);

/* Stream time may have moved on: the horizon of all that follows. Never goes
 * back. */
void groups_advance(struct groups *groups, int64_t fine_pane);
const struct horizon *groups_horizon(const struct groups *groups);

/* Applies all contributions of the record at (partition, offset), but for those
 * that groups_has says are counted. */
void groups_apply(struct groups *groups, const struct contribution *list,
                  uint32_t count, uint32_t partition, int64_t offset);

/* They will be applied soon: asks for the memory that this needs. */
void groups_ask(const struct groups *groups, const struct contributions *list);

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
 * which a pair changed; a row of which only supports changed has none.
 * Returns 0 when there are no more. */
int groups_next_touched(struct groups *groups, uint32_t *item, uint32_t *pairs);

/* How many there are. */
uint32_t groups_touched(const struct groups *groups);

/* Gives back what memory the row keeps in advance of its growth. */
void groups_trim(struct groups *groups, uint32_t item);

/* Frees the row and returns 1 when nothing is counted in it any more, its
 * category, if any, is past remembering (GROUPS_CATEGORY_MS behind the longest
 * window), and no checkpoint has yet to say so. The caller has withdrawn
 * whatever it published of it. */
int groups_release(struct groups *groups, uint32_t item);

#define GROUPS_CATEGORY_MS (INT64_C(30) * 24 * 3600 * 1000)

/* ---- what is given up when memory is short ----
 *
 * There is no clock: time is told by how many rows were touched, GROUPS_TICK of
 * them a tick. Ticks begin again after 2^32. */
enum { GROUPS_TICK = 256 };
uint32_t groups_tick(const struct groups *groups);

/* About how many bytes the pairs of an item's row take; 0: no row, or it has no
 * pairs. `ticks`: for how long nothing touched the row; one that was loaded,
 * and not touched since, is older than all others by the fine panes since its
 * latest support. */
uint64_t groups_idle(const struct groups *groups, uint32_t item,
                     uint32_t *ticks);

/* Gives the row's pairs up, as row_shed(); it is touched, so that its lists
 * follow, and changed: of a pair that is given up a -1 finds nothing, so what
 * is durable must give it up as well. Returns the bytes freed. */
uint64_t groups_shed(struct groups *groups, uint32_t item);

/* One above the highest item that may have a row. */
uint32_t groups_end(const struct groups *groups);

/* ---- what is durable ----
 *
 * A group's rows are written whole (a base), or those that were changed since
 * the checkpoint that was acknowledged last:
 *
 *     changed --cut--> in the cut --landed--> durable
 *        ^                 | lost
 *        +-----------------+
 *
 * A row of the cut that is changed again is in both. Rows that time alone
 * changed are not: a load brings them to the time that it is. Noted from the
 * first call of a function of this part on; all rows that are there then count
 * as changed. */

/* Rows changed and not yet cut, and about how many packed bytes they are. */
struct groups_change {
    uint32_t rows;
    uint64_t bytes;
};
struct groups_change groups_changed(struct groups *groups, uint32_t group);

/* About how many packed bytes all rows of the group are. */
uint64_t groups_weight(const struct groups *groups, uint32_t group);

/* Moves the changed rows into the cut, which is then written; forgets the cut,
 * for it is durable; makes its rows changed again, for it is not. */
void groups_cut(struct groups *groups, uint32_t group);
void groups_cut_landed(struct groups *groups, uint32_t group);
void groups_cut_lost(struct groups *groups, uint32_t group);

/* Items of a group's rows, or of its cut, in no set order: `*at` is 0 at first;
 * 0 when there are no more. Nothing is applied or released in between. */
uint32_t groups_next_row(const struct groups *groups, uint32_t group,
                         uint32_t *at);
uint32_t groups_next_cut(const struct groups *groups, uint32_t group,
                         uint32_t *at);

/* Loads a row of the group, which is groups_index of the item: replaces
 * whatever there is of it, which the caller holds.
 * This is no change. */
struct groups_row_state {
    struct row_content content; /* its cells are stolen */
    uint32_t category;          /* a number of groups_categories, 0: none */
    int64_t category_ts_ms;
};
void groups_load_row(struct groups *groups, uint32_t group, uint32_t item,
                     const struct groups_row_state *state);

/* When the event was that gave the item its category. */
int64_t groups_category_ms(const struct groups *groups, uint32_t item);

/* What was loaded of the group has all records of the partition below `offset`:
 * contributions and categories of these are passed by, one by one. */
void groups_set_floor(struct groups *groups, uint32_t group, uint32_t partition,
                      int64_t offset);

/* 1: the record at (partition, offset) is below the floor of the item's group.
 */
int groups_has(const struct groups *groups, uint32_t item, uint32_t partition,
               int64_t offset);

/* The next offset that the group needs, while the partition's next is
 * `position`: that, or the floor when it is higher. */
int64_t groups_mark(const struct groups *groups, uint32_t group,
                    uint32_t partition, int64_t position);

uint32_t groups_index(const struct groups *groups, uint32_t item);
uint64_t groups_rows(const struct groups *groups);
uint64_t groups_bytes(const struct groups *groups);
const struct row_stats *groups_stats(const struct groups *groups);
void groups_check(struct groups *groups);

#endif
