#include "hot_items.h"

#include "err.h"
#include "hash.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define KEPT 0.96875 /* of a count, a second later: half in 22 s */

struct counter {
    double count;
    double error;
    uint32_t tenant_length, item_length;
    char tenant[EVENT_TENANT_BYTES_MAX];
    char item[EVENT_ID_BYTES_MAX];
};

struct hot_items {
    uint32_t every;
    uint32_t passed; /* since the latest that was noted */
    uint32_t used;
    double seconds; /* fading as counts do */
    uint64_t hashes[HOT_ITEMS_COUNTERS];
    struct counter counters[HOT_ITEMS_COUNTERS];
};

struct hot_items *hot_items_new(uint32_t every)
{
    struct hot_items *hot = mem_new(1, sizeof *hot);

    ASSERT(every > 0);
    hot->every = every;
    return hot;
}

void hot_items_free(struct hot_items *hot)
{
    free(hot);
}

static int is_of(const struct counter *counter, struct text tenant,
                 struct text item)
{
    return text_compare((struct text){counter->item, counter->item_length},
                        item) == 0 &&
           text_compare((struct text){counter->tenant, counter->tenant_length},
                        tenant) == 0;
}

/* HOT_ITEMS_COUNTERS when it has none. */
static uint32_t find(const struct hot_items *hot, uint64_t hash,
                     struct text tenant, struct text item)
{
    for (uint32_t i = 0; i < hot->used; i++)
        if (hot->hashes[i] == hash && is_of(&hot->counters[i], tenant, item))
            return i;
    return HOT_ITEMS_COUNTERS;
}

static uint32_t find_lowest(const struct hot_items *hot)
{
    uint32_t lowest = 0;

    for (uint32_t i = 1; i < hot->used; i++)
        if (hot->counters[i].count < hot->counters[lowest].count)
            lowest = i;
    return lowest;
}

static uint32_t take_over(struct hot_items *hot, uint64_t hash,
                          struct text tenant, struct text item)
{
    int has_room = hot->used < HOT_ITEMS_COUNTERS;
    uint32_t at = has_room ? hot->used++ : find_lowest(hot);
    struct counter *counter = &hot->counters[at];

    hot->hashes[at] = hash;
    counter->error = counter->count;
    counter->tenant_length = tenant.length;
    counter->item_length = item.length;
    if (tenant.length > 0)
        memcpy(counter->tenant, tenant.bytes, tenant.length);
    memcpy(counter->item, item.bytes, item.length);
    return at;
}

static void note(struct hot_items *hot, struct text tenant, struct text item)
{
    uint64_t hash = hash_bytes(item.bytes, item.length,
                               hash_bytes(tenant.bytes, tenant.length, 0));
    uint32_t at = find(hot, hash, tenant, item);

    if (at == HOT_ITEMS_COUNTERS)
        at = take_over(hot, hash, tenant, item);
    hot->counters[at].count += 1;
}

void hot_items_take(struct hot_items *hot, const struct event *event)
{
    if (++hot->passed < hot->every)
        return;
    hot->passed = 0;
    for (uint32_t i = 0; i < event->items_count; i++)
        note(hot, event->tenant, event->items[i]);
}

void hot_items_fade(struct hot_items *hot)
{
    hot->seconds = (hot->seconds + 1) * KEPT;
    for (uint32_t i = 0; i < hot->used; i++) {
        hot->counters[i].count *= KEPT;
        hot->counters[i].error *= KEPT;
    }
}

/* What was counted for certain. */
static double sure(const struct counter *counter)
{
    return counter->count - counter->error;
}

/* Puts it among those that are there, in falling order of what is sure. */
static uint32_t insert(const struct counter **best, uint32_t count,
                       const struct counter *counter)
{
    uint32_t at = count < HOT_ITEMS_SHOWN ? count : HOT_ITEMS_SHOWN - 1;

    if (count == HOT_ITEMS_SHOWN && sure(best[at]) >= sure(counter))
        return count;
    for (; at > 0 && sure(best[at - 1]) < sure(counter); at--)
        best[at] = best[at - 1];
    best[at] = counter;
    return count < HOT_ITEMS_SHOWN ? count + 1 : count;
}

uint32_t hot_items_top(const struct hot_items *hot,
                       struct hot_item top[HOT_ITEMS_SHOWN])
{
    const struct counter *best[HOT_ITEMS_SHOWN];
    uint32_t count = 0;

    if (hot->seconds <= 0)
        return 0;
    for (uint32_t i = 0; i < hot->used; i++)
        if (sure(&hot->counters[i]) > 1)
            count = insert(best, count, &hot->counters[i]);
    for (uint32_t i = 0; i < count; i++) {
        top[i].per_second = sure(best[i]) * hot->every / hot->seconds;
        top[i].tenant_length = best[i]->tenant_length;
        top[i].item_length = best[i]->item_length;
        memcpy(top[i].tenant, best[i]->tenant, best[i]->tenant_length);
        memcpy(top[i].item, best[i]->item, best[i]->item_length);
    }
    return count;
}

void hot_items_check(const struct hot_items *hot)
{
    ASSERT(hot->used <= HOT_ITEMS_COUNTERS);
    ASSERT(hot->passed < hot->every);
    for (uint32_t i = 0; i < hot->used; i++) {
        const struct counter *one = &hot->counters[i];
        struct text tenant = {one->tenant, one->tenant_length};
        struct text item = {one->item, one->item_length};

        ASSERT(one->error >= 0 && one->error < one->count);
        ASSERT(find(hot, hot->hashes[i], tenant, item) == i);
    }
}
