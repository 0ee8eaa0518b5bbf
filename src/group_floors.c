#include "group_floors.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>

void group_floors_init(struct group_floors *floors, uint32_t groups)
{
    *floors = (struct group_floors){.groups = groups};
}

void group_floors_deinit(struct group_floors *floors)
{
    for (uint32_t i = 0; i < floors->count; i++)
        free(floors->partitions[i].at);
    free(floors->partitions);
    group_floors_init(floors, floors->groups);
}

static struct partition_floors *grow(struct group_floors *floors,
                                     uint32_t partition)
{
    if (partition >= floors->count)
        floors->partitions = mem_resize(floors->partitions, partition + 1,
                                        sizeof *floors->partitions);
    while (floors->count <= partition)
        floors->partitions[floors->count++] =
            (struct partition_floors){.highest = -1};
    return &floors->partitions[partition];
}

void group_floors_set(struct group_floors *floors, uint32_t group,
                      uint32_t partition, int64_t offset)
{
    struct partition_floors *one = grow(floors, partition);

    ASSERT(group < floors->groups);
    if (one->at == NULL) {
        one->at = mem_new(floors->groups, sizeof *one->at);
        for (uint32_t i = 0; i < floors->groups; i++)
            one->at[i] = -1;
    }
    one->at[group] = offset;
    if (offset > one->highest)
        one->highest = offset;
}

int64_t group_floors_get(const struct group_floors *floors, uint32_t group,
                         uint32_t partition)
{
    ASSERT(group < floors->groups);
    if (partition >= floors->count || floors->partitions[partition].at == NULL)
        return -1;
    return floors->partitions[partition].at[group];
}
