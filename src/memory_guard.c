#include "memory_guard.h"

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "memory_bound.h"
#include "resident.h"
#include "shed.h"

#include <malloc.h>
#include <stdlib.h>

enum {
    GIVE_BACK_LEAST = 64 * 1024 * 1024,
    LOOK_US = 100000,
    SLICE_US = 8000,
    SLICE_ROWS = 256, /* between two looks at the clock */
    BATCH_LEAST = 16,
    RECORD_BYTES = 16384 /* what one costs, until it is known */
};

struct memory_guard {
    const uint64_t *max; /* borrowed */
    struct memory_bound bound;
    struct shed shed;
    struct engine *engine; /* NULL: no round */
    struct publish *publish;
    struct row_stats before; /* when shedding began */
    uint64_t peak;           /* of bytes in use, since memory was given back */
    int64_t look_us;
    uint64_t resident, in_use; /* at the latest look */
    uint64_t record_bytes;     /* what a record costs: of late the most */
    uint64_t in_use_before;    /* the latest records */
};

static void reset(struct memory_guard *guard)
{
    *guard = (struct memory_guard){
        .max = guard->max,
        .record_bytes = RECORD_BYTES,
    };
}

struct memory_guard *memory_guard_new(const uint64_t *max)
{
    struct memory_guard *guard = mem_new(1, sizeof *guard);

    guard->max = max;
    guard->record_bytes = RECORD_BYTES;
    return guard;
}

void memory_guard_free(struct memory_guard *guard)
{
    free(guard);
}

void memory_guard_begin(struct memory_guard *guard, struct engine *engine,
                        struct publish *publish)
{
    reset(guard);
    guard->engine = engine;
    guard->publish = publish;
}

void memory_guard_end(struct memory_guard *guard)
{
    reset(guard);
}

/* What grows with the input. The allocator could tell all that is in use, but
 * it walks over every free piece for that: a second, where there are many. */
static uint64_t bytes_in_use(const struct memory_guard *guard)
{
    return engine_bytes(guard->engine) + publish_stats(guard->publish)->bytes;
}

/* Resident memory by now: what is in use more than at the latest look may all
 * have come on top. */
static uint64_t resident_now(const struct memory_guard *guard)
{
    uint64_t in_use = bytes_in_use(guard);

    return guard->resident +
           (in_use > guard->in_use ? in_use - guard->in_use : 0);
}

uint32_t memory_guard_batch(const struct memory_guard *guard, uint32_t most)
{
    uint64_t resident, count;

    if (*guard->max == 0 || guard->engine == NULL)
        return most;
    resident = resident_now(guard);
    count = *guard->max > resident
                ? (*guard->max - resident) / 4 / guard->record_bytes
                : 0;
    if (count < BATCH_LEAST)
        return BATCH_LEAST;
    return count < most ? (uint32_t)count : most;
}

void memory_guard_took(struct memory_guard *guard, uint32_t count)
{
    uint64_t in_use = bytes_in_use(guard), cost = 0;

    if (count == 0 || *guard->max == 0)
        return;
    if (in_use > guard->in_use_before)
        cost = (in_use - guard->in_use_before) / count;
    guard->record_bytes -= guard->record_bytes / 8;
    if (cost >= guard->record_bytes)
        guard->record_bytes = cost + 1;
    guard->record_bytes += guard->record_bytes == 0;
}

static void begin_shedding(struct memory_guard *guard, uint64_t bytes,
                           uint64_t resident)
{
    struct groups *groups = engine_groups(guard->engine);

    guard->before = *groups_stats(groups);
    shed_begin(&guard->shed, groups, bytes);
    LOG(LOG_WARN, "memory_short", F_INT("resident", resident),
        F_INT("in_use", bytes_in_use(guard)), F_INT("max", guard->bound.max),
        F_INT("to_shed", bytes),
        F_TEXT("means", "pairs of the longest idle items are given up"));
}

static void end_shedding(const struct memory_guard *guard)
{
    const struct row_stats *now = groups_stats(engine_groups(guard->engine));

    if (guard->shed.is_bare)
        LOG(LOG_WARN, "memory_bare", F_INT("max", guard->bound.max),
            F_TEXT("means", "there are no pairs left to give up"));
    else
        LOG(LOG_WARN, "memory_shed",
            F_INT("rows", now->sheds - guard->before.sheds),
            F_INT("pairs", now->pairs_shed - guard->before.pairs_shed),
            F_INT("bytes", guard->shed.freed));
}

static void work_slice(struct memory_guard *guard)
{
    struct groups *groups = engine_groups(guard->engine);
    int64_t until_us = clock_mono_us() + SLICE_US;

    while (shed_work(&guard->shed, groups, SLICE_ROWS))
        if (clock_mono_us() >= until_us)
            return;
    end_shedding(guard);
}

static void trim(void)
{
    int64_t begun_us = clock_mono_us();

    malloc_trim(0);
    LOG(LOG_INFO, "memory_trimmed",
        F_INT("took_us", clock_mono_us() - begun_us),
        F_INT("resident", resident_bytes()));
}

/* With windows that have passed most of memory may be free; the allocator keeps
 * it until it is told. */
static void give_back(struct memory_guard *guard, int64_t now_us)
{
    uint64_t in_use;

    if (now_us - guard->look_us < LOOK_US)
        return;
    guard->look_us = now_us;
    in_use = bytes_in_use(guard);
    if (in_use > guard->peak)
        guard->peak = in_use;
    if (in_use >= guard->peak / 2 || guard->peak < GIVE_BACK_LEAST)
        return;
    guard->peak = in_use;
    trim();
}

static void look(struct memory_guard *guard, int64_t now_us, int is_loading)
{
    const struct memory_use use = {
        .now_us = now_us,
        .resident = resident_bytes(),
        .in_use = bytes_in_use(guard),
        .is_shedding = guard->shed.phase != SHED_RESTING,
        .is_bare = guard->shed.is_bare,
    };
    struct memory_order order;

    guard->resident = use.resident;
    guard->in_use = use.in_use;
    guard->bound.max = *guard->max - (is_loading ? *guard->max / 4 : 0);
    order = memory_bound_turn(&guard->bound, &use);
    if (order.trim)
        trim();
    if (order.shed > 0)
        begin_shedding(guard, order.shed, use.resident);
}

void memory_guard_turn(struct memory_guard *guard, int64_t now_us,
                       int is_loading)
{
    if (guard->engine == NULL)
        return;
    if (guard->shed.phase != SHED_RESTING)
        work_slice(guard);
    if (*guard->max == 0 && guard->bound.max == 0) {
        give_back(guard, now_us);
        return;
    }
    if (now_us - guard->look_us >= LOOK_US ||
        resident_now(guard) - guard->resident > *guard->max / 64) {
        guard->look_us = now_us;
        look(guard, now_us, is_loading);
    }
    guard->in_use_before = bytes_in_use(guard);
}

int memory_guard_is_holding(const struct memory_guard *guard)
{
    return guard->bound.is_held;
}
