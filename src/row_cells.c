#include "row_cells.h"

#include <string.h>

enum { SHORT_RUN = 12 };

static void insertion_sort(struct cell *cells, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct cell cell = cells[i];
        uint64_t key = cell_key(&cell);
        uint32_t at = i;

        for (; at > 0 && cell_key(&cells[at - 1]) > key; at--)
            cells[at] = cells[at - 1];
        cells[at] = cell;
    }
}

static int is_in_order(const struct cell *cells, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (cell_key(&cells[i - 1]) > cell_key(&cells[i]))
            return 0;
    return 1;
}

/* [0, middle) and [middle, count) of `from` into `to`. */
static void merge_halves(struct cell *to, const struct cell *from,
                         uint32_t middle, uint32_t count)
{
    uint32_t left = 0, right = middle, at = 0;

    while (left < middle && right < count) {
        int take_right = cell_key(&from[right]) < cell_key(&from[left]);

        to[at++] = from[take_right ? right : left];
        right += (uint32_t)take_right;
        left += (uint32_t)!take_right;
    }
    memcpy(to + at, from + left, (middle - left) * sizeof *to);
    at += middle - left;
    memcpy(to + at, from + right, (count - right) * sizeof *to);
}

/* Bottom-up merge sort over short runs (Knuth, The Art of Computer Programming,
 * volume 3, 5.2.4). */
void row_cells_sort(struct cell *cells, uint32_t count, struct cell *scratch)
{
    struct cell *from = cells, *to = scratch;

    if (is_in_order(cells, count))
        return;
    for (uint32_t at = 0; at < count; at += SHORT_RUN)
        insertion_sort(cells + at,
                       count - at < SHORT_RUN ? count - at : SHORT_RUN);
    for (uint32_t run = SHORT_RUN; run < count; run *= 2) {
        struct cell *swapped = from;

        for (uint32_t at = 0; at < count; at += 2 * run) {
            uint32_t left = count - at;
            uint32_t both = left < 2 * run ? left : 2 * run;

            merge_halves(to + at, from + at, both < run ? both : run, both);
        }
        from = to;
        to = swapped;
    }
    if (from != cells)
        memcpy(cells, from, count * sizeof *cells);
}

uint32_t row_cells_unite(struct cell *cells, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct cell cell = cells[i];

        if (kept > 0 && cell_key(&cells[kept - 1]) == cell_key(&cell))
            cells[kept - 1].count =
                cell_add_count(cells[kept - 1].count, cell.count);
        else
            cells[kept++] = cell;
    }
    return kept;
}

uint32_t row_cells_find(const struct cell *cells, uint32_t count, uint32_t from,
                        uint64_t key)
{
    uint32_t low = from, high = from, step = 1;

    while (high < count && cell_key(&cells[high]) < key) {
        low = high + 1;
        high = count - high > step ? high + step : count;
        step *= 2;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (cell_key(&cells[middle]) < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
