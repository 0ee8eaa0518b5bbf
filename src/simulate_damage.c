#include "simulate_damage.h"

#include "err.h"

#include <string.h>

enum {
    TOO_LONG_BYTES = 129,        /* for any id */
    TOO_LARGE_BYTES = 64 * 1024, /* events.max_bytes, by default */
    TOO_DEEP_LEVELS = 2050       /* jansson reads 2048 */
};

/* Beyond any clock, and before any lateness: a year has 31,536,000 seconds. */
#define FAR_AHEAD_MS INT64_C(3153600000000)
#define LONG_AGO_MS  INT64_C(86400000)

/* How a field's value is made. */
enum value {
    VALUE_TEXT,
    VALUE_LONG,
    VALUE_LARGE,
    VALUE_DEEP,
    VALUE_FAR,
    VALUE_OLD
};

/* One field is replaced, added, or left out (text NULL). Without a field the
 * text is the whole line. */
struct damage {
    enum event_verdict verdict;
    enum value value;
    const char *field;
    const char *text;
};

static const struct damage damages[] = {
    {EVENT_TOO_LARGE, VALUE_LARGE, "note", NULL},
    {EVENT_JSON, VALUE_TEXT, NULL, "{\"type\":\"page_view\",\"visitor\":\"pem"},
    {EVENT_JSON, VALUE_TEXT, NULL, "bukan json"},
    {EVENT_JSON, VALUE_TEXT, NULL, "[{\"type\":\"page_view\"}]"},
    {EVENT_JSON, VALUE_TEXT, "category", "\"kop\xffi\""},
    {EVENT_JSON, VALUE_TEXT, "note", "\"nol \\u0000\""},
    {EVENT_JSON, VALUE_TEXT, "note", "\"separuh \\ud83d\""},
    {EVENT_JSON, VALUE_TEXT, "price", "92233720368547758080"},
    {EVENT_JSON, VALUE_TEXT, "price", "1e400"},
    {EVENT_JSON, VALUE_DEEP, "note", NULL},
    {EVENT_TYPE, VALUE_TEXT, "type", NULL},
    {EVENT_TYPE, VALUE_TEXT, "type", "null"},
    {EVENT_TYPE, VALUE_TEXT, "type", "3"},
    {EVENT_IGNORED, VALUE_TEXT, "type", "\"search\""},
    {EVENT_IGNORED, VALUE_TEXT, "type", "\"\""},
    {EVENT_NO_CONSENT, VALUE_TEXT, "consent", "false"},
    {EVENT_VISITOR, VALUE_TEXT, "visitor", NULL},
    {EVENT_VISITOR, VALUE_TEXT, "visitor", "\"\""},
    {EVENT_VISITOR, VALUE_TEXT, "visitor", "-7"},
    {EVENT_VISITOR, VALUE_TEXT, "visitor", "7.0"},
    {EVENT_VISITOR, VALUE_LONG, "visitor", NULL},
    {EVENT_ITEM, VALUE_TEXT, "item", NULL},
    {EVENT_ITEM, VALUE_TEXT, "item", "true"},
    {EVENT_ITEM, VALUE_TEXT, "items", "[]"},
    {EVENT_ITEM, VALUE_TEXT, "items", "[\"kopi-gayo-250g\",null]"},
    {EVENT_ITEM, VALUE_TEXT, "items", "[{\"sku\":\"kopi-gayo-250g\"}]"},
    {EVENT_ITEM, VALUE_LONG, "item", NULL},
    {EVENT_TS, VALUE_TEXT, "ts", "\"kemarin\""},
    {EVENT_TS, VALUE_TEXT, "ts", "\"2025-12-12T12:00:60Z\""},
    {EVENT_TS, VALUE_TEXT, "ts", "\"2025-12-12T12:00:00\""},
    {EVENT_TS, VALUE_TEXT, "ts", "-1"},
    {EVENT_TS, VALUE_TEXT, "ts", "true"},
    {EVENT_SESSION, VALUE_TEXT, "session", "17"},
    {EVENT_SESSION, VALUE_LONG, "session", NULL},
    {EVENT_TENANT, VALUE_TEXT, "tenant", "\"\""},
    {EVENT_TENANT, VALUE_TEXT, "tenant", "17"},
    {EVENT_TENANT, VALUE_LONG, "tenant", NULL},
    {EVENT_FUTURE, VALUE_FAR, "ts", NULL},
    {EVENT_LATE, VALUE_OLD, "ts", NULL},
};

static void add_many(struct strbuf *out, char c, size_t count)
{
    memset(strbuf_reserve(out, count), c, count);
    out->length += count;
}

static void add_quoted_run(struct strbuf *out, size_t count)
{
    strbuf_add_char(out, '"');
    add_many(out, 'x', count);
    strbuf_add_char(out, '"');
}

static void add_value(struct strbuf *out, const struct damage *damage,
                      int64_t ts_ms)
{
    switch (damage->value) {
    case VALUE_TEXT:
        strbuf_add_text(out, damage->text);
        break;
    case VALUE_LONG:
        add_quoted_run(out, TOO_LONG_BYTES);
        break;
    case VALUE_LARGE:
        add_quoted_run(out, TOO_LARGE_BYTES);
        break;
    case VALUE_DEEP:
        add_many(out, '[', TOO_DEEP_LEVELS);
        add_many(out, ']', TOO_DEEP_LEVELS);
        break;
    case VALUE_FAR:
        strbuf_add_int(out, ts_ms + FAR_AHEAD_MS);
        break;
    case VALUE_OLD:
        strbuf_add_int(out, ts_ms > LONG_AGO_MS ? ts_ms - LONG_AGO_MS : 0);
        break;
    }
}

static int is_left_out(const struct damage *damage)
{
    return damage->value == VALUE_TEXT && damage->text == NULL;
}

/* Opens a sound field, unless it is the one that is damaged. */
static int add_name(struct strbuf *out, const struct damage *damage,
                    const char *name)
{
    if (strcmp(damage->field, name) == 0)
        return 0;
    strbuf_add_format(out, "\"%s\":", name);
    return 1;
}

static void add_fields(struct strbuf *out, const struct damage *damage,
                       const struct line_event *event,
                       const struct catalogue *catalogue)
{
    struct text item = catalogue_id(catalogue, event->items[0]);

    if (add_name(out, damage, "type"))
        strbuf_add_text(out, "\"page_view\",");
    if (add_name(out, damage, "visitor")) {
        strbuf_add_json(out, event->visitor.bytes, event->visitor.length);
        strbuf_add_char(out, ',');
    }
    if (add_name(out, damage, "item")) {
        strbuf_add_json(out, item.bytes, item.length);
        strbuf_add_char(out, ',');
    }
    if (add_name(out, damage, "ts")) {
        strbuf_add_int(out, event->ts_ms);
        strbuf_add_char(out, ',');
    }
    if (event->tenant.length > 0 && add_name(out, damage, "tenant")) {
        strbuf_add_json(out, event->tenant.bytes, event->tenant.length);
        strbuf_add_char(out, ',');
    }
}

uint32_t damage_kinds(void)
{
    return sizeof damages / sizeof damages[0];
}

enum event_verdict damage_verdict(uint32_t kind)
{
    ASSERT(kind < damage_kinds());
    return damages[kind].verdict;
}

void damage_add_line(struct strbuf *out, const struct line_event *event,
                     const struct catalogue *catalogue, uint32_t kind)
{
    const struct damage *damage = &damages[kind];

    ASSERT(kind < damage_kinds());
    if (damage->field == NULL) {
        strbuf_add_text(out, damage->text);
        return;
    }
    strbuf_add_char(out, '{');
    add_fields(out, damage, event, catalogue);
    if (!is_left_out(damage)) {
        strbuf_add_format(out, "\"%s\":", damage->field);
        add_value(out, damage, event->ts_ms);
        strbuf_add_char(out, ',');
    }
    strbuf_add_text(out, "\"channel\":\"web\"}");
}
