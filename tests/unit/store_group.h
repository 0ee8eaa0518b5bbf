/* store_group: checkpoints of one group, for tests. */
#ifndef TERKAIT_STORE_GROUP_H
#define TERKAIT_STORE_GROUP_H

#include "store_world.h"

#define HIGH (UINT64_C(1) << 63)

static const struct store_key group_1 = {STORE_GROUP, 1};
static const struct store_token mine = {HIGH + 5, HIGH + 7};

static const int64_t marks_1[] = {10, -1, INT64_MAX};
static const int64_t marks_2[] = {20, 0, INT64_MAX};
static const int64_t marks_3[] = {30, 0, INT64_MAX, 4};

static inline struct store_id id_of(uint64_t sequence)
{
    return sequence == 0 ? (struct store_id){0, 0}
                         : (struct store_id){mine.owner, HIGH + sequence};
}

static inline struct store_checkpoint delta_of(uint64_t builds_on,
                                               uint64_t sequence,
                                               const int64_t *marks,
                                               uint32_t count, const char *body)
{
    return (struct store_checkpoint){
        .token = mine,
        .builds_on = id_of(builds_on),
        .id = id_of(sequence),
        .marks = {count, marks},
        .time_ms = INT64_C(1718000000123),
        .fingerprint = text_of("finger"),
        .body = text_of(body),
    };
}

/* Token taken, then delta 1, base 2, deltas 3 and 4. */
static inline void put_four(struct world *world)
{
    struct store_checkpoint one = delta_of(0, 1, marks_1, 3, "one");
    struct store_checkpoint two = delta_of(1, 2, marks_1, 3, "two");
    struct store_checkpoint three = delta_of(2, 3, marks_2, 3, "three");
    struct store_checkpoint four = delta_of(3, 4, marks_3, 4, "four");

    two.is_base = 1;
    assert_outcome(take(world, group_1, mine), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &one), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &two), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &three), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &four), STORE_DONE);
}

#endif
