#include "json_scan.h"

#include "unit.h"

#include <inttypes.h>

/* One value and nothing behind it; a copy of the exact size shows the
 * sanitizer what is read beyond it. */
static char *copy;

static int scan(struct json_value *value, const char *bytes, size_t length)
{
    const char *at, *end;

    free(copy);
    copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, bytes, length);
    end = copy + 1 + length;
    at = json_scan_value(value, copy + 1, end);
    return at != NULL && json_scan_space(at, end) == end ? 0 : -1;
}

static struct json_value good(enum json_kind kind, const char *text)
{
    struct json_value value = {.kind = JSON_KIND_NULL};

    if (scan(&value, text, strlen(text)) != 0)
        fail_msg("given up: %s", text);
    if (value.kind != kind)
        fail_msg("of kind %d, not %d: %s", (int)value.kind, (int)kind, text);
    return value;
}

static void bad(const char *text)
{
    struct json_value value;

    if (scan(&value, text, strlen(text)) == 0)
        fail_msg("taken: %s", text);
}

static void assert_bytes(const struct json_value *value, const char *wanted)
{
    assert_text((struct text){value->bytes, (uint32_t)value->length}, wanted);
}

static void test_words(void **state)
{
    static const char *const wrong[] = {
        "",         "nul", "Null",       "truE", "fals", "false1",
        "nullnull", "x",   "true false", "-",    "\f1",  "'a'"};

    (void)state;
    good(JSON_KIND_NULL, "null");
    good(JSON_KIND_TRUE, " \t\r\ntrue ");
    good(JSON_KIND_FALSE, "false");
    for (size_t i = 0; i < COUNT(wrong); i++)
        bad(wrong[i]);
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
        const char *digits;
    } examples[] = {
        {"0", 0, "0"},
        {"-0", 0, "0"},
        {"7", 7, "7"},
        {"-10", -10, "10"},
        {"1718000000123", 1718000000123, "1718000000123"},
        {"1000000000000000000", 1000000000000000000, "1000000000000000000"},
        {"9223372036854775807", INT64_MAX, "9223372036854775807"},
        {"-9223372036854775807", -INT64_MAX, "9223372036854775807"},
        {"-9223372036854775808", INT64_MIN, "9223372036854775808"},
    };
    static const char *const wrong[] = {
        "9223372036854775808",
        "-9223372036854775809",
        "10000000000000000000",
        "18446744073709551617",
        "99999999999999999999",
        "01",
        "00",
        "-01",
        "-",
        "--1",
        "+1",
        "0x1",
        "1a",
        "1 2",
        "-a",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct json_value value = good(JSON_KIND_INTEGER, examples[i].text);

        assert_true(value.integer == examples[i].number);
        assert_bytes(&value, examples[i].digits);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        bad(wrong[i]);
}

static void test_reals(void **state)
{
    static const struct {
        const char *text;
        double number;
    } examples[] = {
        {"0.0", 0.0},
        {"-0.5", -0.5},
        {"1e2", 1e2},
        {"1E+02", 1e2},
        {"0e-9", 0.0},
        {"1.5e-3", 1.5e-3},
        {"1718000000.1234567", 1718000000.1234567},
        {"0.1", 0.1},
        {"1e99", 1e99},
        {"123456789012345678901234567890.12345e67",
         123456789012345678901234567890.12345e67},
    };
    static const char *const wrong[] = {
        "1.",
        "1.e1",
        ".5",
        "1e",
        "1e+",
        "1e-",
        "1.5e",
        "1..2",
        "1.5.2",
        "01.5",
        "-.5",
        "1e5.0",
        "1e1e1",
        "1.a",
        "1f0",
        /* right, but far from 1 */
        "1e100",
        "1e-100",
        "1e309",
        "12345678901234567890123456789012345678901.5",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct json_value value = good(JSON_KIND_REAL, examples[i].text);

        assert_bytes(&value, examples[i].text);
        assert_int_equal(json_scan_real(&value), 0);
        assert_memory_equal(&value.real, &examples[i].number,
                            sizeof value.real);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        bad(wrong[i]);
}

static void test_texts_stand_where_they_stand(void **state)
{
    static const char *const plain[] = {
        "",
        "a",
        "kopi-gayo-250g",
        "a text that is longer than a word of eight",
        "\x7f ~",
        "\xc3\xa9",
        "\xe5\x92\x96\xe5\x95\xa1 12345678\xf0\x9f\x98\x80",
    };
    static const char *const escaped[] = {
        "\\\"",
        "\\\\",
        "\\/",
        "\\b\\f\\n\\r\\t",
        "12345678\\n",
        "\\u0041",
        "\\uFfFf",
        "\\ud7ff\\ue000",
        "\\uD800\\udc00",
        "a\\udbff\\udfffb",
    };
    char text[100];

    (void)state;
    for (size_t i = 0; i < COUNT(plain); i++) {
        struct json_value value;

        snprintf(text, sizeof text, " \"%s\" ", plain[i]);
        value = good(JSON_KIND_TEXT, text);
        assert_bytes(&value, plain[i]);
    }
    for (size_t i = 0; i < COUNT(escaped); i++) {
        struct json_value value;

        snprintf(text, sizeof text, "\"%s\"", escaped[i]);
        value = good(JSON_KIND_ESCAPED, text);
        assert_bytes(&value, escaped[i]);
    }
}

static void test_knows_the_letters_of_escapes(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        int is_letter = byte != 0 && strchr("\"\\/bfnrt", (int)byte) != NULL;
        char text[] = "\"\\? \"";
        struct json_value value;

        text[2] = (char)byte;
        assert_int_equal(scan(&value, text, strlen("\"\\? \"")) == 0,
                         is_letter);
    }
}

static void test_unescapes(void **state)
{
    static const struct {
        const char *escaped, *plain;
    } examples[] = {
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"a\\u0041b", "aAb"},
        {"\\u0001\\u007F\\u0080", "\x01\x7f\xc2\x80"},
        {"\\u07ff\\u0800", "\xdf\xbf\xe0\xa0\x80"},
        {"\\ud7ff\\ue000\\uffff", "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
        {"\\ud800\\udc00", "\xf0\x90\x80\x80"},
        {"\\uDBFF\\uDFFF\xc3\xa9", "\xf4\x8f\xbf\xbf\xc3\xa9"},
        {"\\ud83d\\ude00 12345678", "\xf0\x9f\x98\x80 12345678"},
    };
    char text[100], out[100];

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct json_value value;

        snprintf(text, sizeof text, "\"%s\"", examples[i].escaped);
        value = good(JSON_KIND_ESCAPED, text);
        json_scan_unescape(&value, out);
        assert_int_equal(value.kind, JSON_KIND_TEXT);
        assert_ptr_equal(value.bytes, out);
        assert_bytes(&value, examples[i].plain);
    }
}

static void test_gives_up_on_wrong_texts(void **state)
{
    static const char *const wrong[] = {
        "\\x",
        "\\",
        "\\u",
        "\\u123",
        "\\u123g",
        "\\U0041",
        "\\u0000",
        "\\ud800",
        "\\ud800\\",
        "\\ud800x",
        "\\ud800\\n",
        "\\ud800\\u0041",
        "\\ud800\\ud800",
        "\\ud800\\u",
        "\\udfff\\udc00",
        "\\udc00\\udc00",
        "\\ud800xudc00",
        "\\ud800\\ndc00",
        "\\udc00",
        "\\udfff\\ud800",
        "\\u 123",
        "\\u00G0",
        "\\u+123",
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc3",
        "\xc3(",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xff",
        "\n",
        "\t",
        "\x1f",
        "12345678\x1f",
        "1234567\xff",
    };
    char text[100];

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        snprintf(text, sizeof text, "\"%s\"", wrong[i]);
        bad(text);
        snprintf(text, sizeof text, "\"%s", wrong[i]);
        bad(text);
        snprintf(text, sizeof text, "{\"a%s\":1}", wrong[i]);
        bad(text);
    }
    bad("\"");
    bad("\"abc");
    bad("\"abcdefgh");
    bad("\"abcdefghijklmnopqrstuvwxyz");
}

/* Each byte at each place of texts of several lengths: what is plain is known
 * from the table of characters, not from how the scanner looks for it. */
static void test_finds_what_is_not_plain_at_any_place(void **state)
{
    (void)state;
    for (size_t length = 1; length <= 40; length++) {
        for (size_t at = 0; at < length; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                int is_plain =
                    byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
                char text[64];
                struct json_value value;
                int result;

                memset(text, 'x', sizeof text);
                text[0] = '"';
                text[1 + at] = (char)byte;
                text[1 + length] = '"';
                result = scan(&value, text, length + 2);
                assert_int_equal(result == 0, is_plain);
                if (is_plain)
                    assert_int_equal(value.length, length);
            }
        }
    }
}

static void test_passes_over_what_is_nested(void **state)
{
    static const char *const wrong[] = {
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "{\"a\":1]",
        "{\"a\":1,2}",
        "[[1,[2]]",
        "{\"a\":{\"b\":1}",
        "[\"a\":1]",
        "{null:1}",
        "{a:1}",
        "[1],",
        "[01]",
        "{\"a\":\"\\x\"}",
    };

    (void)state;
    good(JSON_KIND_ARRAY, "[]");
    good(JSON_KIND_ARRAY, " [ 1 , \"\\u0041\" , [ null ] , { } ] ");
    good(JSON_KIND_OBJECT, "{}");
    good(JSON_KIND_OBJECT, "\n{ \"a\" : { \"b\\n\" : [ true , -1.5e3 ] } , "
                           "\"a\" : \"\" }\t");
    for (size_t i = 0; i < COUNT(wrong); i++)
        bad(wrong[i]);
}

static void test_gives_up_below_its_levels(void **state)
{
    char text[2 * JSON_SCAN_LEVELS_MAX + 3];
    int levels = JSON_SCAN_LEVELS_MAX;

    (void)state;
    memset(text, '[', (size_t)levels);
    memset(text + levels, ']', (size_t)levels);
    text[2 * levels] = '\0';
    good(JSON_KIND_ARRAY, text);
    levels++;
    memset(text, '[', (size_t)levels);
    memset(text + levels, ']', (size_t)levels);
    text[2 * levels] = '\0';
    bad(text);
}

static void test_takes_names(void **state)
{
    static const char text[] = " \"a\\u0062\" : 1 , \"c\":2} \"d\" 1";
    const char *at = text, *end = text + sizeof text - 1;
    struct json_value name, value;
    int is_more = 7;

    (void)state;
    at = json_scan_name(&name, at, end);
    assert_int_equal(name.kind, JSON_KIND_ESCAPED);
    at = json_scan_value(&value, at, end);
    assert_null(json_scan_take('}', at, end));
    assert_null(json_scan_name(&name, at, end));
    at = json_scan_more(&is_more, '}', at, end);
    assert_int_equal(is_more, 1);
    at = json_scan_name(&name, at, end);
    assert_int_equal(name.kind, JSON_KIND_TEXT);
    assert_bytes(&name, "c");
    at = json_scan_value(&value, at, end);
    assert_true(value.integer == 2);
    assert_null(json_scan_more(&is_more, ']', at, end));
    at = json_scan_more(&is_more, '}', at, end);
    assert_int_equal(is_more, 0);
    assert_null(json_scan_name(&name, at, end));
    assert_null(json_scan_take('1', end, end));
    assert_null(json_scan_name(&name, end, end));
    assert_null(json_scan_value(&value, end, end));
    assert_null(json_scan_more(&is_more, ']', end, end));
}

static int free_copy(void **state)
{
    (void)state;
    free(copy);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_texts_stand_where_they_stand),
        cmocka_unit_test(test_knows_the_letters_of_escapes),
        cmocka_unit_test(test_unescapes),
        cmocka_unit_test(test_gives_up_on_wrong_texts),
        cmocka_unit_test(test_finds_what_is_not_plain_at_any_place),
        cmocka_unit_test(test_passes_over_what_is_nested),
        cmocka_unit_test(test_gives_up_below_its_levels),
        cmocka_unit_test(test_takes_names),
    };

    return cmocka_run_group_tests(tests, NULL, free_copy);
}
