/* simulate_visit: what one visitor of the simulated marketplace does next.
 *
 *     view -> maybe cart -> maybe remove -> view ... -> maybe purchase -> gone
 *
 * Half of the visits see three items at most, one in twenty many: three kinds
 * of patience, each with its own chance to leave after a view. */
#ifndef TERKAIT_SIMULATE_VISIT_H
#define TERKAIT_SIMULATE_VISIT_H

#include "rng.h"
#include "simulate_catalogue.h"

#include <stdint.h>

enum { VISIT_CART_MAX = 8 };

/* Thresholds of rng_share(). Only buyers put things into the cart. */
struct visit_habits {
    uint64_t buyers, cart, remove, purchase, multi;
    uint64_t bots, session_ids, text_times, second_times;
};

enum visit_action {
    VISIT_VIEW,   /* of `item` */
    VISIT_CART,   /* `item` */
    VISIT_REMOVE, /* `item` */
    VISIT_BUY,    /* `item` */
    VISIT_BUY_ALL /* the whole cart in one event */
};

enum visit_time { VISIT_TIME_MS, VISIT_TIME_SECONDS, VISIT_TIME_TEXT };

/* `action` is what comes next; the caller carries it out, then advances. */
struct visit {
    uint64_t visitor; /* set by the caller, as the next two */
    uint64_t number;
    uint32_t tenant;
    uint32_t anchor; /* the item it wanders around */
    uint32_t item;
    uint32_t cart[VISIT_CART_MAX];
    uint8_t cart_count;
    uint8_t regrets; /* bit i: cart[i] is going to be taken out */
    uint8_t action;
    uint8_t patience;
    uint8_t channel; /* any number */
    uint8_t time;
    uint8_t is_leaving;
    uint8_t is_buyer;
    uint8_t has_session_id;
};

/* Fills all but what the caller sets. The first action is a view. */
void visit_begin(struct visit *visit, struct rng *rng,
                 const struct visit_habits *habits,
                 const struct catalogue *catalogue);

int visit_is_bot(const struct visit *visit);

/* Decides on the next action. Returns 0 when the visit is over. */
int visit_advance(struct visit *visit, struct rng *rng,
                  const struct visit_habits *habits,
                  const struct catalogue *catalogue);

#endif
