/* An engine killed at any moment and loaded from what was durable goes on as if
 * nothing had been. */
#include "restart_world.h"

static void open_world(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    rng_init(&world.rng, seed);
    world.rules = small_rules();
    world.rules.relations.at[0].score = SCORE_LIFT;
    for (uint32_t r = 0; r < world.rules.relations.count; r++)
        world.rules.relations.at[r].k = 20;
    world.rules.groups_count = GROUPS;
    world.rules.session.gap_ms = draw(2) ? 1000 : 30000;
    world.rules.session.items_max = 2 + draw(4);
    world.rules.session.open_max = 2 + draw(8);
    world.steady = engine_new(&world.rules);
    world.mortal = engine_new(&world.rules);
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        world.newer[p].offset = -1;
        world.stands[p].cut =
            (struct session_cut){.partition_time_ms = -1, .oldest = -1};
        for (uint32_t g = 0; g < GROUPS; g++) {
            world.groups[g].marks[p] = -1;
            groups_set_floor(engine_groups(world.mortal), g, p, 0);
        }
    }
}

static void close_world(void)
{
    engine_free(world.steady);
    engine_free(world.mortal);
    for (uint32_t g = 0; g < GROUPS; g++) {
        for (uint32_t i = 0; i < DELTAS_MAX; i++)
            strbuf_deinit(&world.groups[g].parts[i]);
        strbuf_deinit(&world.pending[g].body);
    }
    for (uint32_t p = 0; p < PARTITIONS; p++)
        for (uint32_t i = 0; i < CHUNKS_MAX; i++) {
            strbuf_deinit(&world.stands[p].chunks[i]);
            strbuf_deinit(&world.newer[p].chunks[i]);
        }
}

/* Nothing is replayed: all that goes on is what was loaded. */
static void crash_at_rest(void)
{
    catch_up();
    settle();
    crash();
    compare();
}

static void step(void)
{
    uint32_t dice = draw(400);

    if (dice < 120)
        make_record();
    else if (dice < 260)
        take_record();
    else if (dice < 290)
        cut_group(draw(GROUPS));
    else if (dice < 330)
        answer_group(draw(GROUPS));
    else if (dice < 390)
        work_snapshot(draw(PARTITIONS));
    else if (dice < 394)
        tidy(world.mortal);
    else if (dice < 396)
        tidy(world.steady);
    else if (dice < 397)
        crash();
    else if (dice < 398)
        crash_at_rest();
    else
        compare();
}

static void test_killed_at_any_moment(void **state)
{
    uint32_t crashes = 0, landed = 0, lost = 0, snapshots = 0, compared = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        open_world(seed);
        for (int i = 0; i < 4000; i++)
            step();
        compare();
        crash();
        compare();
        crashes += world.crashes;
        landed += world.landed;
        lost += world.lost;
        snapshots += world.snapshots;
        compared += world.compared;
        close_world();
    }
    print_message("%u crashes, %u checkpoints, %u lost, %u snapshots, "
                  "%u times compared\n",
                  crashes, landed, lost, snapshots, compared);
    assert_true(crashes > 80 && landed > 800 && lost > 400);
    assert_true(snapshots > 200 && compared > 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_any_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
