/* event_agree: whether event_decode() says of a record what jansson alone says,
 * to the last byte; and whether the scanner, where it did not give up, read
 * what jansson read. */
#ifndef TERKAIT_EVENT_AGREE_H
#define TERKAIT_EVENT_AGREE_H

#include "event.h"
#include "event_document.h"
#include "event_scan.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGREE_BYTES_MAX = 65536 };

struct agree {
    struct event_decoder *decoder;
    struct event_document *document;
    struct event_fields scanned, read;
    struct event_room room;
    struct event decoded, judged;
    uint64_t records;                       /* looked at */
    uint64_t taken;                         /* by the scanner */
    uint64_t verdicts[EVENT_VERDICT_COUNT]; /* of all */
    uint64_t scans[EVENT_VERDICT_COUNT];    /* of what the scanner took */
};

static inline struct agree *agree_new(void)
{
    struct agree *agree = mem_new(1, sizeof *agree);

    agree->decoder = event_decoder_new(AGREE_BYTES_MAX);
    agree->document = event_document_new();
    return agree;
}

static inline void agree_free(struct agree *agree)
{
    event_decoder_free(agree->decoder);
    event_document_free(agree->document);
    free(agree);
}

static inline int agree_text(struct text left, struct text right)
{
    return left.length == right.length &&
           (left.length == 0 ||
            memcmp(left.bytes, right.bytes, left.length) == 0);
}

static inline int agree_event(const struct event *left,
                              const struct event *right)
{
    if (left->type != right->type || left->ts_ms != right->ts_ms ||
        left->items_count != right->items_count ||
        !agree_text(left->visitor, right->visitor) ||
        !agree_text(left->tenant, right->tenant) ||
        !agree_text(left->session, right->session) ||
        !agree_text(left->category, right->category))
        return 0;
    for (uint32_t i = 0; i < left->items_count; i++)
        if (!agree_text(left->items[i], right->items[i]))
            return 0;
    return 1;
}

/* What the judgement may look at. */
static inline int agree_value(const struct json_value *left,
                              const struct json_value *right)
{
    if (left->kind != right->kind)
        return 0;
    if (left->kind == JSON_KIND_INTEGER)
        return left->integer == right->integer;
    if (left->kind != JSON_KIND_TEXT)
        return 1;
    return left->length == right->length &&
           memcmp(left->bytes, right->bytes, left->length) == 0;
}

static inline int agree_real(const struct json_value *left,
                             const struct json_value *right)
{
    return left->kind != JSON_KIND_REAL ||
           memcmp(&left->real, &right->real, sizeof left->real) == 0;
}

static inline int agree_fields(const struct event_fields *left,
                               const struct event_fields *right)
{
    if (!agree_value(&left->type, &right->type) ||
        !agree_value(&left->consent, &right->consent) ||
        !agree_value(&left->visitor, &right->visitor) ||
        !agree_value(&left->item, &right->item) ||
        !agree_value(&left->items, &right->items) ||
        !agree_value(&left->ts, &right->ts) ||
        !agree_real(&left->ts, &right->ts) ||
        !agree_value(&left->session, &right->session) ||
        !agree_value(&left->tenant, &right->tenant) ||
        !agree_value(&left->category, &right->category))
        return 0;
    if (left->items.kind != JSON_KIND_ARRAY)
        return 1;
    if (left->entries_count != right->entries_count)
        return 0;
    for (uint32_t i = 0; i < left->entries_count; i++)
        if (!agree_value(&left->entries[i], &right->entries[i]))
            return 0;
    return 1;
}

static inline enum event_verdict agree_judge(struct agree *agree, int is_json,
                                             size_t length, int64_t stamp_ms)
{
    if (length > AGREE_BYTES_MAX)
        return EVENT_TOO_LARGE;
    if (length == 0)
        return EVENT_IGNORED;
    if (!is_json)
        return EVENT_JSON;
    return event_fields_judge(&agree->judged, &agree->read, stamp_ms);
}

/* The reason when they do not agree, else NULL. */
static inline const char *agree_check(struct agree *agree, const char *bytes,
                                      size_t length, int64_t stamp_ms)
{
    enum event_verdict verdict =
        event_decode(agree->decoder, &agree->decoded, bytes, length, stamp_ms);
    int is_json =
        event_document_read(agree->document, &agree->read, bytes, length) == 0;
    int is_taken =
        event_scan(&agree->scanned, &agree->room, bytes, length) == 0;

    agree->records++;
    agree->taken += (uint64_t)is_taken;
    agree->verdicts[verdict]++;
    agree->scans[verdict] += (uint64_t)is_taken;
    if (is_taken && !is_json)
        return "scanned what is no JSON object";
    if (is_taken && !agree_fields(&agree->scanned, &agree->read))
        return "another field";
    if (verdict != agree_judge(agree, is_json, length, stamp_ms))
        return "another verdict";
    if (verdict != EVENT_ACCEPTED)
        return NULL;
    event_check(&agree->decoded);
    return agree_event(&agree->decoded, &agree->judged) ? NULL
                                                        : "another event";
}

/* As agree_check(), of a copy of the exact size, so that a sanitizer sees what
 * is read beyond it; says what it found. */
static inline int agree_on(struct agree *agree, const void *bytes,
                           size_t length, int64_t stamp_ms)
{
    char *copy = mem_resize(NULL, length, 1);
    const char *wrong;

    memcpy(copy, bytes, length);
    wrong = agree_check(agree, copy, length, stamp_ms);
    if (wrong != NULL)
        fprintf(stderr, "%s: %.*s\n", wrong, (int)length, copy);
    free(copy);
    return wrong == NULL;
}

#endif
