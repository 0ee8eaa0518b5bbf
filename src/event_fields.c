#include "event_fields.h"

#include "rfc3339.h"

#include <math.h>
#include <string.h>

void event_fields_clear(struct event_fields *fields)
{
    memset(fields, 0, offsetof(struct event_fields, entries));
}

#define IS(literal) (memcmp(name, (literal), sizeof(literal) - 1) == 0)

struct json_value *event_fields_place(struct event_fields *fields,
                                      const char *name, size_t length)
{
    switch (length) {
    case 2:
        return IS("ts") ? &fields->ts : NULL;
    case 4:
        return IS("type") ? &fields->type : IS("item") ? &fields->item : NULL;
    case 5:
        return IS("items") ? &fields->items : NULL;
    case 6:
        return IS("tenant") ? &fields->tenant : NULL;
    case 7:
        return IS("visitor")   ? &fields->visitor
               : IS("session") ? &fields->session
               : IS("consent") ? &fields->consent
                               : NULL;
    case 8:
        return IS("category") ? &fields->category : NULL;
    default:
        return NULL;
    }
}

static struct text text_of(const struct json_value *value)
{
    return (struct text){value->bytes, (uint32_t)value->length};
}

static int take_text(struct text *text, const struct json_value *value,
                     size_t bytes_max)
{
    if (value->kind != JSON_KIND_TEXT || value->length > bytes_max)
        return -1;
    *text = text_of(value);
    return 0;
}

static int take_optional_text(struct text *text, const struct json_value *value,
                              size_t bytes_max)
{
    if (value->kind != JSON_KIND_NULL)
        return take_text(text, value, bytes_max);
    *text = (struct text){NULL, 0};
    return 0;
}

static int take_id(struct text *id, const struct json_value *value)
{
    if (value->kind == JSON_KIND_INTEGER) {
        *id = text_of(value);
        return value->integer >= 0 ? 0 : -1;
    }
    if (take_text(id, value, EVENT_ID_BYTES_MAX) != 0)
        return -1;
    return id->length > 0 ? 0 : -1;
}

static int is_text(const struct json_value *value, const char *text)
{
    return value->length == strlen(text) &&
           memcmp(value->bytes, text, value->length) == 0;
}

static enum event_verdict take_type(struct event *event,
                                    const struct json_value *value)
{
    static const char *const names[EVENT_TYPES] = {
        [EVENT_PAGE_VIEW] = "page_view",
        [EVENT_ADD_TO_CART] = "add_to_cart",
        [EVENT_REMOVE_FROM_CART] = "remove_from_cart",
        [EVENT_PURCHASE] = "purchase",
    };

    if (value->kind != JSON_KIND_TEXT)
        return EVENT_TYPE;
    for (int type = 0; type < EVENT_TYPES; type++) {
        if (is_text(value, names[type])) {
            event->type = (enum event_type)type;
            return EVENT_ACCEPTED;
        }
    }
    return EVENT_IGNORED;
}

static int take_items(struct event *event, const struct event_fields *fields)
{
    uint32_t count = fields->entries_count;

    if (fields->items.kind == JSON_KIND_NULL) {
        event->items_count = 1;
        return take_id(&event->items[0], &fields->item);
    }
    if (fields->items.kind != JSON_KIND_ARRAY || count == 0)
        return -1;
    event->items_count = count;
    for (uint32_t i = 0; i < count; i++)
        if (take_id(&event->items[i], &fields->entries[i]) != 0)
            return -1;
    return 0;
}

static int take_ts_integer(int64_t *ts_ms, int64_t number)
{
    if (number < 0)
        return -1;
    if (number < INT64_C(100000000000))
        *ts_ms = number * 1000;
    else if (number < INT64_C(100000000000000))
        *ts_ms = number;
    else if (number < INT64_C(100000000000000000))
        *ts_ms = number / 1000;
    else
        *ts_ms = number / 1000000;
    return 0;
}

static int take_ts_real(int64_t *ts_ms, double number)
{
    double ms;

    if (number < 0)
        return -1;
    if (number < 1e11)
        ms = floor(number * 1000.0);
    else if (number < 1e14)
        ms = floor(number);
    else if (number < 1e17)
        ms = floor(number / 1000.0);
    else
        ms = floor(number / 1e6);
    if (ms > (double)RFC3339_MAX_MS)
        return -1;
    *ts_ms = (int64_t)ms;
    return 0;
}

static int take_stamp(int64_t *ts_ms, int64_t stamp_ms)
{
    *ts_ms = stamp_ms;
    return stamp_ms >= 0 && stamp_ms <= RFC3339_MAX_MS ? 0 : -1;
}

static int take_ts(int64_t *ts_ms, const struct json_value *value,
                   int64_t stamp_ms)
{
    switch (value->kind) {
    case JSON_KIND_NULL:
        return take_stamp(ts_ms, stamp_ms);
    case JSON_KIND_INTEGER:
        return take_ts_integer(ts_ms, value->integer);
    case JSON_KIND_REAL:
        return take_ts_real(ts_ms, value->real);
    case JSON_KIND_TEXT:
        return rfc3339_parse(ts_ms, value->bytes, value->length);
    default:
        return -1;
    }
}

static int take_tenant(struct text *tenant, const struct json_value *value)
{
    if (take_optional_text(tenant, value, EVENT_TENANT_BYTES_MAX) != 0)
        return -1;
    return value->kind == JSON_KIND_NULL || tenant->length > 0 ? 0 : -1;
}

/* One that is wrong is as absent. */
static void take_category(struct text *category, const struct json_value *value)
{
    if (take_optional_text(category, value, EVENT_ID_BYTES_MAX) != 0)
        *category = (struct text){NULL, 0};
}

/* The order of refusals is the contract's. */
enum event_verdict event_fields_judge(struct event *event,
                                      const struct event_fields *fields,
                                      int64_t stamp_ms)
{
    enum event_verdict verdict = take_type(event, &fields->type);

    if (verdict != EVENT_ACCEPTED)
        return verdict;
    if (fields->consent.kind == JSON_KIND_FALSE)
        return EVENT_NO_CONSENT;
    if (take_id(&event->visitor, &fields->visitor) != 0)
        return EVENT_VISITOR;
    if (take_items(event, fields) != 0)
        return EVENT_ITEM;
    if (take_ts(&event->ts_ms, &fields->ts, stamp_ms) != 0)
        return EVENT_TS;
    if (take_optional_text(&event->session, &fields->session,
                           EVENT_ID_BYTES_MAX) != 0)
        return EVENT_SESSION;
    if (take_tenant(&event->tenant, &fields->tenant) != 0)
        return EVENT_TENANT;
    take_category(&event->category, &fields->category);
    return EVENT_ACCEPTED;
}
