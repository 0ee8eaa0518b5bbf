/* show: ids, times and ages as a person reads them on a terminal. */
#ifndef TERKAIT_SHOW_H
#define TERKAIT_SHOW_H

#include "event.h"
#include "strbuf.h"

/* Appends a text from outside. What a terminal would obey or cannot show
 * (control characters, bytes that are no UTF-8) becomes \xNN, a backslash
 * stays. Returns the columns it takes, one a character. */
size_t show_text(struct strbuf *out, struct text text);

/* The same, then blanks up to `width` columns. */
void show_padded(struct strbuf *out, struct text text, size_t width);

/* The columns that show_text() takes. */
size_t show_width(struct text text);

/* "2024-06-10T06:13:20Z"; the milliseconds are cut. */
void show_time(struct strbuf *out, int64_t at_ms);

/* "now", "12 s ago", "5 min ago", "3 h ago", "9 d ago"; "in 5 min" when `at_ms`
 * is after `now_ms`. */
void show_age(struct strbuf *out, int64_t at_ms, int64_t now_ms);

/* "12,345,678". */
void show_grouped(struct strbuf *out, int64_t number);

/* "512 B", "9.8 kB", "118 MB", "1.2 GB": thousands, three digits at most. */
void show_bytes(struct strbuf *out, int64_t bytes);

/* "45 ms", "1.2 s", "12 s", "5 min", "3 h", "9 d". */
void show_span(struct strbuf *out, int64_t span_ms);

#endif
