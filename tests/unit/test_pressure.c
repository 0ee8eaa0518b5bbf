#include "pressure.h"

#include "unit.h"

#define SECOND INT64_C(1000000)

static struct pressure pressure;
static int64_t now_us;

/* Steps of 100 ms; returns how many levels were passed. */
static int go(int seconds, int is_full, int is_removing)
{
    int changes = 0;

    for (int i = 0; i < 10 * seconds; i++)
        changes += pressure_turn(&pressure, now_us += SECOND / 10, is_full,
                                 is_removing);
    return changes;
}

static int begin(void **state)
{
    (void)state;
    pressure = (struct pressure){.calm_us = SECOND};
    now_us = 1000 * SECOND;
    return 0;
}

static void test_nothing_happens_as_long_as_there_is_room(void **state)
{
    (void)state;
    assert_int_equal(go(600, 0, 0), 0);
    assert_int_equal(pressure.level, PRESSURE_NONE);
    assert_false(pressure_forbids_counts(&pressure, now_us));
}

static void test_one_refusal_pauses_for_a_while(void **state)
{
    (void)state;
    assert_int_equal(pressure_turn(&pressure, now_us, 1, 0), 1);
    assert_int_equal(pressure.level, PRESSURE_PAUSED);
    assert_int_equal(go(9, 0, 0), 0);
    assert_int_equal(go(1, 0, 0), 1);
    assert_int_equal(pressure.level, PRESSURE_NONE);
    assert_false(pressure_forbids_counts(&pressure, now_us));
}

static void test_step_by_step(void **state)
{
    (void)state;
    go(4, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_PAUSED);
    go(2, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_NO_COUNTS);
    go(60, 1, 1); /* as long as it takes to remove them */
    assert_int_equal(pressure.level, PRESSURE_NO_COUNTS);
    go(1, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_NO_LISTS);
    go(600, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_NO_LISTS);
    go(29, 0, 0);
    assert_int_equal(pressure.level, PRESSURE_NO_LISTS);
    go(2, 0, 0);
    assert_int_equal(pressure.level, PRESSURE_NONE);
    assert_true(pressure_forbids_counts(&pressure, now_us));
    go(600, 0, 0);
    assert_false(pressure_forbids_counts(&pressure, now_us));
}

static void test_calm_as_soon_as_counts_are_gone(void **state)
{
    (void)state;
    go(6, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_NO_COUNTS);
    go(11, 0, 0);
    assert_int_equal(pressure.level, PRESSURE_NONE);
    assert_true(pressure_forbids_counts(&pressure, now_us));
    go(1, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_PAUSED);
}

/* Checkpoints that come seldom are no calm between two of them. */
static void test_waits_for_slow_checkpoints(void **state)
{
    (void)state;
    pressure.calm_us = 120 * SECOND;
    pressure_turn(&pressure, now_us, 1, 0);
    go(119, 0, 0);
    assert_int_equal(pressure.level, PRESSURE_PAUSED);
    pressure_turn(&pressure, now_us, 1, 0);
    assert_int_equal(pressure.level, PRESSURE_NO_COUNTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_happens_as_long_as_there_is_room,
                               begin),
        cmocka_unit_test_setup(test_one_refusal_pauses_for_a_while, begin),
        cmocka_unit_test_setup(test_step_by_step, begin),
        cmocka_unit_test_setup(test_calm_as_soon_as_counts_are_gone, begin),
        cmocka_unit_test_setup(test_waits_for_slow_checkpoints, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
