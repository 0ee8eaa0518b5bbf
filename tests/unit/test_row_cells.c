/* Cells sorted, united and found, against what qsort and a walk say. */
#include "row_cells.h"

#include "rng.h"
#include "unit.h"

enum { CELLS_MAX = 700 };

static struct rng rng;
static struct cell cells[CELLS_MAX], scratch[CELLS_MAX], wanted[CELLS_MAX];

/* `count` tells where each stood before. */
static void fill(uint32_t count, uint32_t others, uint32_t slots)
{
    for (uint32_t i = 0; i < count; i++)
        cells[i] = (struct cell){rng_below(&rng, others),
                                 rng_below(&rng, slots) << 24, i + 1};
    memcpy(wanted, cells, sizeof cells);
}

static int compare(const void *a, const void *b)
{
    const struct cell *left = a, *right = b;

    if (cell_key(left) != cell_key(right))
        return cell_key(left) < cell_key(right) ? -1 : 1;
    return left->count < right->count ? -1 : 1;
}

static void test_sorts_and_keeps_the_order_of_equals(void **state)
{
    (void)state;
    rng_init(&rng, 1);
    for (uint32_t count = 0; count < CELLS_MAX; count++) {
        fill(count, 1 + count / 3, 256);
        qsort(wanted, count, sizeof *wanted, compare);
        row_cells_sort(cells, count, scratch);
        assert_memory_equal(cells, wanted, count * sizeof *cells);
        row_cells_sort(cells, count, NULL); /* in order: nothing to do */
        assert_memory_equal(cells, wanted, count * sizeof *cells);
    }
}

static void test_equal_keys_are_added_up(void **state)
{
    uint32_t kept;

    (void)state;
    rng_init(&rng, 2);
    for (uint32_t count = 0; count < 200; count++) {
        uint64_t before = 0, after = 0;

        fill(count, 1 + count / 10, 3);
        row_cells_sort(cells, count, scratch);
        for (uint32_t i = 0; i < count; i++)
            before += cells[i].count;
        kept = row_cells_unite(cells, count);
        for (uint32_t i = 0; i < kept; i++) {
            after += cells[i].count;
            assert_true(i == 0 ||
                        cell_key(&cells[i - 1]) < cell_key(&cells[i]));
        }
        assert_int_equal(after, before);
    }
}

static void test_a_count_stays_at_its_highest(void **state)
{
    (void)state;
    cells[0] = cells[1] = (struct cell){1, 1, UINT32_MAX - 1};
    assert_int_equal(row_cells_unite(cells, 2), 1);
    assert_true(cells[0].count == UINT32_MAX);
    assert_true(cell_add_count(UINT32_MAX, 1) == UINT32_MAX);
    assert_int_equal(cell_add_count(2, 3), 5);
}

static void test_finds_from_any_place(void **state)
{
    (void)state;
    rng_init(&rng, 3);
    for (uint32_t count = 0; count < 150; count++) {
        fill(count, 40, 4);
        row_cells_sort(cells, count, scratch);
        for (uint32_t from = 0; from <= count; from++) {
            uint64_t key =
                (uint64_t)rng_below(&rng, 42) << 32 | rng_below(&rng, 5) << 24;
            uint32_t at = from;

            while (at < count && cell_key(&cells[at]) < key)
                at++;
            assert_int_equal(row_cells_find(cells, count, from, key), at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_and_keeps_the_order_of_equals),
        cmocka_unit_test(test_equal_keys_are_added_up),
        cmocka_unit_test(test_a_count_stays_at_its_highest),
        cmocka_unit_test(test_finds_from_any_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
