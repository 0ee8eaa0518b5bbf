/* Chunks and snapshots of a partition, on a private redis-server. */
#include "store_world.h"

static const struct store_key partition_3 = {STORE_PARTITION, 3};
static const struct store_token mine = {UINT64_MAX - 1, 7};

/* Names of one letter. */
static struct store_snapshot snapshot_of(int64_t offset, const char *letters,
                                         struct text *names)
{
    struct store_snapshot what = {
        .token = mine,
        .offset = offset,
        .origin = 5,
        .fingerprint = text_of("finger"),
        .body = text_of("body\n\n"),
        .chunks = names,
        .chunks_count = (uint32_t)strlen(letters),
        .choice = INT64_MAX,
    };

    for (uint32_t i = 0; i < what.chunks_count; i++)
        names[i] = (struct text){letters + i, 1};
    return what;
}

static const struct store_answer *put(struct world *world, int64_t offset,
                                      const char *letters)
{
    struct text names[16];
    struct store_snapshot what = snapshot_of(offset, letters, names);

    return snapshot(world, 3, &what);
}

static void stage_letters(struct world *world, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        char name[] = {*letters, '\0'};

        assert_outcome(stage(world, 3, mine, name, "content"), STORE_DONE);
    }
}

static void begin(struct world *world, const char *letters)
{
    world_up(world);
    assert_outcome(take(world, partition_3, mine), STORE_DONE);
    stage_letters(world, letters);
}

/* The offsets that stand, newest first, below `letters` for chunks. */
static void assert_standing(struct world *world, const int64_t *offsets,
                            uint32_t count, const char *letters)
{
    const struct store_answer *answer = manifests(world, 3);
    char key[] = "EXISTS t:state:{p3}:chunk:?";

    assert_outcome(answer, STORE_DONE);
    assert_int_equal(answer->manifests_count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(answer->manifests[i].offset, offsets[i]);
        assert_true(answer->manifests[i].is_whole);
    }
    assert_int_equal(words("SCARD t:state:{p3}:chunks"), strlen(letters));
    for (char letter = 'a'; letter <= 'z'; letter++) {
        key[sizeof key - 2] = letter;
        assert_int_equal(words(key), strchr(letters, letter) != NULL);
    }
}

#define STANDING(world, letters, ...)                                          \
    assert_standing(world, (const int64_t[]){__VA_ARGS__},                     \
                    sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t),  \
                    letters)

/* Makes a manifest older, by its text. */
static void age(int64_t offset, int64_t by_ms)
{
    char field[32], time[32];
    struct text get[] = {
        {"HGET", 4}, {"t:state:{p3}:snapshots", 22}, {field, 20}};
    struct redis_reply *reply, *none;
    struct text value;
    char *copy;

    snprintf(field, sizeof field, "%020lld", (long long)offset);
    reply = ask(get, 3);
    value = redis_reply_text(reply);
    copy = mem_dup(value.bytes, value.length);
    snprintf(time, sizeof time, "%016lld", atoll(copy + 2) - (long long)by_ms);
    memcpy(copy + 2, time, 16);
    none = ask(
        (struct text[]){{"HSET", 4}, get[1], get[2], {copy, value.length}}, 4);
    redis_reply_free(none);
    redis_reply_free(reply);
    free(copy);
}

static void test_stage(void **state)
{
    struct text names[] = {{"b", 1}, {"a", 1}, {"none", 4}};
    struct world world;
    const struct store_answer *answer;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    begin(&world, "");
    assert_outcome(stage(&world, 3, mine, "a", "first"), STORE_DONE);
    assert_outcome(stage(&world, 3, mine, "b", ""), STORE_DONE);
    before = digest();
    assert_outcome(stage(&world, 3, mine, "a", "first"), STORE_DONE);
    answer = stage(&world, 3, mine, "a", "second");
    assert_outcome(answer, STORE_REFUSED);
    assert_problem(answer, "another content: a");
    assert_true(digest() == before);
    answer = chunks(&world, 3, names, 2);
    assert_outcome(answer, STORE_DONE);
    assert_int_equal(answer->parts_count, 2);
    assert_text(answer->parts[0], "");
    assert_text(answer->parts[1], "first");
    answer = chunks(&world, 3, names, 3);
    assert_outcome(answer, STORE_MISSING);
    assert_int_equal(answer->parts_count, 0);
    assert_outcome(chunks(&world, 4, names, 1), STORE_MISSING);
    world_down(&world);
}

static void test_token(void **state)
{
    static const struct store_token others[] = {
        {UINT64_MAX - 1, 6}, {UINT64_MAX - 1, 8}, {UINT64_MAX, 0}, {0, 0}};
    struct text names[16];
    struct store_snapshot what = snapshot_of(10, "a", names);
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    assert_outcome(stage(&world, 3, mine, "a", "x"), STORE_REFUSED);
    assert_outcome(put(&world, 10, ""), STORE_REFUSED);
    assert_int_equal(words("DBSIZE"), 0);
    assert_outcome(take(&world, partition_3, mine), STORE_DONE);
    stage_letters(&world, "a");
    before = digest();
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_outcome(stage(&world, 3, others[i], "b", "x"), STORE_REFUSED);
        what.token = others[i];
        assert_outcome(snapshot(&world, 3, &what), STORE_REFUSED);
        what.is_only = !what.is_only;
        assert_outcome(snapshot(&world, 3, &what), STORE_REFUSED);
        assert_problem(&got.answer, "token 18446744073709551614/7 of host:1");
    }
    assert_true(digest() == before);
    world_down(&world);
}

static void test_manifest(void **state)
{
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    begin(&world, "abc");
    assert_outcome(look(&world, partition_3), STORE_DONE);
    assert_int_equal(got.answer.head.fingerprint.length, 0);
    answer = manifests(&world, 3);
    assert_outcome(answer, STORE_DONE);
    assert_int_equal(answer->manifests_count, 0);
    assert_outcome(put(&world, INT64_MAX, "cab"), STORE_DONE);
    age(INT64_MAX, 5000);
    answer = manifests(&world, 3);
    assert_outcome(answer, STORE_DONE);
    assert_int_equal(answer->manifests_count, 1);
    assert_int_equal(answer->manifests[0].offset, INT64_MAX);
    assert_int_equal(answer->manifests[0].origin, 5);
    assert_in_range(answer->manifests[0].age_ms, 5000, 35000);
    assert_text(answer->manifests[0].fingerprint, "finger");
    assert_text(answer->manifests[0].body, "body\n\n");
    assert_true(answer->manifests[0].is_whole);
    answer = look(&world, partition_3);
    assert_text(answer->head.fingerprint, "finger");
    assert_int_equal(store_token_compare(answer->head.token, mine), 0);
    world_down(&world);
}

/* The empty snapshot of a new partition. */
static void test_no_chunks(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "");
    assert_outcome(put(&world, 0, ""), STORE_DONE);
    STANDING(&world, "", 0);
    stage_letters(&world, "a");
    assert_outcome(put(&world, 9, "a"), STORE_DONE);
    STANDING(&world, "a", 9, 0);
    world_down(&world);
}

static void test_missing(void **state)
{
    struct world world;
    const struct store_answer *answer;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    begin(&world, "abc");
    assert_outcome(put(&world, 1, "a"), STORE_DONE);
    stage_letters(&world, "bc");
    words("DEL t:state:{p3}:chunk:b"); /* its name stays in the set */
    before = digest();
    answer = put(&world, 2, "abc");
    assert_outcome(answer, STORE_MISSING);
    assert_problem(answer, "t:state:{p3}:chunk:b");
    assert_true(digest() == before);
    assert_int_equal(manifests(&world, 3)->manifests_count, 1);
    world_down(&world);
}

static void test_not_whole(void **state)
{
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    begin(&world, "ab");
    assert_outcome(put(&world, 1, "a"), STORE_DONE);
    stage_letters(&world, "bc");
    assert_outcome(put(&world, 2, "ab"), STORE_DONE);
    stage_letters(&world, "c");
    assert_outcome(put(&world, 3, "bc"), STORE_DONE);
    words("DEL t:state:{p3}:chunk:a");
    answer = manifests(&world, 3);
    assert_int_equal(answer->manifests_count, 3);
    assert_true(answer->manifests[0].is_whole);
    assert_false(answer->manifests[1].is_whole);
    assert_false(answer->manifests[2].is_whole);
    words("DEL t:state:{p3}:chunk:c");
    answer = manifests(&world, 3);
    assert_false(answer->manifests[0].is_whole);
    world_down(&world);
}

/* What a manifest names stands beside it: without that it is no snapshot. */
static void test_names_lost(void **state)
{
    static const char *const deeds[] = {
        "DEL t:state:{p3}:names:00000000000000000001",
        "SREM t:state:{p3}:names:00000000000000000001 t:state:{p3}:chunk:a"};
    struct world world;

    (void)state;
    NEED_SERVER();
    for (size_t i = 0; i < COUNT(deeds); i++) {
        words("FLUSHALL");
        begin(&world, "ab");
        assert_outcome(put(&world, 1, "ab"), STORE_DONE);
        assert_outcome(put(&world, 2, "ab"), STORE_DONE);
        words(deeds[i]);
        assert_outcome(manifests(&world, 3), STORE_DONE);
        assert_true(got.answer.manifests[0].is_whole);
        assert_false(got.answer.manifests[1].is_whole);
        assert_outcome(put(&world, 1, "ab"), STORE_DONE);
        STANDING(&world, "ab", 2, 1);
        world_down(&world);
    }
}

/* One of that offset is as good, whoever wrote it, unless it is not whole. */
static void test_equal_offset(void **state)
{
    struct text names[16];
    struct store_snapshot what = snapshot_of(1, "b", names);
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    begin(&world, "a");
    assert_outcome(put(&world, 1, "a"), STORE_DONE);
    stage_letters(&world, "b");
    before = digest();
    what.body = text_of("other");
    assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    assert_true(digest() == before); /* b is not deleted either */
    words("DEL t:state:{p3}:chunk:a");
    assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    STANDING(&world, "b", 1);
    assert_text(manifests(&world, 3)->manifests[0].body, "other");
    world_down(&world);
}

static void test_newest_three(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "ax");
    assert_outcome(put(&world, 10, "ax"), STORE_DONE);
    stage_letters(&world, "b");
    assert_outcome(put(&world, 20, "b"), STORE_DONE);
    stage_letters(&world, "c");
    assert_outcome(put(&world, 30, "cx"), STORE_DONE);
    STANDING(&world, "abcx", 30, 20, 10);
    stage_letters(&world, "dz");
    assert_outcome(put(&world, 40, "d"), STORE_DONE);
    /* The oldest stays: it will be a minute old. z is named by none. */
    STANDING(&world, "abcdx", 40, 30, 20, 10);
    age(10, 90000);
    age(20, 61000);
    age(30, 50000);
    assert_outcome(put(&world, 50, "d"), STORE_DONE);
    assert_outcome(put(&world, 60, "d"), STORE_DONE);
    STANDING(&world, "bcdx", 60, 50, 40, 30, 20);
    world_down(&world);
}

static void test_a_minute_old(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "ab");
    assert_outcome(put(&world, 10, "a"), STORE_DONE);
    age(10, 90000);
    stage_letters(&world, "b");
    assert_outcome(put(&world, 20, "b"), STORE_DONE);
    age(20, 60000);
    for (int64_t offset = 30; offset <= 50; offset += 10)
        assert_outcome(put(&world, offset, ""), STORE_DONE);
    STANDING(&world, "b", 50, 40, 30, 20);
    age(30, 59000);
    assert_outcome(put(&world, 60, ""), STORE_DONE);
    STANDING(&world, "b", 60, 50, 40, 30, 20); /* 30 will be a minute old */
    age(30, 61000);
    assert_outcome(put(&world, 70, ""), STORE_DONE);
    STANDING(&world, "", 70, 60, 50, 40, 30);
    world_down(&world);
}

static void test_choice(void **state)
{
    struct text names[16];
    struct store_snapshot what = snapshot_of(50, "", names);
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "ab");
    assert_outcome(put(&world, 9, "a"), STORE_DONE);
    stage_letters(&world, "b");
    assert_outcome(put(&world, 10, "b"), STORE_DONE);
    words("HDEL t:state:{p3}:snapshots 00000000000000000009");
    stage_letters(&world, "a");
    assert_outcome(put(&world, 9, "a"), STORE_DONE);
    for (int64_t offset = 20; offset <= 40; offset += 10) {
        what.offset = offset;
        what.choice = 10;
        assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    }
    STANDING(&world, "ab", 40, 30, 20, 10, 9); /* 9: the oldest that is young */
    what.offset = 50;
    what.choice = 29;
    assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    STANDING(&world, "a", 50, 40, 30, 20, 9);
    what.offset = 60;
    what.choice = -1; /* none */
    assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    STANDING(&world, "a", 60, 50, 40, 9);
    world_down(&world);
}

/* What was just answered with DONE stands, even behind all others. */
static void test_an_older_one_stands(void **state)
{
    struct text names[16];
    struct store_snapshot what = snapshot_of(5, "b", names);
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "a");
    for (int64_t offset = 10; offset <= 40; offset += 10) {
        stage_letters(&world, "a");
        assert_outcome(put(&world, offset, "a"), STORE_DONE);
    }
    stage_letters(&world, "b");
    what.choice = -1;
    assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    STANDING(&world, "ab", 40, 30, 20, 5);
    world_down(&world);
}

/* A loss accepted, or new settings: one of the same offset goes too. */
static void test_is_only(void **state)
{
    struct text names[16];
    struct store_snapshot what = snapshot_of(20, "b", names);
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "ac");
    assert_outcome(put(&world, 10, "a"), STORE_DONE);
    age(10, 90000);
    assert_outcome(put(&world, 20, "a"), STORE_DONE);
    assert_outcome(put(&world, 30, "a"), STORE_DONE);
    what.is_only = 1;
    what.fingerprint = text_of("new");
    assert_outcome(snapshot(&world, 3, &what), STORE_MISSING);
    STANDING(&world, "a", 30, 20, 10);
    stage_letters(&world, "b");
    assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    STANDING(&world, "b", 20);
    assert_text(manifests(&world, 3)->manifests[0].fingerprint, "new");
    assert_text(look(&world, partition_3)->head.fingerprint, "new");
    world_down(&world);
}

static void test_partitions_are_apart(void **state)
{
    struct store_key other = {STORE_PARTITION, 33};
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "a");
    assert_outcome(put(&world, 10, "a"), STORE_DONE);
    assert_false(look(&world, other)->head.is_there);
    assert_int_equal(manifests(&world, 33)->manifests_count, 0);
    assert_outcome(take(&world, other, mine), STORE_DONE);
    assert_outcome(stage(&world, 33, mine, "a", "theirs"), STORE_DONE);
    assert_outcome(put(&world, 20, ""), STORE_DONE);
    assert_int_equal(words("EXISTS t:state:{p33}:chunk:a"), 1);
    world_down(&world);
}

static void test_versions(void **state)
{
    static const char *const deeds[] = {
        "HSET t:state:{p3}:token v 2",
        "HSET t:state:{p3}:snapshots 00000000000000000011 2~0"};
    struct text name = {"a", 1};
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    for (size_t i = 0; i < COUNT(deeds); i++) {
        words("FLUSHALL");
        begin(&world, "a");
        assert_outcome(put(&world, 10, "a"), STORE_DONE);
        words(deeds[i]);
        before = digest();
        assert_outcome(manifests(&world, 3), STORE_UNKNOWN);
        assert_true(got.answer.is_foreign);
        assert_problem(&got.answer, "has 2");
        assert_outcome(put(&world, 20, "a"), STORE_UNKNOWN);
        assert_true(got.answer.is_foreign);
        assert_true(digest() == before);
        world_down(&world);
    }
    begin(&world, "");
    words("SET t:state:{p3}:chunk:a 2");
    assert_outcome(chunks(&world, 3, &name, 1), STORE_UNKNOWN);
    assert_true(got.answer.is_foreign);
    world_down(&world);
}

static void test_wrong_types(void **state)
{
    static const char *const keys[] = {"t:state:{p3}:snapshots",
                                       "t:state:{p3}:chunks"};
    char line[64];
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    for (size_t i = 0; i < COUNT(keys); i++) {
        words("FLUSHALL");
        begin(&world, "");
        words("SET t:state:{p3}:chunk:b 1content");
        snprintf(line, sizeof line, "SET %s x", keys[i]);
        words(line);
        before = digest();
        assert_outcome(put(&world, 10, "b"), STORE_UNKNOWN);
        assert_problem(&got.answer, "WRONGTYPE");
        if (i == 1)
            assert_outcome(stage(&world, 3, mine, "c", "x"), STORE_UNKNOWN);
        assert_true(digest() == before);
        world_down(&world);
    }
}

/* More names than Lua unpacks at once, and no room for doubt at the seams. */
static void test_many_chunks(void **state)
{
    enum { MANY = 1001 };
    static char bytes[MANY][8];
    static struct text names[MANY];
    struct store_snapshot what = snapshot_of(1, "", names);
    struct world world;

    (void)state;
    NEED_SERVER();
    begin(&world, "");
    for (int i = 0; i < MANY; i++) {
        snprintf(bytes[i], sizeof bytes[i], "n%d", i);
        names[i] = text_of(bytes[i]);
        assert_outcome(stage(&world, 3, mine, bytes[i], "x"), STORE_DONE);
    }
    what.chunks_count = MANY;
    for (int i = 0; i < MANY; i += 250) {
        char line[64];

        what.offset++;
        snprintf(line, sizeof line, "RENAME t:state:{p3}:chunk:n%d kept", i);
        words(line);
        assert_outcome(snapshot(&world, 3, &what), STORE_MISSING);
        snprintf(line, sizeof line, "RENAME kept t:state:{p3}:chunk:n%d", i);
        words(line);
        assert_outcome(snapshot(&world, 3, &what), STORE_DONE);
    }
    assert_int_equal(words("DBSIZE"), MANY + 7);
    assert_int_equal(manifests(&world, 3)->manifests_count, 4);
    for (int64_t offset = 10; offset <= 12; offset++) {
        assert_outcome(put(&world, offset, ""), STORE_DONE);
        age(offset, 61000);
    }
    age(2, 90000);
    assert_outcome(put(&world, 13, ""), STORE_DONE);
    for (int64_t left = MANY - 250; left > 0; left -= 250) {
        assert_int_equal(words("SCARD t:state:{p3}:chunks"), left);
        assert_int_equal(words("DBSIZE"), left + 3);
        assert_outcome(put(&world, 1000 - left, ""), STORE_DONE);
    }
    assert_int_equal(words("DBSIZE"), 2);
    world_down(&world);
}

static void name_of_nothing(void)
{
    struct world world;

    world_up(&world);
    stage(&world, 3, mine, "", "x");
}

static void test_names(void **state)
{
    (void)state;
    NEED_SERVER();
    assert_aborts(name_of_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stage),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_no_chunks),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_not_whole),
        cmocka_unit_test(test_names_lost),
        cmocka_unit_test(test_equal_offset),
        cmocka_unit_test(test_newest_three),
        cmocka_unit_test(test_a_minute_old),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_an_older_one_stands),
        cmocka_unit_test(test_is_only),
        cmocka_unit_test(test_partitions_are_apart),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_many_chunks),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests_name("store_redis_snapshot", tests,
                                       set_up_server, tear_down_server);
}
