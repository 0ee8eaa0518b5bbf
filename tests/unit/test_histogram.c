/* histogram: against a sorted array of the same values. */
#include "histogram.h"
#include "rng.h"
#include "unit.h"

enum { VALUES = 20000 };

static void test_empty(void **state)
{
    struct histogram none = {0};

    (void)state;
    assert_int_equal(histogram_quantile(&none, 0), 0);
    assert_int_equal(histogram_quantile(&none, 1), 0);
    assert_int_equal(histogram_until(&none, 990000000), 0);
}

static void test_tops_are_exact(void **state)
{
    const int64_t tops[] = {0,    1,     9,       10,       11,       99,
                            100,  250,   1000,    2500,     5000,     50000,
                            9900, 75000, 1000000, 10000000, 990000000};

    (void)state;
    for (size_t i = 0; i < COUNT(tops); i++) {
        struct histogram one = {0};

        histogram_note(&one, tops[i]);
        assert_int_equal(histogram_until(&one, tops[i]), 1);
        histogram_note(&one, tops[i] + 1);
        assert_int_equal(histogram_until(&one, tops[i]),
                         tops[i] == 990000000 ? 2 : 1);
        if (tops[i] < 990000000)
            assert_int_equal(histogram_quantile(&one, 0.5), tops[i]);
        assert_int_equal(histogram_quantile(&one, 1), tops[i] + 1);
    }
}

static void test_odd_values(void **state)
{
    struct histogram odd = {0};

    (void)state;
    histogram_note(&odd, -5);
    histogram_note(&odd, INT64_MAX / 4);
    assert_int_equal(odd.count, 2);
    assert_int_equal(odd.max, INT64_MAX / 4);
    assert_int_equal(odd.sum, INT64_MAX / 4);
    assert_int_equal(histogram_until(&odd, 0), 1);
    assert_int_equal(histogram_quantile(&odd, 0.5), 0);
    assert_int_equal(histogram_quantile(&odd, 0.51), INT64_MAX / 4);
}

static void until_no_top(void)
{
    struct histogram none = {0};

    (void)histogram_until(&none, 101);
}

static void beyond_all(void)
{
    struct histogram none = {0};

    (void)histogram_quantile(&none, 1.1);
}

static void test_wrong_questions(void **state)
{
    (void)state;
    assert_aborts(until_no_top);
    assert_aborts(beyond_all);
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* Never below the true quantile, never more than a tenth above. */
static void test_quantiles(void **state)
{
    static int64_t values[VALUES];
    struct histogram all = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 5);
    for (size_t i = 0; i < VALUES; i++) {
        int64_t limit = 1;

        for (uint32_t j = rng_below(&rng, 9); j > 0; j--)
            limit *= 10;
        values[i] = rng_below(&rng, (uint32_t)limit);
        histogram_note(&all, values[i]);
    }
    qsort(values, VALUES, sizeof values[0], compare);
    for (int part = 1; part <= 1000; part++) {
        int64_t truth = values[VALUES * part / 1000 - 1];
        int64_t said = histogram_quantile(&all, part / 1000.0);

        if (said < truth || said > truth + truth / 10 + 1)
            fail_msg("%d: %lld of %lld", part, (long long)said,
                     (long long)truth);
    }
    assert_int_equal(histogram_until(&all, 990000000), VALUES);
}

static void test_recent(void **state)
{
    static struct recent recent;
    struct histogram sum;

    (void)state;
    recent_note(&recent, 100, 1000000);
    recent_note(&recent, 200, 10500000); /* a new ten seconds */
    sum = recent_sum(&recent);
    assert_int_equal(sum.count, 2);
    assert_int_equal(sum.max, 200);
    assert_int_equal(sum.sum, 300);
    recent_note(&recent, 300, 20600000);
    sum = recent_sum(&recent);
    assert_int_equal(sum.count, 2);
    assert_int_equal(histogram_quantile(&sum, 0), 200);
    recent_turn(&recent, 30000000);
    assert_int_equal(recent_sum(&recent).count, 2);
    recent_turn(&recent, 50700000);
    assert_int_equal(recent_sum(&recent).count, 0);
    assert_int_equal(recent.all.count, 3);
    assert_int_equal(recent.all.max, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_tops_are_exact),
        cmocka_unit_test(test_odd_values),
        cmocka_unit_test(test_wrong_questions),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_recent),
    };

    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
