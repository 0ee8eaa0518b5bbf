/* dead_letters against the mock cluster: what goes, how it looks, and that
 * nothing waits. */
#include "clock.h"
#include "dead_letters.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define TOPIC "dead"

enum { PATIENCE_US = 10000000 };

struct world {
    rd_kafka_t *kafka; /* a consumer, and the cluster's host */
    rd_kafka_mock_cluster_t *mock;
    struct dead_letters *letters;
};

static struct dead_letters *open_letters(const char *brokers,
                                         const char *const *set, size_t count)
{
    const struct dead_letters_rules rules = {.brokers = brokers,
                                             .topic = TOPIC,
                                             .from = "events",
                                             .set = set,
                                             .set_count = count};
    struct dead_letters *letters;
    struct err err = ERR_NONE;

    if (dead_letters_open(&letters, &rules, &err) < 0)
        fail_msg("%s", err.text);
    return letters;
}

static int set_up(void **state)
{
    static struct world world;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(1);
    const char *const settings[][2] = {{"test.mock.num.brokers", "1"},
                                       {"group.id", "test"},
                                       {"fetch.wait.max.ms", "1"},
                                       {"log_level", "0"}};
    char reason[128];

    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        rd_kafka_conf_set(conf, settings[i][0], settings[i][1], reason,
                          sizeof reason);
    world.kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(world.kafka);
    rd_kafka_poll_set_consumer(world.kafka);
    world.mock = rd_kafka_handle_mock_cluster(world.kafka);
    assert_int_equal(0, rd_kafka_mock_topic_create(world.mock, TOPIC, 1, 1));
    rd_kafka_topic_partition_list_add(list, TOPIC, 0)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(world.kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    world.letters =
        open_letters(rd_kafka_mock_cluster_bootstraps(world.mock), NULL, 0);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    dead_letters_close(world->letters);
    rd_kafka_consumer_close(world->kafka);
    rd_kafka_destroy(world->kafka);
    return 0;
}

static void await(struct dead_letters *letters, uint64_t sent, uint64_t lost)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    int64_t until_us = clock_mono_us() + PATIENCE_US;
    struct dead_letters_stats stats = dead_letters_stats(letters);

    while (stats.sent + stats.lost < sent + lost &&
           clock_mono_us() < until_us) {
        nanosleep(&pause, NULL);
        dead_letters_work(letters);
        stats = dead_letters_stats(letters);
    }
    assert_int_equal(sent, stats.sent);
    assert_int_equal(lost, stats.lost);
}

static rd_kafka_message_t *read_one(struct world *world)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    while (clock_mono_us() < until_us) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(world->kafka, 100);

        if (message != NULL && message->err == 0)
            return message;
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
    fail_msg("no letter came");
    return NULL;
}

static void assert_header(const rd_kafka_message_t *message, size_t index,
                          const char *name, const char *value)
{
    rd_kafka_headers_t *headers;
    const char *found;
    const void *bytes;
    size_t length;

    assert_int_equal(0, rd_kafka_message_headers(message, &headers));
    assert_int_equal(4, rd_kafka_header_cnt(headers));
    assert_int_equal(
        0, rd_kafka_header_get_all(headers, index, &found, &bytes, &length));
    assert_string_equal(name, found);
    assert_int_equal(strlen(value), length);
    assert_memory_equal(value, bytes, length);
}

static void test_as_it_was_and_why(void **state)
{
    static const char bytes[] = "{\"a\0\xff";
    const struct record record = {.bytes = bytes,
                                  .length = sizeof bytes - 1,
                                  .partition = 12,
                                  .offset = INT64_C(5000000000),
                                  .key = "k\0y",
                                  .key_length = 3};
    struct world *world = *state;
    rd_kafka_message_t *message;

    dead_letters_take(world->letters, &record, EVENT_JSON);
    await(world->letters, 1, 0);
    message = read_one(world);
    assert_int_equal(sizeof bytes - 1, message->len);
    assert_memory_equal(bytes, message->payload, message->len);
    assert_int_equal(3, message->key_len);
    assert_memory_equal("k\0y", message->key, 3);
    assert_header(message, 0, "reason", "json");
    assert_header(message, 1, "topic", "events");
    assert_header(message, 2, "partition", "12");
    assert_header(message, 3, "offset", "5000000000");
    rd_kafka_message_destroy(message);
}

/* Each verdict once; the offset is the verdict's number. */
static void test_what_goes(void **state)
{
    struct world *world = *state;
    struct record record = {.bytes = "", .length = 0};
    uint64_t sent = 0;

    for (int i = 0; i < EVENT_VERDICT_COUNT; i++) {
        record.offset = i;
        dead_letters_take(world->letters, &record, (enum event_verdict)i);
    }
    sent = EVENT_VERDICT_COUNT - 3; /* accepted, ignored, no_consent */
    await(world->letters, sent, 0);
    for (int i = 0; i < EVENT_VERDICT_COUNT; i++) {
        rd_kafka_message_t *message;

        if (i == EVENT_ACCEPTED || i == EVENT_IGNORED || i == EVENT_NO_CONSENT)
            continue;
        message = read_one(world);
        assert_null(message->key);
        assert_int_equal(0, message->len);
        assert_header(message, 0, "reason",
                      event_verdict_name((enum event_verdict)i));
        rd_kafka_message_destroy(message);
    }
}

static void test_a_broker_that_refuses(void **state)
{
    const struct record record = {.bytes = "x", .length = 1};
    struct world *world = *state;

    rd_kafka_mock_push_request_errors(world->mock, 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    dead_letters_take(world->letters, &record, EVENT_TYPE);
    await(world->letters, 0, 1);
    dead_letters_take(world->letters, &record, EVENT_TYPE);
    await(world->letters, 1, 1);
}

static void test_nobody_there(void **state)
{
    static const char *const set[] = {"queue.buffering.max.messages=100"};
    static char large[40 << 20];
    const struct record record = {.bytes = "x", .length = 1};
    const struct record huge = {.bytes = large, .length = sizeof large};
    struct dead_letters *letters = open_letters("127.0.0.1:1", set, 1);
    int64_t before_us = clock_mono_us();

    (void)state;
    dead_letters_take(letters, &huge, EVENT_TOO_LARGE);
    assert_int_equal(1, dead_letters_stats(letters).lost);
    for (int i = 0; i < 150; i++)
        dead_letters_take(letters, &record, EVENT_TS);
    dead_letters_work(letters);
    assert_int_equal(51, dead_letters_stats(letters).lost);
    assert_in_range(clock_mono_us() - before_us, 0, 500000);
    dead_letters_flush(letters, 300);
    assert_int_equal(151, dead_letters_stats(letters).lost);
    assert_int_equal(0, dead_letters_stats(letters).sent);
    assert_in_range(clock_mono_us() - before_us, 300000, 2000000);
    dead_letters_close(letters);
}

static void test_users_properties(void **state)
{
    static const char *const set[] = {"no.such=1"};
    const struct dead_letters_rules rules = {.brokers = "127.0.0.1:1",
                                             .topic = TOPIC,
                                             .from = "events",
                                             .set = set,
                                             .set_count = 1};
    struct dead_letters *letters;
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(-1, dead_letters_open(&letters, &rules, &err));
    assert_non_null(strstr(err.text, "dead letters: "));
    assert_non_null(strstr(err.text, "no.such"));
    dead_letters_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_it_was_and_why, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_broker_that_refuses, set_up,
                                        tear_down),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_users_properties),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
