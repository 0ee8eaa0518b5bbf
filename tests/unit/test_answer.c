/* answer: lists and reasons against the engine and against a recount of them.
 */
#include "answer.h"
#include "engine_world.h"
#include "rng.h"
#include "unit.h"

#include <jansson.h>
#include <math.h>

enum { ITEMS = 30 };

static struct engine *engine;

static int set_up(void **state)
{
    struct engine_rules rules = small_rules();

    (void)state;
    rules.relations.at[0].min_support = 2;
    rules.relations.at[1].score = SCORE_LLR;
    rules.damping = 20;
    engine = engine_new(&rules);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    engine_free(engine);
    return 0;
}

static json_t *ask(enum inquiry_kind kind, const char *tenant, const char *a,
                   const char *b)
{
    struct inquiry_question question = {kind, text_of(tenant), text_of(a),
                                        text_of(b)};
    struct strbuf out = STRBUF_EMPTY;
    json_error_t error;
    json_t *document = NULL;

    if (answer_question(engine, &question, &out) == INQUIRY_ANSWERED) {
        document =
            json_loadb(out.bytes, out.length, JSON_REJECT_DUPLICATES, &error);
        if (document == NULL)
            fail_msg("%s in %s", error.text, out.bytes);
    } else {
        assert_int_equal(out.length, 0);
    }
    engine_check(engine);
    strbuf_deinit(&out);
    return document;
}

static int64_t whole(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value))
        fail_msg("%s is no integer", name);
    return json_integer_value(value);
}

static double real(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *word(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value))
        fail_msg("%s is no text", name);
    return json_string_value(value);
}

/* The list, or answer, of a relation and window. */
static const json_t *part(const json_t *document, const char *name, uint32_t r,
                          uint32_t w)
{
    const json_t *one =
        json_array_get(json_object_get(document, name), r * 2 + w);

    assert_string_equal(word(one, "relation"),
                        r == 0 ? "also_viewed" : "viewed_then_carted");
    assert_string_equal(word(one, "window"), w == 0 ? "1s" : "1m");
    return one;
}

static void view(int64_t at_ms, const char *visitor, const char *item)
{
    take_event(engine, at_ms, "page_view", visitor, item, "");
}

static void test_unknown_items(void **state)
{
    (void)state;
    assert_null(ask(INQUIRY_RELATED, "", "nothing", ""));
    view(0, "v", "a");
    assert_null(ask(INQUIRY_RELATED, "t", "a", ""));
    assert_null(ask(INQUIRY_RELATED, "", "", "")); /* the tenant itself */
    assert_null(ask(INQUIRY_EXPLAIN, "", "nothing", "a"));
}

static void test_related(void **state)
{
    json_t *document;
    const json_t *list, *entry;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char visitor[8];

        snprintf(visitor, sizeof visitor, "v%d", i);
        view(i * 10, visitor, "a");
        take_event(engine, i * 10 + 1, "page_view", visitor, "b\\\"\u00e4",
                   ",'category':'c\\\"1'");
    }
    view(40, "w", "a");
    document = ask(INQUIRY_RELATED, "", "a", "");
    assert_string_equal(word(document, "item"), "a");
    assert_string_equal(word(document, "tenant"), "");
    assert_string_equal(word(document, "category"), "");
    assert_int_equal(whole(document, "as_of"), START_MS + 40);
    list = part(document, "lists", 0, 1);
    assert_int_equal(whole(list, "support"), 4);
    assert_true(json_is_false(json_object_get(list, "partial")));
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    entry = json_array_get(json_object_get(list, "items"), 0);
    assert_string_equal(word(entry, "id"), "b\"\u00e4");
    assert_int_equal(whole(entry, "count"), 3);
    assert_true(real(entry, "score") >= 3 / sqrt(24 * 23.0) &&
                real(entry, "score") <= 3 / sqrt(24 * 23.0));
    json_decref(document);
    document = ask(INQUIRY_RELATED, "", "b\"\u00e4", "");
    assert_string_equal(word(document, "category"), "c\"1");
    json_decref(document);
}

static void test_why_not(void **state)
{
    json_t *document;
    const json_t *answer;

    (void)state;
    view(0, "v", "a");
    view(1, "v", "b");
    view(2, "w", "c");
    document = ask(INQUIRY_EXPLAIN, "", "a", "b");
    answer = part(document, "answers", 0, 1);
    assert_string_equal(word(answer, "reason"), "below_min_support");
    assert_string_equal(word(answer, "message"),
                        "together in 1, min_support is 2");
    assert_int_equal(whole(answer, "c"), 1);
    assert_int_equal(whole(answer, "n_a"), 1);
    assert_int_equal(whole(answer, "N"), 2);
    assert_true(json_is_null(json_object_get(answer, "rank")));
    assert_true(json_is_false(json_object_get(answer, "listed")));
    assert_non_null(strstr(word(answer, "formula"), "1 / sqrt((1 + 20)"));
    json_decref(document);
    document = ask(INQUIRY_EXPLAIN, "", "a", "c");
    answer = part(document, "answers", 0, 1);
    assert_string_equal(word(answer, "reason"), "never_together");
    assert_string_equal(word(answer, "formula"), "");
    assert_int_equal(whole(answer, "n_b"), 1);
    json_decref(document);
    document = ask(INQUIRY_EXPLAIN, "", "a", "never \"seen\"");
    answer = part(document, "answers", 1, 0);
    assert_string_equal(word(document, "b"), "never \"seen\"");
    assert_string_equal(word(answer, "reason"), "never_together");
    assert_int_equal(whole(answer, "n_b"), 0);
    assert_string_equal(word(answer, "score_name"), "llr");
    json_decref(document);
}

/* ---- a crowd ---- */

static void make_crowd(void)
{
    static const char *const types[] = {"page_view", "page_view", "add_to_cart",
                                        "purchase"};
    struct rng rng;

    rng_init(&rng, 11);
    for (int i = 0; i < 3000; i++) {
        char visitor[16], item[16];

        snprintf(visitor, sizeof visitor, "v%u", rng_below(&rng, 300));
        snprintf(item, sizeof item, "i%u",
                 rng_below(&rng, 1 + rng_below(&rng, ITEMS)));
        take_event(engine, i * 3, types[rng_below(&rng, 4)], visitor, item, "");
    }
}

/* What explain says of each other item, held against the list that is longer
 * than the relation's k. */
static void check_rank(const json_t *answer, const struct list *list,
                       uint32_t other, uint32_t k)
{
    uint32_t place = 0;

    while (place < list->count && list->entries[place].item != other)
        place++;
    if (place == list->count) {
        assert_true(json_is_null(json_object_get(answer, "rank")));
        assert_true(json_is_false(json_object_get(answer, "listed")));
        return;
    }
    assert_int_equal(whole(answer, "rank"), place + 1);
    assert_int_equal(whole(answer, "c"), list->entries[place].count);
    assert_true(fabs(real(answer, "score") - list->entries[place].score) <= 0);
    assert_int_equal(json_is_true(json_object_get(answer, "listed")),
                     place < k);
    assert_string_equal(word(answer, "reason"),
                        place < k ? "listed" : "outranked");
}

static void check_pair(struct engine *without_end, const char *a, const char *b)
{
    uint32_t item = item_of(engine, "", a), other = item_of(engine, "", b);
    json_t *document = ask(INQUIRY_EXPLAIN, "", a, b);
    const struct row_lists *lists;

    assert_non_null(document);
    lists = engine_lists(without_end, item);
    for (uint32_t r = 0; r < 2; r++)
        for (uint32_t w = 0; w < 2; w++)
            check_rank(part(document, "answers", r, w), &lists->lists[r][w],
                       other, 3);
    json_decref(document);
}

static void test_every_pair(void **state)
{
    struct engine_rules endless = small_rules();
    struct engine *without_end, *ours = engine;

    (void)state;
    endless.relations.at[0].min_support = 2;
    endless.relations.at[1].score = SCORE_LLR;
    endless.damping = 20;
    endless.relations.at[0].k = endless.relations.at[1].k = LIST_ITEMS_MAX;
    make_crowd();
    engine = without_end = engine_new(&endless);
    make_crowd(); /* the same, so the same numbers */
    engine = ours;
    for (int a = 0; a < ITEMS; a++)
        for (int b = 0; b < ITEMS; b++) {
            char left[16], right[16];

            snprintf(left, sizeof left, "i%d", a);
            snprintf(right, sizeof right, "i%d", b);
            if (a != b && item_of(engine, "", left) != 0 &&
                item_of(engine, "", right) != 0)
                check_pair(without_end, left, right);
        }
    engine_free(without_end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_unknown_items),
        TEST(test_related),
        TEST(test_why_not),
        TEST(test_every_pair),
#undef TEST
    };

    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
