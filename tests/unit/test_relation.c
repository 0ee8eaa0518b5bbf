#include "relation.h"

#include "unit.h"

static void test_default_relations_have_three_sets(void **state)
{
    const uint8_t bought = ACTION_CART | ACTION_PURCHASE;
    struct relations relations = {
        .count = 3,
        .at = {
            {.name = "also_viewed", .from = ACTION_ALL, .to = ACTION_ALL},
            {.name = "carted_together", .from = bought, .to = bought},
            {.name = "viewed_then_carted", .from = ACTION_VIEW, .to = bought}}};

    (void)state;
    relations_init(&relations);
    assert_int_equal(relations.sets_count, 3);
    assert_int_equal(relations.sets[relations.at[0].from_set], ACTION_ALL);
    assert_int_equal(relations.at[0].to_set, relations.at[0].from_set);
    assert_int_equal(relations.at[1].to_set, relations.at[1].from_set);
    assert_int_equal(relations.sets[relations.at[2].from_set], ACTION_VIEW);
    assert_int_equal(relations.at[2].to_set, relations.at[1].from_set);
    assert_true(relation_is_symmetric(&relations.at[0]));
    assert_false(relation_is_symmetric(&relations.at[2]));
}

/* All there can be: seven sets, however many relations. */
static void test_sixteen_relations_fit(void **state)
{
    struct relations relations = {.count = RELATIONS_MAX};

    (void)state;
    for (uint32_t i = 0; i < RELATIONS_MAX; i++) {
        relations.at[i].from = (uint8_t)(1 + i % 7);
        relations.at[i].to = (uint8_t)(1 + i / 7);
    }
    relations_init(&relations);
    relations_init(&relations);
    assert_int_equal(relations.sets_count, SETS_MAX);
    for (uint32_t i = 0; i < RELATIONS_MAX; i++) {
        const struct relation *relation = &relations.at[i];

        assert_int_equal(relations.sets[relation->from_set], relation->from);
        assert_int_equal(relations.sets[relation->to_set], relation->to);
    }
}

static void test_actions_after_each_event(void **state)
{
    (void)state;
    for (uint8_t actions = 0; actions <= ACTION_ALL; actions++) {
        assert_int_equal(relation_next_actions(actions, EVENT_PAGE_VIEW),
                         actions | ACTION_VIEW);
        assert_int_equal(relation_next_actions(actions, EVENT_ADD_TO_CART),
                         actions | ACTION_CART);
        assert_int_equal(relation_next_actions(actions, EVENT_PURCHASE),
                         actions | ACTION_PURCHASE);
        assert_int_equal(relation_next_actions(actions, EVENT_REMOVE_FROM_CART),
                         actions & (ACTION_VIEW | ACTION_PURCHASE));
    }
}

static void init_without_actions(void)
{
    struct relations relations = {.count = 1, .at = {{.from = ACTION_VIEW}}};

    relations_init(&relations);
}

static void test_an_empty_set_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(init_without_actions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_relations_have_three_sets),
        cmocka_unit_test(test_sixteen_relations_fit),
        cmocka_unit_test(test_actions_after_each_event),
        cmocka_unit_test(test_an_empty_set_is_a_bug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
