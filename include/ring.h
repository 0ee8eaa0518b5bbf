/* ring: a queue of (item, due time) that grows. First in, first out. */
#ifndef TERKAIT_RING_H
#define TERKAIT_RING_H

#include <stdint.h>

struct ring_entry {
    int64_t due_us;
    uint32_t item;
};

struct ring {
    struct ring_entry *at; /* owned */
    uint32_t capacity;     /* a power of two, or 0 */
    uint32_t first;
    uint32_t count;
};

void ring_init(struct ring *ring);
void ring_deinit(struct ring *ring);
void ring_push(struct ring *ring, struct ring_entry entry);

/* The oldest entry; there must be one. */
const struct ring_entry *ring_first(const struct ring *ring);
void ring_pop(struct ring *ring);

/* The item of the entry that is `ahead` behind the oldest; 0: there is none. */
static inline uint32_t ring_ahead(const struct ring *ring, uint32_t ahead)
{
    return ahead < ring->count
               ? ring->at[(ring->first + ahead) & (ring->capacity - 1)].item
               : 0;
}

#endif
