/* kafka_scout: settings as brokers tell them, and a patrol around the mock
 * cluster (which knows no settings). */
#include "clock.h"
#include "kafka_scout.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum { PATIENCE_US = 10000000 };

static void test_settings(void **state)
{
    struct topic_settings settings = {.ahead_max_ms = INT64_MAX};

    (void)state;
    topic_settings_put(&settings, "cleanup.policy", "delete");
    topic_settings_put(&settings, "message.timestamp.type", "CreateTime");
    topic_settings_put(&settings, "retention.ms", "7");
    topic_settings_put(&settings, "message.timestamp.after.max.ms", NULL);
    assert_false(settings.is_compacted);
    assert_false(settings.is_stamped_by_broker);
    assert_true(settings.ahead_max_ms == INT64_MAX);

    topic_settings_put(&settings, "message.timestamp.after.max.ms", "3600000");
    topic_settings_put(&settings, "message.timestamp.type", "LogAppendTime");
    assert_int_equal(3600000, settings.ahead_max_ms);
    assert_true(settings.is_stamped_by_broker);

    topic_settings_put(&settings, "cleanup.policy", "compact");
    assert_true(settings.is_compacted);
    topic_settings_put(&settings, "cleanup.policy", "delete");
    topic_settings_put(&settings, "cleanup.policy", "delete,compact");
    assert_true(settings.is_compacted);
}

static rd_kafka_t *open_mock(rd_kafka_mock_cluster_t **mock)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[128];
    rd_kafka_t *kafka;

    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", reason,
                      sizeof reason);
    rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
    kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(kafka);
    *mock = rd_kafka_handle_mock_cluster(kafka);
    return kafka;
}

static struct kafka_findings await_news(struct kafka_scout *scout)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct kafka_findings found = {0};

    while (!kafka_scout_news(scout, &found) && clock_mono_us() < until_us)
        nanosleep(&pause, NULL);
    return found;
}

static void test_patrol(void **state)
{
    rd_kafka_mock_cluster_t *mock;
    rd_kafka_t *kafka = open_mock(&mock);
    struct kafka_scout *scout;
    struct kafka_findings found;
    int64_t before_us;

    (void)state;
    rd_kafka_mock_topic_create(mock, "events", 3, 1);
    rd_kafka_mock_topic_set_error(mock, "events",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    scout = kafka_scout_new(kafka, "events");
    found = await_news(scout);
    assert_true(found.is_answered);
    assert_true(found.is_topic_known);
    assert_int_equal(0, found.partitions);
    assert_string_equal("Broker: Unknown topic or partition",
                        found.problem.text);

    rd_kafka_mock_topic_set_error(mock, "events", RD_KAFKA_RESP_ERR_NO_ERROR);
    while (found.partitions == 0 && found.is_answered)
        found = await_news(scout);
    assert_int_equal(3, found.partitions);
    assert_string_equal("", found.problem.text);
    assert_string_not_equal("", found.settings_problem.text);
    assert_int_not_equal(TOPIC_SETTINGS_KNOWN, found.settings_state);
    assert_false(kafka_scout_news(scout, &found));

    rd_kafka_mock_broker_set_down(mock, 1);
    before_us = clock_mono_us();
    kafka_scout_hurry(scout);
    found = await_news(scout);
    assert_false(found.is_answered);
    assert_int_equal(3, found.partitions);
    assert_in_range(clock_mono_us() - before_us, 0, 3000000);

    rd_kafka_mock_broker_set_up(mock, 1);
    while (!found.is_answered && found.partitions == 3)
        found = await_news(scout);
    assert_true(found.is_answered);

    before_us = clock_mono_us();
    kafka_scout_free(scout);
    assert_in_range(clock_mono_us() - before_us, 0, 1500000);
    rd_kafka_destroy(kafka);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_patrol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
