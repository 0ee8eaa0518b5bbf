#include "fingerprint.h"

#include "unit.h"

static const char stands[] = "a=1\nb=two=2\n~gap=5\n~open=9\n";

static void assert_fit(const char *was, const char *is,
                       enum fingerprint_fit wanted, const char *words)
{
    struct err err = ERR_NONE;

    assert_int_equal(fingerprint_compare(text_of(was), text_of(is), &err),
                     wanted);
    assert_string_equal(err.text, words);
}

static void test_the_same(void **state)
{
    (void)state;
    assert_fit(stands, stands, FINGERPRINT_SAME, "");
    assert_fit(stands, "~open=9\n~gap=5\nb=two=2\na=1", FINGERPRINT_SAME, "");
    assert_fit("", "", FINGERPRINT_SAME, "");
}

static void test_what_may_change(void **state)
{
    (void)state;
    assert_fit(stands, "a=1\nb=two=2\n~gap=6\n~open=9\n", FINGERPRINT_SOFT,
               "gap is `6` now, and was `5`");
    assert_fit(stands, "a=1\nb=two=2\n~gap=6\n~open=8\n", FINGERPRINT_SOFT,
               "gap is `6` now, and was `5`");
    assert_fit("~gap=5\n", "~gap=5\n~open=9\n", FINGERPRINT_SOFT,
               "open is `9` now, and was `nothing`");
    assert_fit("~gap=5\n~open=9\n", "~gap=5\n", FINGERPRINT_SOFT,
               "open is `nothing` now, and was `9`");
}

static void test_what_may_not(void **state)
{
    (void)state;
    assert_fit(stands, "a=1\nb=two=3\n~gap=5\n~open=9\n", FINGERPRINT_MISFIT,
               "b is `two=3` now, and was `two=2`");
    assert_fit("a=1\n", "a=1\nc=3\n", FINGERPRINT_MISFIT,
               "c is `3` now, and was `nothing`");
    assert_fit("a=1\nc=3\n", "a=1\n", FINGERPRINT_MISFIT,
               "c is `nothing` now, and was `3`");
    assert_fit("a=\n", "a=1\n", FINGERPRINT_MISFIT, "a is `1` now, and was ``");
    assert_fit("ab=1\n", "a=1\nab=1\n", FINGERPRINT_MISFIT,
               "a is `1` now, and was `nothing`");
}

/* Wherever the soft difference stands. */
static void test_the_hard_one_is_named(void **state)
{
    (void)state;
    assert_fit("~gap=5\na=1\n", "~gap=6\na=2\n", FINGERPRINT_MISFIT,
               "a is `2` now, and was `1`");
    assert_fit("a=1\n~gap=5\n", "a=2\n~gap=6\n", FINGERPRINT_MISFIT,
               "a is `2` now, and was `1`");
    assert_fit("~gap=5\n", "~gap=6\na=2\n", FINGERPRINT_MISFIT,
               "a is `2` now, and was `nothing`");
    assert_fit("~a=1\n", "a=1\n", FINGERPRINT_MISFIT,
               "a is `1` now, and was `nothing`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_what_may_change),
        cmocka_unit_test(test_what_may_not),
        cmocka_unit_test(test_the_hard_one_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
