/* http_request: escapes, ids, tokens and addresses. */
#include "http_request.h"
#include "unit.h"

static void expect_decoded(const char *text, const char *wanted, int length)
{
    char out[64];
    int decoded = http_decode(out, text, strlen(text));

    assert_int_equal(decoded, length);
    if (length > 0)
        assert_memory_equal(out, wanted, (size_t)length);
}

static void test_escapes(void **state)
{
    (void)state;
    expect_decoded("", "", 0);
    expect_decoded("sku-1", "sku-1", 5);
    expect_decoded("a%2Fb%2fc%25", "a/b/c%", 6);
    expect_decoded("%00x", "\0x", 2);
    expect_decoded("%C3%A4", "\xc3\xa4", 2);
    expect_decoded("a+b", "a+b", 3);
    expect_decoded("%", "", -1);
    expect_decoded("a%4", "", -1);
    expect_decoded("%4g", "", -1);
    expect_decoded("%g4", "", -1);
    expect_decoded("%%41", "", -1);
    expect_decoded("%-1", "", -1);
}

static void test_an_escape_that_is_cut_off(void **state)
{
    char out[8];

    (void)state;
    assert_int_equal(http_decode(out, "a%41", 3), -1);
    assert_int_equal(http_decode(out, "a%41", 2), -1);
    assert_int_equal(http_decode(out, "a%41", 4), 2);
}

static void test_ids(void **state)
{
    (void)state;
    assert_true(http_is_id(text_of(""), 0));
    assert_true(http_is_id(text_of("abc"), 3));
    assert_false(http_is_id(text_of("abcd"), 3));
    assert_true(http_is_id(text_of("\xc3\xa4"), 3));
    assert_false(http_is_id(text_of("\xc3"), 3));
    assert_false(http_is_id(text_of("a\xff"), 3));
    assert_false(http_is_id(text_of("\xc0\x80"), 3));
    assert_false(http_is_id(text_of("\xed\xa0\x80"), 3));
    assert_true(http_is_id((struct text){"a\0b", 3}, 3));
}

static void test_tokens(void **state)
{
    (void)state;
    assert_true(http_is_bearer("Bearer secret", "secret"));
    assert_true(http_is_bearer("bearer  secret", "secret"));
    assert_false(http_is_bearer(NULL, "secret"));
    assert_false(http_is_bearer("", "secret"));
    assert_false(http_is_bearer("Bearer", "secret"));
    assert_false(http_is_bearer("Bearer ", "secret"));
    assert_false(http_is_bearer("Bearer secres", "secret"));
    assert_false(http_is_bearer("Bearer xecret", "secret"));
    assert_false(http_is_bearer("Bearer secret ", "secret"));
    assert_false(http_is_bearer("Bearer secretsecret", "secret"));
    assert_false(http_is_bearer("Basic secret", "secret"));
    assert_false(http_is_bearer("Bearersecret", "secret"));
}

static void expect_split(const char *listen, const char *host, const char *port)
{
    char got[64];
    const char *at;

    http_split_address(got, &at, listen);
    assert_string_equal(got, host);
    assert_string_equal(at, port);
}

static void test_addresses(void **state)
{
    (void)state;
    expect_split("127.0.0.1:9464", "127.0.0.1", "9464");
    expect_split(":80", "", "80");
    expect_split("[::1]:80", "::1", "80");
    expect_split("::1:80", "::1", "80");
    expect_split("box.example:80", "box.example", "80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_an_escape_that_is_cut_off),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
