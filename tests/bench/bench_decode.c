/* What it costs to decode an event, by its shape: through jansson alone, and as
 * event_decode() does. One JSON object a shape, nanoseconds of CPU an event,
 * the fastest of some rounds; `scanned` is the share that our scanner took.
 *
 *     bench_decode [rounds=15] [shape=NAME] */
#include "bench.h"

#include "event_document.h"
#include "event_scan.h"
#include "mem.h"
#include "rng.h"
#include "simulate.h"
#include "strbuf.h"

#include <inttypes.h>

enum { EVENTS = 2000, BYTES_MAX = 65536 };

#define START_MS INT64_C(1765540800000)

/* Appends one event; they differ, as those of a topic do. */
typedef void make(struct strbuf *out, struct rng *rng);

struct shape {
    const char *name;
    make *make; /* NULL: the lines of `terkait simulate` */
};

struct events {
    struct strbuf bytes;
    size_t ends[EVENTS];
};

static void add_head(struct strbuf *out, struct rng *rng)
{
    strbuf_add_format(
        out, "{\"type\":\"%s\",\"visitor\":\"v%08x\",\"ts\":%" PRId64,
        rng_below(rng, 5) > 0 ? "page_view" : "add_to_cart",
        rng_below(rng, UINT32_MAX), START_MS + rng_below(rng, 1000000));
}

static void make_small(struct strbuf *out, struct rng *rng)
{
    add_head(out, rng);
    strbuf_add_format(out, ",\"item\":\"sku-%u\"}", rng_below(rng, 100000));
}

static void make_nested(struct strbuf *out, struct rng *rng)
{
    add_head(out, rng);
    strbuf_add_format(
        out,
        ",\"item\":\"sku-%u\",\"event_id\":\"%08x-%08x\",\"context\":{"
        "\"page\":{\"url\":\"https://toko.example/p/%u?ref=home&pos=%u\","
        "\"title\":\"Kopi Gayo 250g, sangrai sedang\",\"referrer\":null},"
        "\"device\":{\"os\":\"Android 14\",\"model\":\"SM-A155F\",\"screen\":"
        "[1080,2340],\"dark\":%s},\"geo\":{\"lat\":%.4f,\"lon\":%.4f,"
        "\"city\":\"Banda Aceh\"},\"user_agent\":\"Mozilla/5.0 (Linux; Android "
        "14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
        "Mobile Safari/537.36\"},\"experiments\":[{\"name\":\"kartu-besar\","
        "\"arm\":%u},{\"name\":\"urut-baru\",\"arm\":%u}],\"price\":{\"amount\""
        ":%u.5,\"currency\":\"IDR\"},\"tags\":[\"kopi\",\"arabika\",\"gayo\","
        "\"250g\"],\"library\":{\"name\":\"web-sdk\",\"version\":\"4.12.1\"},"
        "\"sent\":\"2025-12-12T12:00:%02u.%03uZ\"}",
        rng_below(rng, 100000), rng_below(rng, UINT32_MAX),
        rng_below(rng, UINT32_MAX), rng_below(rng, 100000), rng_below(rng, 40),
        rng_below(rng, 2) ? "true" : "false", 5.0 + rng_below(rng, 1000) * 1e-4,
        95.0 + rng_below(rng, 1000) * 1e-4, rng_below(rng, 2),
        rng_below(rng, 3), 1000 + rng_below(rng, 100000), rng_below(rng, 60),
        rng_below(rng, 1000));
}

static void make_items(struct strbuf *out, struct rng *rng)
{
    uint32_t count = 2 + rng_below(rng, 12);

    add_head(out, rng);
    strbuf_add_text(out, ",\"items\":[");
    for (uint32_t i = 0; i < count; i++)
        strbuf_add_format(out, "%s{\"item\":\"sku-%u\",\"qty\":%u}",
                          i > 0 ? "," : "", rng_below(rng, 100000),
                          1 + rng_below(rng, 3));
    strbuf_add_text(out, "]}");
}

static void make_text_time(struct strbuf *out, struct rng *rng)
{
    strbuf_add_format(out,
                      "{\"type\":\"page_view\",\"visitor\":%u,\"item\":\"sku-%u"
                      "\",\"ts\":\"2025-12-%02uT%02u:%02u:%02u.%03u+07:00\"}",
                      rng_below(rng, 10000000), rng_below(rng, 100000),
                      1 + rng_below(rng, 28), rng_below(rng, 24),
                      rng_below(rng, 60), rng_below(rng, 60),
                      rng_below(rng, 1000));
}

static void make_real_time(struct strbuf *out, struct rng *rng)
{
    strbuf_add_format(out,
                      "{\"type\": \"page_view\", \"visitor\": \"v%08x\", "
                      "\"item\": \"sku-%u\", \"ts\": 1765540%03u.%06u}",
                      rng_below(rng, UINT32_MAX), rng_below(rng, 100000),
                      rng_below(rng, 1000), rng_below(rng, 1000000));
}

static void make_unicode(struct strbuf *out, struct rng *rng)
{
    add_head(out, rng);
    strbuf_add_format(out,
                      ",\"item\":\"咖啡-%u\",\"category\":\"飲み物・珈琲\","
                      "\"title\":\"가요 커피 원두 250g, 중배전 %u\"}",
                      rng_below(rng, 100000), rng_below(rng, 1000));
}

static void make_escaped_title(struct strbuf *out, struct rng *rng)
{
    add_head(out, rng);
    strbuf_add_format(out,
                      ",\"item\":\"sku-%u\",\"url\":\"https:\\/\\/toko.example"
                      "\\/p\\/%u\",\"title\":\"Kopi \\\"Gayo\\\" \\u2615\"}",
                      rng_below(rng, 100000), rng_below(rng, 100000));
}

static void make_escaped_id(struct strbuf *out, struct rng *rng)
{
    add_head(out, rng);
    strbuf_add_format(out, ",\"item\":\"kopi\\/gayo-%u\"}",
                      rng_below(rng, 100000));
}

static void make_escaped_name(struct strbuf *out, struct rng *rng)
{
    add_head(out, rng);
    strbuf_add_format(out, ",\"\\u0069tem\":\"sku-%u\"}",
                      rng_below(rng, 100000));
}

static void make_ignored(struct strbuf *out, struct rng *rng)
{
    strbuf_add_format(
        out,
        "{\"type\":\"search\",\"visitor\":\"v%08x\",\"ts\":%" PRId64
        ",\"query\":\"kopi gayo %u\",\"results\":%u}",
        rng_below(rng, UINT32_MAX), START_MS + rng_below(rng, 1000000),
        rng_below(rng, 1000), rng_below(rng, 500));
}

static const struct shape shapes[] = {
    {"simulate", NULL},
    {"small_page_view", make_small},
    {"nested", make_nested},
    {"items", make_items},
    {"text_time", make_text_time},
    {"real_time", make_real_time},
    {"not_ascii", make_unicode},
    {"escaped_title", make_escaped_title},
    {"other_type", make_ignored},
    {"escaped_id", make_escaped_id},
    {"escaped_name", make_escaped_name}, /* through jansson after all */
};

static void fill_simulated(struct events *events)
{
    struct simulate_rules rules = simulate_defaults;
    struct simulate *simulate;
    struct text line, visitor;
    int64_t ts_ms;

    rules.share_malformed = 0;
    simulate = simulate_new(&rules);
    for (int i = 0; i < EVENTS; i++) {
        ASSERT(simulate_next(simulate, &line, &visitor, &ts_ms) == 1);
        strbuf_add(&events->bytes, line.bytes, line.length);
        events->ends[i] = events->bytes.length;
    }
    simulate_free(simulate);
}

static void fill(struct events *events, const struct shape *shape)
{
    struct rng rng;

    strbuf_clear(&events->bytes);
    if (shape->make == NULL) {
        fill_simulated(events);
        return;
    }
    rng_init(&rng, 1);
    for (int i = 0; i < EVENTS; i++) {
        shape->make(&events->bytes, &rng);
        events->ends[i] = events->bytes.length;
    }
}

/* ---- what is measured ---- */

struct readers {
    struct event_decoder *decoder;
    struct event_document *document;
    struct event_fields fields;
    struct event_room room;
    struct event event;
};

typedef int read_one(struct readers *readers, const char *bytes, size_t length);

static int by_jansson(struct readers *readers, const char *bytes, size_t length)
{
    return event_document_read(readers->document, &readers->fields, bytes,
                               length) == 0 &&
           event_fields_judge(&readers->event, &readers->fields, 0) !=
               EVENT_JSON;
}

static int by_decoder(struct readers *readers, const char *bytes, size_t length)
{
    return event_decode(readers->decoder, &readers->event, bytes, length, 0) !=
           EVENT_JSON;
}

static int by_scanner(struct readers *readers, const char *bytes, size_t length)
{
    return event_scan(&readers->fields, &readers->room, bytes, length) == 0;
}

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* How many it read; the time in nanoseconds an event. */
static uint32_t read_all(struct readers *readers, const struct events *events,
                         read_one *read, double *ns)
{
    uint32_t done = 0;
    size_t start = 0;
    int64_t start_ns = cpu_ns();

    for (int i = 0; i < EVENTS; i++) {
        done += (uint32_t)read(readers, events->bytes.bytes + start,
                               events->ends[i] - start);
        start = events->ends[i];
    }
    *ns = (double)(cpu_ns() - start_ns) / EVENTS;
    return done;
}

static double fastest(struct readers *readers, const struct events *events,
                      read_one *read, uint32_t rounds)
{
    double best = 0, ns;

    for (uint32_t i = 0; i < rounds; i++) {
        ASSERT(read_all(readers, events, read, &ns) == EVENTS);
        if (i == 0 || ns < best)
            best = ns;
    }
    return best;
}

static void measure(struct readers *readers, const struct events *events,
                    const char *name, uint32_t rounds)
{
    double ns;
    uint32_t scanned = read_all(readers, events, by_scanner, &ns);

    printf("{\"shape\":\"%s\",\"bytes\":%.0f,\"scanned\":%.3f,"
           "\"jansson_ns\":%.1f,\"scan_ns\":%.1f}\n",
           name, (double)events->bytes.length / EVENTS,
           (double)scanned / EVENTS,
           fastest(readers, events, by_jansson, rounds),
           fastest(readers, events, by_decoder, rounds));
}

int main(int argc, char **argv)
{
    uint32_t rounds = bench_count(argc, argv, "rounds", 15);
    const char *only = bench_text(argc, argv, "shape", NULL);
    struct readers *readers = mem_new(1, sizeof *readers);
    struct events *events = mem_new(1, sizeof *events);

    readers->decoder = event_decoder_new(BYTES_MAX);
    readers->document = event_document_new();
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (only != NULL && strcmp(only, shapes[i].name) != 0)
            continue;
        fill(events, &shapes[i]);
        measure(readers, events, shapes[i].name, rounds);
    }
    event_document_free(readers->document);
    event_decoder_free(readers->decoder);
    strbuf_deinit(&events->bytes);
    free(events);
    free(readers);
    return 0;
}
