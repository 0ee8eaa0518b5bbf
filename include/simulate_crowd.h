/* simulate_crowd: the visits under way at the simulated marketplace, people and
 * bots, and the draw of who acts next. */
#ifndef TERKAIT_SIMULATE_CROWD_H
#define TERKAIT_SIMULATE_CROWD_H

#include "simulate_catalogue.h"
#include "simulate_visit.h"

#include <stdint.h>

/* A person acts every 25 seconds, a bot 20 times as often. */
enum { CROWD_ACT_EVERY_S = 25, CROWD_BOT_HASTE = 20, CROWD_MAX = 1 << 22 };

struct crowd;

/* Borrows the last two for its life; copies the habits. */
struct crowd *crowd_new(const struct visit_habits *habits, uint32_t tenants,
                        struct rng *rng, const struct catalogue *catalogue);
void crowd_free(struct crowd *crowd);

/* Lets visits begin until there are enough for so many acts a second, one at
 * least and CROWD_MAX at most. Sends nobody away. */
void crowd_fill(struct crowd *crowd, double acts_a_second);

/* Draws who acts. `out` is the visit with the action to carry out, as it stood
 * before it. The crowd must have been filled. */
void crowd_act(struct crowd *crowd, struct visit *out);

#endif
