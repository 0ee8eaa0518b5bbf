#include "sim_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EPOCH_MS INT64_C(1700000000000)

static const char *const type_names[EVENT_TYPES] = {
    [EVENT_PAGE_VIEW] = "page_view",
    [EVENT_ADD_TO_CART] = "add_to_cart",
    [EVENT_REMOVE_FROM_CART] = "remove_from_cart",
    [EVENT_PURCHASE] = "purchase",
};

static void add_text(struct sim_record *record, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_text(struct sim_record *record, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    record->length += (uint16_t)vsnprintf(record->json + record->length,
                                          sizeof record->json - record->length,
                                          format, arguments);
    va_end(arguments);
}

static void add_optional(struct sim_record *record, const char *name,
                         char letter, unsigned number)
{
    if (number > 0)
        add_text(record, ",\"%s\":\"%c%u\"", name, letter, number);
}

static void write_json(struct sim_record *record)
{
    const char *type =
        record->kind == SIM_IGNORED ? "search" : type_names[record->type];

    add_text(record, "{\"type\":\"%s\",\"visitor\":\"v%u\",\"ts\":%lld", type,
             record->visitor, (long long)record->ts_ms);
    add_optional(record, "tenant", 't', record->tenant);
    add_optional(record, "session", 's', record->session);
    add_optional(record, "category", 'c', record->category);
    if (record->items_count == 1) {
        add_optional(record, "item", 'i', record->items[0]);
    } else {
        for (uint32_t i = 0; i < record->items_count; i++)
            add_text(record, "%s\"i%u\"", i == 0 ? ",\"items\":[" : ",",
                     record->items[i]);
        add_text(record, "]");
    }
    if (record->kind == SIM_NO_CONSENT)
        add_text(record, ",\"consent\":false");
    if (record->kind != SIM_NO_JSON)
        add_text(record, "}");
}

static void draw_kind(struct sim_record *record, struct rng *rng)
{
    static const enum event_type types[] = {
        EVENT_PAGE_VIEW,   EVENT_PAGE_VIEW,        EVENT_PAGE_VIEW,
        EVENT_ADD_TO_CART, EVENT_ADD_TO_CART,      EVENT_PURCHASE,
        EVENT_PURCHASE,    EVENT_REMOVE_FROM_CART, EVENT_REMOVE_FROM_CART};

    record->kind =
        rng_below(rng, 20) > 0 ? SIM_EVENT : (enum sim_kind)rng_below(rng, 4);
    record->type = types[rng_below(rng, sizeof types / sizeof *types)];
}

static void draw_record(struct sim_record *record,
                        const struct sim_log_shape *shape, struct rng *rng)
{
    draw_kind(record, rng);
    record->visitor = (uint8_t)(1 + rng_below(rng, shape->visitors));
    record->tenant = (uint8_t)(rng_below(rng, 8) == 0);
    if (rng_below(rng, 6) == 0)
        record->session = (uint8_t)(1 + rng_below(rng, 2));
    if (rng_below(rng, 3) == 0)
        record->category = (uint8_t)(1 + rng_below(rng, CATEGORIES - 1));
    record->items_count = 1;
    if (rng_below(rng, 5) == 0)
        record->items_count = (uint8_t)(2 + rng_below(rng, ENTRIES_MAX - 1));
    for (uint32_t i = 0; i < record->items_count; i++)
        record->items[i] = (uint8_t)(1 + rng_below(rng, shape->items));
}

/* Mostly forward, sometimes back or far ahead. */
static void draw_time(struct sim_record *record, int64_t *clock_ms,
                      const struct sim_log_shape *shape, struct rng *rng)
{
    uint32_t step_ms = (uint32_t)shape->step_ms;

    *clock_ms += rng_below(rng, 2 * step_ms + 1);
    if (rng_below(rng, 30) == 0)
        *clock_ms += rng_below(rng, 30 * step_ms);
    record->ts_ms = *clock_ms;
    if (rng_below(rng, 4) == 0)
        record->ts_ms -= rng_below(rng, 8 * step_ms);
    record->stamp_ms = record->ts_ms + rng_below(rng, 50);
    if (rng_below(rng, 10) == 0)
        record->stamp_ms = EVENT_NO_STAMP;
    else if (rng_below(rng, 25) == 0)
        record->ts_ms += 20 * shape->step_ms; /* the future, mostly */
}

static void make_partition(struct sim_partition *partition,
                           const struct sim_log_shape *shape, struct rng *rng)
{
    int64_t offset = rng_below(rng, 3) == 0 ? rng_below(rng, 50) : 0;
    int64_t clock_ms = EPOCH_MS + rng_below(rng, 1000);

    memset(partition, 0, sizeof *partition);
    partition->is_there = 1;
    partition->base = partition->oldest = offset;
    partition->committed = -1;
    partition->count = shape->records / 2 + rng_below(rng, shape->records / 2);
    for (uint32_t i = 0; i < partition->count; i++) {
        struct sim_record *record = &partition->at[i];

        if (rng_below(rng, 6) == 0)
            offset += 1 + rng_below(rng, 3);
        record->offset = offset++;
        draw_record(record, shape, rng);
        draw_time(record, &clock_ms, shape, rng);
        write_json(record);
    }
    if (rng_below(rng, 2) == 0)
        partition->tail = rng_below(rng, 3);
}

void sim_log_make(struct sim_log *log, const struct sim_log_shape *shape,
                  struct rng *rng)
{
    log->count = shape->partitions;
    for (uint32_t q = 0; q < PARTITIONS_MAX; q++)
        log->partitions[q].is_there = 0;
    for (uint32_t q = 0; q < log->count; q++)
        make_partition(&log->partitions[q], shape, rng);
}

int64_t sim_log_end(const struct sim_partition *partition)
{
    if (partition->visible == 0)
        return partition->base;
    return partition->at[partition->visible - 1].offset + 1 +
           (partition->visible == partition->count ? partition->tail : 0);
}

const struct sim_record *sim_log_find(const struct sim_partition *partition,
                                      int64_t offset)
{
    uint32_t low = 0, high = partition->visible;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (partition->at[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < partition->visible ? &partition->at[low] : NULL;
}
