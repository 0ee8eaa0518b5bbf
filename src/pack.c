#include "pack.h"

#include "hash.h"

struct pack pack_begin(struct strbuf *out, size_t room)
{
    return (struct pack){(unsigned char *)strbuf_reserve(out, room)};
}

void pack_end(struct strbuf *out, const struct pack *pack)
{
    out->length = (size_t)(pack->at - (unsigned char *)out->bytes);
    out->bytes[out->length] = '\0';
}

void pack_add_uint(struct strbuf *out, uint64_t number)
{
    struct pack pack = pack_begin(out, PACK_UINT_BYTES_MAX);

    pack_put_uint(&pack, number);
    pack_end(out, &pack);
}

void pack_add_int(struct strbuf *out, int64_t number)
{
    pack_add_uint(out, (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

void pack_add_bytes(struct strbuf *out, const void *bytes, size_t length)
{
    pack_add_uint(out, length);
    strbuf_add(out, bytes, length);
}

void pack_add_seal(struct strbuf *out, size_t start)
{
    uint64_t check = hash_bytes(out->bytes + start, out->length - start, 0);
    unsigned char seal[PACK_SEAL_BYTES];

    for (int i = 0; i < PACK_SEAL_BYTES; i++)
        seal[i] = (unsigned char)(check >> 8 * i);
    strbuf_add(out, seal, sizeof seal);
}

/* ---- reading ---- */

struct unpack unpack_begin(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    return (struct unpack){at, length > 0 ? at + length : at, 0};
}

static uint64_t fail(struct unpack *from)
{
    from->is_broken = 1;
    from->at = from->end;
    return 0;
}

uint64_t unpack_long_uint(struct unpack *from)
{
    uint64_t number = 0;

    for (int shift = 0; from->at < from->end; shift += 7) {
        unsigned char byte = *from->at++;

        /* Only 1 is left for the tenth byte; a last byte of 0 adds nothing:
         * each number has one form. */
        if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
            return fail(from);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    return fail(from);
}

int64_t unpack_int(struct unpack *from)
{
    uint64_t number = unpack_uint(from);

    return (int64_t)(number >> 1 ^ (0 - (number & 1)));
}

size_t unpack_left(const struct unpack *from)
{
    return (size_t)(from->end - from->at);
}

const char *unpack_bytes(struct unpack *from, size_t *length)
{
    uint64_t wanted = unpack_uint(from);
    const char *bytes = (const char *)from->at;

    *length = 0;
    if (wanted > unpack_left(from))
        fail(from);
    if (from->is_broken)
        return NULL;
    from->at += wanted;
    *length = (size_t)wanted;
    return bytes;
}

void unpack_seal(struct unpack *from)
{
    size_t length = unpack_left(from);
    uint64_t seal = 0;

    if (from->is_broken || length < PACK_SEAL_BYTES) {
        fail(from);
        return;
    }
    length -= PACK_SEAL_BYTES;
    for (int i = 0; i < PACK_SEAL_BYTES; i++)
        seal |= (uint64_t)from->at[length + (size_t)i] << 8 * i;
    from->end = from->at + length;
    if (hash_bytes(from->at, length, 0) != seal)
        fail(from);
}

int unpack_is_done(const struct unpack *from)
{
    return !from->is_broken && from->at == from->end;
}
