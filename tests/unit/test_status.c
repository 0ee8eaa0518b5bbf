/* status: every field against a real engine and publisher, and in Redis. */
#include "clock.h"
#include "config.h"
#include "private_redis.h"
#include "sink_memory.h"
#include "status.h"
#include "unit.h"

enum { NOW_MS = 100000000, WALL_MS = 100000700 };

struct world {
    struct config *config;
    struct engine *engine;
    struct sink sink;
    struct sink_memory *memory;
    struct publish *publish;
    struct redis *redis;
    struct sink redis_sink;
    struct status_parts parts;
    struct status *status;
    int64_t offset;
};

static int64_t lag = -1;
static enum source_state state_now = SOURCE_READING;

static int64_t source_lag(void *self)
{
    (void)self;
    return lag;
}

static enum source_state source_state(void *self)
{
    (void)self;
    return state_now;
}

static const struct source source = {.state = source_state, .lag = source_lag};

static void open_world(struct world *world, const char *url)
{
    const char *const set[] = {"relations=also_viewed", "windows=24h",
                               "lists.min_support=1", "session.max_items=3",
                               "events.max_bytes=1000"};
    struct err err = ERR_NONE;

    *world = (struct world){0};
    if (config_load(&world->config, NULL, set, COUNT(set), &err) < 0)
        fail_msg("%s", err.text);
    world->engine = engine_new(&world->config->engine);
    world->memory = sink_memory_new(&world->sink);
    world->publish =
        publish_new(&world->config->publish, world->engine, &world->sink);
    assert_int_equal(0, redis_open(&world->redis, url, "test", &err));
    world->parts = (struct status_parts){
        .engine = world->engine,
        .publish = world->publish,
        .redis = world->redis,
        .sink = sink_redis_new(&world->redis_sink, world->redis),
        .source = &source};
    world->status = status_new(77);
    lag = -1;
    state_now = SOURCE_READING;
}

static void close_world(struct world *world)
{
    status_free(world->status);
    redis_close(world->redis);
    sink_redis_free(world->parts.sink);
    publish_free(world->publish);
    sink_memory_free(world->memory);
    engine_free(world->engine);
    config_free(world->config);
}

static void take(struct world *world, const char *json)
{
    struct record record = {.bytes = json,
                            .length = strlen(json),
                            .offset = world->offset++,
                            .stamp_ms = NOW_MS,
                            .now_ms = NOW_MS};

    engine_take(world->engine, &record);
}

static void take_times(struct world *world, int times, const char *json)
{
    for (int i = 0; i < times; i++)
        take(world, json);
}

/* A view by the visitor of the item. */
static void view(struct world *world, const char *visitor, const char *item)
{
    char json[128];

    snprintf(json, sizeof json,
             "{\"type\":\"page_view\",\"visitor\":\"%s\",\"item\":\"%s\"}",
             visitor, item);
    take(world, json);
}

static void publish_all(struct world *world, int64_t now_us)
{
    struct publish_turn turn = {.now_us = now_us, .rows = 1000};

    while (publish_work(world->publish, &turn))
        ;
}

struct wanted {
    const char *name;
    const char *value; /* as found */
    char text[64];
};

static void find_field(void *context, const char *name, const char *value)
{
    struct wanted *wanted = context;

    if (strcmp(name, wanted->name) != 0)
        return;
    snprintf(wanted->text, sizeof wanted->text, "%s", value);
    wanted->value = wanted->text;
}

static void expect(const struct world *world, const char *name,
                   const char *value)
{
    struct wanted wanted = {.name = name};

    status_each(world->status, find_field, &wanted);
    if (wanted.value == NULL || strcmp(wanted.value, value) != 0)
        fail_msg("%s is %s, not %s", name,
                 wanted.value != NULL ? wanted.value : "absent", value);
}

static void expect_number(const struct world *world, const char *name,
                          int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)number);
    expect(world, name, text);
}

static void collect(struct world *world, int64_t now_us, int64_t wall_ms)
{
    status_collect(world->status, &world->parts, now_us, wall_ms);
}

static void test_all_is_there_from_the_start(void **state)
{
    static const char *const zeros[] = {
        "first_event_at_ms", "last_list_at_ms", "events_accepted",
        "events_refused",    "lists_written",   "lag_records",
        "stream_time_ms",    "stream_age_ms",   "freshness_ms",
        "events_per_s",      "kafka_up",        "redis_reconnects",
        "redis_up",          "checkpoints",     "freshness_p99_ms"};
    struct world world;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    world.parts.memory_max = 512000;
    collect(&world, 1, WALL_MS);
    expect(&world, "memory_max_bytes", "512000");
    expect(&world, "version", TERKAIT_VERSION);
    expect(&world, "started_at_ms", "77");
    expect_number(&world, "updated_at_ms", WALL_MS);
    for (size_t i = 0; i < COUNT(zeros); i++)
        expect(&world, zeros[i], "0");
    close_world(&world);
}

/* Each cause a different number of times, so that none passes for another. */
static void test_events_by_verdict_and_type(void **state)
{
    char big[1100];
    struct world world;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    memset(big, ' ', sizeof big);
    big[sizeof big - 1] = '\0';
#define EVENT(type, rest) "{\"type\":\"" type "\",\"visitor\":\"v\"" rest "}"
    take_times(&world, 21, EVENT("page_view", ",\"item\":\"a\""));
    take_times(&world, 22, EVENT("add_to_cart", ",\"items\":[\"a\",\"b\"]"));
    take_times(&world, 23, EVENT("remove_from_cart", ",\"item\":\"a\""));
    take_times(&world, 24, EVENT("purchase", ",\"item\":\"a\""));
    take_times(&world, 1, big);
    take_times(&world, 2, "{");
    take_times(&world, 3, "{}");
    take_times(&world, 4, "{\"type\":\"purchase\"}");
    take_times(&world, 5, EVENT("purchase", ""));
    take_times(&world, 6, EVENT("purchase", ",\"item\":\"a\",\"ts\":\"x\""));
    take_times(&world, 7, EVENT("purchase", ",\"item\":\"a\",\"session\":1"));
    take_times(&world, 8, EVENT("purchase", ",\"item\":\"a\",\"tenant\":1"));
    take_times(&world, 9, EVENT("purchase", ",\"item\":\"a\",\"ts\":1e9"));
    take_times(&world, 10, EVENT("purchase", ",\"item\":\"a\",\"ts\":1"));
    take_times(&world, 11, EVENT("wave", ""));
    take_times(&world, 12, EVENT("purchase", ",\"consent\":false"));
#undef EVENT
    collect(&world, 1, WALL_MS);
    expect(&world, "records_read", "168");
    expect(&world, "events_accepted", "90");
    expect(&world, "events_refused", "55");
    expect(&world, "events_ignored", "11");
    expect(&world, "events_no_consent", "12");
    expect(&world, "events_page_view", "21");
    expect(&world, "events_add_to_cart", "22");
    expect(&world, "events_remove_from_cart", "23");
    expect(&world, "events_purchase", "24");
    expect(&world, "event_items", "112");
    expect(&world, "refused_too_large", "1");
    expect(&world, "refused_json", "2");
    expect(&world, "refused_type", "3");
    expect(&world, "refused_visitor", "4");
    expect(&world, "refused_item", "5");
    expect(&world, "refused_ts", "6");
    expect(&world, "refused_session", "7");
    expect(&world, "refused_tenant", "8");
    expect(&world, "refused_future", "9");
    expect(&world, "refused_late", "10");
    expect_number(&world, "stream_time_ms", NOW_MS);
    close_world(&world);
}

static void test_settled(void **state)
{
    const struct publish_turn still = {
        .now_us = 60000000, .rows = 1000, .is_still = 1};
    struct world world;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    status_note(world.status, &world.parts, WALL_MS - 1);
    view(&world, "v", "a");
    view(&world, "v", "b");
    publish_all(&world, 1000000);
    collect(&world, 1, WALL_MS);
    expect(&world, "settled_at_ms", "0");
    while (publish_work(world.publish, &still))
        ;
    status_note(world.status, &world.parts, WALL_MS + 70);
    collect(&world, 2, WALL_MS + 90);
    expect_number(&world, "settled_at_ms", WALL_MS + 70);
    close_world(&world);
}

static void test_counts_lists_and_times(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    collect(&world, 1, 5);
    view(&world, "v", "a");
    status_note(world.status, &world.parts, WALL_MS);
    view(&world, "v", "b");
    view(&world, "v", "c");
    publish_all(&world, 1000000);
    status_note(world.status, &world.parts, WALL_MS + 50);
    view(&world, "v", "d");
    view(&world, "w", "a");
    collect(&world, 2000001, WALL_MS + 300);
    expect_number(&world, "first_event_at_ms", WALL_MS);
    expect_number(&world, "last_list_at_ms", WALL_MS + 50);
    expect_number(&world, "freshness_ms", WALL_MS + 50 - NOW_MS);
    expect_number(&world, "stream_age_ms", WALL_MS + 300 - NOW_MS);
    expect_number(&world, "updated_at_ms", WALL_MS + 300);
    expect(&world, "lists_written", "3");
    expect(&world, "sessions_open", "2");
    expect(&world, "sessions_opened", "2");
    expect(&world, "session_items_pushed_out", "1");
    expect_number(&world, "rows",
                  (int64_t)groups_rows(engine_groups(world.engine)));
    expect_number(&world, "live_pairs",
                  (int64_t)groups_stats(engine_groups(world.engine))->live);
    expect_number(&world, "items", intern_count(engine_items(world.engine)));
    expect_number(&world, "memory_engine_bytes",
                  (int64_t)engine_bytes(world.engine));
    expect_number(&world, "pair_updates",
                  (int64_t)engine_stats(world.engine)->pair_updates);
    close_world(&world);
}

static void test_rates(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    view(&world, "v", "a");
    collect(&world, 10000000, WALL_MS);
    expect(&world, "events_per_s", "0");
    for (int i = 0; i < 30; i++)
        view(&world, "v", "a");
    take(&world, "{");
    collect(&world, 10400000, WALL_MS);
    expect(&world, "events_per_s", "0"); /* too soon to say */
    collect(&world, 12000000, WALL_MS);
    expect(&world, "events_per_s", "15");
    expect(&world, "records_per_s", "16");
    collect(&world, 13000000, WALL_MS);
    expect(&world, "events_per_s", "0");
    close_world(&world);
}

static void test_the_source(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    lag = 12;
    collect(&world, 1, WALL_MS);
    expect(&world, "lag_records", "12");
    expect(&world, "is_caught_up", "0");
    lag = -1;
    state_now = SOURCE_CAUGHT_UP;
    collect(&world, 2, WALL_MS);
    expect(&world, "lag_records", "12"); /* the latest known */
    expect(&world, "is_caught_up", "1");
    lag = 0;
    collect(&world, 3, WALL_MS);
    expect(&world, "lag_records", "0");
    close_world(&world);
}

static void test_memory_is_that_of_the_process(void **state)
{
    struct world world;
    struct wanted wanted = {.name = "memory_rss_bytes"};
    size_t size = 64 * 1024 * 1024;
    volatile char *held = malloc(size);
    long long before;

    (void)state;
    open_world(&world, "redis://127.0.0.1:1");
    collect(&world, 1, WALL_MS);
    status_each(world.status, find_field, &wanted);
    before = atoll(wanted.text);
    assert_in_range(before, 1000000, 4000000000);
    for (size_t i = 0; i < size; i += 4096)
        held[i] = 1;
    collect(&world, 2, WALL_MS);
    status_each(world.status, find_field, &wanted);
    assert_in_range(atoll(wanted.text) - before, size * 9 / 10, 4 * size);
    free((void *)(uintptr_t)held);
    close_world(&world);
}

struct comparison {
    const struct redis_reply *reply; /* of HGETALL */
    size_t fields;
};

static void compare_field(void *context, const char *name, const char *value)
{
    struct comparison *comparison = context;

    comparison->fields++;
    for (size_t i = 0; i + 1 < redis_reply_count(comparison->reply); i += 2) {
        struct text key =
            redis_reply_text(redis_reply_at(comparison->reply, i));

        if (key.length != strlen(name) ||
            memcmp(key.bytes, name, key.length) != 0)
            continue;
        assert_text(redis_reply_text(redis_reply_at(comparison->reply, i + 1)),
                    value);
        return;
    }
    fail_msg("no field %s", name);
}

static void pump(struct redis *redis)
{
    int64_t until_us = clock_mono_us() + 10000000;

    do
        redis_pump(redis, clock_mono_us(), 10);
    while ((!redis_is_ready(redis) || redis_outstanding(redis) > 0) &&
           clock_mono_us() < until_us);
    assert_true(redis_is_ready(redis));
}

static void test_the_hash_in_redis(void **state)
{
    struct private_redis server;
    struct world world;
    struct comparison comparison = {0};
    struct redis_reply *reply;
    struct err err = ERR_NONE;
    uint64_t commands;
    const struct text words[] = {text_of("HGETALL"), text_of("shop:stats")};

    (void)state;
    if (private_redis_start(&server, "--appendonly", "no") < 0)
        skip();
    open_world(&world, server.url);
    status_send(world.status, world.redis, "shop:"); /* away: nothing */
    assert_int_equal(0, redis_stats(world.redis)->commands);
    pump(world.redis);
    commands = redis_stats(world.redis)->commands;
    view(&world, "v", "a");
    collect(&world, 1, WALL_MS);
    status_send(world.status, world.redis, "shop:");
    pump(world.redis);
    assert_int_equal(commands + 1, redis_stats(world.redis)->commands);
    assert_int_equal(0, redis_stats(world.redis)->errors);
    assert_int_equal(0, redis_ask(world.redis, &reply, words, 2, 5000, &err));
    comparison.reply = reply;
    status_each(world.status, compare_field, &comparison);
    assert_int_equal(2 * comparison.fields, redis_reply_count(reply));
    redis_reply_free(reply);
    close_world(&world);
    private_redis_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_there_from_the_start),
        cmocka_unit_test(test_events_by_verdict_and_type),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_counts_lists_and_times),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_the_source),
        cmocka_unit_test(test_memory_is_that_of_the_process),
        cmocka_unit_test(test_the_hash_in_redis),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
