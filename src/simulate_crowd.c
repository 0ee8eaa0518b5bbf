#include "simulate_crowd.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>

enum { RETURNING_PERCENT = 15 };

struct visits {
    struct visit *at; /* owned; in no order */
    uint32_t count;
    uint32_t capacity;
};

struct crowd {
    struct visit_habits habits;
    uint32_t tenants;
    uint32_t visitors; /* seen so far; stops at its highest number */
    uint64_t begun;
    struct rng *rng;
    const struct catalogue *catalogue;
    struct visits people, bots;
};

struct crowd *crowd_new(const struct visit_habits *habits, uint32_t tenants,
                        struct rng *rng, const struct catalogue *catalogue)
{
    struct crowd *crowd = mem_new(1, sizeof *crowd);

    crowd->habits = *habits;
    crowd->tenants = tenants;
    crowd->rng = rng;
    crowd->catalogue = catalogue;
    return crowd;
}

void crowd_free(struct crowd *crowd)
{
    if (crowd == NULL)
        return;
    free(crowd->people.at);
    free(crowd->bots.at);
    free(crowd);
}

static void visits_add(struct visits *visits, const struct visit *visit)
{
    if (visits->count == visits->capacity) {
        visits->capacity = visits->capacity ? 2 * visits->capacity : 64;
        visits->at =
            mem_resize(visits->at, visits->capacity, sizeof *visits->at);
    }
    visits->at[visits->count++] = *visit;
}

static uint32_t draw_visitor(struct crowd *crowd)
{
    int is_returning = rng_below(crowd->rng, 100) < RETURNING_PERCENT;

    if (crowd->visitors == UINT32_MAX || (is_returning && crowd->visitors > 0))
        return rng_below(crowd->rng, crowd->visitors);
    return crowd->visitors++;
}

static void begin_visit(struct crowd *crowd)
{
    struct visit visit = {0};

    visit.number = ++crowd->begun;
    visit.visitor = draw_visitor(crowd);
    if (crowd->tenants > 0)
        visit.tenant = rng_below(crowd->rng, crowd->tenants);
    visit_begin(&visit, crowd->rng, &crowd->habits, crowd->catalogue);
    visits_add(visit_is_bot(&visit) ? &crowd->bots : &crowd->people, &visit);
}

/* A person stands in the draw once, a bot CROWD_BOT_HASTE times. */
static uint32_t weight(const struct crowd *crowd)
{
    return crowd->people.count + CROWD_BOT_HASTE * crowd->bots.count;
}

void crowd_fill(struct crowd *crowd, double acts_a_second)
{
    double wanted = acts_a_second * CROWD_ACT_EVERY_S;

    if (wanted < 1)
        wanted = 1;
    if (wanted > CROWD_MAX)
        wanted = CROWD_MAX;
    while (weight(crowd) < wanted)
        begin_visit(crowd);
}

void crowd_act(struct crowd *crowd, struct visit *out)
{
    struct visits *visits = &crowd->people;
    uint32_t place = rng_below(crowd->rng, weight(crowd));
    struct visit *visit;

    if (place >= crowd->people.count) {
        visits = &crowd->bots;
        place = (place - crowd->people.count) / CROWD_BOT_HASTE;
    }
    ASSERT(place < visits->count);
    visit = &visits->at[place];
    *out = *visit;
    if (!visit_advance(visit, crowd->rng, &crowd->habits, crowd->catalogue))
        *visit = visits->at[--visits->count];
}
