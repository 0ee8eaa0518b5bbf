/* pace: how fast durable state is written.
 *
 * Packing rows takes its time from counting. So what was packed is followed by
 * a pause, as long as it would have taken at 2 MB a second, some twelfth of a
 * core. Where little changes nothing of that is seen. Where much changes groups
 * wait for their turn longer than the interval; but whatever there is is
 * written in `stretch_us`, so the pace rises with the size of all of it. */
#ifndef TERKAIT_PACE_H
#define TERKAIT_PACE_H

#include <stdint.h>

enum {
    PACE_BYTES_PER_US = 2,
    PACE_BURST_US = 20000 /* that nobody waits for */
};

struct pace {
    int64_t stretch_us;
    uint64_t all_bytes; /* of all that is written in that time */
    int64_t until_us;   /* what was written keeps to the pace until then */
};

void pace_init(struct pace *pace, int64_t stretch_us);

static inline int pace_allows(const struct pace *pace, int64_t now_us)
{
    return pace->until_us <= now_us + PACE_BURST_US;
}

void pace_note(struct pace *pace, int64_t now_us, uint64_t bytes);

#endif
