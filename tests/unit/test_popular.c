#include "popular.h"

#include "engine_world.h"

static struct engine *engine;
static struct popular *popular;

static int open_popular(void **state)
{
    struct engine_rules rules = small_rules();

    (void)state;
    rules.popular_min_support = 2;
    engine = engine_new(&rules);
    popular = popular_new(engine);
    return 0;
}

static int close_popular(void **state)
{
    (void)state;
    popular_free(popular);
    popular_free(NULL);
    engine_check(engine);
    engine_free(engine);
    return 0;
}

static void view(int64_t at_ms, const char *visitor, const char *item,
                 const char *more)
{
    take_event(engine, at_ms, "page_view", visitor, item, more);
}

/* As many visitors as `support`, none of them seen before. */
static void view_often(int64_t at_ms, const char *item, int support,
                       const char *more)
{
    static int visitors;

    for (int i = 0; i < support; i++) {
        char visitor[16];

        snprintf(visitor, sizeof visitor, "v%d", visitors++);
        view(at_ms, visitor, item, more);
    }
}

static void offer_all(void)
{
    popular_clear(popular);
    for (uint32_t item = 1; item < intern_end(engine_items(engine)); item++)
        if (groups_row(engine_groups(engine), item) != NULL)
            popular_offer(popular, item);
}

static void write_popular(char *out, const struct popular_list *found)
{
    struct strbuf list = STRBUF_EMPTY;

    write_list(&list, engine, found->list);
    assert_string_equal(found->head.relation, "also_viewed");
    assert_int_equal(found->head.item, 0);
    assert_int_equal(found->head.as_of_ms, engine_time(engine));
    assert_int_equal(found->head.is_partial, 0);
    snprintf(out, 256, "%.*s/%s:%.*s of %u: %s\n", (int)found->tenant.length,
             found->tenant.bytes, found->head.window,
             (int)found->head.category.length, found->head.category.bytes,
             found->head.support, list.bytes);
    strbuf_deinit(&list);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* All lists, sorted: "tenant/window:category of N: entries". */
static void assert_popular(const char *wanted)
{
    char lines[32][256], all[32 * 256] = "";
    struct popular_list found;
    uint64_t cursor = 0;
    size_t count = 0;

    while (popular_next(popular, &found, &cursor)) {
        assert_true(count < COUNT(lines));
        write_popular(lines[count++], &found);
    }
    assert_int_equal(popular_next(popular, &found, &cursor), 0);
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++)
        strcat(all, lines[i]);
    assert_string_equal(all, wanted);
}

static void test_nothing_is_popular_at_first(void **state)
{
    (void)state;
    offer_all();
    assert_popular("");
}

/* By support, then id; from 2 on; three at most. */
static void test_ranks_items_by_support(void **state)
{
    (void)state;
    view_often(0, "c", 3, "");
    view_often(0, "b", 2, "");
    view_often(0, "a", 2, "");
    view_often(0, "e", 2, "");
    view_often(0, "d", 4, "");
    view_often(0, "f", 1, "");
    offer_all();
    assert_popular("/1m: of 14: d 4.0000 4, c 3.0000 3, a 2.0000 2\n"
                   "/1s: of 14: d 4.0000 4, c 3.0000 3, a 2.0000 2\n");
}

static void test_each_window_by_itself(void **state)
{
    (void)state;
    view_often(0, "a", 3, "");
    view_often(5000, "b", 2, "");
    offer_all();
    assert_popular("/1m: of 5: a 3.0000 3, b 2.0000 2\n"
                   "/1s: of 2: b 2.0000 2\n");
}

static void test_each_category_by_itself(void **state)
{
    (void)state;
    view_often(0, "a", 3, ",'category':'kopi'");
    view_often(5000, "b", 2, ",'category':'teh'");
    view_often(5000, "c", 2, ",'category':'kopi'");
    view_often(5000, "d", 2, "");
    offer_all();
    assert_popular("/1m: of 9: a 3.0000 3, b 2.0000 2, c 2.0000 2\n"
                   "/1m:kopi of 9: a 3.0000 3, c 2.0000 2\n"
                   "/1m:teh of 9: b 2.0000 2\n"
                   "/1s: of 6: b 2.0000 2, c 2.0000 2, d 2.0000 2\n"
                   "/1s:kopi of 6: c 2.0000 2\n"
                   "/1s:teh of 6: b 2.0000 2\n");
}

static void test_each_tenant_by_itself(void **state)
{
    (void)state;
    view_often(0, "a", 3, ",'category':'kopi'");
    view_often(0, "a", 2, ",'category':'kopi','tenant':'toko'");
    view_often(0, "b", 2, ",'tenant':'warung/ibu'");
    offer_all();
    assert_popular("/1m: of 3: a 3.0000 3\n"
                   "/1m:kopi of 3: a 3.0000 3\n"
                   "/1s: of 3: a 3.0000 3\n"
                   "/1s:kopi of 3: a 3.0000 3\n"
                   "toko/1m: of 2: a 2.0000 2\n"
                   "toko/1m:kopi of 2: a 2.0000 2\n"
                   "toko/1s: of 2: a 2.0000 2\n"
                   "toko/1s:kopi of 2: a 2.0000 2\n"
                   "warung/ibu/1m: of 2: b 2.0000 2\n"
                   "warung/ibu/1s: of 2: b 2.0000 2\n");
}

static void test_is_made_anew_after_clear(void **state)
{
    (void)state;
    view_often(0, "a", 3, ",'category':'kopi'");
    offer_all();
    popular_clear(popular);
    assert_popular("");
    view_often(0, "a", 1, "");
    offer_all();
    assert_popular("/1m: of 4: a 4.0000 4\n/1m:kopi of 4: a 4.0000 4\n"
                   "/1s: of 4: a 4.0000 4\n/1s:kopi of 4: a 4.0000 4\n");
}

/* All that was counted has passed, rows and categories too. */
static void forget_all_rows(void)
{
    struct groups *groups = engine_groups(engine);
    uint32_t end = intern_end(engine_items(engine)), ignored;

    groups_advance(groups, (START_MS + 120000 + GROUPS_CATEGORY_MS) / 100);
    while (groups_next_touched(groups, &ignored, &ignored))
        continue;
    for (uint32_t item = 1; item < end; item++)
        if (groups_row(groups, item) != NULL)
            assert_int_equal(groups_release(groups, item), 1);
}

/* Entries and categories stand although their rows have gone meanwhile. */
static void test_lists_outlive_their_rows(void **state)
{
    (void)state;
    view_often(0, "a", 2, ",'category':'kopi'");
    offer_all();
    forget_all_rows();
    assert_popular("/1m: of 0: a 2.0000 2\n/1m:kopi of 0: a 2.0000 2\n"
                   "/1s: of 0: a 2.0000 2\n/1s:kopi of 0: a 2.0000 2\n");
}

/* Not those that were left out on the way either. */
static void test_holds_nothing_afterwards(void **state)
{
    (void)state;
    view_often(0, "a", 2, ",'category':'kopi'");
    view_often(0, "b", 3, ",'category':'kopi'");
    view_often(0, "c", 4, ",'category':'kopi'");
    view_often(0, "d", 5, ",'category':'kopi'");
    view_often(0, "e", 6, ",'category':'kopi','tenant':'t'");
    offer_all();
    popular_clear(popular);
    /* sessions hold their items too, until the call after they are forgotten
     */
    view_often(90000, "f", 2, "");
    forget_all_rows();
    for (const char *id = "abcd"; *id != '\0'; id++)
        assert_int_equal(item_of(engine, "", (char[]){*id, '\0'}), 0);
    assert_int_equal(item_of(engine, "t", "e"), 0);
    assert_int_equal(intern_count(groups_categories(engine_groups(engine))), 0);
}

/* More boards than there were slots for. */
static void test_many_categories(void **state)
{
    struct popular_list found;
    uint64_t cursor = 0;
    int lists = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        char item[16], more[32];

        snprintf(item, sizeof item, "i%d", i);
        snprintf(more, sizeof more, ",'category':'c%d'", i);
        view_often(0, item, 2, more);
    }
    offer_all();
    while (popular_next(popular, &found, &cursor)) {
        if (found.head.category.length == 0)
            continue;
        lists++;
        assert_int_equal(found.list->count, 1);
        assert_int_equal(found.head.support, 400);
        assert_true(
            memcmp(found.head.category.bytes + 1,
                   intern_id(engine_items(engine), found.list->entries[0].item)
                           .bytes +
                       1,
                   found.head.category.length - 1) == 0);
    }
    assert_int_equal(lists, 400);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_popular, close_popular)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_popular_at_first),
        TEST(test_ranks_items_by_support),
        TEST(test_each_window_by_itself),
        TEST(test_each_category_by_itself),
        TEST(test_each_tenant_by_itself),
        TEST(test_is_made_anew_after_clear),
        TEST(test_lists_outlive_their_rows),
        TEST(test_holds_nothing_afterwards),
        TEST(test_many_categories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
