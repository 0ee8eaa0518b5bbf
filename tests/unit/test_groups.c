#include "groups.h"

#include "hash.h"
#include "rng.h"
#include "unit.h"

static struct windows windows;
static struct relations relations;
static struct row_rules rules;
static struct groups *groups;

/* Fine panes of 10 ms; the short window has 3, the long one 2 of 4 each. */
static int open_groups(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    windows =
        (struct windows){.count = 2, .at = {{"short", 30, 3}, {"long", 80, 2}}};
    assert_int_equal(windows_init(&windows, &err), 0);
    relations = (struct relations){.count = 3,
                                   .at = {{.from = 7, .to = 7},
                                          {.from = 1, .to = 6},
                                          {.from = 6, .to = 6}}};
    relations_init(&relations);
    rules = (struct row_rules){&relations, &windows, intern_new(), 1000};
    groups = groups_new(&rules, 64);
    return 0;
}

static int close_groups(void **state)
{
    (void)state;
    groups_check(groups);
    groups_free(groups);
    groups_free(NULL);
    assert_int_equal(intern_count(rules.items), 0);
    intern_free(rules.items);
    return 0;
}

/* Items are held by their rows alone, as far as there are rows. */
static uint32_t number(const char *id)
{
    return intern_find(rules.items, NO_TEXT, text_of(id));
}

static void apply(const char *id, const char *other, uint32_t index, int sign,
                  int64_t pane)
{
    struct contribution one = {
        .index = (uint8_t)index, .sign = (int8_t)sign, .fine_pane = pane};
    struct contributions list = {.count = 1, .capacity = 1, .at = &one};

    one.item = intern_hold(rules.items, NO_TEXT, text_of(id));
    if (other != NULL)
        one.other = intern_hold(rules.items, NO_TEXT, text_of(other));
    groups_ask(groups, &list);
    groups_apply(groups, list.at, list.count, 0, 0);
    intern_drop(rules.items, one.item);
    if (other != NULL)
        intern_drop(rules.items, one.other);
    groups_check(groups);
}

static void add_pair(const char *id, const char *other, uint32_t relation)
{
    apply(id, other, relation, 1, groups_horizon(groups)->fine_pane);
}

static void add_support(const char *id, uint32_t set)
{
    apply(id, NULL, set, 1, groups_horizon(groups)->fine_pane);
}

/* ---- touched ---- */

static void assert_touched(const char *id, uint32_t pairs)
{
    uint32_t item, got;

    assert_int_equal(groups_next_touched(groups, &item, &got), 1);
    assert_text(intern_id(rules.items, item), id);
    assert_int_equal(got, pairs);
}

static void assert_no_more_touched(void)
{
    uint32_t item, pairs;

    assert_int_equal(groups_next_touched(groups, &item, &pairs), 0);
}

static void test_touched_rows_in_the_order_of_their_first_change(void **state)
{
    (void)state;
    assert_no_more_touched();
    add_support("c", 0);
    add_pair("a", "b", 0);
    add_pair("b", "a", 1);
    add_pair("a", "c", 2);
    assert_touched("c", 0);
    assert_touched("a", 1 << 0 | 1 << 2);
    add_pair("a", "b", 1);
    add_pair("b", "a", 2);
    assert_touched("b", 1 << 1 | 1 << 2);
    assert_touched("a", 1 << 1);
    assert_no_more_touched();
}

static void test_only_a_change_touches(void **state)
{
    (void)state;
    groups_advance(groups, 100);
    apply("a", "b", 0, 1, 3);    /* too old */
    apply("a", "b", 0, -1, 100); /* unknown */
    assert_no_more_touched();
    assert_int_equal(groups_stats(groups)->too_old, 1);
    assert_int_equal(groups_stats(groups)->takebacks_unknown, 1);
    apply("a", "b", 0, 1, 100);
    assert_touched("a", 1);
    apply("a", "b", 0, -1, 100);
    assert_touched("a", 1);
}

/* ---- rows and supports ---- */

static void test_there_is_a_row_for_what_is_counted(void **state)
{
    struct row *row;

    (void)state;
    assert_int_equal(groups_rows(groups), 0);
    assert_null(groups_row(groups, 1));
    assert_null(groups_row(groups, 1u << 30));
    add_pair("a", "b", 0);
    assert_int_equal(groups_rows(groups), 1);
    row = groups_row(groups, number("a"));
    assert_non_null(row);
    assert_int_equal(row->pairs, 1);
    assert_int_equal(row->cells[0].other, number("b"));
    assert_null(groups_row(groups, number("b")));
    assert_int_equal(groups_support(groups, number("b"), 0, 0), 0);
    assert_true(groups_bytes(groups) > 0);
}

static void test_a_row_is_at_the_horizon_when_it_is_read(void **state)
{
    struct row *row;

    (void)state;
    add_pair("a", "b", 0);
    groups_advance(groups, 4);
    row = groups_row(groups, number("a"));
    assert_int_equal(row->as_of, 4);
    assert_int_equal(row->used, 1);
    groups_advance(groups, 8);
    row = groups_row(groups, number("a"));
    assert_int_equal(row->used, 0);
    assert_int_equal(number("b"), 0);
}

static void test_time_never_goes_back(void **state)
{
    (void)state;
    groups_advance(groups, 50);
    groups_advance(groups, 40);
    assert_int_equal(groups_horizon(groups)->fine_pane, 50);
    assert_int_equal(groups_horizon(groups)->from[0], 48);
}

/* Remembered, and looked at anew when the row or time changed. */
static void test_supports_are_those_of_now(void **state)
{
    uint32_t a;

    (void)state;
    groups_advance(groups, 8);
    add_support("a", 0);
    a = number("a");
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(groups_support(groups, a, 0, 0), 1);
        assert_int_equal(groups_support(groups, a, 0, 1), 1);
        assert_int_equal(groups_support(groups, a, 1, 0), 0);
        assert_int_equal(groups_support(groups, a, 2, 1), 0);
    }
    add_support("a", 0);
    add_support("a", 2);
    assert_int_equal(groups_support(groups, a, 0, 0), 2);
    assert_int_equal(groups_support(groups, a, 2, 1), 1);
    apply("a", NULL, 0, -1, 8);
    assert_int_equal(groups_support(groups, a, 0, 0), 1);
    groups_advance(groups, 10);
    assert_int_equal(groups_support(groups, a, 0, 0), 1);
    groups_advance(groups, 11);
    assert_int_equal(groups_support(groups, a, 0, 0), 0);
    assert_int_equal(groups_support(groups, a, 0, 1), 1);
    groups_advance(groups, 16);
    assert_int_equal(groups_support(groups, a, 0, 1), 0);
}

/* A row that was advanced by a pair, not by its supports. */
static void test_supports_after_a_pair_advanced_the_row(void **state)
{
    (void)state;
    add_support("a", 0);
    assert_int_equal(groups_support(groups, number("a"), 0, 0), 1);
    groups_advance(groups, 3);
    add_pair("a", "b", 0);
    assert_int_equal(groups_support(groups, number("a"), 0, 0), 0);
    assert_int_equal(groups_support(groups, number("a"), 0, 1), 1);
}

/* ---- categories ---- */

static void categorise(const char *id, int64_t ts_ms, const char *category)
{
    uint32_t item = intern_hold(rules.items, NO_TEXT, text_of(id));

    groups_categorise(groups, item, ts_ms, text_of(category));
    intern_drop(rules.items, item);
    groups_check(groups);
}

static void assert_category(const char *wanted)
{
    assert_text(groups_category(groups, number("a")), wanted);
}

static void test_the_latest_category_wins(void **state)
{
    (void)state;
    assert_text(groups_category(groups, 1), "");
    assert_int_equal(groups_category_number(groups, 1), 0);
    categorise("a", 100, "kopi");
    assert_category("kopi");
    categorise("a", 99, "teh");
    assert_category("kopi");
    categorise("a", 101, "gula");
    assert_category("gula");
    categorise("a", 102, "gula");
    categorise("a", 101, "zaitun");
    assert_category("gula");
    assert_int_equal(intern_count(groups_categories(groups)), 1);
}

static void test_of_equal_times_the_larger_by_bytes_wins(void **state)
{
    (void)state;
    categorise("a", 100, "kopi");
    categorise("a", 100, "kop");
    assert_category("kopi");
    categorise("a", 100, "kopi!");
    assert_category("kopi!");
    categorise("a", 100, "Z");
    assert_category("kopi!");
    categorise("a", 100, "\xc3\xa9");
    assert_category("\xc3\xa9");
    categorise("b", 0, "x");
    assert_int_not_equal(groups_category_number(groups, number("a")),
                         groups_category_number(groups, number("b")));
}

static void test_equal_categories_have_one_number(void **state)
{
    (void)state;
    categorise("a", 1, "kopi");
    categorise("b", 2, "kopi");
    assert_int_equal(groups_category_number(groups, number("a")),
                     groups_category_number(groups, number("b")));
    categorise("a", 3, "teh");
    assert_text(groups_category(groups, number("b")), "kopi");
}

/* ---- release ---- */

static void drain(void)
{
    uint32_t item, pairs;

    while (groups_next_touched(groups, &item, &pairs))
        continue;
}

static void test_releases_what_is_counted_no_more(void **state)
{
    uint32_t a;

    (void)state;
    assert_int_equal(groups_release(groups, 1), 0);
    add_pair("a", "b", 0);
    a = number("a");
    assert_int_equal(groups_release(groups, a), 0); /* touched */
    drain();
    assert_int_equal(groups_release(groups, a), 0); /* counted */
    groups_advance(groups, 8);
    groups_row(groups, a);
    assert_int_equal(groups_release(groups, a), 1);
    assert_null(groups_row(groups, a));
    assert_int_equal(groups_rows(groups), 0);
    assert_int_equal(number("a"), 0);
    assert_int_equal(groups_release(groups, a), 0);
    add_pair("z", "y", 0); /* numbers are used again */
    assert_touched("z", 1);
}

static void test_a_category_is_remembered_for_a_while(void **state)
{
    const int64_t until_ms = 1000 + 80 + GROUPS_CATEGORY_MS;

    (void)state;
    categorise("a", 1000, "kopi");
    groups_advance(groups, until_ms / 10);
    groups_row(groups, number("a"));
    assert_int_equal(groups_release(groups, number("a")), 0);
    assert_category("kopi");
    groups_advance(groups, until_ms / 10 + 1);
    groups_row(groups, number("a"));
    assert_int_equal(groups_release(groups, number("a")), 1);
    assert_int_equal(intern_count(groups_categories(groups)), 0);
}

/* ---- groups ---- */

static void test_an_items_group_is_of_its_key(void **state)
{
    uint32_t item = intern_hold(rules.items, text_of("w/i"), text_of("sku 1"));
    uint32_t tenant = intern_hold(rules.items, text_of("w/i"), NO_TEXT);
    uint32_t none = intern_hold(rules.items, NO_TEXT, NO_TEXT);

    (void)state;
    assert_int_equal(groups_index(groups, item),
                     hash_bytes("w%2Fi/sku%201", 13, 0) % 64);
    assert_int_equal(groups_index(groups, tenant),
                     hash_bytes("w%2Fi", 5, 0) % 64);
    assert_int_equal(groups_index(groups, none), hash_bytes("", 0, 0) % 64);
    intern_drop(rules.items, item);
    intern_drop(rules.items, tenant);
    intern_drop(rules.items, none);
}

/* Rows come and go at random; the check after each says the rest. */
static void test_many_rows_come_and_go(void **state)
{
    struct rng rng;
    int64_t pane = 0;
    int released = 0;

    (void)state;
    rng_init(&rng, 11);
    for (int i = 0; i < 4000; i++) {
        char id[16], other[16];

        snprintf(id, sizeof id, "%u", rng_below(&rng, 30));
        snprintf(other, sizeof other, "%u", rng_below(&rng, 30));
        if (rng_below(&rng, 8) == 0)
            add_support(id, rng_below(&rng, 3));
        else if (strcmp(id, other) != 0)
            add_pair(id, other, rng_below(&rng, 3));
        if (rng_below(&rng, 4) == 0)
            groups_advance(groups, ++pane);
        if (rng_below(&rng, 3) == 0)
            drain();
        if (number(id) != 0 && rng_below(&rng, 2) == 0)
            groups_row(groups, number(id));
        if (number(other) != 0)
            released += groups_release(groups, number(other));
        intern_check(rules.items);
    }
    assert_true(released > 20);
    drain();
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_groups, close_groups)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_touched_rows_in_the_order_of_their_first_change),
        TEST(test_only_a_change_touches),
        TEST(test_there_is_a_row_for_what_is_counted),
        TEST(test_a_row_is_at_the_horizon_when_it_is_read),
        TEST(test_time_never_goes_back),
        TEST(test_supports_are_those_of_now),
        TEST(test_supports_after_a_pair_advanced_the_row),
        TEST(test_the_latest_category_wins),
        TEST(test_of_equal_times_the_larger_by_bytes_wins),
        TEST(test_equal_categories_have_one_number),
        TEST(test_releases_what_is_counted_no_more),
        TEST(test_a_category_is_remembered_for_a_while),
        TEST(test_an_items_group_is_of_its_key),
        TEST(test_many_rows_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
