#include "canvas.h"

#include "err.h"
#include "mem.h"
#include "show.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

enum { CHARACTER_BYTES = 4 };

struct cell {
    char bytes[CHARACTER_BYTES]; /* length 0: a blank */
    uint8_t length;
    uint8_t style;
};

struct canvas {
    uint32_t columns, rows;
    struct cell *cells;
};

static const char *const sequences[] = {
    [CANVAS_PLAIN] = "",        [CANVAS_BOLD] = "\033[1m",
    [CANVAS_DIM] = "\033[2m",   [CANVAS_GOOD] = "\033[32m",
    [CANVAS_WARN] = "\033[33m", [CANVAS_BAD] = "\033[1;31m",
    [CANVAS_BAR] = "\033[7m",
};

struct canvas *canvas_new(uint32_t columns, uint32_t rows)
{
    struct canvas *canvas = mem_new(1, sizeof *canvas);

    canvas->columns = columns;
    canvas->rows = rows;
    canvas->cells = mem_new((size_t)columns * rows, sizeof *canvas->cells);
    return canvas;
}

void canvas_free(struct canvas *canvas)
{
    if (canvas == NULL)
        return;
    free(canvas->cells);
    free(canvas);
}

uint32_t canvas_columns(const struct canvas *canvas)
{
    return canvas->columns;
}

uint32_t canvas_rows(const struct canvas *canvas)
{
    return canvas->rows;
}

static struct cell *row_at(const struct canvas *canvas, uint32_t row)
{
    return canvas->cells + (size_t)row * canvas->columns;
}

uint32_t canvas_put(struct canvas *canvas, uint32_t row, uint32_t column,
                    enum canvas_style style, struct text text)
{
    struct strbuf shown = STRBUF_EMPTY;

    show_text(&shown, text);
    for (size_t i = 0; i < shown.length; column++) {
        size_t length = utf8_length(shown.bytes + i, shown.length - i);

        if (row < canvas->rows && column < canvas->columns) {
            struct cell *cell = &row_at(canvas, row)[column];

            memcpy(cell->bytes, shown.bytes + i, length);
            cell->length = *cell->bytes == ' ' ? 0 : (uint8_t)length;
            cell->style = (uint8_t)style;
        }
        i += length;
    }
    strbuf_deinit(&shown);
    return column;
}

uint32_t canvas_put_text(struct canvas *canvas, uint32_t row, uint32_t column,
                         enum canvas_style style, const char *text)
{
    return canvas_put(canvas, row, column, style,
                      (struct text){text, (uint32_t)strlen(text)});
}

void canvas_paint(struct canvas *canvas, uint32_t row, enum canvas_style style)
{
    if (row >= canvas->rows)
        return;
    for (uint32_t i = 0; i < canvas->columns; i++)
        row_at(canvas, row)[i].style = (uint8_t)style;
}

/* Columns up to the last that shows something. */
static uint32_t used_columns(const struct canvas *canvas, uint32_t row,
                             int has_styles)
{
    const struct cell *cells = row_at(canvas, row);
    uint32_t used = canvas->columns;

    while (used > 0 && cells[used - 1].length == 0 &&
           !(has_styles && cells[used - 1].style == CANVAS_BAR))
        used--;
    return used;
}

static void render_row(const struct canvas *canvas, uint32_t row,
                       struct strbuf *out, int has_styles)
{
    const struct cell *cells = row_at(canvas, row);
    uint32_t used = used_columns(canvas, row, has_styles);
    uint8_t style = CANVAS_PLAIN;

    for (uint32_t i = 0; i < used; i++) {
        if (has_styles && cells[i].style != style) {
            strbuf_add_text(out, style != CANVAS_PLAIN ? "\033[0m" : "");
            strbuf_add_text(out, sequences[cells[i].style]);
            style = cells[i].style;
        }
        if (cells[i].length == 0)
            strbuf_add_char(out, ' ');
        else
            strbuf_add(out, cells[i].bytes, cells[i].length);
    }
    if (style != CANVAS_PLAIN)
        strbuf_add_text(out, "\033[0m");
}

void canvas_render(const struct canvas *canvas, struct strbuf *out,
                   int has_styles)
{
    strbuf_add_text(out, ""); /* a text, even if nothing is on it */
    for (uint32_t row = 0; row < canvas->rows; row++) {
        if (row > 0)
            strbuf_add_char(out, '\n');
        render_row(canvas, row, out, has_styles);
    }
}
