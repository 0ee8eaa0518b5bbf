/* strbuf: a byte string that grows. Always NUL-terminated behind `length`.
 *
 *     struct strbuf text = STRBUF_EMPTY;
 *     strbuf_add_format(&text, "%d", 7);
 *     ... text.bytes, text.length ...
 *     strbuf_deinit(&text);
 */
#ifndef TERKAIT_STRBUF_H
#define TERKAIT_STRBUF_H

#include <stddef.h>
#include <stdint.h>

struct strbuf {
    char *bytes; /* owned; NULL until something is added */
    size_t length;
    size_t capacity;
};

#define STRBUF_EMPTY ((struct strbuf){NULL, 0, 0})

void strbuf_deinit(struct strbuf *buf); /* frees; is empty again afterwards */
void strbuf_clear(struct strbuf *buf);  /* keeps the memory */

void strbuf_add(struct strbuf *buf, const void *bytes, size_t length);
void strbuf_add_text(struct strbuf *buf, const char *text);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_add_uint(struct strbuf *buf, uint64_t number);
void strbuf_add_int(struct strbuf *buf, int64_t number);
void strbuf_add_format(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string in double quotes (RFC 8259, section 7). `bytes` is UTF-8. */
void strbuf_add_json(struct strbuf *buf, const void *bytes, size_t length);

/* Room for `length` more bytes; returns where they go. The caller writes up
 * to that many and adds what it wrote to buf->length. */
char *strbuf_reserve(struct strbuf *buf, size_t length);

#endif
