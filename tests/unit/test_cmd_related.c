#include "command_output.h"

static const char list_1h[] =
    "{\"v\":1,\"item\":\"kopi\",\"relation\":\"also_viewed\",\"window\":\"1h\","
    "\"as_of\":1718000000123,\"support\":340,\"items\":["
    "{\"id\":\"teh\",\"score\":0.8312,\"count\":132},"
    "{\"id\":\"caf\xC3\xA9 \\u001b[31m\",\"score\":12.5,\"count\":7}]}";
static const char list_partial[] =
    "{\"v\":1,\"item\":\"kopi\",\"relation\":\"carted_together\",\"window\":"
    "\"24h\",\"as_of\":1,\"support\":9,\"partial\":true,\"items\":["
    "{\"id\":\"gula\",\"score\":1.0000,\"count\":3}]}";
static const char list_popular[] =
    "{\"v\":1,\"relation\":\"also_viewed\",\"window\":\"24h\",\"as_of\":1,"
    "\"support\":90,\"items\":[{\"id\":\"laris\",\"score\":50.0000,"
    "\"count\":50},{\"id\":\"juga\",\"score\":40.0000,\"count\":40}]}";

static void test_lists(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant("SET", "terkait:related:{kopi}:also_viewed:1h", list_1h);
    plant("SET", "terkait:related:{kopi}:carted_together:24h", list_partial);
    got = run_command(cmd_related, "related kopi");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_string_equal(got->err, "");
    assert_has(got->out, "kopi\n\nalso_viewed, 1h: support 340, as of "
                         "2024-06-10T06:13:20Z (");
    assert_has(got->out,
               "d ago)\n"
               "  rank  item                score     count\n"
               "     1  teh                0.8312       132\n"
               "     2  caf\xC3\xA9 \\x1B[31m     12.5000         7\n");
    assert_has(got->out,
               "\n\nalso_viewed, 24h: no list\nalso_viewed, 7d: no list\n");
    assert_has(got->out, "carted_together, 24h: support 9");
    assert_has(got->out, ", partial: ");
    assert_null(strchr(got->out, '\x1B'));
}

static void test_picked(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant("SET", "p:related:{warung%2Fibu/kopi}:carted_together:24h",
          list_partial);
    got = run_command(cmd_related,
                      "related --relation carted_together -w 24h --tenant "
                      "warung/ibu kopi -s redis.prefix=p:");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "kopi of warung/ibu\n");
    assert_has(got->out, "gula");
    assert_null(strstr(got->out, "also_viewed"));
    assert_null(strstr(got->out, "no list"));
    got = run_command(cmd_related, "related -r also_viewd kopi");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    assert_has(got->err, "did you mean `also_viewed`?");
    got = run_command(cmd_related, "related -w 3h kopi");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    assert_has(got->err, "window `3h`");
}

static void test_none(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    got = run_command(cmd_related, "related baru");
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_string_equal(got->out, "");
    assert_has(got->err, "nothing is published for baru\n");
    assert_has(got->err, "terkait:related:{baru}:also_viewed:1h and alike\n");
    assert_has(got->err, "no popular list either");
    plant("SET", "terkait:popular:24h", list_popular);
    got = run_command(cmd_related, "related baru -r also_viewed -w 7d");
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_has(got->err, "terkait:related:{baru}:also_viewed:7d\n");
    assert_has(got->err, "popular now: laris, juga\n");
}

static void test_what_stands_is_no_list(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant("SET", "terkait:related:{rusak}:also_viewed:7d", "{}");
    got = run_command(cmd_related, "related rusak");
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_has(got->err, "terkait:related:{rusak}:also_viewed:7d: ");
}

static void test_usage(void **state)
{
    struct output *got;
    char line[256] = "related ";

    (void)state;
    got = run_command(cmd_related, "related");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    assert_has(got->err, "which item?");
    got = run_command(cmd_related, "related a b");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    got = run_command(cmd_related, "related a --nothing");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    got = run_command(cmd_related, "related --help");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "Usage: terkait related ITEM");
    memset(line + 8, 'x', EVENT_ID_BYTES_MAX + 1);
    got = run_command(cmd_related, line);
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    got = run_command(cmd_related, "related a -s redis.prefx=b");
    assert_int_equal(got->code, EXIT_CODE_CONFIG);
}

static void test_nobody_there(void **state)
{
    struct private_redis former = server;
    struct output *got;

    (void)state;
    close(private_bind(&server.port));
    snprintf(server.url, sizeof server.url, "redis://127.0.0.1:%d",
             server.port);
    got = run_command(cmd_related, "related a");
    server = former;
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_has(got->err, "terkait related: Redis at 127.0.0.1:");
    assert_has(got->err, "Connection refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_picked),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_what_stands_is_no_list),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_nobody_there),
    };

    return cmocka_run_group_tests_name("cmd_related", tests, set_up, tear_down);
}
