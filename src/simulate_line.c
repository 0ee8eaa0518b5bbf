#include "simulate_line.h"

#include "err.h"

#include <string.h>

/* More than the longest line that is not damaged. */
enum { LINE_BYTES_MAX = 2048 };

#define MS_A_DAY INT64_C(86400000)

/* Writes a literal; its length is known to the compiler. */
#define PUT(to, literal)                                                       \
    ((void)memcpy((to), (literal), sizeof(literal) - 1),                       \
     (to) + sizeof(literal) - 1)

static char *put_text(char *to, struct text text)
{
    memcpy(to, text.bytes, text.length);
    return to + text.length;
}

static char *put_uint(char *to, uint64_t number)
{
    char digits[20];
    uint32_t start = sizeof digits;

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    memcpy(to, digits + start, sizeof digits - start);
    return to + (sizeof digits - start);
}

/* Exactly `digits` digits, with zeros in front. */
static char *put_digits(char *to, int64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return to + digits;
}

static char *put_hex(char *to, uint64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = "0123456789abcdef"[number & 15];
        number >>= 4;
    }
    return to + digits;
}

/* Year, month and day of a day number since 1970, reckoned in years that begin
 * in March, 400 of which have 146,097 days. */
static char *put_date(char *to, int64_t day)
{
    int64_t shifted = day + 719468; /* since 0000-03-01 */
    int64_t era = shifted / 146097, of_era = shifted % 146097;
    int64_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;

    to = put_digits(to, era * 400 + year + (month <= 2), 4);
    *to++ = '-';
    to = put_digits(to, month, 2);
    *to++ = '-';
    return put_digits(to, of_year - (153 * march_month + 2) / 5 + 1, 2);
}

/* In one of Indonesia's three times of day (WIB, WITA, WIT), or UTC. */
static char *put_time_text(char *to, int64_t ts_ms, uint8_t channel)
{
    static const uint8_t zones_h[8] = {7, 7, 7, 7, 8, 8, 9, 0};
    uint8_t zone_h = zones_h[channel % 8];
    int64_t local_ms = ts_ms + zone_h * INT64_C(3600000);
    int64_t of_day_ms = local_ms % MS_A_DAY;

    *to++ = '"';
    to = put_date(to, local_ms / MS_A_DAY);
    *to++ = channel < 224 ? 'T' : ' ';
    to = put_digits(to, of_day_ms / 3600000, 2);
    *to++ = ':';
    to = put_digits(to, of_day_ms / 60000 % 60, 2);
    *to++ = ':';
    to = put_digits(to, of_day_ms / 1000 % 60, 2);
    *to++ = '.';
    to = put_digits(to, of_day_ms % 1000, 3);
    if (zone_h == 0)
        return PUT(to, "Z\"");
    to = PUT(to, "+0");
    *to++ = (char)('0' + zone_h);
    return PUT(to, ":00\"");
}

static char *put_time(char *to, const struct line_event *event)
{
    if (event->time == VISIT_TIME_TEXT)
        return put_time_text(to, event->ts_ms, event->channel);
    if (event->time == VISIT_TIME_SECONDS)
        return put_uint(to, (uint64_t)event->ts_ms / 1000);
    return put_uint(to, (uint64_t)event->ts_ms);
}

static char *put_type(char *to, enum event_type type)
{
    switch (type) {
    case EVENT_PAGE_VIEW:
        return PUT(to, "\"page_view\"");
    case EVENT_ADD_TO_CART:
        return PUT(to, "\"add_to_cart\"");
    case EVENT_REMOVE_FROM_CART:
        return PUT(to, "\"remove_from_cart\"");
    case EVENT_PURCHASE:
    case EVENT_TYPES:
        break;
    }
    return PUT(to, "\"purchase\"");
}

static char *put_visitor(char *to, const struct line_event *event)
{
    if (event->visitor_is_integer)
        return put_text(to, event->visitor);
    *to++ = '"';
    to = put_text(to, event->visitor);
    *to++ = '"';
    return to;
}

static char *put_item(char *to, const struct catalogue *catalogue,
                      uint32_t item)
{
    *to++ = '"';
    to = put_text(to, catalogue_id(catalogue, item));
    *to++ = '"';
    return to;
}

/* An array of ids, or of objects: senders differ. */
static char *put_items(char *to, const struct line_event *event,
                       const struct catalogue *catalogue)
{
    int as_objects = event->channel & 1;

    to = PUT(to, ",\"items\":[");
    for (uint32_t i = 0; i < event->items_count; i++) {
        if (i > 0)
            *to++ = ',';
        if (as_objects)
            to = PUT(to, "{\"item\":");
        to = put_item(to, catalogue, event->items[i]);
        if (as_objects)
            to = PUT(to, ",\"qty\":1}");
    }
    *to++ = ']';
    return to;
}

/* What only an event of one item says: an order has many sellers. */
static char *put_goods(char *to, const struct line_event *event,
                       const struct catalogue *catalogue)
{
    to = PUT(to, ",\"category\":\"");
    to = put_text(to, catalogue_category(catalogue, event->items[0]));
    to = PUT(to, "\",");
    return put_text(to, catalogue_seller(catalogue, event->items[0]));
}

static char *put_sender(char *to, const struct line_event *event)
{
    static const char *const channels[8] = {"android", "android", "android",
                                            "android", "ios",     "web",
                                            "web",     "mweb"};
    const char *name = channels[event->channel >> 5];

    if (event->session != 0) {
        to = PUT(to, ",\"session\":\"s-");
        to = put_hex(to, event->session, 10);
        *to++ = '"';
    }
    if (event->tenant.length > 0) {
        to = PUT(to, ",\"tenant\":\"");
        to = put_text(to, event->tenant);
        *to++ = '"';
    }
    to = PUT(to, ",\"channel\":\"");
    to = put_text(to, (struct text){name, (uint32_t)strlen(name)});
    to = PUT(to, "\",\"event_id\":\"");
    to = put_hex(to, event->id, 10);
    return PUT(to, "\"}");
}

uint32_t line_write_visitor(char out[LINE_VISITOR_BYTES], uint64_t number,
                            uint64_t key, int is_integer)
{
    char *end;

    if (is_integer) {
        end = put_uint(out, 10000000 + number);
    } else {
        end = PUT(out, "pembeli-");
        end = put_hex(end, key, 12);
    }
    return (uint32_t)(end - out);
}

void line_add(struct strbuf *out, const struct line_event *event,
              const struct catalogue *catalogue)
{
    char *start = strbuf_reserve(out, LINE_BYTES_MAX);
    char *to = PUT(start, "{\"type\":");

    to = put_type(to, event->type);
    to = PUT(to, ",\"visitor\":");
    to = put_visitor(to, event);
    if (event->items_count > 0) {
        to = put_items(to, event, catalogue);
    } else {
        to = PUT(to, ",\"item\":");
        to = put_item(to, catalogue, event->items[0]);
    }
    to = PUT(to, ",\"ts\":");
    to = put_time(to, event);
    if (event->items_count == 0)
        to = put_goods(to, event, catalogue);
    to = put_sender(to, event);
    ASSERT(to - start <= LINE_BYTES_MAX);
    *to = '\0';
    out->length += (size_t)(to - start);
}
