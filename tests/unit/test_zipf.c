#include "zipf.h"

#include "unit.h"

static int compare_falling(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left < right) - (left > right);
}

/* Fills `seen` with how often each number was drawn, most drawn first. */
static void draw(uint32_t *seen, uint32_t count, double exponent, int draws)
{
    struct rng rng;
    struct zipf *zipf;

    rng_init(&rng, 5);
    zipf = zipf_new(&rng, count, exponent);
    for (int i = 0; i < draws; i++) {
        uint32_t number = zipf_draw(zipf, &rng);

        assert_true(number < count);
        seen[number]++;
    }
    qsort(seen, count, sizeof *seen, compare_falling);
    zipf_free(zipf);
}

/* H(4) = 25/12: shares 0.48, 0.24, 0.16, 0.12. */
static void test_exponent_one_gives_the_harmonic_shares(void **state)
{
    uint32_t seen[4] = {0};

    (void)state;
    draw(seen, 4, 1.0, 1000000);
    assert_in_range(seen[0], 478000, 482000);
    assert_in_range(seen[1], 238000, 242000);
    assert_in_range(seen[2], 158000, 162000);
    assert_in_range(seen[3], 118000, 122000);
}

/* 1 : 2^-2.5 = 0.17678, so 0.84978 of all. */
static void test_an_exponent_may_be_broken(void **state)
{
    uint32_t seen[2] = {0};

    (void)state;
    draw(seen, 2, 2.5, 1000000);
    assert_in_range(seen[0], 847800, 851800);
}

static void test_exponent_zero_draws_all_alike(void **state)
{
    uint32_t seen[10] = {0};

    (void)state;
    draw(seen, 10, 0, 100000);
    assert_in_range(seen[0], 10000, 10400);
    assert_in_range(seen[9], 9600, 10000);
}

static void test_one_number_is_always_drawn(void **state)
{
    uint32_t seen[1] = {0};

    (void)state;
    draw(seen, 1, 1.0, 100);
    assert_int_equal(seen[0], 100);
}

static void test_ranks_are_shuffled_by_the_seed(void **state)
{
    uint32_t first[2] = {0, 0};

    (void)state;
    for (uint64_t seed = 0; seed < 64; seed++) {
        struct rng rng;
        struct zipf *zipf;

        rng_init(&rng, seed);
        zipf = zipf_new(&rng, 2, 4);
        first[zipf_draw(zipf, &rng)]++;
        zipf_free(zipf);
    }
    assert_in_range(first[0], 16, 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponent_one_gives_the_harmonic_shares),
        cmocka_unit_test(test_an_exponent_may_be_broken),
        cmocka_unit_test(test_exponent_zero_draws_all_alike),
        cmocka_unit_test(test_one_number_is_always_drawn),
        cmocka_unit_test(test_ranks_are_shuffled_by_the_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
