#include "groups_inside.h"

#include "err.h"
#include "mem.h"
#include "mutant.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct groups *groups_new(const struct row_rules *rules, uint32_t count)
{
    struct groups *groups = mem_new(1, sizeof *groups);

    ASSERT(count >= 1 && count <= GROUPS_MAX);
    groups->rules = *rules;
    groups->count = count;
    groups->at = mem_new(count, sizeof *groups->at);
    group_floors_init(&groups->floors, count);
    groups->categories = intern_new();
    ring_init(&groups->touched);
    window_horizon(&groups->horizon, rules->windows, 0);
    return groups;
}

/* ---- items of a group ---- */

void items_add(struct items *items, uint32_t item)
{
    if (items->count == items->capacity) {
        items->capacity = items->capacity + items->capacity / 2 + 8;
        items->at = mem_resize(items->at, items->capacity, sizeof *items->at);
    }
    items->at[items->count++] = item;
}

static struct group *group_of(struct groups *groups,
                              const struct holding *holding)
{
    return &groups->at[holding->group];
}

static void enter_group(struct groups *groups, struct holding *holding,
                        uint32_t item, uint32_t group)
{
    struct items *rows;

    holding->group = (uint16_t)group;
    rows = &group_of(groups, holding)->rows;
    holding->place = rows->count;
    items_add(rows, item);
}

/* The last row takes the place. */
static void leave_group(struct groups *groups, const struct holding *holding)
{
    struct items *rows = &group_of(groups, holding)->rows;
    uint32_t last = rows->at[--rows->count];

    rows->at[holding->place] = last;
    groups->holdings[last]->place = holding->place;
}

/* ---- rows ---- */

static void free_holding(struct groups *groups, uint32_t item)
{
    struct holding *holding = groups->holdings[item];

    row_deinit(&holding->row, &groups->rules, &groups->stats);
    if (holding->category != 0)
        intern_drop(groups->categories, holding->category);
    leave_group(groups, holding);
    free(holding);
    groups->holdings[item] = NULL;
    groups->rows--;
    intern_drop(groups->rules.items, item);
}

void groups_free(struct groups *groups)
{
    if (groups == NULL)
        return;
    for (uint32_t item = 1; item < groups->holdings_end; item++)
        if (groups->holdings[item] != NULL)
            free_holding(groups, item);
    for (uint32_t i = 0; i < groups->count; i++) {
        free(groups->at[i].rows.at);
        free(groups->at[i].changed.at);
        free(groups->at[i].cut.at);
    }
    free(groups->at);
    group_floors_deinit(&groups->floors);
    intern_free(groups->categories);
    free(groups->holdings);
    ring_deinit(&groups->touched);
    free(groups);
}

const struct row_rules *groups_rules(const struct groups *groups)
{
    return &groups->rules;
}

void groups_set_pairs_max(struct groups *groups, uint32_t pairs_max)
{
    groups->rules.pairs_max = pairs_max;
}

void groups_advance(struct groups *groups, int64_t fine_pane)
{
    if (fine_pane > groups->horizon.fine_pane)
        window_horizon(&groups->horizon, groups->rules.windows, fine_pane);
}

const struct horizon *groups_horizon(const struct groups *groups)
{
    return &groups->horizon;
}

static size_t holding_bytes(const struct groups *groups)
{
    return offsetof(struct holding, supports) +
           (size_t)groups->rules.windows->count *
               groups->rules.relations->sets_count * sizeof(uint32_t);
}

static void grow_holdings(struct groups *groups, uint32_t item)
{
    uint32_t end = item + item / 4 + 1024;

    groups->holdings =
        mem_resize(groups->holdings, end, sizeof *groups->holdings);
    memset(groups->holdings + groups->holdings_end, 0,
           (end - groups->holdings_end) * sizeof *groups->holdings);
    groups->holdings_end = end;
}

struct holding *holding_make(struct groups *groups, uint32_t item,
                             uint32_t group)
{
    struct holding *holding;

    if (item >= groups->holdings_end)
        grow_holdings(groups, item);
    holding = mem_new(1, holding_bytes(groups));
    row_init(&holding->row);
    holding->supports_at = SUPPORTS_STALE;
    enter_group(groups, holding, item, group);
    groups->holdings[item] = holding;
    groups->rows++;
    intern_hold_again(groups->rules.items, item);
    return holding;
}

static struct holding *find_or_make(struct groups *groups, uint32_t item)
{
    struct holding *holding = holding_find(groups, item);

    return holding != NULL
               ? holding
               : holding_make(groups, item, groups_index(groups, item));
}

/* ---- changes ---- */

void holding_note_change(struct groups *groups, struct holding *holding,
                         uint32_t item)
{
    struct group *group = group_of(groups, holding);

    if (!groups->is_noting || (holding->state & IS_CHANGED))
        return;
    holding->state |= IS_CHANGED;
    items_add(&group->changed, item);
    group->changed_bytes +=
        ROW_BYTES + (uint64_t)holding->row.used * CELL_BYTES;
}

void groups_begin_noting(struct groups *groups)
{
    if (groups->is_noting)
        return;
    groups->is_noting = 1;
    for (uint32_t item = 1; item < groups->holdings_end; item++)
        if (groups->holdings[item] != NULL)
            holding_note_change(groups, groups->holdings[item], item);
}

uint32_t groups_tick(const struct groups *groups)
{
    return (uint32_t)(groups->touches / GROUPS_TICK);
}

void holding_touch(struct groups *groups, struct holding *holding,
                   uint32_t item, uint32_t what)
{
    if (holding->touched == 0) {
        ring_push(&groups->touched, (struct ring_entry){.item = item});
        groups->touches++;
    }
    holding->touched |= what;
    holding->tick = groups_tick(groups);
}

int groups_next_touched(struct groups *groups, uint32_t *item, uint32_t *pairs)
{
    struct holding *holding;

    if (groups->touched.count == 0)
        return 0;
    __builtin_prefetch(
        holding_find(groups, ring_ahead(&groups->touched, AHEAD)), 1);
    *item = ring_first(&groups->touched)->item;
    ring_pop(&groups->touched);
    holding = groups->holdings[*item];
    *pairs = holding->touched & ~TOUCHED_SUPPORT;
    holding->touched = 0;
    return 1;
}

/* What is remembered of the supports stays true. */
static void count_support(const struct groups *groups, struct holding *holding,
                          const struct contribution *one)
{
    const struct windows *windows = groups->rules.windows;
    uint32_t *supports = &holding->supports[one->index * windows->count];

    if (holding->supports_at != groups->horizon.fine_pane)
        return;
    for (uint32_t k = 0; k < windows->count; k++)
        if (horizon_counts(&groups->horizon, k, one->fine_pane))
            supports[windows->by_tier[k]] += one->sign > 0 ? 1u : UINT32_MAX;
}

static void apply_one(struct groups *groups, const struct contribution *one)
{
    struct holding *holding = find_or_make(groups, one->item);
    uint64_t live = groups->stats.live;

    if (!row_add(&holding->row, &groups->rules, &groups->horizon,
                 &groups->stats, one->other, one->index, one->sign,
                 one->fine_pane))
        return;
    if (one->other == 0)
        count_support(groups, holding, one);
    holding_touch(groups, holding, one->item,
                  one->other == 0 ? TOUCHED_SUPPORT : 1u << one->index);
    holding_note_change(groups, holding, one->item);
    if (groups->is_noting && groups->stats.live > live)
        group_of(groups, holding)->changed_bytes += CELL_BYTES;
}

uint32_t groups_touched(const struct groups *groups)
{
    return groups->touched.count;
}

/* They lie anywhere in memory: asked for all at once, they come together. */
void groups_ask(const struct groups *groups, const struct contributions *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const char *holding =
            (const char *)holding_find(groups, list->at[i].item);

        __builtin_prefetch(holding, 1);
        __builtin_prefetch(holding + 64, 1);
        intern_prefetch(groups->rules.items, list->at[i].other);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct holding *holding = holding_find(groups, list->at[i].item);

        if (holding != NULL)
            __builtin_prefetch(holding->row.cells + holding->row.used, 1);
    }
}

int groups_has(const struct groups *groups, uint32_t item, uint32_t partition,
               int64_t offset)
{
    return group_floors_reach(&groups->floors, partition, offset) &&
           offset < group_floors_get(&groups->floors,
                                     groups_index(groups, item), partition);
}

void groups_apply(struct groups *groups, const struct contribution *list,
                  uint32_t count, uint32_t partition, int64_t offset)
{
    int may_have = group_floors_reach(&groups->floors, partition, offset);

    for (uint32_t i = 0; i < count; i++)
        if (!may_have || !groups_has(groups, list[i].item, partition, offset))
            apply_one(groups, &list[i]);
}

void groups_categorise(struct groups *groups, uint32_t item, int64_t ts_ms,
                       struct text category)
{
    struct holding *holding = find_or_make(groups, item);
    uint32_t old = holding->category;

    if (old != 0 &&
        (ts_ms < holding->category_ts_ms ||
         (ts_ms == holding->category_ts_ms &&
          text_compare(category, intern_id(groups->categories, old)) <= 0)))
        return;
    holding->category =
        intern_hold(groups->categories, (struct text){"", 0}, category);
    holding->category_ts_ms = ts_ms;
    if (old != 0)
        intern_drop(groups->categories, old);
    holding_note_change(groups, holding, item);
}

int64_t groups_category_ms(const struct groups *groups, uint32_t item)
{
    const struct holding *holding = holding_find(groups, item);

    return holding == NULL ? 0 : holding->category_ts_ms;
}

uint32_t groups_category_number(const struct groups *groups, uint32_t item)
{
    const struct holding *holding = holding_find(groups, item);

    return holding == NULL ? 0 : holding->category;
}

struct intern *groups_categories(struct groups *groups)
{
    return groups->categories;
}

struct text groups_category(const struct groups *groups, uint32_t item)
{
    uint32_t category = groups_category_number(groups, item);

    return category == 0 ? (struct text){"", 0}
                         : intern_id(groups->categories, category);
}

struct row *groups_row(struct groups *groups, uint32_t item)
{
    struct holding *holding = holding_find(groups, item);

    if (holding == NULL)
        return NULL;
    row_advance(&holding->row, &groups->rules, &groups->horizon,
                &groups->stats);
    return &holding->row;
}

static void sum_supports(struct groups *groups, struct holding *holding)
{
    uint32_t windows = groups->rules.windows->count;
    uint32_t sets = groups->rules.relations->sets_count;
    struct row *row = &holding->row;
    struct row_sums sums;

    if (row->used > 0 &&
        groups->horizon.fine_pane - row->as_of > WINDOW_SPAN_MAX)
        row_advance(row, &groups->rules, &groups->horizon, &groups->stats);
    row_sum_supports(&sums, row, &groups->rules, &groups->horizon);
    for (uint32_t set = 0; set < sets; set++)
        for (uint32_t window = 0; window < windows; window++)
            holding->supports[set * windows + window] =
                sums.seen & 1u << set ? sums.at[set][window] : 0;
    holding->supports_at = groups->horizon.fine_pane;
}

uint32_t groups_support(struct groups *groups, uint32_t item, uint32_t set,
                        uint32_t window)
{
    struct holding *holding = holding_find(groups, item);

    if (holding == NULL)
        return 0;
    if (holding->supports_at != groups->horizon.fine_pane)
        sum_supports(groups, holding);
    return holding->supports[set * groups->rules.windows->count + window];
}

void groups_trim(struct groups *groups, uint32_t item)
{
    struct holding *holding = holding_find(groups, item);

    if (holding != NULL)
        row_trim(&holding->row);
}

int groups_release(struct groups *groups, uint32_t item)
{
    struct holding *holding = holding_find(groups, item);
    const struct windows *windows = groups->rules.windows;
    int64_t now_ms = groups->horizon.fine_pane * windows->fine_ms;

    if (holding == NULL || holding->touched != 0 || holding->row.used != 0 ||
        holding->state != 0 ||
        (holding->row.cut_until != 0 && !MUTANT(SHED_FORGOTTEN)))
        return 0;
    if (holding->category != 0 &&
        holding->category_ts_ms + windows->at[windows->longest].length_ms +
                GROUPS_CATEGORY_MS >=
            now_ms)
        return 0;
    free_holding(groups, item);
    return 1;
}

uint32_t groups_index(const struct groups *groups, uint32_t item)
{
    const struct holding *holding = holding_find(groups, item);

    if (holding != NULL)
        return holding->group;
    return (uint32_t)(intern_key_hash(groups->rules.items, item) %
                      groups->count);
}

/* ---- what stands ---- */

uint64_t groups_rows(const struct groups *groups)
{
    return groups->rows;
}

uint64_t groups_bytes(const struct groups *groups)
{
    return groups->rows * holding_bytes(groups) +
           groups->stats.live * sizeof(struct cell) * 9 / 8 +
           groups->holdings_end * sizeof *groups->holdings +
           groups->rows * sizeof(uint32_t) * 5 / 4 +
           groups->touched.capacity * sizeof *groups->touched.at +
           intern_bytes(groups->categories);
}

const struct row_stats *groups_stats(const struct groups *groups)
{
    return &groups->stats;
}

static void check_items(const struct groups *groups, uint32_t group,
                        const struct items *items, uint8_t state)
{
    for (uint32_t i = 0; i < items->count; i++) {
        const struct holding *holding = holding_find(groups, items->at[i]);

        ASSERT(holding != NULL && holding->group == group);
        ASSERT((holding->state & state) == state);
        ASSERT(state != 0 || holding->place == i);
    }
}

static uint64_t check_groups(const struct groups *groups)
{
    uint64_t marked = 0;

    for (uint32_t i = 0; i < groups->count; i++) {
        const struct group *group = &groups->at[i];

        check_items(groups, i, &group->rows, 0);
        check_items(groups, i, &group->changed, IS_CHANGED);
        check_items(groups, i, &group->cut, IS_IN_CUT);
        marked += group->changed.count + group->cut.count;
    }
    return marked;
}

void groups_check(struct groups *groups)
{
    uint64_t rows = 0, live = 0, marked = 0, partial = 0;
    uint32_t queued = 0;

    for (uint32_t item = 1; item < groups->holdings_end; item++) {
        const struct holding *holding = groups->holdings[item];

        if (holding == NULL)
            continue;
        row_check(&holding->row, &groups->rules);
        ASSERT(groups->at[holding->group].rows.at[holding->place] == item);
        ASSERT(intern_key_hash(groups->rules.items, item) % groups->count ==
               holding->group);
        rows++;
        live += holding->row.used;
        partial += holding->row.cut_until != 0;
        queued += holding->touched != 0;
        marked += (holding->state & IS_CHANGED) != 0;
        marked += (holding->state & IS_IN_CUT) != 0;
    }
    ASSERT(rows == groups->rows && live == groups->stats.live);
    ASSERT(partial == groups->stats.partial);
    ASSERT(queued == groups->touched.count);
    ASSERT(marked == check_groups(groups));
    intern_check(groups->categories);
}
