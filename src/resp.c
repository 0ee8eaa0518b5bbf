#include "resp.h"

#include <string.h>

static char *write_number(char *to, size_t number)
{
    char digits[20];
    size_t start = sizeof digits;

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    memcpy(to, digits + start, sizeof digits - start);
    return to + (sizeof digits - start);
}

static char *write_bytes(char *to, const char *bytes, size_t length)
{
    if (length > 0)
        memcpy(to, bytes, length);
    return to + length;
}

enum { HEAD_BYTES = 1 + 20 + 2, FRAME_BYTES = HEAD_BYTES + 2 };

static char *write_head(char *to, char kind, size_t number)
{
    *to++ = kind;
    return write_bytes(write_number(to, number), "\r\n", 2);
}

static char *write_text(char *to, struct text text)
{
    to = write_head(to, '$', text.length);
    to = write_bytes(to, text.bytes, text.length);
    return write_bytes(to, "\r\n", 2);
}

static void end(struct strbuf *out, char *to)
{
    *to = '\0';
    out->length = (size_t)(to - out->bytes);
}

void resp_add_count(struct strbuf *out, size_t count)
{
    end(out, write_head(strbuf_reserve(out, HEAD_BYTES), '*', count));
}

void resp_add_text(struct strbuf *out, struct text text)
{
    end(out, write_text(strbuf_reserve(out, FRAME_BYTES + text.length), text));
}

void resp_add_command(struct strbuf *out, const struct text *arguments,
                      size_t count)
{
    size_t bytes = HEAD_BYTES;
    char *to;

    for (size_t i = 0; i < count; i++)
        bytes += FRAME_BYTES + arguments[i].length;
    to = write_head(strbuf_reserve(out, bytes), '*', count);
    for (size_t i = 0; i < count; i++)
        to = write_text(to, arguments[i]);
    end(out, to);
}
