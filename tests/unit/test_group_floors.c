#include "group_floors.h"

#include "unit.h"

static void test_none_was_set(void **state)
{
    struct group_floors floors;

    (void)state;
    group_floors_init(&floors, 4);
    assert_false(group_floors_reach(&floors, 0, 0));
    assert_int_equal(group_floors_get(&floors, 3, 7), -1);
    group_floors_set(&floors, 2, 5, 10);
    assert_int_equal(group_floors_get(&floors, 3, 5), -1);
    assert_int_equal(group_floors_get(&floors, 2, 4), -1);
    assert_false(group_floors_reach(&floors, 4, 0));
    assert_false(group_floors_reach(&floors, 6, 0));
    group_floors_deinit(&floors);
}

static void test_the_highest_decides_who_is_asked(void **state)
{
    struct group_floors floors;

    (void)state;
    group_floors_init(&floors, 4);
    group_floors_set(&floors, 0, 1, 7);
    group_floors_set(&floors, 1, 1, 12);
    group_floors_set(&floors, 2, 1, 3);
    group_floors_set(&floors, 3, 0, 100);
    assert_int_equal(group_floors_get(&floors, 0, 1), 7);
    assert_int_equal(group_floors_get(&floors, 1, 1), 12);
    assert_int_equal(group_floors_get(&floors, 2, 1), 3);
    assert_true(group_floors_reach(&floors, 1, 11));
    assert_false(group_floors_reach(&floors, 1, 12));
    assert_true(group_floors_reach(&floors, 0, 99));
    group_floors_set(&floors, 0, 1, 20);
    assert_int_equal(group_floors_get(&floors, 0, 1), 20);
    assert_true(group_floors_reach(&floors, 1, 19));
    group_floors_deinit(&floors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_was_set),
        cmocka_unit_test(test_the_highest_decides_who_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
