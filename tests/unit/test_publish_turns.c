/* What the publisher writes when, on a sink in memory. */
#include "publish.h"

#include "engine_world.h"
#include "sink_memory.h"

enum {
    INTERVAL_MS = 50,
    SETTLE_MS = 5000,
    REFRESH_MS = 10000,
    SWEEP_MS = 60000,
    TTL_MS = 600000
};

static struct publish_rules rules;
static struct engine *engine;
static struct sink sink;
static struct sink_memory *memory;
static struct publish *publish;
static struct publish_turn turn;
static int64_t event_ms; /* of the latest event, after START_MS */

static const char list_of_a[] = "p:related:{a}:also_viewed:1m";
static const char short_of_a[] = "p:related:{a}:also_viewed:1s";
static const char carted_of_a[] = "p:related:{a}:viewed_then_carted:1m";
static const char counts_of_a[] = "p:counts:{a}:also_viewed:1m";
static const char popular_1s[] = "p:popular:1s";
static const char popular_shoes[] = "p:popular:1s:shoes";

static void work(void)
{
    publish_work(publish, &turn);
}

static void wait_ms(int64_t ms)
{
    turn.now_us += ms * 1000;
    sink_memory_advance(memory, turn.now_us / 1000);
    work();
}

/* Time goes on, busy. */
static void run_ms(int64_t ms)
{
    for (; ms >= 50; ms -= 50)
        wait_ms(50);
    wait_ms(ms);
}

/* All is written, and the next sweep is half a SWEEP_MS away. */
static void settle(void)
{
    turn.is_still = 1;
    run_ms(2 * SETTLE_MS);
    wait_ms(REFRESH_MS);
    assert_true(publish_is_settled(publish));
    turn.is_still = 0;
    run_ms(SWEEP_MS);
    turn.is_still = 1;
    event_ms += 1;
    take_event(engine, event_ms, "page_view", "none", "none", "");
    run_ms(2 * SETTLE_MS);
    turn.is_still = 0;
}

static void view(const char *visitor, const char *item, const char *more)
{
    event_ms += 1;
    take_event(engine, event_ms, "page_view", visitor, item, more);
}

static void view_two(const char *visitor, const char *one, const char *other)
{
    view(visitor, one, "");
    view(visitor, other, "");
}

static int make(void **state)
{
    struct engine_rules small;

    (void)state;
    event_ms = 0;
    small = small_rules();
    engine = engine_new(&small);
    memory = sink_memory_new(&sink);
    rules = (struct publish_rules){.prefix = "p:",
                                   .ttl_ms = TTL_MS,
                                   .settle_ms = SETTLE_MS,
                                   .sweep_ms = SWEEP_MS,
                                   .interval_ms = INTERVAL_MS,
                                   .counts_refresh_ms = REFRESH_MS,
                                   .counts_max = 5};
    publish = publish_new(&rules, engine, &sink);
    turn = (struct publish_turn){.now_us = 1000000000, .rows = 1000};
    sink_memory_advance(memory, turn.now_us / 1000);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    publish_free(publish);
    assert_int_equal(sink_memory_stats(memory)->over_room, 0);
    sink_memory_free(memory);
    engine_free(engine);
    return 0;
}

static int has(const char *key, const char *words)
{
    struct text value;

    return sink_memory_get(memory, &value, text_of(key)) &&
           memmem(value.bytes, value.length, words, strlen(words)) != NULL;
}

static uint32_t members_of(const char *key)
{
    const struct sink_member *members;

    return sink_memory_counts(memory, &members, text_of(key));
}

static uint64_t first_count_of(const char *key)
{
    const struct sink_member *members;

    return sink_memory_counts(memory, &members, text_of(key)) == 0
               ? 0
               : members[0].count;
}

/* A key that nobody wrote, or whose removal was lost. */
static void plant(const char *key)
{
    sink.put(sink.self, text_of(key), text_of("old"), TTL_MS);
}

/* ---- turns ---- */

static void test_order_changes_at_the_next_turn(void **state)
{
    (void)state;
    turn.is_behind = 1;
    view_two("x", "a", "b");
    work();
    assert_true(has(list_of_a, "\"items\":[{\"id\":\"b\""));
    view("x", "c", "");
    wait_ms(INTERVAL_MS - 1);
    assert_false(has(list_of_a, "\"c\""));
    assert_int_equal(publish_stats(publish)->waiting, 3);
    wait_ms(1);
    assert_true(has(list_of_a, "\"c\""));
    assert_int_equal(publish_stats(publish)->waiting, 0);
}

/* A hot row is written once a turn. */
static void test_many_changes_are_one_write(void **state)
{
    uint64_t puts;

    (void)state;
    work();
    turn.is_behind = 1;
    wait_ms(INTERVAL_MS);
    puts = sink_memory_stats(memory)->puts;
    view_two("x", "a", "b");
    view("x", "c", "");
    wait_ms(INTERVAL_MS);
    assert_int_equal(sink_memory_stats(memory)->puts, puts + 3 * 2);
}

static void test_score_changes_settle(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    turn.is_behind = 1;
    view_two("y", "a", "b");
    run_ms(SETTLE_MS - 50);
    assert_true(has(list_of_a, "\"count\":1}"));
    assert_false(publish_is_settled(publish));
    run_ms(100);
    assert_true(has(list_of_a, "\"count\":2}"));
}

static void test_support_changes_settle(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    turn.is_behind = 1;
    view("y", "a", "");
    run_ms(SETTLE_MS - 50);
    assert_true(has(list_of_a, "\"support\":1"));
    run_ms(100);
    assert_true(has(list_of_a, "\"support\":2"));
}

static void test_with_time_to_spare_at_once(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    view_two("y", "a", "b");
    wait_ms(INTERVAL_MS);
    assert_true(has(list_of_a, "\"count\":2}"));
}

/* A turn that took 200 ms is followed by a pause of seven times that. */
static void test_turns_stretch_when_it_is_behind(void **state)
{
    (void)state;
    turn.is_behind = 1;
    turn.rows = 1;
    view_two("x", "a", "b");
    work();
    wait_ms(200);
    assert_int_equal(publish_stats(publish)->waiting, 0);
    view("x", "c", "");
    turn.rows = 1000;
    wait_ms(1399);
    assert_int_equal(publish_stats(publish)->waiting, 3);
    wait_ms(1);
    assert_int_equal(publish_stats(publish)->waiting, 0);
}

static void test_turns_do_not_stretch_in_time(void **state)
{
    (void)state;
    turn.rows = 1;
    view_two("x", "a", "b");
    work();
    wait_ms(200);
    view("x", "c", "");
    turn.rows = 1000;
    work();
    assert_int_equal(publish_stats(publish)->waiting, 0);
}

static void test_rows_bound_a_call(void **state)
{
    (void)state;
    turn.rows = 1;
    view_two("x", "a", "b");
    assert_int_equal(publish_work(publish, &turn), 1);
    assert_int_equal(publish_stats(publish)->waiting, 1);
    turn.rows = 1000;
    assert_int_equal(publish_work(publish, &turn), 0);
    assert_int_equal(publish_stats(publish)->waiting, 0);
}

static void test_no_room_stops_it(void **state)
{
    (void)state;
    sink_memory_set_room(memory, 0);
    view_two("x", "a", "b");
    run_ms(2 * SWEEP_MS);
    assert_int_equal(sink_memory_keys(memory), 0);
    assert_int_equal(publish_stats(publish)->waiting, 2);
    sink_memory_set_room(memory, UINT32_MAX);
    wait_ms(INTERVAL_MS);
    assert_true(has(list_of_a, "\"b\""));
}

/* ---- sweeps ---- */

/* Another item's support changes a score; no event of the row comes. */
static void test_a_sweep_sees_what_no_event_tells(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    assert_true(has(list_of_a, "\"score\":1.0000"));
    turn.is_behind = 1;
    for (int i = 0; i < 3; i++) {
        char visitor[8];

        snprintf(visitor, sizeof visitor, "w%d", i);
        view(visitor, "b", "");
    }
    run_ms(SETTLE_MS);
    assert_true(has(list_of_a, "\"score\":1.0000"));
    run_ms(SWEEP_MS - SETTLE_MS);
    assert_true(has(list_of_a, "\"score\":0.5000"));
}

/* Panes that passed empty a list: it is deleted, with all that goes by. */
static void test_what_time_empties_is_deleted(void **state)
{
    (void)state;
    view("x", "a", ",'category':'shoes'");
    view("x", "b", "");
    settle();
    assert_true(has(short_of_a, "\"b\""));
    assert_true(has(popular_shoes, "\"a\""));
    assert_int_equal(members_of("p:counts:{a}:also_viewed:1s"), 1);
    event_ms += 2000;
    view("z", "other", "");
    run_ms(SWEEP_MS);
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(short_of_a)), -1);
    assert_int_equal(members_of("p:counts:{a}:also_viewed:1s"), 0);
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(popular_shoes)), -1);
    assert_false(publish_has_popular(publish, text_of(popular_shoes)));
    assert_true(has(popular_1s, "\"other\""));
    assert_false(has(popular_1s, "\"a\""));
    assert_true(has(list_of_a, "\"b\""));
}

/* Every key of a row that stands still is given a new life in time. */
static void test_lives_never_run_out(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    run_ms(SWEEP_MS);
    for (int i = 0; i < 3 * TTL_MS / 1000; i++) {
        run_ms(1000);
        assert_true(sink_memory_ttl_ms(memory, text_of(list_of_a)) >=
                    TTL_MS / 2 - 1000);
        assert_true(sink_memory_ttl_ms(memory, text_of(counts_of_a)) >=
                    TTL_MS / 2 - 1000);
        assert_true(sink_memory_ttl_ms(memory, text_of(popular_1s)) >=
                    TTL_MS / 2 - 1000);
    }
}

static void test_what_stands_still_is_not_written(void **state)
{
    uint64_t puts;

    (void)state;
    view_two("x", "a", "b");
    settle();
    puts = sink_memory_stats(memory)->puts;
    run_ms(SWEEP_MS);
    assert_int_equal(sink_memory_stats(memory)->puts, puts);
    assert_true(publish_stats(publish)->lists_unchanged > 0);
}

/* One sweep at full speed, and not again without an event. */
static void test_stillness_sweeps_at_once(void **state)
{
    uint64_t sweeps;

    (void)state;
    view_two("x", "a", "b");
    settle();
    view("w", "b", "");
    sweeps = publish_stats(publish)->sweeps;
    wait_ms(INTERVAL_MS);
    assert_true(has(list_of_a, "\"score\":1.0000"));
    turn.is_still = 1;
    wait_ms(SETTLE_MS);
    assert_true(has(list_of_a, "\"score\":0.7071"));
    assert_int_equal(publish_stats(publish)->sweeps, sweeps + 1);
    run_ms(2 * SETTLE_MS);
    assert_int_equal(publish_stats(publish)->sweeps, sweeps + 1);
}

/* ---- counts ---- */

static void test_counts_follow_within_their_time(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    view("x", "c", "");
    settle();
    assert_int_equal(members_of(counts_of_a), 2);
    view_two("y", "a", "b");
    run_ms(REFRESH_MS - 100);
    assert_int_equal(first_count_of(counts_of_a), 1);
    run_ms(150);
    assert_int_equal(first_count_of(counts_of_a), 2);
}

static void test_counts_write_changed_members_only(void **state)
{
    uint64_t set;

    (void)state;
    view_two("x", "a", "b");
    view("x", "c", "");
    settle();
    set = sink_memory_stats(memory)->members_set;
    view_two("y", "a", "b");
    run_ms(REFRESH_MS + 100);
    assert_int_equal(sink_memory_stats(memory)->members_set, set + 2 * 2);
}

/* ---- what nobody knows ---- */

static void test_a_loss_writes_all_and_deletes_what_is_empty(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    sink_memory_clear(memory);
    plant(carted_of_a);
    sink_memory_bump(memory);
    run_ms(SWEEP_MS / 2 + 100);
    assert_true(has(list_of_a, "\"b\""));
    assert_int_equal(members_of(counts_of_a), 1);
    assert_true(has(popular_1s, "\"a\""));
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(carted_of_a)), -1);
}

static void test_adopted_rows_are_written_anew(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    plant(list_of_a);
    plant(carted_of_a);
    publish_free(publish);
    publish = publish_new(&rules, engine, &sink);
    work();
    publish_adopt(publish);
    run_ms(SWEEP_MS);
    assert_true(has(list_of_a, "\"b\""));
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(carted_of_a)), -1);
}

static void test_forgotten_keys_are_written_anew(void **state)
{
    (void)state;
    view_two("x", "a", "b");
    settle();
    sink_memory_clear(memory);
    publish_forget(publish);
    run_ms(SWEEP_MS);
    assert_true(has(list_of_a, "\"b\""));
    assert_true(has(popular_1s, "\"a\""));
}

/* Whole windows pass: the row is given up. */
static void empty_all(void)
{
    view_two("x", "a", "b");
    settle();
    event_ms += 200000;
    view("z", "other", "");
    run_ms(SWEEP_MS);
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(list_of_a)), -1);
    assert_int_equal(members_of(counts_of_a), 0);
}

static void test_an_empty_row_is_given_up(void **state)
{
    (void)state;
    empty_all();
    run_ms(SWEEP_MS);
    assert_null(groups_row(engine_groups(engine), item_of(engine, "", "a")));
}

/* The removals were lost with the connection. */
static void test_lost_removals_are_done_again(void **state)
{
    (void)state;
    view("c", "c", ",'category':'shoes'");
    empty_all();
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(popular_shoes)), -1);
    plant(list_of_a);
    plant(popular_shoes);
    sink_memory_bump(memory);
    run_ms(SWEEP_MS);
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(list_of_a)), -1);
    assert_int_equal(sink_memory_ttl_ms(memory, text_of(popular_shoes)), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order_changes_at_the_next_turn),
        TEST(test_many_changes_are_one_write),
        TEST(test_score_changes_settle),
        TEST(test_support_changes_settle),
        TEST(test_with_time_to_spare_at_once),
        TEST(test_turns_stretch_when_it_is_behind),
        TEST(test_turns_do_not_stretch_in_time),
        TEST(test_rows_bound_a_call),
        TEST(test_no_room_stops_it),
        TEST(test_a_sweep_sees_what_no_event_tells),
        TEST(test_what_time_empties_is_deleted),
        TEST(test_lives_never_run_out),
        TEST(test_what_stands_still_is_not_written),
        TEST(test_stillness_sweeps_at_once),
        TEST(test_counts_follow_within_their_time),
        TEST(test_counts_write_changed_members_only),
        TEST(test_a_loss_writes_all_and_deletes_what_is_empty),
        TEST(test_adopted_rows_are_written_anew),
        TEST(test_forgotten_keys_are_written_anew),
        TEST(test_an_empty_row_is_given_up),
        TEST(test_lost_removals_are_done_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
