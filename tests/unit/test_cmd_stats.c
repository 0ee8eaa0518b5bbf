#include "command_output.h"

static void test_none(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    got = run_command(cmd_stats, "stats");
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_string_equal(got->out, "");
    assert_has(got->err, "nothing at terkait:stats");
}

static void test_lines(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant("HSET", "terkait:stats",
          "version 0.1.0 lag_records 12 started_at_ms 1718000000123 "
          "first_event_at_ms 0 rate 7.50 odd 007 word -");
    got = run_command(cmd_stats, "stats");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "# Process and times\n"
                         "version            0.1.0\n"
                         "started_at_ms      1718000000123  "
                         "2024-06-10T06:13:20Z (");
    assert_has(got->out, " ago)\n"
                         "first_event_at_ms  0\n"
                         "\n"
                         "# Lag and rates\n"
                         "lag_records        12\n"
                         "\n"
                         "# Of another version\n"
                         "odd                007\n"
                         "rate               7.50\n"
                         "word               -\n");
}

static void test_json(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    got = run_command(cmd_stats, "stats --json");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_string_equal(
        got->out, "{\"first_event_at_ms\":0,\"lag_records\":12,\"odd\":"
                  "\"007\",\"rate\":7.50,\"started_at_ms\":"
                  "1718000000123,\"version\":\"0.1.0\",\"word\":\"-\"}\n");
}

static void test_explained(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    got = run_command(cmd_stats, "stats --explain");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "lag_records        12             records known to "
                         "exist and not read\n");
    assert_has(got->out, "\nodd                007\n");
}

/* Neither wants a Redis. */
static void test_documents(void **state)
{
    struct output *got;

    (void)state;
    got = run_command(cmd_stats, "stats --write-table");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "| *Lag and rates* | | |\n| `is_caught_up` | now | ");
    assert_has(got->out, "| `lists_written` | total | lists written |\n");
    got = run_command(cmd_stats, "stats --write-man");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, ".Ss Process and times\n.Bl -tag -width Ds -compact\n"
                         ".It Va version\n");
    assert_has(got->out, ".It Va lists_written\nTotal: lists written.\n");
}

static void test_wrong_type(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant("SET", "x:stats", "1");
    got = run_command(cmd_stats, "stats -s redis.prefix=x:");
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_has(got->err, "Redis refuses HGETALL: WRONGTYPE");
}

static void test_usage(void **state)
{
    struct output *got;

    (void)state;
    got = run_command(cmd_stats, "stats all");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    got = run_command(cmd_stats, "stats --help");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "Usage: terkait stats");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_json),      cmocka_unit_test(test_explained),
        cmocka_unit_test(test_documents), cmocka_unit_test(test_wrong_type),
        cmocka_unit_test(test_usage),
    };

    return cmocka_run_group_tests_name("cmd_stats", tests, set_up, tear_down);
}
