#include "score.h"

#include "rng.h"
#include "unit.h"

#include <math.h>

/* ---- the formulas ---- */

static double score_of(enum score score, uint64_t c, uint64_t from, uint64_t to,
                       uint64_t all)
{
    return score_compute(score, (struct score_input){c, from, to, all}, 20);
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-12 * (1 + fabs(wanted))))
        fail_msg("%.17g, not %.17g", got, wanted);
}

static void test_cosine(void **state)
{
    const struct score_input in = {3, 5, 10, 0};

    (void)state;
    assert_near(score_of(SCORE_COSINE, 3, 5, 10, 0), 3 / sqrt(750));
    assert_near(score_of(SCORE_COSINE, 30, 80, 105, 0), 30 / sqrt(12500));
    assert_near(score_compute(SCORE_COSINE, in, 0), 3 / sqrt(50));
    assert_near(score_compute(SCORE_COSINE, in, 2.5), 3 / sqrt(7.5 * 12.5));
}

static void test_count(void **state)
{
    (void)state;
    assert_near(score_of(SCORE_COUNT, 7, 9, 8, 100), 7);
}

static void test_jaccard(void **state)
{
    (void)state;
    assert_near(score_of(SCORE_JACCARD, 3, 5, 10, 0), 0.25);
    assert_near(score_of(SCORE_JACCARD, 4, 4, 4, 0), 1);
}

static void test_conditional(void **state)
{
    (void)state;
    assert_near(score_of(SCORE_CONDITIONAL, 3, 12, 5, 0), 0.25);
}

static void test_lift(void **state)
{
    (void)state;
    assert_near(score_of(SCORE_LIFT, 6, 8, 12, 100), 6.25);
    assert_near(score_of(SCORE_LIFT, 2, 20, 10, 100), 1);
}

/* Table 1 of Dunning's paper: "the swiss", "can be", "previous year". */
static void test_llr_of_the_paper(void **state)
{
    (void)state;
    assert_true(fabs(score_of(SCORE_LLR, 110, 110 + 2442, 110 + 111, 31777) -
                     270.72) < 0.005);
    assert_true(fabs(score_of(SCORE_LLR, 29, 29 + 13, 29 + 123, 31777) -
                     263.90) < 0.005);
    assert_true(fabs(score_of(SCORE_LLR, 31, 31 + 23, 31 + 139, 31777) -
                     256.84) < 0.005);
}

/* k = 1 0 0 1: 2 (2 ln 2 + 2 ln 2 - 2 ln 2) = 4 ln 2. */
static void test_llr_by_hand(void **state)
{
    (void)state;
    assert_near(score_of(SCORE_LLR, 1, 1, 1, 2), 4 * log(2));
    /* k = 2 0 0 2: 2 (4 ln 4 - 4 ln 2) = 8 ln 2 */
    assert_near(score_of(SCORE_LLR, 2, 2, 2, 4), 8 * log(2));
}

static void test_llr_is_0_when_not_more_than_chance(void **state)
{
    (void)state;
    assert_true(score_of(SCORE_LLR, 2, 20, 10, 100) == 0);
    assert_true(score_of(SCORE_LLR, 1, 20, 10, 100) == 0);
    assert_true(score_of(SCORE_LLR, 3, 20, 10, 100) > 0);
    /* products beyond 64 bits */
    assert_true(score_of(SCORE_LLR, UINT32_MAX, UINT64_C(1) << 33,
                         UINT64_C(1) << 33, UINT64_C(1) << 34) == 0);
    assert_true(score_of(SCORE_LLR, UINT64_C(1) << 33, UINT64_C(1) << 34,
                         UINT64_C(1) << 34, UINT64_C(1) << 36) > 0);
}

/* The second item's arrival may stand in the window without the first's. */
static void test_takes_supports_as_at_least_c(void **state)
{
    (void)state;
    assert_near(score_of(SCORE_COSINE, 5, 0, 3, 0), 5.0 / 25);
    assert_near(score_of(SCORE_JACCARD, 5, 2, 0, 0), 1);
    assert_near(score_of(SCORE_CONDITIONAL, 5, 4, 9, 0), 1);
    assert_near(score_of(SCORE_CONDITIONAL, 5, 10, 1, 0), 0.5);
    /* n_a 5, n_b 10, N 5 + 10 - 5 */
    assert_near(score_of(SCORE_LIFT, 5, 1, 10, 0), 5.0 * 10 / 50);
    assert_near(score_of(SCORE_LIFT, 5, 6, 10, 10), 5.0 * 11 / 60);
    assert_near(score_of(SCORE_LIFT, 5, 6, 10, 12), 5.0 * 12 / 60);
    assert_true(score_of(SCORE_LLR, 5, 6, 10, 0) ==
                score_of(SCORE_LLR, 5, 6, 10, 11));
}

/* In the order of the words, each step rounded to a double by itself. */
static void test_is_computed_as_written(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 4);
    for (int i = 0; i < 100000; i++) {
        uint64_t c = 1 + rng_below(&rng, 1000);
        uint64_t from = c + rng_below(&rng, 100000);
        uint64_t to = c + rng_below(&rng, 100000);
        uint64_t all = from + to + rng_below(&rng, 10000000);
        struct score_input in = {c, from, to, all};
        volatile double damping = rng_below(&rng, 1000) / 7.0;
        volatile double left = (double)from + damping;
        volatile double right = (double)to + damping;
        volatile double product = left * right;
        volatile double root = sqrt(product);
        volatile double over = (double)c * (double)all;
        volatile double under = (double)from * (double)to;

        assert_true(score_compute(SCORE_COSINE, in, damping) ==
                    (double)c / root);
        assert_true(score_compute(SCORE_LIFT, in, damping) == over / under);
    }
}

/* ---- rounding ---- */

static void assert_rounds(double score)
{
    char text[64];
    uint64_t wanted = 0, got = score_round(score);

    snprintf(text, sizeof text, "%.4f", score);
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '.')
            wanted = 10 * wanted + (uint64_t)(*c - '0');
    if (got != wanted)
        fail_msg("%.17g is %s, not %llu", score, text, (unsigned long long)got);
}

static void test_rounds_as_printf_does(void **state)
{
    static const double edges[] = {0,
                                   1,
                                   0.00005,
                                   0.0001,
                                   0.99995,
                                   0.99994999999999,
                                   9.99995,
                                   1e-5,
                                   5e-5,
                                   1e-300,
                                   5e-324,
                                   2.2250738585072014e-308,
                                   562949953421311.9,
                                   4503599627.37049,
                                   1.0 / 3};

    (void)state;
    for (size_t i = 0; i < COUNT(edges); i++) {
        assert_rounds(edges[i]);
        assert_rounds(nextafter(edges[i], 0));
        assert_rounds(nextafter(edges[i], 1e9));
    }
}

/* Half of a ten-thousandth exactly: the odd thirty-seconds. Ties to even. */
static void test_rounds_ties_to_even(void **state)
{
    (void)state;
    assert_int_equal(score_round(1 / 32.0), 312);
    assert_int_equal(score_round(3 / 32.0), 938);
    for (int i = 1; i < 20000; i += 2) {
        assert_rounds(i / 32.0);
        assert_rounds(nextafter(i / 32.0, 0));
        assert_rounds(nextafter(i / 32.0, 1e9));
    }
}

static void test_rounds_doubles_of_all_sizes(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 7);
    for (int i = 0; i < 1000000; i++) {
        double fraction = (double)(rng_next(&rng) >> 11) / 0x1p53;

        assert_rounds(fraction);
        assert_rounds(ldexp(1 + fraction, (int)rng_below(&rng, 70) - 21));
    }
    for (int i = 0; i < 20000; i++)
        assert_rounds(ldexp(1, (int)rng_below(&rng, 1123) - 1074));
}

static void test_what_is_too_large_is_cut(void **state)
{
    const uint64_t most = UINT64_C(5629499534213120000);

    (void)state;
    assert_true(score_round(562949953421312.0) == most);
    assert_true(score_round(1e300) == most);
    assert_true(score_round(INFINITY) == most);
}

/* Of large counts a hair above chance the rounding errors outweigh the ratio,
 * and the sum may come out below 0. */
static void test_rounds_what_falls_below_0(void **state)
{
    struct rng rng;
    int below = 0;

    (void)state;
    rng_init(&rng, 3);
    for (int i = 0; i < 20000; i++) {
        uint64_t from = 1000 * (1 + rng_below(&rng, 3000));
        uint64_t to = 1000 * (1 + rng_below(&rng, 3000));
        uint64_t all = 10000000;
        double score = score_of(SCORE_LLR, from * to / all + 1, from, to, all);

        below += score < 0;
        assert_int_equal(score_round(score), score_round(-score));
        assert_true(score > -0.00005);
    }
    assert_true(below > 0);
    assert_int_equal(score_round(-1e-9), 0);
    assert_int_equal(score_round(-0.0), 0);
    assert_int_equal(score_round(-0.00016), 2);
}

/* ---- words ---- */

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(score_name(SCORE_COSINE), "cosine");
    assert_string_equal(score_name(SCORE_COUNT), "count");
    assert_string_equal(score_name(SCORE_JACCARD), "jaccard");
    assert_string_equal(score_name(SCORE_CONDITIONAL), "conditional");
    assert_string_equal(score_name(SCORE_LIFT), "lift");
    assert_string_equal(score_name(SCORE_LLR), "llr");
}

static void assert_explained(enum score score, const char *wanted)
{
    const struct score_input in = {6, 8, 12, 100};
    char text[256];
    int length = score_explain(text, sizeof text, score, in, 20);

    assert_string_equal(text, wanted);
    assert_int_equal(length, strlen(wanted));
}

static void test_explains_with_the_numbers_in_place(void **state)
{
    char small[8];
    const struct score_input in = {6, 1, 12, 0};
    char text[256];

    (void)state;
    assert_explained(SCORE_COSINE, "c / sqrt((n_a + d)(n_b + d)) = 6 / "
                                   "sqrt((8 + 20)(12 + 20)) = 0.2004");
    assert_explained(SCORE_COUNT, "c = 6");
    assert_explained(SCORE_JACCARD,
                     "c / (n_a + n_b - c) = 6 / (8 + 12 - 6) = 0.4286");
    assert_explained(SCORE_CONDITIONAL, "c / n_a = 6 / 8 = 0.7500");
    assert_explained(SCORE_LIFT,
                     "c N / (n_a n_b) = 6 * 100 / (8 * 12) = 6.2500");
    /* the clamped numbers, for those are what is counted with */
    score_explain(text, sizeof text, SCORE_CONDITIONAL, in, 20);
    assert_string_equal(text, "c / n_a = 6 / 6 = 1.0000");
    assert_int_equal(score_explain(small, sizeof small, SCORE_LIFT, in, 20),
                     strlen("c N / (n_a n_b) = 6 * 12 / (6 * 12) = 1.0000"));
    assert_string_equal(small, "c N / (");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_jaccard),
        cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_lift),
        cmocka_unit_test(test_llr_of_the_paper),
        cmocka_unit_test(test_llr_by_hand),
        cmocka_unit_test(test_llr_is_0_when_not_more_than_chance),
        cmocka_unit_test(test_takes_supports_as_at_least_c),
        cmocka_unit_test(test_is_computed_as_written),
        cmocka_unit_test(test_rounds_as_printf_does),
        cmocka_unit_test(test_rounds_ties_to_even),
        cmocka_unit_test(test_rounds_doubles_of_all_sizes),
        cmocka_unit_test(test_what_is_too_large_is_cut),
        cmocka_unit_test(test_rounds_what_falls_below_0),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_explains_with_the_numbers_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
