/* A real Redis where it can be set up so, else a socket that says what other
 * servers would. */
#include "store_check.h"

#include "store_world.h"

#include <pthread.h>

static void test_append_only(void **state)
{
    struct err warning, err = ERR_NONE;

    (void)state;
    NEED_SERVER();
    assert_int_equal(store_check(control, &warning, 5000, &err), 0);
    assert_non_null(strstr(warning.text, "appendonly no"));
    words("CONFIG SET appendonly yes");
    assert_int_equal(store_check(control, &warning, 5000, &err), 0);
    assert_string_equal(warning.text, "");
    words("CONFIG SET appendonly no");
}

static void test_eviction(void **state)
{
    static const struct {
        const char *line;
        int result;
    } cases[] = {{"CONFIG SET maxmemory-policy allkeys-lru", -1},
                 {"CONFIG SET maxmemory-policy allkeys-random", -1},
                 {"CONFIG SET maxmemory-policy allkeys-lfu", -1},
                 {"CONFIG SET maxmemory-policy volatile-lru", 0},
                 {"CONFIG SET maxmemory-policy noeviction", 0}};

    (void)state;
    NEED_SERVER();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err warning, err = ERR_NONE;

        words(cases[i].line);
        assert_int_equal(store_check(control, &warning, 5000, &err),
                         cases[i].result);
        assert_int_equal(strstr(err.text, "allkeys-") != NULL,
                         cases[i].result != 0);
    }
}

static void test_forbidden(void **state)
{
    struct err warning, err = ERR_NONE;

    (void)state;
    NEED_SERVER();
    words("ACL SETUSER default -info");
    assert_int_equal(store_check(control, &warning, 5000, &err), 0);
    assert_non_null(strstr(warning.text, "does not tell"));
    assert_non_null(strstr(warning.text, "NOPERM"));
    words("ACL SETUSER default +info");
}

/* A server of few words: greets, then answers one command by `says`. */

struct fake {
    int fd, port;
    const char *says;
    char url[64];
    pthread_t thread;
};

static void *fake_serve(void *context)
{
    struct fake *fake = context;
    int client = accept(fake->fd, NULL, NULL);
    char buffer[65536];
    const char *hello = "+PONG\r\n+OK\r\n";

    if (recv(client, buffer, sizeof buffer, 0) > 0 &&
        send(client, hello, strlen(hello), MSG_NOSIGNAL) > 0 &&
        recv(client, buffer, sizeof buffer, 0) > 0 &&
        send(client, fake->says, strlen(fake->says), MSG_NOSIGNAL) > 0)
        (void)recv(client, buffer, sizeof buffer, 0);
    close(client);
    return NULL;
}

static struct redis *fake_open(struct fake *fake, const char *says)
{
    struct err err = ERR_NONE;
    struct redis *redis;

    fake->says = says;
    fake->fd = private_bind(&fake->port);
    assert_int_equal(listen(fake->fd, 1), 0);
    snprintf(fake->url, sizeof fake->url, "redis://127.0.0.1:%d", fake->port);
    assert_int_equal(pthread_create(&fake->thread, NULL, fake_serve, fake), 0);
    assert_int_equal(redis_open(&redis, fake->url, "test", &err), 0);
    return redis;
}

static void fake_close(struct fake *fake, struct redis *redis)
{
    redis_close(redis);
    pthread_join(fake->thread, NULL);
    close(fake->fd);
}

static void test_what_others_say(void **state)
{
    static const struct {
        const char *info; /* without its length */
        int result;
        const char *word;
    } cases[] = {
        {"redis_version:5.0.14\r\nmaxmemory_policy:noeviction\r\n", -1,
         "Redis is 5.0.14"},
        {"redis_version:6.0.0\r\nmaxmemory_policy:noeviction\r\n"
         "aof_enabled:1\r\n",
         0, ""},
        {"redis_version:10.1\r\nmaxmemory_policy:noeviction\r\n"
         "aof_enabled:1\r\n",
         0, ""},
        {"xredis_version:1\r\nmaxmemory_policy:noeviction\r\naof_enabled:1", 0,
         "does not tell its version"},
        {"redis_version:7\r\naof_enabled:1", 0, "maxmemory-policy"},
        {"redis_version:7\r\nmaxmemory_policy:noeviction\r\n", 0,
         "does not tell whether"},
        {"", 0, "; Redis"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err warning, err = ERR_NONE;
        struct fake fake;
        struct redis *redis;
        char says[512];

        snprintf(says, sizeof says, "$%zu\r\n%s\r\n", strlen(cases[i].info),
                 cases[i].info);
        redis = fake_open(&fake, says);
        assert_int_equal(store_check(redis, &warning, 5000, &err),
                         cases[i].result);
        if (strstr(cases[i].result == 0 ? warning.text : err.text,
                   cases[i].word) == NULL)
            fail_msg("\"%s\", \"%s\": no \"%s\"", warning.text, err.text,
                     cases[i].word);
        if (cases[i].word[0] == '\0')
            assert_string_equal(warning.text, "");
        fake_close(&fake, redis);
    }
}

static void test_nobody_there(void **state)
{
    struct err warning, err = ERR_NONE;
    struct redis *redis;
    char url[64];
    int port;

    (void)state;
    close(private_bind(&port));
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", port);
    assert_int_equal(redis_open(&redis, url, "test", &err), 0);
    assert_int_equal(store_check(redis, &warning, 1000, &err), -1);
    assert_non_null(strstr(err.text, "refused"));
    assert_int_equal(store_is_used(redis, PREFIX, 1000, &err), -1);
    redis_close(redis);
}

static void test_is_used(void **state)
{
    static const struct store_key keys[] = {{STORE_GROUP, 0},
                                            {STORE_GROUP, 255},
                                            {STORE_PARTITION, 0},
                                            {STORE_PARTITION, 63}};
    struct err err = ERR_NONE;
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    words("SET t:related:x 1");
    words("SET t:stats 1");
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_int_equal(store_is_used(control, PREFIX, 5000, &err), 0);
        assert_outcome(take(&world, keys[i], (struct store_token){1, 1}),
                       STORE_DONE);
        assert_int_equal(store_is_used(control, PREFIX, 5000, &err), 1);
        assert_int_equal(store_is_used(control, "", 5000, &err), 0);
        assert_int_equal(store_is_used(control, "other:", 5000, &err), 0);
        words("FLUSHALL");
    }
    world_down(&world);
    words("ACL SETUSER default -exists");
    assert_int_equal(store_is_used(control, PREFIX, 5000, &err), -1);
    assert_non_null(strstr(err.text, "NOPERM"));
    words("ACL SETUSER default +exists");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_only),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_what_others_say),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_is_used),
    };

    return cmocka_run_group_tests_name("store_check", tests, set_up_server,
                                       tear_down_server);
}
