/* simulate: a seeded marketplace. Same options, same bytes, on any machine.
 *
 * Pure: makes events as JSON lines with the visitor as key, and knows the truth
 * it planted. No clock, no I/O, no library's random numbers. */
#ifndef TERKAIT_SIMULATE_H
#define TERKAIT_SIMULATE_H

#include "event.h"
#include "strbuf.h"

#include <stdint.h>

struct simulate_rules {
    uint64_t seed;
    uint64_t events; /* lines to make in all, malformed ones included */
    uint32_t items;  /* catalogue */
    uint32_t sellers;
    uint32_t tenants;      /* 0: no tenant field */
    double rate;           /* events a second of event time, off peak */
    int64_t start_ms;      /* event time of the first */
    double peak;           /* how many times the rate at a campaign's height */
    double zipf;           /* exponent of item popularity */
    double share_cart;     /* of views followed by add_to_cart */
    double share_remove;   /* of carted items taken out again */
    double share_purchase; /* of carts bought */
    double share_bots;     /* of sessions */
    double share_repeats;  /* of lines sent twice */
    double share_disorder; /* of lines held back by up to a minute */
    double share_malformed;
    double share_session_ids;
    double share_multi; /* of purchases sent as one event with `items` */
};

extern const struct simulate_rules simulate_defaults;

struct simulate;

struct simulate *simulate_new(const struct simulate_rules *rules);
void simulate_free(struct simulate *simulate);

/* The next line (without newline) and the visitor it is keyed by. Returns 0 at
 * the end. Both are the simulation's, good until the next call. `ts_ms` is the
 * time at which the line is sent. */
int simulate_next(struct simulate *simulate, struct text *line,
                  struct text *visitor, int64_t *ts_ms);

/* Appends the planted truth: `item TAB other` lines, sorted as bytes, each
 * ordered pair of items that were made to go together. */
void simulate_truth(struct simulate *simulate, struct strbuf *out);

#endif
