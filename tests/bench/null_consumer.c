/* null_consumer: reads a topic to its end and throws every record away, with
 * the settings and the calls of source_kafka: how fast terkait could be if it
 * did nothing.
 *
 *     null_consumer brokers=HOST:PORT topic=NAME partitions=N */
#include "bench.h"

#include "clock.h"
#include "kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <inttypes.h>

enum { BATCH = 2000, WAIT_MS = 5, GIVE_UP_US = 30000000 };

struct reader {
    rd_kafka_t *kafka;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *batch[BATCH];
    uint64_t records, bytes;
    uint32_t at_end; /* partitions */
    int64_t first_us, last_us;
};

static void fail(const char *reason)
{
    fprintf(stderr, "null_consumer: %s\n", reason);
    exit(1);
}

static void open_reader(struct reader *reader, const char *brokers)
{
    const struct source_kafka_rules rules = {.brokers = brokers,
                                             .group = "null"};
    struct err err = ERR_NONE;
    rd_kafka_conf_t *conf;
    char reason[256];

    if (kafka_client_configure(&conf, &rules, &err) < 0)
        fail(err.text);
    reader->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, 256);
    if (reader->kafka == NULL)
        fail(reason);
    rd_kafka_set_log_queue(reader->kafka, NULL);
    rd_kafka_poll_set_consumer(reader->kafka);
    reader->queue = rd_kafka_queue_get_consumer(reader->kafka);
}

static void assign(struct reader *reader, const char *topic, uint32_t count)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)count);

    for (uint32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, (int32_t)i)->offset = 0;
    if (rd_kafka_assign(reader->kafka, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("the partitions cannot be assigned");
    rd_kafka_topic_partition_list_destroy(list);
}

static size_t fetch(struct reader *reader, size_t at, size_t max, int wait_ms)
{
    ssize_t got = rd_kafka_consume_batch_queue(reader->queue, wait_ms,
                                               reader->batch + at, max);

    return got > 0 ? (size_t)got : 0;
}

/* As source_kafka does. */
static size_t fill(struct reader *reader)
{
    size_t count = fetch(reader, 0, BATCH, 0);

    if (count == 0 && fetch(reader, 0, 1, WAIT_MS) > 0)
        count = 1 + fetch(reader, 1, BATCH - 1, 0);
    return count;
}

static void take(struct reader *reader, const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        reader->at_end++;
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(rd_kafka_message_errstr(message));
    } else {
        reader->records++;
        reader->bytes += message->len;
    }
}

static void read_all(struct reader *reader, uint32_t partitions)
{
    reader->last_us = clock_mono_us();
    while (reader->at_end < partitions) {
        size_t count = fill(reader);
        int64_t now_us = clock_mono_us();

        if (count > 0)
            reader->last_us = now_us;
        else if (now_us - reader->last_us > GIVE_UP_US)
            fail("nothing came for 30 s");
        for (size_t i = 0; i < count; i++) {
            take(reader, reader->batch[i]);
            rd_kafka_message_destroy(reader->batch[i]);
        }
        if (reader->first_us == 0 && reader->records > 0)
            reader->first_us = now_us;
    }
}

int main(int argc, char **argv)
{
    struct reader reader = {0};
    uint32_t partitions = bench_count(argc, argv, "partitions", 4);
    double seconds;
    int64_t cpu_us;

    open_reader(&reader, bench_text(argc, argv, "brokers", "127.0.0.1:9092"));
    cpu_us = bench_process_cpu_us();
    assign(&reader, bench_text(argc, argv, "topic", "events"), partitions);
    read_all(&reader, partitions);
    cpu_us = bench_process_cpu_us() - cpu_us;
    seconds = (double)(reader.last_us - reader.first_us) / 1e6;
    printf("{\"records\": %" PRIu64 ", \"bytes\": %" PRIu64
           ", \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
           reader.records, reader.bytes, seconds, (double)cpu_us / 1e6);
    rd_kafka_queue_destroy(reader.queue);
    return kafka_client_destroy(reader.kafka) ? 0 : 1;
}
