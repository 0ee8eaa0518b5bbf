/* What is durable of groups: changes, cuts, floors; and the engine's share. */
#include "engine_world.h"

#include "rng.h"

enum { GROUPS = 16 };

static struct engine_rules rules;
static struct engine *engine;
static struct groups *groups;

static int open_engine(void **state)
{
    (void)state;
    rules = small_rules();
    engine = engine_new(&rules);
    groups = engine_groups(engine);
    return 0;
}

static int close_engine(void **state)
{
    (void)state;
    engine_check(engine);
    engine_free(engine);
    return 0;
}

static void take_at(uint32_t partition, int64_t offset, const char *json)
{
    char bytes[256];
    struct record record = {.bytes = bytes,
                            .length = strlen(json),
                            .partition = partition,
                            .offset = offset,
                            .stamp_ms = START_MS,
                            .now_ms = START_MS};

    for (size_t i = 0; i < record.length; i++)
        bytes[i] = json[i] == '\'' ? '"' : json[i];
    engine_take(engine, &record);
}

static void view(int64_t offset, const char *visitor, const char *id)
{
    char json[200];

    snprintf(json, sizeof json,
             "{'type':'page_view','visitor':'%s','item':'%s'}", visitor, id);
    take_at(0, offset, json);
}

static uint32_t number(const char *id)
{
    return intern_find(engine_items(engine), NO_TEXT, text_of(id));
}

static uint32_t group_of(const char *id)
{
    return groups_index(groups, number(id));
}

static int has_row(const char *id)
{
    return number(id) != 0 && groups_row(groups, number(id)) != NULL;
}

/* An item of another group than that of `id`, which is known to the engine. */
static const char *stranger_to(const char *id)
{
    static char other[16];

    for (int i = 0;; i++) {
        uint32_t item, group;

        snprintf(other, sizeof other, "x%d", i);
        item = intern_hold(engine_items(engine), NO_TEXT, text_of(other));
        group = groups_index(groups, item);
        intern_drop(engine_items(engine), item);
        if (group != group_of(id))
            return other;
    }
}

static void drain(void)
{
    uint32_t item, pairs;

    while (groups_next_touched(groups, &item, &pairs))
        ;
}

/* ---- changes and cuts ---- */

static uint32_t in_cut(uint32_t group)
{
    uint32_t at = 0, count = 0;

    while (groups_next_cut(groups, group, &at) != 0)
        count++;
    return count;
}

static void test_rows_there_before_count_as_changed(void **state)
{
    (void)state;
    view(0, "v", "a");
    assert_int_equal(groups_changed(groups, group_of("a")).rows >= 1, 1);
    assert_true(groups_changed(groups, group_of("a")).bytes > 0);
}

static void test_each_group_knows_its_rows(void **state)
{
    uint32_t seen = 0, total = 0, item;

    (void)state;
    for (int i = 0; i < 40; i++) {
        char id[8];

        snprintf(id, sizeof id, "i%d", i);
        view(i, "v", id);
    }
    for (uint32_t g = 0; g < GROUPS; g++) {
        uint32_t at = 0;

        while ((item = groups_next_row(groups, g, &at)) != 0) {
            assert_int_equal(groups_index(groups, item), g);
            assert_non_null(groups_row(groups, item));
            total++;
            seen |= 1u << g;
        }
    }
    assert_int_equal(total, groups_rows(groups));
    assert_true((seen & (seen - 1)) != 0);
}

static void test_a_change_goes_through_the_cut(void **state)
{
    uint32_t group;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    groups_cut(groups, group);
    assert_int_equal(groups_changed(groups, group).rows, 0);
    assert_int_equal(groups_changed(groups, group).bytes, 0);
    assert_true(in_cut(group) >= 1);
    view(1, "w", "a");
    assert_int_equal(groups_changed(groups, group).rows, 1);
    groups_cut_landed(groups, group);
    assert_int_equal(in_cut(group), 0);
    assert_int_equal(groups_changed(groups, group).rows, 1);
    groups_cut(groups, group);
    groups_cut_landed(groups, group);
    assert_int_equal(groups_changed(groups, group).rows, 0);
    view(2, "w", "a"); /* a repeat counts nothing */
    assert_int_equal(groups_changed(groups, group).rows, 0);
}

static void test_a_lost_cut_is_changed_again_once(void **state)
{
    uint32_t group, rows;
    uint64_t bytes;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    rows = groups_changed(groups, group).rows;
    bytes = groups_changed(groups, group).bytes;
    groups_cut(groups, group);
    groups_cut_lost(groups, group);
    assert_int_equal(groups_changed(groups, group).rows, rows);
    assert_true(groups_changed(groups, group).bytes >= bytes);
    assert_int_equal(in_cut(group), 0);
    groups_cut(groups, group);
    view(1, "w", "a");
    groups_cut_lost(groups, group);
    assert_int_equal(groups_changed(groups, group).rows, rows);
    groups_check(groups);
}

static void test_a_cut_on_a_cut_is_both(void **state)
{
    uint32_t group, rows;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    groups_cut(groups, group);
    rows = in_cut(group);
    view(1, "w", "a");
    groups_cut(groups, group);
    assert_int_equal(in_cut(group), rows);
    assert_int_equal(groups_changed(groups, group).rows, 0);
    groups_check(groups);
}

static void test_a_category_is_a_change(void **state)
{
    uint32_t group;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    groups_cut(groups, group);
    groups_cut_landed(groups, group);
    take_at(0, 1,
            "{'type':'page_view','visitor':'v','item':'a','category':'kopi'}");
    assert_int_equal(groups_changed(groups, group).rows, 1);
    assert_true(groups_category_ms(groups, number("a")) == START_MS);
    assert_true(groups_category_ms(groups, 12345) == 0);
    groups_cut(groups, group);
    groups_cut_landed(groups, group);
    take_at(0, 2,
            "{'type':'page_view','visitor':'v','item':'a','category':'kopi'}");
    assert_int_equal(groups_changed(groups, group).rows, 0);
}

static void test_growing_rows_are_more_bytes(void **state)
{
    uint64_t bytes;
    uint32_t group;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    bytes = groups_changed(groups, group).bytes;
    for (int i = 0; i < 20; i++)
        view(1 + i, "v", (char[]){(char)('b' + i), '\0'});
    assert_true(groups_changed(groups, group).bytes >= bytes + 20 * 8);
}

/* Nothing is counted in the row any more, and that is not durable yet. */
static void test_what_is_not_durable_is_not_released(void **state)
{
    uint32_t group, item;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    item = number("a");
    groups_cut(groups, group);
    groups_advance(groups, groups_horizon(groups)->fine_pane + 10000);
    assert_int_equal(groups_row(groups, item)->used, 0);
    drain();
    assert_false(groups_release(groups, item));
    groups_cut_lost(groups, group);
    assert_false(groups_release(groups, item));
    groups_cut(groups, group);
    groups_cut_landed(groups, group);
    assert_true(groups_release(groups, item));
    assert_false(groups_release(groups, item));
    groups_check(groups);
}

static void test_rows_leave_their_group(void **state)
{
    char id[8];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "i%d", i);
        view(i, id, id);
    }
    groups_advance(groups, groups_horizon(groups)->fine_pane + 10000);
    drain();
    for (int i = 0; i < 100; i += 3) {
        snprintf(id, sizeof id, "i%d", i);
        groups_row(groups, number(id));
        assert_true(groups_release(groups, number(id)));
        groups_check(groups);
    }
}

/* ---- floors ---- */

static void test_below_its_floor_a_group_counts_nothing(void **state)
{
    const char *other;
    uint32_t group;

    (void)state;
    view(0, "v", "a");
    group = group_of("a");
    other = stranger_to("a");
    groups_set_floor(groups, group, 0, 10);
    assert_int_equal(groups_mark(groups, group, 0, 1), 10);
    assert_int_equal(groups_mark(groups, group, 0, 11), 11);
    assert_int_equal(groups_mark(groups, group, 1, 3), 3);
    assert_int_equal(groups_mark(groups, (group + 1) % GROUPS, 0, 1), 1);
    assert_true(groups_has(groups, number("a"), 0, 9));
    assert_false(groups_has(groups, number("a"), 0, 10));
    assert_false(groups_has(groups, number("a"), 1, 9));
    view(9, "w", "a");
    assert_int_equal(groups_support(groups, number("a"), 0, 1), 1);
    view(10, "x", "a");
    assert_int_equal(groups_support(groups, number("a"), 0, 1), 2);
    groups_set_floor(groups, group, 0, 20);
    view(12, "y", "a");
    view(13, "y", other);
    assert_int_equal(groups_support(groups, number("a"), 0, 1), 2);
    assert_int_equal(groups_support(groups, number(other), 0, 1), 1);
    assert_int_equal(groups_row(groups, number(other))->pairs, 1);
    assert_int_equal(groups_row(groups, number("a"))->pairs, 0);
}

static void test_below_a_floor_no_row_is_made(void **state)
{
    (void)state;
    for (uint32_t g = 0; g < GROUPS; g++)
        groups_set_floor(groups, g, 0, 10);
    take_at(0, 9,
            "{'type':'page_view','visitor':'v','item':'a','category':'kopi'}");
    assert_false(has_row("a"));
    assert_int_equal(groups_rows(groups), 0);
    take_at(1, 9,
            "{'type':'page_view','visitor':'v','item':'a','category':'kopi'}");
    assert_true(has_row("a"));
    assert_text(groups_category(groups, number("a")), "kopi");
}

/* ---- the engine's share ---- */

static void test_refused_records_move_the_position(void **state)
{
    (void)state;
    assert_int_equal(engine_position(engine, 0), -1);
    assert_int_equal(engine_position(engine, 7), -1);
    take_at(2, 5, "{'type':'page_view','visitor':'v','item':'a'}");
    assert_int_equal(engine_position(engine, 2), 6);
    assert_int_equal(engine_position(engine, 1), -1);
    take_at(2, 9, "{");
    assert_int_equal(engine_position(engine, 2), 10);
    take_at(2, 12, "{'type':'page_view','visitor':'v','item':'a','ts':1}");
    assert_int_equal(engine_position(engine, 2), 13);
    engine_set_position(engine, 4, 100);
    assert_int_equal(engine_position(engine, 4), 100);
    assert_int_equal(engine_position(engine, 3), -1);
}

static void test_stream_time_never_goes_back(void **state)
{
    int64_t pane = (START_MS + 5000) / rules.windows.fine_ms;

    (void)state;
    engine_set_time(engine, START_MS + 5000);
    assert_int_equal(engine_time(engine), START_MS + 5000);
    assert_int_equal(groups_horizon(groups)->fine_pane, pane);
    engine_set_time(engine, START_MS);
    assert_int_equal(engine_time(engine), START_MS + 5000);
    view(0, "v", "a");
    assert_int_equal(engine_time(engine), START_MS + 5000);
    assert_int_equal(groups_horizon(groups)->fine_pane, pane);
}

static void test_sessions_are_made_once(void **state)
{
    struct sessions *sessions = engine_sessions(engine, 3);

    (void)state;
    assert_int_equal(sessions_open(sessions), 0);
    assert_ptr_equal(engine_sessions(engine, 3), sessions);
    take_at(3, 0, "{'type':'page_view','visitor':'v','item':'a'}");
    assert_ptr_equal(engine_sessions(engine, 3), sessions);
    assert_int_equal(sessions_open(sessions), 1);
    assert_int_equal(sessions_open(engine_sessions(engine, 0)), 0);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_engine, close_engine)
    const struct CMUnitTest tests[] = {
        TEST(test_rows_there_before_count_as_changed),
        TEST(test_each_group_knows_its_rows),
        TEST(test_a_change_goes_through_the_cut),
        TEST(test_a_lost_cut_is_changed_again_once),
        TEST(test_a_cut_on_a_cut_is_both),
        TEST(test_a_category_is_a_change),
        TEST(test_growing_rows_are_more_bytes),
        TEST(test_what_is_not_durable_is_not_released),
        TEST(test_rows_leave_their_group),
        TEST(test_below_its_floor_a_group_counts_nothing),
        TEST(test_below_a_floor_no_row_is_made),
        TEST(test_refused_records_move_the_position),
        TEST(test_stream_time_never_goes_back),
        TEST(test_sessions_are_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
