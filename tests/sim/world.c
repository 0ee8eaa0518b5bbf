#include "world.h"

#include "err.h"
#include "faults.h"
#include "judge.h"
#include "mem.h"
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALM_TURNS_MAX = 15000 };

const char *fault_name(enum fault fault)
{
    static const char *const names[] = {
#define X(name, words) words,
        FAULTS(X)
#undef X
    };

    return names[fault];
}

/* ---- making one ---- */

static void draw_relations(struct world *world)
{
    static const struct {
        const char *name;
        uint8_t from, to;
    } all[] = {
        {"also_viewed", ACTION_ALL, ACTION_ALL},
        {"carted_together", ACTION_CART | ACTION_PURCHASE,
         ACTION_CART | ACTION_PURCHASE},
        {"viewed_then_carted", ACTION_VIEW, ACTION_CART | ACTION_PURCHASE}};
    struct relations *relations = &world->relations;
    uint32_t first = rng_below(&world->rng, 3);

    memset(relations, 0, sizeof *relations);
    relations->count = 1 + rng_below(&world->rng, SIM_RELATIONS);
    for (uint32_t i = 0; i < relations->count; i++) {
        uint32_t from = (first + i) % 3;
        struct relation *one = &relations->at[i];

        snprintf(one->name, sizeof one->name, "%s", all[from].name);
        one->from = all[from].from;
        one->to = all[from].to;
        one->score = (enum score)rng_below(&world->rng, SCORE_LLR);
        one->k = 1 + rng_below(&world->rng, 4);
        one->min_support = 1 + rng_below(&world->rng, 2);
    }
    relations_init(relations);
}

static void draw_windows(struct world *world, int64_t step_ms)
{
    struct err err = ERR_NONE;
    struct windows *windows = &world->windows;
    int64_t pane_ms = step_ms * (2 + rng_below(&world->rng, 6));

    memset(windows, 0, sizeof *windows);
    windows->count = 1 + rng_below(&world->rng, SIM_WINDOWS);
    windows->at[0] = (struct window){"short", 4 * pane_ms, 4};
    windows->at[1] = (struct window){"long", 5 * 3 * pane_ms, 5};
    ASSERT(windows_init(windows, &err) == 0);
}

static void write_fingerprint(struct world *world)
{
    const struct session_rules *rules = &world->session;

    snprintf(world->fingerprint, sizeof world->fingerprint,
             "groups=%u\nrelations=%u\nwindows=%u\n~future=%lld\n~gap=%lld\n"
             "~lateness=%lld\n~max_items=%u\n~max_open=%llu\n",
             world->plan.groups, world->relations.count, world->windows.count,
             (long long)rules->future_ms, (long long)rules->gap_ms,
             (long long)rules->lateness_ms, rules->items_max,
             (unsigned long long)rules->open_max);
}

static void draw_session(struct world *world, int64_t step_ms)
{
    struct rng *rng = &world->rng;
    int64_t gap_ms = step_ms * (2 + rng_below(rng, 30));

    world->session = (struct session_rules){
        .gap_ms = gap_ms,
        .lateness_ms = rng_below(rng, (uint32_t)gap_ms + 1),
        .future_ms = 10 * step_ms,
        .items_max = rng_below(rng, 3) == 0 ? 2 + rng_below(rng, 3) : 50,
        .open_max = rng_below(rng, 3) == 0 ? 2 + rng_below(rng, 3) : 1000,
    };
    if (world->session.items_max > 8)
        world->session.items_max = 8;
    write_fingerprint(world);
}

static struct era *next_era(struct eras *eras, int64_t since)
{
    if (eras->count > 0 && eras->at[eras->count - 1].since >= since)
        return &eras->at[eras->count - 1];
    ASSERT(eras->count < ERAS_MAX);
    return &eras->at[eras->count++];
}

static void begin_era(struct world *world, uint32_t q, int64_t since)
{
    *next_era(&world->eras[q], since) = (struct era){since, world->session};
    world->recounted_from[q] = -2;
}

void world_change_settings(struct world *world)
{
    draw_session(world, 100);
    world->settings++;
    for (uint32_t q = 0; q < world->log.count; q++)
        begin_era(world, q,
                  q < world->partitions
                      ? world->store.data.shelves[q].manifests[0].offset
                      : world->log.partitions[q].base);
    world->plan.faults &= ~(1u << FAULT_ROLL | 1u << FAULT_WIPE |
                            1u << FAULT_TRIM_HARD | 1u << FAULT_ANEW);
    TELL(&world->story,
         "settings: gap %lld, lateness %lld, %u items, %llu "
         "open",
         (long long)world->session.gap_ms,
         (long long)world->session.lateness_ms, world->session.items_max,
         (unsigned long long)world->session.open_max);
}

/* Half of the kinds, or a quarter; few worlds have those that mostly end in a
 * stop. */
static uint32_t draw_faults(struct rng *rng)
{
    uint32_t faults = (uint32_t)rng_next(rng) & FAULTS_ALL;
    static const struct {
        enum fault fault;
        uint32_t one_in;
    } rare[] = {{FAULT_WIPE, 3},  {FAULT_TRIM_HARD, 10}, {FAULT_ANEW, 20},
                {FAULT_CLOCK, 2}, {FAULT_SETTINGS, 2},   {FAULT_SLOW, 2}};

    if (rng_below(rng, 3) == 0)
        faults &= (uint32_t)rng_next(rng);
    for (uint32_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (rng_below(rng, rare[i].one_in) != 0)
            faults &= ~(1u << rare[i].fault);
    return faults;
}

static void draw_plan(struct world *world, uint32_t faults)
{
    static const uint32_t rates[] = {4, 10, 30, 100};
    static const int64_t ticks_us[] = {2000, 20000, 150000};
    static const int64_t intervals_ms[] = {100, 500, 2000, 5000};
    struct rng *rng = &world->rng;

    world->plan = (struct plan){
        .faults = draw_faults(rng) & faults,
        .steps = 200 + rng_below(rng, 1200),
        .fault_rate = rates[rng_below(rng, 4)],
        .budget = rng_below(rng, 24),
        .processes = 1 + rng_below(rng, CLIENTS_MAX),
        .groups = 1 + rng_below(rng, SIM_GROUPS),
        .batch = 1 + rng_below(rng, 20),
        .tick_us = ticks_us[rng_below(rng, 3)],
        .interval_ms = intervals_ms[rng_below(rng, 4)],
        .is_one_node = (int)rng_below(rng, 2),
        .is_one_roll = (int)rng_below(rng, 2),
    };
}

static void draw_log(struct world *world)
{
    struct rng *rng = &world->rng;
    struct sim_log_shape shape = {
        .partitions = 1 + rng_below(rng, PARTITIONS_MAX),
        .records = 20 + rng_below(rng, RECORDS_MAX - 20),
        .visitors = 1 + rng_below(rng, 6),
        .items = 2 + rng_below(rng, ITEMS - 1),
        .step_ms = 100,
    };

    sim_log_make(&world->log, &shape, rng);
    world->partitions = world->log.count;
    if (world->plan.faults >> FAULT_GROW & 1)
        world->partitions = 1 + rng_below(rng, world->log.count);
    draw_relations(world);
    draw_windows(world, shape.step_ms);
    draw_session(world, shape.step_ms);
    for (uint32_t q = 0; q < PARTITIONS_MAX; q++)
        world->eras[q].count = 0;
    for (uint32_t q = 0; q < world->log.count; q++)
        begin_era(world, q, world->log.partitions[q].base);
}

static void landed(void *context, uint32_t group)
{
    judge_group(context, group);
}

static void stands(void *context, uint32_t partition, int64_t offset)
{
    judge_snapshot(context, partition, offset);
}

static void make(struct world *world, uint64_t seed, uint32_t faults)
{
    rng_init(&world->rng, seed);
    arena_clear(world->arena);
    world->story.told = 0;
    world->now_us = world->story.now_us = 1000000;
    world->commits_count = world->starts = world->checks = 0;
    world->settings = 0;
    world->is_calm = 0;
    memset(&world->damage, 0, sizeof world->damage);
    memset(world->faults_done, 0, sizeof world->faults_done);
    memset(world->processes, 0, sizeof world->processes);
    draw_plan(world, faults);
    draw_log(world);
    sim_store_init(&world->store, &world->story, &world->rng, world->arena);
    world->store.landed = landed;
    world->store.stands = stands;
    world->store.context = world;
    world->store.now_us = world->now_us;
    faults_set_network(world);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        world->processes[i].world = world;
        world->processes[i].number = i;
    }
}

struct world *world_new(void)
{
    struct world *world = mem_new(1, sizeof *world);

    world->arena = arena_new();
    return world;
}

void world_free(struct world *world)
{
    for (uint32_t q = 0; q < PARTITIONS_MAX; q++)
        free(world->recounts[q].at);
    arena_free(world->arena);
    free(world);
}

/* ---- running ---- */

void world_pass(struct world *world, int64_t us)
{
    world->now_us += us;
    world->story.now_us = world->now_us;
    sim_store_run(&world->store, world->now_us);
    process_run_commits(world);
}

static void show_records(struct world *world)
{
    for (uint32_t q = 0; q < world->partitions; q++) {
        struct sim_partition *partition = &world->log.partitions[q];
        uint32_t most = 1 + 2 * partition->count / world->plan.steps;

        if (partition->is_anew)
            continue;
        partition->visible += rng_below(&world->rng, most + 1);
        if (partition->visible > partition->count)
            partition->visible = partition->count;
    }
}

static int has_stopped(const struct world *world)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (world->processes[i].state == SLOT_STOPPED)
            return 1;
    return 0;
}

/* Starts what crashed; ends what does not know of a new partition. */
static void supervise(struct world *world, uint32_t one_in)
{
    for (uint32_t i = 0; i < world->plan.processes; i++) {
        struct process *process = &world->processes[i];

        if (rng_below(&world->rng, one_in) != 0)
            continue;
        if (process->state == SLOT_DOWN)
            process_start(process);
        else if (process->state == SLOT_ALIVE &&
                 process->phase == KEEPER_RUNNING &&
                 process->partitions < world->partitions)
            process_grow(process);
    }
}

static void storm(struct world *world)
{
    process_start(&world->processes[0]);
    for (uint32_t i = 0; i < world->plan.steps && !has_stopped(world); i++) {
        struct process *process =
            &world->processes[rng_below(&world->rng, world->plan.processes)];

        process_step(process);
        world_pass(world,
                   rng_below(&world->rng, (uint32_t)(2 * world->plan.tick_us)));
        show_records(world);
        if (rng_below(&world->rng, world->plan.fault_rate) == 0)
            faults_strike(world);
        supervise(world, 30);
    }
}

/* One process is left, and it has done all: NULL while that is not so. */
static struct process *finished(struct world *world)
{
    struct process *last = NULL;

    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        if (world->processes[i].state != SLOT_ALIVE)
            continue;
        if (last != NULL)
            return NULL;
        last = &world->processes[i];
    }
    if (last == NULL || !process_is_caught_up(last) || last->is_ending ||
        !publish_is_settled(last->publish))
        return NULL;
    return last;
}

static void wake_all(struct world *world)
{
    world->is_calm = 1;
    TELL(&world->story, "all: faults cease");
    sim_store_calm(&world->store);
    world->partitions = world->log.count;
    for (uint32_t q = 0; q < world->log.count; q++)
        if (!world->log.partitions[q].is_anew)
            world->log.partitions[q].visible = world->log.partitions[q].count;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        world->processes[i].asleep_until_us = 0;
}

/* When nobody is left to run, an operator starts one more. */
static void revive(struct world *world)
{
    int all_four = 1;

    supervise(world, 1);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        enum slot_state state = world->processes[i].state;

        if (state == SLOT_ALIVE || state == SLOT_DOWN)
            return;
        all_four &= state == SLOT_FOUR || state == SLOT_NEW;
    }
    if (!all_four)
        return;
    if (world->damage.clocks == 0)
        story_fail(&world->story, "nobody runs: each was taken over");
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (world->processes[i].state != SLOT_NEW) {
            world->processes[i].state = SLOT_DOWN;
            return;
        }
}

static void turn_all(struct world *world, int64_t us)
{
    revive(world);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        process_turn(&world->processes[i]);
    world_pass(world, us);
}

/* Until one process has read and published all, and has had the time to learn
 * of whatever was done to the store. */
static struct process *settle(struct world *world)
{
    int64_t since_us = world->now_us;

    for (uint32_t i = 0; i < CALM_TURNS_MAX; i++) {
        struct process *process = finished(world);

        if (has_stopped(world))
            return NULL;
        if (process == NULL)
            since_us = world->now_us;
        else if (world->now_us - since_us > 130 * INT64_C(1000000))
            return process;
        turn_all(world, process == NULL ? 20000 : 1000000);
    }
    story_fail(&world->story, "all is calm, and it never comes to an end");
}

static void end_in_order(struct world *world, struct process *process)
{
    process_end(process);
    for (uint32_t i = 0; process->state == SLOT_ALIVE; i++) {
        if (i == 1000)
            story_fail(&world->story, "P%u does not end", process->number);
        process_turn(process);
        world_pass(world, 20000);
    }
}

static void free_processes(struct world *world)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (world->processes[i].state == SLOT_ALIVE)
            process_kill(&world->processes[i], "is let go");
}

/* Twice: the second time from what an orderly end has left. */
static void calm(struct world *world)
{
    world->ending = ENDED_COMPLETE;
    wake_all(world);
    for (int i = 0; i < 2; i++) {
        struct process *process = settle(world);

        if (process == NULL) {
            world->ending = ENDED_STOPPED;
            break;
        }
        judge_complete(process);
        engine_check(process->engine);
        end_in_order(world, process);
    }
    free_processes(world);
}

void world_run(struct world *world, uint64_t seed, uint32_t faults)
{
    make(world, seed, faults);
    storm(world);
    calm(world);
}

void world_abandon(struct world *world)
{
    memset(world->processes, 0, sizeof world->processes);
}
