/* kafka_offsets: how far each partition of a topic was read. Pure.
 *
 *     0 ..... handed over .....| next ...... end |
 *
 * `next` is one above the last record handed over. `end` may be further, over
 * what is no record (control records, aborted transactions). Whatever
 * librdkafka's queue still holds of a former assignment is below `next`, or in
 * order, so a filter by offset is all that is needed. */
#ifndef TERKAIT_KAFKA_OFFSETS_H
#define TERKAIT_KAFKA_OFFSETS_H

#include <stdint.h>

struct kafka_offset {
    int64_t next;      /* offset wanted; below 0: the oldest there is */
    int64_t end;       /* where its end was when it was reached last, or -1 */
    int is_at_end;     /* and nothing came since */
    int64_t committed; /* acknowledged by the broker; -1: none */
};

/* Zero to begin with. */
struct kafka_offsets {
    struct kafka_offset *at; /* owned; by partition */
    uint32_t count;
    uint32_t at_end;
};

void kafka_offsets_deinit(struct kafka_offsets *offsets);

/* One more partition, to be read from `start`. */
void kafka_offsets_add(struct kafka_offsets *offsets, int64_t start);

/* Where reading goes on: all below was handed over or is no record. */
int64_t kafka_offsets_position(const struct kafka_offsets *offsets,
                               uint32_t partition);

/* Returns 1 when the record is to be handed over, and counts it as such; 0
 * when it was before. */
int kafka_offsets_take(struct kafka_offsets *offsets, uint32_t partition,
                       int64_t offset);

/* The end of the partition is at `offset`, and everything below was seen. */
void kafka_offsets_reach_end(struct kafka_offsets *offsets, uint32_t partition,
                             int64_t offset);

int kafka_offsets_are_at_end(const struct kafka_offsets *offsets);

/* Records from the position to the partition's `end`, its oldest being
 * `oldest`; below 0 each when it is not known, and so is the answer: -1. */
int64_t kafka_offsets_lag(const struct kafka_offsets *offsets,
                          uint32_t partition, int64_t oldest, int64_t end);

#endif
