/* arena: memory of one simulated world, all of it freed at once. */
#ifndef TERKAIT_SIM_ARENA_H
#define TERKAIT_SIM_ARENA_H

#include "event.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);
void arena_clear(struct arena *arena); /* what was taken is gone */

void *arena_take(struct arena *arena, size_t bytes); /* zeroed */
void *arena_copy(struct arena *arena, const void *bytes, size_t length);
struct text arena_text(struct arena *arena, struct text text);

int text_equal(struct text left, struct text right);

#endif
