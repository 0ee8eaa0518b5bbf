#include "store_format.h"

#include "err.h"
#include "mem.h"
#include "pack.h"

#include <string.h>

enum { LENGTH_DIGITS = 8, TIME_DIGITS = 16 };

/* Writing. */

void store_format_add_number(struct strbuf *out, uint64_t number)
{
    char *to = strbuf_reserve(out, STORE_NUMBER_DIGITS);

    for (int i = STORE_NUMBER_DIGITS - 1; i >= 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
    to[STORE_NUMBER_DIGITS] = '\0';
    out->length += STORE_NUMBER_DIGITS;
}

void store_format_add_token(struct strbuf *out, struct store_token token)
{
    store_format_add_number(out, token.epoch);
    store_format_add_number(out, token.owner);
}

void store_format_add_id(struct strbuf *out, struct store_id id)
{
    store_format_add_number(out, id.owner);
    store_format_add_number(out, id.sequence);
}

void store_format_add_marks(struct strbuf *out, struct store_marks marks)
{
    pack_add_uint(out, marks.count);
    for (uint32_t i = 0; i < marks.count; i++)
        pack_add_int(out, marks.at[i]);
}

static void add_marks_and_body(struct strbuf *out,
                               const struct store_checkpoint *checkpoint)
{
    struct strbuf marks = STRBUF_EMPTY;

    store_format_add_marks(&marks, checkpoint->marks);
    pack_add_bytes(out, marks.bytes, marks.length);
    strbuf_deinit(&marks);
    strbuf_add(out, checkpoint->body.bytes, checkpoint->body.length);
}

void store_format_add_base(struct strbuf *out,
                           const struct store_checkpoint *checkpoint)
{
    strbuf_reserve(out, checkpoint->body.length + 1024);
    strbuf_add_char(out, STORE_FORMAT_VERSION);
    store_format_add_id(out, checkpoint->id);
    add_marks_and_body(out, checkpoint);
}

void store_format_add_delta(struct strbuf *out,
                            const struct store_checkpoint *checkpoint)
{
    add_marks_and_body(out, checkpoint);
}

void store_format_add_manifest(struct strbuf *out,
                               const struct store_snapshot *snapshot)
{
    pack_add_int(out, snapshot->origin);
    pack_add_bytes(out, snapshot->fingerprint.bytes,
                   snapshot->fingerprint.length);
    strbuf_add(out, snapshot->body.bytes, snapshot->body.length);
}

/* Reading. */

int store_format_read_number(uint64_t *number, struct text text)
{
    uint64_t value = 0;

    if (text.length == 0)
        return -1;
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned digit = (unsigned)(unsigned char)text.bytes[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return -1;
    }
    *number = value;
    return 0;
}

static int read_pair(uint64_t *first, uint64_t *second, struct text text)
{
    struct text left = {text.bytes, STORE_NUMBER_DIGITS};

    if (text.length != STORE_PAIR_DIGITS)
        return -1;
    if (store_format_read_number(first, left) != 0)
        return -1;
    left.bytes += STORE_NUMBER_DIGITS;
    return store_format_read_number(second, left);
}

int store_format_read_token(struct store_token *token, struct text text)
{
    return read_pair(&token->epoch, &token->owner, text);
}

int store_format_read_id(struct store_id *id, struct text text)
{
    return read_pair(&id->owner, &id->sequence, text);
}

int store_format_read_marks(struct store_marks *marks, int64_t **at,
                            struct text text)
{
    struct unpack from = unpack_begin(text.bytes, text.length);
    uint64_t count = text.length > 0 ? unpack_uint(&from) : 0;

    if (count > text.length) /* each mark takes a byte at least */
        return -1;
    *at = mem_resize(*at, count + 1, sizeof **at);
    for (uint64_t i = 0; i < count; i++)
        (*at)[i] = unpack_int(&from);
    *marks = (struct store_marks){(uint32_t)count, *at};
    return unpack_is_done(&from) ? 0 : -1;
}

/* Cuts `length` bytes off the front. */
static int take_front(struct text *front, struct text *rest, uint64_t length)
{
    if (length > rest->length)
        return -1;
    *front = (struct text){rest->bytes, (uint32_t)length};
    rest->bytes += length;
    rest->length -= (uint32_t)length;
    return 0;
}

static int take_version(struct text *rest)
{
    struct text front;

    if (take_front(&front, rest, 1) != 0)
        return -1;
    return front.bytes[0] == STORE_FORMAT_VERSION ? 0 : -1;
}

static int take_id(struct store_id *id, struct text *rest)
{
    struct text front;

    if (take_front(&front, rest, STORE_PAIR_DIGITS) != 0)
        return -1;
    return store_format_read_id(id, front);
}

static int take_packed(struct text *bytes, struct text *rest)
{
    struct unpack from = unpack_begin(rest->bytes, rest->length);
    size_t length;
    const char *start = unpack_bytes(&from, &length);

    if (from.is_broken)
        return -1;
    *bytes = (struct text){start, (uint32_t)length};
    rest->length = (uint32_t)(from.end - from.at);
    rest->bytes = (const char *)from.at;
    return 0;
}

int store_format_read_base(struct store_part *part, struct text value)
{
    *part = (struct store_part){.begins = {"", 0}};
    if (take_version(&value) != 0 || take_id(&part->id, &value) != 0 ||
        take_packed(&part->ends, &value) != 0)
        return -1;
    part->body = value;
    return 0;
}

int store_format_read_delta(struct store_part *part, struct text value)
{
    struct text digits;
    uint64_t length;

    *part = (struct store_part){.begins = {"", 0}};
    if (take_version(&value) != 0 || take_id(&part->id, &value) != 0 ||
        take_id(&part->builds_on, &value) != 0 ||
        take_front(&digits, &value, LENGTH_DIGITS) != 0 ||
        store_format_read_number(&length, digits) != 0 ||
        take_front(&part->begins, &value, length) != 0 ||
        take_packed(&part->ends, &value) != 0)
        return -1;
    part->body = value;
    return 0;
}

/* A number that is an int64_t, none below 0. */
static int read_time(int64_t *number, struct text text)
{
    uint64_t value;

    if (store_format_read_number(&value, text) != 0 || value > INT64_MAX)
        return -1;
    *number = (int64_t)value;
    return 0;
}

static int read_manifest_rest(struct store_manifest *manifest, struct text rest)
{
    struct unpack from = unpack_begin(rest.bytes, rest.length);

    manifest->origin = unpack_int(&from);
    rest.length = (uint32_t)(from.end - from.at);
    rest.bytes = (const char *)from.at;
    if (from.is_broken || take_packed(&manifest->fingerprint, &rest) != 0)
        return -1;
    manifest->body = rest;
    return 0;
}

int store_format_read_manifest(struct store_manifest *manifest,
                               int64_t *time_ms, struct text offset,
                               struct text value)
{
    struct text time, skipped;
    const char *line_end;

    *manifest = (struct store_manifest){.offset = 0};
    if (read_time(&manifest->offset, offset) != 0 ||
        take_version(&value) != 0 || take_front(&skipped, &value, 1) != 0 ||
        take_front(&time, &value, TIME_DIGITS) != 0 ||
        read_time(time_ms, time) != 0)
        return -1;
    line_end = memchr(value.bytes, '\n', value.length);
    if (line_end == NULL)
        return -1;
    take_front(&skipped, &value, (uint64_t)(line_end + 1 - value.bytes));
    return read_manifest_rest(manifest, value);
}
