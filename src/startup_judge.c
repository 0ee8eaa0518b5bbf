#include "startup_judge.h"

#include "err.h"

#include <inttypes.h>

static int64_t origin_of(const struct startup_partition *partition)
{
    return partition->seen_count > 0 ? partition->seen[0].origin : -1;
}

struct reach {
    int64_t low, high; /* of all marks; a missing one is the origin */
    int has_any;
};

static struct reach reach_of(const struct startup_view *view, uint32_t index)
{
    int64_t origin = origin_of(&view->partitions[index]);
    struct reach reach = {INT64_MAX, -1, 0};

    for (uint32_t g = 0; g < view->rules->groups_count; g++) {
        int64_t mark = view->groups[g].marks[index];

        reach.has_any |= mark >= 0;
        if (mark < 0)
            mark = origin;
        reach.low = mark < reach.low ? mark : reach.low;
        reach.high = mark > reach.high ? mark : reach.high;
    }
    return reach;
}

int64_t startup_fitting(const struct startup_view *view, uint32_t index)
{
    const struct startup_partition *partition = &view->partitions[index];
    struct reach reach = reach_of(view, index);

    if (reach.high > partition->log.end)
        return -1;
    for (uint32_t i = 0; i < partition->seen_count; i++) {
        const struct manifest_seen *one = &partition->seen[i];

        if (one->is_whole && one->offset <= reach.low &&
            one->offset >= partition->log.oldest)
            return one->offset;
    }
    return -1;
}

static int is_new(const struct startup_view *view, uint32_t index)
{
    return view->partitions[index].seen_count == 0 &&
           !reach_of(view, index).has_any;
}

static void say_loss(struct err *err, const struct startup_view *view,
                     uint32_t index)
{
    const struct startup_partition *partition = &view->partitions[index];
    const struct keeper_partition *log = &partition->log;
    struct reach reach = reach_of(view, index);
    int64_t gone =
        reach.low >= 0 && log->oldest > reach.low ? log->oldest - reach.low : 0;

    if (is_new(view, index))
        err_set(err,
                "partition %" PRIu32 ": Kafka has the committed offset %" PRId64
                " of this group, but Redis has no state: Redis lost it, or "
                "this prefix is new for this Kafka group (then: --new). "
                "Lost would be what was counted up to there; the topic still "
                "holds the records %" PRId64 " to %" PRId64,
                index, log->committed, log->oldest, log->end);
    else if (reach.high > log->end)
        err_set(err,
                "partition %" PRIu32 ": counted up to offset %" PRId64
                ", but the partition ends at %" PRId64 ": was the topic made "
                "anew? With --accept-loss its %" PRId64 " records are counted "
                "on top of what stands",
                index, reach.high, log->end, log->end - log->oldest);
    else
        err_set(err,
                "partition %" PRIu32 ": counted up to offset %" PRId64
                ", and no snapshot of its sessions fits: %" PRIu32
                " stand, the topic's records begin at %" PRId64
                ". With --accept-loss %" PRId64 " records are never counted, "
                "and sessions open at offset %" PRId64 " begin anew",
                index, reach.low, partition->seen_count, log->oldest, gone,
                log->oldest > reach.low ? log->oldest : reach.low);
}

uint32_t startup_judge(struct startup_view *view, struct err *words)
{
    uint32_t lost = 0;

    for (uint32_t i = 0; i < view->partitions_count; i++) {
        struct startup_partition *partition = &view->partitions[i];

        partition->is_new = is_new(view, i);
        partition->offset = startup_fitting(view, i);
        partition->origin = origin_of(partition);
        partition->is_lost =
            partition->is_new
                ? partition->log.committed >= 0 && !view->rules->is_new
                : partition->offset < 0;
        if (partition->is_lost && lost++ == 0)
            say_loss(words, view, i);
    }
    return lost;
}

int startup_is_doubtful(const struct startup_view *view)
{
    for (uint32_t i = 0; i < view->partitions_count; i++) {
        const struct startup_partition *partition = &view->partitions[i];
        struct reach reach = reach_of(view, i);

        if (partition->is_lost &&
            (reach.high > partition->log.end ||
             (reach.has_any && partition->seen_count == 0)))
            return 1;
    }
    return 0;
}

/* -1: none. */
static int64_t newest_whole(const struct startup_partition *partition)
{
    for (uint32_t i = 0; i < partition->seen_count; i++)
        if (partition->seen[i].is_whole)
            return partition->seen[i].offset;
    return -1;
}

int startup_was_clean(const struct startup_view *view)
{
    for (uint32_t i = 0; i < view->partitions_count; i++) {
        const struct startup_partition *partition = &view->partitions[i];
        struct reach reach = reach_of(view, i);

        if (partition->seen_count > 0 &&
            (reach.low != reach.high || reach.low != newest_whole(partition)))
            return 0;
    }
    return 1;
}

static void plan_partition(const struct startup_view *view,
                           struct startup_partition *partition)
{
    if (partition->is_lost)
        partition->plan = PLAN_LOSS;
    else if (partition->is_new)
        partition->plan = PLAN_NEW;
    else if (view->is_soft)
        partition->plan = PLAN_REWRITE;
    if (partition->is_lost || partition->is_new)
        partition->offset = partition->origin = partition->log.oldest;
}

static void plan_group(const struct startup_view *view,
                       struct startup_group *group)
{
    group->is_to_write = view->is_soft && group->has_fingerprint;
    for (uint32_t i = 0; i < view->partitions_count; i++) {
        const struct startup_partition *partition = &view->partitions[i];
        int64_t *mark = &group->marks[i];

        if (partition->plan != PLAN_LOSS || *mark < 0)
            continue;
        if (*mark < partition->log.oldest || *mark > partition->log.end) {
            *mark = partition->log.oldest;
            group->is_to_write = 1;
        }
    }
}

uint32_t startup_plan(struct startup_view *view)
{
    uint32_t lost = 0;

    for (uint32_t i = 0; i < view->partitions_count; i++) {
        plan_partition(view, &view->partitions[i]);
        lost += view->partitions[i].plan == PLAN_LOSS;
    }
    for (uint32_t g = 0; g < view->rules->groups_count; g++)
        plan_group(view, &view->groups[g]);
    return lost;
}
