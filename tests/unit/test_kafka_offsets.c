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
    kafka_offsets_add(&offsets, 5);
    kafka_offsets_add(&offsets, -2);
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 4));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 5));
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 5));
    assert_int_equal(1, kafka_offsets_take(&offsets, 0, 9)); /* a gap */
    assert_int_equal(0, kafka_offsets_take(&offsets, 0, 8));
    assert_int_equal(10, kafka_offsets_position(&offsets, 0));

    assert_int_equal(-1, kafka_offsets_position(&offsets, 1));
    assert_int_equal(1, kafka_offsets_take(&offsets, 1, 0));
    assert_int_equal(1, kafka_offsets_position(&offsets, 1));
    kafka_offsets_deinit(&offsets);
}

static void test_ends(void **state)
{
    struct kafka_offsets offsets = {0};

    (void)state;
    kafka_offsets_add(&offsets, 0);
    kafka_offsets_add(&offsets, 0);
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
    kafka_offsets_add(&offsets, -2);
    assert_int_equal(-1, kafka_offsets_lag(&offsets, 0, -1001, 10));
    assert_int_equal(-1, kafka_offsets_lag(&offsets, 0, 4, -1001));
    assert_int_equal(6, kafka_offsets_lag(&offsets, 0, 4, 10));
    kafka_offsets_take(&offsets, 0, 4);
    assert_int_equal(5, kafka_offsets_lag(&offsets, 0, -1001, 10));
    assert_int_equal(0, kafka_offsets_lag(&offsets, 0, 4, 3));
    kafka_offsets_reach_end(&offsets, 0, 10); /* control records */
    assert_int_equal(0, kafka_offsets_lag(&offsets, 0, 4, 10));
    kafka_offsets_deinit(&offsets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_offset_once_and_in_order),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_lag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
