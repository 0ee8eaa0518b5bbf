#include "faults.h"

#include "judge.h"
#include "process.h"
#include "shed.h"

#include <string.h>

static int has(const struct world *world, enum fault fault)
{
    return world->plan.faults >> fault & 1;
}

static struct process *any_alive(struct world *world)
{
    uint32_t start = rng_below(&world->rng, CLIENTS_MAX);

    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        struct process *process = &world->processes[(start + i) % CLIENTS_MAX];

        if (process->state == SLOT_ALIVE)
            return process;
    }
    return NULL;
}

void faults_set_network(struct world *world)
{
    static const uint32_t rates[] = {10, 30, 100, 250};
    struct sim_network *network = &world->store.network;
    struct rng *rng = &world->rng;
    uint32_t lost = rates[rng_below(rng, 4)], late = rates[rng_below(rng, 4)];
    uint32_t never = rates[rng_below(rng, 4)];

    network->latency_us = world->plan.tick_us;
    network->timeout_us = 1000 + 20 * world->plan.tick_us;
    network->late_us = 1000 + 200 * world->plan.tick_us;
    if (has(world, FAULT_LOST_REPLY))
        network->lost_reply = lost;
    if (has(world, FAULT_LATE))
        network->late = late;
    if (has(world, FAULT_NEVER))
        network->never = never;
    if (has(world, FAULT_SLOW))
        network->latency_us = 20 * world->plan.tick_us;
}

/* ---- processes ---- */

static int crash(struct world *world)
{
    struct process *process = any_alive(world);

    if (process == NULL)
        return 0;
    process_kill(process, "crashes");
    return 1;
}

static int pause_one(struct world *world)
{
    struct process *process = any_alive(world);
    int64_t most_us = 400 * world->plan.tick_us;

    if (process == NULL)
        return 0;
    if (rng_below(&world->rng, 4) == 0)
        most_us += 100 * INT64_C(1000000);
    process->asleep_until_us =
        world->now_us + rng_below(&world->rng, (uint32_t)most_us);
    TELL(&world->story, "P%u: sleeps until %.3f s", process->number,
         (double)process->asleep_until_us / 1e6);
    return 1;
}

static int overlap(struct world *world)
{
    for (uint32_t i = 0; i < world->plan.processes; i++)
        if (world->processes[i].state == SLOT_NEW) {
            process_start(&world->processes[i]);
            return 1;
        }
    return 0;
}

static int end_one(struct world *world)
{
    struct process *process = any_alive(world);

    if (process == NULL || process->phase != KEEPER_RUNNING)
        return 0;
    process_end(process);
    return 1;
}

static int jump_clock(struct world *world)
{
    struct process *process =
        &world->processes[rng_below(&world->rng, world->plan.processes)];

    process->clock_ms = (int64_t)rng_below(&world->rng, 200000) - 100000;
    world->damage.clocks++;
    TELL(&world->story, "P%u: its clock is %lld ms ahead", process->number,
         (long long)process->clock_ms);
    return 1;
}

/* ---- the store ---- */

static int break_one(struct world *world)
{
    struct process *process = any_alive(world);

    if (process == NULL)
        return 0;
    sim_store_break(&world->store, process->number,
                    rng_below(&world->rng, (uint32_t)world->plan.tick_us * 40));
    return 1;
}

static int fill(struct world *world)
{
    world->store.network.full_until_us =
        world->now_us +
        rng_below(&world->rng, (uint32_t)world->plan.tick_us * 60);
    TELL(&world->story, "store: full until %.3f s",
         (double)world->store.network.full_until_us / 1e6);
    return 1;
}

static void save(struct world *world)
{
    struct sim_store *store = &world->store;
    struct sim_save *save;

    if (store->saves_count == SAVES_MAX)
        memmove(&store->saves[0], &store->saves[1],
                --store->saves_count * sizeof *save);
    save = &store->saves[store->saves_count++];
    save->taken_ms = world->now_us / 1000;
    save->data = store->data;
    TELL(&world->story, "store: its state is saved");
}

/* Every partition that is there has been begun, and Kafka knows. */
static int is_born(const struct world *world)
{
    for (uint32_t q = 0; q < world->partitions; q++)
        if (world->log.partitions[q].committed < 0)
            return 0;
    return 1;
}

static void roll_key(struct world *world, const struct sim_save *to,
                     struct store_key key)
{
    TELL(&world->story, "store: %s is as it was at %.3f s",
         sim_store_key_name(key), (double)to->taken_ms / 1e3);
    if (key.kind == STORE_PARTITION && key.number < world->partitions &&
        to->data.shelves[key.number].manifests_count == 0)
        world->damage.is_before_birth = 1;
    if (key.kind == STORE_GROUP)
        for (uint32_t q = 0; q < world->partitions; q++)
            if (to->data.groups[key.number].marks.count <= q ||
                to->data.groups[key.number].marks.at[q] < 0)
                world->damage.is_before_birth = 1;
    data_copy_key(&world->store.data, &to->data, key);
}

static void roll_keys(struct world *world, const struct sim_save *to)
{
    uint32_t all = world->plan.groups + world->partitions;
    uint32_t one = rng_below(&world->rng, all);

    for (uint32_t i = 0; i < all; i++) {
        struct store_key key = {STORE_GROUP, i};

        if (i >= world->plan.groups)
            key = (struct store_key){STORE_PARTITION, i - world->plan.groups};
        if (world->plan.is_one_node || i == one)
            roll_key(world, to, key);
    }
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        world->store.stirred[i]++;
}

/* Half of the time nobody sees it; sometimes all go down with the store. */
static void show_roll(struct world *world)
{
    uint32_t how = rng_below(&world->rng, 8);

    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        struct process *process = &world->processes[i];

        if (process->state != SLOT_ALIVE || how >= 4)
            continue;
        if (how == 0)
            process_kill(process, "goes down with the store");
        else
            sim_store_break(
                &world->store, i,
                rng_below(&world->rng, (uint32_t)world->plan.tick_us * 10));
    }
}

/* Half of the strikes save what the others go back to. */
static int roll(struct world *world)
{
    struct sim_store *store = &world->store;
    const struct sim_save *to;
    int64_t age_ms;

    if (!is_born(world) || world->damage.anew > 0)
        return 0;
    if (store->saves_count == 0 || rng_below(&world->rng, 2) == 0) {
        save(world);
        return 1;
    }
    to = &store->saves[rng_below(&world->rng, store->saves_count)];
    age_ms = world->now_us / 1000 - to->taken_ms;
    if (world->plan.is_one_roll &&
        (world->damage.rolls > 0 || age_ms > MINUTE_MS))
        return 0;
    world->damage.rolls++;
    if (age_ms > world->damage.roll_age_ms)
        world->damage.roll_age_ms = age_ms;
    roll_keys(world, to);
    show_roll(world);
    return 1;
}

static int wipe(struct world *world)
{
    static struct sim_save nothing;

    if (!is_born(world) || world->damage.anew > 0)
        return 0;
    for (uint32_t g = 0; g < SIM_GROUPS; g++)
        nothing.data.groups[g].time_ms = -1;
    world->damage.wipes++;
    roll_keys(world, &nothing);
    show_roll(world);
    return 1;
}

/* ---- the topic ---- */

static void stir_all(struct world *world)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        world->store.stirred[i]++;
}

/* Old records go: those that no standing snapshot needs. */
static int trim(struct world *world)
{
    uint32_t q = rng_below(&world->rng, world->partitions);
    const struct sim_shelf *shelf = &world->store.data.shelves[q];
    struct sim_partition *partition = &world->log.partitions[q];
    int64_t low;

    if (shelf->manifests_count == 0 ||
        world->damage.rolls + world->damage.wipes > 0)
        return 0;
    low = shelf->manifests[shelf->manifests_count - 1].offset;
    if (low <= partition->oldest)
        return 0;
    partition->oldest +=
        1 + rng_below(&world->rng, (uint32_t)(low - partition->oldest));
    stir_all(world);
    TELL(&world->story, "Kafka: p%u begins at %lld now", q,
         (long long)partition->oldest);
    return 1;
}

static int trim_hard(struct world *world)
{
    uint32_t q = rng_below(&world->rng, world->partitions);
    struct sim_partition *partition = &world->log.partitions[q];
    int64_t end = sim_log_end(partition);

    if (end <= partition->oldest)
        return 0;
    partition->oldest +=
        1 + rng_below(&world->rng, (uint32_t)(end - partition->oldest));
    if (world->store.born[q] >= 0 || !is_born(world))
        world->damage.hard_trims++;
    stir_all(world);
    TELL(&world->story, "Kafka: p%u begins at %lld now, whoever needs more", q,
         (long long)partition->oldest);
    return 1;
}

static int grow(struct world *world)
{
    if (world->partitions == world->log.count)
        return 0;
    world->partitions++;
    TELL(&world->story, "Kafka: p%u is added", world->partitions - 1);
    return 1;
}

/* The topic is made anew, and what it had is gone: fewer records than some
 * group has counted. Who reads it ends, and nobody can go on. */
static int make_anew(struct world *world)
{
    uint32_t q = rng_below(&world->rng, world->partitions);
    struct sim_partition *partition = &world->log.partitions[q];
    uint32_t before = partition->visible;

    partition->visible = 3;
    if (!is_born(world) || before < 10 ||
        judge_highest_mark(world, q) <= sim_log_end(partition)) {
        partition->visible = before;
        return 0;
    }
    partition->is_anew = 1;
    partition->oldest = partition->base;
    world->damage.anew++;
    stir_all(world);
    TELL(&world->story, "Kafka: p%u is made anew", q);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (world->processes[i].state == SLOT_ALIVE)
            process_kill(&world->processes[i], "stops: the topic is gone");
    return 1;
}

/* Everybody stands still. */
static int leap(struct world *world)
{
    int64_t us = 1000000 + (int64_t)rng_below(&world->rng, 90000000);

    TELL(&world->story, "all: %.3f s pass", (double)us / 1e6);
    world_pass(world, us);
    return 1;
}

/* Memory is short: some of the rows lose their pairs, also while they are being
 * loaded. */
static int shed_some(struct world *world)
{
    struct process *process = any_alive(world);
    struct shed shed = {.phase = SHED_RESTING};
    uint64_t wanted = 1 + rng_below(&world->rng, 3000);

    if (process == NULL || process->engine == NULL)
        return 0;
    shed_begin(&shed, engine_groups(process->engine), wanted);
    while (shed_work(&shed, engine_groups(process->engine), 100))
        ;
    TELL(&world->story, "P%u: sheds %llu bytes of %llu", process->number,
         (unsigned long long)shed.freed, (unsigned long long)wanted);
    return !shed.is_bare;
}

static int nothing(struct world *world)
{
    (void)world;
    return 0;
}

void faults_strike(struct world *world)
{
    static int (*const strikes[FAULT_COUNT])(struct world *) = {
        [FAULT_CRASH] = crash,      [FAULT_PAUSE] = pause_one,
        [FAULT_OVERLAP] = overlap,  [FAULT_ORDERLY] = end_one,
        [FAULT_FULL] = fill,        [FAULT_BREAK] = break_one,
        [FAULT_ROLL] = roll,        [FAULT_WIPE] = wipe,
        [FAULT_TRIM] = trim,        [FAULT_TRIM_HARD] = trim_hard,
        [FAULT_GROW] = grow,        [FAULT_ANEW] = make_anew,
        [FAULT_CLOCK] = jump_clock, [FAULT_LEAP] = leap,
        [FAULT_SHED] = shed_some,
    };
    uint32_t fault = rng_below(&world->rng, FAULT_COUNT);

    if (!has(world, fault) || world->plan.budget == 0)
        return;
    if ((strikes[fault] == NULL ? nothing : strikes[fault])(world)) {
        world->plan.budget--;
        world->faults_done[fault]++;
    }
}
