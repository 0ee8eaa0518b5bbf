/* json_scan: reads JSON where it stands, without memory of its own.
 *
 *     at = json_scan_value(&value, at, end);    NULL: given up
 *
 * Each function takes what its name says from `at` on, white space before it
 * included, and returns where that ends. It reads what is ordinary, checks it
 * to the last byte, and gives up (NULL) on all else. So to be given up says
 * nothing: the text may be wrong, or right and unusual (deep, or with a number
 * of hundreds of digits). What is read here, jansson reads alike. */
#ifndef TERKAIT_JSON_SCAN_H
#define TERKAIT_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum { JSON_SCAN_LEVELS_MAX = 64 };

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_FALSE,
    JSON_KIND_TRUE,
    JSON_KIND_INTEGER, /* as text: its digits, without the sign */
    JSON_KIND_REAL,    /* as text: its bytes; `real` is not set */
    JSON_KIND_TEXT,
    JSON_KIND_ESCAPED, /* a text with escapes: its bytes, still escaped */
    JSON_KIND_ARRAY,   /* without text */
    JSON_KIND_OBJECT   /* without text */
};

struct json_value {
    enum json_kind kind;
    size_t length;
    const char *bytes; /* of the scanned text */
    union {
        int64_t integer;
        double real;
    };
};

/* Any value; arrays and objects are checked and passed over. */
const char *json_scan_value(struct json_value *value, const char *at,
                            const char *end);

/* A member's name, and the colon behind it. */
const char *json_scan_name(struct json_value *name, const char *at,
                           const char *end);

/* What an escaped text stands for, as UTF-8: never longer than it was. `out`
 * has room for value->length bytes; the value is JSON_KIND_TEXT in it then. */
void json_scan_unescape(struct json_value *value, char *out);

/* The double of what was read as JSON_KIND_REAL: sets `real`. */
int json_scan_real(struct json_value *value);

static inline const char *json_scan_space(const char *at, const char *end)
{
    while (at != end &&
           (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* The character `c`. */
static inline const char *json_scan_take(char c, const char *at,
                                         const char *end)
{
    if (at != end && *at == c) /* mostly there is no space before it */
        return at + 1;
    at = json_scan_space(at, end);
    return at != end && *at == c ? at + 1 : NULL;
}

/* What follows a member or an entry: a comma, and there is more, or `closing`,
 * and there is not. */
static inline const char *json_scan_more(int *is_more, char closing,
                                         const char *at, const char *end)
{
    const char *next = json_scan_take(',', at, end);

    *is_more = next != NULL;
    return next != NULL ? next : json_scan_take(closing, at, end);
}

#endif
