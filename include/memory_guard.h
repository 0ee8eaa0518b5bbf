/* memory_guard: keeps the process below memory.max: looks at its memory ten
 * times a second, sheds pairs in slices of a few ms, says when reading is to
 * wait. */
#ifndef TERKAIT_MEMORY_GUARD_H
#define TERKAIT_MEMORY_GUARD_H

#include "engine.h"
#include "publish.h"

#include <stdint.h>

struct memory_guard;

/* `max`: the setting, in bytes, 0 for none; borrowed, it may change. */
struct memory_guard *memory_guard_new(const uint64_t *max);
void memory_guard_free(struct memory_guard *guard);

/* A round, with an engine of its own; borrows both. */
void memory_guard_begin(struct memory_guard *guard, struct engine *engine,
                        struct publish *publish);
void memory_guard_end(struct memory_guard *guard);

/* How many records to take at once, up to `most`: so many that what the latest
 * have cost would take a quarter of the room there is. And that many were
 * taken. */
uint32_t memory_guard_batch(const struct memory_guard *guard, uint32_t most);
void memory_guard_took(struct memory_guard *guard, uint32_t count);

/* `is_loading`: a quarter of the bound is left for the groups on their way,
 * which are loaded several at once. */
void memory_guard_turn(struct memory_guard *guard, int64_t now_us,
                       int is_loading);

/* Nothing more is to be read, nor loaded, for now. */
int memory_guard_is_holding(const struct memory_guard *guard);

#endif
