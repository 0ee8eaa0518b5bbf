#include "simulate_visit.h"

#include "unit.h"

enum { ITEMS = 240, VISITS = 20000 };

static struct catalogue *catalogue;
static struct rng rng;

static int setup(void **state)
{
    struct catalogue_rules rules = {ITEMS, 10, 0, 0.5};

    (void)state;
    rng_init(&rng, 11);
    catalogue = catalogue_new(&rng, &rules);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    catalogue_free(catalogue);
    return 0;
}

static struct visit_habits usual(void)
{
    return (struct visit_habits){
        .buyers = rng_share(0.6),
        .cart = rng_share(0.3),
        .remove = rng_share(0.25),
        .purchase = rng_share(0.5),
        .multi = rng_share(0.5),
        .session_ids = rng_share(0.3),
        .text_times = rng_share(0.2),
        .second_times = rng_share(0.1),
    };
}

struct tally {
    uint32_t views, carts, removals, purchases, orders;
    uint32_t checked_out, with_cart; /* visits that left with a cart */
    uint32_t most_views;
};

static int find(const uint32_t *cart, uint32_t count, uint32_t item)
{
    for (uint32_t i = 0; i < count; i++)
        if (cart[i] == item)
            return (int)i;
    return -1;
}

/* One visit, with a cart of our own beside it. */
static void follow(struct tally *tally, const struct visit_habits *habits)
{
    struct visit visit = {0};
    uint32_t cart[VISIT_CART_MAX + 1], count = 0, views = 0, seen = ITEMS;
    int place, has_bought = 0;

    visit_begin(&visit, &rng, habits, catalogue);
    assert_int_equal(visit.action, VISIT_VIEW);
    do {
        assert_true(visit.item < ITEMS);
        place = find(cart, count, visit.item);
        switch ((enum visit_action)visit.action) {
        case VISIT_VIEW:
            assert_false(has_bought);
            seen = visit.item;
            views++;
            break;
        case VISIT_CART:
            assert_int_equal(visit.item, seen);
            assert_int_equal(place, -1);
            cart[count++] = visit.item;
            assert_true(count <= VISIT_CART_MAX);
            tally->carts++;
            break;
        case VISIT_REMOVE:
            assert_true(place >= 0);
            cart[place] = cart[--count];
            tally->removals++;
            break;
        case VISIT_BUY:
            assert_true(place >= 0);
            cart[place] = cart[--count];
            tally->purchases += !has_bought;
            has_bought = 1;
            break;
        case VISIT_BUY_ALL:
            assert_int_equal(visit.cart_count, count);
            for (uint32_t i = 0; i < count; i++)
                assert_true(find(cart, count, visit.cart[i]) >= 0);
            tally->orders++;
            has_bought = 1;
            count = 0;
            break;
        }
    } while (visit_advance(&visit, &rng, habits, catalogue));
    assert_true(!has_bought || count == 0);
    tally->checked_out += (uint32_t)has_bought;
    tally->with_cart += has_bought || count > 0;
    tally->views += views;
    if (views > tally->most_views)
        tally->most_views = views;
}

static void assert_share(uint32_t part, uint32_t whole, double share)
{
    double seen = (double)part / (double)whole;

    assert_true(seen > share - 0.02 && seen < share + 0.02);
}

static void test_carts_hold_and_shares_are_kept(void **state)
{
    struct visit_habits habits = usual();
    struct tally tally = {0};

    (void)state;
    for (int i = 0; i < VISITS; i++)
        follow(&tally, &habits);
    assert_share(tally.removals, tally.carts, 0.25);
    assert_share(tally.checked_out, tally.with_cart, 0.5);
    assert_share(tally.orders, tally.orders + tally.purchases, 0.5);
    assert_true(tally.views / VISITS >= 4 && tally.views / VISITS <= 7);
    assert_true(tally.most_views > 100);
}

static void test_shares_of_one_and_none(void **state)
{
    struct visit_habits habits = {.buyers = rng_share(1),
                                  .cart = rng_share(1),
                                  .remove = rng_share(1),
                                  .purchase = rng_share(1),
                                  .multi = rng_share(1)};
    struct tally all = {0}, none = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        follow(&all, &habits);
    assert_int_equal(all.removals, all.carts);
    assert_int_equal(all.orders + all.purchases, 0);
    habits = (struct visit_habits){0};
    for (int i = 0; i < 1000; i++)
        follow(&none, &habits);
    assert_int_equal(none.carts, 0);
}

static void test_bots_look_long_and_buy_nothing(void **state)
{
    struct visit_habits habits = usual();
    uint32_t views = 0;

    (void)state;
    habits.bots = rng_share(1);
    for (int i = 0; i < 200; i++) {
        struct visit visit = {0};

        visit_begin(&visit, &rng, &habits, catalogue);
        assert_true(visit_is_bot(&visit));
        do {
            assert_int_equal(visit.action, VISIT_VIEW);
            views++;
        } while (visit_advance(&visit, &rng, &habits, catalogue));
    }
    assert_in_range(views / 200, 150, 250);
}

static int are_partners(uint32_t item, uint32_t other)
{
    uint32_t partners[CATALOGUE_PARTNERS_MAX];
    uint32_t count = catalogue_partners(catalogue, partners, item);

    return find(partners, count, other) >= 0;
}

/* 72 of 100 steps go to a partner of the item that was wandered to before. */
static void test_people_wander_among_partners(void **state)
{
    struct visit_habits habits = {0};
    uint32_t steps = 0, to_partners = 0;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct visit visit = {0};
        uint32_t anchor;

        visit_begin(&visit, &rng, &habits, catalogue);
        anchor = visit.anchor;
        while (visit_advance(&visit, &rng, &habits, catalogue)) {
            steps++;
            to_partners +=
                visit.anchor == visit.item && are_partners(anchor, visit.item);
            anchor = visit.anchor;
        }
    }
    assert_share(to_partners, steps, 0.725);
}

static void test_times_and_session_ids_have_their_shares(void **state)
{
    struct visit_habits habits = usual();
    uint32_t times[3] = {0}, with_id = 0;

    (void)state;
    for (int i = 0; i < VISITS; i++) {
        struct visit visit = {0};

        visit_begin(&visit, &rng, &habits, catalogue);
        times[visit.time]++;
        with_id += visit.has_session_id;
    }
    assert_share(times[VISIT_TIME_TEXT], VISITS, 0.2);
    assert_share(times[VISIT_TIME_SECONDS], VISITS, 0.1);
    assert_share(with_id, VISITS, 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carts_hold_and_shares_are_kept),
        cmocka_unit_test(test_shares_of_one_and_none),
        cmocka_unit_test(test_bots_look_long_and_buy_nothing),
        cmocka_unit_test(test_people_wander_among_partners),
        cmocka_unit_test(test_times_and_session_ids_have_their_shares),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
