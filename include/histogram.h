/* histogram: how often which value came: log-linear buckets, two significant
 * decimal digits.
 *
 *     0 1 2 ... 9 | 10 11 ... 99 | 100 110 ... 990 | 1000 1100 ... 9900 | ...
 *
 * Each number is the top of a bucket, which holds what is above the one before:
 * a quantile is at most 10 % too high, and 50, 100, 250, 1000 are tops
 * everywhere, so the bounds that dashboards like are exact. (Hartmann and
 * Schlossnagle, "Circllhist", 2020, has the same buckets.) */
#ifndef TERKAIT_HISTOGRAM_H
#define TERKAIT_HISTOGRAM_H

#include <stdint.h>

/* Values above the highest top, 990 s in us, are in the last bucket. */
enum { HISTOGRAM_BUCKETS = 10 + 90 * 8 };

/* Zero to begin with; a plain value. */
struct histogram {
    uint64_t count;
    uint64_t sum;
    int64_t max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* A value below 0 is 0. */
void histogram_note(struct histogram *histogram, int64_t value);

/* At least that part (0 to 1) of all values is no higher than the result, the
 * top of a bucket or the highest value; 0 when there are none. */
int64_t histogram_quantile(const struct histogram *histogram, double part);

/* How many values are `top` or below; it is the top of a bucket. */
uint64_t histogram_until(const struct histogram *histogram, int64_t top);

void histogram_add(struct histogram *sum, const struct histogram *more);

/* A histogram of all, and one of the latest 10 to 20 seconds. */
struct recent {
    struct histogram all;
    struct histogram now, before;
    int64_t turned_us;
};

void recent_note(struct recent *recent, int64_t value, int64_t now_us);
void recent_turn(struct recent *recent, int64_t now_us);
struct histogram recent_sum(const struct recent *recent);

#endif
