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

#endif
