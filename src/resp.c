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

void resp_add_command(struct strbuf *out, const struct text *arguments,
                      size_t count)
{
    enum { HEAD_BYTES = 1 + 20 + 2, FRAME_BYTES = HEAD_BYTES + 2 };
    size_t bytes = HEAD_BYTES;
    char *start, *to;

    for (size_t i = 0; i < count; i++)
        bytes += FRAME_BYTES + arguments[i].length;
    start = to = strbuf_reserve(out, bytes);
    *to++ = '*';
    to = write_bytes(write_number(to, count), "\r\n", 2);
    for (size_t i = 0; i < count; i++) {
        *to++ = '$';
        to = write_bytes(write_number(to, arguments[i].length), "\r\n", 2);
        to = write_bytes(to, arguments[i].bytes, arguments[i].length);
        to = write_bytes(to, "\r\n", 2);
    }
    *to = '\0';
    out->length += (size_t)(to - start);
}
