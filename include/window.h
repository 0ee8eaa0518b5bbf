/* window: how event time is cut into panes, and which panes a window holds.
 *
 * Panes are counted since the epoch. All pane lengths divide one another, so
 * everything is reckoned in *fine* panes, those of the shortest length:
 *
 *     fine panes   | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
 *     tier 1       |     0     |     1     |     2 ...
 *
 * A *tier* is a window in the order of pane length. A counter is kept in the
 * finest tier whose window still needs it, and is merged into the next when
 * that window has passed it by; when no window needs it, it is dropped. */
#ifndef TERKAIT_WINDOW_H
#define TERKAIT_WINDOW_H

#include "err.h"

#include <stdint.h>

enum { WINDOWS_MAX = 8, NAME_BYTES_MAX = 32 };

struct window {
    char name[NAME_BYTES_MAX + 1];
    int64_t length_ms;
    int64_t panes;
};

struct windows {
    uint32_t count;
    struct window at[WINDOWS_MAX];      /* in the order of the settings */
    int64_t fine_ms;                    /* length of a fine pane */
    uint32_t by_tier[WINDOWS_MAX];      /* tier -> index into `at` */
    int64_t fine_per_pane[WINDOWS_MAX]; /* by tier */
    uint32_t longest;                   /* index into `at` */
};

/* Fills the derived fields from `count` and `at`. -1 with the reason when a
 * length is not divisible by its panes, pane lengths do not divide one
 * another, or the longest window has more than WINDOW_SPAN_MAX fine panes. */
int windows_init(struct windows *windows, struct err *err) MUST_CHECK;

#define WINDOW_SPAN_MAX (INT64_C(1) << 23)

static inline int64_t window_fine_pane(const struct windows *windows,
                                       int64_t ts_ms)
{
    return ts_ms / windows->fine_ms; /* event times are never negative */
}

/* What stands in each window while stream time is in one fine pane. A fine
 * pane p is counted in tier k while from[k] <= p < until[k]. The same for a
 * pane q of a tier not coarser than k: q - low[tier][k] < span[tier][k], modulo
 * any power of two that is above the span and no more than 2^32. */
struct horizon {
    int64_t fine_pane; /* that of stream time */
    int64_t from[WINDOWS_MAX];
    int64_t until[WINDOWS_MAX];
    int64_t oldest; /* the lowest `from`: what is older is dropped */
    uint32_t low[WINDOWS_MAX][WINDOWS_MAX];
    uint32_t span[WINDOWS_MAX][WINDOWS_MAX];
};

static inline int horizon_counts(const struct horizon *horizon, uint32_t tier,
                                 int64_t fine_pane)
{
    return fine_pane >= horizon->from[tier] && fine_pane < horizon->until[tier];
}

void window_horizon(struct horizon *horizon, const struct windows *windows,
                    int64_t fine_pane);

/* The finest tier that still needs this fine pane, windows->count when none
 * does. A pane ahead of stream time is needed by all. */
uint32_t window_tier(const struct horizon *horizon,
                     const struct windows *windows, int64_t fine_pane);

#endif
