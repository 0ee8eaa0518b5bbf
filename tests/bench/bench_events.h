/* bench_events: decoded events in memory, for what measures the engine alone:
 * as the simulated marketplace makes them (no bots), or in visits of a set
 * length to items drawn by popularity.
 *
 * They lie one after another in one buffer, as records do in a fetched batch,
 * so reading them costs what it costs behind a decoder:
 *
 *     type, items, category's length | time | visitor[20] | category
 *     | length, id | length, id ... */
#ifndef TERKAIT_BENCH_EVENTS_H
#define TERKAIT_BENCH_EVENTS_H

#include "mem.h"
#include "rng.h"
#include "simulate_crowd.h"
#include "strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BENCH_PARTITIONS = 4,
    BENCH_VISITOR_BYTES = 20,
    BENCH_UNDER_WAY_MAX = 20000
};

#define BENCH_START_MS INT64_C(1765540800000)

struct bench_rules {
    uint32_t events;
    uint32_t items;
    uint32_t visit; /* items of a visit; 0: as people wander in `simulate` */
    double zipf;
    double rate; /* events a second of event time */
};

struct bench_events {
    struct strbuf buffer;
    size_t at;
};

/* What is seen by visits of a set length. */
struct bench_visit {
    uint64_t visitor;
    uint32_t left;
};

struct bench_maker {
    const struct bench_rules *rules;
    struct bench_events *events;
    struct rng rng;
    struct catalogue *catalogue;
    struct crowd *crowd;
    struct bench_visit *visits;
    uint32_t under_way;
    uint64_t visitors;
    uint32_t made;
};

static inline void bench_add_text(struct strbuf *out, struct text text)
{
    strbuf_add_char(out, (char)text.length);
    strbuf_add(out, text.bytes, text.length);
}

static inline void bench_add_event(struct bench_maker *maker,
                                   enum event_type type, uint64_t visitor,
                                   const uint32_t *items, uint32_t count)
{
    struct strbuf *out = &maker->events->buffer;
    int64_t ts_ms = BENCH_START_MS +
                    (int64_t)((double)maker->made * 1000 / maker->rules->rate);
    char name[BENCH_VISITOR_BYTES + 1];

    snprintf(name, sizeof name, "pembeli-%012llx",
             (unsigned long long)(rng_mix(visitor) >> 16));
    strbuf_add_char(out, (char)type);
    strbuf_add_char(out, (char)count);
    strbuf_add(out, &ts_ms, sizeof ts_ms);
    strbuf_add(out, name, BENCH_VISITOR_BYTES);
    bench_add_text(out, catalogue_category(maker->catalogue, items[0]));
    for (uint32_t i = 0; i < count; i++)
        bench_add_text(out, catalogue_id(maker->catalogue, items[i]));
    maker->made++;
}

static inline void bench_make_as_people(struct bench_maker *maker)
{
    static const enum event_type types[] = {
        [VISIT_VIEW] = EVENT_PAGE_VIEW,
        [VISIT_CART] = EVENT_ADD_TO_CART,
        [VISIT_REMOVE] = EVENT_REMOVE_FROM_CART,
        [VISIT_BUY] = EVENT_PURCHASE,
        [VISIT_BUY_ALL] = EVENT_PURCHASE,
    };
    struct visit visit;

    crowd_act(maker->crowd, &visit);
    if (visit.action == VISIT_BUY_ALL)
        bench_add_event(maker, EVENT_PURCHASE, visit.visitor, visit.cart,
                        visit.cart_count);
    else
        bench_add_event(maker, types[visit.action], visit.visitor, &visit.item,
                        1);
}

static inline void bench_make_of_length(struct bench_maker *maker)
{
    struct bench_visit *visit =
        &maker->visits[rng_below(&maker->rng, maker->under_way)];
    uint32_t item = catalogue_draw(maker->catalogue, &maker->rng);

    if (visit->left == 0)
        *visit = (struct bench_visit){++maker->visitors, maker->rules->visit};
    visit->left--;
    bench_add_event(maker, EVENT_PAGE_VIEW, visit->visitor, &item, 1);
}

/* So few that most visits come to their end. */
static inline uint32_t bench_under_way(const struct bench_rules *rules)
{
    uint32_t count = rules->events / (4 * (rules->visit + 1)) + 1;

    return count < BENCH_UNDER_WAY_MAX ? count : BENCH_UNDER_WAY_MAX;
}

static inline struct visit_habits bench_habits(void)
{
    return (struct visit_habits){
        .buyers = rng_share(0.4),
        .cart = rng_share(0.15 / 0.4),
        .remove = rng_share(0.2),
        .purchase = rng_share(0.45),
        .multi = rng_share(0.6),
    };
}

static inline struct bench_events
bench_events_make(const struct bench_rules *rules)
{
    const struct catalogue_rules goods = {rules->items, 1000, 0, rules->zipf};
    const struct visit_habits habits = bench_habits();
    struct bench_events events = {.buffer = STRBUF_EMPTY};
    struct bench_maker maker = {.rules = rules, .events = &events};

    rng_init(&maker.rng, 1212);
    maker.catalogue = catalogue_new(&maker.rng, &goods);
    maker.crowd = crowd_new(&habits, 0, &maker.rng, maker.catalogue);
    maker.under_way = bench_under_way(rules);
    maker.visits = mem_new(maker.under_way, sizeof *maker.visits);
    while (maker.made < rules->events) {
        if (rules->visit > 0) {
            bench_make_of_length(&maker);
        } else {
            crowd_fill(maker.crowd, rules->rate);
            bench_make_as_people(&maker);
        }
    }
    crowd_free(maker.crowd);
    catalogue_free(maker.catalogue);
    free(maker.visits);
    return events;
}

static inline struct text bench_next_text(struct bench_events *events)
{
    const char *here = events->buffer.bytes + events->at;

    events->at += 1 + (unsigned char)here[0];
    return (struct text){here + 1, (unsigned char)here[0]};
}

/* The next event; 0 at the end. Its texts are the buffer's. */
static inline int bench_events_next(struct bench_events *events,
                                    struct event *event)
{
    const char *here = events->buffer.bytes + events->at;

    if (events->at == events->buffer.length)
        return 0;
    event->type = (enum event_type)here[0];
    event->items_count = (unsigned char)here[1];
    memcpy(&event->ts_ms, here + 2, sizeof event->ts_ms);
    event->visitor = (struct text){here + 10, BENCH_VISITOR_BYTES};
    event->tenant = event->session = (struct text){NULL, 0};
    events->at += 10 + BENCH_VISITOR_BYTES;
    event->category = bench_next_text(events);
    for (uint32_t i = 0; i < event->items_count; i++)
        event->items[i] = bench_next_text(events);
    return 1;
}

/* A visitor's events are all of one partition. */
static inline uint32_t bench_partition(const struct event *event)
{
    return (unsigned char)event->visitor.bytes[BENCH_VISITOR_BYTES - 1] %
           BENCH_PARTITIONS;
}

#endif
