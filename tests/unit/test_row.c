/* A row against a plain list of all that was ever contributed. */
#include "row_world.h"

/* ---- random walks ---- */

/* What no window needs any more is forgotten, as the row does. */
static void forget_notes(void)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < world.count; i++)
        if (is_needed(world.notes[i].pane))
            world.notes[kept++] = world.notes[i];
    world.count = kept;
}

static uint32_t pairs_noted(void)
{
    int seen[OTHERS] = {0};
    uint32_t pairs = 0;

    for (uint32_t i = 0; i < world.count; i++)
        seen[world.notes[i].other] = 1;
    for (uint32_t other = 1; other < OTHERS; other++)
        pairs += (uint32_t)seen[other];
    return pairs;
}

static void compare(void)
{
    uint32_t wanted[OTHERS][RELATIONS][WINDOWS_MAX];
    uint32_t got[OTHERS][RELATIONS][WINDOWS_MAX];
    uint32_t runs;

    row_advance(&world.row, &world.rules, &world.horizon, &world.stats);
    runs = read_row(got);
    recount(wanted);
    if (memcmp(got, wanted, sizeof got) != 0)
        for (uint32_t o = 0; o < OTHERS; o++)
            for (uint32_t i = 0; i < RELATIONS; i++)
                for (uint32_t w = 0; w < WINDOWS_MAX; w++)
                    if (got[o][i][w] != wanted[o][i][w])
                        fail_msg("other %u, index %u, window %u: %u, not %u", o,
                                 i, w, got[o][i][w], wanted[o][i][w]);
    forget_notes();
    assert_int_equal(world.row.pairs, pairs_noted());
    assert_int_equal(runs, world.row.pairs);
    assert_int_equal(intern_count(world.rules.items), world.row.pairs);
    assert_true(world.row.cut_until == 0);
}

/* ---- random steps ---- */

static int64_t random_pane(void)
{
    int64_t span = world.now - world.horizon.oldest + 1;
    int64_t pane = world.now;

    switch (rng_below(&world.rng, 8)) {
    case 0:
        pane -= rng_below(&world.rng, (uint32_t)(span + span / 8 + 2));
        break;
    case 1:
        pane -= rng_below(&world.rng, 4);
        break;
    case 2:
        pane += rng_below(&world.rng, 5);
        break;
    default:
        break;
    }
    return pane > 0 ? pane : 0;
}

static void add_one(void)
{
    struct note note = {.other = rng_below(&world.rng, OTHERS),
                        .index = rng_below(&world.rng, RELATIONS),
                        .pane = random_pane()};
    uint64_t too_old = world.stats.too_old;
    int needed = is_needed(note.pane);

    assert_int_equal(add(note.other, note.index, 1, note.pane), needed);
    assert_int_equal(world.stats.too_old, too_old + !needed);
    if (needed)
        world.notes[world.count++] = note;
}

static void take_one_back(void)
{
    uint32_t at;
    struct note note;

    if (world.count == 0)
        return;
    at = rng_below(&world.rng, world.count);
    note = world.notes[at];
    assert_int_equal(add(note.other, note.index, -1, note.pane),
                     is_needed(note.pane));
    world.notes[at] = world.notes[--world.count];
}

/* Nothing of this other and pane stands. */
static void take_back_what_is_not_there(void)
{
    uint64_t unknown = world.stats.takebacks_unknown;
    struct note note = {1 + rng_below(&world.rng, OTHERS - 1), 0, world.now};

    for (uint32_t i = 0; i < world.count; i++)
        if (world.notes[i].other == note.other)
            return;
    assert_int_equal(add(note.other, note.index, -1, note.pane), 0);
    assert_int_equal(world.stats.takebacks_unknown, unknown + 1);
}

static int64_t random_pause(void)
{
    int64_t span = world.now - world.horizon.oldest + 1;

    switch (rng_below(&world.rng, 40)) {
    case 0:
        return rng_below(&world.rng, (uint32_t)(2 * span));
    case 1:
    case 2:
        return rng_below(&world.rng, (uint32_t)(span / 4 + 2));
    default:
        return rng_below(&world.rng, 6) == 0;
    }
}

static void let_time_pass(void)
{
    row_advance(&world.row, &world.rules, &world.horizon, &world.stats);
    go_to(world.now + random_pause());
    if (rng_below(&world.rng, 2) == 0)
        return; /* the next that reads it will advance it */
    row_advance(&world.row, &world.rules, &world.horizon, &world.stats);
    assert_int_equal(world.row.as_of, world.now);
}

static void check(void)
{
    row_check(&world.row, &world.rules);
    assert_int_equal(world.stats.live, world.row.used);
    assert_int_equal(row_bytes(&world.row), 12 * world.row.capacity);
}

static void walk(uint64_t seed, uint32_t window_set, int steps,
                 uint32_t compare_every)
{
    open_world(seed, window_set, 1000);
    row_check(&world.row, &world.rules);
    for (int i = 0; i < steps; i++) {
        uint32_t what = rng_below(&world.rng, 16);

        if (what < 3 || world.count == NOTES_MAX)
            take_one_back();
        else if (what < 4)
            take_back_what_is_not_there();
        else if (what < 7)
            let_time_pass();
        else
            add_one();
        check();
        if (rng_below(&world.rng, compare_every) == 0)
            compare();
    }
    compare();
    close_world();
}

static void test_counts_as_a_plain_recount_does(void **state)
{
    (void)state;
    for (uint32_t set = 0; set < COUNT(window_sets); set++)
        for (uint64_t seed = 1; seed <= 30; seed++)
            walk(seed, set, 250, 4);
}

static void test_counts_over_a_long_walk(void **state)
{
    (void)state;
    for (uint32_t set = 0; set < COUNT(window_sets); set++)
        walk(77, set, 6000, 200);
}

/* ---- single cases ---- */

static uint32_t count_of(uint32_t other, uint32_t index, uint32_t window)
{
    uint32_t got[OTHERS][RELATIONS][WINDOWS_MAX];

    row_advance(&world.row, &world.rules, &world.horizon, &world.stats);
    read_row(got);
    return got[other][index][window];
}

/* Fine panes are merged when the hour has passed them by, exactly. */
static void test_leaves_each_window_pane_by_pane(void **state)
{
    const int64_t hour = 12, day = 288;
    int64_t start = 1000 * 7 * day;

    (void)state;
    open_world(1, 0, 1000);
    go_to(start + 3);
    add(1, 0, 1, start + 3);
    add(1, 0, 1, start + 2);
    go_to(start + 3 + 11);
    assert_int_equal(count_of(1, 0, 0), 1);
    go_to(start + 3 + 12);
    assert_int_equal(count_of(1, 0, 0), 0);
    assert_int_equal(count_of(1, 0, 1), 2);
    assert_int_equal(world.row.used, 1);
    go_to(start + 24 * hour - 1);
    assert_int_equal(count_of(1, 0, 1), 2);
    go_to(start + 24 * hour);
    assert_int_equal(count_of(1, 0, 1), 0);
    assert_int_equal(count_of(1, 0, 2), 2);
    go_to(start + 7 * day - 1);
    assert_int_equal(count_of(1, 0, 2), 2);
    go_to(start + 7 * day);
    assert_int_equal(count_of(1, 0, 2), 0);
    assert_int_equal(world.row.used, 0);
    close_world();
}

static void test_counts_a_pane_ahead_when_time_gets_there(void **state)
{
    (void)state;
    open_world(1, 1, 1000);
    go_to(100);
    add(2, 1, 1, 103);
    for (int64_t pane = 100; pane < 103; pane++) {
        go_to(pane);
        assert_int_equal(count_of(2, 1, 0), 0);
    }
    /* the coarser windows' pane of 102 to 107 has begun */
    go_to(102);
    assert_int_equal(count_of(2, 1, 1), 1);
    go_to(103);
    assert_int_equal(count_of(2, 1, 0), 1);
    close_world();
}

static void test_takes_back_from_a_merged_pane(void **state)
{
    (void)state;
    open_world(1, 0, 1000);
    go_to(12000);
    add(3, 2, 1, 12000);
    add(3, 2, 1, 12001);
    go_to(12100);
    assert_int_equal(add(3, 2, -1, 12000), 1);
    assert_int_equal(count_of(3, 2, 1), 1);
    assert_int_equal(add(3, 2, -1, 12001), 1);
    assert_int_equal(count_of(3, 2, 1), 0);
    assert_int_equal(world.row.pairs, 0);
    assert_int_equal(add(3, 2, -1, 12001), 0);
    close_world();
}

/* A count that would overflow stays at its highest. */
static void test_the_highest_count_stays(void **state)
{
    (void)state;
    open_world(1, 5, 1000);
    go_to(90);
    add(1, 0, 1, 90);
    add(1, 0, 1, 88);
    for (uint32_t i = 0; i < world.row.used; i++)
        world.row.cells[i].count = UINT32_MAX - 1;
    add(1, 0, 1, 90);
    add(1, 0, 1, 90);
    assert_true(count_of(1, 0, 0) == UINT32_MAX);
    close_world();
}

/* Panes are kept modulo 2^25: the row's own time tells which is meant. */
static void test_pane_numbers_may_be_large(void **state)
{
    static const int64_t starts[] = {0, (1 << 25) - 3, (1 << 26) - 1,
                                     INT64_C(253402300799999)};

    (void)state;
    for (size_t i = 0; i < COUNT(starts); i++) {
        open_world(1, 1, 1000);
        go_to(starts[i]);
        add(1, 0, 1, starts[i]);
        go_to(starts[i] + 3);
        add(1, 0, 1, starts[i] + 3);
        assert_int_equal(count_of(1, 0, 0), 2);
        go_to(starts[i] + 4);
        assert_int_equal(count_of(1, 0, 0), 1);
        go_to(starts[i] + 5000000);
        assert_int_equal(count_of(1, 0, 2), 0);
        assert_int_equal(world.row.used, 0);
        close_world();
    }
}

static void test_an_idle_row_gives_memory_back(void **state)
{
    (void)state;
    open_world(1, 0, 1000);
    go_to(600000);
    for (uint32_t i = 0; i < 2000; i++)
        add(1 + i % (OTHERS - 1), i % RELATIONS, 1, 600000 - i % 300);
    assert_true(world.row.capacity > 300);
    go_to(600000 + 300);
    count_of(1, 0, 0);
    assert_true(world.row.used > 0);
    assert_true(world.row.capacity < 2 * world.row.used + 8);
    go_to(700000);
    count_of(1, 0, 0);
    assert_int_equal(world.row.used, 0);
    assert_true(world.row.capacity <= 8);
    row_check(&world.row, &world.rules);
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_as_a_plain_recount_does),
        cmocka_unit_test(test_counts_over_a_long_walk),
        cmocka_unit_test(test_leaves_each_window_pane_by_pane),
        cmocka_unit_test(test_counts_a_pane_ahead_when_time_gets_there),
        cmocka_unit_test(test_takes_back_from_a_merged_pane),
        cmocka_unit_test(test_the_highest_count_stays),
        cmocka_unit_test(test_pane_numbers_may_be_large),
        cmocka_unit_test(test_an_idle_row_gives_memory_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
