#include "event.h"

#include "err.h"
#include "event_document.h"
#include "event_scan.h"
#include "mem.h"
#include "rfc3339.h"

#include <stdlib.h>

struct event_decoder {
    size_t bytes_max;
    struct event_document *document;
    struct event_room room;
};

const char *event_verdict_name(enum event_verdict verdict)
{
    static const char *const names[] = {
#define X(upper, lower) #lower,
        EVENT_VERDICTS(X)
#undef X
    };

    ASSERT((size_t)verdict < EVENT_VERDICT_COUNT);
    return names[verdict];
}

int event_is_refused(enum event_verdict verdict)
{
    return verdict != EVENT_ACCEPTED && verdict != EVENT_IGNORED &&
           verdict != EVENT_NO_CONSENT;
}

enum event_verdict event_decode(struct event_decoder *decoder,
                                struct event *event, const char *bytes,
                                size_t length, int64_t stamp_ms)
{
    struct event_fields fields;

    if (length > decoder->bytes_max)
        return EVENT_TOO_LARGE;
    if (length == 0)
        return EVENT_IGNORED;
    if (event_scan(&fields, &decoder->room, bytes, length) != 0 &&
        event_document_read(decoder->document, &fields, bytes, length) != 0)
        return EVENT_JSON;
    return event_fields_judge(event, &fields, stamp_ms);
}

struct event_decoder *event_decoder_new(size_t max_bytes)
{
    struct event_decoder *decoder = mem_new(1, sizeof *decoder);

    decoder->bytes_max = max_bytes;
    decoder->document = event_document_new();
    return decoder;
}

void event_decoder_free(struct event_decoder *decoder)
{
    if (decoder == NULL)
        return;
    event_document_free(decoder->document);
    free(decoder);
}

static void check_text(struct text text, uint32_t low, uint32_t high)
{
    ASSERT(text.length >= low && text.length <= high);
    ASSERT(text.length == 0 || text.bytes != NULL);
}

void event_check(const struct event *event)
{
    ASSERT((unsigned)event->type < EVENT_TYPES);
    ASSERT(event->ts_ms >= 0 && event->ts_ms <= RFC3339_MAX_MS);
    check_text(event->visitor, 1, EVENT_ID_BYTES_MAX);
    check_text(event->tenant, 0, EVENT_TENANT_BYTES_MAX);
    check_text(event->session, 0, EVENT_ID_BYTES_MAX);
    check_text(event->category, 0, EVENT_ID_BYTES_MAX);
    ASSERT(event->items_count >= 1 && event->items_count <= EVENT_ITEMS_MAX);
    for (uint32_t i = 0; i < event->items_count; i++)
        check_text(event->items[i], 1, EVENT_ID_BYTES_MAX);
}
