#include "simulate.h"

#include "mem.h"
#include "rng.h"
#include "simulate_catalogue.h"
#include "simulate_crowd.h"
#include "simulate_damage.h"
#include "simulate_held.h"
#include "simulate_line.h"
#include "simulate_visit.h"

#include <stdlib.h>

enum { HELD_MS_MAX = 60000, REPEAT_MS_MAX = 5000 };

#define NS_A_MS UINT64_C(1000000)
#define NS_A_S  1e9

/* Odd, so that no two of 2^40 event ids are alike. */
#define ID_STEP UINT64_C(0x9e3779b97f4a7c15)

/* 2025-12-12 19:00 in Jakarta: an hour before the height of 12.12. The default
 * rate gets there in 72,000 events. */
const struct simulate_rules simulate_defaults = {
    .seed = 1212,
    .events = 100000,
    .items = 2000,
    .sellers = 300,
    .rate = 20,
    .start_ms = INT64_C(1765540800000),
    .peak = 5,
    .peak_after_ms = 3600000,
    .peak_ramp_ms = 600000,
    .zipf = 0.9,
    .share_cart = 0.15,
    .share_remove = 0.2,
    .share_purchase = 0.45,
    .share_bots = 0.001,
    .share_repeats = 0.01,
    .share_disorder = 0.02,
    .share_malformed = 0.001,
    .share_session_ids = 0.3,
    .share_integer_ids = 0.2,
    .share_text_times = 0.15,
    .share_second_times = 0.1,
    .share_multi = 0.6,
};

struct simulate {
    struct simulate_rules rules;
    uint64_t repeats, disorder, malformed, integer_ids; /* rng_share() */
    uint64_t salt; /* makes ids of two seeds differ */
    struct rng rng;
    struct catalogue *catalogue;
    struct crowd *crowd;
    struct held *held;
    uint64_t acts;  /* sound events made; each has an id */
    uint64_t lines; /* handed out */
    uint64_t elapsed_ns;
    char visitor_bytes[LINE_VISITOR_BYTES];
    struct text visitor; /* of the line just made */
    struct strbuf line;
};

static int is_share(double share)
{
    return share >= 0 && share <= 1;
}

static int check_shares(const struct simulate_rules *rules, struct err *err)
{
    const struct {
        const char *name;
        double value;
    } shares[] = {
        {"cart", rules->share_cart},
        {"remove", rules->share_remove},
        {"purchase", rules->share_purchase},
        {"bots", rules->share_bots},
        {"repeats", rules->share_repeats},
        {"malformed", rules->share_malformed},
        {"session ids", rules->share_session_ids},
        {"integer ids", rules->share_integer_ids},
        {"text times", rules->share_text_times},
        {"second times", rules->share_second_times},
        {"multi", rules->share_multi},
        {"text and second times together",
         rules->share_text_times + rules->share_second_times},
    };

    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        if (!is_share(shares[i].value))
            return err_set(err, "the share of %s must be from 0 to 1",
                           shares[i].name);
    if (!is_share(rules->share_disorder / 0.9))
        return err_set(err, "the share of disorder must be from 0 to 0.9");
    return 0;
}

int simulate_rules_check(const struct simulate_rules *rules, struct err *err)
{
    const int64_t far_ms = INT64_C(4102444800000); /* 2100 */

    if (rules->items < 1 || rules->items > CATALOGUE_ITEMS_MAX)
        return err_set(err, "the catalogue must have from 1 to %d items",
                       CATALOGUE_ITEMS_MAX);
    if (rules->sellers < 1 || rules->sellers > CATALOGUE_SELLERS_MAX)
        return err_set(err, "sellers must be from 1 to %d",
                       CATALOGUE_SELLERS_MAX);
    if (rules->tenants > CATALOGUE_TENANTS_MAX)
        return err_set(err, "tenants must be at most %d",
                       CATALOGUE_TENANTS_MAX);
    if (!(rules->rate >= 0.001 && rules->rate <= 1e7))
        return err_set(err, "the rate must be from 0.001 to 10000000 a second");
    if (!(rules->peak >= 1 && rules->peak <= 1000))
        return err_set(err, "the peak must be from 1 to 1000 times the rate");
    if (!(rules->zipf >= 0 && rules->zipf <= 4))
        return err_set(err, "the Zipf exponent must be from 0 to 4");
    if (rules->start_ms < INT64_C(100000000000) || rules->start_ms > far_ms)
        return err_set(err, "the start must lie from 1973 to 2100");
    if (rules->peak_after_ms < 0 || rules->peak_after_ms > far_ms ||
        rules->peak_ramp_ms < 1 || rules->peak_ramp_ms > far_ms)
        return err_set(err, "the campaign's times are out of range");
    return check_shares(rules, err);
}

/* Who buys nothing fills no cart: four visits in ten are a buyer's. */
#define BUYERS 0.4

static struct visit_habits habits_of(const struct simulate_rules *rules)
{
    double buyers = rules->share_cart > BUYERS ? rules->share_cart : BUYERS;

    return (struct visit_habits){
        .buyers = rng_share(buyers),
        .cart = rng_share(rules->share_cart / buyers),
        .remove = rng_share(rules->share_remove),
        .purchase = rng_share(rules->share_purchase),
        .multi = rng_share(rules->share_multi),
        .bots = rng_share(rules->share_bots),
        .session_ids = rng_share(rules->share_session_ids),
        .text_times = rng_share(rules->share_text_times),
        .second_times = rng_share(rules->share_second_times),
    };
}

struct simulate *simulate_new(const struct simulate_rules *rules)
{
    struct simulate *simulate = mem_new(1, sizeof *simulate);
    struct visit_habits habits = habits_of(rules);
    struct catalogue_rules goods = {rules->items, rules->sellers,
                                    rules->tenants, rules->zipf};

    ASSERT(simulate_rules_check(rules, NULL) == 0);
    simulate->rules = *rules;
    simulate->repeats = rng_share(rules->share_repeats);
    simulate->disorder = rng_share(rules->share_disorder);
    simulate->malformed = rng_share(rules->share_malformed);
    simulate->integer_ids = rng_share(rules->share_integer_ids);
    rng_init(&simulate->rng, rules->seed);
    simulate->salt = rng_next(&simulate->rng);
    simulate->catalogue = catalogue_new(&simulate->rng, &goods);
    simulate->crowd =
        crowd_new(&habits, rules->tenants, &simulate->rng, simulate->catalogue);
    simulate->held = held_new();
    return simulate;
}

void simulate_free(struct simulate *simulate)
{
    if (simulate == NULL)
        return;
    held_free(simulate->held);
    crowd_free(simulate->crowd);
    catalogue_free(simulate->catalogue);
    strbuf_deinit(&simulate->line);
    free(simulate);
}

static int64_t elapsed_ms(const struct simulate *simulate)
{
    return (int64_t)(simulate->elapsed_ns / NS_A_MS);
}

/* Lines a second: a straight way up to the campaign's height, and down. */
static double rate_now(const struct simulate *simulate)
{
    const struct simulate_rules *rules = &simulate->rules;
    int64_t away_ms = elapsed_ms(simulate) - rules->peak_after_ms;

    if (away_ms < 0)
        away_ms = -away_ms;
    if (away_ms >= rules->peak_ramp_ms)
        return rules->rate;
    return rules->rate *
           (1 + (rules->peak - 1) * (double)(rules->peak_ramp_ms - away_ms) /
                    (double)rules->peak_ramp_ms);
}

/* Fills in who says it: what any line of this visit has. The key differs by
 * visitor, and by seed. */
static void describe(struct simulate *simulate, struct line_event *event,
                     const struct visit *visit)
{
    uint64_t key = rng_mix(visit->visitor ^ simulate->salt);

    event->ts_ms = simulate->rules.start_ms + elapsed_ms(simulate);
    event->visitor_is_integer = key >> 11 < simulate->integer_ids;
    simulate->visitor.bytes = simulate->visitor_bytes;
    simulate->visitor.length =
        line_write_visitor(simulate->visitor_bytes, visit->visitor,
                           rng_mix(key), event->visitor_is_integer);
    event->visitor = simulate->visitor;
    event->tenant.length = 0;
    if (simulate->rules.tenants > 0)
        event->tenant = catalogue_tenant(simulate->catalogue, visit->tenant);
    event->session = 0;
    if (visit->has_session_id)
        event->session = rng_mix(visit->number ^ simulate->salt);
    event->time = visit->time;
    event->channel = visit->channel;
}

static enum event_type type_of(const struct visit *visit)
{
    switch ((enum visit_action)visit->action) {
    case VISIT_VIEW:
        return EVENT_PAGE_VIEW;
    case VISIT_CART:
        return EVENT_ADD_TO_CART;
    case VISIT_REMOVE:
        return EVENT_REMOVE_FROM_CART;
    case VISIT_BUY:
    case VISIT_BUY_ALL:
        break;
    }
    return EVENT_PURCHASE;
}

static void make_sound_line(struct simulate *simulate)
{
    struct visit visit;
    struct line_event event;

    crowd_act(simulate->crowd, &visit);
    describe(simulate, &event, &visit);
    event.type = type_of(&visit);
    event.id = simulate->salt + ++simulate->acts * ID_STEP;
    event.items = &visit.item;
    event.items_count = 0;
    if (visit.action == VISIT_BUY_ALL) {
        event.items = visit.cart;
        event.items_count = visit.cart_count;
    }
    strbuf_clear(&simulate->line);
    line_add(&simulate->line, &event, simulate->catalogue);
}

/* The visit it is told of does not notice. */
static void make_damaged_line(struct simulate *simulate)
{
    struct visit visit = {0};
    struct line_event event = {0};
    uint32_t item = catalogue_draw(simulate->catalogue, &simulate->rng);

    visit.visitor = rng_below(&simulate->rng, 1000);
    if (simulate->rules.tenants > 0)
        visit.tenant = rng_below(&simulate->rng, simulate->rules.tenants);
    describe(simulate, &event, &visit);
    event.items = &item;
    strbuf_clear(&simulate->line);
    damage_add_line(&simulate->line, &event, simulate->catalogue,
                    rng_below(&simulate->rng, damage_kinds()));
}

static struct text line_text(const struct simulate *simulate)
{
    return (struct text){simulate->line.bytes, (uint32_t)simulate->line.length};
}

/* To be sent within the next `span_ms`. */
static void hold(struct simulate *simulate, uint32_t span_ms)
{
    int64_t due_ms = simulate->rules.start_ms + elapsed_ms(simulate) + 1 +
                     rng_below(&simulate->rng, span_ms);

    held_add(simulate->held, due_ms, simulate->visitor, line_text(simulate));
}

static void make_line(struct simulate *simulate, double rate)
{
    if (rng_chance(&simulate->rng, simulate->malformed)) {
        make_damaged_line(simulate);
        return;
    }
    for (;;) {
        crowd_fill(simulate->crowd, rate);
        make_sound_line(simulate);
        if (!rng_chance(&simulate->rng, simulate->disorder))
            break;
        hold(simulate, HELD_MS_MAX);
    }
    if (rng_chance(&simulate->rng, simulate->repeats))
        hold(simulate, REPEAT_MS_MAX);
}

int simulate_next(struct simulate *simulate, struct text *line,
                  struct text *visitor, int64_t *ts_ms)
{
    double rate = rate_now(simulate);

    if (simulate->lines == simulate->rules.events)
        return 0;
    simulate->lines++;
    *ts_ms = simulate->rules.start_ms + elapsed_ms(simulate);
    if (!held_take(simulate->held, visitor, line, *ts_ms)) {
        make_line(simulate, rate);
        *line = line_text(simulate);
        *visitor = simulate->visitor;
    }
    simulate->elapsed_ns += (uint64_t)(NS_A_S / rate);
    return 1;
}

void simulate_truth(struct simulate *simulate, struct strbuf *out)
{
    catalogue_add_truth(simulate->catalogue, out);
}
