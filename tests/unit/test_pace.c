#include "pace.h"

#include "unit.h"

#define SECOND INT64_C(1000000)

static struct pace pace;

/* How long it takes to write so many pieces, as fast as it may. */
static int64_t write_pieces(uint32_t count, uint64_t bytes)
{
    int64_t now_us = 5 * SECOND;

    for (uint32_t i = 0; i < count; i++) {
        while (!pace_allows(&pace, now_us))
            now_us += 100;
        pace_note(&pace, now_us, bytes);
    }
    return now_us - 5 * SECOND;
}

static void test_little_waits_for_nothing(void **state)
{
    (void)state;
    pace_init(&pace, 60 * SECOND);
    assert_int_equal(write_pieces(100, 400), 0);
}

static void test_much_is_written_slowly(void **state)
{
    (void)state;
    pace_init(&pace, 60 * SECOND);
    assert_in_range(write_pieces(100, 200000), 9.8 * SECOND, 10 * SECOND);
    pace_init(&pace, 60 * SECOND);
    pace.all_bytes = 100 * 200000;
    assert_in_range(write_pieces(100, 200000), 9.8 * SECOND, 10 * SECOND);
}

static void test_all_of_it_is_written_in_time(void **state)
{
    (void)state;
    pace_init(&pace, 60 * SECOND);
    pace.all_bytes = UINT64_C(1000) * 1000000;
    assert_in_range(write_pieces(1000, 1000000), 59 * SECOND, 60 * SECOND);
}

static void test_rest_is_not_saved_up(void **state)
{
    (void)state;
    pace_init(&pace, 60 * SECOND);
    pace_note(&pace, 1 * SECOND, 1000000);
    assert_false(pace_allows(&pace, 1 * SECOND));
    assert_true(pace_allows(&pace, 1500000));
    pace_note(&pace, 9 * SECOND, 1000000);
    assert_false(pace_allows(&pace, 9 * SECOND + 400000));
    assert_true(pace_allows(&pace, 9 * SECOND + 500000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_little_waits_for_nothing),
        cmocka_unit_test(test_much_is_written_slowly),
        cmocka_unit_test(test_all_of_it_is_written_in_time),
        cmocka_unit_test(test_rest_is_not_saved_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
