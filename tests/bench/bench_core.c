/* bench_core: sessions, counting and windows in one thread, from decoded
 * events in memory; no decoding, no lists.
 *
 *     bench_core items=100000 events=3000000 visit=0 zipf=0.9 rate=500
 *                [set:windows=24h ...]
 *
 * What was touched is drained, as a publisher would, and not looked at. */
#include "bench.h"
#include "bench_events.h"

#include <inttypes.h>

enum { TURN = 2000 };

struct run {
    struct engine *engine;
    struct bench_events events;
    int64_t offsets[BENCH_PARTITIONS];
    uint64_t taken;
    uint64_t touched;
};

static void drain(struct run *run)
{
    uint32_t item, pairs;

    while (groups_next_touched(engine_groups(run->engine), &item, &pairs))
        run->touched++;
}

/* Up to a batch of events; how many there were. */
static uint32_t take_batch(struct run *run, struct event *events)
{
    struct record records[ENGINE_BATCH];
    enum event_verdict verdicts[ENGINE_BATCH];
    struct engine_batch batch = {events, records, verdicts, 0};
    uint32_t count = 0;

    while (count < ENGINE_BATCH &&
           bench_events_next(&run->events, &events[count])) {
        uint32_t partition = bench_partition(&events[count]);

        verdicts[count] = EVENT_ACCEPTED;
        records[count] = (struct record){
            .stamp_ms = EVENT_NO_STAMP,
            .now_ms = events[count].ts_ms,
            .partition = partition,
            .offset = run->offsets[partition]++,
        };
        count++;
    }
    batch.count = count;
    engine_take_events(run->engine, &batch);
    for (uint32_t i = 0; i < count; i++)
        ASSERT(verdicts[i] == EVENT_ACCEPTED);
    return count;
}

/* So many events; 0 when there are no more. */
static int take_turn(struct run *run, struct event *events)
{
    for (int i = 0; i < TURN; i += ENGINE_BATCH) {
        uint32_t count = take_batch(run, events);

        run->taken += count;
        if (count < ENGINE_BATCH)
            return 0;
    }
    drain(run);
    return 1;
}

static double seconds_of(int64_t us)
{
    return (double)us / 1e6;
}

static void tell(const struct run *run, int64_t cpu_us, int64_t half_us)
{
    const struct engine_stats *stats = engine_stats(run->engine);
    const struct groups *groups = engine_groups(run->engine);
    double seconds = seconds_of(cpu_us), events = (double)run->taken;

    printf("{\"events\": %" PRIu64 ", \"cpu_seconds\": %.6f, "
           "\"events_per_s\": %.0f, \"events_per_s_second_half\": %.0f, "
           "\"pair_updates_per_s\": %.0f, \"pair_updates_per_event\": %.3f, "
           "\"ns_per_event\": %.1f, \"ns_per_pair_update\": %.1f, "
           "\"rows\": %" PRIu64 ", \"live\": %" PRIu64
           ", \"engine_bytes\": %" PRIu64 ", \"touched\": %" PRIu64 "}\n",
           run->taken, seconds, events / seconds,
           events / 2 / seconds_of(cpu_us - half_us),
           (double)stats->pair_updates / seconds,
           (double)stats->pair_updates / events, seconds * 1e9 / events,
           seconds * 1e9 / (double)stats->pair_updates, groups_rows(groups),
           groups_stats(groups)->live, engine_bytes(run->engine), run->touched);
}

int main(int argc, char **argv)
{
    struct config *config = bench_config(argc, argv);
    const struct bench_rules rules = {
        .events = bench_count(argc, argv, "events", 3000000),
        .items = bench_count(argc, argv, "items", 100000),
        .visit = bench_count(argc, argv, "visit", 0),
        .zipf = bench_real(argc, argv, "zipf", 0.9),
        .rate = bench_real(argc, argv, "rate", 500),
    };
    struct run run = {.engine = engine_new(&config->engine),
                      .events = bench_events_make(&rules)};
    static struct event events[ENGINE_BATCH];
    int64_t begun_us = bench_cpu_us(), half_us = 0;

    while (take_turn(&run, events))
        if (half_us == 0 && run.taken >= rules.events / 2)
            half_us = bench_cpu_us() - begun_us;
    tell(&run, bench_cpu_us() - begun_us, half_us);
    engine_free(run.engine);
    strbuf_deinit(&run.events.buffer);
    config_free(config);
    return 0;
}
