/* The fence on a private Redis: commands run while the token stands. */
#include "fence.h"

#include "clock.h"
#include "private_redis.h"
#include "unit.h"

static struct private_redis server;
static int is_missing;

enum { NOTED = 400 };

/* What the callbacks were given. */
static struct {
    uint32_t count, lost, errors;
    struct {
        char text[64];
        int64_t number;
        size_t elements;
    } at[NOTED];
} noted;

static void note(void *context, const struct redis_reply *reply)
{
    struct text text;

    assert_ptr_equal(context, &noted);
    if (reply == NULL) {
        noted.lost++;
        return;
    }
    text = redis_reply_text(reply);
    noted.errors += redis_reply_kind(reply) == REDIS_ERROR;
    snprintf(noted.at[noted.count].text, sizeof noted.at[0].text, "%.*s",
             (int)text.length, text.bytes);
    noted.at[noted.count].number = redis_reply_number(reply);
    noted.at[noted.count].elements = redis_reply_count(reply);
    noted.count++;
}

struct bench {
    struct redis *redis;
    struct fence *fence;
};

static void open_bench(struct bench *bench)
{
    struct err err = ERR_NONE;

    if (is_missing)
        skip();
    memset(&noted, 0, sizeof noted);
    assert_int_equal(redis_open(&bench->redis, server.url, "fence", &err), 0);
    while (!redis_is_ready(bench->redis))
        redis_pump(bench->redis, clock_mono_us(), 10);
    bench->fence = fence_new(bench->redis);
}

static void close_bench(struct bench *bench)
{
    redis_close(bench->redis);
    fence_free(bench->fence);
}

static void send_words(struct bench *bench, const char *a, const char *b,
                       const char *c)
{
    struct text words[] = {text_of(a), text_of(b), text_of(c)};

    fence_send(bench->fence, words, c[0] == '\0' ? 2 : 3, note, &noted);
}

static void settle(struct bench *bench)
{
    fence_flush(bench->fence);
    while (fence_outstanding(bench->fence) > 0)
        redis_pump(bench->redis, clock_mono_us(), 10);
}

static void ask(struct bench *bench, const char *a, const char *b,
                const char *c, const char *d)
{
    struct text words[] = {text_of(a), text_of(b), text_of(c), text_of(d)};
    struct err err = ERR_NONE;
    struct redis_reply *reply;
    size_t count = d[0] != '\0' ? 4 : c[0] != '\0' ? 3 : b[0] != '\0' ? 2 : 1;

    assert_int_equal(redis_ask(bench->redis, &reply, words, count, 2000, &err),
                     0);
    redis_reply_free(reply);
}

static void test_runs_while_the_token_stands(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    ask(&bench, "FLUSHALL", "", "", "");
    ask(&bench, "HSET", "tok", "token", "me");
    fence_set(bench.fence, text_of("tok"), text_of("me"));
    send_words(&bench, "SET", "a", "1");
    send_words(&bench, "GET", "a", "");
    send_words(&bench, "INCR", "a", "");
    send_words(&bench, "LPUSH", "a", "x"); /* an error of its own */
    send_words(&bench, "RPUSH", "l", "x");
    settle(&bench);
    assert_int_equal(noted.count, 5);
    assert_string_equal(noted.at[0].text, "OK");
    assert_string_equal(noted.at[1].text, "1");
    assert_int_equal(noted.at[2].number, 2);
    assert_int_equal(noted.errors, 1);
    assert_int_equal(strncmp(noted.at[3].text, "WRONGTYPE", 9), 0);
    assert_int_equal(noted.at[4].number, 1);
    close_bench(&bench);
}

static void test_nothing_runs_when_it_does_not(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    ask(&bench, "FLUSHALL", "", "", "");
    ask(&bench, "HSET", "tok", "token", "another");
    fence_set(bench.fence, text_of("tok"), text_of("me"));
    send_words(&bench, "SET", "a", "1");
    send_words(&bench, "SET", "b", "1");
    settle(&bench);
    assert_int_equal(noted.errors, 2);
    assert_int_equal(strncmp(noted.at[0].text, "FENCED", 6), 0);
    ask(&bench, "DEL", "tok", "", "");
    send_words(&bench, "SET", "c", "1");
    settle(&bench);
    assert_int_equal(noted.errors, 3);
    fence_set(bench.fence, NO_TEXT, NO_TEXT);
    send_words(&bench, "EXISTS", "a", "");
    send_words(&bench, "EXISTS", "c", "");
    settle(&bench);
    assert_int_equal(noted.at[3].number + noted.at[4].number, 0);
    close_bench(&bench);
}

static void test_without_a_token_as_it_is(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    ask(&bench, "FLUSHALL", "", "", "");
    send_words(&bench, "RPUSH", "l", "x");
    send_words(&bench, "RPUSH", "l", "y");
    {
        struct text words[] = {text_of("LRANGE"), text_of("l"), text_of("0"),
                               text_of("-1")};

        fence_send(bench.fence, words, 4, note, &noted);
    }
    settle(&bench);
    assert_int_equal(noted.count, 3);
    assert_int_equal(noted.at[1].number, 2);
    assert_int_equal(noted.at[2].elements, 2);
    close_bench(&bench);
}

static void test_many_batches_keep_their_order(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    ask(&bench, "FLUSHALL", "", "", "");
    ask(&bench, "HSET", "tok", "token", "me");
    fence_set(bench.fence, text_of("tok"), text_of("me"));
    for (int i = 0; i < 350; i++)
        send_words(&bench, "INCR", "n", "");
    settle(&bench);
    assert_int_equal(noted.count, 350);
    for (int i = 0; i < 350; i++)
        assert_int_equal(noted.at[i].number, i + 1);
    close_bench(&bench);
}

/* The string "hi" as Redis dumps it. */
static const char hi_dump[] = "\0\2hi\x0a\0\xafk\x9f\xe8\x8e\x31\x1b\x14";

static void put(struct bench *bench, const char *key, const char *value,
                int64_t ttl_ms)
{
    fence_put(bench->fence, FENCE_SET, text_of(key), text_of(value), ttl_ms,
              note, &noted);
}

static void restore(struct bench *bench, const char *key, int is_whole)
{
    struct text dump = {hi_dump, sizeof hi_dump - (is_whole ? 1 : 2)};

    fence_put(bench->fence, FENCE_RESTORE, text_of(key), dump, 70000, note,
              &noted);
}

static void put_runs(struct bench *bench)
{
    put(bench, "a", "1", 60000);
    put(bench, "b", "b", 60000);
    send_words(bench, "APPEND", "b", "cd");
    put(bench, "c", "3", 60000);
    put(bench, "d", "4", 70000);
    restore(bench, "a", 1);
    restore(bench, "e", 0);
    restore(bench, "f", 1);
    send_words(bench, "GET", "b", "");
    put(bench, "g", "5", 0); /* no such life */
    put(bench, "f", "6", 70000);
    send_words(bench, "PTTL", "c", "");
    send_words(bench, "PTTL", "d", "");
    send_words(bench, "PTTL", "f", "");
    send_words(bench, "GET", "f", "");
    send_words(bench, "GET", "a", "");
    settle(bench);
}

/* Runs of either kind, broken by other commands and other lives; what goes
 * wrong in the middle of one is told of that command only. */
static void test_runs(void **state)
{
    static const char *const said[] = {"OK", "OK", "",  "OK", "OK", "OK",
                                       "ER", "OK", "b", "ER", "OK", "",
                                       "",   "",   "6", "hi"};
    struct bench bench;

    (void)state;
    open_bench(&bench);
    for (int fenced = 0; fenced < 2; fenced++) {
        memset(&noted, 0, sizeof noted);
        fence_set(bench.fence, NO_TEXT, NO_TEXT);
        ask(&bench, "FLUSHALL", "", "", "");
        if (fenced) {
            ask(&bench, "HSET", "tok", "token", "me");
            fence_set(bench.fence, text_of("tok"), text_of("me"));
        }
        put_runs(&bench);
        assert_int_equal(noted.count, COUNT(said));
        assert_int_equal(noted.errors, 2);
        for (size_t i = 0; i < COUNT(said); i++)
            assert_int_equal(
                strncmp(noted.at[i].text, said[i], strlen(said[i])), 0);
        assert_int_equal(noted.at[2].number, 3);
        assert_in_range(noted.at[11].number, 50000, 60000);
        assert_in_range(noted.at[12].number, 60001, 70000);
        assert_in_range(noted.at[13].number, 60001, 70000);
    }
    close_bench(&bench);
}

/* Longer than a batch, and of every length modulo one. */
static void test_long_runs(void **state)
{
    struct bench bench;
    char value[16];

    (void)state;
    open_bench(&bench);
    ask(&bench, "FLUSHALL", "", "", "");
    ask(&bench, "HSET", "tok", "token", "me");
    fence_set(bench.fence, text_of("tok"), text_of("me"));
    for (int length = 1; length < 240; length += 17) {
        memset(&noted, 0, sizeof noted);
        for (int i = 0; i < length; i++) {
            snprintf(value, sizeof value, "%d", i);
            put(&bench, value, value, 60000);
        }
        send_words(&bench, "GET", value, "");
        send_words(&bench, "EXISTS", "0", "");
        settle(&bench);
        assert_int_equal(noted.count, length + 2);
        assert_string_equal(noted.at[length - 1].text, "OK");
        assert_string_equal(noted.at[length].text, value);
        assert_int_equal(noted.at[length + 1].number, 1);
    }
    close_bench(&bench);
}

/* Wherever a batch would have ended. */
static void test_joined_commands_are_one_script(void **state)
{
    static char large[60000];
    struct bench bench;
    uint64_t commands;

    (void)state;
    memset(large, 'x', sizeof large - 1);
    open_bench(&bench);
    ask(&bench, "FLUSHALL", "", "", "");
    ask(&bench, "HSET", "tok", "token", "me");
    fence_set(bench.fence, text_of("tok"), text_of("me"));
    for (int before = 94; before < 100; before++) {
        memset(&noted, 0, sizeof noted);
        for (int i = 0; i < before; i++)
            put(&bench, "a", "1", 60000);
        fence_join(bench.fence, 4);
        send_words(&bench, "SET", "b", large);
        commands = redis_stats(bench.redis)->commands;
        send_words(&bench, "APPEND", "b", large);
        send_words(&bench, "APPEND", "b", large);
        assert_int_equal(redis_stats(bench.redis)->commands, commands);
        send_words(&bench, "STRLEN", "b", "");
        assert_int_equal(redis_stats(bench.redis)->commands, commands + 1);
        settle(&bench);
        assert_int_equal(noted.count, before + 4);
        assert_int_equal(noted.at[before + 3].number, 3 * (sizeof large - 1));
    }
    close_bench(&bench);
}

static void test_a_lost_connection_answers_all(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    fence_set(bench.fence, text_of("tok"), text_of("me"));
    send_words(&bench, "SET", "a", "1");
    fence_flush(bench.fence);
    send_words(&bench, "SET", "b", "1");
    close_bench(&bench); /* one sent, one only gathered */
    assert_int_equal(noted.lost, 2);
    assert_int_equal(noted.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_while_the_token_stands),
        cmocka_unit_test(test_nothing_runs_when_it_does_not),
        cmocka_unit_test(test_without_a_token_as_it_is),
        cmocka_unit_test(test_many_batches_keep_their_order),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_long_runs),
        cmocka_unit_test(test_joined_commands_are_one_script),
        cmocka_unit_test(test_a_lost_connection_answers_all),
    };
    int failed;

    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_redis_stop(&server, SIGKILL);
    return failed;
}
