/* freshness: from a record's stamp to an acknowledged list. */
#include "freshness.h"
#include "unit.h"

static const struct histogram *measured(struct freshness *freshness)
{
    return &freshness_spread(freshness, 1)->all;
}

static void test_one_row(void **state)
{
    struct freshness *freshness = freshness_new();

    (void)state;
    freshness_stamp(freshness, 1000);
    freshness_touch(freshness, 7);
    freshness_stamp(freshness, 1030);
    freshness_touch(freshness, 7); /* the first has waited longest */
    freshness_look(freshness, 7, 2);
    freshness_acknowledge(freshness, 99, 1050, 1); /* not flushed yet */
    assert_int_equal(measured(freshness)->count, 0);
    freshness_flush(freshness, 12);
    freshness_acknowledge(freshness, 11, 1060, 1);
    assert_int_equal(measured(freshness)->count, 0);
    freshness_acknowledge(freshness, 12, 1070, 1);
    assert_int_equal(measured(freshness)->count, 1);
    assert_int_equal(measured(freshness)->max, 70000);
    freshness_acknowledge(freshness, 13, 1080, 1);
    freshness_look(freshness, 7, 2); /* nothing touched it since */
    freshness_flush(freshness, 14);
    freshness_acknowledge(freshness, 14, 1080, 1);
    assert_int_equal(measured(freshness)->count, 1);
    freshness_free(freshness);
}

static void test_what_is_not_measured(void **state)
{
    struct freshness *freshness = freshness_new();

    (void)state;
    freshness_touch(NULL, 1);
    freshness_look(NULL, 1, 1);
    freshness_touch(freshness, 1); /* without a stamp */
    freshness_look(freshness, 1, 1);
    freshness_stamp(freshness, 1000);
    freshness_touch(freshness, 2);
    freshness_look(freshness, 2, 0); /* nothing was to be written */
    freshness_look(freshness, 2, 1);
    freshness_touch(freshness, 3);
    freshness_touch(freshness, 3 + FRESHNESS_ROWS); /* the same place */
    freshness_look(freshness, 3 + FRESHNESS_ROWS, 1);
    freshness_flush(freshness, 5);
    freshness_acknowledge(freshness, 5, 2000, 1);
    assert_int_equal(measured(freshness)->count, 0);
    freshness_look(freshness, 3, 1);
    freshness_flush(freshness, 6);
    freshness_acknowledge(freshness, 6, 500, 1); /* a clock behind: 0 */
    assert_int_equal(measured(freshness)->count, 1);
    assert_int_equal(measured(freshness)->max, 0);
    freshness_free(freshness);
}

static void test_forgets(void **state)
{
    struct freshness *freshness = freshness_new();

    (void)state;
    freshness_stamp(freshness, 1000);
    freshness_touch(freshness, 1);
    freshness_look(freshness, 1, 1);
    freshness_flush(freshness, 5);
    freshness_touch(freshness, 2);
    freshness_forget(freshness);
    freshness_look(freshness, 2, 1);
    freshness_flush(freshness, 6);
    freshness_acknowledge(freshness, 6, 2000, 1);
    assert_int_equal(measured(freshness)->count, 0);
    freshness_free(freshness);
}

/* More than the table holds, in turns of which several are under way. */
static void test_many(void **state)
{
    struct freshness *freshness = freshness_new();

    (void)state;
    for (int64_t turn = 1; turn <= 10; turn++) {
        freshness_stamp(freshness, turn * 100);
        for (uint32_t item = 1; item <= 300; item++)
            freshness_touch(freshness, item);
        for (uint32_t item = 1; item <= 300; item++)
            freshness_look(freshness, item, 1);
        freshness_flush(freshness, (uint64_t)turn * 300);
        if (turn > 2) /* two turns later */
            freshness_acknowledge(freshness, (uint64_t)(turn - 2) * 300,
                                  turn * 100, 1);
    }
    assert_int_equal(measured(freshness)->count, 8 * 300);
    assert_int_equal(measured(freshness)->max, 200000);
    assert_int_equal(histogram_quantile(measured(freshness), 0), 200000);
    for (uint32_t item = 1; item <= 2 * FRESHNESS_ROWS; item++) {
        freshness_touch(freshness, item);
        freshness_look(freshness, item, 1);
    }
    freshness_flush(freshness, 10000);
    freshness_acknowledge(freshness, 10000, 1000, 1);
    assert_int_equal(measured(freshness)->count, 8 * 300 + FRESHNESS_ROWS);
    freshness_free(freshness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_row),
        cmocka_unit_test(test_what_is_not_measured),
        cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests_name("freshness", tests, NULL, NULL);
}
