/* hot_items: against an exact count of the same events. */
#include "hot_items.h"
#include "rng.h"
#include "unit.h"
#include "zipf.h"

#include <math.h>

static void take(struct hot_items *hot, const char *tenant, const char *item)
{
    struct event event = {.tenant = text_of(tenant), .items_count = 1};

    event.items[0] = text_of(item);
    hot_items_take(hot, &event);
}

static void take_times(struct hot_items *hot, int times, const char *tenant,
                       const char *item)
{
    for (int i = 0; i < times; i++)
        take(hot, tenant, item);
}

static void expect(const struct hot_item *one, const char *tenant,
                   const char *item, double per_second)
{
    assert_text((struct text){one->tenant, one->tenant_length}, tenant);
    assert_text((struct text){one->item, one->item_length}, item);
    if (fabs(one->per_second - per_second) > per_second / 1000)
        fail_msg("%s: %f, not %f", item, one->per_second, per_second);
}

static void test_rates_are_right_from_the_first_second(void **state)
{
    struct hot_items *hot = hot_items_new(1);
    struct hot_item top[HOT_ITEMS_SHOWN];

    (void)state;
    take_times(hot, 10, "", "a");
    assert_int_equal(hot_items_top(hot, top), 0); /* no second yet */
    for (int second = 0; second < 100; second++) {
        if (second > 0)
            take_times(hot, 10, "", "a");
        take_times(hot, 30, "t", "a");
        hot_items_fade(hot);
        hot_items_check(hot);
        assert_int_equal(hot_items_top(hot, top), 2);
        expect(&top[0], "t", "a", 30);
        expect(&top[1], "", "a", 10);
    }
    hot_items_free(hot);
}

static void test_the_past_fades(void **state)
{
    struct hot_items *hot = hot_items_new(1);
    struct hot_item top[HOT_ITEMS_SHOWN];

    (void)state;
    take_times(hot, 1000, "", "then");
    hot_items_fade(hot);
    for (int second = 0; second < 60; second++) {
        take_times(hot, 50, "", "now");
        hot_items_fade(hot);
    }
    assert_int_equal(hot_items_top(hot, top), 2);
    assert_text((struct text){top[0].item, top[0].item_length}, "now");
    for (int second = 0; second < 260; second++)
        hot_items_fade(hot);
    assert_int_equal(hot_items_top(hot, top), 0);
    hot_items_free(hot);
}

static void test_one_in_so_many(void **state)
{
    struct hot_items *hot = hot_items_new(16);
    struct hot_item top[HOT_ITEMS_SHOWN];

    (void)state;
    for (int second = 0; second < 200; second++) {
        take_times(hot, 320, "", "a");
        hot_items_fade(hot);
    }
    hot_items_check(hot);
    assert_int_equal(hot_items_top(hot, top), 1);
    expect(&top[0], "", "a", 320);
    take_times(hot, 15, "", "b");
    assert_int_equal(hot_items_top(hot, top), 1);
    hot_items_free(hot);
}

/* Each of many items once: none is hot. The longest ids there are. */
static void test_a_flood_of_newcomers(void **state)
{
    struct hot_items *hot = hot_items_new(1);
    struct hot_item top[HOT_ITEMS_SHOWN];
    char tenant[EVENT_TENANT_BYTES_MAX + 1], item[EVENT_ID_BYTES_MAX + 1];

    (void)state;
    memset(tenant, 't', sizeof tenant);
    tenant[sizeof tenant - 1] = '\0';
    for (int i = 0; i < 10000; i++) {
        snprintf(item, sizeof item, "%0*d", EVENT_ID_BYTES_MAX, i);
        take(hot, tenant, item);
        if (i % 100 == 0)
            hot_items_fade(hot);
        if (i % 10 == 0)
            take(hot, tenant, "steady");
    }
    hot_items_check(hot);
    assert_int_equal(hot_items_top(hot, top), 1);
    assert_text((struct text){top[0].tenant, top[0].tenant_length}, tenant);
    assert_text((struct text){top[0].item, top[0].item_length}, "steady");
    hot_items_free(hot);
}

static void test_the_hottest_of_a_market(void **state)
{
    enum { ITEMS = 20000, EVENTS = 100000, SECONDS = 10 };
    struct hot_items *hot = hot_items_new(4);
    struct hot_item top[HOT_ITEMS_SHOWN];
    static uint32_t counts[ITEMS];
    struct zipf *zipf;
    struct rng rng;
    uint32_t shown;

    (void)state;
    rng_init(&rng, 7);
    zipf = zipf_new(&rng, ITEMS, 1.1);
    for (uint32_t i = 0; i < EVENTS; i++) {
        uint32_t item = zipf_draw(zipf, &rng);
        char id[16];

        snprintf(id, sizeof id, "%u", item);
        counts[item]++;
        take(hot, "", id);
        if ((i + 1) % (EVENTS / SECONDS) == 0)
            hot_items_fade(hot);
    }
    hot_items_check(hot);
    shown = hot_items_top(hot, top);
    assert_int_equal(shown, HOT_ITEMS_SHOWN);
    for (uint32_t i = 0; i < shown; i++) {
        uint32_t item = 0;
        double truth;

        for (uint32_t j = 0; j < top[i].item_length; j++)
            item = item * 10 + (uint32_t)(top[i].item[j] - '0');
        truth = (double)counts[item] / SECONDS;
        if (top[i].per_second > truth * 1.5 + 5)
            fail_msg("%u: %f of %f", item, top[i].per_second, truth);
        if (i < 5 && top[i].per_second < truth * 0.7)
            fail_msg("%u: %f of %f", item, top[i].per_second, truth);
        if (i > 0)
            assert_true(top[i - 1].per_second >= top[i].per_second);
    }
    zipf_free(zipf);
    hot_items_free(hot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_are_right_from_the_first_second),
        cmocka_unit_test(test_the_past_fades),
        cmocka_unit_test(test_one_in_so_many),
        cmocka_unit_test(test_a_flood_of_newcomers),
        cmocka_unit_test(test_the_hottest_of_a_market),
    };

    return cmocka_run_group_tests_name("hot_items", tests, NULL, NULL);
}
