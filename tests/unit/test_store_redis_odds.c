/* Groups whose parts do not fit, or are not known: on a private redis-server
 * in which somebody else has had a hand. */
#include "store_group.h"

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

/* Nothing but ids tells the order of deltas that end where they begin. */
static void test_at_odds_by_ids(void **state)
{
    struct world world;
    const struct store_answer *answer;

    (void)state;
    NEED_SERVER();
    world_up(&world);
    take(&world, group_1, mine);
    for (uint64_t i = 1; i <= 4; i++) {
        struct store_checkpoint what = delta_of(i - 1, i, marks_1, 3, "x");

        what.is_base = i == 1;
        assert_outcome(checkpoint(&world, 1, &what), STORE_DONE);
    }
    words("LMOVE t:state:{g1}:log t:state:{g1}:log LEFT RIGHT");
    words("LMOVE t:state:{g1}:log t:state:{g1}:log LEFT RIGHT");
    answer = load(&world, 1);
    assert_true(answer->is_at_odds);
    assert_problem(answer, "builds on another");
    words("LMOVE t:state:{g1}:log t:state:{g1}:log LEFT RIGHT");
    assert_false(load(&world, 1)->is_at_odds);
    words("HSET t:state:{g1}:head id 0000000000000000000300000000000000000004");
    answer = load(&world, 1);
    assert_true(answer->is_at_odds);
    assert_problem(answer, "another checkpoint than its head");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_odds),
        cmocka_unit_test(test_at_odds_inside),
        cmocka_unit_test(test_at_odds_by_ids),
        cmocka_unit_test(test_at_odds_by_marks),
        cmocka_unit_test(test_head_lost),
        cmocka_unit_test(test_version_of_the_head),
        cmocka_unit_test(test_version_of_the_parts),
        cmocka_unit_test(test_damaged_head),
    };

    return cmocka_run_group_tests_name("store_redis_odds", tests, set_up_server,
                                       tear_down_server);
}
