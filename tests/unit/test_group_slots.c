#include "group_slots.h"

#include "unit.h"

#define NOW INT64_C(5700013)

static struct windows windows;
static struct group_slots slots;
static struct group_codes codes;

static int open_windows(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    windows = (struct windows){.count = 3,
                               .at = {{"1h", 3600000, 12},
                                      {"24h", 86400000, 24},
                                      {"7d", 604800000, 28}}};
    return windows_init(&windows, &err);
}

static struct row_place place_at(uint32_t index, uint32_t tier, int64_t back)
{
    return (struct row_place){index, tier,
                              NOW / windows.fine_per_pane[tier] - back};
}

/* Each slot's code is that of its place, asked once or more often. */
static void check_slot(uint32_t index, uint32_t tier, int64_t back)
{
    struct row_place place = place_at(index, tier, back);
    uint64_t code = group_places_code(&slots.places, place);
    uint32_t slot = row_slot(place), found;

    assert_int_equal(group_slots_code(&slots, slot), code);
    assert_int_equal(group_slots_code(&slots, slot), code);
    if (group_codes_slot(&codes, &found, code) == 0)
        assert_int_equal(found, slot);
    else
        assert_int_not_equal(
            window_tier(&codes.horizon, &windows,
                        place.pane * windows.fine_per_pane[tier]),
            tier);
}

static void check_all(int64_t ahead)
{
    for (int round = 0; round < 2; round++)
        for (uint32_t index = 0; index < 16; index++)
            for (uint32_t tier = 0; tier < 3; tier++)
                for (int64_t back = tier == 0 ? -ahead : 0;
                     back < windows.at[windows.by_tier[tier]].panes; back++)
                    check_slot(index, tier, back);
}

static void see(uint32_t tier, int64_t back)
{
    uint32_t slot = row_slot(place_at(1, tier, back));

    group_slots_see(&slots, slot);
    group_slots_see(&slots, slot);
}

/* There are more than are remembered, so some push out others. */
static void test_codes_are_those_of_places(void **state)
{
    (void)state;
    group_slots_init(&slots, &windows, NOW);
    see(0, 3);
    see(2, 27);
    assert_int_equal(group_slots_number(&slots), 0);
    group_codes_init(&codes, &windows, NOW, 0);
    check_all(0);
}

static void test_what_is_ahead_is_seen(void **state)
{
    (void)state;
    group_slots_init(&slots, &windows, NOW);
    see(0, -2);
    see(0, 11);
    see(0, -7);
    see(0, -1);
    assert_int_equal(group_slots_number(&slots), 7);
    group_codes_init(&codes, &windows, NOW, 7);
    check_all(7);
}

/* Whatever was met at its place before. */
static void test_what_is_ahead_is_not_taken_for_another(void **state)
{
    (void)state;
    for (uint32_t ahead = 0; ahead < 16; ahead++) {
        group_slots_init(&slots, &windows, NOW);
        for (uint32_t index = 0; index < 16; index++)
            for (uint32_t tier = 0; tier < 3; tier++)
                for (int64_t back = 0; back < 12; back++)
                    group_slots_see(&slots,
                                    row_slot(place_at(index, tier, back)));
        group_slots_see(&slots, row_slot(place_at(ahead, 0, -5)));
        assert_int_equal(group_slots_number(&slots), 5);
    }
}

static void test_a_pane_that_has_passed_on_is_none(void **state)
{
    uint32_t slot;

    (void)state;
    group_codes_init(&codes, &windows, NOW, 0);
    assert_int_equal(group_codes_slot(&codes, &slot, 0), 0);
    assert_int_equal(group_codes_slot(&codes, &slot, 12), -1);
    assert_int_equal(group_codes_slot(&codes, &slot, 12), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_are_those_of_places),
        cmocka_unit_test(test_what_is_ahead_is_seen),
        cmocka_unit_test(test_what_is_ahead_is_not_taken_for_another),
        cmocka_unit_test(test_a_pane_that_has_passed_on_is_none),
    };

    return cmocka_run_group_tests(tests, open_windows, NULL);
}
