#include "zset_dump.h"

#include "err.h"

#include <string.h>

enum {
    TYPE = 17,
    LENGTH_OF_32_BITS = 0x80,
    HEAD_BYTES = 1 + 1 + 4, /* type, kind of length, length */
    LIST_HEAD_BYTES = 4 + 2,
    LIST_END = 0xff,
    FOOT_BYTES = 2 + 8,
    RDB_VERSION = 10,

    /* What an element takes besides its text. A number never takes more
     * bytes than its decimal text and these. */
    ELEMENT_BYTES = 2 + 2,
    COUNT_BYTES = 1 + 8 + 1,

    INTEGER_13 = 0xc0, /* low bits: the high ones of the number */
    INTEGER_16 = 0xf1, /* 24, 32 and 64 bits follow */
    INTEGER_64 = 0xf4,
    TEXT_6 = 0x80, /* low bits: the length */
    TEXT_12 = 0xe0,
    TEXT_6_MAX = 63,
    TEXT_12_MAX = 4095,
    BACK_7_MAX = 127,

    DIGITS_MAX = 19 /* of a signed 64-bit number */
};

static char *put_rising(char *to, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (char)(number >> 8 * i);
    return to;
}

static char *put_falling(char *to, uint64_t number, int bytes)
{
    while (bytes-- > 0)
        *to++ = (char)(number >> 8 * bytes);
    return to;
}

/* The element from `start` to `to`, once more its length. */
static char *put_back_length(char *to, const char *start)
{
    size_t length = (size_t)(to - start);

    if (length > BACK_7_MAX) {
        *to++ = (char)(length >> 7);
        length = (length & 127) | 128;
    }
    *to++ = (char)length;
    return to;
}

/* Bytes of the two's complement behind a kind of its own; 0: other forms. */
static int bytes_of(int64_t number)
{
    if (number >= INT16_MIN && number <= INT16_MAX)
        return 2;
    if (number >= -(1 << 23) && number < 1 << 23)
        return 3;
    return number >= INT32_MIN && number <= INT32_MAX ? 4 : 8;
}

static char *put_integer(char *to, int64_t number)
{
    char *start = to;

    if (number >= 0 && number <= 127) {
        *to++ = (char)number;
    } else if (number >= -4096 && number <= 4095) {
        to = put_falling(to, INTEGER_13 << 8 | (number & 0x1fff), 2);
    } else {
        int bytes = bytes_of(number);

        *to++ = (char)(bytes == 8 ? INTEGER_64 : INTEGER_16 + bytes - 2);
        to = put_rising(to, (uint64_t)number, bytes);
    }
    return put_back_length(to, start);
}

static char *put_text(char *to, struct text text)
{
    char *start = to;

    if (text.length <= TEXT_6_MAX)
        *to++ = (char)(TEXT_6 | text.length);
    else
        to = put_falling(to, (uint64_t)TEXT_12 << 8 | text.length, 2);
    memcpy(to, text.bytes, text.length);
    return put_back_length(to + text.length, start);
}

/* Whether the text is what `number` is written as: no sign but a minus, no
 * zero in front. */
static int read_integer(int64_t *number, struct text text)
{
    uint32_t sign = text.length > 0 && text.bytes[0] == '-';
    uint32_t digits = text.length - sign;
    uint64_t value = 0;

    if (digits == 0 || digits > DIGITS_MAX ||
        (text.bytes[sign] == '0' && text.length > 1))
        return 0;
    for (uint32_t i = sign; i < text.length; i++) {
        unsigned digit = (unsigned)text.bytes[i] - '0';

        if (digit > 9)
            return 0;
        value = value * 10 + digit;
    }
    if (value > (uint64_t)INT64_MAX + sign)
        return 0;
    *number = (int64_t)(sign ? 0 - value : value);
    return 1;
}

static char *put_member(char *to, const struct sink_member *member)
{
    int64_t number;

    ASSERT(member->id.length <= TEXT_12_MAX);
    ASSERT(member->count <= ZSET_DUMP_COUNT_MAX);
    if (read_integer(&number, member->id))
        to = put_integer(to, number);
    else
        to = put_text(to, member->id);
    return put_integer(to, (int64_t)member->count);
}

/* How many at the end have the count of the last. */
static uint32_t alike_at_end(const struct sink_member *members, uint32_t count)
{
    uint32_t first = count - 1;

    while (first > 0 && members[first - 1].count == members[first].count) {
        ASSERT(text_compare(members[first - 1].id, members[first].id) < 0);
        first--;
    }
    ASSERT(first == 0 || members[first - 1].count > members[first].count);
    return count - first;
}

static char *put_members(char *to, const struct sink_member *members,
                         uint32_t count)
{
    while (count > 0) {
        uint32_t alike = alike_at_end(members, count);

        count -= alike;
        for (uint32_t i = 0; i < alike; i++)
            to = put_member(to, &members[count + i]);
    }
    return to;
}

static size_t bytes_most(const struct sink_member *members, uint32_t count)
{
    size_t bytes = HEAD_BYTES + LIST_HEAD_BYTES + 1 + FOOT_BYTES;

    for (uint32_t i = 0; i < count; i++)
        bytes += members[i].id.length + ELEMENT_BYTES + COUNT_BYTES;
    return bytes;
}

void zset_dump(struct strbuf *out, const struct crc64 *crc,
               const struct sink_member *members, uint32_t count)
{
    char *start, *list, *to;

    ASSERT(count > 0 && count <= ZSET_DUMP_MEMBERS_MAX);
    start = strbuf_reserve(out, bytes_most(members, count));
    list = start + HEAD_BYTES;
    to = put_members(list + LIST_HEAD_BYTES, members, count);
    *to++ = (char)LIST_END;
    start[0] = TYPE;
    start[1] = (char)LENGTH_OF_32_BITS;
    put_falling(start + 2, (uint64_t)(to - list), 4);
    put_rising(list, (uint64_t)(to - list), 4);
    put_rising(list + 4, 2 * (uint64_t)count, 2);
    to = put_rising(to, RDB_VERSION, 2);
    to = put_rising(to, crc64_sum(crc, start, (size_t)(to - start)), 8);
    *to = '\0';
    out->length += (size_t)(to - start);
}
