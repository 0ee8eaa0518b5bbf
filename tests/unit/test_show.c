#include "show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *shown;
    size_t columns;
} texts[] = {
    {"", "", 0},
    {"sku-1", "sku-1", 5},
    {"caf\xC3\xA9", "caf\xC3\xA9", 4},
    {"\xE2\x82\xAC\xF0\x9F\x8D\x9C", "\xE2\x82\xAC\xF0\x9F\x8D\x9C", 2},
    {"a\x1B[0m\n", "a\\x1B[0m\\x0A", 12},
    {"\x7F", "\\x7F", 4},
    {"\xC2\x9B", "\\xC2\\x9B", 8},
    {"\xC2\xA0", "\xC2\xA0", 1},
    {"\x80", "\\x80", 4},
    {"\xC3", "\\xC3", 4},
    {"\xC3(", "\\xC3(", 5},
    {"\xC0\xAF", "\\xC0\\xAF", 8},
    {"\xE0\x80\xAF", "\\xE0\\x80\\xAF", 12},
    {"\xED\xA0\x80", "\\xED\\xA0\\x80", 12},
    {"\xF0\x80\x80\x80", "\\xF0\\x80\\x80\\x80", 16},
    {"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80", 16},
    {"\xF5\x80\x80\x80", "\\xF5\\x80\\x80\\x80", 16},
    {"\xFF", "\\xFF", 4},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text text = {texts[i].text, (uint32_t)strlen(texts[i].text)};
        struct strbuf out = STRBUF_EMPTY;

        strbuf_add_text(&out, "");
        assert_int_equal(show_text(&out, text), texts[i].columns);
        assert_string_equal(out.bytes, texts[i].shown);
        assert_int_equal(show_width(text), texts[i].columns);
        strbuf_deinit(&out);
    }
}

static void test_padded(void **state)
{
    struct strbuf out = STRBUF_EMPTY;

    (void)state;
    show_padded(&out, (struct text){"\xC3\xA9", 2}, 3);
    show_padded(&out, (struct text){"long", 4}, 3);
    assert_string_equal(out.bytes, "\xC3\xA9  long");
    strbuf_deinit(&out);
}

static void test_times(void **state)
{
    struct strbuf out = STRBUF_EMPTY;

    (void)state;
    show_time(&out, 0);
    strbuf_add_char(&out, ' ');
    show_time(&out, 1718000000999);
    assert_string_equal(out.bytes, "1970-01-01T00:00:00Z 2024-06-10T06:13:20Z");
    strbuf_deinit(&out);
}

static const struct {
    int64_t age_ms;
    const char *shown;
} ages[] = {
    {0, "now"},
    {999, "now"},
    {-999, "now"},
    {1000, "1 s ago"},
    {119999, "119 s ago"},
    {120000, "2 min ago"},
    {-300000, "in 5 min"},
    {7199000, "119 min ago"},
    {7200000, "2 h ago"},
    {48 * 3600000LL, "2 d ago"},
    {1000 * 86400000LL, "1000 d ago"},
};

static void test_ages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        struct strbuf out = STRBUF_EMPTY;

        show_age(&out, 1718000000000, 1718000000000 + ages[i].age_ms);
        assert_string_equal(out.bytes, ages[i].shown);
        strbuf_deinit(&out);
    }
}

typedef void show_number(struct strbuf *out, int64_t number);

static void shows(show_number *show, int64_t number, const char *wanted)
{
    struct strbuf out = STRBUF_EMPTY;

    show(&out, number);
    assert_string_equal(out.bytes, wanted);
    strbuf_deinit(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    shows(show_grouped, 0, "0");
    shows(show_grouped, 999, "999");
    shows(show_grouped, 1000, "1,000");
    shows(show_grouped, -123456, "-123,456");
    shows(show_grouped, 1234567, "1,234,567");
    shows(show_bytes, 0, "0 B");
    shows(show_bytes, 999, "999 B");
    shows(show_bytes, 1000, "1.0 kB");
    shows(show_bytes, 9949, "9.9 kB");
    shows(show_bytes, 9950, "10 kB");
    shows(show_bytes, 999499, "999 kB");
    shows(show_bytes, 999500, "1.0 MB");
    shows(show_bytes, INT64_MAX, "9.2 EB");
    shows(show_span, 0, "0 ms");
    shows(show_span, 999, "999 ms");
    shows(show_span, 1000, "1.0 s");
    shows(show_span, 9999, "9.9 s");
    shows(show_span, 10000, "10 s");
    shows(show_span, 119999, "119 s");
    shows(show_span, 120000, "2 min");
    shows(show_span, 7200000, "2 h");
    shows(show_span, INT64_C(172800000), "2 d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_padded),
        cmocka_unit_test(test_times), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ages),
    };

    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
