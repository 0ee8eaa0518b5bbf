/* The popular lists of one sweep after another. */
#include "popular_writer.h"

#include "engine_world.h"
#include "sink_memory.h"

enum { TTL_MS = 60000, REFRESH_US = 20000000 };

static struct engine *engine;
static struct popular *popular;
static struct popular_writer *writer;
static struct sink sink;
static struct sink_memory *memory;
static struct popular_writer_turn turn;
static int64_t event_ms;

static int make(void **state)
{
    struct engine_rules rules = small_rules();

    (void)state;
    engine = engine_new(&rules);
    popular = popular_new(engine);
    memory = sink_memory_new(&sink);
    writer = popular_writer_new(engine, &sink, "p:");
    turn = (struct popular_writer_turn){
        .now_us = 1000000, .ttl_ms = TTL_MS, .refresh_us = REFRESH_US};
    event_ms = 0;
    return 0;
}

static int clear(void **state)
{
    (void)state;
    popular_writer_free(writer);
    popular_writer_free(NULL);
    assert_int_equal(sink_memory_stats(memory)->over_room, 0);
    sink_memory_free(memory);
    popular_free(popular);
    engine_free(engine);
    return 0;
}

static void view(const char *visitor, const char *item, const char *more)
{
    take_event(engine, ++event_ms, "page_view", visitor, item, more);
}

static void begin(void)
{
    popular_clear(popular);
    for (uint32_t item = 1; item < intern_end(engine_items(engine)); item++)
        if (groups_row(engine_groups(engine), item) != NULL)
            popular_offer(popular, item);
    popular_writer_begin(writer, popular);
}

/* A whole sweep's; returns how many lists it wrote. */
static uint64_t sweep(void)
{
    uint64_t before = popular_writer_written(writer);

    begin();
    assert_int_equal(popular_writer_work(writer, &turn), 1);
    return popular_writer_written(writer) - before;
}

static void assert_value(const char *key, const char *wanted)
{
    struct text value = NO_TEXT;
    int is_there = sink_memory_get(memory, &value, text_of(key));

    if (wanted != NULL)
        assert_text(value, wanted);
    assert_int_equal(is_there, wanted != NULL);
    assert_int_equal(popular_writer_has(writer, text_of(key)), is_there);
}

static void test_by_window_category_and_tenant(void **state)
{
    (void)state;
    view("x", "a", ",'category':'sho/es'");
    view("y", "a", "");
    view("y", "b", "");
    view("z", "c", ",'tenant':'t/1'");
    assert_int_equal(sweep(), 3 * 2);
    assert_value("p:popular:1m",
                 "{\"v\":1,\"relation\":\"also_viewed\",\"window\":\"1m\","
                 "\"as_of\":1718000000004,\"support\":2,\"items\":["
                 "{\"id\":\"a\",\"score\":2.0000,\"count\":2},"
                 "{\"id\":\"b\",\"score\":1.0000,\"count\":1}]}");
    assert_value("p:popular:1s:sho%2Fes",
                 "{\"v\":1,\"category\":\"sho/es\","
                 "\"relation\":\"also_viewed\",\"window\":\"1s\","
                 "\"as_of\":1718000000004,\"support\":2,\"items\":["
                 "{\"id\":\"a\",\"score\":2.0000,\"count\":2}]}");
    assert_value("p:popular:t%2F1/1m",
                 "{\"v\":1,\"relation\":\"also_viewed\",\"window\":\"1m\","
                 "\"as_of\":1718000000004,\"support\":1,\"items\":["
                 "{\"id\":\"c\",\"score\":1.0000,\"count\":1}]}");
    assert_int_equal(sink_memory_keys(memory), 6);
    assert_int_equal(sink_memory_ttl_ms(memory, text_of("p:popular:1m")),
                     TTL_MS);
}

static void test_only_what_changed(void **state)
{
    (void)state;
    view("x", "a", "");
    view("x", "b", ",'tenant':'t'");
    assert_int_equal(sweep(), 4);
    assert_int_equal(sweep(), 0);
    view("y", "a", "");
    assert_int_equal(sweep(), 2);
}

static void test_before_its_life_is_over(void **state)
{
    (void)state;
    view("x", "a", "");
    assert_int_equal(sweep(), 2);
    turn.now_us += REFRESH_US - 1;
    assert_int_equal(sweep(), 0);
    turn.now_us++;
    assert_int_equal(sweep(), 2);
    turn.now_us++;
    assert_int_equal(sweep(), 0);
}

static void test_all_in_another_generation(void **state)
{
    (void)state;
    view("x", "a", "");
    sweep();
    turn.generation++;
    assert_int_equal(sweep(), 2);
    assert_int_equal(sweep(), 0);
}

static void test_what_fell_away_is_removed(void **state)
{
    (void)state;
    view("x", "a", ",'category':'shoes'");
    sweep();
    event_ms += 5000;
    view("y", "b", "");
    sweep();
    assert_value("p:popular:1s:shoes", NULL);
    assert_true(popular_writer_has(writer, text_of("p:popular:1m:shoes")));
    assert_int_equal(sink_memory_stats(memory)->removes, 1);
    for (int i = 0; i < 3; i++)
        sweep();
    assert_int_equal(sink_memory_stats(memory)->removes, 1);
    view("z", "a", "");
    sweep();
    assert_true(popular_writer_has(writer, text_of("p:popular:1s:shoes")));
    assert_int_equal(sink_memory_keys(memory), 4);
}

static void test_a_removal_that_was_lost(void **state)
{
    (void)state;
    view("x", "a", ",'category':'shoes'");
    sweep();
    event_ms += 5000;
    view("y", "b", "");
    sweep();
    sink.put(sink.self, text_of("p:popular:1s:shoes"), text_of("old"), TTL_MS);
    turn.generation++;
    sweep();
    assert_value("p:popular:1s:shoes", NULL);
    assert_int_equal(sink_memory_stats(memory)->removes, 2);
    sweep();
    sweep();
    assert_int_equal(sink_memory_stats(memory)->removes, 2);
}

/* It goes on where it stopped. */
static void test_as_far_as_there_is_room(void **state)
{
    int calls = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char tenant[32];

        snprintf(tenant, sizeof tenant, ",'tenant':'t%d'", i);
        view("x", "a", tenant);
    }
    begin();
    do
        sink_memory_set_room(memory, 3);
    while (!popular_writer_work(writer, &turn) && ++calls < 10);
    assert_int_equal(calls, 3);
    assert_int_equal(sink_memory_keys(memory), 10);
    assert_int_equal(popular_writer_written(writer), 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_by_window_category_and_tenant),
        TEST(test_only_what_changed),
        TEST(test_before_its_life_is_over),
        TEST(test_all_in_another_generation),
        TEST(test_what_fell_away_is_removed),
        TEST(test_a_removal_that_was_lost),
        TEST(test_as_far_as_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
