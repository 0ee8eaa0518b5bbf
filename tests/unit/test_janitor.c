/* Against a private redis-server; the publisher writes into memory. */
#include "janitor.h"

#include "clock.h"
#include "engine_world.h"
#include "private_redis.h"
#include "sink_memory.h"

static struct private_redis server;
static int is_missing;

/* A prefix full of signs, as MATCH has them. */
static const char prefix[] = "p*?[a]^\\-:";

struct world {
    struct redis *redis;
    struct sink sink; /* the janitor's: deletes at once */
    struct janitor *janitor;
    struct engine_rules rules;
    struct engine *engine;
    struct sink memory_sink;
    struct sink_memory *memory;
    struct publish *publish;
    struct janitor_turn turn;
    uint32_t removed;
};

static void remove_key(void *self, struct text key)
{
    struct world *world = self;
    struct text words[] = {{"DEL", 3}, key};

    world->removed++;
    redis_send(world->redis, words, 2, NULL, NULL);
}

static struct redis_reply *ask(struct world *world, const struct text *words,
                               size_t count)
{
    struct redis_reply *reply;
    struct err err = ERR_NONE;

    if (redis_ask(world->redis, &reply, words, count, 5000, &err) != 0)
        fail_msg("%s", err.text);
    return reply;
}

static void set_key(struct world *world, const char *key)
{
    struct text words[] = {text_of("SET"), text_of(key), text_of("x")};

    redis_reply_free(ask(world, words, 3));
}

static void set(struct world *world, const char *rest)
{
    char key[256];

    snprintf(key, sizeof key, "%s%s", prefix, rest);
    set_key(world, key);
}

static int stands_key(struct world *world, const char *key)
{
    struct text words[] = {text_of("EXISTS"), text_of(key)};
    struct redis_reply *reply = ask(world, words, 2);
    int there = redis_reply_number(reply) == 1;

    redis_reply_free(reply);
    return there;
}

static int stands(struct world *world, const char *rest)
{
    char key[256];

    snprintf(key, sizeof key, "%s%s", prefix, rest);
    return stands_key(world, key);
}

static void publish_all(struct world *world)
{
    static int64_t now_us = 1000000;

    for (int i = 0; i < 400; i++) {
        struct publish_turn turn = {
            .now_us = now_us += 50000, .rows = 1000, .is_still = 1};

        publish_work(world->publish, &turn);
    }
    assert_true(publish_is_settled(world->publish));
}

static int make_world(void **state)
{
    struct world *world;
    struct publish_rules rules = {.prefix = prefix,
                                  .ttl_ms = 60000,
                                  .settle_ms = 500,
                                  .sweep_ms = 2000,
                                  .interval_ms = 50,
                                  .counts_refresh_ms = 1000,
                                  .counts_max = 2};
    struct err err = ERR_NONE;

    *state = NULL;
    if (is_missing)
        return 0;
    world = calloc(1, sizeof *world);
    assert_int_equal(redis_open(&world->redis, server.url, "test", &err), 0);
    redis_reply_free(ask(world, &(struct text){"FLUSHALL", 8}, 1));
    world->sink = (struct sink){.self = world, .remove = remove_key};
    world->janitor = janitor_new(world->redis, &world->sink, prefix);
    world->rules = small_rules();
    world->engine = engine_new(&world->rules);
    world->memory = sink_memory_new(&world->memory_sink);
    world->publish = publish_new(&rules, world->engine, &world->memory_sink);
    take_event(world->engine, 0, "page_view", "x", "a", ",'category':'c d'");
    take_event(world->engine, 1, "page_view", "x", "b:c", "");
    take_event(world->engine, 2, "page_view", "y", "alone", ",'tenant':'t'");
    publish_all(world);
    world->turn = (struct janitor_turn){
        .engine = world->engine, .publish = world->publish, .counts_max = 2};
    *state = world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;

    if (world == NULL)
        return 0;
    redis_close(world->redis);
    janitor_free(world->janitor);
    publish_free(world->publish);
    sink_memory_free(world->memory);
    engine_free(world->engine);
    free(world);
    return 0;
}

/* Returns the time it took by the clock that it is given, in steps of 1 ms. */
static int64_t clean(struct world *world, enum janitor_task task)
{
    int64_t begun_us = world->turn.now_us;

    janitor_begin(world->janitor, task);
    while (janitor_is_busy(world->janitor)) {
        world->turn.now_us += 1000;
        janitor_work(world->janitor, &world->turn);
        do
            redis_pump(world->redis, clock_mono_us(), 1);
        while (redis_outstanding(world->redis) > 0);
        assert_true(world->turn.now_us - begun_us < 100000000);
    }
    return world->turn.now_us - begun_us;
}

#define SKIP_WITHOUT_REDIS()                                                   \
    if (*state == NULL)                                                        \
    skip()

static void test_leaves_what_has_something_behind_it(void **state)
{
    static const char *const ours[] = {
        "related:{a}:also_viewed:1s",
        "related:{b%3Ac}:also_viewed:1m",
        "counts:{a}:also_viewed:1m",
        "popular:1s",
        "popular:1m:c%20d",
        "popular:t/1m",
        "stats",
        "state:{g1}:head",
        "state:{p0}:token",
        "related:foreign",
        "popular:one:two:three",
        "another",
    };
    static const char *const others[] = {
        "related:{gone}:also_viewed:1m", "qqqq:related:{gone}:also_viewed:1m",
        "pppxaxx-:related:{gone}:also_viewed:1m"};
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    for (size_t i = 0; i < COUNT(ours); i++)
        set(world, ours[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        set_key(world, others[i]);
    clean(world, JANITOR_LEFTOVERS);
    for (size_t i = 0; i < COUNT(ours); i++)
        if (!stands(world, ours[i]))
            fail_msg("%s is gone", ours[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        if (!stands_key(world, others[i]))
            fail_msg("%s is gone", others[i]);
    assert_int_equal(world->removed, 0);
    assert_int_equal(janitor_stats(world->janitor)->passes, 1);
}

static void test_removes_what_is_left_over(void **state)
{
    static const char *const leftovers[] = {
        "related:{gone}:also_viewed:1m",     /* no such item */
        "related:{t/a}:also_viewed:1m",      /* not of that tenant */
        "related:{t/alone}:also_viewed:1m",  /* an item without a list */
        "related:{a}:viewed_then_carted:1m", /* an empty list */
        "related:{a}:old:1m",                /* no such relation */
        "related:{a}:also_viewed:7d",        /* no such window */
        "counts:{gone}:also_viewed:1m",
        "counts:{a}:viewed_then_carted:1m",
        "counts:{a}:also_viewed:7d",
        "popular:7d",
        "popular:1m:other",
        "popular:u/1m",
    };
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    for (size_t i = 0; i < COUNT(leftovers); i++)
        set(world, leftovers[i]);
    clean(world, JANITOR_LEFTOVERS);
    for (size_t i = 0; i < COUNT(leftovers); i++)
        if (stands(world, leftovers[i]))
            fail_msg("%s stands", leftovers[i]);
    assert_int_equal(janitor_stats(world->janitor)->removed, COUNT(leftovers));
}

/* A list that the publisher wrote is its own to delete: it would not write it
 * anew if the same came back before it looked. */
static void test_leaves_to_the_publisher_what_it_wrote(void **state)
{
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    set(world, "related:{a}:also_viewed:1m");
    take_event(world->engine, 600000, "page_view", "w", "z", "");
    clean(world, JANITOR_LEFTOVERS);
    assert_true(stands(world, "related:{a}:also_viewed:1m"));
    publish_all(world);
    clean(world, JANITOR_LEFTOVERS);
    assert_false(stands(world, "related:{a}:also_viewed:1m"));
}

static void test_counts_that_are_turned_off(void **state)
{
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    set(world, "counts:{a}:also_viewed:1m");
    set(world, "related:{a}:also_viewed:1m");
    world->turn.counts_max = 0;
    clean(world, JANITOR_LEFTOVERS);
    assert_false(stands(world, "counts:{a}:also_viewed:1m"));
    assert_true(stands(world, "related:{a}:also_viewed:1m"));
}

static void test_gives_up_counts_then_lists(void **state)
{
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    set(world, "counts:{a}:also_viewed:1m");
    set(world, "counts:{x}:y:z");
    set(world, "related:{a}:also_viewed:1m");
    set(world, "popular:1m");
    set(world, "stats");
    clean(world, JANITOR_COUNTS);
    assert_false(stands(world, "counts:{a}:also_viewed:1m"));
    assert_false(stands(world, "counts:{x}:y:z"));
    assert_true(stands(world, "related:{a}:also_viewed:1m"));
    clean(world, JANITOR_LISTS);
    assert_false(stands(world, "related:{a}:also_viewed:1m"));
    assert_false(stands(world, "popular:1m"));
    assert_true(stands(world, "stats"));
    assert_int_equal(janitor_stats(world->janitor)->given_up, 4);
    assert_int_equal(janitor_stats(world->janitor)->removed, 0);
}

static void fill(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char key[64];

        snprintf(key, sizeof key, "related:{gone-%d}:also_viewed:1m", i);
        set(world, key);
    }
}

static void test_takes_its_time(void **state)
{
    struct world *world = *state;
    int64_t slow_us;

    SKIP_WITHOUT_REDIS();
    fill(world, 3000);
    slow_us = clean(world, JANITOR_LEFTOVERS);
    assert_int_equal(world->removed, 3000);
    assert_true(slow_us >= 1000000);
    assert_true(slow_us <= 5000000);
    fill(world, 3000);
    assert_true(clean(world, JANITOR_LISTS) < slow_us / 2);
    assert_int_equal(world->removed, 6000);
}

static void test_an_empty_prefix(void **state)
{
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    janitor_free(world->janitor);
    world->janitor = janitor_new(world->redis, &world->sink, "");
    set_key(world, "related:{gone}:also_viewed:1m");
    set_key(world, "related:{a}:also_viewed:1m");
    set_key(world, "p:related:{gone}:also_viewed:1m");
    set_key(world, "sessions");
    clean(world, JANITOR_LEFTOVERS);
    assert_false(stands_key(world, "related:{gone}:also_viewed:1m"));
    assert_true(stands_key(world, "related:{a}:also_viewed:1m"));
    assert_true(stands_key(world, "p:related:{gone}:also_viewed:1m"));
    assert_true(stands_key(world, "sessions"));
}

static void wait_ready(struct world *world)
{
    while (!redis_is_ready(world->redis))
        redis_pump(world->redis, clock_mono_us(), 5);
}

static void test_a_lost_connection_begins_the_pass_anew(void **state)
{
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    fill(world, 500);
    janitor_begin(world->janitor, JANITOR_LEFTOVERS);
    world->turn.now_us += 1000000;
    janitor_work(world->janitor, &world->turn);
    assert_int_equal(redis_outstanding(world->redis), 1);
    private_redis_stop(&server, SIGKILL);
    while (redis_outstanding(world->redis) > 0)
        redis_pump(world->redis, clock_mono_us(), 5);
    janitor_work(world->janitor, &world->turn);
    assert_int_equal(private_redis_run(&server, "--appendonly", "no"), 0);
    wait_ready(world);
    fill(world, 500);
    while (janitor_is_busy(world->janitor)) {
        world->turn.now_us += 10000;
        janitor_work(world->janitor, &world->turn);
        redis_pump(world->redis, clock_mono_us(), 1);
    }
    assert_int_equal(world->removed, 500);
}

static void test_a_new_task_replaces_the_old(void **state)
{
    struct world *world = *state;

    SKIP_WITHOUT_REDIS();
    fill(world, 500);
    janitor_begin(world->janitor, JANITOR_LEFTOVERS);
    world->turn.now_us += 1000000;
    janitor_work(world->janitor, &world->turn);
    janitor_begin(world->janitor, JANITOR_COUNTS);
    while (janitor_is_busy(world->janitor)) {
        world->turn.now_us += 10000;
        janitor_work(world->janitor, &world->turn);
        redis_pump(world->redis, clock_mono_us(), 1);
    }
    assert_int_equal(world->removed, 0);
    assert_int_equal(janitor_stats(world->janitor)->passes, 0);
}

static int start_server(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    return 0;
}

static int end_server(void **state)
{
    (void)state;
    private_redis_end(&server);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_leaves_what_has_something_behind_it),
        TEST(test_removes_what_is_left_over),
        TEST(test_leaves_to_the_publisher_what_it_wrote),
        TEST(test_counts_that_are_turned_off),
        TEST(test_gives_up_counts_then_lists),
        TEST(test_takes_its_time),
        TEST(test_an_empty_prefix),
        TEST(test_a_new_task_replaces_the_old),
        TEST(test_a_lost_connection_begins_the_pass_anew),
    };

    return cmocka_run_group_tests(tests, start_server, end_server);
}
