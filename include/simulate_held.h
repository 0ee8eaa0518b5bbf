/* simulate_held: lines that are sent later than they were made, in the order of
 * the time they are due (a binary heap). */
#ifndef TERKAIT_SIMULATE_HELD_H
#define TERKAIT_SIMULATE_HELD_H

#include "event.h"

#include <stdint.h>

struct held;

struct held *held_new(void);
void held_free(struct held *held);

/* Copies both texts. */
void held_add(struct held *held, int64_t due_ms, struct text visitor,
              struct text line);

/* Takes the line that is due first, of several the one that was added first;
 * 0 when none is due by `now_ms`. Texts are good until the next call. */
int held_take(struct held *held, struct text *visitor, struct text *line,
              int64_t now_ms);

#endif
