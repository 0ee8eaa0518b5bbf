#include "ring.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 256 };

void ring_init(struct ring *ring)
{
    *ring = (struct ring){0};
}

void ring_deinit(struct ring *ring)
{
    free(ring->at);
    ring_init(ring);
}

static void resize(struct ring *ring, uint32_t capacity)
{
    struct ring_entry *at = mem_new(capacity, sizeof *at);

    for (uint32_t i = 0; i < ring->count; i++)
        at[i] = ring->at[(ring->first + i) & (ring->capacity - 1)];
    free(ring->at);
    ring->at = at;
    ring->capacity = capacity;
    ring->first = 0;
}

void ring_push(struct ring *ring, struct ring_entry entry)
{
    if (ring->count == ring->capacity)
        resize(ring, ring->capacity > 0 ? 2 * ring->capacity : CAPACITY_MIN);
    ring->at[(ring->first + ring->count++) & (ring->capacity - 1)] = entry;
}

const struct ring_entry *ring_first(const struct ring *ring)
{
    ASSERT(ring->count > 0);
    return &ring->at[ring->first];
}

void ring_pop(struct ring *ring)
{
    ASSERT(ring->count > 0);
    ring->first = (ring->first + 1) & (ring->capacity - 1);
    ring->count--;
}
