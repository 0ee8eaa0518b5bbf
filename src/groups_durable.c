#include "groups_inside.h"

#include "err.h"

/* ---- what is given up when memory is short ---- */

uint32_t groups_end(const struct groups *groups)
{
    return groups->holdings_end;
}

uint64_t groups_idle(const struct groups *groups, uint32_t item,
                     uint32_t *ticks)
{
    const struct holding *holding = holding_find(groups, item);

    if (holding == NULL ||
        (holding->row.pairs == 0 && holding->row.used == holding->row.sorted))
        return 0;
    *ticks = groups_tick(groups) - holding->tick;
    return row_bytes(&holding->row);
}

uint64_t groups_shed(struct groups *groups, uint32_t item)
{
    struct holding *holding = holding_find(groups, item);
    uint64_t bytes;

    if (holding == NULL)
        return 0;
    bytes = row_bytes(&holding->row);
    if (row_shed(&holding->row, &groups->rules, &groups->horizon,
                 &groups->stats) == 0)
        return 0;
    holding_note_change(groups, holding, item);
    holding_touch(groups, holding, item,
                  (1u << groups->rules.relations->count) - 1);
    return bytes - row_bytes(&holding->row);
}

static uint32_t tick_of_loaded(const struct groups *groups,
                               const struct row *row)
{
    int64_t latest = row_latest_support(row, &groups->rules);
    int64_t age = WINDOW_SPAN_MAX;

    if (latest > groups->horizon.fine_pane - age)
        age = groups->horizon.fine_pane - latest;
    return groups_tick(groups) - 1 - (age > 0 ? (uint32_t)age : 0);
}

/* ---- what is durable ---- */

static struct group *group_at(struct groups *groups, uint32_t group)
{
    ASSERT(group < groups->count);
    groups_begin_noting(groups);
    return &groups->at[group];
}

struct groups_change groups_changed(struct groups *groups, uint32_t group)
{
    const struct group *one = group_at(groups, group);

    return (struct groups_change){one->changed.count, one->changed_bytes};
}

uint64_t groups_weight(const struct groups *groups, uint32_t group)
{
    const struct items *rows = &groups->at[group].rows;
    uint64_t weight = 0;

    for (uint32_t i = 0; i < rows->count; i++)
        weight +=
            ROW_BYTES +
            (uint64_t)groups->holdings[rows->at[i]]->row.used * CELL_BYTES;
    return weight;
}

void groups_cut(struct groups *groups, uint32_t group)
{
    struct group *one = group_at(groups, group);

    for (uint32_t i = 0; i < one->changed.count; i++) {
        uint32_t item = one->changed.at[i];
        struct holding *holding = groups->holdings[item];

        if ((holding->state & IS_IN_CUT) == 0)
            items_add(&one->cut, item);
        holding->state = IS_IN_CUT;
    }
    one->changed.count = 0;
    one->changed_bytes = 0;
}

void groups_cut_landed(struct groups *groups, uint32_t group)
{
    struct items *cut = &group_at(groups, group)->cut;

    for (uint32_t i = 0; i < cut->count; i++)
        groups->holdings[cut->at[i]]->state &= (uint8_t)~IS_IN_CUT;
    cut->count = 0;
}

void groups_cut_lost(struct groups *groups, uint32_t group)
{
    struct items *cut = &group_at(groups, group)->cut;

    for (uint32_t i = 0; i < cut->count; i++) {
        struct holding *holding = groups->holdings[cut->at[i]];

        holding->state &= (uint8_t)~IS_IN_CUT;
        holding_note_change(groups, holding, cut->at[i]);
    }
    cut->count = 0;
}

static uint32_t next_of(const struct items *items, uint32_t *at)
{
    return *at < items->count ? items->at[(*at)++] : 0;
}

uint32_t groups_next_row(const struct groups *groups, uint32_t group,
                         uint32_t *at)
{
    return next_of(&groups->at[group].rows, at);
}

uint32_t groups_next_cut(const struct groups *groups, uint32_t group,
                         uint32_t *at)
{
    return next_of(&groups->at[group].cut, at);
}

void groups_load_row(struct groups *groups, uint32_t group, uint32_t item,
                     const struct groups_row_state *state)
{
    struct holding *holding = holding_find(groups, item);
    uint32_t old;

    groups_begin_noting(groups);
    if (holding == NULL)
        holding = holding_make(groups, item, group);
    row_deinit(&holding->row, &groups->rules, &groups->stats);
    row_fill(&holding->row, &groups->rules, &groups->horizon, &groups->stats,
             state->content);
    holding->tick = tick_of_loaded(groups, &holding->row);
    holding->supports_at = SUPPORTS_STALE;
    old = holding->category;
    holding->category = state->category;
    holding->category_ts_ms = state->category_ts_ms;
    if (state->category != 0)
        intern_hold_again(groups->categories, state->category);
    if (old != 0)
        intern_drop(groups->categories, old);
}

void groups_set_floor(struct groups *groups, uint32_t group, uint32_t partition,
                      int64_t offset)
{
    groups_begin_noting(groups);
    group_floors_set(&groups->floors, group, partition, offset);
}

int64_t groups_mark(const struct groups *groups, uint32_t group,
                    uint32_t partition, int64_t position)
{
    int64_t floor = group_floors_get(&groups->floors, group, partition);

    return floor > position ? floor : position;
}
