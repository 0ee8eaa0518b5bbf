/* group_floors: how far each group has each source partition already.
 *
 * What was loaded of a group holds all records of a partition below an offset,
 * its *floor* there. Records above every floor, which is nearly all, cost one
 * comparison. */
#ifndef TERKAIT_GROUP_FLOORS_H
#define TERKAIT_GROUP_FLOORS_H

#include <stdint.h>

struct partition_floors {
    int64_t highest;
    int64_t *at; /* owned; by group, -1: none. NULL: no group has one */
};

struct group_floors {
    uint32_t groups;
    uint32_t count;                      /* partitions */
    struct partition_floors *partitions; /* owned */
};

void group_floors_init(struct group_floors *floors, uint32_t groups);
void group_floors_deinit(struct group_floors *floors);

void group_floors_set(struct group_floors *floors, uint32_t group,
                      uint32_t partition, int64_t offset);

/* -1 when none was set. */
int64_t group_floors_get(const struct group_floors *floors, uint32_t group,
                         uint32_t partition);

/* 0: no group has the record already. */
static inline int group_floors_reach(const struct group_floors *floors,
                                     uint32_t partition, int64_t offset)
{
    return partition < floors->count &&
           offset < floors->partitions[partition].highest;
}

#endif
