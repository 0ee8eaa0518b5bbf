#include "simulate_crowd.h"

#include "mem.h"

#include "unit.h"

enum { VISITS = 50000 };

struct fixture {
    struct rng rng;
    struct catalogue *catalogue;
    struct crowd *crowd;
};

static void fixture_init(struct fixture *fixture, double bots, uint32_t tenants)
{
    struct catalogue_rules rules = {120, 10, tenants, 0.5};
    struct visit_habits habits = {.buyers = rng_share(1),
                                  .cart = rng_share(0.2),
                                  .bots = rng_share(bots)};

    rng_init(&fixture->rng, 3);
    fixture->catalogue = catalogue_new(&fixture->rng, &rules);
    fixture->crowd =
        crowd_new(&habits, tenants, &fixture->rng, fixture->catalogue);
}

static void fixture_deinit(struct fixture *fixture)
{
    crowd_free(fixture->crowd);
    catalogue_free(fixture->catalogue);
}

/* Every visit begins with a view, and acts for 25 times the rate are spread
 * over as many visits at once. */
static void test_visits_are_told_from_their_beginning(void **state)
{
    uint8_t *seen = mem_new(VISITS, 1);
    struct fixture fixture;
    uint64_t newest = 0;

    (void)state;
    fixture_init(&fixture, 0, 0);
    for (int i = 0; i < 40000; i++) {
        struct visit visit;

        crowd_fill(fixture.crowd, 4);
        crowd_act(fixture.crowd, &visit);
        assert_in_range(visit.number, 1, VISITS - 1);
        if (!seen[visit.number])
            assert_int_equal(visit.action, VISIT_VIEW);
        seen[visit.number] = 1;
        if (visit.number > newest)
            newest = visit.number;
        assert_int_equal(visit.tenant, 0);
    }
    for (uint64_t i = 1; i + 1000 < newest; i++)
        assert_true(seen[i]);
    fixture_deinit(&fixture);
    free(seen);
}

static void test_as_many_visit_at_once_as_the_rate_needs(void **state)
{
    struct fixture fixture;
    uint8_t seen[8000] = {0};
    uint32_t first = 0;

    (void)state;
    fixture_init(&fixture, 0, 0);
    crowd_fill(fixture.crowd, 200);
    for (int i = 0; i < 1000; i++) {
        struct visit visit;

        crowd_act(fixture.crowd, &visit);
        assert_in_range(visit.number, 1, 200 * CROWD_ACT_EVERY_S);
        first += !seen[visit.number];
        seen[visit.number] = 1;
    }
    /* 1,000 draws out of 5,000. */
    assert_in_range(first, 860, 960);
    fixture_deinit(&fixture);
}

/* Half of the visits are bots': 20 of 21 acts. */
static void test_bots_are_in_haste(void **state)
{
    struct fixture fixture;
    uint32_t bots = 0;

    (void)state;
    fixture_init(&fixture, 0.5, 0);
    crowd_fill(fixture.crowd, 10000);
    for (int i = 0; i < 10000; i++) {
        struct visit visit;

        crowd_act(fixture.crowd, &visit);
        bots += (uint32_t)visit_is_bot(&visit);
    }
    assert_in_range(bots, 9400, 9650);
    fixture_deinit(&fixture);
}

static void test_visitors_return_and_tenants_share_the_visits(void **state)
{
    uint8_t *visitors = mem_new(VISITS, 1);
    uint32_t visits = 0, first = 0, tenants[3] = {0};
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, 0, 3);
    for (uint64_t newest = 0; visits < 10000;) {
        struct visit visit;

        crowd_fill(fixture.crowd, 0.01);
        crowd_act(fixture.crowd, &visit);
        assert_true(visit.tenant < 3);
        if (visit.number == newest)
            continue;
        newest = visit.number;
        visits++;
        tenants[visit.tenant]++;
        assert_true(visit.visitor < VISITS);
        first += !visitors[visit.visitor];
        visitors[visit.visitor] = 1;
    }
    assert_in_range(first, 8350, 8650);
    for (int i = 0; i < 3; i++)
        assert_in_range(tenants[i], 3150, 3520);
    fixture_deinit(&fixture);
    free(visitors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visits_are_told_from_their_beginning),
        cmocka_unit_test(test_as_many_visit_at_once_as_the_rate_needs),
        cmocka_unit_test(test_bots_are_in_haste),
        cmocka_unit_test(test_visitors_return_and_tenants_share_the_visits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
