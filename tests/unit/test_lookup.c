/* Reading from a real Redis is tested with the commands that do. */
#include "lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct text text(const char *word)
{
    return (struct text){word, (uint32_t)strlen(word)};
}

static void test_list(void **state)
{
    struct err err = ERR_NONE;
    struct lookup_list list;

    (void)state;
    assert_int_equal(
        lookup_parse(&list,
                     text("{\"v\":1,\"as_of\":5,\"support\":0,\"partial\":true,"
                          "\"items\":[{\"id\":\"a\\\"\",\"score\":0.8312,"
                          "\"count\":132},{\"id\":\"b\",\"score\":2,"
                          "\"count\":1}],\"more\":[]}"),
                     &err),
        0);
    assert_true(list.is_there);
    assert_true(list.is_partial);
    assert_int_equal(list.as_of_ms, 5);
    assert_int_equal(list.support, 0);
    assert_int_equal(list.count, 2);
    assert_true(list.entries[0].score > 0.8311);
    assert_true(list.entries[0].score < 0.8313);
    assert_int_equal(list.entries[0].count, 132);
    assert_int_equal(lookup_find(&list, text("a\"")), 0);
    assert_int_equal(lookup_find(&list, text("b")), 1);
    assert_int_equal(lookup_find(&list, text("")), -1);
    assert_int_equal(lookup_find(&list, text("bb")), -1);
    lookup_list_deinit(&list);
    assert_false(list.is_there);
    lookup_list_deinit(&list);
}

static const char *const others[] = {
    "",
    "{}",
    "[]",
    "{\"v\":2,\"as_of\":5,\"support\":0,\"items\":[]}",
    "{\"v\":1,\"as_of\":\"5\",\"support\":0,\"items\":[]}",
    "{\"v\":1,\"as_of\":5,\"items\":[]}",
    "{\"v\":1,\"as_of\":5,\"support\":0,\"items\":{}}",
    "{\"v\":1,\"as_of\":5,\"support\":0,\"items\":[1]}",
    "{\"v\":1,\"as_of\":5,\"support\":0,\"items\":[{\"id\":1,\"score\":1,"
    "\"count\":1}]}",
    "{\"v\":1,\"as_of\":5,\"support\":0,\"items\":[{\"id\":\"a\",\"score\":1,"
    "\"count\":1.5}]}",
    "{\"v\":1,\"as_of\":5,\"support\":0,\"items\":[",
};

static void test_no_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct err err = ERR_NONE;
        struct lookup_list list;

        if (lookup_parse(&list, text(others[i]), &err) == 0)
            fail_msg("taken: %s", others[i]);
        assert_true(err.text[0] != '\0');
        assert_null(list.document);
        assert_null(list.entries);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_no_list),
    };

    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
