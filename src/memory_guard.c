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
    LOOK_US = 100000,
    SLICE_US = 8000,
    SLICE_ROWS = 256 /* between two looks at the clock */
};

struct memory_guard {
    const uint64_t *max; /* borrowed */
    struct memory_bound bound;
    struct shed shed;
    struct engine *engine; /* NULL: no round */
    struct publish *publish;
    struct row_stats before; /* when shedding began */
    int64_t look_us;
};

struct memory_guard *memory_guard_new(const uint64_t *max)
{
    struct memory_guard *guard = mem_new(1, sizeof *guard);

    guard->max = max;
    return guard;
}

void memory_guard_free(struct memory_guard *guard)
{
    free(guard);
}

void memory_guard_begin(struct memory_guard *guard, struct engine *engine,
                        struct publish *publish)
{
    *guard = (struct memory_guard){
        .max = guard->max, .engine = engine, .publish = publish};
}

void memory_guard_end(struct memory_guard *guard)
{
    *guard = (struct memory_guard){.max = guard->max};
}

/* What grows with the input. The allocator could tell all that is in use, but
 * it walks over every free piece for that: a second, where there are many. */
static uint64_t bytes_in_use(const struct memory_guard *guard)
{
    return engine_bytes(guard->engine) + publish_stats(guard->publish)->bytes;
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

static void look(struct memory_guard *guard, int64_t now_us)
{
    const struct memory_use use = {
        .now_us = now_us,
        .resident = resident_bytes(),
        .in_use = bytes_in_use(guard),
        .is_shedding = guard->shed.phase != SHED_RESTING,
        .is_bare = guard->shed.is_bare,
    };
    struct memory_order order;

    guard->bound.max = *guard->max;
    order = memory_bound_turn(&guard->bound, &use);
    if (order.trim)
        trim();
    if (order.shed > 0)
        begin_shedding(guard, order.shed, use.resident);
}

void memory_guard_turn(struct memory_guard *guard, int64_t now_us)
{
    if (guard->engine == NULL)
        return;
    if (guard->shed.phase != SHED_RESTING)
        work_slice(guard);
    if (now_us - guard->look_us < LOOK_US)
        return;
    guard->look_us = now_us;
    if (*guard->max != 0 || guard->bound.max != 0)
        look(guard, now_us);
}

int memory_guard_is_holding(const struct memory_guard *guard)
{
    return guard->bound.is_held;
}
