/* The publisher on a sink in memory: what it writes, and after a retune. */
#include "publish.h"

#include "engine_world.h"
#include "sink_memory.h"

struct world {
    struct engine_rules engine_rules;
    struct publish_rules rules;
    struct engine *engine;
    struct sink sink;
    struct sink_memory *memory;
    struct publish *publish;
    int64_t now_us;
};

static void settle(struct world *world)
{
    for (int i = 0; i < 200; i++) {
        struct publish_turn turn = {
            .now_us = world->now_us += 50000, .rows = 1000, .is_still = 1};

        publish_work(world->publish, &turn);
    }
    assert_true(publish_is_settled(world->publish));
}

/* Items a, b, c, d seen together by two visitors, c and d by a third too. */
static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    static const char *const items[] = {"a", "b", "c", "d"};

    world->engine_rules = small_rules();
    world->engine = engine_new(&world->engine_rules);
    world->memory = sink_memory_new(&world->sink);
    world->rules = (struct publish_rules){.prefix = "p:",
                                          .ttl_ms = 60000,
                                          .settle_ms = 500,
                                          .sweep_ms = 2000,
                                          .interval_ms = 50,
                                          .counts_refresh_ms = 1000,
                                          .counts_max = 2};
    world->publish = publish_new(&world->rules, world->engine, &world->sink);
    for (int i = 0; i < 4; i++)
        take_event(world->engine, 10 * i, "page_view", "x", items[i], "");
    for (int i = 0; i < 4; i++)
        take_event(world->engine, 40 + 10 * i, "page_view", "y", items[i], "");
    for (int i = 2; i < 4; i++)
        take_event(world->engine, 80 + 10 * i, "page_view", "z", items[i], "");
    settle(world);
    *state = world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;

    publish_free(world->publish);
    sink_memory_free(world->memory);
    engine_free(world->engine);
    free(world);
    return 0;
}

static void assert_holds(struct world *world, const char *key,
                         const char *wanted)
{
    struct text value;

    assert_true(sink_memory_get(world->memory, &value, text_of(key)));
    if (memmem(value.bytes, value.length, wanted, strlen(wanted)) == NULL)
        fail_msg("%s is %.*s, without %s", key, (int)value.length, value.bytes,
                 wanted);
}

static uint32_t counts_of(struct world *world, const char *item)
{
    const struct sink_member *members;
    char key[64];

    snprintf(key, sizeof key, "p:counts:{%s}:also_viewed:1m", item);
    return sink_memory_counts(world->memory, &members, text_of(key));
}

static const char list_of_a[] = "p:related:{a}:also_viewed:1m";
static const char list_of_c[] = "p:related:{c}:also_viewed:1m";

static void test_writes_and_knows_what_it_wrote(void **state)
{
    struct world *world = *state;
    uint32_t item = item_of(world->engine, "", "a");

    assert_holds(world, list_of_a, "{\"id\":\"b\"");
    assert_true(publish_has_list(world->publish, item, 0, 1));
    assert_false(publish_has_list(world->publish, item, 1, 1));
    assert_true(publish_has_popular(world->publish, text_of("p:popular:1m")));
    assert_false(
        publish_has_popular(world->publish, text_of("p:popular:1m:x")));
    assert_int_equal(counts_of(world, "a"), 2);
}

static void test_retune_of_lists(void **state)
{
    struct world *world = *state;
    struct engine_rules *rules = &world->engine_rules;
    struct text value;

    rules->relations.at[0].k = 1;
    rules->relations.at[0].score = SCORE_COUNT;
    rules->popular_k = 1;
    engine_retune(world->engine, rules);
    publish_retune(world->publish, &world->rules);
    assert_false(publish_is_settled(world->publish));
    settle(world);
    assert_holds(world, list_of_c,
                 "\"items\":[{\"id\":\"d\",\"score\":3.0000,\"count\":3}]");
    assert_holds(world, "p:popular:1m",
                 "\"items\":[{\"id\":\"c\",\"score\":3.0000,\"count\":3}]");
    rules->relations.at[0].k = 3;
    rules->relations.at[0].min_support = 3;
    engine_retune(world->engine, rules);
    publish_retune(world->publish, &world->rules);
    settle(world);
    assert_false(sink_memory_get(world->memory, &value, text_of(list_of_a)));
    assert_holds(world, list_of_c, "\"items\":[{\"id\":\"d\"");
}

static void test_an_unchanged_retune_writes_nothing(void **state)
{
    struct world *world = *state;
    struct sink_memory_stats before = *sink_memory_stats(world->memory);

    engine_retune(world->engine, &world->engine_rules);
    publish_retune(world->publish, &world->rules);
    settle(world);
    assert_int_equal(sink_memory_stats(world->memory)->puts, before.puts);
    assert_int_equal(sink_memory_stats(world->memory)->removes, before.removes);
}

static void test_retune_of_counts(void **state)
{
    struct world *world = *state;
    uint64_t put;

    world->rules.counts_max = 3;
    publish_retune(world->publish, &world->rules);
    settle(world);
    assert_int_equal(counts_of(world, "a"), 3);
    world->rules.counts_max = 0;
    publish_retune(world->publish, &world->rules);
    put = sink_memory_stats(world->memory)->put_counts;
    take_event(world->engine, 200, "page_view", "w", "a", "");
    take_event(world->engine, 210, "page_view", "w", "b", "");
    settle(world);
    assert_int_equal(sink_memory_stats(world->memory)->put_counts, put);
    world->rules.counts_max = 1;
    publish_retune(world->publish, &world->rules);
    settle(world);
    assert_int_equal(counts_of(world, "a"), 1);
}

/* A list that was given a short life would not live to its next refresh. */
static void test_retune_of_ttl(void **state)
{
    struct world *world = *state;

    world->rules.ttl_ms = 600000;
    publish_retune(world->publish, &world->rules);
    settle(world);
    assert_int_equal(sink_memory_ttl_ms(world->memory, text_of(list_of_a)),
                     600000);
    assert_int_equal(sink_memory_ttl_ms(world->memory, text_of("p:popular:1m")),
                     600000);
}

static void test_retune_in_the_middle_of_a_sweep(void **state)
{
    struct world *world = *state;
    struct publish_turn turn = {.rows = 1, .is_still = 1};
    uint64_t sweeps;

    take_event(world->engine, 200, "page_view", "w", "a", "");
    world->now_us += 5000000;
    sweeps = publish_stats(world->publish)->sweeps;
    for (int i = 0; i < 4; i++) {
        turn.now_us = world->now_us += 1000;
        publish_work(world->publish, &turn);
    }
    assert_int_equal(publish_stats(world->publish)->sweeps, sweeps);
    world->engine_rules.relations.at[0].k = 1;
    engine_retune(world->engine, &world->engine_rules);
    publish_retune(world->publish, &world->rules);
    settle(world);
    assert_holds(world, list_of_a, "\"count\":2}]");
    engine_check(world->engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writes_and_knows_what_it_wrote,
                                        make_world, free_world),
        cmocka_unit_test_setup_teardown(test_retune_of_lists, make_world,
                                        free_world),
        cmocka_unit_test_setup_teardown(test_an_unchanged_retune_writes_nothing,
                                        make_world, free_world),
        cmocka_unit_test_setup_teardown(test_retune_of_counts, make_world,
                                        free_world),
        cmocka_unit_test_setup_teardown(test_retune_of_ttl, make_world,
                                        free_world),
        cmocka_unit_test_setup_teardown(test_retune_in_the_middle_of_a_sweep,
                                        make_world, free_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
