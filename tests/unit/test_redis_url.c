#include "redis_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct good {
    const char *text, *host, *path, *user, *password;
    int port, db;
    const char *address;
};

static const struct good good[] = {
    {"redis://127.0.0.1:6380/2", "127.0.0.1", NULL, NULL, NULL, 6380, 2,
     "127.0.0.1:6380/2"},
    {"redis://cache", "cache", NULL, NULL, NULL, 6379, 0, "cache:6379"},
    {"redis://cache/", "cache", NULL, NULL, NULL, 6379, 0, "cache:6379"},
    {"redis://cache:1/0", "cache", NULL, NULL, NULL, 1, 0, "cache:1"},
    {"redis://u:p@h:65535", "h", NULL, "u", "p", 65535, 0, "h:65535"},
    {"redis://:p%40%3a@h", "h", NULL, NULL, "p@:", 6379, 0, "h:6379"},
    {"redis://u%25:a@b/c:d@h/1", "h", NULL, "u%", "a@b/c:d", 6379, 1,
     "h:6379/1"},
    {"redis://[::1]", "::1", NULL, NULL, NULL, 6379, 0, "[::1]:6379"},
    {"redis://:p@[fe80::2]:7/3", "fe80::2", NULL, NULL, "p", 7, 3,
     "[fe80::2]:7/3"},
    {"unix:///run/redis.sock", NULL, "/run/redis.sock", NULL, NULL, 0, 0,
     "unix:/run/redis.sock"},
    {"unix:///a%20b@c?db=4", NULL, "/a b@c", NULL, NULL, 0, 4,
     "unix:/a b@c?db=4"},
    {"unix://:se@cret@/s", NULL, "/s", NULL, "se@cret", 0, 0, "unix:/s"},
};

static void assert_text(const char *is, const char *wanted)
{
    if (wanted == NULL)
        assert_null(is);
    else
        assert_string_equal(is, wanted);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct good *one = &good[i];
        struct err err = ERR_NONE;
        struct redis_url url;

        if (redis_url_parse(&url, one->text, &err) != 0)
            fail_msg("%s: %s", one->text, err.text);
        assert_text(url.host, one->host);
        assert_text(url.path, one->path);
        assert_text(url.user, one->user);
        assert_text(url.password, one->password);
        assert_text(url.address, one->address);
        assert_int_equal(url.port, one->port);
        assert_int_equal(url.db, one->db);
        redis_url_deinit(&url);
    }
}

static const struct {
    const char *text, *word;
} bad[] = {
    {"", "redis://"},
    {"127.0.0.1:6379", "redis://"},
    {"http://h", "redis://"},
    {"rediss://:hush@h", "TLS"},
    {"redis://", "host"},
    {"redis://:hush@", "host"},
    {"redis://:hush@:1", "host"},
    {"redis://[]:1", "host"},
    {"redis://[::1", "IPv6"},
    {"redis://[::1]6379", "IPv6"},
    {"redis://h:", "port"},
    {"redis://h:0", "port"},
    {"redis://h:65536", "port"},
    {"redis://h:99999999999999999999", "port"},
    {"redis://h:+1", "port"},
    {"redis://::1:6379", "host"},
    {"redis://h/x", "database"},
    {"redis://h/-1", "database"},
    {"redis://h/1/2", "database"},
    {"redis://hush@h", "user:password"},
    {"redis://u:@h", "empty"},
    {"redis://u:hush%@h", "%"},
    {"redis://u:hush%2@h", "%"},
    {"redis://u:hush%zz@h", "%"},
    {"redis://u:hush%00@h", "%"},
    {"redis://u%:hush@h", "%"},
    {"unix://", "unix:///"},
    {"unix:///", "unix:///"},
    {"unix://run/s", "unix:///"},
    {"unix:///s?db=", "database"},
    {"unix:///s?x=1", "?db="},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_NONE;
        struct redis_url url;

        if (redis_url_parse(&url, bad[i].text, &err) == 0)
            fail_msg("taken: %s", bad[i].text);
        if (strstr(err.text, bad[i].word) == NULL)
            fail_msg("%s: %s", bad[i].text, err.text);
        assert_null(strstr(err.text, "hush"));
        assert_non_null(strstr(err.text, "redis.url: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
