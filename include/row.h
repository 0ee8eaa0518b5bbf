/* row: all that is counted for one item.
 *
 * A row is a flat array of cells, one a live (other, relation, pane), in the
 * order of (other, slot): a long sorted run, and behind it a tail in the order
 * of arrival. To count is to append: nothing is searched for. A tail that has
 * grown to half of the run, or that somebody wants to read, is sorted and
 * merged into it, equal keys added up. Supports are cells too, of the reserved
 * other 0, with a set in place of the relation:
 *
 *     |<------------- sorted ------------->|<- tail ->|  free  |
 *     | 0: supports | other 3 | other 9 ...| 9 | 4    |        |
 *
 * A slot says relation and pane (row_slot.h), near to the row's `as_of`: no
 * pane of a row is further than twice WINDOW_SPAN_MAX from it. One cell is 12
 * bytes.
 */
#ifndef TERKAIT_ROW_H
#define TERKAIT_ROW_H

#include "intern.h"
#include "relation.h"
#include "row_cells.h"
#include "row_slot.h"
#include "window.h"

#include <stdint.h>

struct row {
    struct cell *cells; /* owned */
    uint32_t sorted;    /* cells in the sorted run */
    uint32_t used;      /* sorted run and tail */
    uint32_t capacity;
    uint32_t pairs;    /* distinct others of the sorted run */
    int64_t as_of;     /* fine pane of stream time when last advanced */
    int64_t cut_until; /* first fine pane at which it is exact again; 0: is */
};

/* What every row of an engine shares. Borrowed, and outlives the rows. */
struct row_rules {
    const struct relations *relations;
    const struct windows *windows;
    struct intern *items; /* each other of a row is held once by the row */
    uint32_t pairs_max;   /* a row that is read has no more */
};

struct row_stats {
    uint64_t pairs_dropped;     /* pairs cut at pairs_max */
    uint64_t cuts;              /* times a row was cut */
    uint64_t too_old;           /* contributions older than all windows */
    uint64_t takebacks_unknown; /* -1 for what the row does not hold */
    uint64_t live;              /* cells now, over all rows and tails */
    uint64_t sheds;             /* times a row was shed */
    uint64_t pairs_shed;        /* pairs that went with that */
    uint64_t partial;           /* rows that are not exact, now */
};

void row_init(struct row *row);

/* Frees the cells and drops the others. */
void row_deinit(struct row *row, const struct row_rules *rules,
                struct row_stats *stats);

/* Makes the row ready to be read, all cells [0, used) in order: merges the
 * tail, cells that a finer window has passed into coarser ones, drops what is
 * older than all windows, and the weakest pairs when there are more than
 * pairs_max.
 */
void row_advance(struct row *row, const struct row_rules *rules,
                 const struct horizon *horizon, struct row_stats *stats);

/* Gives memory back that a row at rest does not need. */
void row_trim(struct row *row);

/* Gives all pairs up, and the memory they took; supports stay. Returns how many
 * pairs went; 0: it had none, and is as exact as it was. */
uint32_t row_shed(struct row *row, const struct row_rules *rules,
                  const struct horizon *horizon, struct row_stats *stats);

/* The youngest pane in which a support is counted (of a coarse one the first
 * fine pane); INT64_MIN: it has none. The row is ready to be read. */
int64_t row_latest_support(const struct row *row,
                           const struct row_rules *rules);

/* Pairs were dropped: it is exact again when every window has let go of all
 * that is counted by now. */
void row_set_partial(struct row *row, const struct row_rules *rules,
                     const struct horizon *horizon, struct row_stats *stats);

/* Adds +1 or -1 (other = 0: a support, `index` a set; else `index` a
 * relation). A +1 is right in a row that lags behind, for each cell is counted
 * by its own pane. Returns 1 when a counter changed. */
int row_add(struct row *row, const struct row_rules *rules,
            const struct horizon *horizon, struct row_stats *stats,
            uint32_t other, uint32_t index, int sign, int64_t fine_pane);

/* What a row was, to be filled in again. */
struct row_content {
    struct cell *cells; /* in order of (other, slot), each key once */
    uint32_t count;
    int64_t as_of;
    int64_t cut_until;
};

/* Fills an empty row; steals the cells. Advances to the horizon, and cuts at a
 * pairs_max that is lower now. */
void row_fill(struct row *row, const struct row_rules *rules,
              const struct horizon *horizon, struct row_stats *stats,
              struct row_content content);

/* Counts by relation (or set) and window, in the order of the settings. */
struct row_sums {
    uint32_t at[RELATIONS_MAX][WINDOWS_MAX];
    uint32_t seen; /* a bit for each index with any cell */
};

/* Sums the run of cells of one other that begins at `start` (the row is ready
 * to be read); returns where the next run begins. Only `at` of seen indexes is
 * set. */
uint32_t row_sum_run(struct row_sums *sums, const struct row *row,
                     const struct row_rules *rules,
                     const struct horizon *horizon, uint32_t start);

/* The supports, of any row that is within WINDOW_SPAN_MAX of the horizon. */
void row_sum_supports(struct row_sums *sums, const struct row *row,
                      const struct row_rules *rules,
                      const struct horizon *horizon);

/* The first cell that is not a support (the row is ready to be read). */
uint32_t row_pairs_start(const struct row *row);

uint64_t row_bytes(const struct row *row);

/* Asserts order, no zero counts, and that `pairs` is right. */
void row_check(const struct row *row, const struct row_rules *rules);

#endif
