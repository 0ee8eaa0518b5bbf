#include "strbuf.h"

#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_deinit(struct strbuf *buf)
{
    free(buf->bytes);
    *buf = STRBUF_EMPTY;
}

void strbuf_clear(struct strbuf *buf)
{
    buf->length = 0;
    if (buf->bytes != NULL)
        buf->bytes[0] = '\0';
}

char *strbuf_reserve(struct strbuf *buf, size_t length)
{
    size_t needed = buf->length + length + 1;

    if (needed > buf->capacity) {
        size_t capacity = buf->capacity + buf->capacity / 2;

        buf->capacity = capacity > needed ? capacity : needed + 64;
        buf->bytes = mem_resize(buf->bytes, buf->capacity, 1);
    }
    return buf->bytes + buf->length;
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t length)
{
    char *end = strbuf_reserve(buf, length);

    if (length > 0)
        memcpy(end, bytes, length);
    end[length] = '\0';
    buf->length += length;
}

void strbuf_add_text(struct strbuf *buf, const char *text)
{
    strbuf_add(buf, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add(buf, &c, 1);
}

void strbuf_add_uint(struct strbuf *buf, uint64_t number)
{
    char digits[20];
    size_t start = sizeof digits;

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    strbuf_add(buf, digits + start, sizeof digits - start);
}

void strbuf_add_int(struct strbuf *buf, int64_t number)
{
    if (number < 0) {
        strbuf_add_char(buf, '-');
        strbuf_add_uint(buf, 0 - (uint64_t)number);
    } else {
        strbuf_add_uint(buf, (uint64_t)number);
    }
}

void strbuf_add_format(struct strbuf *buf, const char *format, ...)
{
    va_list arguments, again;
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        char *end = strbuf_reserve(buf, (size_t)length);

        vsnprintf(end, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
}

static void add_json_escape(struct strbuf *buf, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *known = memchr(from, c, sizeof from - 1);

    if (known != NULL) {
        strbuf_add_char(buf, '\\');
        strbuf_add_char(buf, to[known - from]);
    } else {
        strbuf_add_format(buf, "\\u%04x", c);
    }
}

void strbuf_add_json(struct strbuf *buf, const void *bytes, size_t length)
{
    const unsigned char *text = bytes;
    size_t plain = 0;

    strbuf_add_char(buf, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
            continue;
        strbuf_add(buf, text + plain, i - plain);
        add_json_escape(buf, text[i]);
        plain = i + 1;
    }
    strbuf_add(buf, text + plain, length - plain);
    strbuf_add_char(buf, '"');
}
