#include "simulate_held.h"

#include "rng.h"

#include "unit.h"

static void test_nothing_is_due_before_its_time(void **state)
{
    struct held *held = held_new();
    struct text visitor, line;

    (void)state;
    assert_false(held_take(held, &visitor, &line, INT64_MAX));
    held_add(held, 100, text_of("budi"), text_of("{}"));
    assert_false(held_take(held, &visitor, &line, 99));
    assert_true(held_take(held, &visitor, &line, 100));
    assert_text(visitor, "budi");
    assert_text(line, "{}");
    assert_false(held_take(held, &visitor, &line, INT64_MAX));
    held_free(held);
}

static void test_equal_times_keep_the_order_of_adding(void **state)
{
    struct held *held = held_new();
    struct text visitor, line;
    char number[2] = "a";

    (void)state;
    for (int i = 0; i < 26; i++) {
        number[0] = (char)('a' + i);
        held_add(held, 5, text_of("v"), text_of(number));
    }
    for (int i = 0; i < 26; i++) {
        assert_true(held_take(held, &visitor, &line, 5));
        assert_int_equal(line.bytes[0], 'a' + i);
    }
    held_free(held);
}

static void test_many_come_out_by_time(void **state)
{
    struct held *held = held_new();
    struct text visitor, line;
    int64_t last_ms = -1, due_ms;
    struct rng rng;

    (void)state;
    rng_init(&rng, 7);
    for (int i = 0; i < 1000; i++) {
        due_ms = rng_below(&rng, 300);
        held_add(held, due_ms, text_of("v"),
                 (struct text){(const char *)&due_ms, sizeof due_ms});
    }
    for (int i = 0; i < 900; i++) {
        assert_true(held_take(held, &visitor, &line, 300));
        memcpy(&due_ms, line.bytes, sizeof due_ms);
        assert_true(due_ms >= last_ms);
        last_ms = due_ms;
    }
    held_free(held); /* a hundred still in it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_due_before_its_time),
        cmocka_unit_test(test_equal_times_keep_the_order_of_adding),
        cmocka_unit_test(test_many_come_out_by_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
