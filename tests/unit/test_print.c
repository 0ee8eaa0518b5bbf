/* All that the engine knows, as lines. */
#include "print.h"

#include "engine_world.h"

static struct engine *make_engine(void)
{
    struct engine_rules rules = small_rules();
    struct engine *engine = engine_new(&rules);

    take_event(engine, 1, "page_view", "x", "b/1", ",'tenant':'toko a'");
    take_event(engine, 2, "add_to_cart", "x", "c", ",'tenant':'toko a'");
    take_event(engine, 3, "page_view", "x", "z", "");
    take_event(engine, 4, "page_view", "x", "a", "");
    take_event(engine, 5, "page_view", "y", "z", "");
    take_event(engine, 6, "page_view", "y", "a", "");
    take_event(engine, 7, "page_view", "y", "m", "");
    take_event(engine, 8, "page_view", "alone", "q", "");
    return engine;
}

/* What it prints, to be freed. */
static char *print(struct engine *engine, void (*to)(struct engine *, FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);

    to(engine, file);
    fclose(file);
    return text;
}

static void assert_sorted(char *text)
{
    char *former = strtok(text, "\n"), *line;

    while ((line = strtok(NULL, "\n")) != NULL) {
        assert_true(strcmp(former, line) < 0);
        former = line;
    }
}

static const char counts_of_1m[] = "also_viewed\t1m\ta\tm\t1\n"
                                   "also_viewed\t1m\ta\tz\t2\n"
                                   "also_viewed\t1m\tm\ta\t1\n"
                                   "also_viewed\t1m\tm\tz\t1\n"
                                   "also_viewed\t1m\ttoko%20a/b%2F1\ttoko%20a/c"
                                   "\t1\n"
                                   "also_viewed\t1m\ttoko%20a/c\ttoko%20a/b%2F1"
                                   "\t1\n"
                                   "also_viewed\t1m\tz\ta\t2\n"
                                   "also_viewed\t1m\tz\tm\t1\n"
                                   "also_viewed\t1s\t";

static void test_counts(void **state)
{
    struct engine *engine = make_engine();
    char *text = print(engine, print_counts);
    uint32_t lines = 0;

    (void)state;
    assert_int_equal(strncmp(text, counts_of_1m, strlen(counts_of_1m)), 0);
    assert_non_null(strstr(text, "viewed_then_carted\t1s\ttoko%20a/b%2F1\t"
                                 "toko%20a/c\t1\n"));
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 8 + 8 + 1 + 1);
    assert_sorted(text);
    free(text);
    engine_free(engine);
}

/* What has left a window is in none of its lines. */
static void test_counts_above_0_only(void **state)
{
    struct engine *engine = make_engine();
    char *text;

    (void)state;
    take_event(engine, 5000, "page_view", "late", "q", "");
    text = print(engine, print_counts);
    assert_null(strstr(text, "\t1s\t"));
    assert_non_null(strstr(text, "also_viewed\t1m\tz\tm\t1\n"));
    free(text);
    engine_free(engine);
}

static void test_lists(void **state)
{
    struct engine *engine = make_engine();
    char *text = print(engine, print_lists);

    (void)state;
    assert_non_null(strstr(
        text, "also_viewed\t1m\tm\t{\"v\":1,\"item\":\"m\",\"relation\":"
              "\"also_viewed\",\"window\":\"1m\",\"as_of\":1718000000008,"
              "\"support\":1,\"items\":[{\"id\":\"a\",\"score\":0.7071,"
              "\"count\":1},{\"id\":\"z\",\"score\":0.7071,\"count\":1}]}\n"));
    assert_non_null(strstr(text, "viewed_then_carted\t1s\ttoko%20a/b%2F1\t"
                                 "{\"v\":1,\"item\":\"b/1\","));
    assert_null(strstr(text, "\tq\t"));
    assert_null(strstr(text, "viewed_then_carted\t1s\ttoko%20a/c\t"));
    assert_sorted(text);
    free(text);
    engine_free(engine);
}

static void test_nothing(void **state)
{
    struct engine_rules rules = small_rules();
    struct engine *engine = engine_new(&rules);
    char *text = print(engine, print_lists);

    (void)state;
    assert_string_equal(text, "");
    free(text);
    text = print(engine, print_counts);
    assert_string_equal(text, "");
    free(text);
    engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_counts_above_0_only),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
