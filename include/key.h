/* key: ids as they stand in Redis keys, and the public keys themselves.
 *
 * Each byte outside A-Z a-z 0-9 . _ ~ - becomes % and two upper-case hex
 * digits; tenant and item are encoded each by itself, then joined by '/':
 *
 *     tenant "warung/ibu", item "sku-1"  ->  warung%2Fibu/sku-1
 *
 *     related:{ITEM}:RELATION:WINDOW     counts:{ITEM}:RELATION:WINDOW
 *     popular:[TENANT/]WINDOW[:CATEGORY] stats
 */
#ifndef TERKAIT_KEY_H
#define TERKAIT_KEY_H

#include "event.h"
#include "strbuf.h"

/* Longest encoded item: tenant, slash, id, every byte as three. */
enum {
    KEY_ITEM_BYTES_MAX = 3 * (EVENT_TENANT_BYTES_MAX + EVENT_ID_BYTES_MAX) + 1
};

/* Appends one encoded id. */
void key_add_id(struct strbuf *buf, struct text id);

/* Appends "tenant/item", or "item" without a tenant; the tenant's encoding
 * alone when the id is empty. */
void key_add_item(struct strbuf *buf, struct text tenant, struct text id);

/* Writes the same into `out` (KEY_ITEM_BYTES_MAX bytes); returns the length. */
size_t key_write_item(char *out, struct text tenant, struct text id);

void key_add_related(struct strbuf *buf, const char *prefix, struct text tenant,
                     struct text id, const char *relation, const char *window);
void key_add_counts(struct strbuf *buf, const char *prefix, struct text tenant,
                    struct text id, const char *relation, const char *window);
void key_add_popular(struct strbuf *buf, const char *prefix, struct text tenant,
                     const char *window, struct text category);

enum key_kind {
    KEY_FOREIGN, /* none of ours, or not as we write it */
    KEY_RELATED,
    KEY_COUNTS,
    KEY_POPULAR
};

/* What a public key says. Texts are decoded, but relation and window, which are
 * not encoded; what a kind has not is empty. */
struct key {
    enum key_kind kind;
    struct text tenant, id;       /* id: of RELATED and COUNTS */
    struct text relation, window; /* relation: likewise */
    struct text category;         /* of POPULAR */
};

/* The inverse of the three above: a key that is not byte for byte what they
 * write is KEY_FOREIGN. Texts point into `key` and into `scratch`, which has
 * at least key.length bytes. */
struct key key_parse(char *scratch, struct text key, const char *prefix);

/* Decodes one %-encoded part back into `out` (at least `length` bytes).
 * Returns the decoded length, or -1 when the encoding is not ours. */
int key_decode_id(char *out, const char *bytes, size_t length);

#endif
