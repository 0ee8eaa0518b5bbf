/* How long Redis is busy with the dearest scripts of store_redis, by its own
 * time of computing, on a private server: the bar is 2 ms. */
#include "../unit/private_redis.h"
#include "store_redis.h"

#include "clock.h"
#include "mem.h"

#include <inttypes.h>

enum { CHUNKS = 1000, ROUNDS = 6, BASE_BYTES = 1 << 20, LOG = 100, FEW = 20 };

static struct private_redis server;
static struct redis *control;
static struct store store;
static struct store_redis *redis;
static const struct store_token mine = {1, 2};
static char chunk_names[ROUNDS * CHUNKS][24];
static struct text names[ROUNDS * CHUNKS];
static char *body;

static int answers;
static int outcomes[4];

static void on_answer(void *context, const struct store_answer *answer)
{
    (void)context;
    answers++;
    outcomes[answer->outcome]++;
    if (answer->outcome != STORE_DONE)
        printf("%s\n", answer->problem);
}

static void await(int count)
{
    while (answers < count) {
        store.pump(store.self, clock_mono_us());
        redis_pump(control, clock_mono_us(), 0);
    }
    answers = 0;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static int64_t times_us[20000];
static size_t times;
static int64_t known_us;

/* What Redis computed since the latest look. It is all of its work for a call,
 * reading and parsing too; but other processes do not count. */
static void collect(int is_wanted)
{
    char path[64];
    int64_t ns = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)server.pid);
    file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%" SCNd64, &ns) != 1)
        exit(1);
    fclose(file);
    if (is_wanted)
        times_us[times++] = ns / 1000 - known_us;
    known_us = ns / 1000;
}

/* The median and the least are Redis's; the most is of a machine that does
 * other things too. */
static void tell(const char *what)
{
    qsort(times_us, times, sizeof *times_us, compare);
    printf("%-42s %6" PRId64 " us, least %6" PRId64 ", most %6" PRId64
           ", of %zu\n",
           what, times_us[times / 2], times_us[0], times_us[times - 1], times);
    times = 0;
}

static void stage_one(struct text name, uint32_t bytes)
{
    store.stage(store.self, 0, mine, name, (struct text){body, bytes},
                on_answer, NULL);
    await(1);
}

static void stage_all(int round)
{
    for (int i = round * CHUNKS; i < (round + 1) * CHUNKS; i++)
        stage_one(names[i], 2000);
}

static void put(int64_t offset, const struct text *chunks)
{
    struct store_snapshot what = {.token = mine,
                                  .offset = offset,
                                  .chunks = chunks,
                                  .chunks_count = CHUNKS,
                                  .body = {body, 32 * 1024},
                                  .choice = offset};

    store.snapshot(store.self, 0, &what, on_answer, NULL);
    await(1);
}

static void measure_manifests(void)
{
    collect(0);
    store.manifests(store.self, 0, on_answer, NULL);
    await(1);
    collect(1);
}

static void measure_put(int64_t offset, const struct text *chunks)
{
    collect(0);
    put(offset, chunks);
    collect(1);
}

static void bench_unchanged(int64_t *offset)
{
    stage_all(0);
    for (int i = 0; i < 8; i++)
        measure_put(++*offset, names);
    tell("snapshot, 1,000 chunks that stand");
    for (int i = 0; i < 8; i++)
        measure_manifests();
    tell("manifests, 3 of the same 1,000 chunks");
}

static void bench_few_new(int64_t *offset)
{
    static struct text mixed[CHUNKS];

    memcpy(mixed, names, sizeof mixed);
    for (int i = 1; i < 8; i++) {
        const struct text *few = names + (size_t)CHUNKS + (size_t)i * FEW;

        for (int j = 0; j < FEW; j++)
            stage_one(few[j], 2000);
        memcpy(mixed, few, FEW * sizeof *mixed);
        measure_put(++*offset, mixed);
    }
    tell("snapshot, 1,000 chunks, 20 new, 20 deleted");
}

/* All is staged again, and then what nobody names goes bit by bit. */
static void bench_all_new(int64_t *offset)
{
    static int64_t new_us[ROUNDS];

    for (int round = 2; round < ROUNDS; round++) {
        const struct text *chunks = names + (size_t)round * CHUNKS;

        stage_all(round);
        measure_put(++*offset, chunks);
        new_us[round] = times_us[--times];
        for (int i = 0; i < 8; i++)
            measure_put(++*offset, chunks);
    }
    tell("snapshot, 1,000 chunks, 250 deleted or less");
    for (int round = 2; round < ROUNDS; round++)
        times_us[times++] = new_us[round];
    tell("snapshot, 1,000 chunks, all new");
    measure_manifests();
    tell("manifests after that");
}

static void bench_stage(void)
{
    for (int i = 0; i < 20; i++) {
        collect(0);
        stage_one(names[CHUNKS + i], 128 * 1024);
        collect(1);
    }
    tell("stage, 128 KB");
}

static void put_checkpoint(uint64_t sequence, int is_base, uint32_t bytes)
{
    static const int64_t marks[64];
    struct store_checkpoint what = {
        .token = mine,
        .builds_on = {sequence > 1 ? mine.owner : 0, sequence - 1},
        .id = {mine.owner, sequence},
        .marks = {64, marks},
        .is_base = is_base,
        .body = {body, bytes},
    };

    collect(0);
    store.checkpoint(store.self, 0, &what, on_answer, NULL);
    await(1);
    collect(1);
}

static void bench_checkpoints(void)
{
    uint64_t sequence = 0;

    for (int i = 0; i < 20; i++)
        put_checkpoint(++sequence, 1, BASE_BYTES);
    tell("checkpoint, a base of 1 MB");
    for (int i = 0; i < LOG; i++)
        put_checkpoint(++sequence, 0, 10000);
    tell("checkpoint, a delta of 10,000 bytes");
    for (int i = 0; i < 20; i++) {
        collect(0);
        store.load(store.self, 0, on_answer, NULL);
        await(1);
        collect(1);
    }
    tell("load, 1 MB and 100 deltas");
    for (int i = 0; i < 20; i++) {
        collect(0);
        store.look(store.self, (struct store_key){STORE_GROUP, 0}, on_answer,
                   NULL);
        await(1);
        collect(1);
    }
    tell("look");
    put_checkpoint(++sequence, 1, BASE_BYTES);
    tell("checkpoint, a base that ends 100 deltas");
}

int main(void)
{
    struct err err = ERR_NONE;
    int64_t offset = 0;

    if (private_redis_start(&server, "--appendonly", "no") != 0) {
        printf("no redis-server here: skipped\n");
        return 0;
    }
    body = mem_new(1, BASE_BYTES);
    for (int i = 0; i < ROUNDS * CHUNKS; i++) {
        int length = snprintf(chunk_names[i], sizeof chunk_names[i],
                              "00112233445566-%07d", i);

        names[i] = (struct text){chunk_names[i], (uint32_t)length};
    }
    if (redis_open(&control, server.url, "control", &err) != 0 ||
        store_redis_open(&redis, &store, server.url, "bench:", &err) != 0)
        return 1;
    while (!store.is_ready(store.self))
        store.pump(store.self, clock_mono_us());
    store.take(store.self, (struct store_key){STORE_PARTITION, 0}, mine,
               (struct text){"", 0}, on_answer, NULL);
    store.take(store.self, (struct store_key){STORE_GROUP, 0}, mine,
               (struct text){"", 0}, on_answer, NULL);
    await(2);
    collect(0);
    bench_unchanged(&offset);
    bench_few_new(&offset);
    bench_all_new(&offset);
    bench_stage();
    bench_checkpoints();
    store_redis_close(redis);
    redis_close(control);
    private_redis_end(&server);
    free(body);
    return outcomes[STORE_DONE] > 0 && outcomes[STORE_UNKNOWN] == 0 ? 0 : 1;
}
