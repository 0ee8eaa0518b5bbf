/* bench_keeper: what durability costs beside counting: an engine that takes
 * decoded events at a steady rate of the clock, and a keeper whose store keeps
 * nothing and answers at the next turn.
 *
 *     bench_keeper items=100000 events=3000000 rate=100000 speed=1
 *
 * `rate`: events a second of the clock; `speed`: how much faster event time
 * goes than the clock. */
#include "bench.h"
#include "bench_events.h"
#include "engine.h"
#include "keeper.h"
#include "mem.h"

#include <inttypes.h>

enum { TURN = 2000, ANSWERS_MAX = 65536 };

struct waiting {
    store_done *done;
    void *context;
    struct store_head head;
};

struct run {
    struct engine *engine;
    struct keeper *keeper;
    struct bench_events events;
    int64_t offsets[BENCH_PARTITIONS];
    int64_t commits[BENCH_PARTITIONS];
    struct waiting waiting[ANSWERS_MAX];
    uint32_t waiting_count;
    uint64_t taken;
    uint64_t chunk_bytes;
    int64_t keeper_us, keeper_max_us, engine_us;
};

static struct run run;
static struct store_token token_taken;

/* ---- a store that keeps nothing ---- */

static void answer_later(store_done *done, void *context,
                         struct store_token token)
{
    ASSERT(run.waiting_count < ANSWERS_MAX);
    run.waiting[run.waiting_count++] =
        (struct waiting){done, context, {.token = token, .time_ms = -1}};
}

static void pump(void *self, int64_t now_us)
{
    static struct waiting due[ANSWERS_MAX];
    uint32_t count = run.waiting_count;

    (void)self, (void)now_us;
    memcpy(due, run.waiting, count * sizeof *due);
    run.waiting_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct store_answer answer = {.outcome = STORE_DONE,
                                      .head = due[i].head};

        due[i].done(due[i].context, &answer);
    }
}

static int is_ready(void *self)
{
    (void)self;
    return 1;
}

static uint64_t generation(void *self)
{
    (void)self;
    return 1;
}

static void look(void *self, struct store_key key, store_done *done,
                 void *context)
{
    (void)self, (void)key;
    answer_later(done, context, token_taken);
}

static void take(void *self, struct store_key key, struct store_token token,
                 struct text who, store_done *done, void *context)
{
    (void)self, (void)key, (void)who;
    token_taken = token;
    answer_later(done, context, token);
}

static void load(void *self, uint32_t group, store_done *done, void *context)
{
    (void)self, (void)group;
    answer_later(done, context, (struct store_token){0, 0});
}

static void checkpoint(void *self, uint32_t group,
                       const struct store_checkpoint *what, store_done *done,
                       void *context)
{
    (void)self, (void)group;
    answer_later(done, context, what->token);
}

static void manifests(void *self, uint32_t partition, store_done *done,
                      void *context)
{
    (void)self, (void)partition;
    answer_later(done, context, (struct store_token){0, 0});
}

static void stage(void *self, uint32_t partition, struct store_token token,
                  struct text name, struct text body, store_done *done,
                  void *context)
{
    (void)self, (void)partition, (void)name;
    run.chunk_bytes += body.length;
    answer_later(done, context, token);
}

static void snapshot(void *self, uint32_t partition,
                     const struct store_snapshot *what, store_done *done,
                     void *context)
{
    (void)self, (void)partition;
    answer_later(done, context, what->token);
}

static void commit(void *self, uint32_t partition, int64_t offset)
{
    (void)self;
    run.commits[partition] = offset;
}

static int64_t committed(void *self, uint32_t partition)
{
    (void)self;
    return run.commits[partition];
}

static const struct store store = {
    .pump = pump,
    .is_ready = is_ready,
    .generation = generation,
    .look = look,
    .take = take,
    .load = load,
    .checkpoint = checkpoint,
    .manifests = manifests,
    .stage = stage,
    .snapshot = snapshot,
};

static const struct keeper_commits commits = {NULL, commit, committed};

static void open_keeper(const struct config *config)
{
    static struct keeper_partition partitions[BENCH_PARTITIONS];
    const struct keeper_log log = {BENCH_PARTITIONS, partitions};
    const struct keeper_rules rules = {
        .groups_count = config->engine.groups_count,
        .interval_ms = config->state.checkpoint_interval_ms,
        .owner = 1,
        .who = "bench",
        .fingerprint = "none=1\n",
        .is_new = 1,
    };

    for (int i = 0; i < BENCH_PARTITIONS; i++)
        partitions[i].committed = run.commits[i] = -1;
    run.keeper = keeper_new(&rules, run.engine, &store, &commits, &log);
    while (!keeper_is_running(run.keeper))
        ASSERT(keeper_work(run.keeper, 1, 1) <= KEEPER_RUNNING);
}

/* ---- a turn ---- */

static uint32_t take_batch(struct event *events)
{
    struct record records[ENGINE_BATCH];
    enum event_verdict verdicts[ENGINE_BATCH];
    struct engine_batch batch = {events, records, verdicts, 0};

    while (batch.count < ENGINE_BATCH &&
           bench_events_next(&run.events, &events[batch.count])) {
        uint32_t i = batch.count++, partition = bench_partition(&events[i]);

        verdicts[i] = EVENT_ACCEPTED;
        records[i] = (struct record){
            .stamp_ms = EVENT_NO_STAMP,
            .now_ms = events[i].ts_ms,
            .partition = partition,
            .offset = run.offsets[partition]++,
        };
    }
    engine_take_events(run.engine, &batch);
    run.taken += batch.count;
    return batch.count;
}

static int take_turn(void)
{
    static struct event events[ENGINE_BATCH];
    int64_t begun_us = bench_cpu_us();
    uint32_t item, pairs, count = ENGINE_BATCH;

    for (int i = 0; i < TURN && count == ENGINE_BATCH; i += ENGINE_BATCH)
        count = take_batch(events);
    while (groups_next_touched(engine_groups(run.engine), &item, &pairs))
        ;
    run.engine_us += bench_cpu_us() - begun_us;
    return count == ENGINE_BATCH;
}

static void keep(double rate)
{
    int64_t now_us = (int64_t)((double)run.taken * 1e6 / rate) + 1;
    int64_t begun_us = bench_cpu_us(), took_us;

    keeper_work(run.keeper, now_us, 1);
    took_us = bench_cpu_us() - begun_us;
    run.keeper_us += took_us;
    if (took_us > run.keeper_max_us)
        run.keeper_max_us = took_us;
}

static void tell(double rate)
{
    double events = (double)run.taken;
    const struct keeper_stats *stats =
        keeper_stats(run.keeper, (int64_t)(events * 1e6 / rate));
    const struct groups *groups = engine_groups(run.engine);

    printf("{\"events\": %" PRIu64 ", \"engine_ns_per_event\": %.0f, "
           "\"keeper_ns_per_event\": %.0f, \"longest_turn_ms\": %.2f, "
           "\"bytes_per_event\": %.1f, \"chunk_bytes_per_event\": %.1f, "
           "\"checkpoints\": %" PRIu64 ", \"bases\": %" PRIu64
           ", \"snapshots\": %" PRIu64
           ", \"oldest_s\": %.1f, \"rows\": %" PRIu64 ", \"live\": %" PRIu64
           "}\n",
           run.taken, (double)run.engine_us * 1000 / events,
           (double)run.keeper_us * 1000 / events,
           (double)run.keeper_max_us / 1000, (double)stats->bytes / events,
           (double)run.chunk_bytes / events, stats->checkpoints, stats->bases,
           stats->snapshots, (double)stats->oldest_us / 1e6,
           groups_rows(groups), groups_stats(groups)->live);
}

int main(int argc, char **argv)
{
    struct config *config = bench_config(argc, argv);
    double rate = bench_real(argc, argv, "rate", 100000);
    const struct bench_rules rules = {
        .events = bench_count(argc, argv, "events", 3000000),
        .items = bench_count(argc, argv, "items", 100000),
        .visit = bench_count(argc, argv, "visit", 0),
        .zipf = bench_real(argc, argv, "zipf", 0.9),
        .rate = rate / bench_real(argc, argv, "speed", 1),
    };

    run.engine = engine_new(&config->engine);
    run.events = bench_events_make(&rules);
    open_keeper(config);
    while (take_turn())
        keep(rate);
    tell(rate);
    keeper_free(run.keeper);
    engine_free(run.engine);
    strbuf_deinit(&run.events.buffer);
    config_free(config);
    return 0;
}
