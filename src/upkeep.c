#include "upkeep.h"

#include "log.h"
#include "mem.h"

#include <stdlib.h>

#define DAY_US (INT64_C(24) * 3600 * 1000000)

struct upkeep {
    struct janitor *janitor;
    struct pressure pressure;
    struct upkeep_round round;
    uint64_t full;       /* answers of the store that were seen */
    uint64_t sweeps;     /* leftovers are looked for after so many */
    int64_t leftover_us; /* and not before */
    int64_t now_us;
    int is_cleaning;   /* the janitor looks for leftovers */
    int has_no_counts; /* the publisher was told so */
};

struct upkeep *upkeep_new(struct redis *redis, const struct sink *sink,
                          const char *prefix)
{
    struct upkeep *upkeep = mem_new(1, sizeof *upkeep);

    upkeep->janitor = janitor_new(redis, sink, prefix);
    return upkeep;
}

void upkeep_free(struct upkeep *upkeep)
{
    if (upkeep == NULL)
        return;
    janitor_free(upkeep->janitor);
    free(upkeep);
}

static void set_rules(struct upkeep *upkeep)
{
    struct publish_rules rules = *upkeep->round.rules;

    upkeep->has_no_counts =
        pressure_forbids_counts(&upkeep->pressure, upkeep->now_us);
    if (upkeep->has_no_counts)
        rules.counts_max = 0;
    publish_retune(upkeep->round.publish, &rules);
}

void upkeep_begin(struct upkeep *upkeep, const struct upkeep_round *round)
{
    upkeep->round = *round;
    upkeep->full = 0;
    upkeep->sweeps = 1;
    upkeep->pressure.calm_us = 2 * round->checkpoint_us;
    if (upkeep->has_no_counts)
        set_rules(upkeep);
}

void upkeep_end(struct upkeep *upkeep)
{
    upkeep->round = (struct upkeep_round){0};
}

void upkeep_retune(struct upkeep *upkeep)
{
    set_rules(upkeep);
    upkeep->sweeps = publish_stats(upkeep->round.publish)->sweeps + 1;
    upkeep->leftover_us = 0;
}

/* ---- when Redis is full ---- */

static void say_level(const struct upkeep *upkeep)
{
    enum pressure_level level = upkeep->pressure.level;

    LOG(level == PRESSURE_NONE ? LOG_WARN : LOG_ERROR, "redis_full",
        F_TEXT("means", pressure_means(level)), F_INT("refused", upkeep->full),
        F_INT("removed", janitor_stats(upkeep->janitor)->given_up));
}

static void enter_level(struct upkeep *upkeep, enum pressure_level before)
{
    say_level(upkeep);
    switch (upkeep->pressure.level) {
    case PRESSURE_NONE:
        if (before != PRESSURE_NO_LISTS)
            return;
        janitor_stop(upkeep->janitor);
        publish_forget(upkeep->round.publish);
        return;
    case PRESSURE_PAUSED:
        return;
    case PRESSURE_NO_COUNTS:
        upkeep->is_cleaning = 0;
        janitor_begin(upkeep->janitor, JANITOR_COUNTS);
        return;
    case PRESSURE_NO_LISTS:
        janitor_begin(upkeep->janitor, JANITOR_LISTS);
        return;
    }
}

static void feel_pressure(struct upkeep *upkeep)
{
    uint64_t full = store_redis_stats(upkeep->round.store)->full;
    enum pressure_level before = upkeep->pressure.level;
    int is_full = full != upkeep->full;
    int is_removing = !upkeep->is_cleaning && janitor_is_busy(upkeep->janitor);

    upkeep->full = full;
    if (pressure_turn(&upkeep->pressure, upkeep->now_us, is_full, is_removing))
        enter_level(upkeep, before);
    if (upkeep->has_no_counts !=
        pressure_forbids_counts(&upkeep->pressure, upkeep->now_us))
        set_rules(upkeep);
}

/* ---- what former runs left behind ---- */

/* Only after a sweep is it known what should stand. */
static int may_clean(const struct upkeep *upkeep,
                     const struct upkeep_turn *turn)
{
    return turn->is_counting && !turn->is_behind &&
           upkeep->pressure.level == PRESSURE_NONE &&
           publish_stats(upkeep->round.publish)->sweeps >= upkeep->sweeps;
}

static void work_janitor(struct upkeep *upkeep, const struct upkeep_turn *turn)
{
    struct janitor_turn janitor = {
        .now_us = turn->now_us,
        .engine = upkeep->round.engine,
        .publish = upkeep->round.publish,
        .counts_max =
            upkeep->has_no_counts ? 0 : upkeep->round.rules->counts_max,
    };

    if (!janitor_is_busy(upkeep->janitor))
        upkeep->is_cleaning = 0;
    if (!janitor_is_busy(upkeep->janitor) && may_clean(upkeep, turn) &&
        turn->now_us >= upkeep->leftover_us) {
        upkeep->leftover_us = turn->now_us + DAY_US;
        upkeep->is_cleaning = 1;
        janitor_begin(upkeep->janitor, JANITOR_LEFTOVERS);
    }
    if (!upkeep->is_cleaning || may_clean(upkeep, turn))
        janitor_work(upkeep->janitor, &janitor);
}

void upkeep_work(struct upkeep *upkeep, const struct upkeep_turn *turn)
{
    upkeep->now_us = turn->now_us;
    if (upkeep->round.store == NULL)
        return;
    feel_pressure(upkeep);
    work_janitor(upkeep, turn);
}

int upkeep_may_publish(const struct upkeep *upkeep)
{
    return upkeep->pressure.level == PRESSURE_NONE;
}

enum pressure_level upkeep_pressure(const struct upkeep *upkeep)
{
    return upkeep->pressure.level;
}

const struct janitor_stats *upkeep_janitor(const struct upkeep *upkeep)
{
    return janitor_stats(upkeep->janitor);
}
