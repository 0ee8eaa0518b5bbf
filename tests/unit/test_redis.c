/* Against a private redis-server. */
#include "redis.h"

#include "clock.h"
#include "private_redis.h"
#include "strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct private_redis server;
static int is_missing;

#define NEED_SERVER()                                                          \
    do {                                                                       \
        if (is_missing) {                                                      \
            print_message("no redis-server here: skipped\n");                  \
            skip();                                                            \
        }                                                                      \
        assert_int_equal(server.pid != 0, 1);                                  \
    } while (0)

static struct text text(const char *word)
{
    return (struct text){word, (uint32_t)strlen(word)};
}

static struct redis *open_redis(const char *url)
{
    struct err err = ERR_NONE;
    struct redis *redis;

    if (redis_open(&redis, url, "test", &err) != 0)
        fail_msg("%s", err.text);
    return redis;
}

/* Pumps by the real clock until `*until` is reached, 20 s at most. */
static void pump_until(struct redis *redis, const size_t *counter, size_t until)
{
    int64_t end_us = clock_mono_us() + 20000000;

    while (*counter < until && clock_mono_us() < end_us)
        redis_pump(redis, clock_mono_us(), 50);
    assert_int_equal(*counter, until);
}

static void pump_until_ready(struct redis *redis)
{
    int64_t end_us = clock_mono_us() + 20000000;

    while (!redis_is_ready(redis) && clock_mono_us() < end_us)
        redis_pump(redis, clock_mono_us(), 50);
    assert_true(redis_is_ready(redis));
}

/* Asks in words separated by blanks. */
static struct redis_reply *ask(struct redis *redis, const char *words)
{
    struct text arguments[8];
    struct err err = ERR_NONE;
    struct redis_reply *reply;
    size_t count = 0;

    for (const char *c = words; *c != '\0'; c += *c == ' ') {
        size_t length = strcspn(c, " ");

        arguments[count++] = (struct text){c, (uint32_t)length};
        c += length;
    }
    if (redis_ask(redis, &reply, arguments, count, 5000, &err) != 0)
        fail_msg("%s: %s", words, err.text);
    return reply;
}

static void assert_says(struct redis *redis, const char *words,
                        const char *wanted)
{
    struct redis_reply *reply = ask(redis, words);
    struct text said = redis_reply_text(reply);

    assert_int_equal(redis_reply_kind(reply), REDIS_TEXT);
    assert_int_equal(said.length, strlen(wanted));
    assert_memory_equal(said.bytes, wanted, said.length);
    redis_reply_free(reply);
}

static void test_ask(void **state)
{
    struct redis *redis;
    struct redis_reply *reply;

    (void)state;
    NEED_SERVER();
    redis = open_redis(server.url);
    assert_says(redis, "SET a 1", "OK");
    assert_says(redis, "GET a", "1");
    assert_says(redis, "CLIENT GETNAME", "terkait-test");
    reply = ask(redis, "MGET a none a");
    assert_int_equal(redis_reply_kind(reply), REDIS_ARRAY);
    assert_int_equal(redis_reply_count(reply), 3);
    assert_int_equal(redis_reply_kind(redis_reply_at(reply, 1)), REDIS_NIL);
    assert_int_equal(redis_reply_text(redis_reply_at(reply, 1)).length, 0);
    assert_int_equal(redis_reply_text(redis_reply_at(reply, 2)).length, 1);
    redis_reply_free(reply);
    reply = ask(redis, "INCRBY a 41");
    assert_int_equal(redis_reply_kind(reply), REDIS_NUMBER);
    assert_int_equal(redis_reply_number(reply), 42);
    assert_int_equal(redis_reply_count(reply), 0);
    redis_reply_free(reply);
    reply = ask(redis, "LPUSH a x");
    assert_int_equal(redis_reply_kind(reply), REDIS_ERROR);
    assert_memory_equal(redis_reply_text(reply).bytes, "WRONGTYPE", 9);
    redis_reply_free(reply);
    assert_int_equal(redis_stats(redis)->errors, 1);
    assert_int_equal(redis_generation(redis), 1);
    redis_close(redis);
}

struct order {
    struct redis *redis;
    size_t answered;
    size_t lost;
    int64_t latest;
    int is_broken;
};

static void on_number(void *context, const struct redis_reply *reply)
{
    struct order *order = context;

    if (reply == NULL) {
        order->lost++;
        order->is_broken |= redis_is_ready(order->redis);
        return;
    }
    order->answered++;
    order->is_broken |= redis_reply_number(reply) != order->latest + 1;
    order->latest = redis_reply_number(reply);
}

static void test_pipeline_keeps_order(void **state)
{
    enum { COMMANDS = 50000 };
    struct text increment[] = {{"INCR", 4}, {"order", 5}};
    struct order order = {0};

    (void)state;
    NEED_SERVER();
    order.redis = open_redis(server.url);
    pump_until_ready(order.redis);
    redis_reply_free(ask(order.redis, "DEL order"));
    for (int i = 0; i < COMMANDS; i++)
        redis_send(order.redis, increment, 2, on_number, &order);
    assert_int_equal(redis_outstanding(order.redis), COMMANDS);
    pump_until(order.redis, &order.answered, COMMANDS);
    assert_false(order.is_broken);
    assert_int_equal(order.latest, COMMANDS);
    assert_int_equal(redis_outstanding(order.redis), 0);
    assert_int_equal(redis_unwritten(order.redis), 0);
    assert_in_range(redis_stats(order.redis)->latency_us, 1, 20000000);
    redis_close(order.redis);
}

/* Far more than the sockets take: parts of commands are written. */
static void test_large_both_ways(void **state)
{
    enum { BYTES = 30000000 };
    char *value = malloc(BYTES);
    struct text set[] = {{"SET", 3}, {"large", 5}, {value, BYTES}};
    struct text get[] = {{"GET", 3}, {"large", 5}};
    struct err err = ERR_NONE;
    struct redis_reply *reply = NULL;
    struct redis *redis;

    (void)state;
    NEED_SERVER();
    for (size_t i = 0; i < BYTES; i++)
        value[i] = (char)(i * 7 + i / 251);
    redis = open_redis(server.url);
    assert_int_equal(redis_ask(redis, &reply, set, 3, 20000, &err), 0);
    redis_reply_free(reply);
    assert_int_equal(redis_ask(redis, &reply, get, 2, 20000, &err), 0);
    assert_int_equal(redis_reply_text(reply).length, BYTES);
    assert_memory_equal(redis_reply_text(reply).bytes, value, BYTES);
    redis_reply_free(reply);
    redis_reply_free(ask(redis, "DEL large"));
    redis_close(redis);
    free(value);
}

static void test_stopped_server_never_blocks(void **state)
{
    enum { COMMANDS = 20000 };
    static char value[1000];
    struct text set[] = {{"SET", 3}, {"s", 1}, {value, sizeof value}};
    struct text increment[] = {{"INCR", 4}, {"after", 5}};
    struct order order = {0};
    int64_t start_us;

    (void)state;
    NEED_SERVER();
    order.redis = open_redis(server.url);
    pump_until_ready(order.redis);
    redis_reply_free(ask(order.redis, "DEL after"));
    private_redis_freeze(&server);
    for (int i = 0; i < COMMANDS; i++)
        redis_send(order.redis, set, 3, NULL, NULL);
    redis_send(order.redis, increment, 2, on_number, &order);
    start_us = clock_mono_us();
    for (int i = 0; i < 100; i++)
        redis_pump(order.redis, clock_mono_us(), 0);
    assert_in_range(clock_mono_us() - start_us, 0, 2000000);
    assert_in_range(redis_unwritten(order.redis), 1000000, 30000000);
    kill(server.pid, SIGCONT);
    pump_until(order.redis, &order.answered, 1);
    assert_false(order.is_broken);
    assert_int_equal(redis_stats(order.redis)->errors, 0);
    redis_close(order.redis);
}

static void test_killed_server(void **state)
{
    enum { COMMANDS = 1000 };
    struct text increment[] = {{"INCR", 4}, {"killed", 6}};
    struct order order = {0};

    (void)state;
    NEED_SERVER();
    order.redis = open_redis(server.url);
    pump_until_ready(order.redis);
    private_redis_freeze(&server);
    for (int i = 0; i < COMMANDS; i++)
        redis_send(order.redis, increment, 2, on_number, &order);
    redis_pump(order.redis, clock_mono_us(), 0);
    kill(server.pid, SIGKILL);
    private_redis_stop(&server, SIGKILL);
    pump_until(order.redis, &order.lost, COMMANDS);
    assert_false(order.is_broken);
    assert_int_equal(order.answered, 0);
    assert_int_equal(redis_outstanding(order.redis), 0);
    assert_int_equal(redis_unwritten(order.redis), 0);
    assert_false(redis_is_ready(order.redis));
    assert_int_equal(redis_generation(order.redis), 1);
    for (int i = 0; i < 20; i++)
        redis_pump(order.redis, clock_mono_us(), 10);
    assert_int_equal(private_redis_run(&server, "--appendonly", "no"), 0);
    pump_until_ready(order.redis);
    assert_int_equal(redis_generation(order.redis), 2);
    assert_int_equal(redis_stats(order.redis)->reconnects, 1);
    redis_send(order.redis, increment, 2, on_number, &order);
    pump_until(order.redis, &order.answered, 1);
    redis_close(order.redis);
}

static void test_close_answers_what_is_outstanding(void **state)
{
    struct text increment[] = {{"INCR", 4}, {"closed", 6}};
    struct order order = {0};

    (void)state;
    NEED_SERVER();
    order.redis = open_redis(server.url);
    pump_until_ready(order.redis);
    for (int i = 0; i < 5; i++)
        redis_send(order.redis, increment, 2, on_number, &order);
    redis_close(order.redis);
    assert_int_equal(order.lost, 5);
    assert_int_equal(order.answered, 0);
    redis_close(NULL);
}

static void test_unix_socket_and_database(void **state)
{
    struct strbuf url = STRBUF_EMPTY;
    struct redis *first, *second;
    struct redis_reply *reply;

    (void)state;
    NEED_SERVER();
    first = open_redis(server.url);
    strbuf_add_format(&url, "unix://%s?db=7", server.socket);
    second = open_redis(url.bytes);
    redis_reply_free(ask(second, "SET seven yes"));
    reply = ask(first, "EXISTS seven");
    assert_int_equal(redis_reply_number(reply), 0);
    redis_reply_free(reply);
    assert_says(first, "SELECT 7", "OK");
    assert_says(first, "GET seven", "yes");
    redis_close(first);
    redis_close(second);
    strbuf_deinit(&url);
}

/* What went to stderr while `run` ran; the caller frees. */
static char *captured(void (*run)(const char *url), const char *url)
{
    FILE *file = tmpfile();
    int former = dup(STDERR_FILENO);
    char *out = calloc(1, 65536);

    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    run(url);
    fflush(stderr);
    dup2(former, STDERR_FILENO);
    close(former);
    rewind(file);
    assert_true(fread(out, 1, 65535, file) > 0);
    fclose(file);
    return out;
}

static void try_for_a_while(const char *url)
{
    struct redis *redis = open_redis(url);

    for (int i = 0; i < 30; i++)
        redis_pump(redis, clock_mono_us(), 10);
    redis_close(redis);
}

static void assert_logs(const char *url, const char *wanted)
{
    char *log = captured(try_for_a_while, url);

    if (strstr(log, wanted) == NULL)
        fail_msg("no %s in: %s", wanted, log);
    assert_null(strstr(log, "hush"));
    free(log);
}

static void test_login(void **state)
{
    struct strbuf url = STRBUF_EMPTY;
    struct redis *redis;

    (void)state;
    NEED_SERVER();
    redis = open_redis(server.url);
    assert_says(redis, "ACL SETUSER ibu on >hush allkeys +@all", "OK");
    assert_says(redis, "ACL SETUSER blind on >hush allkeys +get", "OK");
    assert_says(redis, "CONFIG SET requirepass hush", "OK");
    assert_logs(server.url, "NOAUTH");
    strbuf_add_format(&url, "redis://ibu:hushed@127.0.0.1:%d", server.port);
    assert_logs(url.bytes, "WRONGPASS");
    strbuf_clear(&url);
    strbuf_add_format(&url, "redis://ibu:hush@127.0.0.1:%d", server.port);
    assert_logs(url.bytes, "redis_ready");
    strbuf_clear(&url);
    strbuf_add_format(&url, "redis://blind:hush@127.0.0.1:%d", server.port);
    assert_logs(url.bytes, "redis_ready");
    strbuf_clear(&url);
    strbuf_add_format(&url, "redis://:hush@127.0.0.1:%d/9999", server.port);
    assert_logs(url.bytes, "DB index");
    assert_says(redis, "CONFIG SET requirepass hush", "OK");
    redis_reply_free(ask(redis, "CONFIG RESETSTAT"));
    redis_close(redis);
    strbuf_clear(&url);
    strbuf_add_format(&url, "redis://:hush@127.0.0.1:%d", server.port);
    redis = open_redis(url.bytes);
    assert_says(redis, "ACL SETUSER default nopass", "OK");
    redis_close(redis);
    strbuf_deinit(&url);
}

static void refuse_one(const char *url)
{
    struct redis *redis = open_redis(url);

    pump_until_ready(redis);
    redis_send(redis, (struct text[]){text("HGET"), text("x")}, 2, NULL, NULL);
    while (redis_outstanding(redis) > 0)
        redis_pump(redis, clock_mono_us(), 10);
    assert_int_equal(redis_stats(redis)->errors, 1);
    redis_close(redis);
}

static void test_refusals_are_logged(void **state)
{
    char *log;

    (void)state;
    NEED_SERVER();
    log = captured(refuse_one, server.url);
    assert_non_null(strstr(log, "event=redis_error"));
    assert_non_null(strstr(log, "wrong number of arguments"));
    free(log);
}

static void test_bad_url(void **state)
{
    struct err err = ERR_NONE;
    struct redis *redis;

    (void)state;
    assert_int_equal(redis_open(&redis, "127.0.0.1", "test", &err), -1);
    assert_non_null(strstr(err.text, "redis://"));
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
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_pipeline_keeps_order),
        cmocka_unit_test(test_large_both_ways),
        cmocka_unit_test(test_stopped_server_never_blocks),
        cmocka_unit_test(test_killed_server),
        cmocka_unit_test(test_close_answers_what_is_outstanding),
        cmocka_unit_test(test_unix_socket_and_database),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_refusals_are_logged),
        cmocka_unit_test(test_bad_url),
    };

    return cmocka_run_group_tests_name("redis", tests, set_up, tear_down);
}
