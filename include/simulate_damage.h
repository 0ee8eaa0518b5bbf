/* simulate_damage: lines that a good consumer refuses, each for one reason, and
 * those it passes by without harm (ignored, no_consent). */
#ifndef TERKAIT_SIMULATE_DAMAGE_H
#define TERKAIT_SIMULATE_DAMAGE_H

#include "simulate_line.h"

/* How many kinds of damage there are, and what each is to be refused as, with
 * the default settings and a sender's clock that is right. */
uint32_t damage_kinds(void);
enum event_verdict damage_verdict(uint32_t kind);

/* Appends a line for the event's visitor, first item and time, damaged. */
void damage_add_line(struct strbuf *out, const struct line_event *event,
                     const struct catalogue *catalogue, uint32_t kind);

#endif
