/* row: all that is counted for one item.
 *
 * A row is a flat array of cells, one a live (other, relation, pane), in the
 * order of (other, slot): a long sorted run and a short unsorted tail that is
 * merged into it when it has grown. Supports are cells too, of the reserved
 * other 0, with a set in place of the relation:
 *
 *     |<------------- sorted ------------->|<- tail ->|  free  |
 *     | 0: supports | other 3 | other 9 ...| 9 | 4    |        |
 *
 *     slot = relation or set (4 bits) | coarseness (3) | pane (25)
 *
 * A slot names a pane of its tier modulo 2^25; the row's `as_of` tells which
 * one is meant, for no pane of a row is further than twice WINDOW_SPAN_MAX from
 * it. Tiers are numbered from coarse to fine in a slot, so a pair's cells stand
 * from old to young. One cell is 12 bytes. */
#ifndef TERKAIT_ROW_H
#define TERKAIT_ROW_H

#include "intern.h"
#include "relation.h"
#include "window.h"

#include <stdint.h>

struct cell {
    uint32_t other;
    uint32_t slot;
    uint32_t count; /* never 0; stays at its highest when it would overflow */
};

struct row {
    struct cell *cells; /* owned */
    uint32_t sorted;    /* cells in the sorted run */
    uint32_t used;      /* sorted run and tail */
    uint32_t capacity;
    uint32_t pairs;    /* distinct others */
    int64_t as_of;     /* fine pane of stream time when last advanced */
    uint32_t moved;    /* relations (a bit each) of which time alone changed a
                          window's counts; the reader clears it */
    int64_t cut_until; /* first fine pane at which it is exact again; 0: is */
};

/* What every row of an engine shares. Borrowed, and outlives the rows. */
struct row_rules {
    const struct relations *relations;
    const struct windows *windows;
    struct intern *items; /* each other of a row is held once by the row */
    uint32_t pairs_max;
};

struct row_stats {
    uint64_t pairs_dropped;     /* pairs cut at pairs_max */
    uint64_t cuts;              /* times a row was cut */
    uint64_t too_old;           /* contributions older than all windows */
    uint64_t takebacks_unknown; /* -1 for what the row does not hold */
    uint64_t live;              /* cells now, over all rows */
};

void row_init(struct row *row);

/* Frees the cells and drops the others. */
void row_deinit(struct row *row, const struct row_rules *rules,
                struct row_stats *stats);

/* Brings the row to the horizon: merges cells that a finer window has passed
 * into coarser ones, drops what is older than all windows, notes in `moved`
 * what that changed. */
void row_advance(struct row *row, const struct row_rules *rules,
                 const struct horizon *horizon, struct row_stats *stats);

/* Adds +1 or -1 (other = 0: a support, `index` a set; else `index` a
 * relation). Advances the row first only when it must: a +1 is right in a row
 * that lags behind, for each cell is counted by its own pane. Returns 1 when a
 * counter changed. */
int row_add(struct row *row, const struct row_rules *rules,
            const struct horizon *horizon, struct row_stats *stats,
            uint32_t other, uint32_t index, int sign, int64_t fine_pane);

/* What a slot says, in numbers that stand by themselves. */
struct row_place {
    uint32_t index; /* relation or set */
    uint32_t tier;
    int64_t pane; /* number of the pane in its tier, since the epoch */
};

/* `near`: by tier, the number of a pane that the slot's is near to. */
struct row_place row_place(uint32_t slot, const int64_t *near);
uint32_t row_slot(struct row_place place);

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

/* Merges the tail; afterwards all cells [0, used) are in order. */
void row_order(struct row *row);

/* Counts by relation (or set) and window, in the order of the settings. */
struct row_sums {
    uint32_t at[RELATIONS_MAX][WINDOWS_MAX];
    uint32_t seen; /* a bit for each index with any cell */
};

/* Sums the run of cells of one other that begins at `start` (the row is in
 * order and advanced); returns where the next run begins. Only `at` of seen
 * indexes is set. */
uint32_t row_sum_run(struct row_sums *sums, const struct row *row,
                     const struct row_rules *rules,
                     const struct horizon *horizon, uint32_t start);

/* The first cell that is not a support (the row is in order). */
uint32_t row_pairs_start(const struct row *row);

uint64_t row_bytes(const struct row *row);

/* Asserts order, no zero counts, and that `pairs` is right. */
void row_check(const struct row *row, const struct row_rules *rules);

#endif
