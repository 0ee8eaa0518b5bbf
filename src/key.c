#include "key.h"

#include <string.h>

static int is_plain(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '~' ||
           c == '-';
}

static size_t write_id(char *out, struct text id)
{
    static const char digits[] = "0123456789ABCDEF";
    char *at = out;

    for (uint32_t i = 0; i < id.length; i++) {
        unsigned char c = (unsigned char)id.bytes[i];

        if (is_plain(c)) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    return (size_t)(at - out);
}

size_t key_write_item(char *out, struct text tenant, struct text id)
{
    size_t length = write_id(out, tenant);

    if (tenant.length > 0 && id.length > 0)
        out[length++] = '/';
    return length + write_id(out + length, id);
}

void key_add_id(struct strbuf *buf, struct text id)
{
    buf->length += write_id(strbuf_reserve(buf, 3 * id.length), id);
    buf->bytes[buf->length] = '\0';
}

void key_add_item(struct strbuf *buf, struct text tenant, struct text id)
{
    char *out = strbuf_reserve(buf, KEY_ITEM_BYTES_MAX);

    buf->length += key_write_item(out, tenant, id);
    buf->bytes[buf->length] = '\0';
}

static void add_row_key(struct strbuf *buf, const char *prefix,
                        const char *family, struct text tenant, struct text id)
{
    strbuf_add_text(buf, prefix);
    strbuf_add_text(buf, family);
    key_add_item(buf, tenant, id);
    strbuf_add(buf, "}:", 2);
}

void key_add_related(struct strbuf *buf, const char *prefix, struct text tenant,
                     struct text id, const char *relation, const char *window)
{
    add_row_key(buf, prefix, "related:{", tenant, id);
    strbuf_add_text(buf, relation);
    strbuf_add_char(buf, ':');
    strbuf_add_text(buf, window);
}

void key_add_counts(struct strbuf *buf, const char *prefix, struct text tenant,
                    struct text id, const char *relation, const char *window)
{
    add_row_key(buf, prefix, "counts:{", tenant, id);
    strbuf_add_text(buf, relation);
    strbuf_add_char(buf, ':');
    strbuf_add_text(buf, window);
}

void key_add_popular(struct strbuf *buf, const char *prefix, struct text tenant,
                     const char *window, struct text category)
{
    strbuf_add_text(buf, prefix);
    strbuf_add_text(buf, "popular:");
    if (tenant.length > 0) {
        key_add_id(buf, tenant);
        strbuf_add_char(buf, '/');
    }
    strbuf_add_text(buf, window);
    if (category.length > 0) {
        strbuf_add_char(buf, ':');
        key_add_id(buf, category);
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int key_decode_id(char *out, const char *bytes, size_t length)
{
    size_t written = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == '%') {
            int high = i + 2 < length ? hex_value(bytes[i + 1]) : -1;
            int low = high >= 0 ? hex_value(bytes[i + 2]) : -1;

            if (low < 0 || is_plain((unsigned char)(high * 16 + low)))
                return -1;
            c = (unsigned char)(high * 16 + low);
            i += 2;
        } else if (!is_plain(c)) {
            return -1;
        }
        out[written++] = (char)c;
    }
    return (int)written;
}

/* ---- keys read ---- */

enum { NAME_BYTES_MAX = 32 };

/* What is left of a key, from the front; decoded parts go to `out`. */
struct reader {
    struct text rest;
    char *out;
    int is_foreign;
};

static int skip(struct reader *reader, const char *word)
{
    size_t length = strlen(word);

    if (reader->rest.length < length ||
        memcmp(reader->rest.bytes, word, length) != 0)
        return 0;
    reader->rest.bytes += length;
    reader->rest.length -= (uint32_t)length;
    return 1;
}

static void need(struct reader *reader, int holds)
{
    if (!holds)
        reader->is_foreign = 1;
}

/* Up to `end`, which stays; without one, all. */
static struct text part(struct reader *reader, char end)
{
    struct text *rest = &reader->rest;
    const char *found =
        rest->length > 0 ? memchr(rest->bytes, end, rest->length) : NULL;
    struct text out = *rest;

    if (found != NULL)
        out.length = (uint32_t)(found - rest->bytes);
    rest->bytes += out.length;
    rest->length -= out.length;
    return out;
}

static struct text decoded(struct reader *reader, struct text encoded,
                           uint32_t length_max)
{
    int length = key_decode_id(reader->out, encoded.bytes, encoded.length);
    struct text out = {reader->out, (uint32_t)length};

    need(reader, length > 0 && (uint32_t)length <= length_max);
    if (reader->is_foreign)
        return (struct text){"", 0};
    reader->out += length;
    return out;
}

static struct text name(struct reader *reader, char end)
{
    struct text out = part(reader, end);

    need(reader, out.length > 0 && out.length <= NAME_BYTES_MAX);
    for (uint32_t i = 0; i < out.length; i++) {
        char c = out.bytes[i];

        need(reader,
             (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return out;
}

/* "tenant/" when there is one. */
static struct text tenant(struct reader *reader)
{
    struct reader ahead = *reader;
    struct text encoded = part(&ahead, '/');

    if (ahead.rest.length == 0)
        return (struct text){"", 0};
    reader->rest = ahead.rest;
    (void)skip(reader, "/");
    return decoded(reader, encoded, EVENT_TENANT_BYTES_MAX);
}

static void read_row_key(struct reader *reader, struct key *key)
{
    struct text item = part(reader, '}');
    struct text rest = reader->rest;

    reader->rest = item;
    key->tenant = tenant(reader);
    key->id = decoded(reader, reader->rest, EVENT_ID_BYTES_MAX);
    reader->rest = rest;
    need(reader, skip(reader, "}:"));
    key->relation = name(reader, ':');
    need(reader, skip(reader, ":"));
    key->window = name(reader, ':');
}

/* A '/' in a category is encoded, so one that stands is of the tenant. */
static void read_popular_key(struct reader *reader, struct key *key)
{
    key->tenant = tenant(reader);
    key->window = name(reader, ':');
    if (skip(reader, ":"))
        key->category = decoded(reader, part(reader, ':'), EVENT_ID_BYTES_MAX);
}

struct key key_parse(char *scratch, struct text bytes, const char *prefix)
{
    struct reader reader = {bytes, scratch, 0};
    struct key key = {KEY_FOREIGN, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};

    if (!skip(&reader, prefix))
        return key;
    if (skip(&reader, "related:{"))
        key.kind = KEY_RELATED;
    else if (skip(&reader, "counts:{"))
        key.kind = KEY_COUNTS;
    else if (skip(&reader, "popular:"))
        key.kind = KEY_POPULAR;
    if (key.kind == KEY_POPULAR)
        read_popular_key(&reader, &key);
    else if (key.kind != KEY_FOREIGN)
        read_row_key(&reader, &key);
    if (reader.is_foreign || reader.rest.length > 0)
        key.kind = KEY_FOREIGN;
    return key;
}
