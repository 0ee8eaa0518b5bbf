/* hot_items: which items the most events name now. Sampled and fading.
 *
 * Space-saving (Metwally, Agrawal, El Abbadi, "Efficient Computation of
 * Frequent and Top-k Elements in Data Streams", 2005): a fixed number of
 * counters; an item that has none takes over the lowest one, with its count as
 * the error that it may carry:
 *
 *     item   count  error        true count of what was noted:
 *     sku-7    812      3        809 to 812
 *     sku-2    640    112        528 to 640
 *
 * All counts fade by the same part each second, so they stand for about the
 * last half minute; what is divided by fades alike, so rates are right from the
 * first second on. No clock, no chance: a function of what it is told. */
#ifndef TERKAIT_HOT_ITEMS_H
#define TERKAIT_HOT_ITEMS_H

#include "event.h"

#include <stdint.h>

enum { HOT_ITEMS_COUNTERS = 128, HOT_ITEMS_SHOWN = 20 };

struct hot_items;

/* One in `every` events will be noted. */
struct hot_items *hot_items_new(uint32_t every);
void hot_items_free(struct hot_items *hot);

/* An event names these items of the tenant: noted when it is the one in
 * `every`, else passed by. */
void hot_items_take(struct hot_items *hot, const struct event *event);

/* A second has passed; rates are truest right after it. */
void hot_items_fade(struct hot_items *hot);

struct hot_item {
    uint32_t tenant_length, item_length;
    double per_second; /* events that name it: at least, but for the sample */
    char tenant[EVENT_TENANT_BYTES_MAX];
    char item[EVENT_ID_BYTES_MAX];
};

/* The hottest first; those of which it is not even known that they were named
 * again are left out. Returns how many. */
uint32_t hot_items_top(const struct hot_items *hot,
                       struct hot_item top[HOT_ITEMS_SHOWN]);

/* Asserts that each item has one counter, and errors are below counts. */
void hot_items_check(const struct hot_items *hot);

#endif
