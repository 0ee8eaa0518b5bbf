#include "event_scan.h"

#include <string.h>

struct target {
    struct event_fields *fields;
    struct event_room *room;
};

static int unescape(struct event_room *room, struct json_value *value)
{
    if (value->length > sizeof room->bytes - room->used)
        return -1;
    json_scan_unescape(value, room->bytes + room->used);
    room->used += value->length;
    return 0;
}

/* The value of one of our fields. */
static const char *scan_ours(struct target *to, struct json_value *value,
                             const char *at, const char *end)
{
    at = json_scan_value(value, at, end);
    if (at != NULL && value->kind == JSON_KIND_ESCAPED &&
        unescape(to->room, value) != 0)
        return NULL;
    return at;
}

static const char *scan_name(struct json_value *name, const char *at,
                             const char *end)
{
    at = json_scan_name(name, at, end);
    return at != NULL && name->kind != JSON_KIND_ESCAPED ? at : NULL;
}

/* Behind the brace: the member `item`, the last if there are several. */
static const char *scan_entry_object(struct target *to,
                                     struct json_value *entry, const char *at,
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
            at = scan_ours(to, entry, at, end);
        else
            at = json_scan_value(&ignored, at, end);
        if (at != NULL)
            at = json_scan_more(&is_more, '}', at, end);
    }
    return at;
}

static const char *scan_entry(struct target *to, struct json_value *entry,
                              const char *at, const char *end)
{
    const char *inside = json_scan_take('{', at, end);

    if (inside != NULL)
        return scan_entry_object(to, entry, inside, end);
    return scan_ours(to, entry, at, end);
}

/* Behind the bracket: the first entries; what follows is only checked. */
static const char *scan_entries(struct target *to, const char *at,
                                const char *end)
{
    struct event_fields *fields = to->fields;
    const char *closed = json_scan_take(']', at, end);
    int is_more = closed == NULL;

    fields->items.kind = JSON_KIND_ARRAY;
    fields->entries_count = 0;
    if (!is_more)
        return closed;
    while (at != NULL && is_more) {
        struct json_value ignored;

        if (fields->entries_count < EVENT_ITEMS_MAX)
            at = scan_entry(to, &fields->entries[fields->entries_count++], at,
                            end);
        else
            at = json_scan_value(&ignored, at, end);
        if (at != NULL)
            at = json_scan_more(&is_more, ']', at, end);
    }
    return at;
}

static const char *scan_items(struct target *to, const char *at,
                              const char *end)
{
    const char *inside = json_scan_take('[', at, end);

    if (inside != NULL)
        return scan_entries(to, inside, end);
    return scan_ours(to, &to->fields->items, at, end);
}

static const char *scan_ts(struct target *to, struct json_value *ts,
                           const char *at, const char *end)
{
    at = scan_ours(to, ts, at, end);
    if (at != NULL && ts->kind == JSON_KIND_REAL && json_scan_real(ts) != 0)
        return NULL;
    return at;
}

static const char *scan_member(struct target *to, const char *at,
                               const char *end)
{
    struct event_fields *fields = to->fields;
    struct json_value name, ignored;
    struct json_value *place;

    at = scan_name(&name, at, end);
    if (at == NULL)
        return NULL;
    place = event_fields_place(fields, name.bytes, name.length);
    if (place == NULL)
        return json_scan_value(&ignored, at, end);
    if (place == &fields->ts)
        return scan_ts(to, place, at, end);
    if (place == &fields->items)
        return scan_items(to, at, end);
    return scan_ours(to, place, at, end);
}

static const char *scan_members(struct target *to, const char *at,
                                const char *end)
{
    const char *closed = json_scan_take('}', at, end);
    int is_more = closed == NULL;

    if (!is_more)
        return closed;
    while (at != NULL && is_more) {
        at = scan_member(to, at, end);
        if (at != NULL)
            at = json_scan_more(&is_more, '}', at, end);
    }
    return at;
}

int event_scan(struct event_fields *fields, struct event_room *room,
               const char *bytes, size_t length)
{
    struct target to = {fields, room};
    const char *end = bytes + length;
    const char *at = json_scan_take('{', bytes, end);

    room->used = 0;
    event_fields_clear(fields);
    if (at != NULL)
        at = scan_members(&to, at, end);
    return at != NULL && json_scan_space(at, end) == end ? 0 : -1;
}
