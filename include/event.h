/* event: one shop event, decoded and checked, and the decoder from JSON.
 *
 * The decoder is a pure function of the bytes and the record's stamp: it looks
 * at everything that does not depend on earlier events. The two refusals that
 * do (future, late) are judged by the session store's partition time.
 *
 * An event borrows its texts from the record's bytes, where they mostly stand
 * as they are, or from the decoder that made it: they stand until the bytes go
 * or the decoder is called again. */
#ifndef TERKAIT_EVENT_H
#define TERKAIT_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    EVENT_ITEMS_MAX = 200,
    EVENT_ID_BYTES_MAX = 128,
    EVENT_TENANT_BYTES_MAX = 64
};

#define EVENT_NO_STAMP INT64_C(-1)

enum event_type {
    EVENT_PAGE_VIEW,
    EVENT_ADD_TO_CART,
    EVENT_REMOVE_FROM_CART,
    EVENT_PURCHASE,
    EVENT_TYPES
};

/* What became of a record, in the order in which the causes are looked at.
 * IGNORED and NO_CONSENT are harmless and never go to the dead letters. */
#define EVENT_VERDICTS(X)                                                      \
    X(ACCEPTED, accepted)                                                      \
    X(TOO_LARGE, too_large)                                                    \
    X(JSON, json)                                                              \
    X(TYPE, type)                                                              \
    X(IGNORED, ignored)                                                        \
    X(NO_CONSENT, no_consent)                                                  \
    X(VISITOR, visitor)                                                        \
    X(ITEM, item)                                                              \
    X(TS, ts)                                                                  \
    X(SESSION, session)                                                        \
    X(TENANT, tenant)                                                          \
    X(FUTURE, future)                                                          \
    X(LATE, late)

enum event_verdict {
#define X(upper, lower) EVENT_##upper,
    EVENT_VERDICTS(X)
#undef X
        EVENT_VERDICT_COUNT
};

/* "accepted", "too_large", ... */
const char *event_verdict_name(enum event_verdict verdict);

/* True for what goes to the dead-letter topic. */
int event_is_refused(enum event_verdict verdict);

/* Bytes that somebody else owns; no NUL behind them. */
struct text {
    const char *bytes;
    uint32_t length;
};

/* <0, 0, >0: by bytes, the shorter of two that begin alike first. */
static inline int text_compare(struct text left, struct text right)
{
    uint32_t shorter = left.length < right.length ? left.length : right.length;
    int order = shorter > 0 ? memcmp(left.bytes, right.bytes, shorter) : 0;

    if (order != 0)
        return order;
    return (left.length > right.length) - (left.length < right.length);
}

struct event {
    enum event_type type;
    int64_t ts_ms; /* 0 to the end of year 9999 */
    struct text visitor;
    struct text tenant;   /* length 0: none */
    struct text session;  /* length 0: none */
    struct text category; /* length 0: none */
    uint32_t items_count; /* 1 to EVENT_ITEMS_MAX */
    struct text items[EVENT_ITEMS_MAX];
};

struct event_decoder;

struct event_decoder *event_decoder_new(size_t max_bytes);
void event_decoder_free(struct event_decoder *decoder);

/* Decodes one record's value. `stamp_ms` is the record's own timestamp or
 * EVENT_NO_STAMP. On EVENT_ACCEPTED fills `event`; on any other verdict
 * `event` is undefined. Never answers FUTURE or LATE. */
enum event_verdict event_decode(struct event_decoder *decoder,
                                struct event *event, const char *bytes,
                                size_t length, int64_t stamp_ms);

/* Asserts that an accepted event is within its bounds. */
void event_check(const struct event *event);

#endif
