#include "strbuf.h"

#include "unit.h"

static void assert_holds(const struct strbuf *buf, const char *wanted)
{
    assert_int_equal(buf->length, strlen(wanted));
    assert_string_equal(buf->bytes, wanted);
}

static void test_bytes_and_texts_follow_one_another(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;

    (void)state;
    strbuf_add(&buf, "kopi-x", 5);
    strbuf_add_text(&buf, "gayo");
    strbuf_add_char(&buf, '!');
    strbuf_add(&buf, NULL, 0);
    assert_holds(&buf, "kopi-gayo!");
    strbuf_deinit(&buf);
    assert_null(buf.bytes);
    assert_int_equal(buf.length, 0);
}

static void test_grows_byte_by_byte(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        strbuf_add_char(&buf, (char)('a' + i % 26));
        assert_true(buf.length < buf.capacity);
        assert_int_equal(buf.bytes[buf.length], 0);
    }
    for (int i = 0; i < 20000; i++)
        assert_int_equal(buf.bytes[i], 'a' + i % 26);
    strbuf_deinit(&buf);
}

static void test_clear_keeps_the_memory(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;
    char *bytes;

    (void)state;
    strbuf_clear(&buf);
    strbuf_add_text(&buf, "long enough to be kept");
    bytes = buf.bytes;
    strbuf_clear(&buf);
    assert_holds(&buf, "");
    strbuf_add_text(&buf, "short");
    assert_ptr_equal(buf.bytes, bytes);
    assert_holds(&buf, "short");
    strbuf_deinit(&buf);
}

static void test_numbers_to_their_ends(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;

    (void)state;
    strbuf_add_uint(&buf, 0);
    strbuf_add_char(&buf, ' ');
    strbuf_add_uint(&buf, UINT64_MAX);
    strbuf_add_char(&buf, ' ');
    strbuf_add_int(&buf, INT64_MIN);
    strbuf_add_char(&buf, ' ');
    strbuf_add_int(&buf, INT64_MAX);
    strbuf_add_char(&buf, ' ');
    strbuf_add_int(&buf, -10);
    assert_holds(&buf, "0 18446744073709551615 -9223372036854775808 "
                       "9223372036854775807 -10");
    strbuf_deinit(&buf);
}

static void test_formats_of_any_length(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;

    (void)state;
    for (int width = 1; width < 300; width++) {
        strbuf_clear(&buf);
        strbuf_add_format(&buf, "%*d|", width, 7);
        assert_int_equal(buf.length, width + 1);
        assert_string_equal(buf.bytes + width - 1, "7|");
    }
    strbuf_add_format(&buf, "%s", "");
    assert_int_equal(buf.length, 300);
    strbuf_deinit(&buf);
}

static void test_reserved_room_is_the_callers(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;
    char *end;

    (void)state;
    strbuf_add_text(&buf, "ab");
    end = strbuf_reserve(&buf, 1000);
    assert_ptr_equal(end, buf.bytes + 2);
    memset(end, 'c', 1000);
    buf.length += 1000;
    strbuf_add_char(&buf, 'd');
    assert_int_equal(buf.length, 1003);
    assert_memory_equal(buf.bytes, "abcc", 4);
    assert_string_equal(buf.bytes + 1000, "ccd");
    strbuf_deinit(&buf);
}

static void test_json_escapes_what_it_must(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;

    (void)state;
    strbuf_add_json(&buf, "", 0);
    strbuf_add_json(&buf, "a\"b\\c/d", 7);
    strbuf_add_json(&buf, "\b\f\n\r\t", 5);
    strbuf_add_json(&buf, "\0\x1f\x7f", 3);
    strbuf_add_json(&buf, "\xc3\xa9\xf0\x9f\x98\x80", 6);
    assert_holds(&buf, "\"\"\"a\\\"b\\\\c/d\"\"\\b\\f\\n\\r\\t\""
                       "\"\\u0000\\u001f\x7f\""
                       "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    strbuf_deinit(&buf);
}

static void test_json_leaves_no_control_character(void **state)
{
    struct strbuf buf = STRBUF_EMPTY;

    (void)state;
    for (int c = 0; c < 0x20; c++) {
        char byte = (char)c;

        strbuf_clear(&buf);
        strbuf_add_json(&buf, &byte, 1);
        assert_true(buf.length == 4 || buf.length == 8);
        for (size_t i = 0; i < buf.length; i++)
            assert_true(buf.bytes[i] >= 0x20);
    }
    strbuf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_texts_follow_one_another),
        cmocka_unit_test(test_grows_byte_by_byte),
        cmocka_unit_test(test_clear_keeps_the_memory),
        cmocka_unit_test(test_numbers_to_their_ends),
        cmocka_unit_test(test_formats_of_any_length),
        cmocka_unit_test(test_reserved_room_is_the_callers),
        cmocka_unit_test(test_json_escapes_what_it_must),
        cmocka_unit_test(test_json_leaves_no_control_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
