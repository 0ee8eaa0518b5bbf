/* row_cells: cells in order, and unordered ones merged into them.
 *
 * A key is (other, slot). A run is in order when keys rise; equal keys are one
 * counter, and their counts are added. Pure functions over arrays. */
#ifndef TERKAIT_ROW_CELLS_H
#define TERKAIT_ROW_CELLS_H

#include <stdint.h>

struct cell {
    uint32_t other;
    uint32_t slot;
    uint32_t count; /* never 0; stays at its highest when it would overflow */
};

static inline uint64_t cell_key(const struct cell *cell)
{
    return (uint64_t)cell->other << 32 | cell->slot;
}

static inline uint32_t cell_add_count(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Stable: a run that is in order costs one look at each cell. `scratch` has
 * room for `count`. */
void row_cells_sort(struct cell *cells, uint32_t count, struct cell *scratch);

/* Adds up equal keys of a run in order; returns how many cells are left. */
uint32_t row_cells_unite(struct cell *cells, uint32_t count);

/* First cell of the run in order, from `from` on, whose key is not below `key`;
 * `count` when there is none. Cheap when it is near. */
uint32_t row_cells_find(const struct cell *cells, uint32_t count, uint32_t from,
                        uint64_t key);

#endif
