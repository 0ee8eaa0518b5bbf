/* store_format: the values that store_redis keeps, as bytes. Each begins with
 * its version, the character '1'.
 *
 *     pair      two numbers of 20 digits: a token, an id
 *     base      1 <id> <marks> <body>
 *     delta     1 <id> <id it builds on> <8 digits: length of what follows>
 *               <marks it begins at> <marks it ends at> <body>
 *     chunk     1 <content>
 *     manifest  1 <16 digits: ms of the server's clock> <how many chunks>\n
 *               <origin> <fingerprint> <body>
 *
 * Marks, and all behind the line break of a manifest, are packed (pack.h). Of
 * a delta and a manifest the script writes the front, and this module what
 * follows: after the marks it begins at, after the line break. */
#ifndef TERKAIT_STORE_FORMAT_H
#define TERKAIT_STORE_FORMAT_H

#include "err.h"
#include "store.h"

enum {
    STORE_FORMAT_VERSION = '1',
    STORE_NUMBER_DIGITS = 20,
    STORE_PAIR_DIGITS = 2 * STORE_NUMBER_DIGITS
};

void store_format_add_number(struct strbuf *out, uint64_t number);
void store_format_add_token(struct strbuf *out, struct store_token token);
void store_format_add_id(struct strbuf *out, struct store_id id);
void store_format_add_marks(struct strbuf *out, struct store_marks marks);

/* The whole value. */
void store_format_add_base(struct strbuf *out,
                           const struct store_checkpoint *checkpoint);
/* What follows the front that the script writes. */
void store_format_add_delta(struct strbuf *out,
                            const struct store_checkpoint *checkpoint);
void store_format_add_manifest(struct strbuf *out,
                               const struct store_snapshot *snapshot);

/* All of the following return -1 when the bytes are not of that form. What is
 * read points into them. */

int store_format_read_number(uint64_t *number, struct text text) MUST_CHECK;
int store_format_read_token(struct store_token *token,
                            struct text text) MUST_CHECK;
int store_format_read_id(struct store_id *id, struct text text) MUST_CHECK;

/* An empty text is no marks. `*at` grows as needed; the caller frees it. */
int store_format_read_marks(struct store_marks *marks, int64_t **at,
                            struct text text) MUST_CHECK;

struct store_part {
    struct store_id id;
    struct store_id builds_on; /* of a delta */
    struct text begins;        /* marks, packed; of a delta */
    struct text ends;          /* marks, packed */
    struct text body;
};

int store_format_read_base(struct store_part *part,
                           struct text value) MUST_CHECK;
int store_format_read_delta(struct store_part *part,
                            struct text value) MUST_CHECK;

/* Everything but age and wholeness; `*time_ms` is when it was written. */
int store_format_read_manifest(struct store_manifest *manifest,
                               int64_t *time_ms, struct text offset,
                               struct text value) MUST_CHECK;

#endif
