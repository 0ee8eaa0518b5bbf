#include "memory_bound.h"

/* Of the bound, in thousandths. */
enum {
    EASY = 850,
    NEAR = 900,
    HOLD = 960,
    LAST = 985,
    SHED = 100,   /* at once */
    CREEP = 15,   /* of resident memory, between two lowerings */
    LOWERING = 30 /* of the ceiling */
};

static uint64_t part(const struct memory_bound *bound, uint64_t thousandths)
{
    return bound->max / 1000 * thousandths;
}

static uint64_t less(uint64_t from, uint64_t by)
{
    return from > by ? from - by : 0;
}

static void judge_hold(struct memory_bound *bound, const struct memory_use *use)
{
    if (use->resident >= part(bound, LAST))
        bound->is_last = 1;
    else if (use->resident < part(bound, HOLD))
        bound->is_last = 0;
    bound->is_held = bound->is_last ||
                     (use->is_shedding && use->resident >= part(bound, HOLD));
}

static int is_trim_due(const struct memory_bound *bound,
                       const struct memory_use *use)
{
    int64_t pause_us = use->is_bare ? MEMORY_BARE_TRIM_US : MEMORY_TRIM_US;

    return bound->is_last && (bound->trimmed_us == 0 ||
                              use->now_us - bound->trimmed_us >= pause_us);
}

/* With no pair left, what stands is no measure: half of the room there is
 * becomes theirs. */
static void raise(struct memory_bound *bound, const struct memory_use *use)
{
    bound->ceiling =
        use->in_use + less(part(bound, HOLD), use->resident) / 2 + 1;
    bound->step = use->resident + part(bound, CREEP);
}

/* Returns 1 when something must go, whatever is in use. */
static int judge_ceiling(struct memory_bound *bound,
                         const struct memory_use *use)
{
    int is_new = bound->ceiling == 0;

    if (use->resident < (is_new ? part(bound, NEAR) : bound->step))
        return 0;
    bound->ceiling =
        is_new ? use->in_use : less(bound->ceiling, part(bound, LOWERING)) + 1;
    bound->step = use->resident + part(bound, CREEP);
    return use->resident >= part(bound, HOLD);
}

struct memory_order memory_bound_turn(struct memory_bound *bound,
                                      const struct memory_use *use)
{
    const struct memory_order nothing = {0, 0};
    uint64_t kept;
    int is_due;

    if (bound->max == 0 || use->resident < part(bound, EASY)) {
        *bound = (struct memory_bound){.max = bound->max};
        return nothing;
    }
    judge_hold(bound, use);
    if (use->is_shedding)
        return nothing;
    if (is_trim_due(bound, use)) {
        bound->trimmed_us = use->now_us;
        bound->step = 0; /* what it did not help calls for more */
        return (struct memory_order){0, 1};
    }
    if (use->is_bare && use->now_us - bound->shed_us < MEMORY_BARE_US)
        return nothing;
    if (use->is_bare && !bound->is_last && bound->ceiling <= use->in_use)
        raise(bound, use);
    is_due = judge_ceiling(bound, use);
    if (bound->ceiling == 0 || (!is_due && use->in_use < bound->ceiling))
        return nothing;
    bound->shed_us = use->now_us;
    kept = bound->ceiling < use->in_use ? bound->ceiling : use->in_use;
    return (struct memory_order){use->in_use - less(kept, part(bound, SHED)),
                                 0};
}
