/* json_scan: reads JSON where it stands, without memory of its own.
 *
 *     struct json_scan scan = {bytes, bytes + length, 0};
 *
 * Each function takes what its name says from the front, white space before it
 * included. It reads what is ordinary, checks it to the last byte, and gives up
 * (-1) on all else. So to be given up says nothing: the text may be wrong, or
 * right and unusual (deep, or with a number of hundreds of digits). What is
 * read here, jansson reads alike. After -1 the scan is of no use. */
#ifndef TERKAIT_JSON_SCAN_H
#define TERKAIT_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum { JSON_SCAN_LEVELS_MAX = 64 };

struct json_scan {
    const char *at;
    const char *end;
    uint32_t levels; /* arrays and objects that are open inside a value */
};

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
int json_scan_value(struct json_scan *scan, struct json_value *value);

/* A member's name, and the colon behind it. */
int json_scan_name(struct json_scan *scan, struct json_value *name);

/* The double of what was read as JSON_KIND_REAL: sets `real`. */
int json_scan_real(struct json_value *value);

static inline int json_scan_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline void json_scan_space(struct json_scan *scan)
{
    while (scan->at != scan->end && json_scan_is_space(*scan->at))
        scan->at++;
}

/* 1 when `c` comes next, which is taken; else 0. */
static inline int json_scan_take(struct json_scan *scan, char c)
{
    json_scan_space(scan);
    if (scan->at == scan->end || *scan->at != c)
        return 0;
    scan->at++;
    return 1;
}

#endif
