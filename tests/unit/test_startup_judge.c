/* What a start makes of marks, snapshots and the log. Two groups. */
#include "startup_judge.h"

#include "unit.h"

enum { GROUPS = 2, PARTITIONS = 2 };

struct world {
    struct keeper_rules rules;
    struct startup_group groups[GROUPS];
    struct startup_partition partitions[PARTITIONS];
    struct startup_view view;
    int64_t marks[GROUPS][PARTITIONS];
    struct manifest_seen seen[PARTITIONS][4];
};

static struct world world;

/* One partition, with the records 10 to 99, that nobody knows of. */
static struct startup_view *make(uint32_t partitions)
{
    world = (struct world){.rules.groups_count = GROUPS};
    for (uint32_t g = 0; g < GROUPS; g++) {
        world.groups[g].marks = world.marks[g];
        for (uint32_t p = 0; p < PARTITIONS; p++)
            world.marks[g][p] = -1;
    }
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        world.partitions[p].log = (struct keeper_partition){10, 100, -1};
        world.partitions[p].seen = world.seen[p];
    }
    world.view = (struct startup_view){&world.rules, world.groups,
                                       world.partitions, partitions, 0};
    return &world.view;
}

/* Snapshots are given newest first; their partition began at offset 10. */
static void see(uint32_t partition, int64_t offset, int is_whole)
{
    struct startup_partition *to = &world.partitions[partition];

    to->seen[to->seen_count++] = (struct manifest_seen){offset, 10, is_whole};
}

static void mark(uint32_t partition, int64_t first, int64_t second)
{
    world.marks[0][partition] = first;
    world.marks[1][partition] = second;
}

static uint32_t judge(const char *words)
{
    struct err err = ERR_NONE;
    uint32_t lost = startup_judge(&world.view, &err);

    if (words == NULL)
        assert_string_equal(err.text, "");
    else if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
    return lost;
}

static void test_a_new_partition(void **state)
{
    struct startup_view *view = make(1);

    (void)state;
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(world.partitions[0].is_new, 1);
    assert_int_equal(startup_plan(view), 0);
    assert_int_equal(world.partitions[0].plan, PLAN_NEW);
    assert_int_equal(world.partitions[0].offset, 10);
    assert_int_equal(world.partitions[0].origin, 10);
    assert_int_equal(world.groups[0].is_to_write, 0);
}

static void test_a_mark_or_a_snapshot_is_known(void **state)
{
    (void)state;
    make(1);
    world.marks[1][0] = 10;
    assert_int_equal(judge("no snapshot of its sessions fits"), 1);
    assert_int_equal(world.partitions[0].is_new, 0);
    make(1);
    see(0, 10, 1);
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(world.partitions[0].is_new, 0);
    assert_int_equal(world.partitions[0].offset, 10);
}

/* One partition's state is gone; the other's does not excuse it. */
static void test_committed_without_state(void **state)
{
    struct startup_view *view = make(2);

    (void)state;
    see(0, 50, 1);
    mark(0, 50, 60);
    world.partitions[0].log.committed = 50;
    world.partitions[1].log.committed = 0;
    assert_int_equal(judge("partition 1: Kafka has the committed offset 0"), 1);
    assert_int_equal(world.partitions[1].is_lost, 1);
    assert_int_equal(startup_is_doubtful(view), 0);
    world.rules.is_new = 1;
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(startup_plan(view), 0);
    assert_int_equal(world.partitions[1].plan, PLAN_NEW);
    assert_int_equal(world.partitions[0].plan, PLAN_KEEP);
}

static void test_the_newest_that_no_mark_is_behind(void **state)
{
    (void)state;
    make(1);
    see(0, 70, 1);
    see(0, 60, 1);
    see(0, 50, 1);
    mark(0, 90, 65);
    assert_int_equal(startup_fitting(&world.view, 0), 60);
    mark(0, 60, 65);
    assert_int_equal(startup_fitting(&world.view, 0), 60);
    mark(0, 59, 65);
    assert_int_equal(startup_fitting(&world.view, 0), 50);
    mark(0, 49, 65);
    assert_int_equal(startup_fitting(&world.view, 0), -1);
    assert_int_equal(judge("counted up to offset 49, and no snapshot"), 1);
}

static void test_one_that_lacks_a_chunk_is_none(void **state)
{
    (void)state;
    make(1);
    see(0, 60, 0);
    see(0, 50, 1);
    mark(0, 60, 60);
    assert_int_equal(startup_fitting(&world.view, 0), 50);
}

static void test_a_missing_mark_is_the_origin(void **state)
{
    (void)state;
    make(1);
    see(0, 50, 1);
    mark(0, 60, -1);
    assert_int_equal(startup_fitting(&world.view, 0), -1);
    see(0, 10, 1);
    assert_int_equal(startup_fitting(&world.view, 0), 10);
}

static void test_records_must_still_exist(void **state)
{
    (void)state;
    make(1);
    see(0, 50, 1);
    mark(0, 55, 60);
    world.partitions[0].log.oldest = 50;
    assert_int_equal(judge(NULL), 0);
    world.partitions[0].log.oldest = 58;
    assert_int_equal(judge("With --accept-loss 3 records are never counted"),
                     1);
    assert_int_equal(startup_is_doubtful(&world.view), 0);
}

static void test_a_topic_made_anew(void **state)
{
    (void)state;
    make(1);
    see(0, 50, 1);
    mark(0, 100, 60);
    assert_int_equal(judge(NULL), 0);
    mark(0, 101, 60);
    assert_int_equal(judge("counted up to offset 101, but the partition ends "
                           "at 100"),
                     1);
    assert_int_equal(startup_is_doubtful(&world.view), 1);
}

static void test_marks_without_a_snapshot_may_be_of_later(void **state)
{
    (void)state;
    make(1);
    mark(0, 50, 50);
    assert_int_equal(judge("no snapshot of its sessions fits: 0 stand"), 1);
    assert_int_equal(startup_is_doubtful(&world.view), 1);
}

static void test_the_first_loss_is_told_and_all_counted(void **state)
{
    (void)state;
    make(2);
    mark(0, 20, 20);
    mark(1, 30, 30);
    assert_int_equal(judge("partition 0: counted up to offset 20"), 2);
}

/* Marks that the log still reaches stay, and skip what was counted. */
static void test_a_loss_accepted(void **state)
{
    struct startup_view *view = make(2);

    (void)state;
    see(0, 50, 1);
    mark(0, 60, 60);
    mark(1, 9, 60);
    assert_int_equal(judge("partition 1"), 1);
    assert_int_equal(startup_plan(view), 1);
    assert_int_equal(world.partitions[0].plan, PLAN_KEEP);
    assert_int_equal(world.partitions[0].offset, 50);
    assert_int_equal(world.partitions[1].plan, PLAN_LOSS);
    assert_int_equal(world.partitions[1].offset, 10);
    assert_int_equal(world.partitions[1].origin, 10);
    assert_int_equal(world.marks[0][1], 10);
    assert_int_equal(world.marks[1][1], 60);
    assert_int_equal(world.marks[0][0], 60);
    assert_int_equal(world.groups[0].is_to_write, 1);
    assert_int_equal(world.groups[1].is_to_write, 0);
}

static void test_a_loss_of_marks_beyond_the_end(void **state)
{
    struct startup_view *view = make(1);

    (void)state;
    see(0, 50, 1);
    mark(0, 100, 200);
    assert_int_equal(judge("ends at 100"), 1);
    assert_int_equal(startup_plan(view), 1);
    assert_int_equal(world.marks[0][0], 100);
    assert_int_equal(world.marks[1][0], 10);
    assert_int_equal(world.groups[0].is_to_write, 0);
    assert_int_equal(world.groups[1].is_to_write, 1);
}

static void test_clean_is_all_marks_at_the_newest(void **state)
{
    struct startup_view *view = make(2);

    (void)state;
    see(0, 60, 1);
    see(0, 50, 1);
    mark(0, 60, 60);
    assert_int_equal(startup_was_clean(view), 1);
    mark(0, 60, 61);
    assert_int_equal(startup_was_clean(view), 0);
    mark(0, 50, 50);
    assert_int_equal(startup_was_clean(view), 0);
    mark(0, 61, 61);
    assert_int_equal(startup_was_clean(view), 0);
    mark(0, 60, 60);
    see(1, 30, 1);
    mark(1, 30, -1);
    assert_int_equal(startup_was_clean(view), 0);
}

/* What lacks a chunk is no snapshot: records would be read again under the new
 * settings from an older one. */
static void test_clean_needs_a_whole_snapshot(void **state)
{
    struct startup_view *view = make(1);

    (void)state;
    see(0, 60, 0);
    see(0, 50, 1);
    mark(0, 60, 60);
    assert_int_equal(startup_was_clean(view), 0);
    mark(0, 50, 50);
    assert_int_equal(startup_was_clean(view), 1);
}

static void test_changed_settings_are_written_anew(void **state)
{
    struct startup_view *view = make(2);

    (void)state;
    view->is_soft = 1;
    see(0, 60, 1);
    mark(0, 60, 60);
    world.groups[1].has_fingerprint = 1;
    assert_int_equal(judge(NULL), 0);
    assert_int_equal(startup_plan(view), 0);
    assert_int_equal(world.partitions[0].plan, PLAN_REWRITE);
    assert_int_equal(world.partitions[0].offset, 60);
    assert_int_equal(world.partitions[1].plan, PLAN_NEW);
    assert_int_equal(world.groups[0].is_to_write, 0);
    assert_int_equal(world.groups[1].is_to_write, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_partition),
        cmocka_unit_test(test_a_mark_or_a_snapshot_is_known),
        cmocka_unit_test(test_committed_without_state),
        cmocka_unit_test(test_the_newest_that_no_mark_is_behind),
        cmocka_unit_test(test_one_that_lacks_a_chunk_is_none),
        cmocka_unit_test(test_a_missing_mark_is_the_origin),
        cmocka_unit_test(test_records_must_still_exist),
        cmocka_unit_test(test_a_topic_made_anew),
        cmocka_unit_test(test_marks_without_a_snapshot_may_be_of_later),
        cmocka_unit_test(test_the_first_loss_is_told_and_all_counted),
        cmocka_unit_test(test_a_loss_accepted),
        cmocka_unit_test(test_a_loss_of_marks_beyond_the_end),
        cmocka_unit_test(test_clean_is_all_marks_at_the_newest),
        cmocka_unit_test(test_clean_needs_a_whole_snapshot),
        cmocka_unit_test(test_changed_settings_are_written_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
