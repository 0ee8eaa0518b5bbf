/* freshness: how long after its record a list stands in Redis. A sample.
 *
 *     record's stamp ... row touched ... lists written ... Redis' answer
 *     |<------------------------- measured ------------------------->|
 *
 * Measured for rows whose pairs changed: from the timestamp of the record that
 * changed it first since it was last looked at (so of all that waited, the one
 * that waited longest) to the moment when the main loop learns that Redis has
 * acknowledged the lists written at the next look. Not measured: a look at
 * which nothing was to be written; what is written later because only scores
 * changed (lists.settle), or without an event of the row (lists.sweep).
 *
 * Rows are remembered in a table of fixed size, by their number; a row whose
 * place is taken is not measured. So at rest all are, and under load some. No
 * clock in here. */
#ifndef TERKAIT_FRESHNESS_H
#define TERKAIT_FRESHNESS_H

#include "histogram.h"

#include <stdint.h>

enum { FRESHNESS_ROWS = 1024 };

struct freshness;

struct freshness *freshness_new(void);
void freshness_free(struct freshness *freshness);

/* Everything under way is forgotten: another engine, or Redis was lost. */
void freshness_forget(struct freshness *freshness);

/* The stamp of records taken from now on; EVENT_NO_STAMP: not measured. */
void freshness_stamp(struct freshness *freshness, int64_t stamp_ms);

/* The publisher found that pairs of the row changed; it has looked at the row,
 * and wrote that many lists. `freshness` may be NULL. */
void freshness_touch(struct freshness *freshness, uint32_t item);
void freshness_look(struct freshness *freshness, uint32_t item,
                    uint64_t written);

/* All that was written is among the first `sent` commands; so many have been
 * answered, it is `wall_ms`: notes what that acknowledges, in us. */
void freshness_flush(struct freshness *freshness, uint64_t sent);
void freshness_acknowledge(struct freshness *freshness, uint64_t answered,
                           int64_t wall_ms, int64_t now_us);

const struct recent *freshness_spread(struct freshness *freshness,
                                      int64_t now_us);

#endif
