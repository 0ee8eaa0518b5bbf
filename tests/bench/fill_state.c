/* fill_state: writes the durable state of a million rows into Redis, by the
 * keeper itself, as if terkait had counted them from a topic of which nothing
 * is there yet.
 *
 *     fill_state items=1000000 cells=50 age_days=0 set:redis.url=... ...
 *
 * Prints how large it is; the caller knows Redis's memory. */
#include "bench_rows.h"

#include "clock.h"
#include "keeper.h"
#include "service.h"
#include "source_kafka.h"
#include "store_redis.h"

enum { PUMP_MS = 2, GIVE_UP_US = 120000000, PARTITIONS_MAX = 64 };

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct filler {
    const struct config *config;
    struct source source;
    struct source_kafka_survey survey;
    struct store store;
    struct store_redis *store_redis;
    struct engine *engine;
    struct keeper *keeper;
    struct strbuf fingerprint;
    int64_t committed[PARTITIONS_MAX]; /* nobody else looks at them */
    int64_t until_us;
};

static void fail(const char *reason)
{
    fprintf(stderr, "fill_state: %s\n", reason);
    exit(1);
}

static void commit(void *self, uint32_t partition, int64_t offset)
{
    ((struct filler *)self)->committed[partition] = offset;
}

static int64_t committed(void *self, uint32_t partition)
{
    return ((struct filler *)self)->committed[partition];
}

static void pump(struct filler *filler)
{
    struct record none;
    struct err err = ERR_NONE;

    if (clock_mono_us() > filler->until_us)
        fail("no end after two minutes");
    if (filler->source.poll(filler->source.self, &none, 1, PUMP_MS, &err) < 0)
        fail(err.text);
    filler->store.pump(filler->store.self, clock_mono_us());
}

static void open_filler(struct filler *filler, const struct config *config)
{
    const struct source_kafka_rules rules = {
        .brokers = config->kafka.brokers,
        .topic = config->kafka.topic,
        .group = config->kafka.group,
        .future_ms = config->engine.session.future_ms};
    struct err err = ERR_NONE;

    *filler = (struct filler){.config = config,
                              .engine = engine_new(&config->engine)};
    filler->until_us = clock_mono_us() + GIVE_UP_US;
    if (source_kafka_open(&filler->source, &rules, &err) < 0 ||
        store_redis_open(&filler->store_redis, &filler->store,
                         config->redis.url, config->redis.prefix, &err) < 0)
        fail(err.text);
    while (!filler->store.is_ready(filler->store.self) ||
           !source_kafka_survey(&filler->source, &filler->survey))
        pump(filler);
}

static void work(struct filler *filler)
{
    enum keeper_phase phase =
        keeper_work(filler->keeper, clock_mono_us(), clock_wall_ms());

    if (clock_mono_us() > filler->until_us)
        fail("the keeper is not done after two minutes");
    if (phase != KEEPER_STARTING && phase != KEEPER_RUNNING)
        fail(keeper_reason(filler->keeper));
    filler->store.pump(filler->store.self, clock_mono_us());
}

static void start(struct filler *filler)
{
    const struct keeper_commits commits = {filler, commit, committed};
    struct keeper_partition *partitions =
        mem_new(filler->survey.count, sizeof *partitions);
    const struct keeper_log log = {filler->survey.count, partitions};
    struct keeper_rules rules = {
        .groups_count = filler->config->engine.groups_count,
        .interval_ms = filler->config->state.checkpoint_interval_ms,
        .owner = 1,
        .who = "fill_state",
    };

    if (log.count > PARTITIONS_MAX)
        fail("too many partitions");
    for (uint32_t i = 0; i < log.count; i++) {
        partitions[i] = (struct keeper_partition){filler->survey.at[i].oldest,
                                                  filler->survey.at[i].end, -1};
        filler->committed[i] = -1;
    }
    service_fingerprint(&filler->fingerprint, filler->config,
                        filler->survey.cluster,
                        source_kafka_isolation(&filler->source));
    rules.fingerprint = filler->fingerprint.bytes;
    filler->keeper =
        keeper_new(&rules, filler->engine, &filler->store, &commits, &log);
    free(partitions);
    while (!keeper_is_running(filler->keeper))
        work(filler);
}

static void keep(struct filler *filler)
{
    filler->until_us = clock_mono_us() + GIVE_UP_US;
    keeper_end(filler->keeper);
    while (!keeper_is_clean(filler->keeper))
        work(filler);
}

int main(int argc, char **argv)
{
    struct config *config = bench_config(argc, argv);
    uint32_t items = bench_count(argc, argv, "items", 1000000);
    uint32_t cells = bench_count(argc, argv, "cells", 50);
    uint32_t length = 0;
    int64_t now_ms =
        clock_wall_ms() - bench_count(argc, argv, "age_days", 0) * DAY_MS;
    struct filler filler;
    struct bench_rows rows;

    open_filler(&filler, config);
    start(&filler);
    engine_set_time(filler.engine, now_ms - 8 * DAY_MS);
    bench_rows_init(&rows, filler.engine, items, now_ms);
    for (uint32_t i = 0; i < cells; i++)
        bench_rows_round(&rows, i, cells);
    engine_set_time(filler.engine, now_ms);
    bench_rows_look(&rows);
    keep(&filler);
    for (uint32_t i = 0; i < items; i++)
        length +=
            intern_id(engine_items(filler.engine), rows.numbers[i]).length;
    printf("{\"rows\": %.0f, \"live\": %.0f, \"id_bytes\": %u}\n",
           (double)groups_rows(engine_groups(filler.engine)),
           bench_rows_live(&rows), length);
    fflush(stdout);
    _exit(0); /* the store and the source have nothing to say any more */
}
