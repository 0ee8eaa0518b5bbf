#include "freshness.h"

#include "event.h"
#include "mem.h"

#include <stdlib.h>

/* Of a row; item 0: none. */
struct waiting {
    uint32_t item;
    int64_t stamp_ms;
};

/* Written, and not yet acknowledged. */
struct written {
    int64_t stamp_ms;
    uint64_t sent; /* its commands are among so many; 0: not flushed yet */
};

struct freshness {
    int64_t stamp_ms;
    struct waiting rows[FRESHNESS_ROWS]; /* by item, modulo */
    struct written written[FRESHNESS_ROWS];
    uint32_t first, count; /* of `written`, a ring */
    struct recent spread;
};

struct freshness *freshness_new(void)
{
    struct freshness *freshness = mem_new(1, sizeof *freshness);

    freshness->stamp_ms = EVENT_NO_STAMP;
    return freshness;
}

void freshness_free(struct freshness *freshness)
{
    free(freshness);
}

void freshness_forget(struct freshness *freshness)
{
    for (uint32_t i = 0; i < FRESHNESS_ROWS; i++)
        freshness->rows[i].item = 0;
    freshness->count = 0;
}

void freshness_stamp(struct freshness *freshness, int64_t stamp_ms)
{
    freshness->stamp_ms = stamp_ms;
}

void freshness_touch(struct freshness *freshness, uint32_t item)
{
    struct waiting *row;

    if (freshness == NULL || freshness->stamp_ms == EVENT_NO_STAMP)
        return;
    row = &freshness->rows[item % FRESHNESS_ROWS];
    if (row->item == 0)
        *row = (struct waiting){item, freshness->stamp_ms};
}

void freshness_look(struct freshness *freshness, uint32_t item,
                    uint64_t written)
{
    struct waiting *row;

    if (freshness == NULL)
        return;
    row = &freshness->rows[item % FRESHNESS_ROWS];
    if (row->item != item)
        return;
    row->item = 0;
    if (written == 0 || freshness->count == FRESHNESS_ROWS)
        return;
    freshness
        ->written[(freshness->first + freshness->count++) % FRESHNESS_ROWS] =
        (struct written){.stamp_ms = row->stamp_ms};
}

void freshness_flush(struct freshness *freshness, uint64_t sent)
{
    for (uint32_t i = freshness->count; i > 0; i--) {
        struct written *one =
            &freshness->written[(freshness->first + i - 1) % FRESHNESS_ROWS];

        if (one->sent != 0)
            return;
        one->sent = sent;
    }
}

void freshness_acknowledge(struct freshness *freshness, uint64_t answered,
                           int64_t wall_ms, int64_t now_us)
{
    while (freshness->count > 0) {
        const struct written *one = &freshness->written[freshness->first];

        if (one->sent == 0 || one->sent > answered)
            return;
        recent_note(&freshness->spread, (wall_ms - one->stamp_ms) * 1000,
                    now_us);
        freshness->first = (freshness->first + 1) % FRESHNESS_ROWS;
        freshness->count--;
    }
}

const struct recent *freshness_spread(struct freshness *freshness,
                                      int64_t now_us)
{
    recent_turn(&freshness->spread, now_us);
    return &freshness->spread;
}
