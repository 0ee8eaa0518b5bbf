#include "mem.h"

#include "unit.h"

static void test_new_memory_is_zeroed(void **state)
{
    uint64_t *numbers;

    (void)state;
    for (int round = 0; round < 3; round++) {
        numbers = mem_new(1000, sizeof *numbers);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(numbers[i], 0);
            numbers[i] = UINT64_MAX;
        }
        free(numbers);
    }
}

static void test_nothing_can_be_had(void **state)
{
    void *memory = mem_new(0, 8);

    (void)state;
    assert_non_null(memory);
    memory = mem_resize(memory, 0, 8);
    assert_non_null(memory);
    free(memory);
    free(mem_new(8, 0));
}

static void test_resize_keeps_what_is_there(void **state)
{
    uint32_t *numbers = mem_resize(NULL, 2, sizeof *numbers);

    (void)state;
    numbers[0] = 1;
    numbers[1] = 2;
    numbers = mem_resize(numbers, 5000, sizeof *numbers);
    numbers[4999] = 3;
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 2);
    free(numbers);
}

static void test_a_copy_ends_in_nul(void **state)
{
    char *copy = mem_dup("kopi susu", 4);

    (void)state;
    assert_string_equal(copy, "kopi");
    free(copy);
    copy = mem_dup("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
    copy = mem_dup(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = mem_dup_text("teh");
    assert_string_equal(copy, "teh");
    free(copy);
}

static void *volatile sink;

/* 2^33 * 2^33 wraps to 0 when nobody looks. */
static void resize_to_too_much(void)
{
    sink = mem_resize(NULL, (SIZE_MAX >> 31) + 1, (SIZE_MAX >> 31) + 1);
}

static void test_what_overflows_aborts(void **state)
{
    (void)state;
    assert_aborts(resize_to_too_much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_memory_is_zeroed),
        cmocka_unit_test(test_nothing_can_be_had),
        cmocka_unit_test(test_resize_keeps_what_is_there),
        cmocka_unit_test(test_a_copy_ends_in_nul),
        cmocka_unit_test(test_what_overflows_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
