/* kafka_client: which properties a handle gets, and that it ends in time. */
#include "clock.h"
#include "kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static int configure(rd_kafka_conf_t **conf, const char *const *set,
                     size_t count, struct err *err)
{
    struct source_kafka_rules rules = {.brokers = "127.0.0.1:1",
                                       .topic = "events",
                                       .group = "shop",
                                       .set = set,
                                       .set_count = count};

    return kafka_client_configure(conf, &rules, err);
}

static void expect(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[128];
    size_t length = sizeof text;

    assert_int_equal(RD_KAFKA_CONF_OK,
                     rd_kafka_conf_get(conf, name, text, &length));
    assert_string_equal(value, text);
}

static void test_own_properties(void **state)
{
    rd_kafka_conf_t *conf;
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(0, configure(&conf, NULL, 0, &err));
    expect(conf, "bootstrap.servers", "127.0.0.1:1");
    expect(conf, "group.id", "shop");
    expect(conf, "auto.offset.reset", "error");
    expect(conf, "enable.auto.commit", "false");
    expect(conf, "enable.auto.offset.store", "false");
    expect(conf, "enable.partition.eof", "true");
    expect(conf, "socket.nagle.disable", "true");
    expect(conf, "fetch.wait.max.ms", "10");
    expect(conf, "isolation.level", "read_committed");
    expect(conf, "queued.min.messages", "100000"); /* librdkafka's own */
    rd_kafka_conf_destroy(conf);
}

/* An eighth of the memory there is, within limits; the user's word wins. */
static void test_the_queue_is_a_part_of_the_memory(void **state)
{
    static const char *const set[] = {"queued.max.messages.kbytes=777"};
    static const struct {
        uint64_t memory_max;
        size_t set_count;
        const char *kbytes;
    } cases[] = {
        {0, 0, "65536"},         {UINT64_C(1) << 40, 0, "65536"},
        {256 << 20, 0, "32768"}, {80 << 20, 0, "10240"},
        {1 << 20, 0, "1024"},    {256 << 20, 1, "777"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source_kafka_rules rules = {
            .brokers = "127.0.0.1:1",
            .topic = "events",
            .group = "shop",
            .set = set,
            .set_count = cases[i].set_count,
            .memory_max = cases[i].memory_max,
        };
        struct err err = ERR_NONE;
        rd_kafka_conf_t *conf;

        assert_int_equal(0, kafka_client_configure(&conf, &rules, &err));
        expect(conf, "queued.max.messages.kbytes", cases[i].kbytes);
        rd_kafka_conf_destroy(conf);
    }
}

static void test_users_properties_win(void **state)
{
    const char *const set[] = {"fetch.wait.max.ms=7",
                               "isolation.level=read_uncommitted",
                               "client.id=a=b", "sasl.password="};
    rd_kafka_conf_t *conf;
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(0, configure(&conf, set, 3, &err));
    expect(conf, "fetch.wait.max.ms", "7");
    expect(conf, "isolation.level", "read_uncommitted");
    expect(conf, "client.id", "a=b");
    rd_kafka_conf_destroy(conf);
}

static void refuse(const char *property, const char *text)
{
    rd_kafka_conf_t *conf;
    struct err err = ERR_NONE;

    assert_int_equal(-1, configure(&conf, &property, 1, &err));
    assert_string_equal(text, err.text);
}

static void test_refused_properties(void **state)
{
    (void)state;
    refuse("no.such.property=1", "kafka.set \"no.such.property\": No such "
                                 "configuration property: "
                                 "\"no.such.property\"");
    refuse("auto.offset.reset=latest",
           "kafka.set \"auto.offset.reset\": is always error here");
    refuse("enable.auto.commit=true",
           "kafka.set \"enable.auto.commit\": is always false here");
    refuse("enable.partition.eof=true",
           "kafka.set \"enable.partition.eof\": is always true here");
    refuse("secret", "kafka.set \"secret\": property=value is wanted");
}

static void test_a_handle_ends_in_time(void **state)
{
    char reason[128];
    rd_kafka_conf_t *conf;
    rd_kafka_t *kafka;
    struct err err = ERR_NONE;
    int64_t before_us;

    (void)state;
    assert_int_equal(0, configure(&conf, NULL, 0, &err));
    kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(kafka);
    rd_kafka_set_log_queue(kafka, NULL);
    rd_kafka_poll_set_consumer(kafka);
    before_us = clock_mono_us();
    assert_int_equal(1, kafka_client_destroy(kafka));
    assert_in_range(clock_mono_us() - before_us, 0, 3500000);
}

static atomic_int logs_held = 0;
static atomic_int logs_are_free = 0;

static void hold_log(const rd_kafka_t *kafka, int level, const char *facility,
                     const char *text)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    (void)kafka, (void)level, (void)facility, (void)text;
    logs_held = 1;
    while (!logs_are_free)
        nanosleep(&pause, NULL);
}

/* One of librdkafka's threads stands still, in a log line. */
static void test_a_handle_that_hangs_is_left(void **state)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    char reason[128];
    rd_kafka_conf_t *conf;
    rd_kafka_t *kafka;
    struct err err = ERR_NONE;
    int64_t before_us;

    (void)state;
    assert_int_equal(0, configure(&conf, NULL, 0, &err));
    rd_kafka_conf_set(conf, "log.queue", "false", reason, sizeof reason);
    rd_kafka_conf_set_log_cb(conf, hold_log);
    kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(kafka);
    while (!logs_held)
        nanosleep(&pause, NULL);
    before_us = clock_mono_us();
    assert_int_equal(0, kafka_client_destroy(kafka));
    assert_in_range(clock_mono_us() - before_us, 2000000, 4000000);
    logs_are_free = 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_properties),
        cmocka_unit_test(test_the_queue_is_a_part_of_the_memory),
        cmocka_unit_test(test_users_properties_win),
        cmocka_unit_test(test_refused_properties),
        cmocka_unit_test(test_a_handle_ends_in_time),
        cmocka_unit_test(test_a_handle_that_hangs_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
