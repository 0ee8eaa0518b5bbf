#include "window.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t pane_ms(const struct windows *windows, uint32_t tier)
{
    const struct window *window = &windows->at[windows->by_tier[tier]];

    return window->length_ms / window->panes;
}

static int check_one(const struct window *window, struct err *err)
{
    if (window->panes <= 0 || window->length_ms <= 0 ||
        window->length_ms % window->panes != 0)
        return err_set(err,
                       "window \"%s\": its length (%lld ms) must be divisible "
                       "by its panes (%lld)",
                       window->name, (long long)window->length_ms,
                       (long long)window->panes);
    return 0;
}

/* Stable, by pane length; a handful of windows. */
static void sort_tiers(struct windows *windows)
{
    for (uint32_t i = 0; i < windows->count; i++) {
        uint32_t at = i;

        windows->by_tier[i] = i;
        while (at > 0 && pane_ms(windows, at - 1) > pane_ms(windows, at)) {
            windows->by_tier[at] = windows->by_tier[at - 1];
            windows->by_tier[--at] = i;
        }
    }
}

static int check_divisible(const struct windows *windows, struct err *err)
{
    for (uint32_t tier = 1; tier < windows->count; tier++) {
        int64_t fine = pane_ms(windows, tier - 1);
        int64_t coarse = pane_ms(windows, tier);

        if (coarse % fine != 0)
            return err_set(
                err,
                "pane lengths must divide one another: window \"%s\" has "
                "panes of %lld ms, window \"%s\" of %lld ms",
                windows->at[windows->by_tier[tier - 1]].name, (long long)fine,
                windows->at[windows->by_tier[tier]].name, (long long)coarse);
    }
    return 0;
}

int windows_init(struct windows *windows, struct err *err)
{
    ASSERT(windows->count <= WINDOWS_MAX);
    if (windows->count == 0)
        return err_set(err, "at least one window is needed");
    windows->longest = 0;
    for (uint32_t i = 0; i < windows->count; i++) {
        if (check_one(&windows->at[i], err) < 0)
            return -1;
        if (windows->at[i].length_ms > windows->at[windows->longest].length_ms)
            windows->longest = i;
    }
    sort_tiers(windows);
    if (check_divisible(windows, err) < 0)
        return -1;
    windows->fine_ms = pane_ms(windows, 0);
    for (uint32_t tier = 0; tier < windows->count; tier++)
        windows->fine_per_pane[tier] =
            pane_ms(windows, tier) / windows->fine_ms;
    if (windows->at[windows->longest].length_ms / windows->fine_ms >
        WINDOW_SPAN_MAX)
        return err_set(err,
                       "window \"%s\" is more than %lld times as long as the "
                       "shortest pane (%lld ms)",
                       windows->at[windows->longest].name,
                       (long long)WINDOW_SPAN_MAX, (long long)windows->fine_ms);
    return 0;
}

/* What tier `k` counts, in panes of each tier that is not coarser. */
static void count_in_panes(struct horizon *horizon,
                           const struct windows *windows, uint32_t k)
{
    for (uint32_t tier = 0; tier <= k; tier++) {
        int64_t ratio = windows->fine_per_pane[tier];
        int64_t low = horizon->from[k] / ratio; /* without remainder */

        horizon->low[tier][k] = (uint32_t)low;
        horizon->span[tier][k] =
            (uint32_t)((horizon->until[k] - horizon->from[k]) / ratio);
    }
}

void window_horizon(struct horizon *horizon, const struct windows *windows,
                    int64_t fine_pane)
{
    horizon->fine_pane = fine_pane;
    horizon->oldest = INT64_MAX;
    for (uint32_t tier = 0; tier < windows->count; tier++) {
        int64_t ratio = windows->fine_per_pane[tier];
        int64_t newest = floor_div(fine_pane, ratio);
        int64_t panes = windows->at[windows->by_tier[tier]].panes;

        horizon->from[tier] = (newest - panes + 1) * ratio;
        horizon->until[tier] = (newest + 1) * ratio;
        if (horizon->from[tier] < horizon->oldest)
            horizon->oldest = horizon->from[tier];
        count_in_panes(horizon, windows, tier);
    }
}

uint32_t window_tier(const struct horizon *horizon,
                     const struct windows *windows, int64_t fine_pane)
{
    uint32_t tier = 0;

    while (tier < windows->count && fine_pane < horizon->from[tier])
        tier++;
    return tier;
}
