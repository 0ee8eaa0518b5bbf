/* canvas: a page of characters for a terminal; what does not fit is cut off.
 *
 * Texts from outside are shown as show_text() does; a character takes one
 * column. */
#ifndef TERKAIT_CANVAS_H
#define TERKAIT_CANVAS_H

#include "event.h"
#include "strbuf.h"

#include <stdint.h>

enum canvas_style {
    CANVAS_PLAIN,
    CANVAS_BOLD,
    CANVAS_DIM,
    CANVAS_GOOD, /* green */
    CANVAS_WARN, /* yellow */
    CANVAS_BAD,  /* red */
    CANVAS_BAR   /* reversed */
};

struct canvas;

struct canvas *canvas_new(uint32_t columns, uint32_t rows);
void canvas_free(struct canvas *canvas);
uint32_t canvas_columns(const struct canvas *canvas);
uint32_t canvas_rows(const struct canvas *canvas);

/* Returns the column behind the text, whether it was there or cut off. */
uint32_t canvas_put(struct canvas *canvas, uint32_t row, uint32_t column,
                    enum canvas_style style, struct text text);
uint32_t canvas_put_text(struct canvas *canvas, uint32_t row, uint32_t column,
                         enum canvas_style style, const char *text);

/* Gives a whole row a style. */
void canvas_paint(struct canvas *canvas, uint32_t row, enum canvas_style style);

/* Appends the rows, a newline between two, no blanks at their ends; with
 * `has_styles` also the escape sequences that styles are made of. */
void canvas_render(const struct canvas *canvas, struct strbuf *out,
                   int has_styles);

#endif
