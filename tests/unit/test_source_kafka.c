/* source_kafka against librdkafka's mock cluster. It stands for the protocol,
 * not for Kafka: the real one is met by the integration tests. */
#include "clock.h"
#include "log.h"
#include "source_kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARTITIONS = 3, PARTITIONS_MAX = 4, BATCH = 64, PATIENCE_US = 20000000 };

/* A cluster, and a producer to it. */
struct cluster {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *mock;
    rd_kafka_t *producer;
};

static int set_up(void **state)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_t *quiet = rd_kafka_conf_new();
    char reason[256];

    rd_kafka_conf_set(quiet, "log_level", "0", reason, sizeof reason);
    rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
    cluster->owner =
        rd_kafka_new(RD_KAFKA_PRODUCER, quiet, reason, sizeof reason);
    cluster->mock = rd_kafka_mock_cluster_new(cluster->owner, 1);
    assert_non_null(cluster->mock);
    rd_kafka_conf_set(conf, "bootstrap.servers",
                      rd_kafka_mock_cluster_bootstraps(cluster->mock), reason,
                      sizeof reason);
    rd_kafka_conf_set(conf, "linger.ms", "0", reason, sizeof reason);
    cluster->producer =
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    assert_non_null(cluster->producer);
    *state = cluster;
    return 0;
}

static int tear_down(void **state)
{
    struct cluster *cluster = *state;

    rd_kafka_destroy(cluster->producer);
    rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->owner);
    free(cluster);
    return 0;
}

static void make_topic(struct cluster *cluster, int partitions)
{
    assert_int_equal(
        0, rd_kafka_mock_topic_create(cluster->mock, "events", partitions, 1));
}

/* A record "NUMBER" stamped 1,000,000 + NUMBER is on its way. */
static void send_number(struct cluster *cluster, int32_t partition, int number)
{
    char value[16];
    int length = snprintf(value, sizeof value, "%d", number);

    assert_int_equal(
        0, rd_kafka_producev(cluster->producer, RD_KAFKA_V_TOPIC("events"),
                             RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_VALUE(value, (size_t)length),
                             RD_KAFKA_V_TIMESTAMP(1000000 + number),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_END));
}

/* `count` records are there. */
static void produce(struct cluster *cluster, int32_t partition, int first,
                    int count)
{
    for (int i = first; i < first + count; i++)
        send_number(cluster, partition, i);
    assert_int_equal(0, rd_kafka_flush(cluster->producer, 10000));
}

/* No long poll in the mock. */
static const char *const quick[] = {"fetch.wait.max.ms=1"};

static struct source_kafka_rules rules_of(struct cluster *cluster)
{
    return (struct source_kafka_rules){
        .brokers = rd_kafka_mock_cluster_bootstraps(cluster->mock),
        .topic = "events",
        .group = "test",
        .set = quick,
        .set_count = 1,
        .future_ms = 300000};
}

static struct source open_source(const struct source_kafka_rules *rules)
{
    struct source source;
    struct err err = ERR_NONE;
    int opened = source_kafka_open(&source, rules, &err);

    assert_string_equal("", err.text);
    assert_int_equal(0, opened);
    return source;
}

static struct source_kafka_survey await_survey(struct source *source)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct source_kafka_survey survey = {0};
    struct record record;
    struct err err = ERR_NONE;

    while (!source_kafka_survey(source, &survey) && clock_mono_us() < until_us)
        assert_int_equal(0, source->poll(source->self, &record, 1, 5, &err));
    assert_true(source_kafka_survey(source, &survey));
    return survey;
}

static void begin_at_oldest(struct source *source)
{
    struct source_kafka_survey survey = await_survey(source);
    int64_t offsets[PARTITIONS_MAX];

    assert_in_range(survey.count, 1, PARTITIONS_MAX);
    for (uint32_t i = 0; i < survey.count; i++)
        offsets[i] = survey.at[i].oldest;
    source_kafka_begin(source, offsets, survey.count);
}

static struct source begin_source(const struct source_kafka_rules *rules)
{
    struct source source = open_source(rules);

    begin_at_oldest(&source);
    return source;
}

/* What was read: the next number expected, by partition. */
struct reader {
    struct source source;
    int64_t next[PARTITIONS_MAX];
    int64_t records;
};

/* One poll; each record must be the next of its partition. */
static int read_some(struct reader *reader, struct err *err)
{
    struct record records[BATCH];
    int count =
        reader->source.poll(reader->source.self, records, BATCH, 20, err);

    for (int i = 0; i < count; i++) {
        const struct record *record = &records[i];
        char value[16] = "";

        assert_in_range(record->partition, 0, PARTITIONS_MAX - 1);
        assert_in_range(record->length, 1, sizeof value - 1);
        memcpy(value, record->bytes, record->length);
        assert_int_equal(reader->next[record->partition], record->offset);
        assert_int_equal(record->offset, atoi(value));
        assert_int_equal(1000000 + record->offset, record->stamp_ms);
        assert_int_equal(record->stamp_ms, record->now_ms);
        reader->next[record->partition]++;
        reader->records++;
    }
    return count;
}

static void read_until_records(struct reader *reader, int64_t records)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct err err = ERR_NONE;

    while (reader->records < records && clock_mono_us() < until_us)
        assert_int_not_equal(-1, read_some(reader, &err));
    assert_int_equal(records, reader->records);
}

static void read_until_caught_up(struct reader *reader)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct err err = ERR_NONE;

    while (reader->source.state(reader->source.self) != SOURCE_CAUGHT_UP &&
           clock_mono_us() < until_us)
        assert_int_not_equal(-1, read_some(reader, &err));
    assert_int_equal(SOURCE_CAUGHT_UP,
                     reader->source.state(reader->source.self));
}

static struct source_kafka_stats stats_of(const struct reader *reader)
{
    struct source_kafka_stats stats;

    source_kafka_stats(&reader->source, &stats);
    return stats;
}

static void close_reader(struct reader *reader)
{
    int64_t before_us = clock_mono_us();

    reader->source.free(reader->source.self);
    assert_in_range(clock_mono_us() - before_us, 0, 5000000);
}

static void test_partitions_in_offset_order(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};

    make_topic(cluster, PARTITIONS);
    for (int32_t p = 0; p < PARTITIONS; p++)
        produce(cluster, p, 0, 500 + 100 * p);
    reader.source = begin_source(&rules);
    assert_int_equal(SOURCE_READING, reader.source.state(reader.source.self));
    read_until_caught_up(&reader);
    assert_int_equal(1800, reader.records);
    assert_int_equal(500, reader.next[0]);
    assert_int_equal(700, reader.next[2]);
    assert_int_equal(1800, stats_of(&reader).records);
    assert_int_equal(3 * 10 + 3 * 90 * 2 + (400 + 500 + 600) * 3,
                     stats_of(&reader).bytes);
    assert_int_equal(PARTITIONS, stats_of(&reader).partitions);
    assert_true(stats_of(&reader).is_up);
    close_reader(&reader);
}

static void test_caught_up_and_lag(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};
    struct err err = ERR_NONE;
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    make_topic(cluster, 2);
    produce(cluster, 0, 0, 1000);
    reader.source = begin_source(&rules);
    while (reader.records == 0 && clock_mono_us() < until_us)
        assert_int_not_equal(-1, read_some(&reader, &err));
    assert_int_equal(SOURCE_READING, reader.source.state(reader.source.self));
    read_until_caught_up(&reader);
    assert_int_equal(1000, reader.records);
    assert_int_equal(0, reader.source.lag(reader.source.self));

    produce(cluster, 1, 0, 200);
    reader.records = 0;
    while (reader.records == 0 && clock_mono_us() < until_us)
        assert_int_not_equal(-1, read_some(&reader, &err));
    assert_int_equal(SOURCE_READING, reader.source.state(reader.source.self));
    assert_int_equal(200 - reader.records,
                     reader.source.lag(reader.source.self));
    read_until_caught_up(&reader);
    assert_int_equal(200, reader.records);
    assert_int_equal(0, reader.source.lag(reader.source.self));
    close_reader(&reader);
}

static void test_resumes_at_offsets(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    const int64_t starts[] = {70, 0, 100};
    struct reader reader = {.next = {70, 0, 100}};

    make_topic(cluster, PARTITIONS);
    for (int32_t p = 0; p < PARTITIONS; p++)
        produce(cluster, p, 0, 100);
    reader.source = open_source(&rules);
    source_kafka_begin(&reader.source, starts, 3);
    read_until_caught_up(&reader);
    assert_int_equal(30 + 100, reader.records);
    produce(cluster, 2, 100, 5);
    read_until_records(&reader, 135);
    close_reader(&reader);
}

static void test_missing_offset_ends_with_numbers(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    const int64_t starts[] = {0, 1000};
    struct reader reader = {0};
    struct err err = ERR_NONE, again = ERR_NONE;
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    make_topic(cluster, 2);
    produce(cluster, 1, 0, 10);
    reader.source = open_source(&rules);
    source_kafka_begin(&reader.source, starts, 2);
    while (read_some(&reader, &err) >= 0 && clock_mono_us() < until_us)
        ;
    assert_string_equal("topic events, partition 1: offset 1000 is wanted and "
                        "does not exist; the oldest record there is 0, the "
                        "next will be 10",
                        err.text);
    assert_int_equal(-1, read_some(&reader, &again));
    assert_string_equal(err.text, again.text);
    close_reader(&reader);
}

static void test_waits_for_the_topic(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};

    rd_kafka_mock_topic_set_error(cluster->mock, "events",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    reader.source = open_source(&rules);
    read_until_caught_up(&reader);
    assert_int_equal(0, reader.source.lag(reader.source.self));
    assert_int_equal(0, stats_of(&reader).partitions);
    rd_kafka_mock_topic_set_error(cluster->mock, "events",
                                  RD_KAFKA_RESP_ERR_NO_ERROR);
    produce(cluster, 0, 0, 10);
    begin_at_oldest(&reader.source);
    read_until_records(&reader, 10);
    close_reader(&reader);
}

static void test_waits_for_brokers(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};
    struct err err = ERR_NONE;
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    make_topic(cluster, 1);
    produce(cluster, 0, 0, 10);
    rd_kafka_mock_broker_set_down(cluster->mock, 1);
    reader.source = open_source(&rules);
    for (int i = 0; i < 20; i++)
        assert_int_equal(0, read_some(&reader, &err));
    assert_false(stats_of(&reader).is_up);
    rd_kafka_mock_broker_set_up(cluster->mock, 1);
    begin_at_oldest(&reader.source);
    read_until_records(&reader, 10);
    assert_true(stats_of(&reader).is_up);

    rd_kafka_mock_broker_set_down(cluster->mock, 1);
    while (stats_of(&reader).is_up && clock_mono_us() < until_us)
        assert_int_equal(0, read_some(&reader, &err));
    assert_false(stats_of(&reader).is_up);
    rd_kafka_mock_broker_set_up(cluster->mock, 1);
    while (!stats_of(&reader).is_up && clock_mono_us() < until_us)
        assert_int_equal(0, read_some(&reader, &err));
    assert_true(stats_of(&reader).is_up);
    produce(cluster, 0, 10, 10);
    read_until_records(&reader, 20);
    close_reader(&reader);
}

static void test_commit_is_acknowledged(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};
    struct err err = ERR_NONE;
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    make_topic(cluster, 2);
    produce(cluster, 1, 0, 10);
    reader.source = begin_source(&rules);
    read_until_records(&reader, 10);
    assert_int_equal(-1, source_kafka_committed(&reader.source, 1));
    assert_int_equal(0, source_kafka_commit(&reader.source, 1, 7, &err));
    while (source_kafka_committed(&reader.source, 1) < 0 &&
           clock_mono_us() < until_us)
        assert_int_equal(0, read_some(&reader, &err));
    assert_int_equal(7, source_kafka_committed(&reader.source, 1));
    assert_int_equal(-1, source_kafka_committed(&reader.source, 0));
    close_reader(&reader);
}

static void test_nothing_begins_by_itself(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct source_kafka_survey survey;
    struct reader reader = {0};
    struct err err = ERR_NONE;

    make_topic(cluster, 2);
    produce(cluster, 0, 0, 10);
    reader.source = open_source(&rules);
    assert_false(source_kafka_survey(&reader.source, &survey));
    survey = await_survey(&reader.source);
    assert_string_equal("events", survey.topic);
    assert_true(strlen(survey.cluster) > 0);
    assert_int_equal(2, survey.count);
    assert_int_equal(0, survey.at[0].oldest);
    assert_int_equal(10, survey.at[0].end);
    assert_int_equal(-1, survey.at[0].committed);
    assert_int_equal(0, survey.at[1].end);

    for (int i = 0; i < 20; i++)
        assert_int_equal(0, read_some(&reader, &err));
    assert_int_equal(SOURCE_READING, reader.source.state(reader.source.self));
    assert_int_equal(-1, reader.source.lag(reader.source.self));
    assert_int_equal(0, stats_of(&reader).partitions);
    assert_false(source_kafka_has_grown(&reader.source));
    close_reader(&reader);
}

static void test_surveys_are_of_now(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct source_kafka_survey survey;
    struct reader reader = {0};
    struct err err = ERR_NONE;
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    make_topic(cluster, 2);
    produce(cluster, 1, 0, 10);
    reader.source = open_source(&rules);
    await_survey(&reader.source);
    assert_int_equal(0, source_kafka_commit(&reader.source, 1, 7, &err));
    while (source_kafka_committed(&reader.source, 1) < 0 &&
           clock_mono_us() < until_us)
        assert_int_equal(0, read_some(&reader, &err));
    produce(cluster, 1, 10, 5);
    source_kafka_survey_again(&reader.source);
    assert_false(source_kafka_survey(&reader.source, &survey));
    survey = await_survey(&reader.source);
    assert_int_equal(15, survey.at[1].end);
    assert_int_equal(7, survey.at[1].committed);
    assert_int_equal(-1, survey.at[0].committed);

    /* Asked for twice in a row: what the second is about is in it. */
    source_kafka_survey_again(&reader.source);
    produce(cluster, 0, 0, 3);
    source_kafka_survey_again(&reader.source);
    assert_int_equal(3, await_survey(&reader.source).at[0].end);
    close_reader(&reader);
}

static void test_begins_again_elsewhere(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};
    struct err err = ERR_NONE;

    make_topic(cluster, 2);
    produce(cluster, 0, 0, 2000);
    produce(cluster, 1, 0, 2000);
    reader.source = begin_source(&rules);
    while (reader.next[0] < 100 || reader.next[1] < 100)
        assert_int_not_equal(-1, read_some(&reader, &err));

    /* The queue is full of what comes next: none of it is handed over. */
    source_kafka_stop(&reader.source);
    assert_int_equal(0, stats_of(&reader).partitions);
    for (int i = 0; i < 5; i++)
        assert_int_equal(0, read_some(&reader, &err));
    for (int back = 0; back < 10; back++) {
        const int64_t starts[] = {90 - back, 80 - back};

        reader.next[0] = starts[0];
        reader.next[1] = starts[1];
        source_kafka_begin(&reader.source, starts, 2);
        reader.records = starts[0] + starts[1];
        while (reader.records < 300 + 100 * back)
            assert_int_not_equal(-1, read_some(&reader, &err));
        source_kafka_stop(&reader.source);
    }
    source_kafka_begin(&reader.source, reader.next, 2);
    assert_int_equal(2, stats_of(&reader).partitions);
    read_until_caught_up(&reader);
    assert_int_equal(4000, reader.records);
    assert_int_equal(0, reader.source.lag(reader.source.self));
    close_reader(&reader);
}

static void test_more_partitions_are_noticed(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    const int64_t starts[] = {0};
    struct reader reader = {0};
    struct err err = ERR_NONE;

    make_topic(cluster, 2);
    produce(cluster, 0, 0, 10);
    produce(cluster, 1, 0, 10);
    reader.source = open_source(&rules);
    await_survey(&reader.source);
    assert_int_equal(0, read_some(&reader, &err));
    source_kafka_begin(&reader.source, starts, 1);
    read_until_caught_up(&reader);
    assert_int_equal(10, reader.records);
    assert_true(source_kafka_has_grown(&reader.source));
    begin_at_oldest(&reader.source);
    assert_false(source_kafka_has_grown(&reader.source));
    reader.next[0] = 0;
    read_until_records(&reader, 30);
    close_reader(&reader);
}

static void test_isolation_level(void **state)
{
    const char *const loose[] = {"isolation.level=read_uncommitted"};
    struct source_kafka_rules rules = rules_of(*state);
    struct source source = open_source(&rules);

    assert_string_equal("read_committed", source_kafka_isolation(&source));
    source.free(source.self);
    rules.set = loose;
    source = open_source(&rules);
    assert_string_equal("read_uncommitted", source_kafka_isolation(&source));
    source.free(source.self);
}

static void test_large_batches_are_not_waited_for(void **state)
{
    struct cluster *cluster = *state;
    struct source_kafka_rules rules = rules_of(cluster);
    struct reader reader = {0};
    struct record records[BATCH];
    struct err err = ERR_NONE;
    int64_t before_us;

    make_topic(cluster, 1);
    reader.source = begin_source(&rules);
    read_until_caught_up(&reader);
    send_number(cluster, 0, 0); /* comes while the poll waits */
    before_us = clock_mono_us();
    assert_int_equal(
        1, reader.source.poll(reader.source.self, records, BATCH, 5000, &err));
    assert_in_range(clock_mono_us() - before_us, 0, 3000000);
    close_reader(&reader);
}

static void test_refused_property_stops_the_start(void **state)
{
    const char *property = "no.such.property=1";
    struct source_kafka_rules rules = rules_of(*state);
    struct source source;
    struct err err = ERR_NONE;

    rules.set = &property;
    assert_int_equal(-1, source_kafka_open(&source, &rules, &err));
    assert_non_null(strstr(err.text, "no.such.property"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_partitions_in_offset_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_caught_up_and_lag, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_resumes_at_offsets, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_missing_offset_ends_with_numbers,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waits_for_the_topic, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_waits_for_brokers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_commit_is_acknowledged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_begins_by_itself, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_surveys_are_of_now, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_begins_again_elsewhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_more_partitions_are_noticed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_isolation_level, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_large_batches_are_not_waited_for,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_property_stops_the_start,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
