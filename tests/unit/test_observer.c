/* observer: a main loop in small, with a real engine, publisher and Redis. */
#include "clock.h"
#include "observer.h"
#include "private_redis.h"
#include "unit.h"

#include <pthread.h>

struct world {
    struct private_redis server;
    struct config *config;
    struct redis *redis;
    struct sink sink;
    struct sink_redis *sink_redis;
    struct engine *engine;
    struct publish *publish;
    struct observer *observer;
    struct board_view view;
    int64_t offset;
    int64_t now_us;
};

static struct world world;

static int64_t no_lag(void *self)
{
    (void)self;
    return 0;
}

static enum source_state caught_up(void *self)
{
    (void)self;
    return SOURCE_CAUGHT_UP;
}

static const struct source source = {.state = caught_up, .lag = no_lag};

static void begin_round(void)
{
    const struct status_parts parts = {.engine = world.engine,
                                       .publish = world.publish,
                                       .sink = world.sink_redis,
                                       .source = &source};

    observer_begin(world.observer, &parts);
}

static int set_up(void **state)
{
    const char *const set[] = {"relations=also_viewed", "windows=24h",
                               "lists.min_support=1", "lists.k=7"};
    struct err err = ERR_NONE;

    (void)state;
    memset(&world, 0, sizeof world);
    assert_int_equal(private_redis_start(&world.server, "--appendonly", "no"),
                     0);
    if (config_load(&world.config, NULL, set, COUNT(set), &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(redis_open(&world.redis, world.server.url, "test", &err),
                     0);
    world.sink_redis = sink_redis_new(&world.sink, world.redis);
    world.engine = engine_new(&world.config->engine);
    world.publish =
        publish_new(&world.config->publish, world.engine, &world.sink);
    world.observer = observer_new(world.config, world.redis);
    world.now_us = 1000000000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    redis_close(world.redis);
    publish_free(world.publish);
    engine_free(world.engine);
    sink_redis_free(world.sink_redis);
    observer_free(world.observer);
    config_free(world.config);
    private_redis_end(&world.server);
    return 0;
}

static int turn(int64_t later_us, int has_begun, const char *waits_for)
{
    const struct observer_turn turn_now = {
        .now_us = world.now_us += later_us,
        .waits_for = waits_for,
        .has_begun = has_begun,
    };

    return observer_turn(world.observer, &turn_now);
}

static const struct board_view *look(void)
{
    board_get(observer_board(world.observer), &world.view, world.now_us);
    return &world.view;
}

static void wait_for_redis(void)
{
    while (!redis_is_ready(world.redis))
        redis_pump(world.redis, clock_mono_us(), 10);
}

static void wait_for_answers(void)
{
    for (int i = 0; i < 500 && redis_outstanding(world.redis) > 0; i++)
        redis_pump(world.redis, clock_mono_us(), 10);
    assert_int_equal(redis_outstanding(world.redis), 0);
}

static void take(const char *visitor, const char *item, int64_t stamp_ms)
{
    char json[128];
    struct record record = {.bytes = json,
                            .offset = world.offset++,
                            .stamp_ms = stamp_ms,
                            .now_ms = stamp_ms};
    enum event_verdict verdict;

    record.length = (size_t)snprintf(
        json, sizeof json,
        "{\"type\":\"page_view\",\"visitor\":\"%s\",\"item\":\"%s\"}", visitor,
        item);
    engine_take_all(world.engine, &record, 1, &verdict);
    observer_take(world.observer, &record, &verdict, 1);
}

static void publish_all(void)
{
    const struct publish_turn all = {
        .now_us = world.now_us,
        .rows = 1000,
        .freshness = observer_freshness(world.observer),
    };

    while (publish_work(world.publish, &all))
        ;
    sink_redis_flush(world.sink_redis);
}

static void test_a_start(void **state)
{
    (void)state;
    assert_int_equal(turn(0, 0, "redis"), 1);
    assert_int_equal(look()->phase, BOARD_STARTING);
    assert_string_equal(world.view.waits_for, "redis");
    assert_int_equal(world.view.values.redis_up, 0);
    assert_true(world.view.values.started_at_ms > 0);
    assert_string_equal(world.view.topic, "events");
    assert_int_equal(world.view.relations.at[0].k, 7);
    wait_for_redis();
    assert_int_equal(turn(999999, 0, "kafka"), 0);
    assert_string_equal(look()->waits_for, "redis");
    assert_int_equal(turn(1, 0, "kafka"), 1);
    assert_string_equal(look()->waits_for, "kafka");
    assert_int_equal(world.view.values.redis_up, 1);
    begin_round();
    turn(1000000, 0, "");
    assert_int_equal(look()->phase, BOARD_STARTING);
    assert_int_equal(world.view.values.rounds, 1);
    turn(1000000, 1, "");
    assert_int_equal(look()->phase, BOARD_COUNTING);
    observer_end(world.observer);
    turn(1000000, 1, "");
    assert_int_equal(look()->phase, BOARD_STARTING);
    begin_round();
    turn(1000000, 1, "");
    assert_int_equal(look()->values.rounds, 2);
}

/* In the hash, for dashboards. */
static void expect_sent(const char *begins)
{
    const struct text get[] = {
        {"HGET", 4}, {"terkait:stats", 13}, {"hot_items", 9}};
    struct redis_reply *reply;
    struct err err = ERR_NONE;

    wait_for_answers();
    if (redis_ask(world.redis, &reply, get, 3, 5000, &err) != 0)
        fail_msg("%s", err.text);
    assert_memory_equal(redis_reply_text(reply).bytes, begins, strlen(begins));
    redis_reply_free(reply);
}

/* Collected once a second; put when no reader is at it. */
static void test_once_a_second(void **state)
{
    (void)state;
    wait_for_redis();
    begin_round();
    turn(0, 1, "");
    expect_sent("[]");
    take("v", "a", 1718000000000);
    turn(500000, 1, "");
    assert_int_equal(look()->values.events_accepted, 0);
    turn(500000, 1, "");
    assert_int_equal(look()->values.events_accepted, 1);
    assert_int_equal(world.view.values.first_event_at_ms > 0, 1);
    wait_for_answers();
    assert_true(redis_stats(world.redis)->commands >= 2); /* the hash */
}

static void test_hot_items(void **state)
{
    (void)state;
    wait_for_redis();
    begin_round();
    for (int i = 0; i < 16 * 10; i++)
        take("v", i % 16 == 15 ? "hot" : "other", 1718000000000 + i);
    turn(0, 1, "");
    assert_int_equal(look()->hot_count, 1);
    assert_memory_equal(world.view.hot[0].item, "hot", 3);
    assert_true(world.view.hot[0].per_second > 159 &&
                world.view.hot[0].per_second < 161);
    expect_sent("[{\"tenant\":\"\",\"item\":\"hot\",\"per_second\":1");
}

static void test_freshness(void **state)
{
    int64_t stamp_ms = clock_wall_ms() - 70;

    (void)state;
    wait_for_redis();
    begin_round();
    turn(0, 1, "");
    wait_for_answers();
    take("v", "a", stamp_ms);
    take("v", "b", stamp_ms);
    publish_all();
    turn(1000000, 1, "");
    assert_int_equal(look()->freshness.count, 0); /* not acknowledged */
    wait_for_answers();
    turn(1000000, 1, "");
    assert_int_equal(look()->freshness.count, 2); /* a's list and b's */
    assert_in_range(world.view.freshness.max, 70000, 20000000);
    assert_int_equal(world.view.freshness_late.count, 2);
    assert_int_equal(world.view.values.freshness_p50_ms,
                     (histogram_quantile(&world.view.freshness, 0.5) + 999) /
                         1000);
    assert_true(look()->latency.count > 0);
    turn(60000000, 1, "");
    assert_int_equal(look()->freshness_late.count, 0);
    assert_int_equal(world.view.freshness.count, 2);
}

/* What was under way is not measured: nobody knows what became of it. */
static void test_freshness_of_what_was_lost(void **state)
{
    (void)state;
    wait_for_redis();
    begin_round();
    turn(0, 1, "");
    wait_for_answers();
    take("v", "a", 1718000000000);
    take("v", "b", 1718000000000);
    publish_all();
    turn(1, 1, "");
    private_redis_end(&world.server);
    while (redis_is_ready(world.redis))
        redis_pump(world.redis, clock_mono_us(), 10);
    turn(1000000, 1, "");
    assert_int_equal(look()->freshness.count, 0);
    assert_int_equal(world.view.values.redis_up, 0);
    assert_int_equal(private_redis_start(&world.server, "--appendonly", "no"),
                     0);
}

/* Of another round, with other rows. */
static void test_freshness_of_a_round_that_ended(void **state)
{
    (void)state;
    wait_for_redis();
    begin_round();
    turn(0, 1, "");
    wait_for_answers();
    take("v", "a", 1718000000000);
    take("v", "b", 1718000000000);
    publish_all();
    turn(1, 1, "");
    observer_end(world.observer);
    begin_round();
    wait_for_answers();
    turn(1000000, 1, "");
    assert_int_equal(look()->freshness.count, 0);
}

static void *ask(void *context)
{
    struct inquiry_question question = {.kind = INQUIRY_RELATED,
                                        .a = text_of("a")};
    struct strbuf out = STRBUF_EMPTY;
    intptr_t outcome = inquiry_ask(context, &question, &out, 300);

    if (outcome == INQUIRY_ANSWERED &&
        strstr(out.bytes, "\"item\":\"a\"") == NULL)
        outcome = -1;
    strbuf_deinit(&out);
    return (void *)outcome;
}

static intptr_t ask_in_turns(int has_begun)
{
    pthread_t thread;
    void *outcome;

    pthread_create(&thread, NULL, ask, observer_inquiry(world.observer));
    for (int i = 0; i < 500; i++) {
        turn(1000, has_begun, "");
        usleep(1000);
    }
    pthread_join(thread, &outcome);
    return (intptr_t)outcome;
}

static void test_questions(void **state)
{
    (void)state;
    begin_round();
    take("v", "a", 1718000000000);
    assert_int_equal(ask_in_turns(0), INQUIRY_SILENCE);
    assert_int_equal(ask_in_turns(1), INQUIRY_ANSWERED);
    observer_end(world.observer);
    assert_int_equal(ask_in_turns(1), INQUIRY_SILENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_start),
        TEST(test_once_a_second),
        TEST(test_hot_items),
        TEST(test_freshness),
        TEST(test_freshness_of_what_was_lost),
        TEST(test_freshness_of_a_round_that_ended),
        TEST(test_questions),
#undef TEST
    };
    struct private_redis probe;

    if (private_redis_start(&probe, "--appendonly", "no") < 0) {
        puts("observer: no redis-server: skipped");
        return 0;
    }
    private_redis_end(&probe);
    return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
