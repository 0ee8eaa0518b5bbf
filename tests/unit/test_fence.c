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
        cmocka_unit_test(test_a_lost_connection_answers_all),
    };
    int failed;

    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_redis_stop(&server, SIGKILL);
    return failed;
}
