#include "histogram.h"

#include "err.h"

enum { LINEAR = 10, A_DECADE = 90, DECADES = 8 };

#define RECENT_US INT64_C(10000000)

/* The first bucket whose top is not below the value. */
static uint32_t bucket_of(int64_t value)
{
    uint32_t decade = 0;
    int64_t scale = 1, digits;

    if (value < LINEAR)
        return value > 0 ? (uint32_t)value : 0;
    for (; decade < DECADES - 1 && value > 99 * scale; decade++)
        scale *= 10;
    digits = value > 99 * scale ? 99 : (value + scale - 1) / scale;
    return LINEAR + A_DECADE * decade + (uint32_t)(digits - LINEAR);
}

static int64_t top_of(uint32_t bucket)
{
    int64_t top = bucket;

    if (bucket < LINEAR)
        return top;
    top = LINEAR + (bucket - LINEAR) % A_DECADE;
    for (uint32_t i = 0; i < (bucket - LINEAR) / A_DECADE; i++)
        top *= 10;
    return top;
}

void histogram_note(struct histogram *histogram, int64_t value)
{
    if (value < 0)
        value = 0;
    histogram->count++;
    histogram->sum += (uint64_t)value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->buckets[bucket_of(value)]++;
}

int64_t histogram_quantile(const struct histogram *histogram, double part)
{
    double wanted = part * (double)histogram->count;
    uint64_t seen = 0;

    ASSERT(part >= 0 && part <= 1);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
        seen += histogram->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return top_of(i) < histogram->max ? top_of(i) : histogram->max;
    }
    return histogram->max;
}

uint64_t histogram_until(const struct histogram *histogram, int64_t top)
{
    uint32_t last = bucket_of(top);
    uint64_t sum = 0;

    ASSERT(top_of(last) == top);
    for (uint32_t i = 0; i <= last; i++)
        sum += histogram->buckets[i];
    return sum;
}

void histogram_add(struct histogram *sum, const struct histogram *more)
{
    sum->count += more->count;
    sum->sum += more->sum;
    if (more->max > sum->max)
        sum->max = more->max;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum->buckets[i] += more->buckets[i];
}

void recent_turn(struct recent *recent, int64_t now_us)
{
    int64_t age_us = now_us - recent->turned_us;

    if (age_us < RECENT_US)
        return;
    recent->before =
        age_us < 2 * RECENT_US ? recent->now : (struct histogram){0};
    recent->now = (struct histogram){0};
    recent->turned_us = now_us;
}

void recent_note(struct recent *recent, int64_t value, int64_t now_us)
{
    recent_turn(recent, now_us);
    histogram_note(&recent->now, value);
    histogram_note(&recent->all, value);
}

struct histogram recent_sum(const struct recent *recent)
{
    struct histogram sum = recent->before;

    histogram_add(&sum, &recent->now);
    return sum;
}
