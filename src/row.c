#include "row.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { TAIL_LEAST = 12, TAIL_MOST = 1024 };

/* ---- the array ---- */

static void set_capacity(struct row *row, uint32_t capacity)
{
    row->cells = mem_resize(row->cells, capacity, sizeof *row->cells);
    row->capacity = capacity;
}

static void make_room(struct row *row, uint32_t count)
{
    if (row->capacity - row->used < count)
        set_capacity(row, row->used + count + 3 + row->used / 4);
}

/* Gives memory back when most of it is not needed. */
static void trim(struct row *row)
{
    if (row->capacity > 8 && row->used < row->capacity / 2)
        set_capacity(row, row->used + row->used / 8 + 1);
}

/* Half of the run, so that a cell is moved about twice until it stands. */
static uint32_t tail_room(const struct row *row)
{
    uint32_t room = TAIL_LEAST + row->sorted / 2;

    return room < TAIL_MOST ? room : TAIL_MOST;
}

/* ---- the tail becomes part of the run ---- */

/* A cell of the tail, and where in the run it goes. */
struct newcomer {
    struct cell cell;
    uint32_t at;
};

static int stands_at(const struct row *row, uint32_t at, uint32_t other)
{
    return (at < row->sorted && row->cells[at].other == other) ||
           (at > 0 && row->cells[at - 1].other == other);
}

/* Each cell of the tail held its other: from now on the row does, once. */
static void drop_held_again(struct row *row, const struct row_rules *rules,
                            uint32_t other, uint32_t held, int is_new)
{
    if (other == 0)
        return;
    row->pairs += (uint32_t)is_new;
    for (uint32_t i = (uint32_t)is_new; i < held; i++)
        intern_drop(rules->items, other);
}

/* Counts the cells of the sorted tail that the run has; the others of it
 * are newcomers. Returns how many these are. */
static uint32_t match_tail(struct row *row, const struct row_rules *rules,
                           const struct cell *tail, uint32_t count,
                           struct newcomer *newcomers)
{
    uint32_t at = 0, news = 0, i = 0;

    while (i < count) {
        uint32_t other = tail[i].other, held = 0;
        int is_new = 1;

        for (; i < count && tail[i].other == other; i++, held++) {
            uint64_t key = cell_key(&tail[i]);

            at = row_cells_find(row->cells, row->sorted, at, key);
            is_new &= !stands_at(row, at, other);
            if (at < row->sorted && cell_key(&row->cells[at]) == key)
                row->cells[at].count =
                    cell_add_count(row->cells[at].count, tail[i].count);
            else if (news > 0 && cell_key(&newcomers[news - 1].cell) == key)
                newcomers[news - 1].cell.count = cell_add_count(
                    newcomers[news - 1].cell.count, tail[i].count);
            else
                newcomers[news++] = (struct newcomer){tail[i], at};
        }
        drop_held_again(row, rules, other, held, is_new);
    }
    return news;
}

static void insert_newcomers(struct row *row, const struct newcomer *newcomers,
                             uint32_t count)
{
    uint32_t end = row->sorted;

    for (uint32_t i = count; i > 0; i--) {
        uint32_t at = newcomers[i - 1].at;

        memmove(row->cells + at + i, row->cells + at,
                (end - at) * sizeof *row->cells);
        row->cells[at + i - 1] = newcomers[i - 1].cell;
        end = at;
    }
    row->sorted += count;
    row->used = row->sorted;
}

static void merge_tail(struct row *row, const struct row_rules *rules,
                       struct row_stats *stats)
{
    struct cell tail[TAIL_MOST], scratch[TAIL_MOST];
    struct newcomer newcomers[TAIL_MOST];
    uint32_t count = row->used - row->sorted, news;

    if (count == 0)
        return;
    ASSERT(count <= TAIL_MOST);
    memcpy(tail, row->cells + row->sorted, count * sizeof *tail);
    row_cells_sort(tail, count, scratch);
    news = match_tail(row, rules, tail, count, newcomers);
    insert_newcomers(row, newcomers, news);
    stats->live -= count - news;
}

/* ---- advancing ---- */

/* Drops the others that have no cell left: both arrays are in order. */
static void drop_vanished(struct row *row, const struct row_rules *rules,
                          const uint32_t *others, uint32_t count)
{
    uint32_t at = row_pairs_start(row);

    for (uint32_t i = 0; i < count; i++) {
        while (at < row->used && row->cells[at].other < others[i])
            at++;
        if (at < row->used && row->cells[at].other == others[i])
            continue;
        row->pairs--;
        intern_drop(rules->items, others[i]);
    }
}

/* Rewrites each cell for the new horizon. Others of dropped cells are noted in
 * `others`, in order, each once; returns how many. */
static uint32_t rewrite_cells(struct row *row, const struct row_rules *rules,
                              int64_t before, const struct horizon *now,
                              uint32_t *others)
{
    const struct windows *windows = rules->windows;
    int64_t near[WINDOWS_MAX];
    uint32_t kept = 0, gone = 0;

    slot_near(near, windows, before);
    for (uint32_t i = 0; i < row->used; i++) {
        struct cell cell = row->cells[i];
        uint32_t tier = slot_tier(cell.slot);
        int64_t pane = slot_fine_pane(windows, cell.slot, near);
        uint32_t next = window_tier(now, windows, pane);

        if (next == windows->count) {
            if (cell.other != 0 &&
                (gone == 0 || others[gone - 1] != cell.other))
                others[gone++] = cell.other;
            continue;
        }
        if (next > tier)
            cell.slot = slot_make(windows, slot_index(cell.slot), next, pane);
        row->cells[kept++] = cell;
    }
    row->used = row->sorted = kept;
    return gone;
}

static void sort_run(struct row *row)
{
    struct cell *scratch;

    for (uint32_t i = 1; i < row->used; i++)
        if (cell_key(&row->cells[i - 1]) > cell_key(&row->cells[i])) {
            scratch = mem_new(row->used, sizeof *scratch);
            row_cells_sort(row->cells, row->used, scratch);
            free(scratch);
            return;
        }
}

/* Nothing is to be rewritten when each cell's own window still counts it, or
 * will. */
static int is_up_to_date(const struct row *row, const struct horizon *now,
                         int64_t before)
{
    uint32_t passed = 0;

    if (now->fine_pane - before > WINDOW_SPAN_MAX)
        return 0;
    for (uint32_t i = 0; i < row->used; i++) {
        uint32_t tier = slot_tier(row->cells[i].slot);

        /* before the window: the difference is negative, modulo 2^25 */
        passed |= row->cells[i].slot - now->low[tier][tier];
    }
    return (passed >> (SLOT_PANE_BITS - 1) & 1) == 0;
}

static void set_cut_until(struct row *row, struct row_stats *stats,
                          int64_t fine_pane)
{
    stats->partial += (uint64_t)(fine_pane != 0) - (row->cut_until != 0);
    row->cut_until = fine_pane;
}

/* To the horizon, whatever number of pairs it has. */
static void advance(struct row *row, const struct row_rules *rules,
                    const struct horizon *horizon, struct row_stats *stats)
{
    uint32_t used = row->used, gone;
    uint32_t *others;
    int64_t before = row->as_of;

    row->as_of = horizon->fine_pane;
    if (row->cut_until <= horizon->fine_pane)
        set_cut_until(row, stats, 0);
    if (before == horizon->fine_pane || used == 0 ||
        is_up_to_date(row, horizon, before))
        return;
    others = mem_new(row->pairs, sizeof *others);
    gone = rewrite_cells(row, rules, before, horizon, others);
    sort_run(row);
    row->used = row->sorted = row_cells_unite(row->cells, row->used);
    trim(row);
    drop_vanished(row, rules, others, gone);
    free(others);
    stats->live -= used - row->used;
}

/* ---- the cap ---- */

/* Weakest first: lowest sum over all relations and the longest window, then the
 * older latest contribution, then the larger id. */
struct weight {
    uint64_t sum;
    int64_t latest; /* fine pane */
    uint32_t other;
};

static int is_weaker(const struct weight *a, const struct weight *b,
                     const struct intern *items)
{
    if (a->sum != b->sum)
        return a->sum < b->sum;
    if (a->latest != b->latest)
        return a->latest < b->latest;
    return intern_compare_ids(items, a->other, b->other) > 0;
}

static void swap_weights(struct weight *a, struct weight *b)
{
    struct weight held = *a;

    *a = *b;
    *b = held;
}

/* Parts [low, high) around one of its weights: weaker ones before the place
 * that is returned, where it then stands. */
static uint32_t part_weights(struct weight *weights, uint32_t low,
                             uint32_t high, const struct intern *items)
{
    uint32_t last = high - 1, place = low;

    swap_weights(&weights[low + (high - low) / 2], &weights[last]);
    for (uint32_t i = low; i < last; i++)
        if (is_weaker(&weights[i], &weights[last], items))
            swap_weights(&weights[i], &weights[place++]);
    swap_weights(&weights[place], &weights[last]);
    return place;
}

/* The weakest to the front, in no set order (Hoare, Find, CACM 4, 1961). */
static void select_weakest(struct weight *weights, uint32_t count,
                           uint32_t weakest, const struct intern *items)
{
    uint32_t low = 0, high = count;

    while (high - low > 1) {
        uint32_t place = part_weights(weights, low, high, items);

        if (place == weakest)
            return;
        if (place < weakest)
            low = place + 1;
        else
            high = place;
    }
}

static uint32_t longest_tier(const struct windows *windows)
{
    uint32_t tier = 0;

    while (windows->by_tier[tier] != windows->longest)
        tier++;
    return tier;
}

/* What the cells of a row are weighed by. */
struct heaviness {
    uint32_t longest_tier;
    int64_t near[WINDOWS_MAX];
};

static uint32_t weigh_run(struct weight *weight, const struct row *row,
                          const struct row_rules *rules,
                          const struct horizon *horizon,
                          const struct heaviness *by, uint32_t start)
{
    uint32_t end = start, other = row->cells[start].other;

    *weight = (struct weight){0, INT64_MIN, other};
    for (; end < row->used && row->cells[end].other == other; end++) {
        uint32_t slot = row->cells[end].slot;
        int64_t pane = slot_fine_pane(rules->windows, slot, by->near);

        if (slot_counts(horizon, slot, slot_tier(slot), by->longest_tier))
            weight->sum += row->cells[end].count;
        if (pane > weight->latest)
            weight->latest = pane;
    }
    return end;
}

static int compare_others(const void *a, const void *b)
{
    const struct weight *left = a, *right = b;

    return left->other < right->other ? -1 : left->other > right->other;
}

/* Both are in order of the others. */
static void drop_pairs(struct row *row, const struct row_rules *rules,
                       const struct weight *weakest, uint32_t count)
{
    uint32_t kept = 0, next = 0;

    for (uint32_t i = 0; i < row->used; i++) {
        uint32_t other = row->cells[i].other;

        while (next < count && weakest[next].other < other)
            next++;
        if (next == count || weakest[next].other != other)
            row->cells[kept++] = row->cells[i];
    }
    row->used = row->sorted = kept;
    row->pairs -= count;
    for (uint32_t i = 0; i < count; i++)
        intern_drop(rules->items, weakest[i].other);
}

static void cut(struct row *row, const struct row_rules *rules,
                const struct horizon *horizon, struct row_stats *stats)
{
    uint32_t excess = row->pairs - rules->pairs_max + rules->pairs_max / 8;
    struct weight *weights = mem_new(row->pairs, sizeof *weights);
    uint32_t count = 0, used = row->used;
    struct heaviness by = {.longest_tier = longest_tier(rules->windows)};

    slot_near(by.near, rules->windows, row->as_of);
    for (uint32_t at = row_pairs_start(row); at < row->used;)
        at = weigh_run(&weights[count++], row, rules, horizon, &by, at);
    ASSERT(count == row->pairs);
    select_weakest(weights, count, excess, rules->items);
    qsort(weights, excess, sizeof *weights, compare_others);
    drop_pairs(row, rules, weights, excess);
    free(weights);
    stats->pairs_dropped += excess;
    stats->cuts++;
    stats->live -= used - row->used;
    row_set_partial(row, rules, horizon, stats);
}

void row_trim(struct row *row)
{
    if (row->capacity > row->used + row->used / 8 + 4)
        set_capacity(row, row->used + row->used / 16 + 1);
}

void row_advance(struct row *row, const struct row_rules *rules,
                 const struct horizon *horizon, struct row_stats *stats)
{
    merge_tail(row, rules, stats);
    advance(row, rules, horizon, stats);
    if (row->pairs > rules->pairs_max)
        cut(row, rules, horizon, stats);
}

/* ---- counting ---- */

static void append(struct row *row, const struct row_rules *rules,
                   const struct horizon *horizon, struct row_stats *stats,
                   struct cell cell)
{
    if (row->used - row->sorted >= tail_room(row)) {
        merge_tail(row, rules, stats);
        if (row->pairs > rules->pairs_max)
            row_advance(row, rules, horizon, stats);
    }
    if (row->used == 0)
        row->as_of = horizon->fine_pane;
    make_room(row, 1);
    row->cells[row->used++] = cell;
    stats->live++;
    if (cell.other != 0)
        intern_hold_again(rules->items, cell.other);
}

/* The row is in order. */
static int take_away(struct row *row, const struct row_rules *rules,
                     struct row_stats *stats, uint32_t other, uint32_t slot)
{
    uint64_t key = (uint64_t)other << 32 | slot;
    uint32_t at = row_cells_find(row->cells, row->used, 0, key);
    struct cell *cell = row->cells + at;

    if (at == row->used || cell_key(cell) != key) {
        stats->takebacks_unknown++;
        return 0;
    }
    if (--cell->count > 0)
        return 1;
    memmove(cell, cell + 1, (row->used - at - 1) * sizeof *cell);
    row->sorted = --row->used;
    stats->live--;
    if (other != 0 && !stands_at(row, at, other)) {
        row->pairs--;
        intern_drop(rules->items, other);
    }
    return 1;
}

int row_add(struct row *row, const struct row_rules *rules,
            const struct horizon *horizon, struct row_stats *stats,
            uint32_t other, uint32_t index, int sign, int64_t fine_pane)
{
    uint32_t tier = window_tier(horizon, rules->windows, fine_pane);
    uint32_t slot;

    if (sign < 0 ||
        (row->used > 0 && horizon->fine_pane - row->as_of > WINDOW_SPAN_MAX))
        row_advance(row, rules, horizon, stats);
    if (tier == rules->windows->count) {
        stats->too_old++;
        return 0;
    }
    slot = slot_make(rules->windows, index, tier, fine_pane);
    if (sign < 0)
        return take_away(row, rules, stats, other, slot);
    append(row, rules, horizon, stats, (struct cell){other, slot, 1});
    return 1;
}

/* ---- reading ---- */

uint32_t row_pairs_start(const struct row *row)
{
    uint32_t at = 0;

    while (at < row->sorted && row->cells[at].other == 0)
        at++;
    return at;
}

static void sum_cell(struct row_sums *sums, const struct cell *cell,
                     const struct windows *windows,
                     const struct horizon *horizon)
{
    uint32_t index = slot_index(cell->slot), tier = slot_tier(cell->slot);

    if ((sums->seen & 1u << index) == 0)
        memset(sums->at[index], 0, windows->count * sizeof(uint32_t));
    sums->seen |= 1u << index;
    for (uint32_t k = tier; k < windows->count; k++) {
        uint32_t *sum = &sums->at[index][windows->by_tier[k]];

        if (slot_counts(horizon, cell->slot, tier, k))
            *sum = cell_add_count(*sum, cell->count);
    }
}

uint32_t row_sum_run(struct row_sums *sums, const struct row *row,
                     const struct row_rules *rules,
                     const struct horizon *horizon, uint32_t start)
{
    uint32_t at = start, other = row->cells[start].other;

    sums->seen = 0;
    for (; at < row->used && row->cells[at].other == other; at++)
        sum_cell(sums, &row->cells[at], rules->windows, horizon);
    return at;
}

void row_sum_supports(struct row_sums *sums, const struct row *row,
                      const struct row_rules *rules,
                      const struct horizon *horizon)
{
    uint32_t supports = row_pairs_start(row);

    ASSERT(row->used == 0 ||
           horizon->fine_pane - row->as_of <= WINDOW_SPAN_MAX);
    sums->seen = 0;
    for (uint32_t i = 0; i < supports; i++)
        sum_cell(sums, &row->cells[i], rules->windows, horizon);
    for (uint32_t i = row->sorted; i < row->used; i++)
        if (row->cells[i].other == 0)
            sum_cell(sums, &row->cells[i], rules->windows, horizon);
}

/* ---- the module's face ---- */

void row_init(struct row *row)
{
    *row = (struct row){.as_of = INT64_MIN};
}

void row_deinit(struct row *row, const struct row_rules *rules,
                struct row_stats *stats)
{
    merge_tail(row, rules, stats);
    for (uint32_t i = row_pairs_start(row); i < row->used; i++)
        if (i + 1 == row->used ||
            row->cells[i + 1].other != row->cells[i].other)
            intern_drop(rules->items, row->cells[i].other);
    stats->live -= row->used;
    set_cut_until(row, stats, 0);
    free(row->cells);
    row_init(row);
}

void row_fill(struct row *row, const struct row_rules *rules,
              const struct horizon *horizon, struct row_stats *stats,
              struct row_content content)
{
    uint32_t previous = 0;

    ASSERT(row->used == 0 && row->cells == NULL);
    row->cells = content.cells;
    row->sorted = row->used = row->capacity = content.count;
    row->as_of = content.as_of;
    set_cut_until(row, stats, content.cut_until);
    stats->live += content.count;
    for (uint32_t i = row_pairs_start(row); i < row->used; i++) {
        if (row->cells[i].other == previous)
            continue;
        previous = row->cells[i].other;
        intern_hold_again(rules->items, previous);
        row->pairs++;
    }
    row_advance(row, rules, horizon, stats);
}

uint64_t row_bytes(const struct row *row)
{
    return row->capacity * sizeof *row->cells;
}

static void check_cell(const struct cell *cell, const struct row_rules *rules)
{
    ASSERT(cell->count > 0);
    ASSERT(slot_tier(cell->slot) < rules->windows->count);
    ASSERT(slot_index(cell->slot) < (cell->other != 0
                                         ? rules->relations->count
                                         : rules->relations->sets_count));
}

void row_check(const struct row *row, const struct row_rules *rules)
{
    uint32_t pairs = 0, previous = 0;

    ASSERT(row->sorted <= row->used && row->used <= row->capacity);
    ASSERT(row->used - row->sorted <= TAIL_MOST);
    for (uint32_t i = 0; i < row->used; i++)
        check_cell(&row->cells[i], rules);
    for (uint32_t i = 0; i < row->sorted; i++) {
        const struct cell *cell = &row->cells[i];

        ASSERT(i == 0 || cell_key(cell - 1) < cell_key(cell));
        pairs += cell->other != previous;
        previous = cell->other;
    }
    ASSERT(pairs == row->pairs);
}
