/* A row at row.max_pairs: who goes, what stays, when it is exact again. */
#include "row_world.h"

static uint32_t truth[OTHERS][RELATIONS][WINDOWS_MAX];
static uint32_t before[OTHERS][RELATIONS][WINDOWS_MAX];
static uint32_t after[OTHERS][RELATIONS][WINDOWS_MAX];

static uint64_t sum_of(uint32_t counts[][RELATIONS][WINDOWS_MAX],
                       uint32_t other)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < RELATIONS; i++)
        sum += counts[other][i][world.rules.windows->longest];
    return sum;
}

static int is_held(uint32_t other)
{
    uint32_t item = intern_find(world.rules.items, NO_TEXT, id_of(other));

    return item != 0;
}

static void bring_up_to_date(void)
{
    row_advance(&world.row, &world.rules, &world.horizon, &world.stats);
}

static void read_now(uint32_t out[][RELATIONS][WINDOWS_MAX])
{
    bring_up_to_date();
    read_row(out);
}

/* ---- who goes ---- */

static void assert_held(const char *wanted)
{
    char held[OTHERS + 1] = "";

    bring_up_to_date();
    for (uint32_t other = 1; other < OTHERS; other++)
        if (is_held(other))
            strcat(held, (char[]){(char)('a' + other - 1), '\0'});
    assert_string_equal(held, wanted);
}

static void add_times(uint32_t other, uint32_t index, int times, int64_t pane)
{
    for (int i = 0; i < times; i++)
        add(other, index, 1, pane);
}

static void test_the_lowest_sum_goes(void **state)
{
    (void)state;
    open_world(1, 5, 3);
    go_to(90);
    add_times(1, 0, 5, 90);
    add_times(2, 0, 2, 90);
    add_times(2, 1, 2, 90);
    add_times(3, 0, 3, 90);
    assert_held("abc");
    assert_int_equal(world.stats.cuts, 0);
    add(4, 0, 1, 90); /* itself the weakest */
    assert_held("abc");
    assert_int_equal(world.stats.cuts, 1);
    assert_int_equal(world.stats.pairs_dropped, 1);
    close_world();
}

static void test_of_equal_sums_the_older_goes(void **state)
{
    (void)state;
    open_world(1, 5, 3);
    go_to(90);
    add(1, 0, 1, 90);
    add(2, 0, 1, 89);
    add(3, 0, 1, 88);
    add(3, 0, 1, 90);
    add(3, 0, -1, 88);
    add(4, 0, 1, 90);
    assert_held("acd");
    close_world();
}

static void test_of_equal_age_the_larger_id_goes(void **state)
{
    (void)state;
    open_world(1, 5, 3);
    go_to(90);
    add(10, 0, 1, 90);
    add(3, 0, 1, 90);
    add(1, 0, 1, 90);
    add(2, 0, 1, 90);
    assert_held("abj"); /* i1 i10 i2 i3: i3 is the largest */
    close_world();
}

/* A pair's pane that only a window reaching further back counts is no weight:
 * the sum is over the longest window. Windows of 100 in 2 and of 90 in 9; at
 * pane 10 the first begins at 5, the second at 2. */
static void test_the_sum_is_over_the_longest_window(void **state)
{
    (void)state;
    open_world(1, 4, 2);
    go_to(9);
    add_times(1, 0, 9, 4);
    add_times(2, 0, 2, 9);
    go_to(10);
    add_times(2, 0, 1, 10);
    add(3, 0, 1, 10);
    assert_held("bc");
    close_world();
}

/* More than one goes at once; those that stay are the strongest. */
static void test_an_eighth_goes_at_once(void **state)
{
    char ids[64][8];

    (void)state;
    open_world(1, 5, 32);
    go_to(90);
    for (uint32_t i = 0; i < 33; i++) {
        uint32_t item;

        snprintf(ids[i], sizeof ids[i], "%02u", i);
        item = intern_hold(world.rules.items, NO_TEXT, text_of(ids[i]));
        for (uint32_t times = 0; times <= i; times++)
            row_add(&world.row, &world.rules, &world.horizon, &world.stats,
                    item, 0, 1, 90);
        bring_up_to_date();
        intern_drop(world.rules.items, item);
        row_check(&world.row, &world.rules);
    }
    assert_int_equal(world.stats.pairs_dropped, 5);
    assert_int_equal(world.row.pairs, 28);
    for (uint32_t i = 0; i < 33; i++)
        assert_int_equal(
            intern_find(world.rules.items, NO_TEXT, text_of(ids[i])) != 0,
            i > 4);
    close_world();
}

/* ---- random walks ---- */

struct walk {
    int64_t cut_at;   /* fine pane of the latest cut */
    int exact_checks; /* times it was exact again after a cut */
};

/* Whoever vanished was not stronger than any that stayed. */
static void judge_cut(uint32_t newcomer)
{
    uint64_t strongest_gone = 0, weakest_kept = UINT64_MAX;

    for (uint32_t other = 1; other < OTHERS; other++) {
        uint64_t sum = sum_of(before, other) + (other == newcomer);

        if (is_held(other))
            weakest_kept = sum < weakest_kept ? sum : weakest_kept;
        else if (sum > strongest_gone)
            strongest_gone = sum;
    }
    assert_true(strongest_gone <= weakest_kept);
}

static void add_at_random(struct walk *walk)
{
    struct note note = {.other = rng_below(&world.rng, OTHERS),
                        .index = rng_below(&world.rng, RELATIONS),
                        .pane = world.now - rng_below(&world.rng, 3)};
    uint64_t cuts = world.stats.cuts;
    const struct window *longest =
        &world.rules.windows->at[world.rules.windows->longest];

    read_now(before);
    add(note.other, note.index, 1, note.pane);
    bring_up_to_date();
    if (is_needed(note.pane))
        world.notes[world.count++] = note;
    if (world.stats.cuts == cuts)
        return;
    walk->cut_at = world.now;
    assert_true(world.row.cut_until > world.now);
    judge_cut(is_in_window(longest, world.now, note.pane) ? note.other : 0);
}

static void take_back_at_random(void)
{
    uint32_t at;

    if (world.count == 0)
        return;
    at = rng_below(&world.rng, world.count);
    add(world.notes[at].other, world.notes[at].index, -1, world.notes[at].pane);
    world.notes[at] = world.notes[--world.count];
}

/* Supports are never dropped; a pair counts at most the truth, and the truth
 * whenever the row says that it is exact. */
static void judge_row(struct walk *walk)
{
    read_now(after);
    recount(truth);
    for (uint32_t o = 0; o < OTHERS; o++)
        for (uint32_t i = 0; i < RELATIONS; i++)
            for (uint32_t w = 0; w < world.rules.windows->count; w++) {
                assert_true(after[o][i][w] <= truth[o][i][w]);
                if (o == 0 || world.row.cut_until == 0)
                    assert_int_equal(after[o][i][w], truth[o][i][w]);
            }
    if (world.row.cut_until == 0 && walk->cut_at != 0) {
        walk->exact_checks++;
        walk->cut_at = 0;
    }
}

/* Longer than the last dropped contribution can stand in a window by no more
 * than a coarse pane. */
static void judge_cut_until(void)
{
    const struct windows *windows = world.rules.windows;
    int64_t longest =
        windows->at[windows->longest].length_ms / windows->fine_ms;

    assert_true(world.row.cut_until <=
                world.now + longest +
                    2 * windows->fine_per_pane[windows->count - 1]);
}

/* Supports stay as they are, no pair is left. */
static void shed_at_random(struct walk *walk)
{
    uint64_t partial;
    uint32_t pairs;

    read_now(before);
    partial = world.stats.partial;
    pairs = world.row.pairs;
    assert_int_equal(
        row_shed(&world.row, &world.rules, &world.horizon, &world.stats),
        pairs);
    read_now(after);
    assert_memory_equal(after[0], before[0], sizeof after[0]);
    assert_int_equal(world.row.pairs, 0);
    assert_int_equal(row_pairs_start(&world.row), world.row.used);
    assert_int_equal(intern_count(world.rules.items), 0);
    assert_int_equal(world.stats.partial, pairs > 0 ? 1 : partial);
    if (pairs > 0)
        walk->cut_at = world.now;
}

static void cut_walk(uint64_t seed, uint32_t window_set, uint32_t pairs_max,
                     int with_sheds, int *exact_checks)
{
    struct walk walk = {0, 0};

    open_world(seed, window_set, pairs_max);
    go_to(6000000);
    for (int i = 0; i < 400; i++) {
        uint32_t what = rng_below(&world.rng, 16);
        int64_t span = world.now - world.horizon.oldest + 1;

        if (what < 3)
            take_back_at_random();
        else if (what < 12)
            add_at_random(&walk);
        else if (what < 15)
            go_to(world.now + rng_below(&world.rng, 2));
        else
            go_to(world.now + rng_below(&world.rng, (uint32_t)span + 2));
        if (with_sheds && rng_below(&world.rng, 20) == 0)
            shed_at_random(&walk);
        assert_int_equal(world.stats.partial, world.row.cut_until != 0);
        row_check(&world.row, &world.rules);
        bring_up_to_date();
        assert_true(world.row.pairs <= pairs_max);
        row_check(&world.row, &world.rules);
        judge_cut_until();
        judge_row(&walk);
    }
    *exact_checks += walk.exact_checks;
    close_world();
}

static void test_never_above_and_exact_again(void **state)
{
    int exact_checks = 0;

    (void)state;
    for (uint32_t set = 0; set < COUNT(window_sets); set++)
        for (uint64_t seed = 1; seed <= 12; seed++)
            cut_walk(seed, set, 1 + (uint32_t)seed % 8, 0, &exact_checks);
    assert_true(exact_checks > 100);
}

static void test_shed_and_exact_again(void **state)
{
    int exact_checks = 0;

    (void)state;
    for (uint32_t set = 0; set < COUNT(window_sets); set++)
        for (uint64_t seed = 1; seed <= 12; seed++)
            cut_walk(100 + seed, set, seed % 2 == 0 ? 4 : OTHERS, 1,
                     &exact_checks);
    assert_true(exact_checks > 100);
}

/* A pair that comes again counts in full as soon as the row is exact: the pane
 * that the cut took part of must have left every window. */
static void test_is_partial_until_the_last_window_let_go(void **state)
{
    (void)state;
    for (uint32_t set = 0; set < COUNT(window_sets); set++)
        for (int64_t start = 6000000; start < 6000060; start++) {
            open_world(1, set, 1);
            go_to(start);
            add(1, 0, 1, start);
            add(2, 0, 1, start);
            add(2, 0, 1, start);
            bring_up_to_date();
            world.notes[world.count++] = (struct note){1, 0, start};
            assert_true(world.row.cut_until > start);
            go_to(world.row.cut_until - 1);
            bring_up_to_date();
            assert_true(world.row.cut_until != 0);
            go_to(world.row.cut_until);
            bring_up_to_date();
            assert_true(world.row.cut_until == 0);
            assert_false(is_needed(start));
            close_world();
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lowest_sum_goes),
        cmocka_unit_test(test_of_equal_sums_the_older_goes),
        cmocka_unit_test(test_of_equal_age_the_larger_id_goes),
        cmocka_unit_test(test_the_sum_is_over_the_longest_window),
        cmocka_unit_test(test_an_eighth_goes_at_once),
        cmocka_unit_test(test_never_above_and_exact_again),
        cmocka_unit_test(test_shed_and_exact_again),
        cmocka_unit_test(test_is_partial_until_the_last_window_let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
