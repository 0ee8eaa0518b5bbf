/* How large a group's rows are in packed form, and how long they take: rows of
 * 50 live (pair, pane), 1,000,000 items in 1,024 groups, of which some groups
 * are filled. Several kinds of ids, others as if all were alike and by
 * popularity. */
#include "group_state.h"

#include "err.h"
#include "mem.h"
#include "rng.h"
#include "simulate_catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ITEMS = 1000000, GROUPS = 1024, CELLS = 50, PAIRS_MAX = 1000 };

#define NOW_PANE INT64_C(5700000)

enum ids { IDS_CATALOGUE, IDS_NUMBERS, IDS_RANDOM };

struct world {
    struct rng rng;
    struct relations relations;
    struct windows windows;
    struct row_rules rules;
    struct catalogue *catalogue;
    uint32_t *numbers; /* owned; by item of the catalogue */
    struct groups *groups;
    int is_popular; /* others are drawn by popularity, and have more cells */
    uint32_t filled;
};

static void init_rules(struct world *world)
{
    struct err err = ERR_NONE;

    world->relations = (struct relations){.count = 3,
                                          .at = {{.from = 7, .to = 7},
                                                 {.from = 6, .to = 6},
                                                 {.from = 1, .to = 6}}};
    relations_init(&world->relations);
    world->windows = (struct windows){.count = 3,
                                      .at = {{"1h", 3600000, 12},
                                             {"24h", 86400000, 24},
                                             {"7d", 604800000, 28}}};
    ASSERT(windows_init(&world->windows, &err) == 0);
}

static struct text id_of(const struct world *world, enum ids kind,
                         uint32_t item, char *room)
{
    if (kind == IDS_CATALOGUE)
        return catalogue_id(world->catalogue, item);
    if (kind == IDS_NUMBERS)
        return (struct text){room, (uint32_t)sprintf(room, "sku-%07u", item)};
    return (struct text){
        room,
        (uint32_t)sprintf(room, "%016llx", (unsigned long long)rng_mix(item))};
}

static void open_world(struct world *world, enum ids kind, int is_popular,
                       uint32_t filled)
{
    struct catalogue_rules rules = {ITEMS, 1000, 0, 1.0};
    char room[32];

    *world = (struct world){.is_popular = is_popular, .filled = filled};
    rng_init(&world->rng, 1);
    init_rules(world);
    world->catalogue = catalogue_new(&world->rng, &rules);
    world->rules = (struct row_rules){&world->relations, &world->windows,
                                      intern_new(), PAIRS_MAX};
    world->numbers = mem_new(ITEMS, sizeof *world->numbers);
    for (uint32_t i = 0; i < ITEMS; i++)
        world->numbers[i] =
            intern_hold(world->rules.items, (struct text){"", 0},
                        id_of(world, kind, i, room));
    world->groups = groups_new(&world->rules, GROUPS);
    groups_advance(world->groups, NOW_PANE);
}

static void close_world(struct world *world)
{
    groups_free(world->groups);
    intern_free(world->rules.items);
    catalogue_free(world->catalogue);
    free(world->numbers);
}

/* ---- rows ---- */

static void add(struct world *world, uint32_t item, uint32_t other,
                uint32_t index, int64_t pane)
{
    struct contribution one = {item, other, (uint8_t)index, 1, pane};
    struct contributions list = {1, 1, &one};

    groups_apply(world->groups, list.at, list.count, 0, 0);
}

static int64_t draw_pane(struct world *world)
{
    return NOW_PANE - rng_below(&world->rng, 7 * 24 * 12 - 72);
}

static uint32_t draw_relation(struct world *world)
{
    uint32_t dice = rng_below(&world->rng, 10);

    return dice < 7 ? 0 : dice < 8 ? 1 : 2;
}

/* Until there are as many cells of pairs as there should be. */
static void fill_row(struct world *world, uint32_t item)
{
    struct rng *rng = &world->rng;
    uint32_t cells = 0;

    while (cells < CELLS) {
        uint32_t place = world->is_popular
                             ? catalogue_draw(world->catalogue, rng)
                             : catalogue_draw_any(world->catalogue, rng);
        uint32_t other = world->numbers[place];
        uint64_t before = groups_stats(world->groups)->live;

        if (other == item)
            continue;
        add(world, item, other, draw_relation(world), draw_pane(world));
        cells += (uint32_t)(groups_stats(world->groups)->live - before);
    }
    for (uint32_t i = 0; i < 20; i++)
        add(world, item, 0, i % 3, draw_pane(world));
}

static uint32_t fill_groups(struct world *world)
{
    uint32_t rows = 0;

    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t item = world->numbers[i];

        if (groups_index(world->groups, item) >= world->filled)
            continue;
        fill_row(world, item);
        rows++;
    }
    return rows;
}

/* ---- what is measured ---- */

/* Of this thread: the machine may have others to serve. */
static int64_t cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

struct result {
    uint64_t bytes;
    uint64_t id_bytes; /* of the rows' items */
    uint32_t rows;
    int64_t pack_us, longest_us, unpack_us;
};

static void pack_all(struct world *world, struct strbuf *values,
                     struct result *result)
{
    for (uint32_t g = 0; g < world->filled; g++) {
        int64_t start_us = cpu_us(), took_us;

        group_state_pack_base(&values[g], world->groups, g);
        took_us = cpu_us() - start_us;
        result->bytes += values[g].length;
        result->pack_us += took_us;
        if (took_us > result->longest_us)
            result->longest_us = took_us;
    }
}

static void unpack_all(struct world *world, const struct strbuf *values,
                       struct result *result)
{
    struct row_rules rules = world->rules;
    struct groups *groups;
    struct err err = ERR_NONE;
    int64_t start_us = cpu_us();

    rules.items = intern_new();
    groups = groups_new(&rules, GROUPS);
    groups_advance(groups, NOW_PANE);
    for (uint32_t g = 0; g < world->filled; g++)
        ASSERT(group_state_unpack(groups, g, values[g].bytes, values[g].length,
                                  &err) == 0);
    result->unpack_us = cpu_us() - start_us;
    ASSERT(groups_stats(groups)->live == groups_stats(world->groups)->live);
    groups_free(groups);
    intern_free(rules.items);
}

static void run(const char *name, enum ids kind, int is_popular,
                uint32_t filled)
{
    struct strbuf *values = mem_new(filled, sizeof *values);
    struct result result = {0};
    struct world world;
    double cells;
    uint32_t item, at = 0;

    open_world(&world, kind, is_popular, filled);
    result.rows = fill_groups(&world);
    for (uint32_t g = 0; g < filled; g++, at = 0)
        while ((item = groups_next_row(world.groups, g, &at)) != 0)
            result.id_bytes += intern_id(world.rules.items, item).length;
    pack_all(&world, values, &result);
    unpack_all(&world, values, &result);
    cells = (double)result.rows * CELLS;
    printf(
        "%-28s %8u %10.0f %8.2f %8.2f %8.2f %8.1f %8.0f\n", name, result.rows,
        cells, (double)result.bytes / cells,
        ((double)result.bytes - 24.0 * result.rows - (double)result.id_bytes) /
            cells,
        (double)result.longest_us / 1000, (double)result.pack_us * 1000 / cells,
        (double)result.unpack_us * 1000 / cells);
    for (uint32_t g = 0; g < filled; g++)
        strbuf_deinit(&values[g]);
    free(values);
    close_world(&world);
}

int main(int argc, char **argv)
{
    uint32_t filled = argc > 1 ? (uint32_t)atoi(argv[1]) : 64;

    printf("%-28s %8s %10s %8s %8s %8s %8s %8s\n", "1M items, 1024 groups",
           "rows", "cells", "B/cell", "net B/c", "max ms", "ns pack",
           "ns load");
    run("catalogue ids, by chance", IDS_CATALOGUE, 0, filled);
    run("catalogue ids, popular", IDS_CATALOGUE, 1, filled);
    run("numbers, by chance", IDS_NUMBERS, 0, filled);
    run("numbers, popular", IDS_NUMBERS, 1, filled);
    run("16 random hex, by chance", IDS_RANDOM, 0, filled);
    return 0;
}
