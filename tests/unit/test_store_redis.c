/* Tokens and checkpoints of groups, on a private redis-server. */
#include "store_group.h"

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
        cmocka_unit_test(test_counters),
    };

    return cmocka_run_group_tests_name("store_redis", tests, set_up_server,
                                       tear_down_server);
}
