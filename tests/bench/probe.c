/* probe: how long it takes from an event to what it changes in Redis, while
 * terkait has other things to do.
 *
 *     probe brokers=HOST:PORT topic=NAME port=REDIS prefix=terkait:
 *           kind=pair|sweep probes=200 every_ms=50 wait_ms=30000
 *
 * Each probe has items and visitors of its own. Kind `pair`: one visitor looks
 * at both items beforehand, a second one at the first; then, by the clock, at
 * the other: the first item's list comes to be. Kind `sweep`: two visitors look
 * at both beforehand; then a third one at the second item only, which lowers
 * its score in the first one's list: only the sweep finds that out. A reader
 * polls the first item's list. */
#include "bench.h"

#include "clock.h"
#include "mem.h"
#include "strbuf.h"

#include <hiredis/hiredis.h>
#include <librdkafka/rdkafka.h>

enum { FLUSH_MS = 10000, BEFORE_MS = 8000, PAIR_POLL_US = 500 };

struct probe {
    char first[48], second[48]; /* items */
    char key[128];
    char *before;    /* what stood there at the click; NULL: nothing */
    int64_t sent_us; /* 0: not yet */
    int64_t seen_us; /* 0: not yet */
};

struct prober {
    rd_kafka_t *kafka;
    const char *topic;
    redisContext *redis;
    struct probe *probes;
    uint32_t count;
    int is_sweep;
};

static void fail(const char *reason)
{
    fprintf(stderr, "probe: %s\n", reason);
    exit(1);
}

static rd_kafka_t *open_producer(const char *brokers)
{
    const char *const set[][2] = {{"bootstrap.servers", brokers},
                                  {"linger.ms", "0"},
                                  {"socket.nagle.disable", "true"},
                                  {"partitioner", "murmur2_random"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *kafka;
    char reason[256];

    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        if (rd_kafka_conf_set(conf, set[i][0], set[i][1], reason, 256) !=
            RD_KAFKA_CONF_OK)
            fail(reason);
    kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, 256);
    if (kafka == NULL)
        fail(reason);
    return kafka;
}

/* The visitor's time is the record's own. */
static void view(struct prober *prober, char role, uint32_t number,
                 const char *item)
{
    char visitor[48], value[256];
    int key_length = snprintf(visitor, sizeof visitor, "tamu-%c-%d-%u", role,
                              (int)getpid(), number);
    int length =
        snprintf(value, sizeof value,
                 "{\"type\":\"page_view\",\"visitor\":\"%s\",\"item\":\"%s\"}",
                 visitor, item);

    if (rd_kafka_producev(prober->kafka, RD_KAFKA_V_TOPIC(prober->topic),
                          RD_KAFKA_V_KEY(visitor, (size_t)key_length),
                          RD_KAFKA_V_VALUE(value, (size_t)length),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_END) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("an event cannot be sent");
    rd_kafka_poll(prober->kafka, 0);
}

static void name_probe(struct probe *probe, uint32_t number, const char *prefix)
{
    snprintf(probe->first, sizeof probe->first, "uji-%d-%u-a", (int)getpid(),
             number);
    snprintf(probe->second, sizeof probe->second, "uji-%d-%u-b", (int)getpid(),
             number);
    snprintf(probe->key, sizeof probe->key, "%srelated:{%s}:also_viewed:24h",
             prefix, probe->first);
}

static void prepare(struct prober *prober)
{
    for (uint32_t i = 0; i < prober->count; i++) {
        const struct probe *probe = &prober->probes[i];

        view(prober, 'u', i, probe->first);
        view(prober, 'u', i, probe->second);
        view(prober, 'v', i, probe->first);
        if (prober->is_sweep)
            view(prober, 'v', i, probe->second);
    }
    if (rd_kafka_flush(prober->kafka, FLUSH_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("the brokers do not take the first events");
}

static void click(struct prober *prober, uint32_t number)
{
    struct probe *probe = &prober->probes[number];

    probe->sent_us = clock_mono_us();
    view(prober, prober->is_sweep ? 'w' : 'v', number, probe->second);
}

/* ---- the reader ---- */

/* A list without the time it is of. */
static const char *body_of(const char *list)
{
    const char *body = list == NULL ? NULL : strstr(list, "\"support\"");

    return body == NULL ? "" : body;
}

static void take_list(struct probe *probe, const char *list, int64_t now_us)
{
    if (list == NULL)
        return;
    if (probe->sent_us == 0) {
        free(probe->before);
        probe->before = mem_dup_text(list);
    } else if (strcmp(body_of(list), body_of(probe->before)) != 0) {
        probe->seen_us = now_us;
    }
}

/* Reads the lists of all that is under way (or of all); returns how many are
 * still to be seen. */
static uint32_t look(struct prober *prober, int is_all)
{
    uint32_t asked = 0, left = 0;

    for (uint32_t i = 0; i < prober->count; i++) {
        const struct probe *probe = &prober->probes[i];

        left += probe->seen_us == 0;
        if (probe->seen_us == 0 && (is_all || probe->sent_us != 0) &&
            redisAppendCommand(prober->redis, "GET %s", probe->key) == REDIS_OK)
            asked++;
    }
    for (uint32_t i = 0; asked > 0 && i < prober->count; i++) {
        struct probe *probe = &prober->probes[i];
        void *answer = NULL;

        if (probe->seen_us != 0 || (!is_all && probe->sent_us == 0))
            continue;
        if (redisGetReply(prober->redis, &answer) != REDIS_OK)
            fail("Redis went away");
        take_list(probe, ((redisReply *)answer)->str, clock_mono_us());
        freeReplyObject(answer);
    }
    return left;
}

static void sleep_us(int64_t us)
{
    struct timespec wait = {us / 1000000, us % 1000000 * 1000};

    nanosleep(&wait, NULL);
}

static void run(struct prober *prober, int64_t every_us, int64_t wait_us)
{
    int64_t begun_us = clock_mono_us(), until_us;
    int64_t poll_us = prober->is_sweep ? 20000 : PAIR_POLL_US;
    uint32_t sent = 0;

    until_us = begun_us + prober->count * every_us + wait_us;
    while (look(prober, 0) > 0 && clock_mono_us() < until_us) {
        while (sent < prober->count &&
               clock_mono_us() >= begun_us + sent * every_us)
            click(prober, sent++);
        rd_kafka_poll(prober->kafka, 0);
        sleep_us(poll_us);
    }
}

/* What was never seen is -1. */
static void tell(const struct prober *prober)
{
    printf("{\"ms\": [");
    for (uint32_t i = 0; i < prober->count; i++) {
        const struct probe *probe = &prober->probes[i];

        printf("%s%.3f", i > 0 ? ", " : "",
               probe->seen_us == 0
                   ? -1.0
                   : (double)(probe->seen_us - probe->sent_us) / 1000);
    }
    printf("]}\n");
}

int main(int argc, char **argv)
{
    struct prober prober = {
        .kafka =
            open_producer(bench_text(argc, argv, "brokers", "127.0.0.1:9092")),
        .topic = bench_text(argc, argv, "topic", "events"),
        .redis = redisConnect("127.0.0.1",
                              (int)bench_count(argc, argv, "port", 6379)),
        .count = bench_count(argc, argv, "probes", 200),
        .is_sweep =
            strcmp(bench_text(argc, argv, "kind", "pair"), "sweep") == 0,
    };

    if (prober.redis == NULL || prober.redis->err != 0)
        fail("Redis does not answer");
    prober.probes = mem_new(prober.count, sizeof *prober.probes);
    for (uint32_t i = 0; i < prober.count; i++)
        name_probe(&prober.probes[i], i,
                   bench_text(argc, argv, "prefix", "terkait:"));
    prepare(&prober);
    sleep_us(bench_count(argc, argv, "before_ms", BEFORE_MS) * INT64_C(1000));
    look(&prober, 1);
    run(&prober, bench_count(argc, argv, "every_ms", 50) * INT64_C(1000),
        bench_count(argc, argv, "wait_ms", 30000) * INT64_C(1000));
    tell(&prober);
    for (uint32_t i = 0; i < prober.count; i++)
        free(prober.probes[i].before);
    free(prober.probes);
    redisFree(prober.redis);
    rd_kafka_destroy(prober.kafka);
    return 0;
}
