/* Every code point there is, and what is none. */
#include "utf8.h"

#include "unit.h"

static size_t encode(unsigned char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (unsigned char)(0xC0 | code >> 6);
        out[1] = (unsigned char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (unsigned char)(0xE0 | code >> 12);
        out[1] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (unsigned char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (unsigned char)(0xF0 | code >> 18);
    out[1] = (unsigned char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (unsigned char)(0x80 | (code & 0x3F));
    return 4;
}

static void test_every_code_point(void **state)
{
    unsigned char bytes[4];

    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        size_t length = encode(bytes, code);
        int is_surrogate = code >= 0xD800 && code <= 0xDFFF;
        int is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);

        if (utf8_length(bytes, length) != (is_surrogate ? 0 : length))
            fail_msg("U+%04X", (unsigned)code);
        if (!is_surrogate && utf8_is_control(bytes) != is_control)
            fail_msg("control U+%04X", (unsigned)code);
        if (length > 1 && utf8_length(bytes, length - 1) != 0)
            fail_msg("cut U+%04X", (unsigned)code);
    }
}

static void test_what_is_none(void **state)
{
    static const char *const texts[] = {
        "\x80",
        "\xBF",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xC3(",
        "\xE0\x9F\xBF",
        "\xE2\x82(",
        "\xE2(\xAC",
        "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF0\x9F\x8D(",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (utf8_length(texts[i], strlen(texts[i])) != 0)
            fail_msg("text %zu is taken for a character", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
