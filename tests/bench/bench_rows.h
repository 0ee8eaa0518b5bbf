/* bench_rows: an engine with many rows of so many live (pair, pane), made
 * without events: what memory and a restart are measured on.
 *
 * Time goes on over a week while each row in turn gets another pair, in a
 * pane of that moment, with an other drawn by popularity: rows grow beside each
 * other, and panes are merged as they age. */
#ifndef TERKAIT_BENCH_ROWS_H
#define TERKAIT_BENCH_ROWS_H

#include "bench.h"
#include "engine.h"
#include "mem.h"
#include "rng.h"
#include "simulate_catalogue.h"

enum { BENCH_SUPPORTS = 5, BENCH_TOGETHER = 64 };

struct bench_rows {
    struct engine *engine;
    struct catalogue *catalogue;
    uint32_t items;
    uint32_t *numbers; /* by item of the catalogue; each held */
    struct rng rng;
    int64_t fine_pane; /* of now */
    int64_t span;      /* of the longest window, in fine panes */
    struct contributions list;
};

/* Holds each id; nothing is counted yet. `now_ms`: when the filling ends. */
static inline void bench_rows_init(struct bench_rows *rows,
                                   struct engine *engine, uint32_t items,
                                   int64_t now_ms)
{
    const struct catalogue_rules goods = {items, items / 20 + 1, 0, 0.9};
    const struct windows *windows = &engine_rules(engine)->windows;

    *rows = (struct bench_rows){.engine = engine, .items = items};
    rng_init(&rows->rng, 1);
    contributions_init(&rows->list);
    rows->catalogue = catalogue_new(&rows->rng, &goods);
    rows->numbers = mem_new(items, sizeof *rows->numbers);
    rows->fine_pane = window_fine_pane(windows, now_ms);
    rows->span = windows->at[windows->longest].length_ms / windows->fine_ms;
    for (uint32_t i = 0; i < items; i++)
        rows->numbers[i] =
            intern_hold(engine_items(engine), (struct text){"", 0},
                        catalogue_id(rows->catalogue, i));
}

static inline void bench_rows_deinit(struct bench_rows *rows)
{
    contributions_deinit(&rows->list);
    catalogue_free(rows->catalogue);
    free(rows->numbers);
}

static inline void bench_rows_apply(struct bench_rows *rows)
{
    groups_apply(engine_groups(rows->engine), rows->list.at, rows->list.count,
                 0, 0);
    rows->list.count = 0;
}

static inline void bench_rows_add(struct bench_rows *rows, uint32_t item,
                                  uint32_t other, uint32_t index, int64_t pane)
{
    contributions_add(&rows->list, (struct contribution){
                                       item, other, (uint8_t)index, 1, pane});
    if (rows->list.count >= BENCH_TOGETHER)
        bench_rows_apply(rows);
}

/* Seven in ten are seen together, one is bought together. */
static inline uint32_t bench_rows_relation(struct bench_rows *rows)
{
    uint32_t count = engine_rules(rows->engine)->relations.count;
    uint32_t dice = rng_below(&rows->rng, 10);

    return (dice < 7 ? 0 : dice < 8 ? 1 : 2) % count;
}

static inline void bench_rows_pair(struct bench_rows *rows, uint32_t item,
                                   int64_t pane)
{
    uint32_t other = rows->numbers[catalogue_draw(rows->catalogue, &rows->rng)];

    if (other != item)
        bench_rows_add(rows, item, other, bench_rows_relation(rows), pane);
}

/* One more round over all rows, that of `round` of `rounds`. */
static inline void bench_rows_round(struct bench_rows *rows, uint32_t round,
                                    uint32_t rounds)
{
    int64_t pane = rows->fine_pane - rows->span + 1 +
                   (rows->span - 1) * (round + 1) / rounds;
    int has_support = round * BENCH_SUPPORTS / rounds !=
                      (round + 1) * BENCH_SUPPORTS / rounds;

    groups_advance(engine_groups(rows->engine), pane);
    for (uint32_t i = 0; i < rows->items; i++) {
        uint32_t item = rows->numbers[(uint64_t)i * 2654435761u % rows->items];

        bench_rows_pair(rows, item, pane);
        if (has_support)
            bench_rows_add(rows, item, 0, 0, pane);
    }
    bench_rows_apply(rows);
}

/* All rows as they are at this time; what was touched is no news any more. */
static inline void bench_rows_look(struct bench_rows *rows)
{
    struct groups *groups = engine_groups(rows->engine);
    uint32_t item, pairs;

    while (groups_next_touched(groups, &item, &pairs))
        ;
    for (uint32_t i = 0; i < rows->items; i++)
        groups_row(groups, rows->numbers[i]);
}

/* Live (pair, pane), supports left out. */
static inline double bench_rows_live(const struct bench_rows *rows)
{
    const struct groups *groups = engine_groups(rows->engine);

    return (double)groups_stats(groups)->live -
           BENCH_SUPPORTS * (double)groups_rows(groups);
}

#endif
