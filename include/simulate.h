/* simulate: a seeded marketplace. Same options, same bytes, on any machine.
 *
 * Pure: makes events as JSON lines with the visitor as key, and knows the truth
 * it planted. No clock, no I/O, no library's random numbers.
 *
 * A visit draws an item by popularity and then wanders among its partners (see
 * simulate_catalogue), with glances at bestsellers; some of it goes into the
 * cart, out again, or is bought. As many visits are under way as the rate needs
 * for one to act every 25 seconds; bots act every second or so. Which visit
 * acts next is drawn, so lines come at exactly the rate. */
#ifndef TERKAIT_SIMULATE_H
#define TERKAIT_SIMULATE_H

#include "err.h"
#include "event.h"
#include "strbuf.h"

#include <stdint.h>

/* A share is a part of one. */
struct simulate_rules {
    uint64_t seed;
    uint64_t events; /* lines to make in all, malformed ones included */
    uint32_t items;  /* catalogue, from 1 */
    uint32_t sellers;
    uint32_t tenants;      /* 0: no tenant field; all sell the same items */
    double rate;           /* events a second of event time, off peak */
    int64_t start_ms;      /* event time of the first */
    double peak;           /* how many times the rate at a campaign's height */
    int64_t peak_after_ms; /* from the start to the height */
    int64_t peak_ramp_ms;  /* the way up, and the way down */
    double zipf;           /* exponent of item popularity */
    double share_cart;     /* of views, of what is not yet in the cart */
    double share_remove;   /* of carted items taken out again */
    double share_purchase; /* of carts bought */
    double share_bots;     /* of visits */
    double share_repeats;  /* of lines sent twice */
    double share_disorder; /* of lines held back by up to a minute */
    double share_malformed;
    double share_session_ids;  /* of visits: with the sender's session id */
    double share_integer_ids;  /* of visitors: the id is a number */
    double share_text_times;   /* of visits: `ts` as RFC 3339 text */
    double share_second_times; /* of visits: `ts` in seconds; else ms */
    double share_multi;        /* of purchases sent as one event with `items` */
};

extern const struct simulate_rules simulate_defaults;

/* -1 with the reason when a rule is out of its range. */
int simulate_rules_check(const struct simulate_rules *rules,
                         struct err *err) MUST_CHECK;

struct simulate;

/* The rules must pass the check. */
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
