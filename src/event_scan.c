#include "event_scan.h"

#include <string.h>

/* The value of one of our fields: it must be as it stands. */
static const char *scan_ours(struct json_value *value, const char *at,
                             const char *end)
{
    at = json_scan_value(value, at, end);
    return at != NULL && value->kind != JSON_KIND_ESCAPED ? at : NULL;
}

static const char *scan_name(struct json_value *name, const char *at,
                             const char *end)
{
    at = json_scan_name(name, at, end);
    return at != NULL && name->kind != JSON_KIND_ESCAPED ? at : NULL;
}

/* Behind the brace: the member `item`, the last if there are several. */
static const char *scan_entry_object(struct json_value *entry, const char *at,
                                     const char *end)
{
    const char *closed = json_scan_take('}', at, end);
    int is_more = closed == NULL;

    entry->kind = JSON_KIND_NULL;
    if (!is_more)
        return closed;
    while (at != NULL && is_more) {
        struct json_value name, ignored;

        at = scan_name(&name, at, end);
        if (at == NULL)
            break;
        if (name.length == 4 && memcmp(name.bytes, "item", 4) == 0)
            at = scan_ours(entry, at, end);
        else
            at = json_scan_value(&ignored, at, end);
        if (at != NULL)
            at = json_scan_more(&is_more, '}', at, end);
    }
    return at;
}

static const char *scan_entry(struct json_value *entry, const char *at,
                              const char *end)
{
    const char *inside = json_scan_take('{', at, end);

    if (inside != NULL)
        return scan_entry_object(entry, inside, end);
    return scan_ours(entry, at, end);
}

/* Behind the bracket: the first entries; what follows is only checked. */
static const char *scan_entries(struct event_fields *fields, const char *at,
                                const char *end)
{
    const char *closed = json_scan_take(']', at, end);
    int is_more = closed == NULL;

    fields->items.kind = JSON_KIND_ARRAY;
    fields->entries_count = 0;
    if (!is_more)
        return closed;
    while (at != NULL && is_more) {
        struct json_value ignored;

        if (fields->entries_count < EVENT_ITEMS_MAX)
            at = scan_entry(&fields->entries[fields->entries_count++], at, end);
        else
            at = json_scan_value(&ignored, at, end);
        if (at != NULL)
            at = json_scan_more(&is_more, ']', at, end);
    }
    return at;
}

static const char *scan_items(struct event_fields *fields, const char *at,
                              const char *end)
{
    const char *inside = json_scan_take('[', at, end);

    if (inside != NULL)
        return scan_entries(fields, inside, end);
    return scan_ours(&fields->items, at, end);
}

static const char *scan_ts(struct json_value *ts, const char *at,
                           const char *end)
{
    at = scan_ours(ts, at, end);
    if (at != NULL && ts->kind == JSON_KIND_REAL && json_scan_real(ts) != 0)
        return NULL;
    return at;
}

static const char *scan_member(struct event_fields *fields, const char *at,
                               const char *end)
{
    struct json_value name, ignored;
    struct json_value *place;

    at = scan_name(&name, at, end);
    if (at == NULL)
        return NULL;
    place = event_fields_place(fields, name.bytes, name.length);
    if (place == NULL)
        return json_scan_value(&ignored, at, end);
    if (place == &fields->ts)
        return scan_ts(place, at, end);
    if (place == &fields->items)
        return scan_items(fields, at, end);
    return scan_ours(place, at, end);
}

static const char *scan_members(struct event_fields *fields, const char *at,
                                const char *end)
{
    const char *closed = json_scan_take('}', at, end);
    int is_more = closed == NULL;

    if (!is_more)
        return closed;
    while (at != NULL && is_more) {
        at = scan_member(fields, at, end);
        if (at != NULL)
            at = json_scan_more(&is_more, '}', at, end);
    }
    return at;
}

int event_scan(struct event_fields *fields, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *at = json_scan_take('{', bytes, end);

    event_fields_clear(fields);
    if (at != NULL)
        at = scan_members(fields, at, end);
    return at != NULL && json_scan_space(at, end) == end ? 0 : -1;
}
