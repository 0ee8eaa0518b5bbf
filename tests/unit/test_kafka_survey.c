/* kafka_survey against the mock cluster: all of it, or nothing. */
#include "clock.h"
#include "kafka_survey.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 3000 };

struct world {
    rd_kafka_t *kafka;
    rd_kafka_mock_cluster_t *mock;
};

static struct world open_world(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct world world;
    char reason[128];

    rd_kafka_conf_set(conf, "test.mock.num.brokers", "2", reason,
                      sizeof reason);
    rd_kafka_conf_set(conf, "group.id", "test", reason, sizeof reason);
    rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
    world.kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(world.kafka);
    world.mock = rd_kafka_handle_mock_cluster(world.kafka);
    rd_kafka_mock_topic_create(world.mock, "events", 2, 1);
    rd_kafka_mock_partition_set_leader(world.mock, "events", 0, 1);
    rd_kafka_mock_partition_set_leader(world.mock, "events", 1, 2);
    rd_kafka_mock_coordinator_set(world.mock, "group", "test", 1);
    return world;
}

static int never(void *context)
{
    (void)context;
    return 0;
}

static int always(void *context)
{
    (void)context;
    return 1;
}

static struct kafka_survey_rules rules_of(const struct world *world)
{
    return (struct kafka_survey_rules){.kafka = world->kafka,
                                       .topic = "events",
                                       .partitions = 2,
                                       .timeout_ms = TIMEOUT_MS,
                                       .is_stopped = never};
}

static void test_all_of_it(void **state)
{
    struct world world = open_world();
    struct kafka_survey_rules rules = rules_of(&world);
    struct err err = ERR_NONE;
    struct kafka_survey *survey = kafka_survey_new(&rules, &err);

    (void)state;
    assert_string_equal("", err.text);
    assert_non_null(survey);
    assert_true(strlen(survey->cluster) > 0);
    assert_int_equal(2, survey->count);
    for (uint32_t i = 0; i < survey->count; i++) {
        assert_int_equal(0, survey->at[i].oldest);
        assert_int_equal(0, survey->at[i].end);
        assert_int_equal(-1, survey->at[i].committed);
    }
    kafka_survey_free(survey);
    kafka_survey_free(NULL);
    rd_kafka_destroy_flags(world.kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void test_or_nothing(void **state)
{
    struct world world = open_world();
    struct kafka_survey_rules rules = rules_of(&world);
    struct err err = ERR_NONE;
    int64_t before_us;

    (void)state;
    rules.is_stopped = always;
    assert_null(kafka_survey_new(&rules, &err));
    rules.is_stopped = never;
    err = ERR_NONE;
    kafka_survey_free(kafka_survey_new(&rules, &err)); /* connects */
    assert_string_equal("", err.text);
    rules.timeout_ms = 1000;
    before_us = clock_mono_us();
    rd_kafka_mock_broker_set_down(world.mock, 2); /* leads one partition */
    err = ERR_NONE;
    assert_null(kafka_survey_new(&rules, &err));
    assert_non_null(strstr(err.text, "topic events: oldest offset"));
    rd_kafka_mock_broker_set_down(world.mock, 1); /* coordinates the group */
    err = ERR_NONE;
    assert_null(kafka_survey_new(&rules, &err));
    assert_non_null(strstr(err.text, "topic events: committed offset: "));
    assert_in_range(clock_mono_us() - before_us, 0, 5000000);
    rd_kafka_destroy_flags(world.kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
