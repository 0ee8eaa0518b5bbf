/* expect_event: what a record's value is decoded to, for the tests of event.
 * Single quotes stand for double quotes in its JSON. */
#ifndef TERKAIT_EXPECT_EVENT_H
#define TERKAIT_EXPECT_EVENT_H

#include "event.h"

#include "mem.h"
#include "strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAMP_MS INT64_C(1718000000000)
#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define GOOD     "'type':'page_view','visitor':'v','item':'i'"

enum { BYTES_MAX = 65536 };

static struct event_decoder *decoder;
static struct event event;
static struct strbuf composed = STRBUF_EMPTY;
static char *record;

static inline int open_decoder(void **state)
{
    (void)state;
    decoder = event_decoder_new(BYTES_MAX);
    return 0;
}

static inline int close_decoder(void **state)
{
    (void)state;
    event_decoder_free(decoder);
    strbuf_deinit(&composed);
    free(record);
    record = NULL;
    return 0;
}

/* A copy of the exact size shows the sanitizer what is read beyond it. It
 * stands until the next, as the event may point into it. */
static inline enum event_verdict decode_bytes(const char *bytes, size_t length)
{
    enum event_verdict verdict;

    free(record);
    record = mem_resize(NULL, length, 1);
    memcpy(record, bytes, length);
    verdict = event_decode(decoder, &event, record, length, STAMP_MS);
    if (verdict == EVENT_ACCEPTED)
        event_check(&event);
    return verdict;
}

static inline void expect_bytes(enum event_verdict wanted, const char *bytes,
                                size_t length)
{
    enum event_verdict verdict = decode_bytes(bytes, length);

    if (verdict != wanted)
        fail_msg("%s, not %s: %.200s", event_verdict_name(verdict),
                 event_verdict_name(wanted), bytes);
}

static inline void quote(struct strbuf *json)
{
    for (size_t i = 0; i < json->length; i++) {
        if (json->bytes[i] == '\'')
            json->bytes[i] = '"';
    }
}

static inline void expect(enum event_verdict wanted, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void expect(enum event_verdict wanted, const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    assert_true(length >= 0);
    strbuf_clear(&composed);
    strbuf_add(&composed, text, (size_t)length);
    free(text);
    quote(&composed);
    expect_bytes(wanted, composed.bytes, composed.length);
}

static inline void assert_text(struct text text, const char *wanted)
{
    assert_int_equal(text.length, strlen(wanted));
    assert_memory_equal(text.bytes, wanted, text.length);
}

/* `unit` so many times; the caller frees. */
static inline char *repeat(const char *unit, int times)
{
    struct strbuf text = STRBUF_EMPTY;

    strbuf_add_text(&text, "");
    for (int i = 0; i < times; i++)
        strbuf_add_text(&text, unit);
    return text.bytes;
}

#endif
