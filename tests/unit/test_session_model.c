/* Sessions against a plain model: random events of few visitors and items. */
#include "session_model.h"

#include "rng.h"

static struct rng rng;
static struct windows windows;
static struct relations relations;
static struct session_rules rules;
static struct intern *items;
static struct sessions *sessions;
static struct contributions out;
static int64_t offset;
static struct model model;

/* ---- names ---- */

static const char *const tenants[] = {"", "toko", "warung/ibu"};
static const char *const visitors[] = {"", "v", "w", "x", "vv", "y"};
static const char *const ids[] = {"", "a", "b", "c", "d", "e", "f", "g", "h"};
static const char *const session_ids[] = {"", "s", "st", "u"};

static int number_of(struct text text, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (text.length == strlen(names[i]) &&
            memcmp(text.bytes, names[i], text.length) == 0)
            return i;
    fail_msg("an unknown name");
    return -1;
}

/* ---- what the module said, in the model's words ---- */

static struct model_contribution got[MODEL_OUT_MAX];
static int got_count;

static void put_got(const struct contribution *one, enum model_kind kind,
                    uint32_t relation)
{
    struct text other = {"", 0};

    if (one->other != 0)
        other = intern_id(items, one->other);
    assert_true(got_count < MODEL_OUT_MAX);
    got[got_count++] = (struct model_contribution){
        .kind = kind,
        .relation = (int)relation,
        .tenant =
            number_of(intern_tenant(items, one->item), tenants, COUNT(tenants)),
        .item = number_of(intern_id(items, one->item), ids, COUNT(ids)),
        .other = number_of(other, ids, COUNT(ids)),
        .sign = one->sign,
        .pane = one->fine_pane};
}

/* A support of a set is one of each relation that has the set. */
static void put_support(const struct contribution *one)
{
    int is_n = intern_id(items, one->item).length == 0;
    int known = 0;

    assert_true(one->index < relations.sets_count);
    for (uint32_t r = 0; r < relations.count; r++) {
        if (relations.at[r].from_set == one->index) {
            put_got(one, is_n ? MODEL_N : MODEL_FROM, r);
            known = 1;
        }
        if (relations.at[r].to_set == one->index && !is_n)
            put_got(one, MODEL_TO, r);
    }
    assert_true(known || !is_n);
}

static int compare_contributions(const void *a, const void *b)
{
    const struct model_contribution *l = a, *r = b;
    int64_t left[] = {l->kind,  l->relation, l->tenant, l->item,
                      l->other, l->sign,     l->pane};
    int64_t right[] = {r->kind,  r->relation, r->tenant, r->item,
                       r->other, r->sign,     r->pane};

    for (size_t i = 0; i < COUNT(left); i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static void compare_out(void)
{
    got_count = 0;
    for (uint32_t i = 0; i < out.count; i++)
        if (out.at[i].other == 0)
            put_support(&out.at[i]);
        else
            put_got(&out.at[i], MODEL_PAIR, out.at[i].index);
    qsort(got, (size_t)got_count, sizeof *got, compare_contributions);
    qsort(model.out, (size_t)model.out_count, sizeof *model.out,
          compare_contributions);
    assert_int_equal(got_count, model.out_count);
    for (int i = 0; i < got_count; i++)
        assert_int_equal(compare_contributions(&got[i], &model.out[i]), 0);
}

static void compare_state(void)
{
    const struct session_stats *stats = sessions_stats(sessions);

    assert_int_equal(sessions_open(sessions), model.sessions_count);
    assert_int_equal(sessions_partition_time(sessions),
                     model.partition_time_ms);
    assert_int_equal(stats->opened, model.opened);
    assert_int_equal(stats->forgotten_full, model.forgotten_full);
    assert_int_equal(stats->pushed_out, model.pushed_out);
}

/* ---- walks ---- */

static void take(const struct model_event *one)
{
    struct event event = {.type = one->type,
                          .ts_ms = one->ts_ms,
                          .visitor = text_of(visitors[one->visitor]),
                          .tenant = text_of(tenants[one->tenant]),
                          .session = text_of(session_ids[one->session]),
                          .items_count = (uint32_t)one->items_count};
    enum event_verdict verdict;

    for (int i = 0; i < one->items_count; i++)
        event.items[i] = text_of(ids[one->items[i]]);
    out.count = 0;
    sessions_drop_leaving(sessions);
    verdict = sessions_take(sessions, &out, &event, one->stamp_ms, offset++);
    assert_int_equal(verdict, model_take(&model, one));
    compare_out();
}

static void open_walk(int64_t fine_ms)
{
    struct err err = ERR_NONE;

    relations_init(&relations);
    windows = (struct windows){.count = 1, .at = {{"w", fine_ms * 1000, 1000}}};
    assert_int_equal(windows_init(&windows, &err), 0);
    items = intern_new();
    contributions_init(&out);
    sessions = sessions_new(&rules, &relations, &windows, items);
    model_init(&model, &rules, &relations, fine_ms);
}

static void close_walk(void)
{
    compare_state();
    sessions_free(sessions);
    assert_int_equal(intern_count(items), 0);
    intern_free(items);
    contributions_deinit(&out);
}

static int below(int bound)
{
    return (int)rng_below(&rng, (uint32_t)bound);
}

static int64_t random_ts(void)
{
    int64_t ts = model.partition_time_ms;

    switch (below(8)) {
    case 0:
        ts -= below((int)rules.lateness_ms + 3);
        break;
    case 1:
        ts += below((int)rules.gap_ms + 3);
        break;
    case 2:
        ts += below(40) == 0 ? 3 * rules.gap_ms : 0;
        break;
    default:
        ts += below(4);
        break;
    }
    return ts > 0 ? ts : 0;
}

static struct model_event random_event(void)
{
    struct model_event event = {
        .type = (enum event_type)below(EVENT_TYPES),
        .ts_ms = random_ts(),
        .stamp_ms = -1,
        .tenant = below(4) ? 0 : below(COUNT(tenants)),
        .visitor = 1 + below(COUNT(visitors) - 1),
        .session = below(6) ? 0 : below(COUNT(session_ids)),
        .items_count = 1 + (below(3) ? 0 : below(4)),
    };

    if (below(10) == 0)
        event.stamp_ms = event.ts_ms - below(2 * (int)rules.future_ms);
    if (event.stamp_ms < 0)
        event.stamp_ms = -1;
    for (int i = 0; i < event.items_count; i++)
        event.items[i] = 1 + below(COUNT(ids) - 1);
    return event;
}

static void walk(int steps, int64_t start_ms, int64_t fine_ms)
{
    struct model_event first = {.ts_ms = start_ms,
                                .stamp_ms = -1,
                                .visitor = 1,
                                .items = {1},
                                .items_count = 1};

    open_walk(fine_ms);
    take(&first);
    for (int i = 0; i < steps; i++) {
        struct model_event event = random_event();

        take(&event);
        compare_state();
        sessions_check(sessions);
    }
    close_walk();
}

static void draw_rules(void)
{
    rules.gap_ms = 5 + below(60);
    rules.lateness_ms = below((int)rules.gap_ms + 1);
    rules.future_ms = 1 + below(20);
    rules.items_max = (uint32_t)(1 + below(6));
    rules.open_max = (uint64_t)(1 + below(below(2) ? 15 : 3));
}

static void draw_relations(void)
{
    relations.count = (uint32_t)(1 + below(6));
    for (uint32_t i = 0; i < relations.count; i++) {
        relations.at[i].from = (uint8_t)(1 + below(7));
        relations.at[i].to =
            below(3) ? (uint8_t)(1 + below(7)) : relations.at[i].from;
    }
}

static void test_any_relations_and_rules(void **state)
{
    static const int64_t starts[] = {0, 100, INT64_C(1) << 32,
                                     INT64_C(1718000000000)};

    (void)state;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        rng_init(&rng, seed);
        draw_rules();
        draw_relations();
        walk(300, starts[below(COUNT(starts))], 1 + below(9));
    }
}

static void test_default_relations(void **state)
{
    (void)state;
    relations = (struct relations){.count = 3,
                                   .at = {{.from = 7, .to = 7},
                                          {.from = 6, .to = 6},
                                          {.from = 1, .to = 6}}};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rng_init(&rng, 1000 + seed);
        draw_rules();
        walk(1000, 1718000000000, 5);
    }
}

/* Item records of each width: relation i is of the sets i + 1 and count - i. */
static void test_one_to_seven_sets(void **state)
{
    (void)state;
    for (uint32_t sets = 1; sets <= SETS_MAX; sets++) {
        rng_init(&rng, 2000 + sets);
        draw_rules();
        relations.count = sets;
        for (uint32_t i = 0; i < sets; i++) {
            relations.at[i].from = (uint8_t)(i + 1);
            relations.at[i].to = (uint8_t)(sets - i);
        }
        walk(400, 1000, 3);
        assert_int_equal(relations.sets_count, sets);
    }
}

/* Beyond 65,535 begins in one session, arrival numbers are dealt anew. Two
 * items go in and out of the cart, with now and then something else. */
static void test_a_session_without_end(void **state)
{
    struct model_event event = {.stamp_ms = -1, .visitor = 1, .items_count = 1};

    (void)state;
    rng_init(&rng, 3000);
    rules = (struct session_rules){1000, 100, 100, 4, 10};
    relations = (struct relations){
        .count = 2, .at = {{.from = 2, .to = 2}, {.from = 1, .to = 2}}};
    open_walk(1);
    for (int i = 0; i < 180000; i++) {
        event.type = i % 2 ? EVENT_REMOVE_FROM_CART : EVENT_ADD_TO_CART;
        event.items[0] = 1 + i / 2 % 2;
        if (below(50) == 0) {
            event.type = (enum event_type)below(EVENT_PURCHASE);
            event.items[0] = 1 + below(6);
        }
        event.ts_ms = i;
        take(&event);
    }
    assert_int_equal(model.opened, 1);
    assert_true(model.memberships > 2 * 65536); /* r0 and r1 count each */
    close_walk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_relations_and_rules),
        cmocka_unit_test(test_default_relations),
        cmocka_unit_test(test_one_to_seven_sets),
        cmocka_unit_test(test_a_session_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
