#include "group_places.h"

#include "unit.h"

static struct windows windows;

static void use_windows(uint32_t count, const int64_t lengths[][2])
{
    struct err err = ERR_NONE;

    windows = (struct windows){.count = count};
    for (uint32_t i = 0; i < count; i++) {
        windows.at[i].length_ms = lengths[i][0];
        windows.at[i].panes = lengths[i][1];
    }
    assert_int_equal(windows_init(&windows, &err), 0);
}

static void use_defaults(void)
{
    static const int64_t lengths[][2] = {
        {3600000, 12}, {86400000, 24}, {604800000, 28}};

    use_windows(3, lengths);
}

static void test_young_panes_have_small_codes(void **state)
{
    struct group_places places;

    (void)state;
    use_defaults();
    group_places_init(&places, &windows, 1000, 0);
    assert_int_equal(group_places_span(&places), 12 + 24 + 28);
    assert_int_equal(group_places_code(&places, (struct row_place){0, 0, 1000}),
                     0);
    assert_int_equal(group_places_code(&places, (struct row_place){0, 0, 989}),
                     11);
    assert_int_equal(
        group_places_code(&places, (struct row_place){0, 1, 1000 / 12}), 12);
    assert_int_equal(
        group_places_code(&places, (struct row_place){0, 2, 1000 / 72}), 36);
    assert_int_equal(
        group_places_code(&places, (struct row_place){2, 2, 1000 / 72 - 27}),
        2 * 64 + 63);
}

static void test_room_for_what_is_ahead(void **state)
{
    struct group_places places;

    (void)state;
    use_defaults();
    group_places_init(&places, &windows, 1000, 5);
    assert_int_equal(group_places_span(&places), 5 + 64);
    assert_int_equal(group_places_code(&places, (struct row_place){0, 0, 1005}),
                     0);
    assert_int_equal(group_places_code(&places, (struct row_place){0, 0, 1000}),
                     5);
    assert_int_equal(
        group_places_code(&places, (struct row_place){0, 1, 1000 / 12}), 17);
}

static void check_all_codes(int64_t fine_pane, uint64_t ahead)
{
    struct group_places places;
    uint64_t code = 0;

    group_places_init(&places, &windows, fine_pane, ahead);
    for (uint32_t index = 0; index < 3; index++)
        for (uint32_t tier = 0; tier < windows.count; tier++) {
            int64_t panes = windows.at[windows.by_tier[tier]].panes;
            int64_t newest =
                places.now[tier] + (tier == 0 ? (int64_t)ahead : 0);

            for (int64_t pane = newest; pane > places.now[tier] - panes;
                 pane--) {
                struct row_place place = {index, tier, pane};
                struct row_place back = group_places_decode(&places, code);

                assert_int_equal(group_places_code(&places, place), code);
                assert_int_equal(back.index, index);
                assert_int_equal(back.tier, tier);
                assert_true(back.pane == pane);
                code++;
            }
        }
    assert_int_equal(code, 3 * group_places_span(&places));
}

static void test_each_place_has_its_code(void **state)
{
    static const int64_t finer_is_longer[][2] = {{20, 2}, {60, 60}};
    static const int64_t alike[][2] = {{12, 12}, {3, 3}, {20, 2}};

    (void)state;
    use_defaults();
    check_all_codes(5700000, 0);
    check_all_codes(5700013, 3);
    check_all_codes(0, 1);
    use_windows(2, finer_is_longer);
    check_all_codes(7, 2);
    use_windows(3, alike);
    check_all_codes(1000001, 0);
}

static void code_too_old(void)
{
    struct group_places places;

    group_places_init(&places, &windows, 1000, 0);
    group_places_code(&places, (struct row_place){0, 0, 988});
}

static void code_ahead(void)
{
    struct group_places places;

    group_places_init(&places, &windows, 1000, 0);
    group_places_code(&places, (struct row_place){0, 1, 1000 / 12 + 1});
}

static void test_no_place_for_what_a_row_cannot_hold(void **state)
{
    (void)state;
    use_defaults();
    assert_aborts(code_too_old);
    assert_aborts(code_ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_young_panes_have_small_codes),
        cmocka_unit_test(test_room_for_what_is_ahead),
        cmocka_unit_test(test_each_place_has_its_code),
        cmocka_unit_test(test_no_place_for_what_a_row_cannot_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
