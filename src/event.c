#include "event.h"

#include "err.h"
#include "mem.h"
#include "rfc3339.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 20 }; /* "9223372036854775807" and a NUL */

struct event_decoder {
    size_t bytes_max;
    json_t *root; /* owned: holds the texts of the last event, or NULL */
    char visitor_digits[DIGITS_MAX];
    char item_digits[EVENT_ITEMS_MAX][DIGITS_MAX];
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

/* The member of that name; NULL when it is absent or null. */
static const json_t *field(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}

static int take_text(struct text *text, const json_t *value, size_t bytes_max)
{
    if (!json_is_string(value) || json_string_length(value) > bytes_max)
        return -1;
    text->bytes = json_string_value(value);
    text->length = (uint32_t)json_string_length(value);
    return 0;
}

static int take_optional_text(struct text *text, const json_t *value,
                              size_t bytes_max)
{
    if (value != NULL)
        return take_text(text, value, bytes_max);
    *text = (struct text){NULL, 0};
    return 0;
}

static int take_integer_id(struct text *id, char digits[DIGITS_MAX],
                           json_int_t number)
{
    if (number < 0)
        return -1;
    id->length =
        (uint32_t)snprintf(digits, DIGITS_MAX, "%" JSON_INTEGER_FORMAT, number);
    id->bytes = digits;
    return 0;
}

static int take_id(struct text *id, char digits[DIGITS_MAX],
                   const json_t *value)
{
    if (json_is_integer(value))
        return take_integer_id(id, digits, json_integer_value(value));
    if (take_text(id, value, EVENT_ID_BYTES_MAX) != 0)
        return -1;
    return id->length > 0 ? 0 : -1;
}

static enum event_verdict take_type(struct event *event, const json_t *value)
{
    static const char *const names[EVENT_TYPES] = {
        [EVENT_PAGE_VIEW] = "page_view",
        [EVENT_ADD_TO_CART] = "add_to_cart",
        [EVENT_REMOVE_FROM_CART] = "remove_from_cart",
        [EVENT_PURCHASE] = "purchase",
    };

    if (!json_is_string(value))
        return EVENT_TYPE;
    for (int type = 0; type < EVENT_TYPES; type++) {
        if (strcmp(json_string_value(value), names[type]) == 0) {
            event->type = (enum event_type)type;
            return EVENT_ACCEPTED;
        }
    }
    return EVENT_IGNORED;
}

static int take_item(struct event_decoder *decoder, struct event *event,
                     const json_t *value)
{
    uint32_t i = event->items_count++;

    return take_id(&event->items[i], decoder->item_digits[i], value);
}

static int take_entries(struct event_decoder *decoder, struct event *event,
                        const json_t *entries)
{
    size_t count = json_array_size(entries); /* 0 when it is no array */

    if (count > EVENT_ITEMS_MAX)
        count = EVENT_ITEMS_MAX;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(entries, i);

        if (json_is_object(entry))
            entry = field(entry, "item");
        if (take_item(decoder, event, entry) != 0)
            return -1;
    }
    return count > 0 ? 0 : -1;
}

static int take_items(struct event_decoder *decoder, struct event *event,
                      const json_t *root)
{
    const json_t *entries = field(root, "items");

    event->items_count = 0;
    if (entries != NULL)
        return take_entries(decoder, event, entries);
    return take_item(decoder, event, field(root, "item"));
}

static int take_ts_integer(int64_t *ts_ms, json_int_t number)
{
    if (number < 0)
        return -1;
    if (number < INT64_C(100000000000))
        *ts_ms = number * 1000;
    else if (number < INT64_C(100000000000000))
        *ts_ms = number;
    else if (number < INT64_C(100000000000000000))
        *ts_ms = number / 1000;
    else
        *ts_ms = number / 1000000;
    return 0;
}

static int take_ts_real(int64_t *ts_ms, double number)
{
    double ms;

    if (number < 0)
        return -1;
    if (number < 1e11)
        ms = floor(number * 1000.0);
    else if (number < 1e14)
        ms = floor(number);
    else if (number < 1e17)
        ms = floor(number / 1000.0);
    else
        ms = floor(number / 1e6);
    if (ms > (double)RFC3339_MAX_MS)
        return -1;
    *ts_ms = (int64_t)ms;
    return 0;
}

static int take_stamp(int64_t *ts_ms, int64_t stamp_ms)
{
    *ts_ms = stamp_ms;
    return stamp_ms >= 0 && stamp_ms <= RFC3339_MAX_MS ? 0 : -1;
}

static int take_ts(int64_t *ts_ms, const json_t *value, int64_t stamp_ms)
{
    if (value == NULL)
        return take_stamp(ts_ms, stamp_ms);
    if (json_is_integer(value))
        return take_ts_integer(ts_ms, json_integer_value(value));
    if (json_is_real(value))
        return take_ts_real(ts_ms, json_real_value(value));
    if (json_is_string(value))
        return rfc3339_parse(ts_ms, json_string_value(value),
                             json_string_length(value));
    return -1;
}

static int take_tenant(struct text *tenant, const json_t *value)
{
    if (take_optional_text(tenant, value, EVENT_TENANT_BYTES_MAX) != 0)
        return -1;
    return value == NULL || tenant->length > 0 ? 0 : -1;
}

/* One that is wrong is as absent. */
static void take_category(struct text *category, const json_t *value)
{
    if (take_optional_text(category, value, EVENT_ID_BYTES_MAX) != 0)
        *category = (struct text){NULL, 0};
}

/* The order of refusals is the contract's. */
static enum event_verdict take_fields(struct event_decoder *decoder,
                                      struct event *event, const json_t *root,
                                      int64_t stamp_ms)
{
    enum event_verdict verdict = take_type(event, field(root, "type"));
    const json_t *consent = field(root, "consent");

    if (verdict != EVENT_ACCEPTED)
        return verdict;
    if (json_is_false(consent))
        return EVENT_NO_CONSENT;
    if (take_id(&event->visitor, decoder->visitor_digits,
                field(root, "visitor")) != 0)
        return EVENT_VISITOR;
    if (take_items(decoder, event, root) != 0)
        return EVENT_ITEM;
    if (take_ts(&event->ts_ms, field(root, "ts"), stamp_ms) != 0)
        return EVENT_TS;
    if (take_optional_text(&event->session, field(root, "session"),
                           EVENT_ID_BYTES_MAX) != 0)
        return EVENT_SESSION;
    if (take_tenant(&event->tenant, field(root, "tenant")) != 0)
        return EVENT_TENANT;
    take_category(&event->category, field(root, "category"));
    return EVENT_ACCEPTED;
}

static enum event_verdict decode_with_jansson(struct event_decoder *decoder,
                                              struct event *event,
                                              const char *bytes, size_t length,
                                              int64_t stamp_ms)
{
    decoder->root = json_loadb(bytes, length, 0, NULL);
    if (!json_is_object(decoder->root))
        return EVENT_JSON;
    return take_fields(decoder, event, decoder->root, stamp_ms);
}

static void forget_last_event(struct event_decoder *decoder)
{
    json_decref(decoder->root);
    decoder->root = NULL;
}

enum event_verdict event_decode(struct event_decoder *decoder,
                                struct event *event, const char *bytes,
                                size_t length, int64_t stamp_ms)
{
    forget_last_event(decoder);
    if (length > decoder->bytes_max)
        return EVENT_TOO_LARGE;
    if (length == 0)
        return EVENT_IGNORED;
    /* jansson 2.14 takes a NUL behind a number or literal for white space. */
    if (memchr(bytes, '\0', length) != NULL)
        return EVENT_JSON;
    return decode_with_jansson(decoder, event, bytes, length, stamp_ms);
}

static void *allocate(size_t bytes)
{
    return mem_resize(NULL, bytes, 1);
}

struct event_decoder *event_decoder_new(size_t max_bytes)
{
    struct event_decoder *decoder = mem_new(1, sizeof *decoder);

    /* Without memory jansson would refuse good input, or cut a string. */
    json_set_alloc_funcs(allocate, free);
    decoder->bytes_max = max_bytes;
    return decoder;
}

void event_decoder_free(struct event_decoder *decoder)
{
    if (decoder == NULL)
        return;
    forget_last_event(decoder);
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
