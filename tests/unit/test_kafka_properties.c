/* What of a table and of kafka.set reaches librdkafka, and what is said of the
 * rest. */
#include "kafka_properties.h"

#include <librdkafka/rdkafka.h>

#include "unit.h"

static const struct kafka_property table[] = {
    {"client.id", "shop"},
    {"linger.ms", "7"},
};
static const struct kafka_properties none = {NULL, 0};

static void expect(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[128];
    size_t length = sizeof text;

    assert_int_equal(RD_KAFKA_CONF_OK,
                     rd_kafka_conf_get(conf, name, text, &length));
    assert_string_equal(value, text);
}

static void test_all_of_a_table_is_set(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(0,
                     kafka_properties_set(conf, KAFKA_PROPERTIES(table), &err));
    expect(conf, "client.id", "shop");
    expect(conf, "linger.ms", "7");
    assert_int_equal(0, kafka_properties_set(conf, none, &err));
    rd_kafka_conf_destroy(conf);
}

static void test_a_table_that_is_wrong_says_where(void **state)
{
    static const struct kafka_property wrong[] = {{"no.such", "1"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(-1,
                     kafka_properties_set(conf, KAFKA_PROPERTIES(wrong), &err));
    assert_non_null(strstr(err.text, "no.such"));
    rd_kafka_conf_destroy(conf);
}

static void test_the_users_win_over_what_was_set(void **state)
{
    static const char *const set[] = {"linger.ms=9", "client.id=a=b"};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(0,
                     kafka_properties_set(conf, KAFKA_PROPERTIES(table), &err));
    assert_int_equal(0, kafka_properties_set_users(conf, set, 2, none, &err));
    expect(conf, "linger.ms", "9");
    expect(conf, "client.id", "a=b");
    rd_kafka_conf_destroy(conf);
}

static void refuse(const char *property, const char *text)
{
    const char *const set[] = {"retries=1", property};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct err err = ERR_NONE;

    assert_int_equal(-1, kafka_properties_set_users(
                             conf, set, 2, KAFKA_PROPERTIES(table), &err));
    assert_string_equal(text, err.text);
    expect(conf, "retries", "1");
    rd_kafka_conf_destroy(conf);
}

static void test_what_users_may_not(void **state)
{
    (void)state;
    refuse("linger.ms=9", "kafka.set \"linger.ms\": is always 7 here");
    refuse("secret", "kafka.set \"secret\": property=value is wanted");
    refuse("no.such=hunter2", "kafka.set \"no.such\": No such configuration "
                              "property: \"no.such\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_a_table_is_set),
        cmocka_unit_test(test_a_table_that_is_wrong_says_where),
        cmocka_unit_test(test_the_users_win_over_what_was_set),
        cmocka_unit_test(test_what_users_may_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
