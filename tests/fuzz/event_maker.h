/* event_maker: records by chance, of the kind that decoders get wrong. Most are
 * events with their fields in any order, some of whose values are odd; then
 * bytes of some are damaged. Same seed, same records. */
#ifndef TERKAIT_EVENT_MAKER_H
#define TERKAIT_EVENT_MAKER_H

#include "rng.h"
#include "strbuf.h"

#include <string.h>

#define MAKER_COUNT(list) ((uint32_t)(sizeof(list) / sizeof(list)[0]))
#define MAKER_PICK(rng, list)                                                  \
    strbuf_add_text(out, (list)[rng_below((rng), MAKER_COUNT(list))])

static inline int maker_once_in(struct rng *rng, uint32_t times)
{
    return rng_below(rng, times) == 0;
}

static inline void maker_add_space(struct strbuf *out, struct rng *rng)
{
    static const char *const spaces[] = {" ",    "\t", "\n", "\r\n",
                                         "    ", "\f", "",   "\xc2\xa0"};

    if (!maker_once_in(rng, 12))
        return;
    strbuf_add_text(out,
                    spaces[rng_below(rng, maker_once_in(rng, 60) ? 8 : 5)]);
}

/* ---- texts ---- */

static const char *const maker_good[] = {
    "a",
    "0",
    " ",
    "/",
    "'",
    "{",
    "]",
    ":",
    ",",
    "\x7f",
    "sku-1",
    "kopi-gayo-250g",
    "null",
    "\xc3\xa9",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xe2\x82\xac",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf0\x9f\x98\x80",
    "\xf4\x8f\xbf\xbf",
};

static const char *const maker_escaped[] = {
    "\\\"",
    "\\\\",
    "\\/",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0041",
    "\\u00e9",
    "\\uFFFF",
    "\\ud7ff",
    "\\ud83d\\ude00",
    "\\ue000",
    "\\uDBFF\\uDFFF",
    "\\u0001",
};

static const char *const maker_bad[] = {
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\ud83d\\u0041",
    "\\ud83dx",
    "\\ud83d\\ud83d",
    "\\u12",
    "\\u12g4",
    "\\x",
    "\\",
    "\"",
    "\n",
    "\x01",
    "\x1f",
    "\x80",
    "\xbf",
    "\xc0\x80",
    "\xc1\xbf",
    "\xc3",
    "\xe0\x9f\xbf",
    "\xe2\x82",
    "\xed\xa0\x80",
    "\xef\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xf0\x9f\x98",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xff",
};

static inline void maker_add_piece(struct strbuf *out, struct rng *rng)
{
    uint32_t dice = rng_below(rng, 3000);

    if (dice < 12)
        MAKER_PICK(rng, maker_bad);
    else if (dice < 90)
        MAKER_PICK(rng, maker_escaped);
    else
        MAKER_PICK(rng, maker_good);
}

/* Now and then about as long as the contract allows. */
static inline void maker_add_pieces(struct strbuf *out, struct rng *rng,
                                    uint32_t pieces)
{
    strbuf_add_char(out, '"');
    if (maker_once_in(rng, 25)) {
        uint32_t bytes = (maker_once_in(rng, 2) ? 62 : 126) + rng_below(rng, 4);

        while (bytes-- > 0)
            strbuf_add_char(out, (char)('a' + bytes % 26));
        pieces = rng_below(rng, 2);
    }
    while (pieces-- > 0)
        maker_add_piece(out, rng);
    strbuf_add_char(out, '"');
}

static inline void maker_add_text(struct strbuf *out, struct rng *rng)
{
    maker_add_pieces(out, rng, rng_below(rng, 5));
}

/* ---- numbers and words ---- */

static inline void maker_add_number(struct strbuf *out, struct rng *rng)
{
    static const char *const odd[] = {
        "-0",
        "0",
        "-1",
        "7.0",
        "-0.0",
        "1e5",
        "1E+2",
        "1e-2",
        "1.5e3",
        "99999999999",
        "100000000000",
        "100000000000000",
        "100000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "9999999999999999999",
        "18446744073709551616",
        "1718000000.123",
        "1718000000.1234567",
        "1.718000000123999e18",
        "1e99",
        "1e100",
        "1e308",
        "1e309",
        "-1e309",
        "1e-400",
        "0.1e-99",
        "253402300799.999",
        "253402300800.0",
        "0000001",
        "1234567890123456789012345678901234567890.5",
    };
    static const char *const bad[] = {
        "01",  "-",   "1.",   ".5",  "1e",   "1e+", "+1",
        "0x1", "--1", "1.e1", "-01", "1..2", "NaN", "-Infinity",
    };

    if (maker_once_in(rng, 150))
        MAKER_PICK(rng, bad);
    else if (maker_once_in(rng, 4))
        MAKER_PICK(rng, odd);
    else if (maker_once_in(rng, 6))
        strbuf_add_format(out, "%u.%u", rng_below(rng, UINT32_MAX),
                          rng_below(rng, UINT32_MAX));
    else
        strbuf_add_int(out, (int64_t)(rng_next(rng) >> rng_below(rng, 64)));
}

static inline void maker_add_word(struct strbuf *out, struct rng *rng)
{
    static const char *const words[] = {"null", "true", "false"};
    static const char *const bad[] = {"nul", "True", "falsey", "nullnull", "x"};

    if (maker_once_in(rng, 300))
        MAKER_PICK(rng, bad);
    else
        MAKER_PICK(rng, words);
}

/* ---- arrays and objects ---- */

static inline void maker_add_value(struct strbuf *out, struct rng *rng,
                                   uint32_t levels);

static inline void maker_add_colon(struct strbuf *out, struct rng *rng)
{
    maker_add_space(out, rng);
    strbuf_add_char(out, ':');
    maker_add_space(out, rng);
}

/* Between two, and sometimes where none should be. */
static inline void maker_add_comma(struct strbuf *out, struct rng *rng,
                                   int is_first)
{
    maker_add_space(out, rng);
    if (is_first ? maker_once_in(rng, 3000) : !maker_once_in(rng, 3000))
        strbuf_add_char(out, ',');
    maker_add_space(out, rng);
}

static inline void maker_add_array(struct strbuf *out, struct rng *rng,
                                   uint32_t levels)
{
    uint32_t count = rng_below(rng, 4);

    strbuf_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        maker_add_comma(out, rng, i == 0);
        maker_add_value(out, rng, levels);
    }
    maker_add_space(out, rng);
    strbuf_add_char(out, maker_once_in(rng, 3000) ? '}' : ']');
}

static inline void maker_add_name(struct strbuf *out, struct rng *rng)
{
    static const char *const names[] = {
        "\"type\"",     "\"visitor\"", "\"item\"",   "\"items\"",
        "\"ts\"",       "\"session\"", "\"tenant\"", "\"consent\"",
        "\"category\"", "\"seller\"",  "\"Type\"",   "\"it\\u0065m\"",
        "\"itemx\"",    "\"\"",        "\"tz\"",     "\"a name that is long\"",
    };

    if (maker_once_in(rng, 2))
        MAKER_PICK(rng, names);
    else
        maker_add_text(out, rng);
}

static inline void maker_add_object(struct strbuf *out, struct rng *rng,
                                    uint32_t levels)
{
    uint32_t count = rng_below(rng, 4);

    strbuf_add_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        maker_add_comma(out, rng, i == 0);
        maker_add_name(out, rng);
        maker_add_colon(out, rng);
        maker_add_value(out, rng, levels);
    }
    maker_add_space(out, rng);
    strbuf_add_char(out, maker_once_in(rng, 3000) ? ']' : '}');
}

/* So many levels at once, around the bounds of the scanner and of jansson. */
static inline void maker_add_depth(struct strbuf *out, struct rng *rng)
{
    uint32_t levels = (maker_once_in(rng, 8) ? 2044 : 60) + rng_below(rng, 8);
    int is_object = maker_once_in(rng, 2);

    for (uint32_t i = 0; i < levels; i++)
        strbuf_add_text(out, is_object ? "{\"a\":" : "[");
    maker_add_word(out, rng);
    for (uint32_t i = 0; i < levels; i++)
        strbuf_add_char(out, is_object ? '}' : ']');
}

static inline void maker_add_value(struct strbuf *out, struct rng *rng,
                                   uint32_t levels)
{
    uint32_t dice = rng_below(rng, levels > 0 ? 12 : 9);

    if (maker_once_in(rng, 500))
        maker_add_depth(out, rng);
    else if (dice < 4)
        maker_add_text(out, rng);
    else if (dice < 7)
        maker_add_number(out, rng);
    else if (dice < 9)
        maker_add_word(out, rng);
    else if (dice < 11)
        maker_add_object(out, rng, levels - 1);
    else
        maker_add_array(out, rng, levels - 1);
}

/* ---- events ---- */

static inline void maker_add_type(struct strbuf *out, struct rng *rng)
{
    static const char *const types[] = {
        "\"page_view\"",        "\"page_view\"", "\"add_to_cart\"",
        "\"remove_from_cart\"", "\"purchase\"",  "\"page_view\"",
        "\"add_to_cart\"",      "\"search\"",    "\"p\\u0061ge_view\"",
        "\"page_views\"",       "\"\"",
    };

    strbuf_add_text(out,
                    types[rng_below(rng, maker_once_in(rng, 10) ? 11 : 7)]);
}

static inline void maker_add_id(struct strbuf *out, struct rng *rng)
{
    if (maker_once_in(rng, 5))
        strbuf_add_uint(out, rng_next(rng) >> (2 + rng_below(rng, 62)));
    else
        maker_add_pieces(out, rng, maker_once_in(rng, 20) ? 0 : 1);
}

static inline void maker_add_entry(struct strbuf *out, struct rng *rng)
{
    if (maker_once_in(rng, 2)) {
        maker_add_id(out, rng);
        return;
    }
    strbuf_add_char(out, '{');
    if (maker_once_in(rng, 4)) {
        maker_add_name(out, rng);
        maker_add_colon(out, rng);
        maker_add_value(out, rng, 2);
        maker_add_comma(out, rng, 0);
    }
    strbuf_add_text(out, "\"item\"");
    maker_add_colon(out, rng);
    maker_add_id(out, rng);
    if (maker_once_in(rng, 4)) {
        maker_add_comma(out, rng, 0);
        maker_add_name(out, rng);
        maker_add_colon(out, rng);
        maker_add_value(out, rng, 1);
    }
    strbuf_add_char(out, '}');
}

static inline void maker_add_items(struct strbuf *out, struct rng *rng)
{
    uint32_t count =
        maker_once_in(rng, 40) ? 197 + rng_below(rng, 6) : rng_below(rng, 6);

    strbuf_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        maker_add_comma(out, rng, i == 0);
        if (maker_once_in(rng, 60))
            maker_add_value(out, rng, 2);
        else if (count > 10)
            strbuf_add_uint(out, i);
        else
            maker_add_entry(out, rng);
    }
    strbuf_add_char(out, ']');
}

static inline void maker_add_time(struct strbuf *out, struct rng *rng)
{
    static const char *const zones[] = {"Z",      "z", "+07:00",
                                        "-12:30", "",  "+24:00"};
    static const char *const fractions[] = {"", ".5", ".123", ".123456789",
                                            "."};
    uint32_t dice = rng_below(rng, 4);

    if (dice == 0) {
        maker_add_number(out, rng);
    } else if (dice == 1) {
        strbuf_add_uint(out, 1718000000123 + rng_below(rng, 1000000));
    } else if (dice == 2) {
        strbuf_add_format(out, "%u.%0*u", 1718000000 + rng_below(rng, 1000),
                          1 + (int)rng_below(rng, 12), rng_below(rng, 1000000));
    } else {
        strbuf_add_format(out, "\"%04u-%02u-%02u%c%02u:%02u:%02u",
                          1969 + rng_below(rng, 60), 1 + rng_below(rng, 12),
                          1 + rng_below(rng, 31), "Tt "[rng_below(rng, 3)],
                          rng_below(rng, 25), rng_below(rng, 60),
                          rng_below(rng, 61));
        MAKER_PICK(rng, fractions);
        MAKER_PICK(rng, zones);
        strbuf_add_char(out, '"');
    }
}

struct maker_field {
    const char *name;
    void (*add)(struct strbuf *out, struct rng *rng);
    uint32_t out_of_8; /* how often it is there */
};

static const struct maker_field maker_fields[] = {
    {"type", maker_add_type, 8},    {"visitor", maker_add_id, 8},
    {"item", maker_add_id, 6},      {"items", maker_add_items, 3},
    {"ts", maker_add_time, 6},      {"session", maker_add_text, 3},
    {"tenant", maker_add_id, 2},    {"category", maker_add_text, 4},
    {"consent", maker_add_word, 1}, {"channel", maker_add_text, 4},
};

static inline void maker_add_field(struct strbuf *out, struct rng *rng,
                                   const struct maker_field *field)
{
    strbuf_add_format(out, "\"%s\"", field->name);
    maker_add_colon(out, rng);
    if (maker_once_in(rng, 50))
        maker_add_value(out, rng, 3);
    else
        field->add(out, rng);
}

/* The fields begin anywhere, go round, and some come again. */
static inline void maker_add_event(struct strbuf *out, struct rng *rng)
{
    uint32_t count = MAKER_COUNT(maker_fields), written = 0;
    uint32_t start = rng_below(rng, count);
    uint32_t step = maker_once_in(rng, 2) ? 1 : 3;
    uint32_t turns = maker_once_in(rng, 6) ? count + rng_below(rng, 8) : count;

    maker_add_space(out, rng);
    strbuf_add_char(out, '{');
    for (uint32_t i = 0; i < turns; i++) {
        const struct maker_field *field =
            &maker_fields[(start + i * step) % count];

        if (rng_below(rng, 8) >= field->out_of_8)
            continue;
        maker_add_comma(out, rng, written++ == 0);
        maker_add_field(out, rng, field);
        if (!maker_once_in(rng, 5))
            continue;
        maker_add_comma(out, rng, 0);
        maker_add_text(out, rng);
        maker_add_colon(out, rng);
        maker_add_value(out, rng, 4);
    }
    maker_add_space(out, rng);
    strbuf_add_char(out, '}');
    maker_add_space(out, rng);
}

/* ---- damage ---- */

/* Overwrites a byte, takes a stretch out, copies one over another, cuts the
 * end off, or puts a byte in. */
static inline void maker_damage(struct strbuf *out, struct rng *rng)
{
    static const char alphabet[] =
        "\"\"\\{}[],:0189.-eu \n\x7f\xc3\xed\x80\xbf\xf4\xff";
    uint32_t length = (uint32_t)out->length, at, stretch;

    if (length == 0)
        return;
    at = rng_below(rng, length);
    stretch = rng_below(rng, length - at < 9 ? length - at + 1 : 9);
    switch (rng_below(rng, 6)) {
    case 0:
        out->bytes[at] = (char)rng_next(rng);
        break;
    case 1:
        out->bytes[at] = alphabet[rng_below(rng, sizeof alphabet - 1)];
        break;
    case 2:
        memmove(out->bytes + at, out->bytes + at + stretch,
                length - at - stretch);
        out->length -= stretch;
        break;
    case 3:
        memmove(out->bytes + rng_below(rng, length - stretch + 1),
                out->bytes + at, stretch);
        break;
    case 4:
        out->length -= maker_once_in(rng, 8) ? stretch : 0;
        break;
    default:
        strbuf_add_char(out, ' ');
        memmove(out->bytes + at + 1, out->bytes + at, length - at);
        out->bytes[at] = alphabet[rng_below(rng, sizeof alphabet - 1)];
    }
}

/* Makes one record anew. */
static inline void maker_make(struct strbuf *out, struct rng *rng)
{
    strbuf_clear(out);
    if (maker_once_in(rng, 100))
        maker_add_value(out, rng, 3);
    else
        maker_add_event(out, rng);
    if (!maker_once_in(rng, 3))
        return;
    for (uint32_t times = 1 + rng_below(rng, 3); times > 0; times--)
        maker_damage(out, rng);
}

#endif
