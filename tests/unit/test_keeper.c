/* The keeper after its start: groups' checkpoints, doubts, roll-backs, the
 * end. */
#include "keeper.h"

#include "group_state.h"
#include "keeper_world.h"

enum { MINUTE_US = 60000000 };

static struct keeper_world world;
static struct keeper *keeper;

static enum keeper_phase work(void)
{
    return keeper_work(keeper, world.now_us, world.wall_ms);
}

static void start(void)
{
    keeper = keeper_new(&world.rules, world.engine, &script.store,
                        &script.commits, &world.log);
    for (int i = 0; i < 100 && work() == KEEPER_STARTING; i++)
        serve_all();
    assert_int_equal(work(), KEEPER_RUNNING);
    serve_all();
}

/* Works and serves as time goes on. */
static void run_ms(int64_t ms)
{
    for (int64_t end_us = world.now_us + ms * 1000; world.now_us < end_us;) {
        world.now_us += 50000;
        work();
        serve_all();
    }
}

/* Both partitions are read up to 50; groups at rest have asked once. */
static int make(void **state)
{
    (void)state;
    world_begin(&world);
    put_state(token_of(5, 5));
    start();
    run_ms(INTERVAL_MS);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    give_up_all();
    keeper_free(keeper);
    world_end(&world);
    return 0;
}

/* The group of that item, and of the pair's other: they are the same. */
static uint32_t see_and_find(int64_t offset)
{
    see_pair(&world, 0, offset, "a", "b");
    return groups_index(engine_groups(world.engine),
                        item_of(world.engine, "", "a"));
}

static struct request *checkpoint_of(uint32_t group)
{
    for (uint32_t i = 0; i < script.count; i++)
        if (!script.at[i].is_answered &&
            script.at[i].call == SCRIPT_CHECKPOINT &&
            script.at[i].key.number == group)
            return &script.at[i];
    return NULL;
}

/* Time goes on and nothing is served until the group's checkpoint went out. */
static struct request *next_checkpoint(uint32_t group)
{
    for (int i = 0; i < 2 * INTERVAL_MS / 50; i++) {
        world.now_us += 50000;
        work();
        if (checkpoint_of(group) != NULL)
            return checkpoint_of(group);
    }
    fail_msg("group %u sends no checkpoint", group);
    return NULL;
}

static struct request *take_of(uint32_t group)
{
    for (int i = 0; i < 10; i++) {
        world.now_us += 50000;
        work();
        for (uint32_t j = 0; j < script.count; j++)
            if (!script.at[j].is_answered && script.at[j].call == SCRIPT_TAKE &&
                script.at[j].key.kind == STORE_GROUP &&
                script.at[j].key.number == group)
                return &script.at[j];
    }
    fail_msg("group %u does not ask for its head", group);
    return NULL;
}

/* What stands of the group is what is counted up to its marks. */
static void assert_durable(uint32_t number)
{
    struct engine *other = engine_new(&world.engine_rules);
    struct standing *key = group_key(number);
    struct strbuf wanted = STRBUF_EMPTY, got = STRBUF_EMPTY;
    struct err err = ERR_NONE;

    engine_set_time(other, key->time_ms);
    for (uint32_t i = 0; i < key->parts_count; i++)
        if (key->parts[i].length > 0)
            assert_int_equal(group_state_unpack(engine_groups(other), number,
                                                key->parts[i].bytes,
                                                key->parts[i].length, &err),
                             0);
    group_state_pack_base(&wanted, engine_groups(world.engine), number);
    group_state_pack_base(&got, engine_groups(other), number);
    assert_int_equal(got.length, wanted.length);
    assert_memory_equal(got.bytes, wanted.bytes, got.length);
    strbuf_deinit(&wanted);
    strbuf_deinit(&got);
    engine_free(other);
}

/* ---- checkpoints ---- */

static void test_the_start_is_done(void **state)
{
    (void)state;
    assert_true(keeper_is_running(keeper));
    assert_int_equal(keeper_offset(keeper, 0), 50);
    assert_true(keeper_token(keeper).owner == OWNER);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), 0);
    assert_string_equal(keeper_given_up(keeper), "");
}

/* Marks too, of groups whose rows stand still. */
static void test_what_changed_is_stored(void **state)
{
    uint32_t group = see_and_find(50);

    (void)state;
    run_ms(INTERVAL_MS + 100);
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++) {
        assert_int_equal(group_key(g)->marks[0], 51);
        assert_int_equal(group_key(g)->marks[1], 50);
        assert_int_equal(group_key(g)->time_ms, START_MS + 100);
        assert_int_equal(group_key(g)->id.owner, OWNER);
        assert_durable(g);
    }
    assert_true(group_key(group)->parts[0].length > 0);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), SCRIPT_GROUPS);
    assert_int_equal(keeper_stats(keeper, world.now_us)->checkpoints,
                     SCRIPT_GROUPS);
    run_ms(2 * INTERVAL_MS);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), SCRIPT_GROUPS);
}

static void test_one_in_flight_a_group(void **state)
{
    uint32_t group = see_and_find(50);
    struct request *first = next_checkpoint(group);

    (void)state;
    assert_int_equal(first->checkpoint.is_base, 0);
    assert_int_equal(first->marks[0], 51);
    see_pair(&world, 0, 51, "a", "b");
    for (int i = 0; i < 3 * INTERVAL_MS / 50; i++) {
        world.now_us += 50000;
        work();
    }
    assert_int_equal(count_waiting(), SCRIPT_GROUPS + 1); /* and a chunk */
    serve(first);
    work();
    assert_non_null(checkpoint_of(group));
    assert_true(checkpoint_of(group)->checkpoint.builds_on.sequence ==
                first->checkpoint.id.sequence);
    serve_all();
    assert_durable(group);
}

static void test_ids_are_never_used_twice(void **state)
{
    (void)state;
    for (int64_t i = 50; i < 60; i++) {
        see_and_find(i);
        run_ms(INTERVAL_MS);
    }
    for (uint32_t i = 0; i < script.count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (script.at[i].call == SCRIPT_CHECKPOINT &&
                script.at[j].call == SCRIPT_CHECKPOINT)
                assert_false(store_id_equal(script.at[i].checkpoint.id,
                                            script.at[j].checkpoint.id));
}

/* Sees pairs until the group has a base; returns the next offset. */
static int64_t see_until_base(uint32_t group)
{
    char item[128];
    int64_t offset = 51;

    while (!group_key(group)->has_base && offset < 2000) {
        for (int i = 0; i < 40; i++) {
            snprintf(item, sizeof item, "%016llx%0100d",
                     (unsigned long long)offset * UINT64_C(0x9e3779b97f4a7c15),
                     0);
            see_pair(&world, 0, offset++, "a", item);
        }
        run_ms(INTERVAL_MS + 100);
        if (!group_key(group)->has_base) {
            size_t bytes = 0;

            for (uint32_t i = 0; i < group_key(group)->parts_count; i++)
                bytes += group_key(group)->parts[i].length;
            assert_true(bytes < 2 * 64 * 1024);
        }
    }
    assert_true(group_key(group)->has_base);
    assert_durable(group);
    return offset;
}

/* A log above its bound makes a base, and then there are deltas again. */
static void test_a_base_when_the_log_is_long(void **state)
{
    uint32_t group = see_and_find(50);
    int64_t offset = see_until_base(group);

    (void)state;
    assert_true(group_key(group)->parts[0].length > 1000);
    assert_true(keeper_stats(keeper, world.now_us)->bases > 0);
    see_pair(&world, 0, offset, "a", "b");
    run_ms(INTERVAL_MS + 100);
    assert_int_equal(group_key(group)->parts_count, 2);
    assert_durable(group);
}

/* What time took from the rows leaves the store within a minute or so. */
static void test_a_base_when_time_took_the_rows(void **state)
{
    uint32_t group = see_and_find(50);
    int64_t offset = see_until_base(group);
    uint64_t bases = keeper_stats(keeper, world.now_us)->bases;
    size_t before = group_key(group)->parts[0].length;
    uint32_t item, pairs;

    (void)state;
    engine_set_time(world.engine, START_MS + INT64_C(400) * 24 * 3600 * 1000);
    for (item = 1; item < intern_end(engine_items(world.engine)); item++)
        groups_row(engine_groups(world.engine), item);
    run_ms(INTERVAL_MS + 100);
    while (groups_next_touched(engine_groups(world.engine), &item, &pairs))
        ;
    for (item = 1; item < intern_end(engine_items(world.engine)); item++)
        groups_release(engine_groups(world.engine), item);
    for (int i = 0; i < 70; i++) {
        see_pair(&world, 0, offset++, "a", "b");
        run_ms(1000);
    }
    assert_true(keeper_stats(keeper, world.now_us)->bases > bases);
    assert_true(group_key(group)->parts[0].length < before / 2);
}

/* ---- doubts ---- */

/* It is asked for before anything else; then cut anew under a new id. */
static void test_a_lost_one_is_cut_anew(void **state)
{
    uint32_t group = see_and_find(50);
    struct request *first = next_checkpoint(group), *again;

    (void)state;
    answer(first, STORE_UNKNOWN);
    see_pair(&world, 0, 51, "a", "c");
    serve(take_of(group));
    again = next_checkpoint(group);
    assert_true(again->checkpoint.id.sequence > first->checkpoint.id.sequence);
    assert_int_equal(again->checkpoint.is_base, 0);
    assert_int_equal(again->checkpoint.builds_on.sequence, 77);
    assert_int_equal(again->marks[0], 52);
    serve_all();
    assert_durable(group);
}

static void test_one_that_landed_unheard_is_gone_on_from(void **state)
{
    uint32_t group = see_and_find(50);
    struct request *first = next_checkpoint(group), *next;

    (void)state;
    assert_int_equal(run(first), STORE_DONE);
    answer(first, STORE_UNKNOWN);
    serve(take_of(group));
    serve_all();
    see_pair(&world, 0, 51, "a", "c");
    next = next_checkpoint(group);
    assert_true(
        store_id_equal(next->checkpoint.builds_on, first->checkpoint.id));
    assert_int_equal(next->checkpoint.is_base, 0);
    serve_all();
    assert_durable(group);
    assert_int_equal(keeper_stats(keeper, world.now_us)->rolled_back, 0);
}

static void test_a_roll_back_makes_a_base(void **state)
{
    uint32_t group = see_and_find(50);
    struct request *base;
    const struct store_id found = {5, 3};

    (void)state;
    run_ms(INTERVAL_MS + 100);
    assert_durable(group);
    group_key(group)->id = found;
    group_key(group)->parts_count = 0;
    put_marks(group, 50, 50);
    see_pair(&world, 0, 51, "a", "b");
    serve(next_checkpoint(group)); /* refused */
    serve(take_of(group));
    base = next_checkpoint(group);
    assert_int_equal(base->checkpoint.is_base, 1);
    assert_true(store_id_equal(base->checkpoint.builds_on, found));
    assert_int_equal(base->marks[0], 52);
    assert_int_equal(keeper_stats(keeper, world.now_us)->rolled_back, 1);
    serve_all();
    assert_durable(group);
}

/* Found in the end by a group that has nothing to write. */
static void test_an_idle_group_finds_a_roll_back(void **state)
{
    uint32_t group = see_and_find(50);

    (void)state;
    run_ms(INTERVAL_MS + 100);
    group_key(group)->id = (struct store_id){5, 3};
    group_key(group)->token = token_of(5, 5);
    group_key(group)->parts_count = 0;
    run_ms(MINUTE_US / 1000 + 500);
    assert_int_equal(group_key(group)->has_base, 1);
    assert_true(group_key(group)->token.owner == OWNER);
    assert_durable(group);
}

static void test_a_group_at_odds_gets_a_base(void **state)
{
    uint32_t group = see_and_find(50);

    (void)state;
    run_ms(INTERVAL_MS + 100);
    group_key(group)->is_at_odds = 1;
    script.generation++;
    run_ms(INTERVAL_MS);
    assert_int_equal(group_key(group)->has_base, 1);
}

/* Snapshots wait for what is durable, not for what was before the roll-back. */
static void test_a_snapshot_waits_for_every_group(void **state)
{
    uint32_t group = see_and_find(50);

    (void)state;
    for (int i = 0; i < 4 * INTERVAL_MS / 50; i++) {
        world.now_us += 50000;
        work();
        for (uint32_t j = 0; j < script.count; j++)
            if (!script.at[j].is_answered &&
                (script.at[j].call != SCRIPT_CHECKPOINT ||
                 script.at[j].key.number != group))
                serve(&script.at[j]);
    }
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), 0);
    serve_all();
    run_ms(100);
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), 1);
    assert_int_equal(partition_key(0)->manifests[0].offset, 51);
    assert_int_equal(script.committed[0], 51);
    assert_int_equal(keeper_stats(keeper, world.now_us)->snapshots, 1);
}

/* Serves all but chunks and the group's checkpoints. */
static void serve_some(uint32_t group)
{
    for (uint32_t i = 0; i < script.count; i++) {
        struct request *one = &script.at[i];

        if (!one->is_answered && one->call != SCRIPT_STAGE &&
            (one->call != SCRIPT_CHECKPOINT || one->key.number != group))
            serve(one);
    }
}

/* Marks that were durable before the roll-back are not any more. */
static void test_a_snapshot_waits_for_what_rolled_back(void **state)
{
    uint32_t group = see_and_find(50);

    (void)state;
    for (int i = 0; i < INTERVAL_MS / 50; i++) {
        world.now_us += 50000;
        work();
        serve_some(SCRIPT_GROUPS);
    }
    assert_int_equal(group_key(group)->marks[0], 51);
    put_marks(group, 50, 50);
    group_key(group)->id = (struct store_id){5, 3};
    script.generation++;
    for (int i = 0; i < INTERVAL_MS / 50; i++) {
        world.now_us += 50000;
        work();
        serve_some(group);
        while (i > 10 && waiting()->call == SCRIPT_STAGE)
            serve(waiting());
    }
    assert_true(checkpoint_of(group)->checkpoint.is_base);
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), 0);
    serve_all();
    run_ms(100);
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), 1);
}

static void test_a_reconnect_asks_for_every_head(void **state)
{
    uint32_t takes = count_calls(SCRIPT_TAKE);

    (void)state;
    see_and_find(50);
    script.generation++;
    world.now_us += INTERVAL_MS * 1000;
    work();
    for (uint32_t i = 0; i < script.count; i++)
        if (!script.at[i].is_answered)
            assert_int_equal(script.at[i].call, SCRIPT_TAKE);
    serve_all();
    assert_int_equal(count_calls(SCRIPT_TAKE), takes + SCRIPT_KEYS);
    run_ms(100);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), SCRIPT_GROUPS);
}

static void test_nothing_is_sent_while_the_store_is_away(void **state)
{
    uint32_t count = script.count;

    (void)state;
    see_and_find(50);
    script.is_away = 1;
    run_ms(2 * MINUTE_US / 1000);
    assert_int_equal(script.count, count);
}

static void test_overtaken_ends_it(void **state)
{
    uint32_t group = see_and_find(50), count;

    (void)state;
    group_key(group)->token = token_of(1900000000000, 6);
    serve(next_checkpoint(group));
    serve(take_of(group));
    assert_int_equal(work(), KEEPER_TAKEN_OVER);
    assert_string_equal(keeper_reason(keeper),
                        "another process took over: host other pid 1");
    assert_int_equal(keeper_is_clean(keeper), 0);
    give_up_all();
    count = script.count;
    keeper_end(keeper);
    run_ms(MINUTE_US / 1000);
    assert_int_equal(script.count, count);
}

/* ---- the end ---- */

static void test_a_clean_end(void **state)
{
    uint32_t group = see_and_find(50);

    (void)state;
    assert_int_equal(keeper_is_clean(keeper), 0);
    keeper_end(keeper);
    for (int i = 0; i < 20 && !keeper_is_clean(keeper); i++) {
        work();
        serve_all();
    }
    assert_int_equal(keeper_is_clean(keeper), 1);
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++)
        assert_int_equal(group_key(g)->marks[0], 51);
    assert_int_equal(partition_key(0)->manifests[0].offset, 51);
    assert_durable(group);
}

static void test_not_clean_before_the_answers(void **state)
{
    (void)state;
    see_and_find(50);
    keeper_end(keeper);
    for (int i = 0; i < 20; i++) {
        work();
        while (waiting() != NULL && waiting()->call != SCRIPT_SNAPSHOT)
            serve(waiting());
    }
    assert_int_equal(waiting()->call, SCRIPT_SNAPSHOT);
    assert_int_equal(keeper_is_clean(keeper), 0);
    serve_all();
    assert_int_equal(keeper_is_clean(keeper), 1);
}

/* A store that lost its memory while nothing was on its way to it: new
 * partitions wait for their commits, then heads are asked for. */
static int make_bare(void **state)
{
    (void)state;
    world_begin(&world);
    return 0;
}

static void test_a_reconnect_while_commits_are_awaited(void **state)
{
    uint32_t takes;

    (void)state;
    script.commits_are_lost = 1;
    keeper = keeper_new(&world.rules, world.engine, &script.store,
                        &script.commits, &world.log);
    for (int i = 0; i < 50; i++) {
        work();
        serve_all();
    }
    assert_int_equal(work(), KEEPER_STARTING);
    takes = count_calls(SCRIPT_TAKE);
    script.generation++;
    work();
    script.commits_are_lost = 0;
    world.wall_ms += 10000;
    run_ms(200);
    assert_int_equal(work(), KEEPER_RUNNING);
    assert_int_equal(count_calls(SCRIPT_TAKE), takes + SCRIPT_KEYS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_start_is_done),
        TEST(test_what_changed_is_stored),
        TEST(test_one_in_flight_a_group),
        TEST(test_ids_are_never_used_twice),
        TEST(test_a_base_when_the_log_is_long),
        TEST(test_a_base_when_time_took_the_rows),
        TEST(test_a_lost_one_is_cut_anew),
        TEST(test_one_that_landed_unheard_is_gone_on_from),
        TEST(test_a_roll_back_makes_a_base),
        TEST(test_an_idle_group_finds_a_roll_back),
        TEST(test_a_group_at_odds_gets_a_base),
        TEST(test_a_snapshot_waits_for_every_group),
        TEST(test_a_snapshot_waits_for_what_rolled_back),
        TEST(test_a_reconnect_asks_for_every_head),
        TEST(test_nothing_is_sent_while_the_store_is_away),
        TEST(test_overtaken_ends_it),
        TEST(test_a_clean_end),
        TEST(test_not_clean_before_the_answers),
        cmocka_unit_test_setup_teardown(
            test_a_reconnect_while_commits_are_awaited, make_bare, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
