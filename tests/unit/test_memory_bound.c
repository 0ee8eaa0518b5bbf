#include "memory_bound.h"

#include "unit.h"

#define MB  ((uint64_t)1000000)
#define MAX (1000 * MB)

/* A process whose heap is in pieces: what is freed is used again, all but a
 * share of it; its pages are given back only by a trim. */
struct process {
    struct memory_bound bound;
    struct memory_use use;
    uint64_t floor;   /* in use, and nothing to shed: supports, ids */
    uint64_t heap;    /* resident, beside what is fixed */
    uint64_t fixed;   /* of other things */
    uint64_t highest; /* resident */
    uint64_t waste;   /* of what is freed, in hundredths: lost in pieces, */
    uint64_t lost;    /* up to a fifth of what is in use */
    uint64_t shed, sheds, trims, holds;
};

static struct process process;

static int begin(void **state)
{
    (void)state;
    process = (struct process){
        .bound = {.max = MAX}, .use = {.now_us = 1000000000}, .fixed = 50 * MB};
    return 0;
}

static void set_resident(void)
{
    if (process.lost > process.use.in_use / 5)
        process.lost = process.use.in_use / 5;
    if (process.heap < process.use.in_use + process.lost)
        process.heap = process.use.in_use + process.lost;
    process.use.resident = process.heap + process.fixed;
    if (process.use.resident > process.highest)
        process.highest = process.use.resident;
}

static void shed(uint64_t bytes)
{
    uint64_t pairs = process.use.in_use > process.floor
                         ? process.use.in_use - process.floor
                         : 0;
    uint64_t freed = bytes < pairs ? bytes : pairs;

    process.use.is_bare = pairs == 0;
    process.use.in_use -= freed;
    process.lost += freed * process.waste / 100;
    process.shed += freed;
    process.sheds++;
}

/* A look; reading adds so many bytes before it. */
static struct memory_order turn(uint64_t growth)
{
    struct memory_order order;

    process.use.now_us += 100000;
    if (!process.bound.is_held)
        process.use.in_use += growth;
    set_resident();
    order = memory_bound_turn(&process.bound, &process.use);
    if (order.shed > 0)
        shed(order.shed);
    if (order.trim) {
        process.trims++;
        process.heap = process.use.in_use + process.lost;
    }
    process.holds += (uint64_t)process.bound.is_held;
    set_resident();
    return order;
}

static void run(int turns, uint64_t growth)
{
    for (int i = 0; i < turns; i++)
        turn(growth);
}

static void test_no_bound_no_orders(void **state)
{
    (void)state;
    process.bound.max = 0;
    run(2000, MB);
    assert_int_equal(process.sheds + process.trims + process.holds, 0);
}

static void test_far_from_it_nothing_happens(void **state)
{
    (void)state;
    run(840, MB);
    assert_true(process.use.resident > 880 * MB);
    assert_int_equal(process.sheds + process.trims + process.holds, 0);
}

/* At 90 % of resident memory a tenth goes, and again whenever as much is in
 * use as then. */
static void test_near_it_a_tenth_goes(void **state)
{
    (void)state;
    run(849, MB);
    assert_int_equal(process.sheds, 0);
    assert_int_equal(turn(MB).shed, 100 * MB);
    assert_int_equal(process.use.in_use, 750 * MB);
    run(99, MB);
    assert_int_equal(process.sheds, 1);
    assert_int_equal(turn(MB).shed, 100 * MB);
    run(3000, MB);
    assert_int_equal(process.sheds, 32);
    assert_int_equal(process.trims + process.holds, 0);
    assert_true(process.highest <= MAX * 91 / 100);
}

static void test_while_it_sheds_nothing_is_ordered(void **state)
{
    (void)state;
    process.use.is_shedding = 1;
    run(880, MB);
    assert_int_equal(process.sheds + process.holds, 0);
    run(100, MB); /* too slow: what comes in waits for it */
    assert_int_equal(process.sheds, 0);
    assert_int_equal(process.use.resident, 960 * MB);
    assert_true(process.bound.is_held);
    process.use.is_shedding = 0;
    assert_int_equal(turn(0).shed, 100 * MB);
}

/* Where pieces of the heap are lost, less is kept in use: no need to hold. */
static void test_a_heap_in_pieces_lowers_the_ceiling(void **state)
{
    uint64_t ceiling;

    (void)state;
    process.waste = 5;
    run(850, MB);
    ceiling = process.bound.ceiling;
    run(1500, MB);
    assert_true(process.bound.ceiling < ceiling - 29 * MB);
    assert_true(process.highest < MAX);
    run(5000, MB);
    assert_true(process.highest < MAX);
    assert_true(process.use.in_use > 400 * MB);
}

/* All that other things take in a moment: reading waits, pages are given back,
 * and it goes on. */
static void test_a_leap_holds_reading(void **state)
{
    (void)state;
    run(840, MB);
    process.fixed += 97 * MB;
    turn(MB);
    assert_true(process.bound.is_held);
    assert_int_equal(process.trims, 1);
    run(30, MB);
    assert_false(process.bound.is_held);
    assert_true(process.use.resident < 960 * MB);
    assert_true(process.highest < MAX);
    assert_true(process.use.in_use > 700 * MB);
}

/* Supports alone: nothing to shed, it is looked for once a second, and reading
 * waits until there is more room. */
static void test_with_nothing_left_it_holds(void **state)
{
    uint64_t sheds;

    (void)state;
    process.floor = MAX;
    run(1200, MB);
    assert_true(process.bound.is_held);
    assert_true(process.highest < 987 * MB);
    assert_int_equal(process.shed, 0);
    sheds = process.sheds;
    process.trims = 0;
    run(600, MB);
    assert_true(process.bound.is_held);
    assert_in_range(process.sheds - sheds, 1, 60);
    assert_in_range(process.trims, 5, 7);
    process.bound.max = 2 * MAX; /* SIGHUP */
    turn(0);
    assert_false(process.bound.is_held);
    run(100, MB);
    assert_false(process.bound.is_held);
}

/* It stays at the last mark, though little is in use: more has to go. */
static void test_a_trim_that_does_not_help(void **state)
{
    (void)state;
    process.use.resident = 990 * MB;
    process.use.in_use = 500 * MB;
    process.bound.ceiling = 700 * MB;
    process.bound.step = 995 * MB;
    assert_int_equal(memory_bound_turn(&process.bound, &process.use).trim, 1);
    process.use.now_us += 100000;
    assert_int_equal(memory_bound_turn(&process.bound, &process.use).shed,
                     100 * MB);
}

static void test_a_hold_ends_well_below(void **state)
{
    (void)state;
    process.floor = MAX;
    process.use.in_use = 936 * MB;
    turn(0);
    assert_true(process.bound.is_held);
    process.fixed = 25 * MB;
    turn(0);
    assert_true(process.bound.is_held);
    process.fixed = 23 * MB;
    turn(0);
    assert_false(process.bound.is_held);
    process.fixed = 48 * MB;
    turn(0);
    assert_false(process.bound.is_held);
}

/* What was learnt is forgotten when there is room again. */
static void test_room_again(void **state)
{
    (void)state;
    run(850, MB);
    assert_int_equal(process.bound.ceiling, 850 * MB);
    process.use.in_use = process.heap = 700 * MB;
    turn(0);
    assert_int_equal(process.bound.ceiling, 0);
    process.fixed = 10 * MB;
    run(185, MB);
    assert_int_equal(process.sheds, 1);
    assert_int_equal(turn(5 * MB).shed, 100 * MB);
}

/* Growth of any kind, heaps of any kind: never above. */
static void test_never_above(void **state)
{
    (void)state;
    for (uint64_t waste = 0; waste <= 30; waste += 3)
        for (uint64_t growth = 1; growth <= 16; growth *= 2) {
            begin(NULL);
            process.waste = waste;
            process.floor = 100 * MB;
            for (uint64_t i = 0; i < 3000; i++) {
                process.floor += MB / 5;
                process.fixed = (50 + i % 23) * MB;
                turn(growth * MB);
                assert_true(process.highest < MAX);
            }
            assert_true(process.sheds > 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_no_bound_no_orders, begin),
        cmocka_unit_test_setup(test_far_from_it_nothing_happens, begin),
        cmocka_unit_test_setup(test_near_it_a_tenth_goes, begin),
        cmocka_unit_test_setup(test_while_it_sheds_nothing_is_ordered, begin),
        cmocka_unit_test_setup(test_a_heap_in_pieces_lowers_the_ceiling, begin),
        cmocka_unit_test_setup(test_a_leap_holds_reading, begin),
        cmocka_unit_test_setup(test_with_nothing_left_it_holds, begin),
        cmocka_unit_test_setup(test_a_trim_that_does_not_help, begin),
        cmocka_unit_test_setup(test_a_hold_ends_well_below, begin),
        cmocka_unit_test_setup(test_room_again, begin),
        cmocka_unit_test_setup(test_never_above, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
