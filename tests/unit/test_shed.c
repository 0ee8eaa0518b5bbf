/* Who goes, in which order, what stays, and when it is exact again: groups
 * against plain lists of all that was contributed. */
#include "shed.h"

#include "mem.h"
#include "rng.h"
#include "unit.h"

enum { ITEMS = 60, NOTES_MAX = 40000, GROUPS = 4 };

static struct relations relations = {
    .count = 2, .at = {{.from = 7, .to = 7}, {.from = 1, .to = 6}}};
static struct windows windows = {.count = 2,
                                 .at = {{"short", 4, 4}, {"long", 24, 2}}};

/* One +1. */
struct note {
    uint32_t row, other; /* from 1; other 0: support */
    uint32_t index;
    int64_t pane;
};

static struct {
    struct rng rng;
    struct row_rules rules;
    struct groups *groups;
    uint32_t numbers[ITEMS + 1]; /* held */
    int64_t now;
    struct note notes[NOTES_MAX];
    uint32_t count;
    uint32_t ticks[ITEMS + 1]; /* when the row was last touched */
    int64_t exact_from[ITEMS + 1];
} world;

static void open_world(uint64_t seed)
{
    struct err err = ERR_NONE;

    memset(&world, 0, sizeof world);
    rng_init(&world.rng, seed);
    relations_init(&relations);
    assert_int_equal(windows_init(&windows, &err), 0);
    world.rules = (struct row_rules){.relations = &relations,
                                     .windows = &windows,
                                     .items = intern_new(),
                                     .pairs_max = 1000};
    world.groups = groups_new(&world.rules, GROUPS);
    world.now = 100;
    groups_advance(world.groups, world.now);
    for (uint32_t i = 1; i <= ITEMS; i++) {
        char id[8];

        snprintf(id, sizeof id, "i%u", i);
        world.numbers[i] = intern_hold(world.rules.items, NO_TEXT, text_of(id));
    }
}

static void close_world(void)
{
    groups_check(world.groups);
    groups_free(world.groups);
    for (uint32_t i = 1; i <= ITEMS; i++)
        intern_drop(world.rules.items, world.numbers[i]);
    assert_int_equal(intern_count(world.rules.items), 0);
    intern_free(world.rules.items);
}

static void add(uint32_t row, uint32_t other, uint32_t index, int64_t pane)
{
    struct contribution one = {.item = world.numbers[row],
                               .other = other == 0 ? 0 : world.numbers[other],
                               .index = (uint8_t)index,
                               .sign = 1,
                               .fine_pane = pane};

    groups_apply(world.groups, &one, 1, 0, 0);
    world.ticks[row] = groups_tick(world.groups);
    assert_true(world.count < NOTES_MAX);
    world.notes[world.count++] = (struct note){row, other, index, pane};
}

static void drain(void)
{
    uint32_t item, pairs;

    while (groups_next_touched(world.groups, &item, &pairs))
        ;
}

/* Time as it is told here passes: a row that has no pairs is touched. */
static void pass_ticks(uint32_t ticks)
{
    uint32_t until = groups_tick(world.groups) + ticks;

    while (groups_tick(world.groups) != until) {
        struct contribution one = {
            .item = world.numbers[ITEMS], .sign = 1, .fine_pane = world.now};

        groups_apply(world.groups, &one, 1, 0, 0);
        drain();
    }
}

static void add_some(uint32_t row)
{
    uint32_t count = 1 + rng_below(&world.rng, 20);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = 1 + rng_below(&world.rng, ITEMS - 1);

        add(row, other == row ? 0 : other, rng_below(&world.rng, 2),
            world.now - rng_below(&world.rng, 3));
    }
    drain();
}

/* ---- recount ---- */

static uint32_t count_of(uint32_t row, uint32_t other, uint32_t index,
                         uint32_t window)
{
    int64_t length = windows.at[window].length_ms / windows.at[window].panes;
    int64_t first =
        (world.now / length - windows.at[window].panes + 1) * length;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < world.count; i++) {
        const struct note *one = &world.notes[i];

        sum += one->row == row && one->other == other && one->index == index &&
               one->pane >= first;
    }
    return sum;
}

static uint32_t found[ITEMS + 1][2][WINDOWS_MAX];

static uint32_t place_of(uint32_t item)
{
    for (uint32_t i = 1; i <= ITEMS; i++)
        if (world.numbers[i] == item)
            return i;
    return 0;
}

static const struct row *read_row(uint32_t row)
{
    const struct row *one = groups_row(world.groups, world.numbers[row]);

    memset(found, 0, sizeof found);
    for (uint32_t at = 0; one != NULL && at < one->used;) {
        uint32_t place = place_of(one->cells[at].other);
        struct row_sums sums;

        at = row_sum_run(&sums, one, &world.rules, groups_horizon(world.groups),
                         at);
        for (uint32_t i = 0; i < 2; i++)
            if (sums.seen >> i & 1)
                memcpy(found[place][i], sums.at[i], sizeof found[place][i]);
    }
    return one;
}

/* Supports are exact, and so are pairs unless the row says otherwise; it says
 * so when it was shed, and no longer than it must. */
static void judge_row(uint32_t row)
{
    const struct row *one = read_row(row);
    int is_partial = one != NULL && one->cut_until != 0;

    assert_int_equal(is_partial, world.now < world.exact_from[row]);
    for (uint32_t other = 0; other < ITEMS; other++)
        for (uint32_t i = 0; i < 2; i++)
            for (uint32_t w = 0; w < windows.count; w++) {
                uint32_t truth = count_of(row, other, i, w);

                if (other == 0 || !is_partial)
                    assert_int_equal(found[other][i][w], truth);
                assert_true(found[other][i][w] <= truth);
            }
}

static void judge_all(void)
{
    for (uint32_t row = 1; row < ITEMS; row++)
        judge_row(row);
    groups_check(world.groups);
}

/* ---- shedding ---- */

static struct shed shed;

struct picture {
    uint64_t bytes[ITEMS + 1]; /* of pairs */
    uint64_t all;
};

static struct picture take_picture(void)
{
    struct picture picture = {.all = 0};
    uint32_t ticks;

    for (uint32_t row = 1; row < ITEMS; row++) {
        const struct row *one = groups_row(world.groups, world.numbers[row]);

        if (one == NULL || one->pairs == 0)
            continue;
        picture.bytes[row] =
            groups_idle(world.groups, world.numbers[row], &ticks);
        assert_int_equal(ticks, groups_tick(world.groups) - world.ticks[row]);
        picture.all += picture.bytes[row];
    }
    return picture;
}

static void note_shed(uint32_t row)
{
    int64_t span = groups_horizon(world.groups)->fine_pane -
                   groups_horizon(world.groups)->oldest + 1;

    world.exact_from[row] = world.now + span + 12;
}

/* Runs it in slices; nothing is touched in between. */
static void shed_now(uint64_t wanted, uint32_t slice)
{
    shed_begin(&shed, world.groups, wanted);
    while (shed_work(&shed, world.groups, slice))
        ;
}

static uint32_t idle_bucket(uint32_t row)
{
    return shed_bucket(shed.tick - world.ticks[row]);
}

/* Those that went were idle for no less than those that stayed; no more of them
 * than it took. */
static uint32_t judge_order(const struct picture *before, uint64_t wanted)
{
    uint32_t lowest_gone = UINT32_MAX, highest_kept = 0, gone = 0;
    uint64_t largest = 0, bytes = 0;

    for (uint32_t row = 1; row < ITEMS; row++) {
        const struct row *one = groups_row(world.groups, world.numbers[row]);
        uint32_t bucket = idle_bucket(row);

        if (before->bytes[row] == 0)
            continue;
        if (one->pairs > 0) {
            highest_kept = bucket > highest_kept ? bucket : highest_kept;
            continue;
        }
        gone++;
        note_shed(row);
        bytes += before->bytes[row] - row_bytes(one);
        lowest_gone = bucket < lowest_gone ? bucket : lowest_gone;
        if (before->bytes[row] > largest)
            largest = before->bytes[row];
    }
    assert_true(gone == 0 || highest_kept <= lowest_gone);
    assert_int_equal(shed.freed, bytes);
    assert_true(gone == 0 || bytes < largest || bytes - largest < wanted);
    assert_int_equal(shed.is_bare, before->all == 0);
    return gone;
}

static void assert_touched(uint32_t gone)
{
    uint32_t item, pairs, count = 0;

    while (groups_next_touched(world.groups, &item, &pairs)) {
        assert_int_equal(pairs, 3);
        count++;
    }
    assert_int_equal(count, gone);
}

static uint32_t shed_and_judge(uint64_t wanted)
{
    struct picture before;
    uint64_t sheds = groups_stats(world.groups)->sheds;
    uint32_t gone;

    before = take_picture();
    shed_now(wanted, 1 + rng_below(&world.rng, 40));
    gone = judge_order(&before, wanted);
    assert_int_equal(groups_stats(world.groups)->sheds - sheds, gone);
    assert_touched(gone);
    if (wanted >= before.all)
        assert_int_equal(take_picture().all, 0);
    return gone;
}

static void walk(uint64_t seed)
{
    open_world(seed);
    for (int i = 0; i < 60; i++) {
        uint32_t count = rng_below(&world.rng, 8);

        for (uint32_t k = 0; k < count; k++)
            add_some(1 + rng_below(&world.rng, ITEMS - 1));
        if (rng_below(&world.rng, 2) == 0)
            pass_ticks(1 + rng_below(&world.rng, 5));
        if (rng_below(&world.rng, 3) == 0) {
            world.now += rng_below(&world.rng, 9);
            groups_advance(world.groups, world.now);
        }
        if (rng_below(&world.rng, 6) == 0)
            shed_and_judge(1 + rng_below(&world.rng, 20000));
        judge_all();
    }
    close_world();
}

static void test_any_order_of_events(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        walk(seed);
}

static void test_all_goes_when_all_is_wanted(void **state)
{
    (void)state;
    open_world(3);
    for (uint32_t row = 1; row < ITEMS; row++)
        add_some(row);
    assert_true(shed_and_judge(UINT64_MAX) >= ITEMS - 5);
    assert_int_equal(groups_stats(world.groups)->partial,
                     groups_stats(world.groups)->sheds);
    assert_int_equal(shed_and_judge(1), 0);
    assert_int_equal(shed.is_bare, 1);
    assert_int_equal(shed.phase, SHED_RESTING);
    judge_all();
    close_world();
}

/* The longest idle alone, when that is enough. */
static void test_the_longest_idle_goes(void **state)
{
    (void)state;
    open_world(4);
    for (uint32_t row = 1; row <= 3; row++) {
        add(row, 10, 0, world.now);
        add(row, 0, 0, world.now);
        drain();
        pass_ticks(row == 2 ? 60 : 2);
    }
    add(1, 11, 0, world.now); /* the first is the youngest now */
    drain();
    assert_int_equal(shed_and_judge(1), 1);
    assert_true(world.exact_from[2] > 0);
    judge_all();
    close_world();
}

/* Touched while it goes on: it stays, whatever it was before. */
static void test_what_is_touched_meanwhile_stays(void **state)
{
    (void)state;
    open_world(5);
    add(1, 10, 0, world.now);
    drain();
    pass_ticks(3);
    shed_begin(&shed, world.groups, UINT64_MAX);
    while (shed.phase == SHED_WEIGHING)
        shed_work(&shed, world.groups, 1);
    pass_ticks(1);
    add(1, 11, 0, world.now);
    drain();
    while (shed_work(&shed, world.groups, 1))
        ;
    assert_int_equal(shed.freed, 0);
    judge_all();
    close_world();
}

/* A row of pairs alone is kept empty, for it must say that it is partial; and
 * no longer. */
static void test_an_empty_row_remembers(void **state)
{
    (void)state;
    open_world(6);
    add(1, 10, 0, world.now);
    drain();
    assert_int_equal(shed_and_judge(1), 1);
    assert_int_equal(groups_row(world.groups, world.numbers[1])->used, 0);
    assert_int_equal(groups_release(world.groups, world.numbers[1]), 0);
    world.now = world.exact_from[1];
    groups_advance(world.groups, world.now);
    judge_all();
    assert_int_equal(groups_release(world.groups, world.numbers[1]), 1);
    close_world();
}

/* What was loaded is older than what was touched, by its latest support. */
static void test_loaded_rows(void **state)
{
    uint32_t ticks[4];

    (void)state;
    open_world(7);
    add(1, 10, 0, world.now);
    for (uint32_t row = 2; row <= 3; row++) {
        struct groups_row_state one = {.content = {.as_of = world.now}};

        one.content.cells = mem_new(2, sizeof(struct cell));
        one.content.count = 2;
        for (uint32_t i = 0; i < 2; i++)
            one.content.cells[i] = (struct cell){
                i == 0 ? 0 : world.numbers[10],
                slot_make(&windows, 0, 0,
                          world.now - (row == 2 && i == 0 ? 3 : 0)),
                1};
        groups_load_row(world.groups,
                        groups_index(world.groups, world.numbers[row]),
                        world.numbers[row], &one);
    }
    for (uint32_t row = 1; row <= 3; row++)
        assert_true(groups_idle(world.groups, world.numbers[row], &ticks[row]) >
                    0);
    assert_int_equal(ticks[1], 0);
    assert_int_equal(ticks[3], 1);
    assert_int_equal(ticks[2], 4);
    close_world();
}

static void test_buckets_rise(void **state)
{
    (void)state;
    for (uint32_t ticks = 0; ticks < 8; ticks++)
        assert_int_equal(shed_bucket(ticks), ticks);
    for (uint32_t ticks = 1; ticks < 200000; ticks++)
        assert_in_range(shed_bucket(ticks) - shed_bucket(ticks - 1), 0, 1);
    /* an eighth apart: never the same */
    for (uint64_t ticks = 8; ticks < UINT32_MAX / 8 * 7; ticks += ticks / 5)
        assert_true(shed_bucket((uint32_t)ticks) <
                    shed_bucket((uint32_t)(ticks + ticks / 8 + 1)));
    assert_int_equal(shed_bucket(UINT32_MAX), SHED_BUCKETS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets_rise),
        cmocka_unit_test(test_the_longest_idle_goes),
        cmocka_unit_test(test_all_goes_when_all_is_wanted),
        cmocka_unit_test(test_what_is_touched_meanwhile_stays),
        cmocka_unit_test(test_an_empty_row_remembers),
        cmocka_unit_test(test_loaded_rows),
        cmocka_unit_test(test_any_order_of_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
