#include "simulate_visit.h"

#include "err.h"

enum patience { PATIENCE_SHORT, PATIENCE_MEDIUM, PATIENCE_LONG, PATIENCE_BOT };

/* Percent. */
enum { MEDIUM_FROM = 70, LONG_FROM = 95 };
enum { WANDER = 72, STAY_IN_THEME = 80, NEW_ANCHOR = 84 };

static enum patience draw_patience(struct rng *rng, uint64_t bots)
{
    uint32_t draw;

    if (rng_chance(rng, bots))
        return PATIENCE_BOT;
    draw = rng_below(rng, 100);
    if (draw < MEDIUM_FROM)
        return PATIENCE_SHORT;
    return draw < LONG_FROM ? PATIENCE_MEDIUM : PATIENCE_LONG;
}

static enum visit_time draw_time(struct rng *rng,
                                 const struct visit_habits *habits)
{
    uint64_t draw = rng_next(rng) >> 11;

    if (draw < habits->text_times)
        return VISIT_TIME_TEXT;
    return draw < habits->text_times + habits->second_times ? VISIT_TIME_SECONDS
                                                            : VISIT_TIME_MS;
}

static int leaves(struct rng *rng, enum patience patience)
{
    static const uint32_t views_mean_x100[] = {275, 800, 3000, 20000};

    return rng_below(rng, views_mean_x100[patience]) < 100;
}

void visit_begin(struct visit *visit, struct rng *rng,
                 const struct visit_habits *habits,
                 const struct catalogue *catalogue)
{
    visit->patience = (uint8_t)draw_patience(rng, habits->bots);
    visit->anchor = catalogue_draw(catalogue, rng);
    visit->item = visit->anchor;
    visit->cart_count = 0;
    visit->regrets = 0;
    visit->action = VISIT_VIEW;
    visit->channel = (uint8_t)rng_below(rng, 256);
    visit->time = (uint8_t)draw_time(rng, habits);
    visit->is_leaving = 0;
    visit->is_buyer = !visit_is_bot(visit) && rng_chance(rng, habits->buyers);
    visit->has_session_id = (uint8_t)rng_chance(rng, habits->session_ids);
}

int visit_is_bot(const struct visit *visit)
{
    return visit->patience == PATIENCE_BOT;
}

static int is_in_cart(const struct visit *visit, uint32_t item)
{
    for (uint32_t i = 0; i < visit->cart_count; i++)
        if (visit->cart[i] == item)
            return 1;
    return 0;
}

static void put_in_cart(struct visit *visit, int is_regretted)
{
    ASSERT(visit->cart_count < VISIT_CART_MAX);
    if (is_regretted)
        visit->regrets |= (uint8_t)(1U << visit->cart_count);
    visit->cart[visit->cart_count++] = visit->item;
}

static void take_from_cart(struct visit *visit, uint32_t place)
{
    uint8_t below = (uint8_t)((1U << place) - 1);

    visit->cart_count--;
    for (uint32_t i = place; i < visit->cart_count; i++)
        visit->cart[i] = visit->cart[i + 1];
    visit->regrets = (uint8_t)((visit->regrets & below) |
                               (visit->regrets >> 1 & (uint8_t)~below));
}

/* What the action just carried out did to the cart. */
static void settle(struct visit *visit, struct rng *rng, uint64_t remove)
{
    if (visit->action == VISIT_CART)
        put_in_cart(visit, rng_chance(rng, remove));
    else if (visit->action == VISIT_BUY)
        take_from_cart(visit, visit->cart_count - 1U);
}

static int remove_regretted(struct visit *visit)
{
    uint32_t place = 0;

    while ((visit->regrets >> place & 1) == 0)
        place++;
    visit->item = visit->cart[place];
    visit->action = VISIT_REMOVE;
    take_from_cart(visit, place);
    return 1;
}

static int buy_last(struct visit *visit)
{
    visit->action = VISIT_BUY;
    visit->item = visit->cart[visit->cart_count - 1];
    return 1;
}

static int check_out(struct visit *visit, struct rng *rng,
                     const struct visit_habits *habits)
{
    if (visit->cart_count == 0 || !rng_chance(rng, habits->purchase))
        return 0;
    if (!rng_chance(rng, habits->multi))
        return buy_last(visit);
    visit->action = VISIT_BUY_ALL;
    return 1;
}

static void look_further(struct visit *visit, struct rng *rng,
                         const struct catalogue *catalogue)
{
    uint32_t draw = rng_below(rng, 100);

    visit->action = VISIT_VIEW;
    if (visit_is_bot(visit)) {
        visit->item = catalogue_draw_any(catalogue, rng);
    } else if (draw < WANDER) {
        visit->anchor = catalogue_draw_partner(catalogue, rng, visit->anchor);
        visit->item = visit->anchor;
    } else if (draw < STAY_IN_THEME) {
        visit->item = catalogue_draw_theme(catalogue, rng, visit->anchor);
    } else {
        visit->item = catalogue_draw(catalogue, rng);
        if (draw < NEW_ANCHOR)
            visit->anchor = visit->item;
    }
}

static int browse(struct visit *visit, struct rng *rng,
                  const struct visit_habits *habits,
                  const struct catalogue *catalogue)
{
    if (visit->action == VISIT_VIEW && visit->is_buyer &&
        visit->cart_count < VISIT_CART_MAX && rng_chance(rng, habits->cart) &&
        !is_in_cart(visit, visit->item)) {
        visit->action = VISIT_CART;
        return 1;
    }
    if (visit->regrets != 0 && visit->action == VISIT_VIEW &&
        rng_below(rng, 2) == 0)
        return remove_regretted(visit);
    visit->is_leaving = (uint8_t)leaves(rng, visit->patience);
    if (!visit->is_leaving)
        look_further(visit, rng, catalogue);
    return !visit->is_leaving;
}

int visit_advance(struct visit *visit, struct rng *rng,
                  const struct visit_habits *habits,
                  const struct catalogue *catalogue)
{
    settle(visit, rng, habits->remove);
    if (visit->action == VISIT_BUY_ALL)
        return 0;
    if (visit->action == VISIT_BUY)
        return visit->cart_count > 0 && buy_last(visit);
    if (!visit->is_leaving && browse(visit, rng, habits, catalogue))
        return 1;
    if (visit->regrets != 0)
        return remove_regretted(visit);
    return check_out(visit, rng, habits);
}
