/* The bytes by themselves; and against a private Redis: whatever is restored
 * must be what ZADD would have made. */
#include "zset_dump.h"

#include "private_redis.h"
#include "redis.h"
#include "rng.h"
#include "unit.h"

enum { ID_MAX = 128 };

static struct private_redis server;
static int is_missing;
static struct crc64 crc;

static void assert_list(const struct sink_member *members, uint32_t count,
                        const char *list, size_t length)
{
    struct strbuf out = STRBUF_EMPTY;

    zset_dump(&out, &crc, members, count);
    assert_int_equal(out.length, 6 + length + 10);
    assert_memory_equal(out.bytes, "\x11\x80\0\0\0", 5);
    assert_int_equal(out.bytes[5], length);
    assert_memory_equal(out.bytes + 6, list, length);
    assert_memory_equal(out.bytes + 6 + length, "\x0a\0", 2);
    for (int i = 0; i < 8; i++)
        assert_int_equal((unsigned char)out.bytes[8 + length + (size_t)i],
                         (crc64_sum(&crc, out.bytes, 8 + length) >> 8 * i) &
                             255);
    strbuf_deinit(&out);
}

static void test_the_bytes(void **state)
{
    const struct sink_member members[] = {
        {text_of("ab"), 300}, {text_of("7"), 2}, {text_of("x"), 2}};
    static const char list[] = "\x17\0\0\0\x06\0" /* bytes, elements */
                               "\x07\x01\x02\x01"
                               "\x81x\x02\x02\x01"
                               "\x82"
                               "ab\x03\xc1\x2c\x02\xff";

    (void)state;
    assert_list(members, 3, list, sizeof list - 1);
}

/* ---- against Redis ---- */

static struct redis_reply *ask(struct redis *redis, const struct text *words,
                               size_t count)
{
    struct err err = ERR_NONE;
    struct redis_reply *reply;

    if (redis_ask(redis, &reply, words, count, 5000, &err) != 0)
        fail_msg("%s", err.text);
    return reply;
}

static void command(struct redis *redis, const char *a, const char *b,
                    const char *c, const char *d)
{
    const struct text words[] = {text_of(a), text_of(b), text_of(c),
                                 text_of(d)};
    struct redis_reply *reply = ask(redis, words,
                                    d[0] != '\0'   ? 4
                                    : b[0] != '\0' ? 2
                                                   : 1);

    assert_int_not_equal(redis_reply_kind(reply), REDIS_ERROR);
    redis_reply_free(reply);
}

static struct text decimal(char *to, uint64_t number)
{
    return (struct text){to, (uint32_t)sprintf(to, "%lu", number)};
}

static void add_natively(struct redis *redis, const struct sink_member *members,
                         uint32_t count)
{
    static struct text words[2 + 2 * ZSET_DUMP_MEMBERS_MAX];
    static char digits[ZSET_DUMP_MEMBERS_MAX][24];
    struct redis_reply *reply;

    words[0] = text_of("ZADD");
    words[1] = text_of("native");
    for (uint32_t i = 0; i < count; i++) {
        words[2 + 2 * i] = decimal(digits[i], members[i].count);
        words[3 + 2 * i] = members[i].id;
    }
    reply = ask(redis, words, 2 + 2 * (size_t)count);
    assert_int_equal(redis_reply_number(reply), count);
    redis_reply_free(reply);
}

static void restore(struct redis *redis, const struct sink_member *members,
                    uint32_t count)
{
    struct strbuf dump = STRBUF_EMPTY;
    struct redis_reply *reply;

    zset_dump(&dump, &crc, members, count);
    reply = ask(redis,
                (struct text[]){text_of("RESTORE"),
                                text_of("ours"),
                                text_of("0"),
                                {dump.bytes, (uint32_t)dump.length},
                                text_of("REPLACE")},
                5);
    assert_text(redis_reply_text(reply), "OK");
    redis_reply_free(reply);
    strbuf_deinit(&dump);
}

static void assert_same_reply(const struct redis_reply *ours,
                              const struct redis_reply *native)
{
    struct text left = redis_reply_text(ours);
    struct text right = redis_reply_text(native);

    assert_int_not_equal(redis_reply_kind(ours), REDIS_ERROR);
    assert_int_equal(redis_reply_kind(ours), redis_reply_kind(native));
    assert_int_equal(left.length, right.length);
    if (left.length > 0)
        assert_memory_equal(left.bytes, right.bytes, left.length);
    assert_int_equal(redis_reply_number(ours), redis_reply_number(native));
    assert_int_equal(redis_reply_count(ours), redis_reply_count(native));
    for (size_t i = 0; i < redis_reply_count(ours); i++)
        assert_same_reply(redis_reply_at(ours, i), redis_reply_at(native, i));
}

/* `words` with either key in the place of KEY answer alike. */
static void assert_alike(struct redis *redis, const char *words,
                         struct text last)
{
    struct redis_reply *replies[2];

    for (int side = 0; side < 2; side++) {
        struct text arguments[8];
        size_t count = 0;

        for (const char *c = words; *c != '\0'; c += *c == ' ') {
            size_t length = strcspn(c, " ");

            arguments[count++] = (struct text){c, (uint32_t)length};
            if (length == 3 && memcmp(c, "KEY", 3) == 0)
                arguments[count - 1] = text_of(side == 0 ? "ours" : "native");
            c += length;
        }
        if (last.length > 0)
            arguments[count++] = last;
        replies[side] = ask(redis, arguments, count);
    }
    assert_same_reply(replies[0], replies[1]);
    redis_reply_free(replies[0]);
    redis_reply_free(replies[1]);
}

static void assert_as_native(struct redis *redis, struct sink_member *members,
                             uint32_t count)
{
    command(redis, "FLUSHALL", "", "", "");
    add_natively(redis, members, count);
    restore(redis, members, count);
    assert_alike(redis, "DUMP KEY", NO_TEXT);
    assert_alike(redis, "OBJECT ENCODING KEY", NO_TEXT);
    assert_alike(redis, "ZRANGE KEY 0 -1 WITHSCORES", NO_TEXT);
    assert_alike(redis, "ZSCORE KEY", members[count / 2].id);
    assert_alike(redis, "ZRANK KEY", members[count / 3].id);
    assert_alike(redis, "ZINCRBY KEY 3", members[count / 2].id);
    assert_alike(redis, "ZADD KEY 5 newcomer 1", text_of("-77"));
    assert_alike(redis, "ZREM KEY", members[0].id);
    assert_alike(redis, "DUMP KEY", NO_TEXT);
}

static int is_before(const struct sink_member *a, const struct sink_member *b)
{
    return a->count != b->count ? a->count > b->count
                                : text_compare(a->id, b->id) < 0;
}

static int compare_members(const void *left, const void *right)
{
    return is_before(left, right) ? -1 : is_before(right, left);
}

/* Numbers around every boundary, with or without something that makes them
 * plain text. */
static uint32_t make_numeric(struct rng *rng, char *to)
{
    static const char *const before[] = {"", "0", "+", "", "", " "};
    static const char *const behind[] = {"", "", "", " ", ".0", ""};
    uint64_t number =
        (UINT64_C(1) << rng_below(rng, 64)) + rng_below(rng, 5) - 2;
    uint32_t form = rng_below(rng, 4) > 0 ? 0 : rng_below(rng, 6);
    const char *sign = rng_below(rng, 2) > 0 ? "-" : "";

    if (rng_below(rng, 8) == 0)
        number = rng_below(rng, 3);
    return (uint32_t)sprintf(to, "%s%s%lu%s", sign, before[form], number,
                             behind[form]);
}

static uint32_t make_id(struct rng *rng, char *to, uint32_t length_max)
{
    uint32_t length = 1 + rng_below(rng, length_max), kind = rng_below(rng, 4);

    if (kind == 0)
        return make_numeric(rng, to);
    for (uint32_t i = 0; i < length; i++)
        to[i] = (char)(kind == 1   ? '0' + (int)rng_below(rng, 10)
                       : kind == 2 ? 'a' + (int)rng_below(rng, 3)
                                   : (int)rng_below(rng, 256));
    return length;
}

static uint64_t make_count(struct rng *rng)
{
    uint64_t count = (UINT64_C(1) << rng_below(rng, 53)) + rng_below(rng, 5);

    if (rng_below(rng, 2) > 0)
        return 1 + rng_below(rng, 3);
    count -= count > 2 ? 2 : 0;
    return count > ZSET_DUMP_COUNT_MAX ? ZSET_DUMP_COUNT_MAX : count;
}

static uint32_t make_members(struct rng *rng, struct sink_member *members,
                             uint32_t wanted, uint32_t length_max)
{
    static char ids[ZSET_DUMP_MEMBERS_MAX][ID_MAX + 1];
    uint32_t count = 0;

    for (uint32_t i = 0; i < wanted; i++) {
        uint32_t length = make_id(rng, ids[count], length_max), same = 0;
        struct text id = {ids[count], length};

        while (same < count && text_compare(members[same].id, id) != 0)
            same++;
        if (same == count)
            members[count++] = (struct sink_member){id, make_count(rng)};
    }
    qsort(members, count, sizeof *members, compare_members);
    return count;
}

static void open_redis(struct redis **redis)
{
    struct err err = ERR_NONE;

    if (is_missing)
        skip();
    if (redis_open(redis, server.url, "test", &err) != 0)
        fail_msg("%s", err.text);
}

static void test_as_redis_makes_them(void **state)
{
    static struct sink_member members[ZSET_DUMP_MEMBERS_MAX];
    struct redis *redis;
    struct rng rng;

    (void)state;
    open_redis(&redis);
    rng_init(&rng, 3);
    for (uint32_t i = 0; i < 600; i++) {
        uint32_t wanted = i < 128 ? i + 1 : 1 + rng_below(&rng, 128);

        command(redis, "CONFIG", "SET", "rdbcompression",
                i % 2 == 0 ? "yes" : "no");
        assert_as_native(redis, members,
                         make_members(&rng, members, wanted, 64));
    }
    redis_close(redis);
}

/* By itself Redis would keep members over 64 bytes in a skiplist; as a dump
 * they stay compact until one is added, and read alike all the time. */
static void test_beyond_the_limits_of_redis(void **state)
{
    static struct sink_member members[ZSET_DUMP_MEMBERS_MAX];
    struct redis *redis;
    struct rng rng;

    (void)state;
    open_redis(&redis);
    rng_init(&rng, 4);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t count = make_members(&rng, members, 128, ID_MAX);

        command(redis, "FLUSHALL", "", "", "");
        command(redis, "CONFIG", "SET", "zset-max-listpack-entries",
                i % 2 == 0 ? "128" : "5");
        add_natively(redis, members, count);
        restore(redis, members, count);
        assert_alike(redis, "ZRANGE KEY 0 -1 WITHSCORES", NO_TEXT);
        assert_alike(redis, "ZINCRBY KEY 3", members[count / 2].id);
        assert_alike(redis, "ZADD KEY 5", members[count / 3].id);
        assert_alike(redis, "ZREM KEY", members[0].id);
        assert_alike(redis, "ZRANGE KEY 0 -1 WITHSCORES", NO_TEXT);
    }
    command(redis, "CONFIG", "SET", "zset-max-listpack-entries", "128");
    redis_close(redis);
}

/* Redis' own check of all that is in it. */
static void test_sanitized(void **state)
{
    static struct sink_member members[ZSET_DUMP_MEMBERS_MAX];
    struct redis *redis;
    struct rng rng;

    (void)state;
    open_redis(&redis);
    rng_init(&rng, 5);
    command(redis, "CONFIG", "SET", "sanitize-dump-payload", "yes");
    for (uint32_t i = 0; i < 100; i++)
        restore(redis, members, make_members(&rng, members, 128, ID_MAX));
    command(redis, "CONFIG", "SET", "sanitize-dump-payload", "no");
    redis_close(redis);
}

static int64_t memory_of(struct redis *redis, const char *key)
{
    const struct text words[] = {text_of("MEMORY"), text_of("USAGE"),
                                 text_of(key)};
    struct redis_reply *reply = ask(redis, words, 3);
    int64_t bytes = redis_reply_number(reply);

    redis_reply_free(reply);
    return bytes;
}

static void test_memory(void **state)
{
    static struct sink_member members[ZSET_DUMP_MEMBERS_MAX];
    int64_t ours = 0, native = 0;
    struct redis *redis;
    struct rng rng;

    (void)state;
    open_redis(&redis);
    rng_init(&rng, 6);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t count = make_members(&rng, members, 50, 24);

        command(redis, "FLUSHALL", "", "", "");
        add_natively(redis, members, count);
        restore(redis, members, count);
        ours += memory_of(redis, "ours");
        native += memory_of(redis, "native");
    }
    assert_in_range(ours, 100 * 200, native); /* "ours" is the shorter key */
    redis_close(redis);
}

static void dump_out_of_order(void)
{
    const struct sink_member members[] = {{text_of("b"), 2}, {text_of("a"), 2}};
    struct strbuf out = STRBUF_EMPTY;

    zset_dump(&out, &crc, members, 2);
}

static void dump_rising(void)
{
    const struct sink_member members[] = {{text_of("a"), 2}, {text_of("b"), 3}};
    struct strbuf out = STRBUF_EMPTY;

    zset_dump(&out, &crc, members, 2);
}

static void test_disorder_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(dump_out_of_order);
    assert_aborts(dump_rising);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bytes),
        cmocka_unit_test(test_as_redis_makes_them),
        cmocka_unit_test(test_beyond_the_limits_of_redis),
        cmocka_unit_test(test_sanitized),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_disorder_is_a_bug),
    };
    int failed;

    crc64_init(&crc);
    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_redis_end(&server);
    return failed;
}
