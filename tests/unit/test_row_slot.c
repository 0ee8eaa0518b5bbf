/* Slots and what they say, against int64 arithmetic. */
#include "row_slot.h"

#include "rng.h"
#include "unit.h"

static struct windows windows = {
    .count = 3,
    .at = {{"1h", 3600000, 12}, {"24h", 86400000, 24}, {"7d", 604800000, 28}}};

static void open_windows(void)
{
    struct err err = ERR_NONE;

    assert_int_equal(windows_init(&windows, &err), 0);
}

static void test_a_place_survives(void **state)
{
    struct rng rng;

    (void)state;
    open_windows();
    rng_init(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        int64_t as_of = (int64_t)(rng_next(&rng) >> 20);
        int64_t pane = as_of - rng_below(&rng, 1 << 24);
        uint32_t tier = rng_below(&rng, 3), index = rng_below(&rng, 16);
        int64_t ratio = windows.fine_per_pane[tier];
        int64_t near[] = {as_of, as_of / 12, as_of / 72};
        uint32_t slot;

        if (pane < 0)
            continue;
        slot = slot_make(&windows, index, tier, pane);
        assert_int_equal(slot_index(slot), index);
        assert_int_equal(slot_tier(slot), tier);
        assert_true(slot_fine_pane(&windows, slot, near) ==
                    pane / ratio * ratio);
        assert_true(row_place(slot, near).pane == pane / ratio);
        assert_int_equal(row_slot(row_place(slot, near)), slot);
    }
}

static void test_counts_what_the_window_holds(void **state)
{
    struct horizon horizon;
    struct rng rng;
    int counted = 0;

    (void)state;
    open_windows();
    rng_init(&rng, 2);
    for (int i = 0; i < 20000; i++) {
        int64_t now = (int64_t)(rng_next(&rng) >> 24);
        int64_t pane = now + 20 - rng_below(&rng, 3000);
        uint32_t k = rng_below(&rng, 3), tier = rng_below(&rng, k + 1);
        int64_t first, near[WINDOWS_MAX];
        uint32_t slot;

        if (pane < 0)
            continue;
        slot = slot_make(&windows, 1, tier, pane);
        slot_near(near, &windows, now);
        first = slot_fine_pane(&windows, slot, near);
        window_horizon(&horizon, &windows, now);
        assert_int_equal(slot_counts(&horizon, slot, tier, k),
                         horizon_counts(&horizon, k, first));
        counted += slot_counts(&horizon, slot, tier, k);
    }
    assert_in_range(counted, 2000, 18000);
}

static void test_younger_slots_are_larger(void **state)
{
    (void)state;
    open_windows();
    assert_true(slot_make(&windows, 0, 2, 900) <
                slot_make(&windows, 0, 1, 800));
    assert_true(slot_make(&windows, 0, 1, 900) <
                slot_make(&windows, 0, 0, 800));
    assert_true(slot_make(&windows, 0, 0, 900) <
                slot_make(&windows, 1, 2, 800));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_place_survives),
        cmocka_unit_test(test_counts_what_the_window_holds),
        cmocka_unit_test(test_younger_slots_are_larger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
