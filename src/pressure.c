#include "pressure.h"

#include "err.h"

static int64_t calm_after_us(const struct pressure *pressure)
{
    int64_t least_us = pressure->level == PRESSURE_NO_LISTS ? PRESSURE_LISTS_US
                                                            : PRESSURE_CALM_US;

    return pressure->calm_us > least_us ? pressure->calm_us : least_us;
}

static enum pressure_level next_level(const struct pressure *pressure,
                                      int64_t now_us, int is_full,
                                      int is_removing)
{
    int is_ripe = is_full && now_us - pressure->level_us >= PRESSURE_STEP_US;

    if (pressure->level != PRESSURE_NONE &&
        now_us - pressure->full_us >= calm_after_us(pressure))
        return PRESSURE_NONE;
    switch (pressure->level) {
    case PRESSURE_NONE:
        return is_full ? PRESSURE_PAUSED : PRESSURE_NONE;
    case PRESSURE_PAUSED:
        return is_ripe ? PRESSURE_NO_COUNTS : PRESSURE_PAUSED;
    case PRESSURE_NO_COUNTS:
        return is_ripe && !is_removing ? PRESSURE_NO_LISTS : PRESSURE_NO_COUNTS;
    case PRESSURE_NO_LISTS:
        return PRESSURE_NO_LISTS;
    }
    ASSERT(!"a level");
    return PRESSURE_NONE;
}

int pressure_turn(struct pressure *pressure, int64_t now_us, int is_full,
                  int is_removing)
{
    enum pressure_level level;

    if (is_full)
        pressure->full_us = now_us;
    level = next_level(pressure, now_us, is_full, is_removing);
    if (level >= PRESSURE_NO_COUNTS)
        pressure->counts_us = now_us + PRESSURE_COUNTS_US;
    if (level == pressure->level)
        return 0;
    pressure->level = level;
    pressure->level_us = now_us;
    return 1;
}

int pressure_forbids_counts(const struct pressure *pressure, int64_t now_us)
{
    return now_us < pressure->counts_us;
}

const char *pressure_means(enum pressure_level level)
{
    switch (level) {
    case PRESSURE_NONE:
        return "lists are written again";
    case PRESSURE_PAUSED:
        return "Redis is full: lists wait, the state goes first";
    case PRESSURE_NO_COUNTS:
        return "Redis is still full: counts are removed to make room";
    case PRESSURE_NO_LISTS:
        return "Redis is still full: lists are removed to make room";
    }
    ASSERT(!"a level");
    return "";
}
