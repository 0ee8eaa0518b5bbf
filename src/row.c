#include "row.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    PANE_BITS = 25,
    PANE_MASK = (1 << PANE_BITS) - 1,
    TIER_BITS = 3,
    TIER_MASK = (1 << TIER_BITS) - 1,
    INDEX_SHIFT = PANE_BITS + TIER_BITS,
    TAIL_MAX = 48
};

/* ---- cells ---- */

static uint64_t cell_key(const struct cell *cell)
{
    return (uint64_t)cell->other << 32 | cell->slot;
}

static uint32_t slot_index(uint32_t slot)
{
    return slot >> INDEX_SHIFT;
}

static uint32_t slot_tier(uint32_t slot)
{
    return TIER_MASK - (slot >> PANE_BITS & TIER_MASK);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

uint32_t row_slot(struct row_place place)
{
    return place.index << INDEX_SHIFT | (TIER_MASK - place.tier) << PANE_BITS |
           ((uint32_t)place.pane & PANE_MASK);
}

static uint32_t slot_make(const struct windows *windows, uint32_t index,
                          uint32_t tier, int64_t fine_pane)
{
    int64_t pane = floor_div(fine_pane, windows->fine_per_pane[tier]);

    return row_slot((struct row_place){index, tier, pane});
}

/* The slot's pane: of all with these low bits the one nearest to `near`. */
static int64_t slot_pane(uint32_t slot, int64_t near)
{
    int64_t ahead = ((int64_t)slot - near) & PANE_MASK;

    if (ahead > PANE_MASK / 2)
        ahead -= PANE_MASK + 1;
    return near + ahead;
}

struct row_place row_place(uint32_t slot, const int64_t *near)
{
    uint32_t tier = slot_tier(slot);

    return (struct row_place){slot_index(slot), tier,
                              slot_pane(slot, near[tier])};
}

/* The first fine pane of the slot's pane. */
static int64_t slot_fine_pane(const struct windows *windows, uint32_t slot,
                              int64_t as_of)
{
    int64_t ratio = windows->fine_per_pane[slot_tier(slot)];

    return slot_pane(slot, floor_div(as_of, ratio)) * ratio;
}

static uint32_t add_count(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static int compare_cells(const void *a, const void *b)
{
    uint64_t left = cell_key(a), right = cell_key(b);

    return left < right ? -1 : left > right;
}

static void sort_cells(struct cell *cells, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (cell_key(&cells[i - 1]) > cell_key(&cells[i])) {
            qsort(cells, count, sizeof *cells, compare_cells);
            return;
        }
}

/* ---- the array ---- */

static void set_capacity(struct row *row, uint32_t capacity)
{
    row->cells = mem_resize(row->cells, capacity, sizeof *row->cells);
    row->capacity = capacity;
}

static void make_room(struct row *row)
{
    if (row->used == row->capacity)
        set_capacity(row, row->used + 2 + row->used / 6);
}

/* Cells [0, used) are in order; equal keys stand together. Gives memory back
 * when most of it is not needed. */
static void merge_equal(struct row *row)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < row->used; i++) {
        const struct cell *cell = &row->cells[i];

        if (kept > 0 && cell_key(&row->cells[kept - 1]) == cell_key(cell))
            row->cells[kept - 1].count =
                add_count(row->cells[kept - 1].count, cell->count);
        else
            row->cells[kept++] = *cell;
    }
    row->used = row->sorted = kept;
    if (row->capacity > 8 && kept < row->capacity / 2)
        set_capacity(row, kept + kept / 8 + 1);
}

void row_order(struct row *row)
{
    struct cell tail[TAIL_MAX];
    uint32_t tail_count = row->used - row->sorted;
    uint32_t from = row->sorted, to = row->used;

    if (tail_count == 0)
        return;
    ASSERT(tail_count <= TAIL_MAX);
    memcpy(tail, row->cells + row->sorted, tail_count * sizeof *tail);
    sort_cells(tail, tail_count);
    while (tail_count > 0) {
        const struct cell *next = &tail[tail_count - 1];

        if (from > 0 && cell_key(&row->cells[from - 1]) > cell_key(next)) {
            row->cells[--to] = row->cells[--from];
        } else {
            row->cells[--to] = *next;
            tail_count--;
        }
    }
    row->sorted = row->used;
}

/* First cell of the sorted run whose key is not below `key`. */
static uint32_t lower_bound(const struct row *row, uint64_t key)
{
    uint32_t low = 0, high = row->sorted;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (cell_key(&row->cells[middle]) < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What a search finds: the cell, and whether the other has any cell. */
struct found {
    struct cell *cell; /* NULL: none */
    int has_other;
};

static struct found find_cell(struct row *row, uint32_t other, uint32_t slot)
{
    uint64_t key = (uint64_t)other << 32 | slot;
    uint32_t at = lower_bound(row, key);
    struct found found = {NULL, 0};

    if (at < row->sorted && cell_key(&row->cells[at]) == key)
        return (struct found){&row->cells[at], 1};
    if ((at < row->sorted && row->cells[at].other == other) ||
        (at > 0 && row->cells[at - 1].other == other))
        found.has_other = 1;
    for (uint32_t i = row->sorted; i < row->used; i++) {
        if (row->cells[i].other != other)
            continue;
        if (row->cells[i].slot == slot)
            return (struct found){&row->cells[i], 1};
        found.has_other = 1;
    }
    return found;
}

/* ---- advancing ---- */

static int is_counted(const struct horizon *horizon, uint32_t tier,
                      int64_t fine_pane)
{
    return fine_pane >= horizon->from[tier] && fine_pane < horizon->until[tier];
}

/* Whether some window counts the pane at one horizon and not at the other. */
static int has_moved(const struct row_rules *rules, uint32_t tier,
                     int64_t fine_pane, const struct horizon *before,
                     const struct horizon *now)
{
    for (uint32_t k = tier; k < rules->windows->count; k++)
        if (is_counted(before, k, fine_pane) != is_counted(now, k, fine_pane))
            return 1;
    return 0;
}

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
                              const struct horizon *before,
                              const struct horizon *now, uint32_t *others)
{
    const struct windows *windows = rules->windows;
    uint32_t kept = 0, gone = 0;

    for (uint32_t i = 0; i < row->used; i++) {
        struct cell cell = row->cells[i];
        uint32_t tier = slot_tier(cell.slot);
        int64_t pane = slot_fine_pane(windows, cell.slot, before->fine_pane);
        uint32_t next = window_tier(now, windows, pane);

        if (cell.other != 0 && has_moved(rules, tier, pane, before, now))
            row->moved |= 1u << slot_index(cell.slot);
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

void row_advance(struct row *row, const struct row_rules *rules,
                 const struct horizon *horizon, struct row_stats *stats)
{
    struct horizon before;
    uint32_t used = row->used, gone;
    uint32_t *others;
    int64_t as_of = row->as_of;

    row->as_of = horizon->fine_pane;
    if (row->cut_until <= horizon->fine_pane)
        row->cut_until = 0;
    if (as_of == horizon->fine_pane || used == 0)
        return;
    window_horizon(&before, rules->windows, as_of);
    row_order(row);
    others = mem_new(row->pairs, sizeof *others);
    gone = rewrite_cells(row, rules, &before, horizon, others);
    sort_cells(row->cells, row->used);
    merge_equal(row);
    drop_vanished(row, rules, others, gone);
    free(others);
    stats->live -= used - row->used;
}

/* ---- the cap ---- */

struct weight {
    uint64_t sum;   /* over all relations and the longest window */
    int64_t latest; /* fine pane of the latest contribution */
    uint32_t other;
    struct text id;
};

/* Weakest first: lowest sum, then older, then the larger id. */
static int compare_weights(const void *a, const void *b)
{
    const struct weight *left = a, *right = b;

    if (left->sum != right->sum)
        return left->sum < right->sum ? -1 : 1;
    if (left->latest != right->latest)
        return left->latest < right->latest ? -1 : 1;
    return text_compare(right->id, left->id);
}

static uint32_t longest_tier(const struct windows *windows)
{
    uint32_t tier = 0;

    while (windows->by_tier[tier] != windows->longest)
        tier++;
    return tier;
}

static uint32_t weigh_run(struct weight *weight, const struct row *row,
                          const struct row_rules *rules,
                          const struct horizon *horizon, uint32_t start)
{
    uint32_t end = start, other = row->cells[start].other;
    uint32_t longest = longest_tier(rules->windows);

    *weight =
        (struct weight){0, INT64_MIN, other, intern_id(rules->items, other)};
    for (; end < row->used && row->cells[end].other == other; end++) {
        int64_t pane = slot_fine_pane(rules->windows, row->cells[end].slot,
                                      horizon->fine_pane);

        if (is_counted(horizon, longest, pane))
            weight->sum += row->cells[end].count;
        if (pane > weight->latest)
            weight->latest = pane;
    }
    return end;
}

static int is_among(const struct weight *weights, uint32_t count,
                    uint32_t other)
{
    uint32_t low = 0;

    while (low < count) {
        uint32_t middle = low + (count - low) / 2;

        if (weights[middle].other == other)
            return 1;
        if (weights[middle].other < other)
            low = middle + 1;
        else
            count = middle;
    }
    return 0;
}

static int compare_others(const void *a, const void *b)
{
    const struct weight *left = a, *right = b;

    return left->other < right->other ? -1 : left->other > right->other;
}

static void drop_pairs(struct row *row, const struct row_rules *rules,
                       const struct weight *weakest, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < row->used; i++)
        if (!is_among(weakest, count, row->cells[i].other))
            row->cells[kept++] = row->cells[i];
    row->used = row->sorted = kept;
    row->pairs -= count;
    for (uint32_t i = 0; i < count; i++)
        intern_drop(rules->items, weakest[i].other);
}

/* Drops the weakest sixteenth, so that the work is not done for every pair. */
static void cut(struct row *row, const struct row_rules *rules,
                const struct horizon *horizon, struct row_stats *stats)
{
    uint32_t excess = row->pairs - rules->pairs_max + rules->pairs_max / 16;
    struct weight *weights = mem_new(row->pairs, sizeof *weights);
    uint32_t count = 0, used = row->used;

    row_order(row);
    for (uint32_t at = row_pairs_start(row); at < row->used;)
        at = weigh_run(&weights[count++], row, rules, horizon, at);
    ASSERT(count == row->pairs);
    qsort(weights, count, sizeof *weights, compare_weights);
    qsort(weights, excess, sizeof *weights, compare_others);
    drop_pairs(row, rules, weights, excess);
    free(weights);
    stats->pairs_dropped += excess;
    stats->cuts++;
    stats->live -= used - row->used;
    row->cut_until = horizon->fine_pane +
                     (horizon->fine_pane - horizon->oldest + 1) +
                     rules->windows->fine_per_pane[rules->windows->count - 1];
}

/* ---- counting ---- */

static void insert(struct row *row, const struct row_rules *rules,
                   struct row_stats *stats, struct cell cell, int is_new_pair)
{
    if (row->used - row->sorted == TAIL_MAX)
        row_order(row);
    make_room(row);
    row->cells[row->used++] = cell;
    stats->live++;
    if (is_new_pair) {
        row->pairs++;
        intern_hold_again(rules->items, cell.other);
    }
}

static void take_away(struct row *row, const struct row_rules *rules,
                      struct row_stats *stats, struct cell *cell)
{
    uint32_t other = cell->other;
    uint32_t at = (uint32_t)(cell - row->cells);

    if (--cell->count > 0)
        return;
    memmove(cell, cell + 1, (row->used - at - 1) * sizeof *cell);
    if (at < row->sorted)
        row->sorted--;
    row->used--;
    stats->live--;
    if (other != 0 && !find_cell(row, other, 0).has_other) {
        row->pairs--;
        intern_drop(rules->items, other);
    }
}

/* To find a merged cell, to make room, to keep slots' panes in reach. */
static int must_advance(const struct row *row, const struct row_rules *rules,
                        const struct horizon *horizon, int sign)
{
    return sign < 0 || row->used == row->capacity ||
           row->pairs >= rules->pairs_max ||
           horizon->fine_pane - row->as_of > WINDOW_SPAN_MAX;
}

int row_add(struct row *row, const struct row_rules *rules,
            const struct horizon *horizon, struct row_stats *stats,
            uint32_t other, uint32_t index, int sign, int64_t fine_pane)
{
    uint32_t tier = window_tier(horizon, rules->windows, fine_pane);
    struct cell cell = {other, 0, 1};
    struct found found;

    if (must_advance(row, rules, horizon, sign))
        row_advance(row, rules, horizon, stats);
    if (tier == rules->windows->count) {
        stats->too_old++;
        return 0;
    }
    cell.slot = slot_make(rules->windows, index, tier, fine_pane);
    found = find_cell(row, other, cell.slot);
    if (sign > 0 && found.cell != NULL) {
        found.cell->count = add_count(found.cell->count, 1);
    } else if (sign > 0) {
        insert(row, rules, stats, cell, other != 0 && !found.has_other);
        if (row->pairs > rules->pairs_max)
            cut(row, rules, horizon, stats);
    } else if (found.cell != NULL) {
        take_away(row, rules, stats, found.cell);
    } else {
        stats->takebacks_unknown++;
        return 0;
    }
    return 1;
}

/* ---- reading ---- */

uint32_t row_pairs_start(const struct row *row)
{
    uint32_t at = 0;

    while (at < row->used && row->cells[at].other == 0)
        at++;
    return at;
}

uint32_t row_sum_run(struct row_sums *sums, const struct row *row,
                     const struct row_rules *rules,
                     const struct horizon *horizon, uint32_t start)
{
    const struct windows *windows = rules->windows;
    uint32_t at = start, other = row->cells[start].other;

    sums->seen = 0;
    for (; at < row->used && row->cells[at].other == other; at++) {
        const struct cell *cell = &row->cells[at];
        uint32_t index = slot_index(cell->slot);
        int64_t pane = slot_fine_pane(windows, cell->slot, row->as_of);

        if ((sums->seen & 1u << index) == 0)
            memset(sums->at[index], 0, sizeof sums->at[index]);
        sums->seen |= 1u << index;
        for (uint32_t k = slot_tier(cell->slot); k < windows->count; k++)
            if (is_counted(horizon, k, pane))
                sums->at[index][windows->by_tier[k]] = add_count(
                    sums->at[index][windows->by_tier[k]], cell->count);
    }
    return at;
}

/* ---- the module's face ---- */

void row_init(struct row *row)
{
    *row = (struct row){.as_of = INT64_MIN};
}

void row_deinit(struct row *row, const struct row_rules *rules,
                struct row_stats *stats)
{
    row_order(row);
    for (uint32_t i = row_pairs_start(row); i < row->used; i++)
        if (i + 1 == row->used ||
            row->cells[i + 1].other != row->cells[i].other)
            intern_drop(rules->items, row->cells[i].other);
    stats->live -= row->used;
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
    row->cut_until = content.cut_until;
    stats->live += content.count;
    for (uint32_t i = row_pairs_start(row); i < row->used; i++) {
        if (row->cells[i].other == previous)
            continue;
        previous = row->cells[i].other;
        intern_hold_again(rules->items, previous);
        row->pairs++;
    }
    row_advance(row, rules, horizon, stats);
    if (row->pairs > rules->pairs_max)
        cut(row, rules, horizon, stats);
}

uint64_t row_bytes(const struct row *row)
{
    return row->capacity * sizeof *row->cells;
}

void row_check(const struct row *row, const struct row_rules *rules)
{
    struct row copy = *row;
    uint32_t pairs = 0, previous = 0;

    ASSERT(row->sorted <= row->used && row->used <= row->capacity);
    ASSERT(row->used - row->sorted <= TAIL_MAX);
    ASSERT(row->pairs <= rules->pairs_max);
    copy.cells = mem_new(row->capacity, sizeof *copy.cells);
    if (row->used > 0)
        memcpy(copy.cells, row->cells, row->used * sizeof *copy.cells);
    row_order(&copy);
    for (uint32_t i = 0; i < copy.used; i++) {
        const struct cell *cell = &copy.cells[i];

        ASSERT(cell->count > 0);
        ASSERT(i == 0 || cell_key(cell - 1) < cell_key(cell));
        ASSERT(slot_tier(cell->slot) < rules->windows->count);
        if (cell->other != 0)
            ASSERT(slot_index(cell->slot) < rules->relations->count);
        else
            ASSERT(slot_index(cell->slot) < rules->relations->sets_count);
        pairs += cell->other != previous;
        previous = cell->other;
    }
    ASSERT(pairs == row->pairs);
    free(copy.cells);
}
