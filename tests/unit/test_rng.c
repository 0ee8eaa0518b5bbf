#include "rng.h"

#include "unit.h"

/* Outputs published with the reference sources. */
static void test_splitmix_gives_the_published_numbers(void **state)
{
    (void)state;
    assert_true(rng_mix(0) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(rng_mix(UINT64_C(0x9e3779b97f4a7c15)) ==
                UINT64_C(0x6e789e6aa1b965f4));
    assert_true(rng_mix(1234567) == UINT64_C(6457827717110365317));
}

static void test_xoshiro_gives_the_published_numbers(void **state)
{
    struct rng rng = {{1, 2, 3, 4}};

    (void)state;
    assert_true(rng_next(&rng) == 11520);
    assert_true(rng_next(&rng) == 0);
    assert_true(rng_next(&rng) == 1509978240);
    assert_true(rng_next(&rng) == UINT64_C(1215971899390074240));
}

static void test_init_fills_the_state_by_splitmix(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 0);
    assert_true(rng.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(rng.state[1] == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(rng.state[2] == UINT64_C(0x06c45d188009454f));
}

static void test_below_is_even_and_in_range(void **state)
{
    struct rng rng;
    uint32_t seen[7] = {0};

    (void)state;
    rng_init(&rng, 42);
    for (int i = 0; i < 70000; i++) {
        uint32_t number = rng_below(&rng, 7);

        assert_true(number < 7);
        seen[number]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9600, 10400);
    assert_int_equal(rng_below(&rng, 1), 0);
}

static void test_chance_keeps_its_share(void **state)
{
    struct rng rng;
    int hits = 0;

    (void)state;
    rng_init(&rng, 42);
    for (int i = 0; i < 100000; i++) {
        hits += rng_chance(&rng, rng_share(0.3));
        assert_false(rng_chance(&rng, rng_share(0)));
        assert_false(rng_chance(&rng, rng_share(-1)));
        assert_true(rng_chance(&rng, rng_share(1)));
        assert_true(rng_chance(&rng, rng_share(7)));
    }
    assert_in_range(hits, 29500, 30500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splitmix_gives_the_published_numbers),
        cmocka_unit_test(test_xoshiro_gives_the_published_numbers),
        cmocka_unit_test(test_init_fills_the_state_by_splitmix),
        cmocka_unit_test(test_below_is_even_and_in_range),
        cmocka_unit_test(test_chance_keeps_its_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
