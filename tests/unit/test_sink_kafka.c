/* Against librdkafka's own mock brokers: which partition, which stamp, what is
 * refused. A real Kafka is the integration tests' matter. */
#include "sink_kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "unit.h"

enum { PARTITIONS = 7, WAIT_MS = 20000 };

#define TOPIC "events"

/* murmur2 of Java's clients: Utils.murmur2(), from their own tests. */
static const struct {
    const char *key;
    int32_t hash;
} vectors[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
    {"", 275646681},
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

struct brokers {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *cluster;
    const char *address;
};

static void brokers_start(struct brokers *brokers)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    brokers->host =
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    assert_non_null(brokers->host);
    brokers->cluster = rd_kafka_mock_cluster_new(brokers->host, 1);
    assert_non_null(brokers->cluster);
    assert_int_equal(
        rd_kafka_mock_topic_create(brokers->cluster, TOPIC, PARTITIONS, 1), 0);
    brokers->address = rd_kafka_mock_cluster_bootstraps(brokers->cluster);
}

static void brokers_stop(struct brokers *brokers)
{
    rd_kafka_mock_cluster_destroy(brokers->cluster);
    rd_kafka_destroy(brokers->host);
}

static rd_kafka_t *reader_new(const struct brokers *brokers)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", brokers->address},
        {"group.id", "test"},
        {"fetch.wait.max.ms", "1"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(PARTITIONS);
    rd_kafka_t *reader;
    char reason[256];

    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        assert_int_equal(rd_kafka_conf_set(conf, settings[i][0], settings[i][1],
                                           reason, sizeof reason),
                         RD_KAFKA_CONF_OK);
    reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(reader);
    rd_kafka_poll_set_consumer(reader);
    for (int32_t i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, TOPIC, i)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(reader, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    return reader;
}

static void reader_free(rd_kafka_t *reader)
{
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
}

/* The next record, whatever its partition. */
static rd_kafka_message_t *read_one(rd_kafka_t *reader)
{
    for (int i = 0; i < WAIT_MS / 100; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);

        if (message != NULL && message->err == 0)
            return message;
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
    fail_msg("no record came in %d ms", WAIT_MS);
    return NULL;
}

static struct sink_kafka *open_sink(const struct brokers *brokers)
{
    struct err err = ERR_NONE;
    struct sink_kafka *sink;

    if (sink_kafka_open(&sink, brokers->address, TOPIC, NULL, 0, &err) < 0)
        fail_msg("%s", err.text);
    return sink;
}

static void must_send(struct sink_kafka *sink, struct text key,
                      struct text value, int64_t stamp_ms)
{
    struct err err = ERR_NONE;

    if (sink_kafka_send(sink, key, value, stamp_ms, &err) < 0)
        fail_msg("%s", err.text);
}

static void must_flush(struct sink_kafka *sink)
{
    struct err err = ERR_NONE;

    if (sink_kafka_flush(sink, WAIT_MS, &err) < 0)
        fail_msg("%s", err.text);
}

static int32_t partition_of(int32_t hash)
{
    return (hash & INT32_MAX) % PARTITIONS;
}

static void test_partitions_are_those_of_javas_clients(void **state)
{
    struct brokers brokers;
    struct sink_kafka *sink;
    rd_kafka_t *reader;
    char value[2] = "0";

    (void)state;
    brokers_start(&brokers);
    sink = open_sink(&brokers);
    for (int i = 0; i < VECTORS; i++) {
        value[0] = (char)('0' + i);
        must_send(sink, text_of(vectors[i].key), text_of(value), 1000 + i);
    }
    must_flush(sink);
    assert_int_equal(sink_kafka_delivered(sink), VECTORS);
    assert_int_equal(sink_kafka_failed(sink), 0);

    reader = reader_new(&brokers);
    for (int i = 0; i < VECTORS; i++) {
        rd_kafka_message_t *message = read_one(reader);
        int which = *(const char *)message->payload - '0';

        assert_in_range(which, 0, VECTORS - 1);
        assert_int_equal(message->partition, partition_of(vectors[which].hash));
        assert_int_equal(message->key_len, strlen(vectors[which].key));
        assert_int_equal(message->len, 1);
        assert_int_equal(rd_kafka_message_timestamp(message, NULL),
                         1000 + which);
        rd_kafka_message_destroy(message);
    }
    reader_free(reader);
    sink_kafka_close(sink);
    brokers_stop(&brokers);
}

static void test_no_key_is_sent_as_none_and_no_stamp_as_now(void **state)
{
    struct brokers brokers;
    struct sink_kafka *sink;
    rd_kafka_t *reader;
    rd_kafka_message_t *message;

    (void)state;
    brokers_start(&brokers);
    sink = open_sink(&brokers);
    must_send(sink, (struct text){NULL, 0}, text_of("{}"), -1);
    must_flush(sink);
    reader = reader_new(&brokers);
    message = read_one(reader);
    assert_null(message->key);
    assert_true(rd_kafka_message_timestamp(message, NULL) >
                INT64_C(1700000000000));
    rd_kafka_message_destroy(message);
    reader_free(reader);
    sink_kafka_close(sink);
    brokers_stop(&brokers);
}

/* More than the queue holds: send has to wait for room. */
static void test_a_full_queue_is_waited_for(void **state)
{
    const char *set[] = {"queue.buffering.max.messages=100"};
    struct err err = ERR_NONE;
    struct brokers brokers;
    struct sink_kafka *sink;

    (void)state;
    brokers_start(&brokers);
    assert_int_equal(
        sink_kafka_open(&sink, brokers.address, TOPIC, set, 1, &err), 0);
    for (int i = 0; i < 5000; i++)
        must_send(sink, text_of("abc"), text_of("value"), -1);
    must_flush(sink);
    assert_int_equal(sink_kafka_delivered(sink), 5000);
    sink_kafka_close(sink);
    brokers_stop(&brokers);
}

static void test_headers_go_along(void **state)
{
    const struct sink_kafka_header headers[] = {{"reason", text_of("late")},
                                                {"offset", text_of("7")}};
    struct err err = ERR_NONE;
    rd_kafka_headers_t *found;
    rd_kafka_message_t *message;
    struct brokers brokers;
    struct sink_kafka *sink;
    rd_kafka_t *reader;
    const void *value;
    size_t bytes;

    (void)state;
    brokers_start(&brokers);
    sink = open_sink(&brokers);
    assert_int_equal(0, sink_kafka_try(sink, text_of("abc"), text_of("{"),
                                       headers, 2, &err));
    assert_int_equal(1, sink_kafka_outstanding(sink));
    for (int i = 0; i < WAIT_MS && sink_kafka_delivered(sink) == 0; i++) {
        sink_kafka_pump(sink);
        usleep(1000);
    }
    assert_int_equal(1, sink_kafka_delivered(sink));
    assert_int_equal(0, sink_kafka_outstanding(sink));
    reader = reader_new(&brokers);
    message = read_one(reader);
    assert_int_equal(0, rd_kafka_message_headers(message, &found));
    assert_int_equal(2, rd_kafka_header_cnt(found));
    assert_int_equal(0,
                     rd_kafka_header_get_last(found, "reason", &value, &bytes));
    assert_int_equal(4, bytes);
    assert_memory_equal("late", value, 4);
    assert_int_equal(0,
                     rd_kafka_header_get_last(found, "offset", &value, &bytes));
    assert_memory_equal("7", value, 1);
    rd_kafka_message_destroy(message);
    reader_free(reader);
    sink_kafka_close(sink);
    brokers_stop(&brokers);
}

static void test_a_full_queue_is_not_waited_for(void **state)
{
    const char *set[] = {"queue.buffering.max.messages=10"};
    struct err err = ERR_NONE;
    struct sink_kafka *sink;
    int taken = 0;

    (void)state;
    assert_int_equal(sink_kafka_open(&sink, "127.0.0.1:1", TOPIC, set, 1, &err),
                     0);
    for (int i = 0; i < 15; i++)
        taken += sink_kafka_try(sink, text_of("abc"), text_of("{}"), NULL, 0,
                                &err) == 0;
    assert_int_equal(10, taken);
    assert_int_equal(10, sink_kafka_outstanding(sink));
    assert_string_equal("topic events: Local: Queue full", err.text);
    sink_kafka_close(sink);
}

static void test_a_broker_that_refuses_is_told_of(void **state)
{
    struct err err = ERR_NONE;
    struct brokers brokers;
    struct sink_kafka *sink;

    (void)state;
    brokers_start(&brokers);
    rd_kafka_mock_push_request_errors(brokers.cluster, 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
    sink = open_sink(&brokers);
    must_send(sink, text_of("abc"), text_of("{}"), -1);
    assert_int_equal(sink_kafka_flush(sink, WAIT_MS, &err), -1);
    assert_non_null(strstr(err.text, "1 records were not delivered"));
    assert_int_equal(sink_kafka_failed(sink), 1);
    assert_int_equal(sink_kafka_delivered(sink), 0);
    assert_string_equal("Broker: Invalid timestamp", sink_kafka_problem(sink));
    sink_kafka_close(sink);
    brokers_stop(&brokers);
}

static void test_a_flush_without_brokers_ends_in_time(void **state)
{
    struct err err = ERR_NONE;
    struct sink_kafka *sink;

    (void)state;
    assert_int_equal(
        sink_kafka_open(&sink, "127.0.0.1:1", TOPIC, NULL, 0, &err), 0);
    must_send(sink, text_of("abc"), text_of("{}"), -1);
    assert_int_equal(sink_kafka_flush(sink, 200, &err), -1);
    assert_non_null(strstr(err.text, "not delivered in time"));
    sink_kafka_close(sink);
}

static void test_a_wrong_property_is_named(void **state)
{
    static const char *const wrong[] = {"linger.mss=5", "linger.ms=soon",
                                        "linger.ms"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = ERR_NONE;
        struct sink_kafka *sink;

        assert_int_equal(
            sink_kafka_open(&sink, "127.0.0.1:1", TOPIC, &wrong[i], 1, &err),
            -1);
        assert_non_null(strstr(err.text, "linger.ms"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_are_those_of_javas_clients),
        cmocka_unit_test(test_no_key_is_sent_as_none_and_no_stamp_as_now),
        cmocka_unit_test(test_a_full_queue_is_waited_for),
        cmocka_unit_test(test_headers_go_along),
        cmocka_unit_test(test_a_full_queue_is_not_waited_for),
        cmocka_unit_test(test_a_broker_that_refuses_is_told_of),
        cmocka_unit_test(test_a_flush_without_brokers_ends_in_time),
        cmocka_unit_test(test_a_wrong_property_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
