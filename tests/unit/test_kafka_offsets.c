/* kafka_offsets: the filter, the ends and the lag. */
#include "kafka_offsets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_each_offset_once_and_in_order(void **state)
{
    struct kafka_offsets offsets = {0};

    (void)state;
    kafka_offsets_begin(&offsets, (const int64_t[]){5, 0}, 2);
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 4));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 5));
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 5));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 9)); /* a gap */
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 8));
    assert_int_equal(10, kafka_offsets_position(&offsets, 0));

    assert_int_equal(0, kafka_offsets_position(&offsets, 1));
    assert_int_equal(1, kafka_offsets_take(&offsets, 1, 0));
    assert_int_equal(1, kafka_offsets_position(&offsets, 1));
    kafka_offsets_deinit(&offsets);
}

static void test_ends(void **state)
{
    struct kafka_offsets offsets = {0};

    (void)state;
    kafka_offsets_begin(&offsets, (const int64_t[]){0, 0}, 2);
    assert_false(kafka_offsets_are_at_end(&offsets));
    kafka_offsets_reach_end(&offsets, 0, 0);
    kafka_offsets_reach_end(&offsets, 0, 0);
    assert_false(kafka_offsets_are_at_end(&offsets));
    kafka_offsets_reach_end(&offsets, 1, 3);
    assert_true(kafka_offsets_are_at_end(&offsets));
    assert_int_equal(3, kafka_offsets_position(&offsets, 1));

    assert_int_equal(1, kafka_offsets_take(&offsets, 1, 3));
    assert_int_equal(1, kafka_offsets_take(&offsets, 1, 4));
    assert_false(kafka_offsets_are_at_end(&offsets));
    kafka_offsets_reach_end(&offsets, 1, 3); /* told before 3 came */
    assert_false(kafka_offsets_are_at_end(&offsets));
    kafka_offsets_reach_end(&offsets, 1, 5);
    assert_true(kafka_offsets_are_at_end(&offsets));
    kafka_offsets_deinit(&offsets);
}

static void test_lag(void **state)
{
    struct kafka_offsets offsets = {0};

    (void)state;
    kafka_offsets_begin(&offsets, (const int64_t[]){4}, 1);
    assert_int_equal(-1, kafka_offsets_lag(&offsets, 0, -1001));
    assert_int_equal(6, kafka_offsets_lag(&offsets, 0, 10));
    kafka_offsets_take(&offsets, 0, 4);
    assert_int_equal(5, kafka_offsets_lag(&offsets, 0, 10));
    assert_int_equal(0, kafka_offsets_lag(&offsets, 0, 3));
    kafka_offsets_reach_end(&offsets, 0, 10); /* control records */
    assert_int_equal(0, kafka_offsets_lag(&offsets, 0, 10));
    kafka_offsets_deinit(&offsets);
}

static void test_going_back_drops_stragglers(void **state)
{
    struct kafka_offsets offsets = {0};

    (void)state;
    kafka_offsets_begin(&offsets, (const int64_t[]){0, 0}, 2);
    for (int64_t offset = 0; offset < 100; offset++)
        assert_int_equal(1, kafka_offsets_take(&offsets, 0, offset));
    kafka_offsets_begin(&offsets, (const int64_t[]){50, 0}, 2);
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 100));
    kafka_offsets_reach_end(&offsets, 0, 120);
    assert_int_equal(50, kafka_offsets_position(&offsets, 0));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 53)); /* a gap */
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 99));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 150));
    assert_int_equal(1, kafka_offsets_take(&offsets, 1, 7));

    /* Nothing came of the second time back: still above all. */
    kafka_offsets_begin(&offsets, (const int64_t[]){90}, 1);
    kafka_offsets_begin(&offsets, (const int64_t[]){10}, 1);
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 151));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 150));

    /* Fewer partitions for a while; forward there are no stragglers. */
    kafka_offsets_begin(&offsets, (const int64_t[]){151, 3}, 2);
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 151));
    assert_int_equal(0, kafka_offsets_take(&offsets, 1, 8));
    assert_int_equal(1, kafka_offsets_take(&offsets, 1, 3));
    kafka_offsets_deinit(&offsets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_offset_once_and_in_order),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_going_back_drops_stragglers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
