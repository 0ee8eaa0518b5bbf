#include "err.h"

#include "unit.h"

static void test_an_empty_text_is_no_error(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    assert_string_equal(err.text, "");
}

static void test_the_first_error_wins(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(err_set(&err, "line %d", 7), -1);
    assert_int_equal(err_set(&err, "line %d", 8), -1);
    assert_string_equal(err.text, "line 7");
}

static void test_each_layer_adds_where(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    err_set(&err, "refused");
    assert_int_equal(err_where(&err, "port %d", 6379), -1);
    assert_int_equal(err_where(&err, "redis"), -1);
    assert_string_equal(err.text, "redis: port 6379: refused");
}

static void test_a_long_text_is_cut(void **state)
{
    struct err err = ERR_NONE;
    char text[2 * ERR_TEXT_BYTES];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    err_where(&err, "here");
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_memory_equal(err.text, "here: xxx", 9);
    err_where(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_memory_equal(err.text, "xxx", 3);
}

/* Every length around the end of the text. */
static void test_where_fits_at_every_length(void **state)
{
    char text[ERR_TEXT_BYTES + 8];

    (void)state;
    memset(text, 'y', sizeof text);
    for (int length = ERR_TEXT_BYTES - 8; length < ERR_TEXT_BYTES + 8;
         length++) {
        struct err err = ERR_NONE;

        err_set(&err, "why");
        err_where(&err, "%.*s", length, text);
        assert_in_range(strlen(err.text), ERR_TEXT_BYTES - 8,
                        ERR_TEXT_BYTES - 1);
        assert_true(err.text[0] == 'y');
    }
}

static void test_nowhere_to_tell_is_no_harm(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, "x"), -1);
    assert_int_equal(err_where(NULL, "x"), -1);
}

static void break_an_assertion(void)
{
    ASSERT(1 + 1 == 3);
}

static void test_a_bug_aborts(void **state)
{
    (void)state;
    ASSERT(1 + 1 == 2);
    assert_aborts(break_an_assertion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_text_is_no_error),
        cmocka_unit_test(test_the_first_error_wins),
        cmocka_unit_test(test_each_layer_adds_where),
        cmocka_unit_test(test_a_long_text_is_cut),
        cmocka_unit_test(test_where_fits_at_every_length),
        cmocka_unit_test(test_nowhere_to_tell_is_no_harm),
        cmocka_unit_test(test_a_bug_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
