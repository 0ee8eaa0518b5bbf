/* All lists and counts of random streams against a recount of every
 * contribution that the sessions' model makes. */
#include "engine_world.h"
#include "session_model.h"

#include "rng.h"

enum { TENANTS = 2, ITEMS = 9, PARTITIONS = 2, LEDGER_MAX = 40000 };

static struct rng rng;
static struct engine_rules rules;
static struct engine *engine;
static struct model models[PARTITIONS];
static int64_t now_ms;

/* All that was ever contributed. */
static struct model_contribution ledger[LEDGER_MAX];
static int ledger_count;

static const char *const tenants[] = {"", "toko"};
static const char *const ids[] = {"",   "a",   "aa", "B", "b-",
                                  "10", "9/9", "~",  "z"};

/* ---- the recount ---- */

struct count {
    int64_t pair[ITEMS][ITEMS];
    int64_t from[ITEMS];
    int64_t to[ITEMS];
    int64_t all;
};

static int is_in_window(const struct window *window, int64_t fine_pane)
{
    int64_t pane_ms = window->length_ms / window->panes;
    int64_t pane = fine_pane * rules.windows.fine_ms / pane_ms;
    int64_t newest = now_ms / pane_ms;

    return pane <= newest && pane > newest - window->panes;
}

static void recount(struct count *out, int tenant, uint32_t relation,
                    uint32_t window)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < ledger_count; i++) {
        const struct model_contribution *one = &ledger[i];

        if (one->tenant != tenant || one->relation != (int)relation ||
            !is_in_window(&rules.windows.at[window], one->pane))
            continue;
        if (one->kind == MODEL_PAIR)
            out->pair[one->item][one->other] += one->sign;
        else if (one->kind == MODEL_FROM)
            out->from[one->item] += one->sign;
        else if (one->kind == MODEL_TO)
            out->to[one->item] += one->sign;
        else
            out->all += one->sign;
    }
}

struct wanted {
    double score;
    int64_t count;
    int item;
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *left = a, *right = b;

    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(ids[left->item], ids[right->item]);
}

static void compare_list(const struct list *list, struct wanted *wanted,
                         uint32_t count, uint32_t k)
{
    qsort(wanted, count, sizeof *wanted, compare_wanted);
    assert_int_equal(list->count, count < k ? count : k);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct list_entry *entry = &list->entries[i];

        assert_text(intern_id(engine_items(engine), entry->item),
                    ids[wanted[i].item]);
        assert_int_equal(entry->count, wanted[i].count);
        assert_true(entry->score == wanted[i].score);
    }
}

static void compare_scored(const struct list *list, const struct count *count,
                           const struct relation *relation, int item)
{
    struct wanted wanted[ITEMS];
    uint32_t found = 0;

    for (int other = 1; other < ITEMS; other++) {
        struct score_input in = {
            (uint64_t)count->pair[item][other], (uint64_t)count->from[item],
            (uint64_t)count->to[other], (uint64_t)count->all};

        if (count->pair[item][other] >= relation->min_support)
            wanted[found++] = (struct wanted){
                score_compute(relation->score, in, rules.damping),
                count->pair[item][other], other};
    }
    compare_list(list, wanted, found, relation->k);
}

static void compare_counts(const struct list *list, const struct count *count,
                           int item, uint32_t k)
{
    struct wanted wanted[ITEMS];
    uint32_t found = 0;

    for (int other = 1; other < ITEMS; other++)
        if (count->pair[item][other] > 0)
            wanted[found++] = (struct wanted){(double)count->pair[item][other],
                                              count->pair[item][other], other};
    compare_list(list, wanted, found, k);
}

static void assert_nothing(const struct count *count, int item)
{
    assert_int_equal(count->from[item], 0);
    for (int other = 1; other < ITEMS; other++)
        assert_int_equal(count->pair[item][other], 0);
}

static void compare_item(int tenant, int item, uint32_t r, uint32_t w,
                         const struct count *count)
{
    uint32_t number = intern_find(engine_items(engine),
                                  text_of(tenants[tenant]), text_of(ids[item]));
    const struct row_lists *lists =
        number == 0 ? NULL : engine_lists(engine, number);

    if (lists == NULL) {
        assert_nothing(count, item);
        return;
    }
    assert_int_equal(lists->supports[r][w], count->from[item]);
    compare_scored(&lists->lists[r][w], count, &rules.relations.at[r], item);
    compare_counts(&engine_counts(engine, number, 5)->lists[r][w], count, item,
                   5);
}

static void compare_all(void)
{
    static struct count count;

    assert_int_equal(engine_time(engine), now_ms);
    for (int tenant = 0; tenant < TENANTS; tenant++)
        for (uint32_t r = 0; r < rules.relations.count; r++)
            for (uint32_t w = 0; w < rules.windows.count; w++) {
                recount(&count, tenant, r, w);
                for (int item = 1; item < ITEMS; item++)
                    compare_item(tenant, item, r, w, &count);
            }
}

/* ---- streams ---- */

static int below(int bound)
{
    return (int)rng_below(&rng, (uint32_t)bound);
}

static int64_t random_ts(const struct model *model)
{
    int64_t ts = model->partition_time_ms;

    if (ts < 0)
        ts = START_MS;
    switch (below(12)) {
    case 0:
        return ts - below(500);
    case 1:
        return ts + below(2000);
    case 2:
        return below(20) ? ts : ts + below(80000);
    case 3:
        return now_ms > ts ? now_ms : ts;
    default:
        return ts + below(30);
    }
}

static void take_random(void)
{
    static const char *const types[] = {"page_view", "add_to_cart",
                                        "remove_from_cart", "purchase"};
    uint32_t partition = rng_below(&rng, PARTITIONS);
    struct model *model = &models[partition];
    struct model_event event = {.type = (enum event_type)below(EVENT_TYPES),
                                .ts_ms = random_ts(model),
                                .stamp_ms = -1,
                                .tenant = below(3) == 0,
                                .visitor = 1 + below(5),
                                .session = below(5) ? 0 : 1 + below(2),
                                .items_count = 1};
    char json[512];
    enum event_verdict verdict;

    event.items[0] = 1 + below(ITEMS - 1);
    snprintf(json, sizeof json,
             "{'type':'%s','visitor':'v%d','item':'%s','ts':%lld,"
             "'tenant':%s,'session':'%.*s'}",
             types[event.type], event.visitor, ids[event.items[0]],
             (long long)event.ts_ms, event.tenant ? "'toko'" : "null",
             event.session, "ss");
    verdict = model_take(model, &event);
    assert_int_equal(take_json(engine, partition, EVENT_NO_STAMP, json),
                     verdict);
    for (int i = 0; i < model->out_count; i++) {
        assert_true(ledger_count < LEDGER_MAX);
        ledger[ledger_count++] = model->out[i];
    }
    if (verdict == EVENT_ACCEPTED && event.ts_ms > now_ms)
        now_ms = event.ts_ms;
}

static void draw_rules(void)
{
    rules = small_rules();
    rules.session = (struct session_rules){
        1000, 500, 300000, 2 + rng_below(&rng, 6), 2 + rng_below(&rng, 12)};
    rules.damping = below(2) ? 20 : 0;
    if (below(2)) {
        struct err err = ERR_NONE;

        rules.windows = (struct windows){
            .count = 3,
            .at = {{"c", 4000, 2}, {"a", 3000, 30}, {"b", 9000, 9}}};
        assert_int_equal(windows_init(&rules.windows, &err), 0);
    }
    for (uint32_t r = 0; r < rules.relations.count; r++) {
        rules.relations.at[r].score = (enum score)below(SCORES);
        rules.relations.at[r].k = (uint32_t)(1 + below(8));
        rules.relations.at[r].min_support = (uint32_t)(1 + below(3));
    }
}

static void walk(uint64_t seed, int events)
{
    rng_init(&rng, seed);
    draw_rules();
    engine = engine_new(&rules);
    for (int i = 0; i < PARTITIONS; i++)
        model_init(&models[i], &rules.session, &rules.relations,
                   rules.windows.fine_ms);
    ledger_count = 0;
    now_ms = -1;
    for (int i = 1; i <= events; i++) {
        take_random();
        if (i % (events / 4) == 0)
            compare_all();
    }
    engine_check(engine);
    engine_free(engine);
}

static void test_lists_equal_the_recount(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        walk(seed, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_equal_the_recount),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
