#include "event_scan.h"

#include <string.h>

/* The value of one of our fields: it must be as it stands. */
static int scan_ours(struct json_scan *scan, struct json_value *value)
{
    if (json_scan_value(scan, value) != 0)
        return -1;
    return value->kind != JSON_KIND_ESCAPED ? 0 : -1;
}

static int is_item(const struct json_value *name)
{
    return name->length == 4 && memcmp(name->bytes, "item", 4) == 0;
}

/* Behind the brace: the member `item`, the last if there are several. */
static int scan_entry_object(struct json_scan *scan, struct json_value *entry)
{
    struct json_value name, ignored;

    entry->kind = JSON_KIND_NULL;
    if (json_scan_take(scan, '}'))
        return 0;
    do {
        if (json_scan_name(scan, &name) != 0 ||
            name.kind == JSON_KIND_ESCAPED ||
            (is_item(&name) ? scan_ours(scan, entry)
                            : json_scan_value(scan, &ignored)) != 0)
            return -1;
    } while (json_scan_take(scan, ','));
    return json_scan_take(scan, '}') ? 0 : -1;
}

static int scan_entry(struct json_scan *scan, struct json_value *entry)
{
    if (json_scan_take(scan, '{'))
        return scan_entry_object(scan, entry);
    return scan_ours(scan, entry);
}

/* Behind the bracket: the first entries; what follows is only checked. */
static int scan_entries(struct json_scan *scan, struct event_fields *fields)
{
    struct json_value ignored;

    fields->items.kind = JSON_KIND_ARRAY;
    fields->entries_count = 0;
    if (json_scan_take(scan, ']'))
        return 0;
    do {
        int result =
            fields->entries_count < EVENT_ITEMS_MAX
                ? scan_entry(scan, &fields->entries[fields->entries_count++])
                : json_scan_value(scan, &ignored);

        if (result != 0)
            return -1;
    } while (json_scan_take(scan, ','));
    return json_scan_take(scan, ']') ? 0 : -1;
}

static int scan_ts(struct json_scan *scan, struct json_value *ts)
{
    if (scan_ours(scan, ts) != 0)
        return -1;
    return ts->kind == JSON_KIND_REAL ? json_scan_real(ts) : 0;
}

static int scan_member(struct json_scan *scan, struct event_fields *fields)
{
    struct json_value name, ignored;
    struct json_value *place;

    if (json_scan_name(scan, &name) != 0 || name.kind == JSON_KIND_ESCAPED)
        return -1;
    place = event_fields_place(fields, name.bytes, name.length);
    if (place == NULL)
        return json_scan_value(scan, &ignored);
    if (place == &fields->ts)
        return scan_ts(scan, place);
    if (place == &fields->items && json_scan_take(scan, '['))
        return scan_entries(scan, fields);
    return scan_ours(scan, place);
}

int event_scan(struct event_fields *fields, const char *bytes, size_t length)
{
    struct json_scan scan = {bytes, bytes + length, 0};

    event_fields_clear(fields);
    if (!json_scan_take(&scan, '{'))
        return -1;
    if (!json_scan_take(&scan, '}')) {
        do {
            if (scan_member(&scan, fields) != 0)
                return -1;
        } while (json_scan_take(&scan, ','));
        if (!json_scan_take(&scan, '}'))
            return -1;
    }
    json_scan_space(&scan);
    return scan.at == scan.end ? 0 : -1;
}
