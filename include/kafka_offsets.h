/* kafka_offsets: how far each partition of a topic was read. Pure.
 *
 *     0 ..... handed over .....| next ...... end |
 *
 * `next` is one above the last record handed over. `end` may be further, over
 * what is no record (control records, aborted transactions). Whatever
 * librdkafka's queue still holds of a former assignment is below `next`, or in
 * order, so a filter by offset is all that is needed; but see
 * kafka_offsets_begin. */
#ifndef TERKAIT_KAFKA_OFFSETS_H
#define TERKAIT_KAFKA_OFFSETS_H

#include <stdint.h>

struct kafka_offset {
    int64_t next;   /* offset wanted */
    int64_t end;    /* where its end was when it was reached last, or -1 */
    int is_at_end;  /* and nothing came since */
    int64_t handed; /* one above the highest ever handed over */
    int64_t below;  /* the first to come must be; INT64_MAX: any may be */
};

/* Zero to begin with. */
struct kafka_offsets {
    struct kafka_offset *at; /* owned; by partition */
    uint32_t count;
    uint32_t known; /* partitions ever read; `count` or more */
    uint32_t at_end;
};

void kafka_offsets_deinit(struct kafka_offsets *offsets);

/* Partitions 0 to count - 1 are read from these offsets on, whatever was read
 * before. Where that goes back, a straggler of the reading before is told by
 * its offset: it is above all that was handed over, and the highest of these
 * still exists, so it, or one below, comes first in the new reading. */
void kafka_offsets_begin(struct kafka_offsets *offsets, const int64_t *starts,
                         uint32_t count);

/* Where reading goes on: all below was handed over or is no record. */
int64_t kafka_offsets_position(const struct kafka_offsets *offsets,
                               uint32_t partition);

/* Returns 1 when the record is to be handed over, and counts it as such; 0
 * when it was before, or is a straggler. */
int kafka_offsets_take(struct kafka_offsets *offsets, uint32_t partition,
                       int64_t offset);

/* The end of the partition is at `offset`, and everything below was seen. */
void kafka_offsets_reach_end(struct kafka_offsets *offsets, uint32_t partition,
                             int64_t offset);

int kafka_offsets_are_at_end(const struct kafka_offsets *offsets);

/* Records from the position to the partition's `end`; below 0 when it is not
 * known, and so is the answer: -1. */
int64_t kafka_offsets_lag(const struct kafka_offsets *offsets,
                          uint32_t partition, int64_t end);

#endif
