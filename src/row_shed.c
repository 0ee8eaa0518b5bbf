/* row_shed: a row without its pairs, when memory is short. */
#include "mem.h"
#include "mutant.h"
#include "row.h"

#include <stdlib.h>
#include <string.h>

void row_set_partial(struct row *row, const struct row_rules *rules,
                     const struct horizon *horizon, struct row_stats *stats)
{
    int64_t span = horizon->fine_pane - horizon->oldest + 1;
    int64_t coarse = rules->windows->fine_per_pane[rules->windows->count - 1];

    stats->partial += row->cut_until == 0;
    row->cut_until = horizon->fine_pane + span + coarse;
}

/* Each once. */
static void drop_others(const struct row *row, const struct row_rules *rules,
                        uint32_t start)
{
    for (uint32_t i = start; i < row->used; i++)
        if (i == start || row->cells[i - 1].other != row->cells[i].other)
            intern_drop(rules->items, row->cells[i].other);
}

/* Shrunk where it stands, what is left would keep its whole page, and the
 * pieces freed around it would serve few: so it moves. */
static void keep_only(struct row *row, uint32_t count)
{
    struct cell *kept = count == 0 ? NULL : mem_new(count, sizeof *kept);

    if (count > 0)
        memcpy(kept, row->cells, count * sizeof *kept);
    free(row->cells);
    row->cells = kept;
    row->sorted = row->used = row->capacity = count;
}

uint32_t row_shed(struct row *row, const struct row_rules *rules,
                  const struct horizon *horizon, struct row_stats *stats)
{
    uint32_t supports, pairs;

    row_advance(row, rules, horizon, stats);
    pairs = row->pairs;
    if (pairs == 0)
        return 0;
    supports = row_pairs_start(row);
    drop_others(row, rules, supports);
    stats->live -= row->used - supports;
    keep_only(row, supports);
    row->pairs = 0;
    stats->sheds++;
    stats->pairs_shed += pairs;
    if (!MUTANT(SHED_EXACT))
        row_set_partial(row, rules, horizon, stats);
    return pairs;
}

int64_t row_latest_support(const struct row *row, const struct row_rules *rules)
{
    int64_t near[WINDOWS_MAX], latest = INT64_MIN;
    uint32_t end = row_pairs_start(row);

    if (end == 0)
        return latest;
    slot_near(near, rules->windows, row->as_of);
    for (uint32_t i = 0; i < end; i++) {
        int64_t pane = slot_fine_pane(rules->windows, row->cells[i].slot, near);

        if (pane > latest)
            latest = pane;
    }
    return latest;
}
