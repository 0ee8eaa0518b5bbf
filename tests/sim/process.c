#include "process.h"

#include "err.h"
#include "judge.h"

#include <stdio.h>
#include <string.h>

enum { STILL_US = 1000000 };

#define WALL_MS INT64_C(1700000000000)

/* ---- Kafka's commits ---- */

static void commit(void *self, uint32_t partition, int64_t offset)
{
    struct process *process = self;
    struct world *world = process->world;
    int64_t due_us = world->now_us + rng_below(&world->rng, 200000);
    struct commit one;

    for (uint32_t i = 0; i < world->commits_count; i++)
        if (world->commits[i].process == process->number &&
            world->commits[i].due_us > due_us)
            due_us = world->commits[i].due_us;
    one = (struct commit){
        .process = process->number,
        .incarnation = world->store.clients[process->number].incarnation,
        .partition = partition,
        .offset = offset,
        .due_us = due_us,
    };

    if (world->commits_count == COMMITS_MAX)
        memmove(world->commits, world->commits + 1,
                --world->commits_count * sizeof one);
    world->commits[world->commits_count++] = one;
}

static int64_t committed(void *self, uint32_t partition)
{
    return ((const struct process *)self)->committed[partition];
}

void process_run_commits(struct world *world)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < world->commits_count; i++) {
        struct commit one = world->commits[i];
        struct process *process = &world->processes[one.process];

        if (one.due_us > world->now_us) {
            world->commits[kept++] = one;
            continue;
        }
        world->log.partitions[one.partition].committed = one.offset;
        if (world->store.clients[one.process].incarnation == one.incarnation)
            process->committed[one.partition] = one.offset;
        TELL(&world->story, "Kafka: p%u committed at %lld by P%u",
             one.partition, (long long)one.offset, one.process);
    }
    world->commits_count = kept;
}

/* ---- coming and going ---- */

static struct engine_rules engine_rules_of(const struct world *world)
{
    return (struct engine_rules){
        .relations = world->relations,
        .windows = world->windows,
        .session = world->session,
        .event_bytes_max = 1024,
        .row_pairs_max = 1000,
        .groups_count = world->plan.groups,
        .damping = 20,
        .popular_k = 3,
        .popular_min_support = 1,
    };
}

static void make_keeper(struct process *process)
{
    struct world *world = process->world;
    struct keeper_partition partitions[PARTITIONS_MAX];
    struct keeper_log log = {process->partitions, partitions};
    struct keeper_rules rules = {
        .groups_count = world->plan.groups,
        .interval_ms = world->plan.interval_ms,
        .owner = process->owner,
        .sequence = process->sequence,
        .who = process->who,
        .fingerprint = world->fingerprint,
    };

    for (uint32_t q = 0; q < process->partitions; q++) {
        const struct sim_partition *one = &world->log.partitions[q];

        partitions[q] = (struct keeper_partition){one->oldest, sim_log_end(one),
                                                  one->committed};
        process->committed[q] = one->committed;
    }
    process->commits = (struct keeper_commits){process, commit, committed};
    process->keeper = keeper_new(&rules, process->engine, &process->store,
                                 &process->commits, &log);
    process->phase = KEEPER_STARTING;
    process->stirred = world->store.stirred[process->number];
}

static void make_parts(struct process *process)
{
    struct engine_rules rules = engine_rules_of(process->world);
    struct publish_rules publish = {
        .prefix = "",
        .ttl_ms = INT64_C(3600) * 1000,
        .settle_ms = 500,
        .sweep_ms = 5000,
        .interval_ms = 50,
        .counts_refresh_ms = 1000,
        .counts_max = 5,
    };

    process->partitions = process->world->partitions;
    process->engine = engine_new(&rules);
    process->memory = sink_memory_new(&process->sink);
    process->publish = publish_new(&publish, process->engine, &process->sink);
    make_keeper(process);
}

static void free_parts(struct process *process)
{
    if (process->keeper != NULL)
        process->sequence = keeper_sequence(process->keeper);
    keeper_free(process->keeper);
    publish_free(process->publish);
    engine_free(process->engine);
    sink_memory_free(process->memory);
    process->keeper = NULL;
    process->publish = NULL;
    process->engine = NULL;
    process->memory = NULL;
}

void process_start(struct process *process)
{
    struct world *world = process->world;

    ASSERT(process->state == SLOT_NEW || process->state == SLOT_DOWN);
    world->starts++;
    process->state = SLOT_ALIVE;
    process->owner = rng_next(&world->rng) | 1;
    process->asleep_until_us = process->again_us = 0;
    process->is_ending = 0;
    process->input_us = world->now_us;
    snprintf(process->who, sizeof process->who, "P%u start %u", process->number,
             world->starts);
    TELL(&world->story, "P%u: starts (start %u)", process->number,
         world->starts);
    sim_store_open(&world->store, process->number, &process->store);
    make_parts(process);
}

static void leave(struct process *process, enum slot_state state)
{
    sim_store_forget(&process->world->store, process->number, 1);
    free_parts(process);
    process->state = state;
}

void process_kill(struct process *process, const char *why)
{
    TELL(&process->world->story, "P%u: %s", process->number, why);
    leave(process, SLOT_DOWN);
}

void process_end(struct process *process)
{
    if (process->is_ending || process->keeper == NULL)
        return;
    TELL(&process->world->story, "P%u: is told to end", process->number);
    process->is_ending = 1;
    keeper_end(process->keeper);
}

/* ---- what the keeper says ---- */

static void begin_counting(struct process *process)
{
    for (uint32_t q = 0; q < process->partitions; q++) {
        process->position[q] = keeper_offset(process->keeper, q);
        TELL(&process->world->story, "P%u: counts p%u from %lld",
             process->number, q, (long long)process->position[q]);
    }
    publish_adopt(process->publish);
}

static void start_over(struct process *process, const char *why)
{
    struct world *world = process->world;

    TELL(&world->story, "P%u: starts over: %s", process->number, why);
    sim_store_forget(&world->store, process->number, 0);
    free_parts(process);
    process->again_us = world->now_us + 1 + rng_below(&world->rng, 500000);
}

void process_grow(struct process *process)
{
    if (process->engine == NULL || process->is_ending)
        return;
    if (rng_below(&process->world->rng, 2) == 0)
        process_end(process);
    else
        start_over(process, "the topic has grown");
}

static void stop_if_clean(struct process *process)
{
    if (!process->is_ending || !keeper_is_clean(process->keeper))
        return;
    judge_clean(process);
    process_kill(process, "has ended in order");
    judge_settings(process->world);
}

static void heed(struct process *process, enum keeper_phase phase)
{
    enum keeper_phase before = process->phase;

    process->phase = phase;
    switch (phase) {
    case KEEPER_STARTING:
        if (process->is_ending)
            process_kill(process, "is ended while starting");
        break;
    case KEEPER_RUNNING:
        if (before == KEEPER_STARTING)
            begin_counting(process);
        stop_if_clean(process);
        break;
    case KEEPER_START_OVER:
        start_over(process, keeper_reason(process->keeper));
        break;
    case KEEPER_TAKEN_OVER:
        judge_taken_over(process);
        TELL(&process->world->story, "P%u: ends with 4: %s", process->number,
             keeper_reason(process->keeper));
        leave(process, SLOT_FOUR);
        break;
    case KEEPER_REFUSED:
    case KEEPER_MISFIT:
        judge_refusal(process);
        TELL(&process->world->story, "P%u: stops: %s", process->number,
             keeper_reason(process->keeper));
        leave(process, SLOT_STOPPED);
        break;
    }
}

/* ---- the main loop ---- */

static void keep(struct process *process)
{
    struct world *world = process->world;
    int64_t wall_ms = WALL_MS + world->now_us / 1000 + process->clock_ms;

    heed(process, keeper_work(process->keeper, world->now_us, wall_ms));
}

static int take_one(struct process *process, uint32_t q)
{
    struct world *world = process->world;
    const struct sim_record *record =
        sim_log_find(&world->log.partitions[q], process->position[q]);
    struct record given;

    if (record == NULL)
        return 0;
    given = (struct record){.bytes = record->json,
                            .length = record->length,
                            .partition = q,
                            .offset = record->offset,
                            .stamp_ms = record->stamp_ms,
                            .now_ms = record->stamp_ms};
    engine_take(process->engine, &given);
    process->position[q] = record->offset + 1;
    process->input_us = world->now_us;
    return 1;
}

static void read_some(struct process *process, uint32_t q, uint32_t most)
{
    struct world *world = process->world;
    int64_t from = process->position[q];

    if (process->phase != KEEPER_RUNNING || process->is_ending)
        return;
    if (from < world->log.partitions[q].oldest) {
        process_kill(process, "stops: Kafka no longer has its offset");
        return;
    }
    while (most > 0 && take_one(process, q))
        most--;
    if (process->position[q] != from)
        TELL(&world->story, "P%u: read p%u from %lld to %lld", process->number,
             q, (long long)from, (long long)process->position[q]);
}

static void publish(struct process *process, uint32_t rows)
{
    struct world *world = process->world;
    struct publish_turn turn = {
        .now_us = world->now_us,
        .rows = rows,
        .is_still = world->now_us - process->input_us >= STILL_US,
    };

    if (process->phase == KEEPER_RUNNING)
        publish_work(process->publish, &turn);
}

static int is_awake(struct process *process)
{
    struct world *world = process->world;

    if (process->state != SLOT_ALIVE ||
        world->now_us < process->asleep_until_us)
        return 0;
    if (process->engine != NULL)
        return 1;
    if (world->now_us >= process->again_us)
        make_parts(process);
    return process->engine != NULL;
}

void process_step(struct process *process)
{
    struct rng *rng = &process->world->rng;

    if (!is_awake(process))
        return;
    switch (rng_below(rng, 8)) {
    case 0:
        process->store.pump(process->store.self, process->world->now_us);
        break;
    case 1:
    case 2:
    case 3:
        keep(process);
        break;
    case 4:
    case 5:
    case 6:
        read_some(process, rng_below(rng, process->partitions),
                  1 + rng_below(rng, process->world->plan.batch));
        break;
    default:
        publish(process, 1 + rng_below(rng, 20));
    }
    if (process->state == SLOT_ALIVE && process->phase == KEEPER_RUNNING &&
        rng_below(rng, 200) == 0)
        engine_check(process->engine);
}

void process_turn(struct process *process)
{
    if (!is_awake(process))
        return;
    for (uint32_t q = 0; q < process->partitions; q++)
        if (process->state == SLOT_ALIVE)
            read_some(process, q, 20);
    if (process->state == SLOT_ALIVE)
        publish(process, 100);
    if (process->state == SLOT_ALIVE)
        keep(process);
}

int process_is_caught_up(const struct process *process)
{
    if (process->state != SLOT_ALIVE || process->engine == NULL ||
        process->phase != KEEPER_RUNNING ||
        process->partitions < process->world->partitions)
        return 0;
    for (uint32_t q = 0; q < process->partitions; q++)
        if (sim_log_find(&process->world->log.partitions[q],
                         process->position[q]) != NULL)
            return 0;
    return 1;
}
