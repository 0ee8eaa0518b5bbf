/* Tokens and checkpoints of groups, on a private redis-server. */
#include "store_world.h"

#define HIGH (UINT64_C(1) << 63)

static const struct store_key group_1 = {STORE_GROUP, 1};
static const struct store_token mine = {HIGH + 5, HIGH + 7};

static const int64_t marks_1[] = {10, -1, INT64_MAX};
static const int64_t marks_2[] = {20, 0, INT64_MAX};
static const int64_t marks_3[] = {30, 0, INT64_MAX, 4};

static struct store_id id_of(uint64_t sequence)
{
    return sequence == 0 ? (struct store_id){0, 0}
                         : (struct store_id){mine.owner, HIGH + sequence};
}

static struct store_checkpoint delta_of(uint64_t builds_on, uint64_t sequence,
                                        const int64_t *marks, uint32_t count,
                                        const char *body)
{
    return (struct store_checkpoint){
        .token = mine,
        .builds_on = id_of(builds_on),
        .id = id_of(sequence),
        .marks = {count, marks},
        .time_ms = INT64_C(1718000000123),
        .fingerprint = text_of("finger"),
        .body = text_of(body),
    };
}

/* Token taken, then delta 1, base 2, deltas 3 and 4. */
static void put_four(struct world *world)
{
    struct store_checkpoint one = delta_of(0, 1, marks_1, 3, "one");
    struct store_checkpoint two = delta_of(1, 2, marks_1, 3, "two");
    struct store_checkpoint three = delta_of(2, 3, marks_2, 3, "three");
    struct store_checkpoint four = delta_of(3, 4, marks_3, 4, "four");

    two.is_base = 1;
    assert_outcome(take(world, group_1, mine), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &one), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &two), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &three), STORE_DONE);
    assert_outcome(checkpoint(world, 1, &four), STORE_DONE);
}

static void test_nothing(void **state)
{
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    answer = look(&world, group_1);
    assert_outcome(answer, STORE_DONE);
    assert_false(answer->head.is_there);
    assert_false(answer->is_at_odds);
    assert_null(answer->problem);
    answer = load(&world, 1);
    assert_outcome(answer, STORE_DONE);
    assert_false(answer->head.is_there);
    assert_int_equal(answer->head.time_ms, -1);
    assert_int_equal(answer->head.marks.count, 0);
    assert_int_equal(answer->base.length + answer->parts_count, 0);
    assert_int_equal(words("DBSIZE"), 0);
    world_down(&world);
}

/* 64 bits count, and epochs before owners. */
static void test_take(void **state)
{
    static const struct store_token rising[] = {{1, UINT64_MAX},
                                                {2, 1},
                                                {10, 0},
                                                {HIGH, 9},
                                                {HIGH + 1, 8},
                                                {HIGH + 1, HIGH},
                                                {HIGH + 1, HIGH + 1},
                                                {HIGH + 2, 0},
                                                {UINT64_MAX, UINT64_MAX - 1},
                                                {UINT64_MAX, UINT64_MAX}};
    static const struct store_key keys[] = {{STORE_GROUP, 1},
                                            {STORE_PARTITION, 1}};
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    for (size_t i = 0; i < 2 * COUNT(rising); i++) {
        struct store_key key = keys[i % 2];
        struct store_token token = rising[i / 2];
        const struct store_answer *answer = take(&world, key, token);
        uint64_t before = digest();

        assert_outcome(answer, STORE_DONE);
        assert_true(answer->head.is_there);
        assert_int_equal(store_token_compare(answer->head.token, token), 0);
        assert_text(answer->head.who, "host:1");
        assert_outcome(take(&world, key, token), STORE_DONE);
        for (size_t j = 0; j < i / 2; j++) {
            answer = take(&world, key, rising[j]);
            assert_outcome(answer, STORE_REFUSED);
            assert_int_equal(store_token_compare(answer->head.token, token), 0);
            assert_problem(answer, "host:1");
        }
        assert_true(digest() == before);
    }
    assert_int_equal(words("DBSIZE"), 2);
    assert_int_equal(
        store_redis_stats(world.redis)->by_call[STORE_CALL_TAKE].refused,
        COUNT(rising) * (COUNT(rising) - 1));
    world_down(&world);
}

static void test_take_keeps_the_rest(void **state)
{
    struct store_token larger = {mine.epoch + 1, 3};
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    answer = take(&world, group_1, larger);
    assert_outcome(answer, STORE_DONE);
    assert_int_equal(store_token_compare(answer->head.token, larger), 0);
    assert_true(store_id_equal(answer->head.id, id_of(4)));
    assert_false(answer->is_at_odds);
    answer = load(&world, 1);
    assert_int_equal(answer->parts_count, 2);
    assert_false(answer->is_at_odds);
    world_down(&world);
}

static void test_load(void **state)
{
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    answer = load(&world, 1);
    assert_outcome(answer, STORE_DONE);
    assert_false(answer->is_at_odds);
    assert_null(answer->problem);
    assert_text(answer->base, "two");
    assert_int_equal(answer->parts_count, 2);
    assert_text(answer->parts[0], "three");
    assert_text(answer->parts[1], "four");
    assert_true(store_id_equal(answer->head.id, id_of(4)));
    assert_int_equal(answer->head.time_ms, INT64_C(1718000000123));
    assert_text(answer->head.fingerprint, "finger");
    assert_int_equal(answer->head.marks.count, 4);
    assert_memory_equal(answer->head.marks.at, marks_3, sizeof marks_3);
    world_down(&world);
}

static void test_deltas_without_a_base(void **state)
{
    struct store_checkpoint one = delta_of(0, 1, marks_1, 0, "one");
    struct store_checkpoint two = delta_of(1, 2, marks_1, 3, "");
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    one.time_ms = -1;
    assert_outcome(take(&world, group_1, mine), STORE_DONE);
    assert_outcome(checkpoint(&world, 1, &one), STORE_DONE);
    assert_int_equal(look(&world, group_1)->head.time_ms, -1);
    assert_outcome(checkpoint(&world, 1, &two), STORE_DONE);
    answer = load(&world, 1);
    assert_false(answer->is_at_odds);
    assert_int_equal(answer->base.length, 0);
    assert_int_equal(answer->parts_count, 2);
    assert_text(answer->parts[0], "one");
    assert_text(answer->parts[1], "");
    assert_memory_equal(answer->head.marks.at, marks_1, sizeof marks_1);
    world_down(&world);
}

static void test_base_empties_the_log(void **state)
{
    struct store_checkpoint five = delta_of(4, 5, marks_3, 4, "five");
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    five.is_base = 1;
    assert_outcome(checkpoint(&world, 1, &five), STORE_DONE);
    assert_int_equal(words("EXISTS t:state:{g1}:log"), 0);
    answer = load(&world, 1);
    assert_text(answer->base, "five");
    assert_int_equal(answer->parts_count, 0);
    assert_false(answer->is_at_odds);
    world_down(&world);
}

/* Refused by its token, by the id it builds on; and nothing changes. */
static void test_refused(void **state)
{
    static const struct {
        struct store_token token;
        uint64_t builds_on;
        const char *problem;
    } cases[] = {
        {{HIGH + 5, HIGH + 6}, 4, "token"},
        {{HIGH + 5, HIGH + 8}, 4, "token"},
        {{HIGH + 4, HIGH + 7}, 4, "token"},
        {{HIGH + 6, HIGH + 7}, 4, "token"},
        {{0, 0}, 4, "token"},
        {{HIGH + 5, HIGH + 7}, 3, "checkpoint"},
        {{HIGH + 5, HIGH + 7}, 5, "checkpoint"},
        {{HIGH + 5, HIGH + 7}, 0, "checkpoint"},
    };
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    before = digest();
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        struct store_checkpoint what =
            delta_of(cases[i / 2].builds_on, 6, marks_3, 4, "six");
        const struct store_answer *answer;

        what.token = cases[i / 2].token;
        what.is_base = i % 2 != 0;
        answer = checkpoint(&world, 1, &what);
        assert_outcome(answer, STORE_REFUSED);
        assert_false(answer->is_at_odds);
        assert_problem(answer, cases[i / 2].problem);
        assert_problem(answer, "group 1");
        assert_true(digest() == before);
    }
    world_down(&world);
}

static void test_refused_without_a_token(void **state)
{
    struct store_checkpoint one = delta_of(0, 1, marks_1, 3, "one");
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    assert_outcome(checkpoint(&world, 1, &one), STORE_REFUSED);
    one.token = (struct store_token){0, 0};
    assert_outcome(checkpoint(&world, 1, &one), STORE_REFUSED);
    assert_int_equal(words("DBSIZE"), 0);
    assert_outcome(take(&world, group_1, mine), STORE_DONE);
    one = delta_of(3, 4, marks_1, 3, "four");
    assert_outcome(checkpoint(&world, 1, &one), STORE_REFUSED);
    assert_int_equal(words("DBSIZE"), 1);
    world_down(&world);
}

/* The same script lands once more: it builds on what no longer stands. */
static void test_never_twice(void **state)
{
    struct store_checkpoint four = delta_of(3, 4, marks_3, 4, "four");
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    assert_outcome(checkpoint(&world, 1, &four), STORE_REFUSED);
    assert_int_equal(load(&world, 1)->parts_count, 2);
    world_down(&world);
}

/* The former owner writes on, and is refused; what it wrote before stands. */
static void test_two_writers(void **state)
{
    struct store_token other = {mine.epoch + 1, 1};
    struct store_checkpoint five = delta_of(4, 5, marks_3, 4, "five");
    struct store_checkpoint theirs = delta_of(4, 9, marks_3, 4, "theirs");
    struct world former, later;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&former);
    world_up(&later);
    put_four(&former);
    assert_outcome(take(&later, group_1, other), STORE_DONE);
    answer = checkpoint(&former, 1, &five);
    assert_outcome(answer, STORE_REFUSED);
    assert_problem(answer, "9223372036854775814/1 of host:1");
    assert_outcome(take(&former, group_1, mine), STORE_REFUSED);
    theirs.token = other;
    assert_outcome(checkpoint(&later, 1, &theirs), STORE_DONE);
    assert_text(load(&former, 1)->parts[2], "theirs");
    world_down(&former);
    world_down(&later);
}

static void test_groups_are_apart(void **state)
{
    struct store_key other = {STORE_GROUP, 11};
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    assert_false(look(&world, other)->head.is_there);
    assert_outcome(take(&world, other, (struct store_token){1, 1}), STORE_DONE);
    assert_true(store_id_equal(look(&world, group_1)->head.id, id_of(4)));
    assert_int_equal(look(&world, other)->head.id.owner, 0);
    world_down(&world);
}

/* Head, base and log at odds, by whatever hand. */

static void check_odds(struct world *world, int is_seen_by_look)
{
    struct store_checkpoint delta = delta_of(4, 5, marks_3, 4, "delta");
    struct store_checkpoint base = delta_of(4, 6, marks_3, 4, "base");
    const struct store_answer *answer = load(world, 1);
    uint64_t before = digest();

    assert_outcome(answer, STORE_DONE);
    assert_true(answer->is_at_odds);
    assert_non_null(answer->problem);
    assert_int_equal(look(world, group_1)->is_at_odds, is_seen_by_look);
    assert_int_equal(take(world, group_1, mine)->is_at_odds, is_seen_by_look);
    if (is_seen_by_look) {
        answer = checkpoint(world, 1, &delta);
        assert_outcome(answer, STORE_REFUSED);
        assert_true(answer->is_at_odds);
        assert_true(digest() == before);
    }
    base.is_base = 1;
    assert_outcome(checkpoint(world, 1, &base), STORE_DONE);
    assert_false(load(world, 1)->is_at_odds);
}

static void test_at_odds(void **state)
{
    static const char *const deeds[] = {
        "DEL t:state:{g1}:log",
        "RPUSH t:state:{g1}:log 1",
        "LTRIM t:state:{g1}:log 1 -1",
        "DEL t:state:{g1}:base",
        "SETRANGE t:state:{g1}:base 40 3",
        "HSET t:state:{g1}:head deltas 1",
        "HDEL t:state:{g1}:head deltas",
        "HDEL t:state:{g1}:head base",
    };
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    for (size_t i = 0; i < COUNT(deeds); i++) {
        words("FLUSHALL");
        put_four(&world);
        words(deeds[i]);
        if (i == 1) /* rather a whole one, of the right version */
            words("LTRIM t:state:{g1}:log 0 0");
        check_odds(&world, 1);
    }
    world_down(&world);
}

/* The number of parts is right, their order or content is not. */
static void test_at_odds_inside(void **state)
{
    static const char *const deeds[] = {
        "LMOVE t:state:{g1}:log t:state:{g1}:log LEFT RIGHT",
        "HSET t:state:{g1}:head marks \x01\x02",
    };
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    for (size_t i = 0; i < COUNT(deeds); i++) {
        words("FLUSHALL");
        put_four(&world);
        words(deeds[i]);
        check_odds(&world, 0);
    }
    world_down(&world);
}

/* A delta that begins where none ended: between group 1 and 2 only the marks
 * of the first delta differ. */
static void test_at_odds_by_marks(void **state)
{
    struct store_checkpoint one = delta_of(0, 1, marks_1, 3, "one");
    struct store_checkpoint other = delta_of(0, 1, marks_2, 3, "one");
    struct store_checkpoint two = delta_of(1, 2, marks_3, 4, "two");
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    for (uint32_t group = 1; group <= 2; group++) {
        take(&world, (struct store_key){STORE_GROUP, group}, mine);
        checkpoint(&world, group, group == 1 ? &one : &other);
        assert_outcome(checkpoint(&world, group, &two), STORE_DONE);
    }
    words("RPOP t:state:{g1}:log");
    words("LMOVE t:state:{g2}:log t:state:{g1}:log RIGHT RIGHT");
    answer = load(&world, 1);
    assert_true(answer->is_at_odds);
    assert_problem(answer, "begins at other marks");
    world_down(&world);
}

static void test_head_lost(void **state)
{
    struct store_checkpoint first = delta_of(0, 7, marks_1, 3, "first");
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    words("DEL t:state:{g1}:head");
    answer = load(&world, 1);
    assert_false(answer->head.is_there);
    assert_true(answer->is_at_odds);
    assert_true(take(&world, group_1, mine)->is_at_odds);
    assert_outcome(checkpoint(&world, 1, &first), STORE_REFUSED);
    first.is_base = 1;
    assert_outcome(checkpoint(&world, 1, &first), STORE_DONE);
    assert_false(load(&world, 1)->is_at_odds);
    world_down(&world);
}

/* Versions. */

static void assert_foreign(const struct store_answer *answer, const char *word)
{
    assert_outcome(answer, STORE_UNKNOWN);
    assert_true(answer->is_foreign);
    assert_problem(answer, word);
}

static void test_version_of_the_head(void **state)
{
    static const char *const deeds[] = {"HSET t:state:{g1}:head v 2",
                                        "HDEL t:state:{g1}:head v"};
    struct store_checkpoint five = delta_of(4, 5, marks_3, 4, "five");
    struct world world;
    uint64_t before;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    for (size_t i = 0; i < COUNT(deeds); i++) {
        words("FLUSHALL");
        put_four(&world);
        words(deeds[i]);
        before = digest();
        assert_foreign(look(&world, group_1), "version 1");
        assert_foreign(look(&world, group_1), i == 0 ? "has 2" : "has none");
        assert_foreign(look(&world, group_1), "t:state:{g1}:head");
        assert_foreign(load(&world, 1), i == 0 ? "has 2" : "has none");
        assert_foreign(
            take(&world, group_1, (struct store_token){UINT64_MAX, 1}),
            "version");
        assert_foreign(checkpoint(&world, 1, &five), "version");
        five.is_base = 1;
        assert_foreign(checkpoint(&world, 1, &five), "version");
        assert_true(digest() == before);
    }
    world_down(&world);
}

static void test_version_of_the_parts(void **state)
{
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    words("SETRANGE t:state:{g1}:base 0 2");
    assert_foreign(load(&world, 1), "base");
    words("SETRANGE t:state:{g1}:base 0 1");
    assert_outcome(load(&world, 1), STORE_DONE);
    words("LSET t:state:{g1}:log 1 2");
    assert_foreign(load(&world, 1), "delta");
    world_down(&world);
}

static void test_damaged_head(void **state)
{
    static const char *const deeds[] = {
        "HSET t:state:{g1}:head token 12", "HSET t:state:{g1}:head id x",
        "HSET t:state:{g1}:head time 12h", "HSET t:state:{g1}:head marks \x7f",
        "HDEL t:state:{g1}:head token"};
    struct world world;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    for (size_t i = 0; i < COUNT(deeds); i++) {
        words("FLUSHALL");
        put_four(&world);
        words(deeds[i]);
        assert_foreign(look(&world, group_1), "damaged");
        assert_foreign(load(&world, 1), "damaged");
    }
    world_down(&world);
}

static void test_counters(void **state)
{
    struct world world;
    const struct store_redis_stats *stats;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    put_four(&world);
    stats = store_redis_stats(world.redis);
    assert_int_equal(stats->by_call[STORE_CALL_TAKE].requests, 1);
    assert_int_equal(stats->by_call[STORE_CALL_CHECKPOINT].requests, 4);
    assert_int_equal(stats->by_call[STORE_CALL_CHECKPOINT].unknown, 0);
    assert_int_equal(stats->by_call[STORE_CALL_CHECKPOINT].refused, 0);
    assert_in_range(stats->by_call[STORE_CALL_CHECKPOINT].bytes, 600, 2000);
    assert_in_range(stats->by_call[STORE_CALL_CHECKPOINT].slowest_us, 1,
                    20000000);
    assert_int_equal(stats->by_call[STORE_CALL_STAGE].slowest_us, 0);
    world_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_take_keeps_the_rest),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_deltas_without_a_base),
        cmocka_unit_test(test_base_empties_the_log),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_without_a_token),
        cmocka_unit_test(test_never_twice),
        cmocka_unit_test(test_two_writers),
        cmocka_unit_test(test_groups_are_apart),
        cmocka_unit_test(test_at_odds),
        cmocka_unit_test(test_at_odds_inside),
        cmocka_unit_test(test_at_odds_by_marks),
        cmocka_unit_test(test_head_lost),
        cmocka_unit_test(test_version_of_the_head),
        cmocka_unit_test(test_version_of_the_parts),
        cmocka_unit_test(test_damaged_head),
        cmocka_unit_test(test_counters),
    };

    return cmocka_run_group_tests_name("store_redis", tests, set_up_server,
                                       tear_down_server);
}
