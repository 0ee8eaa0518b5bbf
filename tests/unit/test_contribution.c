#include "contribution.h"

#include "unit.h"

static struct contribution numbered(uint32_t i)
{
    return (struct contribution){.item = i,
                                 .other = 2 * i,
                                 .index = (uint8_t)(i % 16),
                                 .sign = i % 2 ? 1 : -1,
                                 .fine_pane = (int64_t)i << 32};
}

static void test_keeps_all_in_order(void **state)
{
    struct contributions list;

    (void)state;
    contributions_init(&list);
    assert_int_equal(list.count, 0);
    for (uint32_t i = 0; i < 10000; i++)
        contributions_add(&list, numbered(i));
    assert_int_equal(list.count, 10000);
    for (uint32_t i = 0; i < 10000; i++) {
        struct contribution wanted = numbered(i);

        assert_int_equal(list.at[i].item, wanted.item);
        assert_int_equal(list.at[i].other, wanted.other);
        assert_int_equal(list.at[i].index, wanted.index);
        assert_int_equal(list.at[i].sign, wanted.sign);
        assert_int_equal(list.at[i].fine_pane, wanted.fine_pane);
    }
    contributions_deinit(&list);
    assert_null(list.at);
}

static void test_is_used_again_without_growing(void **state)
{
    struct contributions list;
    const struct contribution *at;

    (void)state;
    contributions_init(&list);
    for (uint32_t i = 0; i < 1000; i++)
        contributions_add(&list, numbered(i));
    at = list.at;
    for (int event = 0; event < 10; event++) {
        list.count = 0;
        for (uint32_t i = 0; i < 1000; i++)
            contributions_add(&list, numbered(i));
        assert_ptr_equal(list.at, at);
    }
    contributions_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_all_in_order),
        cmocka_unit_test(test_is_used_again_without_growing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
