/* top: what `terkait top` shows, made of the stats hash: a screen, or a line a
 * second. Pure: no clock, no terminal. */
#ifndef TERKAIT_TOP_H
#define TERKAIT_TOP_H

#include "canvas.h"
#include "fields.h"
#include "lookup.h"

enum { TOP_HISTORY = 240, TOP_LINES_A_HEADER = 20 };

struct top;

struct top *top_new(const char *address, const char *prefix);
void top_free(struct top *top);

/* The stats hash as it was just read; empty when there is none. Steals. */
void top_take_stats(struct top *top, struct fields *fields, int64_t now_ms);

/* A popular list, for when the stats have no hot items; steals it. `window` is
 * borrowed for good. */
void top_take_popular(struct top *top, struct lookup_list *list,
                      const char *window);

/* Redis does not answer. */
void top_take_silence(struct top *top, int64_t now_ms);

/* `draws`: whether the terminal knows more than ASCII. */
void top_draw(const struct top *top, struct canvas *canvas, int64_t now_ms,
              int draws);

/* What stands above the lines, and one of them; each ends with a newline. */
void top_add_header(struct strbuf *out);
void top_add_line(const struct top *top, struct strbuf *out, int64_t now_ms);

#endif
