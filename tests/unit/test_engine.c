/* Records in, lists out, on a few records worked out by hand. */
#include "engine_world.h"

#include "rng.h"

static struct engine *engine;

static int open_engine(void **state)
{
    struct engine_rules rules = small_rules();

    (void)state;
    engine = engine_new(&rules);
    return 0;
}

static int close_engine(void **state)
{
    (void)state;
    engine_check(engine);
    engine_free(engine);
    engine_free(NULL);
    return 0;
}

static void use_rules(const struct engine_rules *rules)
{
    engine_free(engine);
    engine = engine_new(rules);
}

static void view(int64_t at_ms, const char *visitor, const char *item)
{
    take_event(engine, at_ms, "page_view", visitor, item, "");
}

static void cart(int64_t at_ms, const char *visitor, const char *item)
{
    take_event(engine, at_ms, "add_to_cart", visitor, item, "");
}

static const struct row_lists *lists_of(const char *id)
{
    const struct row_lists *lists =
        engine_lists(engine, item_of(engine, "", id));

    assert_non_null(lists);
    return lists;
}

/* ---- lists ---- */

static void view_two_sessions(void)
{
    view(0, "u", "a");
    view(1, "u", "b");
    view(5000, "v", "a");
    view(5001, "v", "b");
    cart(5002, "v", "c");
}

static void test_lists_of_two_sessions(void **state)
{
    const struct row_lists *lists;

    (void)state;
    view_two_sessions();
    lists = lists_of("a");
    assert_list(engine, &lists->lists[0][1], "b 1.0000 2, c 0.7071 1");
    assert_list(engine, &lists->lists[0][0], "b 1.0000 1, c 1.0000 1");
    assert_list(engine, &lists->lists[1][1], "c 0.7071 1");
    assert_list(engine, &lists->lists[1][0], "c 1.0000 1");
    assert_int_equal(lists->supports[0][1], 2);
    assert_int_equal(lists->supports[0][0], 1);
    assert_int_equal(lists->is_partial, 0);
    lists = lists_of("c");
    assert_list(engine, &lists->lists[0][1], "a 0.7071 1, b 0.7071 1");
    assert_list(engine, &lists->lists[1][1], "");
    assert_int_equal(lists->supports[0][1], 1);
    assert_int_equal(lists->supports[1][1], 0);
    assert_int_equal(engine_time(engine), START_MS + 5002);
}

static void test_each_relation_has_its_own_score_k_and_min_support(void **state)
{
    struct engine_rules rules = small_rules();
    const struct row_lists *lists;

    (void)state;
    rules.relations.at[0].score = SCORE_COUNT;
    rules.relations.at[0].min_support = 2;
    rules.relations.at[1].score = SCORE_CONDITIONAL;
    rules.relations.at[1].k = 1;
    use_rules(&rules);
    view_two_sessions();
    cart(5003, "v", "d");
    lists = lists_of("a");
    assert_list(engine, &lists->lists[0][1], "b 2.0000 2");
    assert_list(engine, &lists->lists[1][1], "c 0.5000 1");
}

/* N is the tenant's sessions with a from-member: 3, of which 2 had a. */
static void test_lift_knows_all_sessions(void **state)
{
    struct engine_rules rules = small_rules();
    const struct row_lists *lists;

    (void)state;
    rules.relations.at[0].score = SCORE_LIFT;
    use_rules(&rules);
    view_two_sessions();
    view(5003, "w", "z");
    take_event(engine, 5003, "page_view", "w", "a", ",'tenant':'toko'");
    lists = lists_of("a");
    assert_int_equal(lists->sessions[0][1], 3);
    assert_int_equal(lists->sessions[0][0], 2);
    /* 2 * 3 / (2 * 2), 1 * 3 / (2 * 1) */
    assert_list(engine, &lists->lists[0][1], "b 1.5000 2, c 1.5000 1");
}

static void test_damping_is_of_the_rules(void **state)
{
    struct engine_rules rules = small_rules();

    (void)state;
    rules.damping = 2;
    use_rules(&rules);
    view_two_sessions();
    assert_list(engine, &lists_of("a")->lists[0][1],
                "b 0.5000 2, c 0.2887 1"); /* 2 / 4, 1 / sqrt(12) */
}

/* An item's lists change when panes expire, without an event of its own. */
static void test_old_panes_leave_without_an_event_of_the_item(void **state)
{
    (void)state;
    view_two_sessions();
    view(5900, "w", "z");
    assert_list(engine, &lists_of("a")->lists[0][0], "b 1.0000 1, c 1.0000 1");
    view(6000, "w", "z");
    assert_list(engine, &lists_of("a")->lists[0][0], "");
    assert_list(engine, &lists_of("a")->lists[0][1], "b 1.0000 2, c 0.7071 1");
    view(70000, "w", "z");
    assert_list(engine, &lists_of("a")->lists[0][1], "");
    assert_int_equal(lists_of("a")->supports[0][1], 0);
}

static void test_a_removed_cart_takes_its_pairs_back(void **state)
{
    (void)state;
    view_two_sessions();
    take_event(engine, 5100, "remove_from_cart", "v", "c", "");
    assert_list(engine, &lists_of("a")->lists[0][1], "b 1.0000 2");
    assert_list(engine, &lists_of("a")->lists[1][1], "");
    assert_list(engine, &lists_of("c")->lists[0][1], "");
}

static void test_tenants_never_meet(void **state)
{
    uint32_t plain, of_tenant;

    (void)state;
    view(0, "u", "a");
    view(0, "u", "b");
    take_event(engine, 0, "page_view", "u", "a", ",'tenant':'toko'");
    take_event(engine, 0, "page_view", "u", "c", ",'tenant':'toko'");
    plain = item_of(engine, "", "a");
    of_tenant = item_of(engine, "toko", "a");
    assert_int_not_equal(plain, of_tenant);
    assert_list(engine, &engine_lists(engine, plain)->lists[0][1],
                "b 1.0000 1");
    assert_list(engine, &engine_lists(engine, of_tenant)->lists[0][1],
                "c 1.0000 1");
}

static void test_a_tenants_own_row_has_no_lists(void **state)
{
    uint32_t tenant;

    (void)state;
    view(0, "u", "a");
    tenant = item_of(engine, "", "");
    assert_int_not_equal(tenant, 0);
    assert_null(engine_lists(engine, tenant));
    assert_null(engine_counts(engine, tenant, 5));
    assert_int_equal(engine_each_pair(engine, tenant, NULL, NULL), 0);
    assert_null(engine_lists(engine, 12345));
}

static void test_counts_are_the_top_by_count_then_id(void **state)
{
    const struct row_lists *counts;

    (void)state;
    view_two_sessions();
    view(5003, "v", "d");
    counts = engine_counts(engine, item_of(engine, "", "a"), 2);
    assert_list(engine, &counts->lists[0][1], "b 2.0000 2, c 1.0000 1");
    counts = engine_counts(engine, item_of(engine, "", "a"), 50);
    assert_list(engine, &counts->lists[0][1],
                "b 2.0000 2, c 1.0000 1, d 1.0000 1");
    assert_list(engine, &counts->lists[0][0],
                "b 1.0000 1, c 1.0000 1, d 1.0000 1");
    assert_list(engine, &counts->lists[1][1], "c 1.0000 1");
}

static void sum_pairs(void *context, uint32_t other,
                      const struct row_sums *sums)
{
    uint32_t *all = context;

    assert_true(intern_id(engine_items(engine), other).length == 1);
    assert_int_equal(sums->seen & 1, 1);
    *all += sums->at[0][1];
}

static void test_visits_each_pair(void **state)
{
    uint32_t all = 0;

    (void)state;
    view_two_sessions();
    assert_int_equal(
        engine_each_pair(engine, item_of(engine, "", "a"), sum_pairs, &all), 1);
    assert_int_equal(all, 3);
}

static void test_a_cut_row_is_partial_for_a_while(void **state)
{
    struct engine_rules rules = small_rules();

    (void)state;
    rules.row_pairs_max = 2;
    use_rules(&rules);
    view(0, "u", "a");
    view(1, "u", "b");
    view(2, "u", "c");
    assert_int_equal(lists_of("a")->is_partial, 0);
    view(3, "u", "d");
    assert_int_equal(lists_of("a")->is_partial, 1);
    view(90000, "w", "z");
    assert_int_equal(lists_of("a")->is_partial, 0);
    assert_int_equal(groups_stats(engine_groups(engine))->cuts, 1);
}

/* ---- categories ---- */

static void assert_category(const char *id, const char *wanted)
{
    assert_text(groups_category(engine_groups(engine), item_of(engine, "", id)),
                wanted);
}

static void test_categories_of_events(void **state)
{
    (void)state;
    take_event(engine, 100, "page_view", "u", "a", ",'category':'kopi'");
    take_event(engine, 90, "page_view", "v", "a", ",'category':'teh'");
    take_event(engine, 200, "page_view", "v", "a", "");
    assert_category("a", "kopi");
    /* of every entry, though an item that is not held changes nothing else */
    take_json(engine, 0, START_MS,
              "{'type':'remove_from_cart','visitor':'w','items':['a','x'],"
              "'category':'gula'}");
    assert_category("x", "gula");
    assert_category("a", "kopi"); /* its event was at 0 */
    take_json(engine, 0, START_MS + 300,
              "{'type':'remove_from_cart','visitor':'w','items':['a','x'],"
              "'category':'susu'}");
    assert_category("a", "susu");
    assert_category("x", "susu");
}

/* ---- verdicts and counters ---- */

static void test_counts_every_verdict(void **state)
{
    const struct engine_stats *stats = engine_stats(engine);

    (void)state;
    view_two_sessions();
    take_json(engine, 0, START_MS, "{");
    take_json(engine, 0, START_MS, "{'type':'click'}");
    take_json(engine, 0, START_MS, "{'type':'page_view'}");
    take_json(engine, 0, 1000,
              "{'type':'page_view','visitor':'v','item':'x',"
              "'ts':1718000001}");
    take_json(engine, 0, START_MS,
              "{'type':'page_view','visitor':'v','item':'x','ts':1000}");
    take_json(engine, 0, START_MS + 5002,
              "{'type':'purchase','visitor':'v','items':['x','y']}");
    assert_int_equal(stats->verdicts[EVENT_ACCEPTED], 6);
    assert_int_equal(stats->verdicts[EVENT_JSON], 1);
    assert_int_equal(stats->verdicts[EVENT_IGNORED], 1);
    assert_int_equal(stats->verdicts[EVENT_VISITOR], 1);
    assert_int_equal(stats->verdicts[EVENT_FUTURE], 1);
    assert_int_equal(stats->verdicts[EVENT_LATE], 1);
    assert_int_equal(stats->types[EVENT_PAGE_VIEW], 4);
    assert_int_equal(stats->types[EVENT_ADD_TO_CART], 1);
    assert_int_equal(stats->types[EVENT_PURCHASE], 1);
    assert_int_equal(stats->item_events, 7);
    /* a b, a b, c with a and b thrice, x with 3 and 2, y with 4 and 2 */
    assert_int_equal(stats->pair_updates, 2 + 2 + 4 + 2 + (6 + 2) + (8 + 2));
    assert_int_equal(engine_session_stats(engine).opened, 2);
    assert_int_equal(engine_sessions_open(engine), 1);
    assert_true(engine_bytes(engine) > 1000);
}

/* A file's line has no stamp, but a now to judge the future by. */
static void test_the_future_is_judged_by_the_records_now(void **state)
{
    static const char json[] =
        "{\"type\":\"page_view\",\"visitor\":\"v\",\"item\":\"x\","
        "\"ts\":1718000000}";
    struct record record = {.bytes = json,
                            .length = sizeof json - 1,
                            .stamp_ms = EVENT_NO_STAMP,
                            .now_ms = START_MS - 300001};

    (void)state;
    assert_int_equal(engine_take(engine, &record), EVENT_FUTURE);
    record.now_ms++;
    assert_int_equal(engine_take(engine, &record), EVENT_ACCEPTED);
    record.stamp_ms = 0;
    assert_int_equal(engine_take(engine, &record), EVENT_ACCEPTED);
}

/* A partition's time is its own; stream time is that of all. */
static void test_partitions_are_apart(void **state)
{
    (void)state;
    take_json(engine, 7, EVENT_NO_STAMP,
              "{'type':'page_view','visitor':'u','item':'a',"
              "'ts':1718000010}");
    assert_int_equal(engine_time(engine), START_MS + 10000);
    assert_int_equal(take_json(engine, 2, EVENT_NO_STAMP,
                               "{'type':'page_view','visitor':'u','item':'b',"
                               "'ts':1718000000}"),
                     EVENT_ACCEPTED);
    assert_int_equal(engine_time(engine), START_MS + 10000);
    assert_int_equal(engine_sessions_open(engine), 2);
    assert_int_equal(engine_session_stats(engine).opened, 2);
    assert_list(engine, &lists_of("a")->lists[0][1], "");
    assert_int_equal(lists_of("b")->supports[0][0], 0);
    assert_int_equal(lists_of("b")->supports[0][1], 1);
}

static void test_what_is_too_old_for_all_windows_is_dropped(void **state)
{
    (void)state;
    take_json(engine, 0, EVENT_NO_STAMP,
              "{'type':'page_view','visitor':'u','item':'a',"
              "'ts':1718000100}");
    take_json(engine, 1, EVENT_NO_STAMP,
              "{'type':'page_view','visitor':'u','item':'b',"
              "'ts':1718000000}");
    /* N twice, supports of both sets, all of them */
    assert_int_equal(groups_stats(engine_groups(engine))->too_old, 4);
    assert_int_equal(lists_of("b")->supports[0][1], 0);
}

/* ---- determinism ---- */

static void take_at_random(struct engine *one, struct rng *rng)
{
    static const char *const types[] = {"page_view", "add_to_cart",
                                        "remove_from_cart", "purchase"};
    char json[512];

    snprintf(json, sizeof json,
             "{'type':'%s','visitor':'v%u','items':['i%u','i%u'],"
             "'ts':%lld,'category':'c%u'%s}",
             types[rng_below(rng, 4)], rng_below(rng, 6), rng_below(rng, 9),
             rng_below(rng, 9),
             (long long)(START_MS + engine_stats(one)->verdicts[0] * 20 +
                         rng_below(rng, 300)),
             rng_below(rng, 3), rng_below(rng, 3) ? "" : ",'tenant':'t'");
    take_json(one, rng_below(rng, 2), EVENT_NO_STAMP, json);
}

/* The whole of an engine's lists, by item as it is found again. */
static void write_all(struct strbuf *out, struct engine *one)
{
    for (uint32_t i = 0; i < 18; i++) {
        char id[16];
        const struct row_lists *lists;

        snprintf(id, sizeof id, "i%u", i % 9);
        lists = engine_lists(one, item_of(one, i < 9 ? "" : "t", id));
        for (uint32_t r = 0; r < 2 && lists != NULL; r++)
            for (uint32_t w = 0; w < 2; w++) {
                const struct list_head head = {.item = 0,
                                               .relation = id,
                                               .window = "w",
                                               .as_of_ms = engine_time(one),
                                               .support =
                                                   lists->supports[r][w]};

                list_format(out, &lists->lists[r][w], &head, engine_items(one));
            }
    }
}

/* Whether lists are read on the way or not. */
static void test_the_same_records_give_the_same_lists(void **state)
{
    struct engine_rules rules = small_rules();
    struct strbuf texts[2] = {STRBUF_EMPTY, STRBUF_EMPTY};

    (void)state;
    for (int run = 0; run < 2; run++) {
        struct rng rng;

        rng_init(&rng, 21);
        use_rules(&rules);
        for (int i = 0; i < 3000; i++) {
            take_at_random(engine, &rng);
            if (run == 0 || i % 500 != 0)
                continue;
            engine_lists(engine, 1 + (uint32_t)i % 20);
            engine_check(engine);
        }
        write_all(&texts[run], engine);
    }
    assert_true(texts[0].length > 2000);
    assert_string_equal(texts[0].bytes, texts[1].bytes);
    strbuf_deinit(&texts[0]);
    strbuf_deinit(&texts[1]);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_engine, close_engine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists_of_two_sessions),
        TEST(test_each_relation_has_its_own_score_k_and_min_support),
        TEST(test_lift_knows_all_sessions),
        TEST(test_damping_is_of_the_rules),
        TEST(test_old_panes_leave_without_an_event_of_the_item),
        TEST(test_a_removed_cart_takes_its_pairs_back),
        TEST(test_tenants_never_meet),
        TEST(test_a_tenants_own_row_has_no_lists),
        TEST(test_counts_are_the_top_by_count_then_id),
        TEST(test_visits_each_pair),
        TEST(test_a_cut_row_is_partial_for_a_while),
        TEST(test_categories_of_events),
        TEST(test_counts_every_verdict),
        TEST(test_the_future_is_judged_by_the_records_now),
        TEST(test_partitions_are_apart),
        TEST(test_what_is_too_old_for_all_windows_is_dropped),
        TEST(test_the_same_records_give_the_same_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
