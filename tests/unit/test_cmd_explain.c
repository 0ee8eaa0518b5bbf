#include "command_output.h"

#define LIST(relation, window, support, items)                                 \
    "{\"v\":1,\"item\":\"x\",\"relation\":\"" relation                         \
    "\",\"window\":\"" window "\",\"as_of\":1,\"support\":" support            \
    ",\"items\":[" items "]}"
#define ENTRY(id, score, count)                                                \
    "{\"id\":\"" id "\",\"score\":" score ",\"count\":" count "}"
#define SETTINGS                                                               \
    " -s relation.also_viewed.k=2 -s counts.max=3 -s windows=1h,24h"

static void put_list(const char *item, const char *relation, const char *window,
                     const char *list)
{
    char key[256];

    snprintf(key, sizeof key, "terkait:related:{%s}:%s:%s", item, relation,
             window);
    plant("SET", key, list);
}

static void plant_all(void)
{
    plant("FLUSHALL", "SYNC", "");
    put_list("a", "also_viewed", "24h",
             LIST("also_viewed", "24h", "340",
                  ENTRY("b", "0.5000", "132") "," ENTRY("c", "0.4000", "90")));
    put_list("b", "also_viewed", "24h",
             LIST("also_viewed", "24h", "160", ENTRY("a", "0.5000", "132")));
    put_list("b", "carted_together", "24h",
             LIST("carted_together", "24h", "30", ENTRY("z", "0.1", "3")));
    plant("ZADD", "terkait:counts:{a}:also_viewed:24h", "3 rare 90 c 132 b");
    plant("ZADD", "terkait:counts:{a}:also_viewed:1h", "1 b");
    plant("SET", "terkait:popular:24h",
          LIST("also_viewed", "24h", "9000",
               ENTRY("rare", "70.0000", "70") "," ENTRY("d", "9.0", "9")));
}

/* The lines of one relation's window. */
static const char *part(const char *out, const char *relation,
                        const char *window)
{
    static char copy[4096];
    const char *start = strstr(out, relation), *end;

    assert_non_null(start);
    start = strstr(start, window);
    assert_non_null(start);
    for (end = strchr(start, '\n'); end != NULL; end = strchr(end + 1, '\n'))
        if (strncmp(end + 1, "     ", 5) != 0)
            break;
    snprintf(copy, sizeof copy, "%.*s",
             end != NULL ? (int)(end - start) : (int)strlen(start), start);
    return copy;
}

static void test_in_the_list(void **state)
{
    struct output *got;
    const char *lines;

    (void)state;
    NEED_SERVER();
    plant_all();
    got = run_command(cmd_explain, "explain a b" SETTINGS);
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "B = b in the lists of A = a\n");
    lines = part(got->out, "also_viewed", "  24h");
    assert_has(lines, "rank 1 of 2: score 0.5000\n");
    assert_has(lines, "c = 132, n_a = 340, n_b = 160, N = 9000\n");
    assert_has(lines, "cosine: ");
    assert_has(lines, "= 0.5185");
    lines = part(got->out, "also_viewed", "  1h");
    assert_has(lines, "not in the list: together in 1, min_support is 2\n");
    assert_has(lines, "c = 1, n_a unknown, n_b unknown, N unknown");
    assert_null(strstr(lines, "cosine"));
    lines = part(got->out, "viewed_then_carted", "  24h");
    assert_has(lines, "nothing is published");
    assert_has(lines, "c unknown, n_a unknown, n_b = 30, N unknown");
}

static void test_outranked_and_below(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant_all();
    got = run_command(cmd_explain, "explain a rare" SETTINGS);
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(part(got->out, "also_viewed", "  24h"),
               "not in the list: behind the 2 that fill it; the last, c, has "
               "score 0.4000, this 0.0167\n"
               "        c = 3, n_a = 340, n_b = 70, N = 9000\n");
    got = run_command(cmd_explain, "explain a d" SETTINGS);
    assert_has(part(got->out, "also_viewed", "  24h"),
               "together in fewer than 2, or behind the 2 that fill it; the "
               "last, c, has score 0.4000\n"
               "        c unknown (at most 3), n_a = 340, n_b = 9, N = 9000");
    assert_has(part(got->out, "also_viewed", "  1h"), "never together here");
    got = run_command(
        cmd_explain,
        "explain a d -s relation.also_viewed.min_support=4" SETTINGS);
    assert_has(part(got->out, "also_viewed", "  24h"),
               "together in at most 3, min_support is 4");
    got = run_command(cmd_explain, "explain a rare -s "
                                   "relation.also_viewed.k=3 -s counts.max=3");
    assert_has(part(got->out, "also_viewed", "  24h"),
               "the list has not followed yet");
}

static void test_nothing_published(void **state)
{
    struct output *got;

    (void)state;
    NEED_SERVER();
    plant_all();
    got = run_command(cmd_explain, "explain new b --tenant toko" SETTINGS);
    assert_int_equal(got->code, EXIT_CODE_FAILED);
    assert_has(got->out, "nothing is published for the first item\n");
    assert_has(got->err, "terkait:related:{toko/new}:also_viewed:1h");
}

static void test_usage(void **state)
{
    struct output *got;

    (void)state;
    got = run_command(cmd_explain, "explain a");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    got = run_command(cmd_explain, "explain a b c");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    got = run_command(cmd_explain, "explain a a");
    assert_int_equal(got->code, EXIT_CODE_USAGE);
    assert_has(got->err, "never in its own list");
    got = run_command(cmd_explain, "explain --help");
    assert_int_equal(got->code, EXIT_CODE_OK);
    assert_has(got->out, "Usage: terkait explain A B");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_the_list),
        cmocka_unit_test(test_outranked_and_below),
        cmocka_unit_test(test_nothing_published),
        cmocka_unit_test(test_usage),
    };

    return cmocka_run_group_tests_name("cmd_explain", tests, set_up, tear_down);
}
