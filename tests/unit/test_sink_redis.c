/* Against a private redis-server. */
#include "sink_redis.h"

#include "clock.h"
#include "private_redis.h"
#include "strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct private_redis server;
static int is_missing;

struct bench {
    struct redis *redis; /* of the sink */
    struct redis *other; /* asks */
    struct sink sink;
    struct sink_redis *self;
};

static struct text text(const char *word)
{
    return (struct text){word, (uint32_t)strlen(word)};
}

static struct redis_reply *ask_words(struct redis *redis,
                                     const struct text *words, size_t count)
{
    struct err err = ERR_NONE;
    struct redis_reply *reply;

    if (redis_ask(redis, &reply, words, count, 5000, &err) != 0)
        fail_msg("%s", err.text);
    return reply;
}

/* Asks in words separated by blanks. */
static struct redis_reply *ask(struct bench *bench, const char *words)
{
    struct text arguments[16];
    size_t count = 0;

    for (const char *c = words; *c != '\0'; c += *c == ' ') {
        size_t length = strcspn(c, " ");

        arguments[count++] = (struct text){c, (uint32_t)length};
        c += length;
    }
    return ask_words(bench->other, arguments, count);
}

static void command(struct bench *bench, const char *words)
{
    redis_reply_free(ask(bench, words));
}

static int64_t number(struct bench *bench, const char *words)
{
    struct redis_reply *reply = ask(bench, words);
    int64_t result = redis_reply_number(reply);

    assert_int_equal(redis_reply_kind(reply), REDIS_NUMBER);
    redis_reply_free(reply);
    return result;
}

static void add_reply(struct strbuf *out, const struct redis_reply *reply)
{
    struct text said = redis_reply_text(reply);

    if (redis_reply_kind(reply) == REDIS_NIL)
        strbuf_add_text(out, "nil");
    strbuf_add(out, said.bytes, said.length);
    for (size_t i = 0; i < redis_reply_count(reply); i++) {
        if (i > 0)
            strbuf_add_char(out, ' ');
        add_reply(out, redis_reply_at(reply, i));
    }
}

static void assert_answer(struct bench *bench, const char *words,
                          const char *wanted)
{
    struct redis_reply *reply = ask(bench, words);
    struct strbuf out = STRBUF_EMPTY;

    strbuf_add_text(&out, "");
    add_reply(&out, reply);
    assert_string_equal(out.bytes, wanted);
    redis_reply_free(reply);
    strbuf_deinit(&out);
}

static void settle(struct bench *bench)
{
    int64_t end_us = clock_mono_us() + 10000000;

    do
        redis_pump(bench->redis, clock_mono_us(), 10);
    while (redis_outstanding(bench->redis) > 0 && clock_mono_us() < end_us);
    assert_int_equal(redis_outstanding(bench->redis), 0);
}

static void wait_until_ready(struct bench *bench)
{
    int64_t end_us = clock_mono_us() + 10000000;

    while (!redis_is_ready(bench->redis) && clock_mono_us() < end_us)
        redis_pump(bench->redis, clock_mono_us(), 10);
    assert_true(redis_is_ready(bench->redis));
}

static void lose_connection(struct bench *bench)
{
    command(bench, "CLIENT KILL TYPE normal SKIPME yes");
    while (redis_is_ready(bench->redis))
        redis_pump(bench->redis, clock_mono_us(), 10);
}

static void open_one(struct redis **redis, const char *name)
{
    struct err err = ERR_NONE;

    if (redis_open(redis, server.url, name, &err) != 0)
        fail_msg("%s", err.text);
}

static void begin(struct bench *bench)
{
    if (is_missing) {
        print_message("no redis-server here: skipped\n");
        skip();
    }
    open_one(&bench->redis, "lists");
    open_one(&bench->other, "asks");
    bench->self = sink_redis_new(&bench->sink, bench->redis);
    assert_int_equal(bench->sink.room(bench->sink.self), 0);
    wait_until_ready(bench);
    command(bench, "FLUSHALL");
}

static void end(struct bench *bench)
{
    redis_close(bench->redis);
    redis_close(bench->other);
    sink_redis_free(bench->self);
}

static void put(struct bench *bench, const char *key, const char *value)
{
    bench->sink.put(bench->sink.self, text(key), text(value), 60000);
}

/* "id:count id:count ..." */
static void put_counts(struct bench *bench, const char *key,
                       const char *members)
{
    struct sink_member at[200];
    uint32_t count = 0;

    for (const char *c = members; *c != '\0'; c += *c == ' ') {
        size_t length = strcspn(c, ":");
        char *stop;

        at[count].id = (struct text){c, (uint32_t)length};
        at[count++].count = strtoull(c + length + 1, &stop, 10);
        c = stop;
    }
    bench->sink.put_counts(bench->sink.self, text(key), at, count, 60000);
}

static void wait_for_generation(struct bench *bench, uint64_t least)
{
    int64_t end_us = clock_mono_us() + 10000000;

    while (bench->sink.generation(bench->sink.self) < least &&
           clock_mono_us() < end_us)
        redis_pump(bench->redis, clock_mono_us(), 10);
    assert_int_equal(bench->sink.generation(bench->sink.self), least);
}

static void test_put_expire_remove(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    assert_in_range(bench.sink.room(bench.sink.self), 1000, 4096);
    assert_int_equal(bench.sink.generation(bench.sink.self), 1);
    put(&bench, "k", "one");
    put(&bench, "k", "two");
    put(&bench, "gone", "x");
    bench.sink.remove(bench.sink.self, text("gone"));
    settle(&bench);
    assert_answer(&bench, "GET k", "two");
    assert_int_equal(number(&bench, "EXISTS gone"), 0);
    assert_in_range(number(&bench, "PTTL k"), 50000, 60000);
    bench.sink.expire(bench.sink.self, text("k"), 5000000);
    settle(&bench);
    assert_in_range(number(&bench, "PTTL k"), 4000000, 5000000);
    assert_int_equal(bench.sink.generation(bench.sink.self), 1);
    end(&bench);
}

/* The first sets come by ZADD, until Redis has said that it takes dumps. */
static void test_counts_hold_exactly_these(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    for (int round = 0; round < 2; round++) {
        put_counts(&bench, "c", "aa:18446744073 b:5 a:3 c:1");
        settle(&bench);
        assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES",
                      "c 1 a 3 b 5 aa 18446744073");
        assert_in_range(number(&bench, "PTTL c"), 50000, 60000);
        put_counts(&bench, "c", "aa:18446744073 b:6 a:3 d:2");
        settle(&bench);
        assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES",
                      "d 2 a 3 b 6 aa 18446744073");
        put_counts(&bench, "c", "z:1");
        settle(&bench);
        assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES", "z 1");
        assert_in_range(number(&bench, "PTTL c"), 50000, 60000);
        put_counts(&bench, "c", "");
        settle(&bench);
        assert_int_equal(number(&bench, "EXISTS c"), 0);
        assert_int_equal(number(&bench, "DBSIZE"), 0); /* no probe either */
    }
    assert_int_equal(sink_redis_stats(bench.self)->added, 1);
    assert_int_equal(sink_redis_stats(bench.self)->dumped, 5);
    end(&bench);
}

/* What no dump can hold goes another way. */
static void test_counts_beyond_dumps(void **state)
{
    struct sink_member members[200];
    static char ids[200][8];
    struct bench bench;

    (void)state;
    begin(&bench);
    put_counts(&bench, "first", "a:1");
    settle(&bench);
    put_counts(&bench, "huge", "b:4503599627370497 a:4503599627370496 c:1");
    put_counts(&bench, "large", "b:4503599627370496 c:1");
    for (uint32_t i = 0; i < 200; i++) {
        snprintf(ids[i], 8, "i%03u", i);
        members[i] = (struct sink_member){text(ids[i]), 7};
    }
    bench.sink.put_counts(bench.sink.self, text("many"), members, 200, 60000);
    settle(&bench);
    assert_answer(&bench, "ZRANGE huge 0 -1", "c a b");
    assert_answer(&bench, "ZSCORE large b", "4503599627370496");
    assert_int_equal(number(&bench, "ZCARD many"), 200);
    assert_in_range(number(&bench, "PTTL many"), 50000, 60000);
    assert_int_equal(sink_redis_stats(bench.self)->added, 3);
    assert_int_equal(sink_redis_stats(bench.self)->dumped, 1);
    end(&bench);
}

static void fence_it(struct bench *bench)
{
    command(bench, "HSET token token me");
    sink_redis_fence(bench->self, text("token"), text("me"));
}

static void settle_fenced(struct bench *bench)
{
    sink_redis_flush(bench->self);
    settle(bench);
}

/* A user who must not RESTORE; when he may, the next connection uses it, and
 * when he may no more, one refusal is enough. */
static void test_without_restore(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    fence_it(&bench);
    command(&bench, "ACL SETUSER default -restore");
    for (int i = 0; i < 3; i++) {
        put_counts(&bench, "c", i % 2 == 0 ? "b:5 a:3" : "d:9 b:5");
        settle_fenced(&bench);
        assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES",
                      i % 2 == 0 ? "a 3 b 5" : "b 5 d 9");
        assert_in_range(number(&bench, "PTTL c"), 50000, 60000);
    }
    assert_int_equal(number(&bench, "DBSIZE"), 2);
    assert_int_equal(sink_redis_stats(bench.self)->refused, 0);
    assert_int_equal(sink_redis_stats(bench.self)->added, 3);
    command(&bench, "ACL SETUSER default +restore");
    lose_connection(&bench);
    wait_until_ready(&bench);
    for (int i = 0; i < 2; i++) {
        put_counts(&bench, "c", "e:1");
        settle_fenced(&bench);
    }
    assert_int_equal(sink_redis_stats(bench.self)->dumped, 1);
    command(&bench, "ACL SETUSER default -restore");
    put_counts(&bench, "c", "f:1");
    settle_fenced(&bench);
    assert_int_equal(sink_redis_stats(bench.self)->refused, 1);
    wait_for_generation(&bench, 3);
    put_counts(&bench, "c", "g:1");
    settle_fenced(&bench);
    assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES", "g 1");
    command(&bench, "ACL SETUSER default +restore");
    end(&bench);
}

/* A Redis that is full, or another's, is not one without RESTORE. */
static void test_asked_again_after_other_errors(void **state)
{
    static const char *const ways[][2] = {
        {"CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"},
        {"HSET token token other", "HSET token token me"}};
    struct bench bench;

    (void)state;
    for (int way = 0; way < 2; way++) {
        begin(&bench);
        fence_it(&bench);
        command(&bench, ways[way][0]);
        put_counts(&bench, "c", "a:1");
        settle_fenced(&bench);
        command(&bench, ways[way][1]);
        for (int i = 0; i < 2; i++) {
            put_counts(&bench, "c", "b:1");
            settle_fenced(&bench);
        }
        assert_int_equal(sink_redis_stats(bench.self)->dumped, 1);
        assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES", "b 1");
        end(&bench);
    }
}

/* Nobody sees a set that is gone, or its probe, whatever way it is written. */
static void test_readers_see_whole_sets(void **state)
{
    struct bench bench;
    int by_zadd;

    (void)state;
    for (by_zadd = 0; by_zadd < 2; by_zadd++) {
        begin(&bench);
        fence_it(&bench);
        command(&bench, by_zadd ? "ACL SETUSER default -restore"
                                : "ACL SETUSER default +restore");
        put_counts(&bench, "c", "b:2 a:1");
        settle_fenced(&bench);
        for (int i = 0; i < 3000; i++) {
            put_counts(&bench, "c", i % 2 > 0 ? "b:2 a:1" : "d:4 c:3");
            redis_pump(bench.redis, clock_mono_us(), 0);
            if (i % 50 == 0) {
                assert_int_equal(number(&bench, "ZCARD c"), 2);
                assert_int_equal(number(&bench, "DBSIZE"), 2);
            }
        }
        settle_fenced(&bench);
        command(&bench, "ACL SETUSER default +restore");
        end(&bench);
    }
}

/* Several calls for one key before the first answer is there. */
static void test_counts_keep_the_order_of_calls(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    put_counts(&bench, "last", "b:2 a:1");
    put_counts(&bench, "last", "c:4 b:3");
    put_counts(&bench, "removed", "a:1");
    bench.sink.remove(bench.sink.self, text("removed"));
    put_counts(&bench, "emptied", "a:1");
    put_counts(&bench, "emptied", "");
    put_counts(&bench, "back", "b:2 a:1");
    bench.sink.remove(bench.sink.self, text("back"));
    put_counts(&bench, "back", "c:3");
    put_counts(&bench, "other", "a:1");
    put(&bench, "other", "text");
    put_counts(&bench, "longer", "a:1");
    bench.sink.expire(bench.sink.self, text("longer"), 900000);
    settle(&bench);
    assert_answer(&bench, "ZRANGE last 0 -1 WITHSCORES", "b 3 c 4");
    assert_int_equal(number(&bench, "EXISTS removed emptied"), 0);
    assert_answer(&bench, "ZRANGE back 0 -1 WITHSCORES", "c 3");
    assert_answer(&bench, "GET other", "text");
    assert_int_equal(sink_redis_stats(bench.self)->refused, 0);
    assert_in_range(number(&bench, "PTTL longer"), 800000, 900000);
    assert_int_equal(bench.sink.generation(bench.sink.self), 1);
    end(&bench);
}

/* 128 members all replaced: the set must stay compact. */
static void test_counts_stay_compact(void **state)
{
    struct sink_member members[128];
    static char ids[256][8];
    struct bench bench;

    (void)state;
    begin(&bench);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 128; i++) {
            char *id = ids[(uint32_t)round * 128 + i];

            snprintf(id, 8, "r%di%u", round, i);
            members[i] = (struct sink_member){text(id), 128 - i};
        }
        bench.sink.put_counts(bench.sink.self, text("c"), members, 128, 60000);
        settle(&bench);
    }
    assert_int_equal(number(&bench, "ZCARD c"), 128);
    assert_answer(&bench, "OBJECT ENCODING c", "listpack");
    end(&bench);
}

static void test_counts_of_a_foreign_type(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    command(&bench, "SET c foreign");
    put_counts(&bench, "c", "a:1");
    settle(&bench);
    assert_answer(&bench, "ZRANGE c 0 -1 WITHSCORES", "a 1");
    assert_int_equal(sink_redis_stats(bench.self)->refused, 0);
    end(&bench);
}

static void test_room_is_bounded(void **state)
{
    static char large[100001];
    struct bench bench;
    uint32_t calls = 0;

    (void)state;
    begin(&bench);
    while (bench.sink.room(bench.sink.self) > 0 && calls < 10000) {
        put(&bench, "k", "v");
        calls++;
    }
    assert_in_range(calls, 2000, 4096);
    settle(&bench);
    memset(large, 'x', sizeof large - 1);
    for (calls = 0; bench.sink.room(bench.sink.self) > 0 && calls < 10000;
         calls++)
        put(&bench, "k", large);
    assert_in_range(calls, 10, 43);
    settle(&bench);
    for (calls = 0; bench.sink.room(bench.sink.self) > 0 && calls < 10000;
         calls++) {
        char key[16];

        snprintf(key, sizeof key, "c%u", calls);
        put_counts(&bench, key, "a:1");
    }
    assert_in_range(calls, 1000, 1366); /* by ZADD, three commands each */
    settle(&bench);
    for (calls = 0; bench.sink.room(bench.sink.self) > 0 && calls < 10000;
         calls++)
        put_counts(&bench, "c", "a:1");
    assert_in_range(calls, 2000, 4096);
    settle(&bench);
    assert_true(bench.sink.room(bench.sink.self) > 1000);
    end(&bench);
}

static void test_refused_writes_are_not_written(void **state)
{
    struct bench bench;
    int64_t start_us;

    (void)state;
    begin(&bench);
    command(&bench, "CONFIG SET maxmemory 1");
    for (int i = 0; i < 100; i++)
        put(&bench, "k", "v");
    start_us = clock_mono_us();
    settle(&bench);
    assert_int_equal(sink_redis_stats(bench.self)->refused, 100);
    assert_int_equal(bench.sink.room(bench.sink.self), 0);
    assert_int_equal(bench.sink.generation(bench.sink.self), 1);
    wait_for_generation(&bench, 2);
    assert_in_range(clock_mono_us() - start_us, 1000000, 1900000);
    assert_true(bench.sink.room(bench.sink.self) > 0);
    put_counts(&bench, "c", "a:1");
    start_us = clock_mono_us();
    settle(&bench);
    assert_int_equal(bench.sink.room(bench.sink.self), 0);
    command(&bench, "CONFIG SET maxmemory 0");
    wait_for_generation(&bench, 3);
    assert_in_range(clock_mono_us() - start_us, 2000000, 2900000);
    put(&bench, "k", "v");
    settle(&bench);
    assert_answer(&bench, "GET k", "v");
    assert_int_equal(bench.sink.generation(bench.sink.self), 3);
    assert_int_equal(sink_redis_stats(bench.self)->forgotten, 2);
    end(&bench);
}

static void test_missing_key_is_noticed(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    put(&bench, "k", "v");
    settle(&bench);
    command(&bench, "FLUSHALL");
    for (int i = 0; i < 3; i++) {
        bench.sink.expire(bench.sink.self, text("k"), 60000);
        settle(&bench);
        assert_int_equal(bench.sink.generation(bench.sink.self), 2);
    }
    assert_true(bench.sink.room(bench.sink.self) > 0);
    assert_int_equal(sink_redis_stats(bench.self)->missing, 3);
    end(&bench);
}

static void test_lost_connection(void **state)
{
    struct bench bench;

    (void)state;
    begin(&bench);
    put(&bench, "before", "v");
    put_counts(&bench, "counts", "a:1");
    lose_connection(&bench);
    assert_int_equal(bench.sink.room(bench.sink.self), 0);
    assert_int_equal(bench.sink.generation(bench.sink.self), 1);
    put(&bench, "away", "v");
    put_counts(&bench, "away", "a:1");
    bench.sink.remove(bench.sink.self, text("away"));
    bench.sink.expire(bench.sink.self, text("away"), 1);
    wait_until_ready(&bench);
    assert_int_equal(bench.sink.generation(bench.sink.self), 2);
    settle(&bench);
    assert_int_equal(number(&bench, "EXISTS away"), 0);
    put_counts(&bench, "counts", "b:2");
    settle(&bench);
    assert_answer(&bench, "ZRANGE counts 0 -1 WITHSCORES", "b 2");
    end(&bench);
}

static int set_up(void **state)
{
    (void)state;
    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    private_redis_end(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_expire_remove),
        cmocka_unit_test(test_counts_hold_exactly_these),
        cmocka_unit_test(test_counts_beyond_dumps),
        cmocka_unit_test(test_without_restore),
        cmocka_unit_test(test_asked_again_after_other_errors),
        cmocka_unit_test(test_readers_see_whole_sets),
        cmocka_unit_test(test_counts_keep_the_order_of_calls),
        cmocka_unit_test(test_counts_stay_compact),
        cmocka_unit_test(test_counts_of_a_foreign_type),
        cmocka_unit_test(test_room_is_bounded),
        cmocka_unit_test(test_refused_writes_are_not_written),
        cmocka_unit_test(test_missing_key_is_noticed),
        cmocka_unit_test(test_lost_connection),
    };

    return cmocka_run_group_tests_name("sink_redis", tests, set_up, tear_down);
}
