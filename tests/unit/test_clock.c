#include "clock.h"

#include "unit.h"

#include <time.h>

static void test_monotonic_time_never_falls(void **state)
{
    int64_t before = clock_mono_us();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        int64_t now = clock_mono_us();

        assert_true(now >= before);
        before = now;
    }
}

static void test_monotonic_time_is_in_microseconds(void **state)
{
    const struct timespec pause = {0, 5000000};
    int64_t start = clock_mono_us(), passed;

    (void)state;
    nanosleep(&pause, NULL);
    passed = clock_mono_us() - start;
    assert_true(passed >= 5000);
    assert_true(passed < 5000000); /* a slow machine, not another unit */
}

static void test_wall_time_is_in_milliseconds(void **state)
{
    int64_t before_s = time(NULL);
    int64_t now_ms = clock_wall_ms();
    int64_t after_s = time(NULL);

    (void)state;
    /* time() may read a coarser clock, one tick behind */
    assert_true(now_ms >= 1000 * before_s);
    assert_true(now_ms < 1000 * (after_s + 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_time_never_falls),
        cmocka_unit_test(test_monotonic_time_is_in_microseconds),
        cmocka_unit_test(test_wall_time_is_in_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
