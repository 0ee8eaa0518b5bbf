#include "sort.h"

#include "rng.h"
#include "unit.h"

enum { MANY = 5000 };

static struct sort_entry entries[MANY], room[MANY], wanted[MANY];

/* By both, so that equal keys have one order too. */
static int compare(const void *a, const void *b)
{
    const struct sort_entry *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* Sorts `count` entries whose keys are `kind` of numbers. */
static void check(struct rng *rng, uint32_t count, unsigned kind)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = rng_next(rng);
        const uint64_t keys[] = {number,
                                 number % 3,
                                 i,
                                 count - i,
                                 7,
                                 number & ~UINT64_C(0xffff),
                                 number << 40,
                                 i % 2,
                                 i ^ 1,
                                 number & (UINT64_C(0xff00ff) << 32),
                                 (number & 1) << 47};

        assert_in_range(kind, 0, COUNT(keys) - 1);
        entries[i] = wanted[i] = (struct sort_entry){keys[kind], i};
    }
    sort_entries(entries, count > SORT_FEW ? room : NULL, count);
    for (uint32_t i = 1; i < count; i++)
        assert_true(entries[i - 1].key <= entries[i].key);
    qsort(entries, count, sizeof *entries, compare);
    qsort(wanted, count, sizeof *wanted, compare);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(compare(&entries[i], &wanted[i]), 0);
}

static void test_any_numbers(void **state)
{
    static const uint32_t counts[] = {
        0, 1, 2, 3, 15, 16, 17, 18, 100, SORT_FEW, SORT_FEW + 1, MANY};
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    for (uint32_t i = 0; i < COUNT(counts); i++)
        for (unsigned kind = 0; kind < 11; kind++)
            check(&rng, counts[i], kind);
    for (uint32_t count = 0; count < 300; count++)
        check(&rng, count, count % 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_numbers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
