#include "window.h"

#include "rng.h"
#include "unit.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000 };

static struct windows the_default(void)
{
    return (struct windows){.count = 3,
                            .at = {{"1h", HOUR_MS, 12},
                                   {"24h", 24 * HOUR_MS, 24},
                                   {"7d", 168 * (int64_t)HOUR_MS, 28}}};
}

static struct windows ready(struct windows windows)
{
    struct err err = ERR_NONE;

    if (windows_init(&windows, &err) < 0)
        fail_msg("%s", err.text);
    return windows;
}

static void test_default_windows(void **state)
{
    struct windows windows = ready(the_default());

    (void)state;
    assert_int_equal(windows.fine_ms, 5 * MINUTE_MS);
    assert_int_equal(windows.longest, 2);
    for (uint32_t tier = 0; tier < 3; tier++)
        assert_int_equal(windows.by_tier[tier], tier);
    assert_int_equal(windows.fine_per_pane[0], 1);
    assert_int_equal(windows.fine_per_pane[1], 12);
    assert_int_equal(windows.fine_per_pane[2], 72);
    assert_int_equal(window_fine_pane(&windows, 0), 0);
    assert_int_equal(window_fine_pane(&windows, 5 * MINUTE_MS - 1), 0);
    assert_int_equal(window_fine_pane(&windows, 5 * MINUTE_MS), 1);
}

static void test_tiers_go_from_fine_to_coarse(void **state)
{
    struct windows windows =
        ready((struct windows){.count = 4,
                               .at = {{"coarse", 60, 3},
                                      {"fine_and_long", 90, 45},
                                      {"same", 40, 4},
                                      {"also", 20, 2}}});
    static const uint32_t wanted[] = {1, 2, 3, 0};

    (void)state;
    assert_int_equal(windows.longest, 1);
    assert_int_equal(windows.fine_ms, 2);
    for (uint32_t tier = 0; tier < 4; tier++)
        assert_int_equal(windows.by_tier[tier], wanted[tier]);
    assert_int_equal(windows.fine_per_pane[1], 5);
    assert_int_equal(windows.fine_per_pane[3], 10);
}

static void assert_refused(struct windows windows, const char *why)
{
    struct err err = ERR_NONE;

    assert_int_equal(windows_init(&windows, &err), -1);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void test_refuses_what_does_not_fit(void **state)
{
    (void)state;
    assert_refused((struct windows){0}, "at least one");
    assert_refused((struct windows){.count = 1, .at = {{"w", 100, 3}}},
                   "\"w\": its length (100 ms) must be divisible");
    assert_refused((struct windows){.count = 1, .at = {{"w", 100, 0}}}, "w");
    assert_refused((struct windows){.count = 1, .at = {{"w", 0, 1}}}, "w");
    assert_refused((struct windows){.count = 1, .at = {{"w", 100, -4}}}, "w");
    assert_refused(
        (struct windows){.count = 2, .at = {{"a", 60, 10}, {"b", 90, 10}}},
        "window \"a\" has panes of 6 ms, window \"b\" of 9 ms");
    assert_refused(
        (struct windows){.count = 2,
                         .at = {{"long", INT64_C(1) << 24, 1}, {"fine", 4, 4}}},
        "\"long\" is more than 8388608 times");
}

static void test_the_longest_span_is_taken(void **state)
{
    struct windows windows = ready((struct windows){
        .count = 1, .at = {{"w", WINDOW_SPAN_MAX, WINDOW_SPAN_MAX}}});

    (void)state;
    assert_int_equal(windows.fine_ms, 1);
}

/* Stream time 10:07: the hour from 09:10, the day from 11:00 of the day
 * before, the week from 06:00, a week less a pane before. */
static void test_horizon_of_the_default(void **state)
{
    struct windows windows = ready(the_default());
    struct horizon horizon;
    int64_t now_ms = INT64_C(19884) * 24 * HOUR_MS + 10 * HOUR_MS;
    int64_t hour = 12, day = 24 * hour;
    int64_t midnight = INT64_C(19884) * day;

    (void)state;
    now_ms += 7 * MINUTE_MS;
    window_horizon(&horizon, &windows, window_fine_pane(&windows, now_ms));
    assert_int_equal(horizon.fine_pane, midnight + 10 * hour + 1);
    assert_int_equal(horizon.from[0], midnight + 9 * hour + 2);
    assert_int_equal(horizon.until[0], midnight + 10 * hour + 2);
    assert_int_equal(horizon.from[1], midnight - day + 11 * hour);
    assert_int_equal(horizon.until[1], midnight + 11 * hour);
    assert_int_equal(horizon.from[2], midnight - 7 * day + 12 * hour);
    assert_int_equal(horizon.until[2], midnight + 12 * hour);
    assert_int_equal(horizon.oldest, horizon.from[2]);
}

/* A window may be shorter and yet reach further back than the longest, which
 * has just begun a pane. */
static void test_the_oldest_need_not_be_of_the_longest(void **state)
{
    struct windows windows = ready((struct windows){
        .count = 2, .at = {{"long", 100, 2}, {"short", 90, 9}}});
    struct horizon horizon;

    (void)state;
    assert_int_equal(windows.fine_ms, 10);
    window_horizon(&horizon, &windows, 10);
    assert_int_equal(horizon.from[0], 2);
    assert_int_equal(horizon.from[1], 5);
    assert_int_equal(horizon.oldest, 2);
}

static int64_t divide_down(int64_t a, int64_t b)
{
    while (a % b != 0)
        a--;
    return a / b;
}

/* Counted or not, by the words of the definition: pane number = floor(ts / pane
 * length), the `panes` newest numbers, that of stream time included. */
static int is_in_window(const struct window *window, int64_t now_ms,
                        int64_t ts_ms)
{
    int64_t pane_ms = window->length_ms / window->panes;
    int64_t newest = divide_down(now_ms, pane_ms);
    int64_t pane = divide_down(ts_ms, pane_ms);

    return pane <= newest && pane > newest - window->panes;
}

static struct windows random_windows(struct rng *rng)
{
    static const int64_t pane_ms[] = {2, 4, 4, 12, 24, 120};
    struct windows windows = {.count = 1 + rng_below(rng, 5)};

    for (uint32_t i = 0; i < windows.count; i++) {
        windows.at[i].panes = 1 + rng_below(rng, 9);
        windows.at[i].length_ms =
            windows.at[i].panes * pane_ms[rng_below(rng, COUNT(pane_ms))];
    }
    return ready(windows);
}

static void compare_horizon(const struct windows *windows, int64_t now_ms)
{
    struct horizon horizon;

    window_horizon(&horizon, windows, window_fine_pane(windows, now_ms));
    for (int64_t ts_ms = now_ms > 1500 ? now_ms - 1500 : 0;
         ts_ms < now_ms + 200; ts_ms++) {
        int64_t pane = window_fine_pane(windows, ts_ms);
        uint32_t needed_in = windows->count;

        for (uint32_t tier = windows->count; tier-- > 0;) {
            const struct window *window = &windows->at[windows->by_tier[tier]];
            int counted =
                pane >= horizon.from[tier] && pane < horizon.until[tier];

            assert_int_equal(counted, is_in_window(window, now_ms, ts_ms));
            if (counted || pane >= horizon.until[tier])
                needed_in = tier;
        }
        assert_int_equal(window_tier(&horizon, windows, pane), needed_in);
        assert_int_equal(pane < horizon.oldest, needed_in == windows->count);
    }
}

static void test_counts_what_the_definition_says(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 6);
    for (int round = 0; round < 60; round++) {
        struct windows windows = random_windows(&rng);

        for (int i = 0; i < 10; i++)
            compare_horizon(&windows, rng_below(&rng, 5000));
        compare_horizon(&windows, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_windows),
        cmocka_unit_test(test_tiers_go_from_fine_to_coarse),
        cmocka_unit_test(test_refuses_what_does_not_fit),
        cmocka_unit_test(test_the_longest_span_is_taken),
        cmocka_unit_test(test_horizon_of_the_default),
        cmocka_unit_test(test_the_oldest_need_not_be_of_the_longest),
        cmocka_unit_test(test_counts_what_the_definition_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
