#include "json_scan.h"

#include "utf8.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* A real of so few bytes, its exponent of two digits, is within a double. */
enum { REAL_BYTES_MAX = 40, EXPONENT_DIGITS_MAX = 2, INTEGER_DIGITS_MAX = 19 };

static int is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* ---- texts ---- */

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The top bit of each byte of `word` that is below `bound` (at most 128), and
 * perhaps of bytes above the lowest such. */
static inline uint64_t bytes_below(uint64_t word, uint8_t bound)
{
    return (word - EACH_BYTE(bound)) & ~word & EACH_BYTE(0x80);
}

/* The top bit of each byte that ends a run of plain text: a quote, a
 * backslash, a control character, or no ASCII. Exact up to the lowest. */
static inline uint64_t odd_bytes(uint64_t word)
{
    return bytes_below(word, 0x20) | (word & EACH_BYTE(0x80)) |
           bytes_below(word ^ EACH_BYTE('"'), 1) |
           bytes_below(word ^ EACH_BYTE('\\'), 1);
}

static int is_control(char c)
{
    return (unsigned char)c < 0x20;
}

static int is_plain(char c)
{
    return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

static const char *pass_plain(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;

        memcpy(&word, at, sizeof word);
        word = odd_bytes(le64toh(word));
        if (word != 0)
            return at + __builtin_ctzll(word) / 8;
    }
    while (at != end && is_plain(*at))
        at++;
    return at;
}

static int is_between(char c, uint8_t low, uint8_t high)
{
    return (uint8_t)c >= low && (uint8_t)c <= high;
}

/* Four digits of base 16; -1 when they are not. */
static int32_t hex_of(const char *at, const char *end)
{
    int32_t number = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];

        if (is_digit(c))
            number = number * 16 + c - '0';
        else if (is_between((char)(c | 0x20), 'a', 'f'))
            number = number * 16 + (c | 0x20) - 'a' + 10;
        else
            return -1;
    }
    return number;
}

/* What follows "\u": a character that is not NUL, in two halves or in one. */
static size_t unicode_bytes(const char *at, const char *end)
{
    int32_t first = hex_of(at, end), second;

    if (first <= 0 || (first >= 0xdc00 && first <= 0xdfff))
        return 0;
    if (first < 0xd800 || first > 0xdfff)
        return 4;
    if (end - at < 10 || at[4] != '\\' || at[5] != 'u')
        return 0;
    second = hex_of(at + 6, end);
    return second >= 0xdc00 && second <= 0xdfff ? 10 : 0;
}

/* The bytes of the escape that `at` begins with; 0 when it is none. */
static size_t escape_bytes(const char *at, const char *end)
{
    size_t more;

    if (end - at < 2 || at[1] == '\0')
        return 0;
    if (at[1] != 'u')
        return strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
    more = unicode_bytes(at + 2, end);
    return more > 0 ? more + 2 : 0;
}

/* What stands behind the opening quote, and the closing one. */
static int scan_text(struct json_scan *scan, struct json_value *value)
{
    const char *at = scan->at;
    size_t bytes;

    value->kind = JSON_KIND_TEXT;
    value->bytes = at;
    for (;;) {
        at = pass_plain(at, scan->end);
        if (at == scan->end)
            return -1;
        if (*at == '"')
            break;
        if (*at == '\\') {
            value->kind = JSON_KIND_ESCAPED;
            bytes = escape_bytes(at, scan->end);
        } else if (is_control(*at)) {
            return -1;
        } else {
            bytes = utf8_length(at, (size_t)(scan->end - at));
        }
        if (bytes == 0)
            return -1;
        at += bytes;
    }
    value->length = (size_t)(at - value->bytes);
    scan->at = at + 1;
    return 0;
}

int json_scan_name(struct json_scan *scan, struct json_value *name)
{
    if (!json_scan_take(scan, '"') || scan_text(scan, name) != 0)
        return -1;
    return json_scan_take(scan, ':') ? 0 : -1;
}

/* ---- numbers ---- */

static const char *pass_digits(const char *at, const char *end)
{
    while (at != end && is_digit(*at))
        at++;
    return at;
}

/* ".5", "e-3", ".5E+7" or nothing; NULL when it is none or far from 1. */
static const char *pass_fraction(const char *at, const char *end)
{
    const char *digits;

    if (at != end && *at == '.') {
        digits = at + 1;
        at = pass_digits(digits, end);
        if (at == digits)
            return NULL;
    }
    if (at == end || (*at != 'e' && *at != 'E'))
        return at;
    at++;
    if (at != end && (*at == '+' || *at == '-'))
        at++;
    digits = at;
    at = pass_digits(at, end);
    return at != digits && at - digits <= EXPONENT_DIGITS_MAX ? at : NULL;
}

static int take_real(struct json_scan *scan, struct json_value *value,
                     const char *start, const char *digits_end)
{
    const char *at = pass_fraction(digits_end, scan->end);

    if (at == NULL || at - start > REAL_BYTES_MAX)
        return -1;
    value->kind = JSON_KIND_REAL;
    value->bytes = start;
    value->length = (size_t)(at - start);
    scan->at = at;
    return 0;
}

static int take_integer(struct json_value *value, int is_negative)
{
    uint64_t number = 0;
    uint64_t number_max = (uint64_t)INT64_MAX + (uint64_t)is_negative;

    if (value->length > INTEGER_DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < value->length; i++)
        number = number * 10 + (uint64_t)(value->bytes[i] - '0');
    if (number > number_max)
        return -1;
    value->kind = JSON_KIND_INTEGER;
    value->integer = (int64_t)(is_negative ? 0 - number : number);
    return 0;
}

static int scan_number(struct json_scan *scan, struct json_value *value)
{
    const char *start = scan->at, *at;
    int is_negative = *start == '-';
    const char *digits = start + is_negative;

    if (digits == scan->end || !is_digit(*digits))
        return -1;
    at = *digits == '0' ? digits + 1 : pass_digits(digits, scan->end);
    if (at != scan->end && (*at == '.' || *at == 'e' || *at == 'E'))
        return take_real(scan, value, start, at);
    value->bytes = digits;
    value->length = (size_t)(at - digits);
    scan->at = at;
    return take_integer(value, is_negative);
}

int json_scan_real(struct json_value *value)
{
    char text[REAL_BYTES_MAX + 1];
    char *end;

    memcpy(text, value->bytes, value->length);
    text[value->length] = '\0';
    value->real = strtod(text, &end);
    return end == text + value->length ? 0 : -1;
}

/* ---- values ---- */

static int scan_word(struct json_scan *scan, struct json_value *value,
                     const char *word, enum json_kind kind)
{
    size_t length = strlen(word);

    if ((size_t)(scan->end - scan->at) < length ||
        memcmp(scan->at, word, length) != 0)
        return -1;
    scan->at += length;
    value->kind = kind;
    return 0;
}

static int pass_array(struct json_scan *scan)
{
    struct json_value ignored;

    if (json_scan_take(scan, ']'))
        return 0;
    do {
        if (json_scan_value(scan, &ignored) != 0)
            return -1;
    } while (json_scan_take(scan, ','));
    return json_scan_take(scan, ']') ? 0 : -1;
}

static int pass_object(struct json_scan *scan)
{
    struct json_value ignored;

    if (json_scan_take(scan, '}'))
        return 0;
    do {
        if (json_scan_name(scan, &ignored) != 0 ||
            json_scan_value(scan, &ignored) != 0)
            return -1;
    } while (json_scan_take(scan, ','));
    return json_scan_take(scan, '}') ? 0 : -1;
}

static int pass_nested(struct json_scan *scan, struct json_value *value,
                       char opening)
{
    int result;

    if (scan->levels == JSON_SCAN_LEVELS_MAX)
        return -1;
    scan->levels++;
    value->kind = opening == '[' ? JSON_KIND_ARRAY : JSON_KIND_OBJECT;
    result = opening == '[' ? pass_array(scan) : pass_object(scan);
    scan->levels--;
    return result;
}

int json_scan_value(struct json_scan *scan, struct json_value *value)
{
    json_scan_space(scan);
    if (scan->at == scan->end)
        return -1;
    switch (*scan->at) {
    case '"':
        scan->at++;
        return scan_text(scan, value);
    case '[':
    case '{':
        return pass_nested(scan, value, *scan->at++);
    case 'n':
        return scan_word(scan, value, "null", JSON_KIND_NULL);
    case 't':
        return scan_word(scan, value, "true", JSON_KIND_TRUE);
    case 'f':
        return scan_word(scan, value, "false", JSON_KIND_FALSE);
    default:
        return scan_number(scan, value);
    }
}
