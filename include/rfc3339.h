/* rfc3339: date and time text, as in "2024-06-10T06:13:20.123+07:00". */
#ifndef TERKAIT_RFC3339_H
#define TERKAIT_RFC3339_H

#include <stddef.h>
#include <stdint.h>

/* The last millisecond that the format can write: the end of year 9999. */
#define RFC3339_MAX_MS INT64_C(253402300799999)

/* Milliseconds since the epoch. `T`, `t` or a space stands between date and
 * time; an offset or `Z`, `z` is required; digits after the third of a second
 * are cut; second 60 is refused. -1 when it is none, or when in UTC it is
 * before 1970 or after RFC3339_MAX_MS. */
int rfc3339_parse(int64_t *ts_ms, const char *text, size_t length);

#endif
