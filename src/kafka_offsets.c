#include "kafka_offsets.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>

void kafka_offsets_deinit(struct kafka_offsets *offsets)
{
    free(offsets->at);
    *offsets = (struct kafka_offsets){0};
}

void kafka_offsets_add(struct kafka_offsets *offsets, int64_t start)
{
    offsets->at =
        mem_resize(offsets->at, offsets->count + 1, sizeof *offsets->at);
    offsets->at[offsets->count++] =
        (struct kafka_offset){.next = start, .end = -1, .committed = -1};
}

static struct kafka_offset *find(const struct kafka_offsets *offsets,
                                 uint32_t partition)
{
    ASSERT(partition < offsets->count);
    return &offsets->at[partition];
}

int64_t kafka_offsets_position(const struct kafka_offsets *offsets,
                               uint32_t partition)
{
    const struct kafka_offset *one = find(offsets, partition);

    return one->next > one->end ? one->next : one->end;
}

int kafka_offsets_take(struct kafka_offsets *offsets, uint32_t partition,
                       int64_t offset)
{
    struct kafka_offset *one = find(offsets, partition);

    if (offset < one->next)
        return 0;
    one->next = offset + 1;
    if (one->is_at_end)
        offsets->at_end--;
    one->is_at_end = 0;
    return 1;
}

void kafka_offsets_reach_end(struct kafka_offsets *offsets, uint32_t partition,
                             int64_t offset)
{
    struct kafka_offset *one = find(offsets, partition);

    if (offset < kafka_offsets_position(offsets, partition))
        return;
    one->end = offset;
    if (!one->is_at_end)
        offsets->at_end++;
    one->is_at_end = 1;
}

int kafka_offsets_are_at_end(const struct kafka_offsets *offsets)
{
    return offsets->at_end == offsets->count;
}

int64_t kafka_offsets_lag(const struct kafka_offsets *offsets,
                          uint32_t partition, int64_t oldest, int64_t end)
{
    int64_t from = kafka_offsets_position(offsets, partition);

    if (from < 0)
        from = oldest;
    if (from < 0 || end < 0)
        return -1;
    return end > from ? end - from : 0;
}
