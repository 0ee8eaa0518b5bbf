/* event_fields: what a record says in the contract's fields, before it is
 * judged; and the judgement. Two readers fill it: event_scan, which is fast and
 * gives up on what is unusual, and event_document, which reads everything. */
#ifndef TERKAIT_EVENT_FIELDS_H
#define TERKAIT_EVENT_FIELDS_H

#include "event.h"
#include "json_scan.h"

/* A field that is absent is JSON_KIND_NULL; JSON_KIND_ESCAPED does not occur.
 * An integer that may be an id has its digits as text. Of `ts` alone the
 * `real` is set. */
struct event_fields {
    struct json_value type;
    struct json_value consent;
    struct json_value visitor;
    struct json_value item;
    struct json_value items;
    struct json_value ts;
    struct json_value session;
    struct json_value tenant;
    struct json_value category;
    uint32_t entries_count; /* of `items`, if that is an array */
    struct json_value entries[EVENT_ITEMS_MAX]; /* an object's `item` instead */
};

/* Nothing is there. */
void event_fields_clear(struct event_fields *fields);

/* Where the member of that name belongs; NULL when it is none of ours. */
struct json_value *event_fields_place(struct event_fields *fields,
                                      const char *name, size_t length);

/* As event_decode(); the event borrows what the fields do. */
enum event_verdict event_fields_judge(struct event *event,
                                      const struct event_fields *fields,
                                      int64_t stamp_ms);

#endif
