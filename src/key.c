#include "key.h"

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
