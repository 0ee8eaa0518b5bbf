#include "utf8.h"

static int is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The second byte is bounded more tightly behind some of the first ones. */
static int is_well_begun(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second <= 0x9F;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second <= 0x8F;
    default:
        return 1;
    }
}

size_t utf8_length(const void *at, size_t left)
{
    const unsigned char *bytes = at;
    unsigned char first = bytes[0];
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    if (length == 1)
        return 1;
    if (first < 0xC2 || first > 0xF4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (!is_continuation(bytes[i]))
            return 0;
    return is_well_begun(first, bytes[1]) ? length : 0;
}

int utf8_is_control(const void *at)
{
    const unsigned char *bytes = at;

    return bytes[0] < 0x20 || bytes[0] == 0x7F ||
           (bytes[0] == 0xC2 && bytes[1] < 0xA0);
}
