#include "store.h"

#include "unit.h"

static void test_epoch_decides_then_owner(void **state)
{
    const struct store_token rising[] = {
        {0, 0}, {0, 9}, {1, 0}, {1, 8}, {1, UINT64_MAX}, {UINT64_MAX, 1}};

    (void)state;
    for (size_t i = 0; i < COUNT(rising); i++)
        for (size_t j = 0; j < COUNT(rising); j++) {
            int order = store_token_compare(rising[i], rising[j]);

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void test_ids_are_equal_in_both_parts(void **state)
{
    const struct store_id id = {7, 3};

    (void)state;
    assert_true(store_id_equal(id, (struct store_id){7, 3}));
    assert_false(store_id_equal(id, (struct store_id){7, 4}));
    assert_false(store_id_equal(id, (struct store_id){8, 3}));
    assert_false(store_id_equal(id, (struct store_id){3, 7}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch_decides_then_owner),
        cmocka_unit_test(test_ids_are_equal_in_both_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
