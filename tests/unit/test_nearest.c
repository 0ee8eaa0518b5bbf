#include "nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("", ""), 0);
    assert_int_equal(nearest_distance("gap", "gap"), 0);
    assert_int_equal(nearest_distance("gap", ""), 3);
    assert_int_equal(nearest_distance("", "gap"), 3);
    assert_int_equal(nearest_distance("gap", "gapp"), 1);
    assert_int_equal(nearest_distance("gap", "ga"), 1);
    assert_int_equal(nearest_distance("gap", "gop"), 1);
    assert_int_equal(nearest_distance("gap", "agp"), 1); /* neighbours */
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
}

static void test_long_texts_are_far(void **state)
{
    char text[80];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(nearest_distance(text, text), sizeof text - 1);
    text[64] = '\0';
    assert_int_equal(nearest_distance(text, text), 0);
}

static const char *const words[] = {"session.gap", "session.max_open",
                                    "lists.ttl"};

static void test_word(void **state)
{
    (void)state;
    assert_string_equal(nearest_word("sesion.gap", words, 3), "session.gap");
    assert_string_equal(nearest_word("lists.tt", words, 3), "lists.ttl");
    assert_string_equal(nearest_word("session.maxopn", words, 3),
                        "session.max_open");
    assert_null(nearest_word("session.foo", words, 3));
    assert_null(nearest_word("session.gap", words, 0));
}

static void test_the_first_of_equals(void **state)
{
    static const char *const equals[] = {"ab", "aa"};

    (void)state;
    assert_string_equal(nearest_word("ac", equals, 2), "ab");
    assert_string_equal(nearest_word("aa", equals, 2), "aa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_long_texts_are_far),
        cmocka_unit_test(test_word),
        cmocka_unit_test(test_the_first_of_equals),
    };

    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
