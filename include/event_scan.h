/* event_scan: reads a record's fields by our own scanner, where they stand.
 *
 * It takes the ordinary record in a fraction of the time of a JSON library, and
 * gives up on what it is not sure to read just as jansson would: text that is
 * no JSON, names with escapes, and what json_scan gives up on. */
#ifndef TERKAIT_EVENT_SCAN_H
#define TERKAIT_EVENT_SCAN_H

#include "event_fields.h"

enum { EVENT_ROOM_BYTES = 4096 };

/* Where texts with escapes are unescaped; when it is full, it gives up. */
struct event_room {
    size_t used;
    char bytes[EVENT_ROOM_BYTES];
};

/* 0: `fields` is filled, and borrows from `bytes` and from `room`, which it
 * overwrites. -1: given up; `fields` is undefined. */
int event_scan(struct event_fields *fields, struct event_room *room,
               const char *bytes, size_t length);

#endif
