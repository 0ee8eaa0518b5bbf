#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 96 };

/* Fields that are no metric of that name: one that says the same is there, or
 * the name would say something else. */
static const struct {
    const char *field;
    const char *name; /* without terkait_ and unit; NULL: no metric */
} renamed[] = {
    {"stream_time_ms", "stream_at_ms"},
    {"freshness_ms", NULL},
    {"freshness_p50_ms", NULL},
    {"freshness_p99_ms", NULL},
    {"checkpoint_us", NULL},
    {"redis_latency_us", NULL},
};

/* Fields that are one metric, told apart by a label: those that begin with
 * `field`, or are just it. */
static const struct family {
    const char *field;
    int is_prefix;
    const char *name, *label, *value; /* value NULL: the field's rest */
    const char *help;
} families[] = {
    {"events_page_view", 0, "events", "type", "page_view",
     "events accepted, by type"},
    {"events_add_to_cart", 0, "events", "type", "add_to_cart", NULL},
    {"events_remove_from_cart", 0, "events", "type", "remove_from_cart", NULL},
    {"events_purchase", 0, "events", "type", "purchase", NULL},
    {"refused_", 1, "refused", "reason", NULL,
     "records refused, by the first reason found"},
    {"memory_engine_bytes", 0, "memory_bytes", "use", "engine",
     "memory that is accounted for, by use"},
    {"memory_publish_bytes", 0, "memory_bytes", "use", "publish", NULL},
};

/* ---- lines ---- */

static void add_head(struct strbuf *out, const char *name, const char *kind,
                     const char *help)
{
    strbuf_add_format(out, "# HELP terkait_%s %s\n# TYPE terkait_%s %s\n", name,
                      help, name, kind);
}

static void add_seconds(struct strbuf *out, int64_t number, int64_t a_second)
{
    if (a_second == 1)
        strbuf_add_int(out, number);
    else
        strbuf_add_format(out, "%.3f", (double)number / (double)a_second);
}

/* ---- the fields of the status ---- */

/* How a field is called as a metric, and how many of it make a base unit. */
struct name {
    char text[NAME_BYTES];
    int64_t scale;
};

static int take_ending(char *text, const char *ending)
{
    size_t length = strlen(text), of_ending = strlen(ending);

    if (length < of_ending || strcmp(text + length - of_ending, ending) != 0)
        return 0;
    text[length - of_ending] = '\0';
    return 1;
}

static const char *without_unit(const struct status_field *field)
{
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
        if (strcmp(renamed[i].field, field->name) == 0)
            return renamed[i].name;
    return field->name;
}

/* 0 when the field is no metric. */
static int make_name(struct name *name, const struct status_field *field)
{
    const char *from = without_unit(field);
    const char *unit = "";

    if (from == NULL)
        return 0;
    snprintf(name->text, sizeof name->text, "%s", from);
    name->scale = 1;
    if (take_ending(name->text, "_per_s"))
        return 0;
    if (take_ending(name->text, "_at_ms"))
        unit = "_timestamp_seconds", name->scale = 1000;
    else if (take_ending(name->text, "_ms"))
        unit = "_seconds", name->scale = 1000;
    strncat(name->text, unit, sizeof name->text - strlen(name->text) - 1);
    if (field->kind == STATUS_TOTAL)
        strncat(name->text, "_total",
                sizeof name->text - strlen(name->text) - 1);
    return 1;
}

static const struct family *family_of(const char *field)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct family *one = &families[i];

        if (one->is_prefix ? strncmp(field, one->field, strlen(one->field)) == 0
                           : strcmp(field, one->field) == 0)
            return one;
    }
    return NULL;
}

static void add_field(struct strbuf *out, const struct status_field *field,
                      int64_t value)
{
    struct name name;

    if (family_of(field->name) != NULL || !make_name(&name, field))
        return;
    add_head(out, name.text, field->kind == STATUS_TOTAL ? "counter" : "gauge",
             field->help);
    strbuf_add_format(out, "terkait_%s ", name.text);
    add_seconds(out, value, name.scale);
    strbuf_add_char(out, '\n');
}

/* All fields of one metric, one line each. */
static void add_family(struct strbuf *out, const char *metric,
                       const struct status_values *values)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        const struct status_field *field = &status_fields[i];
        const struct family *family = family_of(field->name);
        const char *label;

        if (family == NULL || strcmp(family->name, metric) != 0)
            continue;
        label = family->value != NULL ? family->value
                                      : field->name + strlen(family->field);
        strbuf_add_format(out, "terkait_%s%s{%s=\"%s\"} %" PRId64 "\n", metric,
                          field->kind == STATUS_TOTAL ? "_total" : "",
                          family->label, label, status_value(values, i));
    }
}

static void add_families(struct strbuf *out, const struct status_values *values)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct family *one = &families[i];
        int is_total = strcmp(one->name, "memory_bytes") != 0;
        char name[NAME_BYTES];

        if (one->help == NULL)
            continue;
        snprintf(name, sizeof name, "%s%s", one->name,
                 is_total ? "_total" : "");
        add_head(out, name, is_total ? "counter" : "gauge", one->help);
        add_family(out, one->name, values);
    }
}

/* ---- histograms ---- */

static void add_histogram(struct strbuf *out, const char *name,
                          const struct histogram *histogram, const char *help)
{
    static const int64_t tops_us[] = {
        100,    250,     500,     1000,    2500,     5000,     10000,
        25000,  50000,   75000,   100000,  150000,   250000,   500000,
        750000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
    };

    add_head(out, name, "histogram", help);
    for (size_t i = 0; i < sizeof tops_us / sizeof tops_us[0]; i++)
        strbuf_add_format(out, "terkait_%s_bucket{le=\"%g\"} %" PRIu64 "\n",
                          name, (double)tops_us[i] / 1e6,
                          histogram_until(histogram, tops_us[i]));
    strbuf_add_format(out,
                      "terkait_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n"
                      "terkait_%s_sum %.6f\nterkait_%s_count %" PRIu64 "\n",
                      name, histogram->count, name,
                      (double)histogram->sum / 1e6, name, histogram->count);
}

/* ---- by partition ---- */

static int64_t event_lag_ms(const struct board_view *view, uint32_t partition)
{
    int64_t at_ms = view->partitions[partition].event_time_ms;

    if (at_ms < 0)
        return -1;
    return view->at_ms > at_ms ? view->at_ms - at_ms : 0;
}

static int64_t partition_value(const struct board_view *view, uint32_t which,
                               uint32_t partition)
{
    switch (which) {
    case 0:
        return view->partitions[partition].position;
    case 1:
        return view->partitions[partition].lag;
    default:
        return event_lag_ms(view, partition);
    }
}

/* What is not known has no line. */
static void add_partitions(struct strbuf *out, const struct board_view *view)
{
    static const struct {
        const char *name;
        int64_t scale;
        const char *help;
    } metrics[] = {
        {"partition_position", 1, "offset of the next record to count"},
        {"partition_lag_records", 1, "records known to exist and not counted"},
        {"partition_event_lag_seconds", 1000,
         "how far the highest event time is behind the clock"},
    };

    for (uint32_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
        add_head(out, metrics[m].name, "gauge", metrics[m].help);
        for (uint32_t i = 0; i < view->partitions_count; i++) {
            int64_t value = partition_value(view, m, i);

            if (value < 0)
                continue;
            strbuf_add_format(out, "terkait_%s{partition=\"%" PRIu32 "\"} ",
                              metrics[m].name, i);
            add_seconds(out, value, metrics[m].scale);
            strbuf_add_char(out, '\n');
        }
    }
}

static void add_readiness(struct strbuf *out, uint32_t reasons)
{
    add_head(out, "ready", "gauge", "1: as /readyz says");
    strbuf_add_format(out, "terkait_ready %d\n", reasons == 0);
    add_head(out, "not_ready", "gauge", "1: not ready for that reason");
    for (uint32_t i = 0; i < BECAUSE_COUNT; i++)
        strbuf_add_format(out, "terkait_not_ready{reason=\"%s\"} %d\n",
                          board_reason_name(i), (int)(reasons >> i & 1));
}

void metrics_add(struct strbuf *out, const struct board_view *view,
                 uint32_t reasons)
{
    add_head(out, "build_info", "gauge", "1: the version that runs");
    strbuf_add_text(out,
                    "terkait_build_info{version=\"" TERKAIT_VERSION "\"} 1\n");
    add_readiness(out, reasons);
    for (size_t i = 0; i < STATUS_COUNT; i++)
        add_field(out, &status_fields[i], status_value(&view->values, i));
    add_families(out, &view->values);
    add_histogram(out, "freshness_seconds", &view->freshness,
                  "from a record's timestamp to Redis' acknowledgement of the "
                  "lists that it changed; a sample");
    add_histogram(out, "redis_latency_seconds", &view->latency,
                  "from a command to its answer; a sample");
    add_histogram(out, "checkpoint_duration_seconds", &view->checkpoint,
                  "from a checkpoint's cut to Redis' answer; a sample");
    add_partitions(out, view);
}
