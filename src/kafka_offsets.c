#include "kafka_offsets.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>

void kafka_offsets_deinit(struct kafka_offsets *offsets)
{
    free(offsets->at);
    *offsets = (struct kafka_offsets){0};
}

static int64_t handed_before(const struct kafka_offsets *offsets,
                             uint32_t partition)
{
    return partition < offsets->known ? offsets->at[partition].handed : 0;
}

void kafka_offsets_begin(struct kafka_offsets *offsets, const int64_t *starts,
                         uint32_t count)
{
    if (count > offsets->known)
        offsets->at = mem_resize(offsets->at, count, sizeof *offsets->at);
    for (uint32_t i = 0; i < count; i++) {
        int64_t handed = handed_before(offsets, i);

        ASSERT(starts[i] >= 0);
        offsets->at[i] = (struct kafka_offset){
            .next = starts[i],
            .end = -1,
            .handed = handed,
            .below = starts[i] < handed ? handed : INT64_MAX,
        };
    }
    offsets->count = count;
    offsets->known = count > offsets->known ? count : offsets->known;
    offsets->at_end = 0;
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

    if (offset < one->next || offset >= one->below)
        return 0;
    one->next = offset + 1;
    one->handed = one->next > one->handed ? one->next : one->handed;
    one->below = INT64_MAX;
    if (one->is_at_end)
        offsets->at_end--;
    one->is_at_end = 0;
    return 1;
}

void kafka_offsets_reach_end(struct kafka_offsets *offsets, uint32_t partition,
                             int64_t offset)
{
    struct kafka_offset *one = find(offsets, partition);

    if (offset < kafka_offsets_position(offsets, partition) ||
        offset >= one->below)
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
                          uint32_t partition, int64_t end)
{
    int64_t from = kafka_offsets_position(offsets, partition);

    if (end < 0)
        return -1;
    return end > from ? end - from : 0;
}
