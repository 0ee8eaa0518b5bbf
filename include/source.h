/* source: where records come from. Two implementations: Kafka (source_kafka)
 * and files (source_file). */
#ifndef TERKAIT_SOURCE_H
#define TERKAIT_SOURCE_H

#include "err.h"
#include "record.h"

#include <stddef.h>
#include <stdint.h>

enum source_state {
    SOURCE_READING,   /* more may be there at once */
    SOURCE_CAUGHT_UP, /* everything that is known to exist was handed over */
    SOURCE_ENDED      /* there will never be more (files) */
};

struct source {
    void *self;
    /* Records' bytes are the source's, good until its next poll. Fills up to
     * `max` records, waiting at most `timeout_ms` for the first. Returns how
     * many, or -1 when the source cannot go on. */
    int (*poll)(void *self, struct record *out, uint32_t max,
                int64_t timeout_ms, struct err *err);
    enum source_state (*state)(void *self);
    /* Records known to exist and not yet handed over; -1 when not known. */
    int64_t (*lag)(void *self);
    void (*free)(void *self);
};

#endif
