/* pack: the byte format of durable values: varints and length-prefixed bytes.
 *
 * Unsigned numbers are LEB128 (7 bits a byte, low first); signed ones zigzag
 * before that. A reader never reads beyond its end: after anything wrong every
 * further read gives 0 and is_broken stays set, so it is asked once. */
#ifndef TERKAIT_PACK_H
#define TERKAIT_PACK_H

#include "strbuf.h"

#include <stddef.h>
#include <stdint.h>

void pack_add_uint(struct strbuf *out, uint64_t number);
void pack_add_int(struct strbuf *out, int64_t number);
void pack_add_bytes(struct strbuf *out, const void *bytes, size_t length);

/* The same for many numbers, into room that was made for them beforehand:
 *
 *     struct pack pack = pack_begin(out, numbers * PACK_UINT_BYTES_MAX);
 *     pack_put_uint(&pack, 7);
 *     pack_end(out, &pack); */
enum { PACK_UINT_BYTES_MAX = 10 };

struct pack {
    unsigned char *at;
};

struct pack pack_begin(struct strbuf *out, size_t room);
void pack_end(struct strbuf *out, const struct pack *pack);

static inline void pack_put_uint(struct pack *pack, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *pack->at++ = (unsigned char)(number | 0x80);
    *pack->at++ = (unsigned char)number;
}

enum { PACK_SEAL_BYTES = 8 };

/* Closes what was added since `start` with a check. */
void pack_add_seal(struct strbuf *out, size_t start);

struct unpack {
    const unsigned char *at;
    const unsigned char *end;
    int is_broken;
};

struct unpack unpack_begin(const void *bytes, size_t length);
uint64_t unpack_long_uint(struct unpack *from);
int64_t unpack_int(struct unpack *from);

/* Most are of one byte. */
static inline uint64_t unpack_uint(struct unpack *from)
{
    if (from->at < from->end && *from->at < 0x80)
        return *from->at++;
    return unpack_long_uint(from);
}

/* Points into the packed bytes; NULL when broken. */
const char *unpack_bytes(struct unpack *from, size_t *length);

size_t unpack_left(const struct unpack *from); /* bytes not yet read */

/* Takes the seal off the end; broken when it does not fit what is left. */
void unpack_seal(struct unpack *from);

int unpack_is_done(const struct unpack *from); /* at the end, and not broken */

#endif
