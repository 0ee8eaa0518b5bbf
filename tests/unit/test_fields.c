/* Held against a plain array under random puts. */
#include "fields.h"

#include "unit.h"

static void put(struct fields *fields, const char *name, const char *value)
{
    fields_put(fields, text_of(name), text_of(value));
}

static void test_finds_what_was_put(void **state)
{
    struct fields fields = {0};

    (void)state;
    assert_null(fields_find(&fields, "a"));
    put(&fields, "b", "2");
    put(&fields, "a", "1");
    put(&fields, "ab", "");
    put(&fields, "b", "22");
    assert_int_equal(fields.count, 3);
    assert_string_equal(fields.at[0].name.bytes, "a");
    assert_string_equal(fields.at[1].name.bytes, "ab");
    assert_string_equal(fields_find(&fields, "b")->value.bytes, "22");
    assert_int_equal(fields_find(&fields, "ab")->value.length, 0);
    assert_null(fields_find(&fields, ""));
    assert_null(fields_find(&fields, "c"));
    fields_deinit(&fields);
    assert_int_equal(fields.count, 0);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {
        {"0", 0},     {"-7", -7}, {"9223372036854775807", INT64_MAX},
        {"", 0},      {"7.5", 0}, {"9223372036854775808", 0},
        {"seven", 0}, {"7 ", 0},
    };
    struct fields fields = {0};

    (void)state;
    assert_int_equal(fields_number(&fields, "n"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(&fields, "n", cases[i].text);
        assert_int_equal(fields_number(&fields, "n"), cases[i].number);
    }
    fields_deinit(&fields);
}

static void test_ranks(void **state)
{
    static const char *const puts[][2] = {
        {"n_a", "3"}, {"n_b", "12"}, {"n_c", "0"},  {"n_d", "-4"},
        {"m_e", "9"}, {"n_f", "3"},  {"n_g", "no"}, {"n_h", "5"},
    };
    static const char *const wanted[] = {"n_b", "n_h", "n_a", "n_f"};
    const struct field *ranked[8];
    struct fields fields = {0};

    (void)state;
    for (size_t i = 0; i < sizeof puts / sizeof puts[0]; i++)
        put(&fields, puts[i][0], puts[i][1]);
    assert_int_equal(fields_rank(&fields, ranked, 8, "n_"), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(ranked[i]->name.bytes, wanted[i]);
    assert_int_equal(fields_rank(&fields, ranked, 2, "n_"), 2);
    assert_int_equal(fields_rank(&fields, ranked, 8, "x"), 0);
    fields_deinit(&fields);
}

static void test_stays_sorted(void **state)
{
    struct fields fields = {0};
    char name[8], value[16];
    uint32_t seed = 3;
    uint32_t wanted[64] = {0};

    (void)state;
    for (uint32_t i = 1; i < 2000; i++) {
        seed = seed * 1664525 + 1013904223;
        snprintf(name, sizeof name, "f%u", (unsigned)(seed >> 26));
        snprintf(value, sizeof value, "%u", (unsigned)i);
        put(&fields, name, value);
        wanted[seed >> 26] = i;
    }
    for (uint32_t i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "f%u", (unsigned)i);
        assert_int_equal(fields_number(&fields, name), wanted[i]);
    }
    for (size_t i = 1; i < fields.count; i++)
        assert_true(
            strcmp(fields.at[i - 1].name.bytes, fields.at[i].name.bytes) < 0);
    fields_deinit(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_put),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_stays_sorted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
