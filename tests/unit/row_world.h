/* row_world: a row with all that stands around it, and a plain list of what was
 * contributed, recounted by the words of the definition. */
#ifndef TERKAIT_ROW_WORLD_H
#define TERKAIT_ROW_WORLD_H

#include "row.h"

#include "rng.h"
#include "unit.h"

enum { OTHERS = 12, RELATIONS = 3, NOTES_MAX = 8192 };

/* ---- the world around a row ---- */

static struct windows window_sets[] = {
    /* the default: fine panes of 5 minutes */
    {.count = 3,
     .at = {{"1h", 3600000, 12}, {"24h", 86400000, 24}, {"7d", 604800000, 28}}},
    /* tiny, three tiers */
    {.count = 3, .at = {{"a", 4, 4}, {"b", 12, 3}, {"c", 24, 2}}},
    /* equal pane lengths, not in the order of their lengths */
    {.count = 3, .at = {{"a", 12, 12}, {"b", 3, 3}, {"c", 20, 2}}},
    /* a long window with finer panes than a short one */
    {.count = 2, .at = {{"short", 20, 2}, {"long", 60, 60}}},
    /* the shorter may reach further back */
    {.count = 2, .at = {{"long", 100, 2}, {"short", 90, 9}}},
    {.count = 1, .at = {{"only", 6, 3}}},
    {.count = 1, .at = {{"one_pane", 5, 1}}},
    /* all the tiers there can be */
    {.count = 8,
     .at = {{"a", 3, 3},
            {"b", 6, 3},
            {"c", 12, 3},
            {"d", 24, 3},
            {"e", 48, 3},
            {"f", 96, 3},
            {"g", 192, 3},
            {"h", 384, 3}}},
};

static struct relations relations = {
    .count = RELATIONS,
    .at = {{.from = 7, .to = 7}, {.from = 6, .to = 6}, {.from = 1, .to = 6}}};

/* One +1 that was not taken back. */
struct note {
    uint32_t other; /* 0: support */
    uint32_t index;
    int64_t pane;
};

struct world {
    struct rng rng;
    struct row_rules rules;
    struct row row;
    struct row_stats stats;
    struct horizon horizon;
    int64_t now; /* fine pane */
    struct note notes[NOTES_MAX];
    uint32_t count;
};

static struct world world;

static inline void open_world(uint64_t seed, uint32_t window_set,
                              uint32_t pairs_max)
{
    struct windows *windows = &window_sets[window_set];
    struct err err = ERR_NONE;

    memset(&world, 0, sizeof world);
    rng_init(&world.rng, seed);
    relations_init(&relations);
    assert_int_equal(windows_init(windows, &err), 0);
    world.rules = (struct row_rules){.relations = &relations,
                                     .windows = windows,
                                     .items = intern_new(),
                                     .pairs_max = pairs_max};
    world.now = rng_below(&world.rng, 3) == 0 ? rng_below(&world.rng, 20)
                                              : INT64_C(6000000);
    window_horizon(&world.horizon, windows, world.now);
    row_init(&world.row);
}

static inline void close_world(void)
{
    row_deinit(&world.row, &world.rules, &world.stats);
    assert_int_equal(intern_count(world.rules.items), 0);
    assert_int_equal(world.stats.live, 0);
    intern_free(world.rules.items);
}

static inline struct text id_of(uint32_t other)
{
    static char id[16];

    snprintf(id, sizeof id, "i%u", other);
    return text_of(id);
}

/* The row alone holds its others: the number is asked for anew each time. */
static inline int add(uint32_t other, uint32_t index, int sign, int64_t pane)
{
    struct intern *items = world.rules.items;
    uint32_t item = other == 0 ? 0 : intern_hold(items, NO_TEXT, id_of(other));
    int changed = row_add(&world.row, &world.rules, &world.horizon,
                          &world.stats, item, index, sign, pane);

    if (item != 0)
        intern_drop(items, item);
    return changed;
}

/* ---- the naive recount ---- */

static inline int64_t divide_down(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static inline int is_in_window(const struct window *window, int64_t now,
                               int64_t pane)
{
    int64_t fine_ms = world.rules.windows->fine_ms;
    int64_t pane_ms = window->length_ms / window->panes;
    int64_t newest = divide_down(now * fine_ms, pane_ms);
    int64_t number = divide_down(pane * fine_ms, pane_ms);

    return number <= newest && number > newest - window->panes;
}

/* Some window counts it, or will. */
static inline int is_needed(int64_t pane)
{
    for (uint32_t w = 0; w < world.rules.windows->count; w++)
        if (pane > world.now ||
            is_in_window(&world.rules.windows->at[w], world.now, pane))
            return 1;
    return 0;
}

static inline void recount(uint32_t out[][RELATIONS][WINDOWS_MAX])
{
    const struct windows *windows = world.rules.windows;

    memset(out, 0, sizeof(uint32_t[OTHERS][RELATIONS][WINDOWS_MAX]));
    for (uint32_t i = 0; i < world.count; i++) {
        const struct note *note = &world.notes[i];

        for (uint32_t w = 0; w < windows->count; w++)
            out[note->other][note->index][w] +=
                (uint32_t)is_in_window(&windows->at[w], world.now, note->pane);
    }
}

/* ---- what the row says ---- */

static inline uint32_t other_of(uint32_t item)
{
    struct text id = intern_id(world.rules.items, item);

    return (uint32_t)strtoul(id.bytes + 1, NULL, 10);
}

static inline uint32_t read_row(uint32_t out[][RELATIONS][WINDOWS_MAX])
{
    const struct row *row = &world.row;
    uint32_t runs = 0;

    memset(out, 0, sizeof(uint32_t[OTHERS][RELATIONS][WINDOWS_MAX]));
    for (uint32_t at = 0; at < row->used;) {
        struct row_sums sums;
        uint32_t item = row->cells[at].other;
        uint32_t other = item == 0 ? 0 : other_of(item);

        at = row_sum_run(&sums, row, &world.rules, &world.horizon, at);
        runs += item != 0;
        for (uint32_t i = 0; i < RELATIONS; i++)
            for (uint32_t w = 0; w < world.rules.windows->count; w++)
                if (sums.seen >> i & 1)
                    out[other][i][w] = sums.at[i][w];
    }
    return runs;
}

static inline void go_to(int64_t pane)
{
    world.now = pane;
    window_horizon(&world.horizon, world.rules.windows, pane);
}

#endif
