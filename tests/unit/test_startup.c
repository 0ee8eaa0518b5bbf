/* A start, request by request. */
#include "startup.h"

#include "keeper_world.h"

static struct keeper_world world;
static struct startup *startup;

static int make(void **state)
{
    (void)state;
    world_begin(&world);
    startup = NULL;
    return 0;
}

static int clear(void **state)
{
    (void)state;
    give_up_all();
    startup_free(startup);
    world_end(&world);
    return 0;
}

static void begin(void)
{
    startup = startup_new(&world.rules, world.engine, &script.store,
                          &script.commits, &world.log);
}

static enum keeper_phase work(void)
{
    return startup_work(startup, world.wall_ms);
}

/* Works, serving all, until a request of that kind waits. */
static struct request *work_until(enum script_call call)
{
    for (int i = 0; i < 100; i++) {
        work();
        if (waiting() != NULL && waiting()->call == call)
            return waiting();
        serve_all();
    }
    fail_msg("no request of kind %d came", (int)call);
    return NULL;
}

/* Until the looks after the loads. */
static void work_until_asked_again(void)
{
    work_until(SCRIPT_LOAD);
    work_until(SCRIPT_LOOK);
}

static enum keeper_phase work_all(void)
{
    for (int i = 0; i < 100; i++) {
        enum keeper_phase phase = work();

        if (phase != KEEPER_STARTING)
            return phase;
        serve_all();
    }
    return KEEPER_STARTING;
}

static void assert_reason(const char *wanted)
{
    if (strstr(startup_reason(startup), wanted) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", wanted, startup_reason(startup));
}

static void test_the_first_start(void **state)
{
    (void)state;
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    for (uint32_t p = 0; p < SCRIPT_PARTITIONS; p++) {
        const struct startup_partition *one = startup_partition(startup, p);

        assert_int_equal(one->offset, 10);
        assert_int_equal(one->origin, 10);
        assert_int_equal(partition_key(p)->manifests_count, 1);
        assert_int_equal(partition_key(p)->manifests[0].offset, 10);
        assert_int_equal(partition_key(p)->manifests[0].origin, 10);
        assert_int_equal(script.committed[p], 10);
        assert_int_equal(engine_position(world.engine, p), 10);
    }
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++)
        assert_int_equal(startup_group(startup, g)->marks[1], 10);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), 0);
    assert_int_equal(engine_time(world.engine), -1);
}

/* All is read, then all taken, then loaded, then all asked once more. */
static void test_the_order_of_steps(void **state)
{
    static const enum script_call order[] = {
        SCRIPT_READ_MANIFESTS, SCRIPT_LOOK,           SCRIPT_TAKE,
        SCRIPT_LOAD,           SCRIPT_READ_MANIFESTS, SCRIPT_LOOK};
    static const uint32_t counts[] = {SCRIPT_PARTITIONS, SCRIPT_KEYS,
                                      SCRIPT_KEYS,       SCRIPT_GROUPS,
                                      SCRIPT_PARTITIONS, SCRIPT_KEYS};
    uint32_t at = 0;

    (void)state;
    put_state(token_of(5, 5));
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    for (size_t i = 0; i < COUNT(order); i++)
        for (uint32_t j = 0; j < counts[i]; j++)
            assert_int_equal(script.at[at++].call, order[i]);
    assert_int_equal(script.count, at);
}

/* No step begins before the one before it is answered whole. */
static void test_a_step_waits_for_all_answers(void **state)
{
    struct request *late;

    (void)state;
    put_state(token_of(5, 5));
    begin();
    late = work_until(SCRIPT_TAKE);
    for (uint32_t i = 0; i < script.count; i++)
        if (!script.at[i].is_answered && &script.at[i] != late)
            serve(&script.at[i]);
    work();
    assert_int_equal(count_calls(SCRIPT_LOAD), 0);
    serve(late);
    work();
    assert_int_equal(count_calls(SCRIPT_LOAD), SCRIPT_GROUPS);
}

static void test_goes_on_from_what_stands(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    put_marks(2, 70, 50);
    put_snapshot(0, 60, 10);
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_int_equal(startup_partition(startup, 0)->offset, 50);
    assert_int_equal(startup_partition(startup, 0)->origin, 10);
    assert_int_equal(engine_time(world.engine), START_MS + 3);
    assert_int_equal(startup_group(startup, 1)->id.sequence, 77);
    assert_int_equal(groups_mark(engine_groups(world.engine), 2, 0, 50), 70);
    assert_int_equal(groups_mark(engine_groups(world.engine), 1, 0, 50), 50);
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), 0);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), 0);
}

static void test_the_newest_that_fits_is_chosen_after_the_loads(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    begin();
    work_until(SCRIPT_LOAD);
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++)
        put_marks(g, 80, 50);
    put_snapshot(0, 80, 10);
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_int_equal(startup_partition(startup, 0)->offset, 80);
}

/* ---- tokens ---- */

static void test_the_epoch_is_the_clock(void **state)
{
    (void)state;
    put_state(token_of(1699999999999, UINT64_MAX));
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    for (int i = 0; i < SCRIPT_KEYS; i++) {
        assert_true(script.keys[i].token.epoch == 1700000000000);
        assert_true(script.keys[i].token.owner == OWNER);
    }
    assert_true(startup_token(startup).epoch == 1700000000000);
    assert_int_equal(startup_sequence(startup), 500);
}

static void test_or_one_above_the_highest(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    partition_key(1)->token.epoch = 1800000000000;
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_true(group_key(0)->token.epoch == 1800000000001);
    assert_true(partition_key(1)->token.epoch == 1800000000001);
}

static void test_the_clock_may_be_what_was_seen(void **state)
{
    (void)state;
    put_state(token_of(1700000000000, 5));
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_true(group_key(0)->token.epoch == 1700000000001);
}

static void test_a_larger_token_at_the_take_ends_it(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    begin();
    work_until(SCRIPT_TAKE);
    group_key(2)->token = token_of(1900000000000, 6);
    assert_int_equal(work_all(), KEEPER_TAKEN_OVER);
    assert_reason("host other pid 1");
}

static void test_a_larger_token_at_the_end_ends_it(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    begin();
    work_until_asked_again();
    partition_key(1)->token = token_of(1900000000000, 6);
    assert_int_equal(work_all(), KEEPER_TAKEN_OVER);
}

static void test_a_smaller_token_at_the_end_starts_over(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    begin();
    work_until_asked_again();
    group_key(0)->token = token_of(5, 5);
    assert_int_equal(work_all(), KEEPER_START_OVER);
}

/* An overtaken starter does not report a loss. */
static void test_no_verdict_without_its_tokens(void **state)
{
    (void)state;
    put_state(token_of(5, OWNER));
    begin();
    work_until(SCRIPT_LOAD);
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++)
        put_marks(g, 20, 20);
    work_until(SCRIPT_LOOK);
    group_key(0)->token = token_of(1900000000000, 6);
    assert_int_equal(work_all(), KEEPER_TAKEN_OVER);
}

/* ---- answers that do not help ---- */

static void assert_unknown_starts_over(enum script_call call)
{
    struct request *request;

    put_state(token_of(5, 5));
    begin();
    request = work_until(call);
    answer(request, STORE_UNKNOWN);
    assert_int_equal(work(),
                     count_waiting() > 0 ? KEEPER_STARTING : KEEPER_START_OVER);
    give_up_all();
    assert_int_equal(work(), KEEPER_START_OVER);
}

static void test_unknown_at_a_look(void **state)
{
    (void)state;
    assert_unknown_starts_over(SCRIPT_LOOK);
}

static void test_unknown_at_a_take(void **state)
{
    (void)state;
    assert_unknown_starts_over(SCRIPT_TAKE);
}

static void test_unknown_at_a_load(void **state)
{
    (void)state;
    assert_unknown_starts_over(SCRIPT_LOAD);
}

static void test_unknown_at_the_manifests(void **state)
{
    (void)state;
    assert_unknown_starts_over(SCRIPT_READ_MANIFESTS);
}

static void test_odds_are_refused(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    group_key(1)->is_at_odds = 1;
    begin();
    assert_int_equal(work_all(), KEEPER_REFUSED);
    assert_reason("state of group 1: head, base and log do not fit");
}

static void test_damaged_rows_are_refused(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    strbuf_add_text(&group_key(3)->parts[0], "what is this?");
    group_key(3)->parts_count = 1;
    begin();
    assert_int_equal(work_all(), KEEPER_REFUSED);
    assert_reason("state of group 3");
}

/* ---- losses ---- */

/* What this process owned before it looked, nobody else has moved. */
static void test_a_loss_of_its_own_is_refused_before_taking(void **state)
{
    (void)state;
    put_state(token_of(5, OWNER));
    put_marks(3, 49, 50);
    begin();
    assert_int_equal(work_all(), KEEPER_REFUSED);
    assert_reason("partition 0: counted up to offset 49");
    assert_int_equal(count_calls(SCRIPT_TAKE), 0);
}

static void test_marks_beyond_a_log_read_before_start_over(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    put_marks(3, 101, 50);
    begin();
    assert_int_equal(work_all(), KEEPER_START_OVER);
    assert_int_equal(group_key(0)->token.owner, OWNER);
    startup_free(startup);
    begin();
    assert_int_equal(work_all(), KEEPER_REFUSED);
    assert_reason("counted up to offset 101, but the partition ends at 100");
}

static void test_a_loss_accepted(void **state)
{
    (void)state;
    put_state(token_of(5, OWNER));
    put_snapshot(0, 60, 10);
    partition_key(0)->manifests_count = 1; /* 50 is gone */
    put_marks(2, 5, 50);
    world.rules.accept_loss = 1;
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_int_equal(startup_accepted(startup), 1);
    assert_non_null(strstr(startup_given_up(startup), "partition 0"));
    assert_int_equal(partition_key(0)->manifests_count, 1);
    assert_int_equal(partition_key(0)->manifests[0].offset, 10);
    assert_int_equal(group_key(2)->marks[0], 10);
    assert_int_equal(group_key(1)->marks[0], 50);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), 1);
    assert_true(waiting() == NULL);
    assert_int_equal(startup_group(startup, 2)->id.owner, OWNER);
    assert_int_equal(script.committed[0], 10);
    assert_int_equal(script.committed[1], 50);
    assert_int_equal(engine_position(world.engine, 0), 10);
}

static void test_a_topic_with_fewer_partitions(void **state)
{
    (void)state;
    put_state(token_of(5, OWNER));
    world.log.count = 1;
    world.rules.accept_loss = 1;
    begin();
    assert_int_equal(work_all(), KEEPER_REFUSED);
    assert_reason("partition 1 was counted up to offset 50");
}

static void test_a_committed_offset_without_state(void **state)
{
    (void)state;
    world.partitions[1].committed = 33;
    set_tokens(token_of(5, OWNER));
    begin();
    assert_int_equal(work_all(), KEEPER_REFUSED);
    assert_reason("partition 1: Kafka has the committed offset 33");
    startup_free(startup);
    world.rules.is_new = 1;
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_int_equal(startup_partition(startup, 1)->offset, 10);
}

/* ---- new partitions ---- */

/* A snapshot, then the commit, then counting. */
static void test_a_new_partition_is_committed_first(void **state)
{
    (void)state;
    script.commits_are_lost = 1;
    begin();
    assert_int_equal(work_all(), KEEPER_STARTING);
    assert_int_equal(partition_key(0)->manifests_count, 1);
    assert_int_equal(script.commits_count, SCRIPT_PARTITIONS);
    work();
    assert_int_equal(script.commits_count, SCRIPT_PARTITIONS);
    world.wall_ms += 3000;
    script.commits_are_lost = 0;
    assert_int_equal(work(), KEEPER_STARTING);
    assert_int_equal(script.commits_count, 2 * SCRIPT_PARTITIONS);
    assert_int_equal(work(), KEEPER_RUNNING);
}

static void test_no_commit_before_the_snapshot_stands(void **state)
{
    (void)state;
    begin();
    work_until(SCRIPT_SNAPSHOT);
    work();
    assert_int_equal(script.commits_count, 0);
}

/* ---- settings ---- */

static void set_fingerprints(const char *fingerprint)
{
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++)
        group_key(g)->fingerprint = fingerprint;
}

static void test_settings_that_must_not_change(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    set_fingerprints("a=2\n~gap=5\n");
    begin();
    assert_int_equal(work_all(), KEEPER_MISFIT);
    assert_reason("a is `1` now, and was `2`");
    assert_int_equal(count_calls(SCRIPT_TAKE), 0);
}

static void test_settings_that_a_snapshot_has(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    partition_key(1)->manifests[0].fingerprint = text_of("a=2\n~gap=5\n");
    begin();
    assert_int_equal(work_all(), KEEPER_MISFIT);
    assert_int_equal(count_calls(SCRIPT_TAKE), 0);
}

static void test_settings_changed_after_a_clean_stop(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    put_snapshot(0, 30, 10);
    set_fingerprints("a=1\n~gap=6\n");
    begin();
    assert_int_equal(work_all(), KEEPER_RUNNING);
    assert_int_equal(partition_key(0)->manifests_count, 1);
    assert_int_equal(partition_key(0)->manifests[0].offset, 50);
    assert_int_equal(count_calls(SCRIPT_SNAPSHOT), SCRIPT_PARTITIONS);
    assert_int_equal(count_calls(SCRIPT_CHECKPOINT), SCRIPT_GROUPS);
    for (uint32_t i = 0; i < script.count; i++)
        if (script.at[i].call == SCRIPT_CHECKPOINT)
            assert_text(script.at[i].checkpoint.fingerprint,
                        world.rules.fingerprint);
}

/* A process with such settings does not take over first. */
static void test_settings_changed_after_no_clean_stop(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    put_marks(1, 51, 50);
    set_fingerprints("a=1\n~gap=6\n");
    begin();
    assert_int_equal(work_all(), KEEPER_MISFIT);
    assert_reason("gap is `5` now, and was `6`; that may change only after a "
                  "clean stop");
    assert_int_equal(count_calls(SCRIPT_TAKE), 0);
}

/* The one that ran went on until its tokens were taken. */
static void test_settings_changed_under_one_that_runs(void **state)
{
    (void)state;
    put_state(token_of(5, 5));
    set_fingerprints("a=1\n~gap=6\n");
    begin();
    work_until(SCRIPT_TAKE);
    put_marks(1, 51, 50);
    assert_int_equal(work_all(), KEEPER_MISFIT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_start),
        TEST(test_the_order_of_steps),
        TEST(test_a_step_waits_for_all_answers),
        TEST(test_goes_on_from_what_stands),
        TEST(test_the_newest_that_fits_is_chosen_after_the_loads),
        TEST(test_the_epoch_is_the_clock),
        TEST(test_or_one_above_the_highest),
        TEST(test_the_clock_may_be_what_was_seen),
        TEST(test_a_larger_token_at_the_take_ends_it),
        TEST(test_a_larger_token_at_the_end_ends_it),
        TEST(test_a_smaller_token_at_the_end_starts_over),
        TEST(test_no_verdict_without_its_tokens),
        TEST(test_unknown_at_a_look),
        TEST(test_unknown_at_a_take),
        TEST(test_unknown_at_a_load),
        TEST(test_unknown_at_the_manifests),
        TEST(test_odds_are_refused),
        TEST(test_damaged_rows_are_refused),
        TEST(test_a_loss_of_its_own_is_refused_before_taking),
        TEST(test_marks_beyond_a_log_read_before_start_over),
        TEST(test_a_loss_accepted),
        TEST(test_a_topic_with_fewer_partitions),
        TEST(test_a_committed_offset_without_state),
        TEST(test_a_new_partition_is_committed_first),
        TEST(test_no_commit_before_the_snapshot_stands),
        TEST(test_settings_that_must_not_change),
        TEST(test_settings_that_a_snapshot_has),
        TEST(test_settings_changed_after_a_clean_stop),
        TEST(test_settings_changed_after_no_clean_stop),
        TEST(test_settings_changed_under_one_that_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
