/* Sessions clause by clause. Windows of one pane of 1 ms make a fine pane the
 * event time; the gap is 100, lateness 50, future 10. */
#include "session.h"

#include "unit.h"

static struct windows windows;
static struct relations relations;
static struct session_rules rules;
static struct intern *items;
static struct sessions *sessions;
static struct contributions out;
static const char *now_tenant; /* of the events to come */
static const char *now_session;
static int64_t now_stamp;
static int64_t offset;

static int open_sessions(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    windows = (struct windows){.count = 1, .at = {{"w", 1000, 1000}}};
    assert_int_equal(windows_init(&windows, &err), 0);
    relations = (struct relations){
        .count = 2, .at = {{.from = 7, .to = 7}, {.from = 1, .to = 6}}};
    relations_init(&relations);
    rules = (struct session_rules){100, 50, 10, 50, 1000};
    items = intern_new();
    sessions = sessions_new(&rules, &relations, &windows, items);
    contributions_init(&out);
    now_tenant = now_session = "";
    now_stamp = EVENT_NO_STAMP;
    return 0;
}

/* Whatever was held is let go. */
static int close_sessions(void **state)
{
    (void)state;
    sessions_free(sessions);
    sessions_free(NULL);
    assert_int_equal(intern_count(items), 0);
    intern_free(items);
    contributions_deinit(&out);
    return 0;
}

static enum event_verdict take_many(int64_t ts_ms, const char *visitor,
                                    enum event_type type,
                                    const char *const *ids, uint32_t count)
{
    struct event event = {.type = type, .ts_ms = ts_ms};
    enum event_verdict verdict;

    event.visitor = text_of(visitor);
    event.tenant = text_of(now_tenant);
    event.session = text_of(now_session);
    event.items_count = count;
    for (uint32_t i = 0; i < count; i++)
        event.items[i] = text_of(ids[i]);
    out.count = 0;
    sessions_drop_leaving(sessions);
    verdict = sessions_take(sessions, &out, &event, now_stamp, offset++);
    sessions_check(sessions);
    intern_check(items);
    return verdict;
}

static void take(int64_t ts_ms, const char *visitor, enum event_type type,
                 const char *id)
{
    assert_int_equal(take_many(ts_ms, visitor, type, &id, 1), EVENT_ACCEPTED);
}

static void view(int64_t ts_ms, const char *visitor, const char *id)
{
    take(ts_ms, visitor, EVENT_PAGE_VIEW, id);
}

static void cart(int64_t ts_ms, const char *visitor, const char *id)
{
    take(ts_ms, visitor, EVENT_ADD_TO_CART, id);
}

static void uncart(int64_t ts_ms, const char *visitor, const char *id)
{
    take(ts_ms, visitor, EVENT_REMOVE_FROM_CART, id);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void write_line(char *line, const struct contribution *one)
{
    struct text id = intern_id(items, one->item);
    struct text tenant = intern_tenant(items, one->item);
    struct text other = {"", 0};

    if (one->other != 0)
        other = intern_id(items, one->other);
    snprintf(line, 64, "%s%d %.*s%s%.*s%s%.*s %c%lld ",
             one->other != 0  ? "r"
             : id.length == 0 ? "N"
                              : "s",
             one->index, (int)tenant.length, tenant.bytes,
             tenant.length > 0 ? "/" : "", (int)id.length, id.bytes,
             one->other != 0 ? ">" : "", (int)other.length, other.bytes,
             one->sign > 0 ? '+' : '-', (long long)one->fine_pane);
}

/* Sets: 0 any action, 1 view, 2 cart and purchase. "r0 a>b +5" is a pair of
 * relation 0, "s1 a -5" a support of set 1, "N0  +5" one more session. */
static void assert_contributed(const char *wanted)
{
    char lines[64][64];
    char all[64 * 64] = "";

    assert_true(out.count <= COUNT(lines));
    for (uint32_t i = 0; i < out.count; i++)
        write_line(lines[i], &out.at[i]);
    qsort(lines, out.count, sizeof *lines, compare_lines);
    for (uint32_t i = 0; i < out.count; i++)
        strcat(all, lines[i]);
    assert_string_equal(all, wanted);
    out.count = 0;
}

/* ---- which session ---- */

static void test_a_first_event_opens_a_session(void **state)
{
    (void)state;
    assert_int_equal(sessions_partition_time(sessions), -1);
    view(1000, "v", "a");
    assert_contributed("N0  +1000 N1  +1000 s0 a +1000 s1 a +1000 ");
    assert_int_equal(sessions_open(sessions), 1);
    assert_int_equal(sessions_partition_time(sessions), 1000);
    assert_int_equal(sessions_stats(sessions)->opened, 1);
}

static void test_a_gap_ends_a_session(void **state)
{
    (void)state;
    view(1000, "v", "a");
    view(1100, "v", "b"); /* just the gap */
    assert_contributed("r0 a>b +1100 r0 b>a +1100 s0 b +1100 s1 b +1100 ");
    view(1201, "v", "c");
    assert_contributed("N0  +1201 N1  +1201 s0 c +1201 s1 c +1201 ");
    assert_int_equal(sessions_open(sessions), 1);
    assert_int_equal(sessions_stats(sessions)->opened, 2);
}

static void test_an_event_out_of_order_joins_at_its_own_time(void **state)
{
    (void)state;
    view(1000, "v", "a");
    view(980, "v", "b");
    assert_contributed("r0 a>b +980 r0 b>a +980 s0 b +980 s1 b +980 ");
    view(1100, "v", "c"); /* last_ts is the highest, 1000 */
    assert_contributed("r0 a>c +1100 r0 b>c +1100 r0 c>a +1100 r0 c>b +1100 "
                       "s0 c +1100 s1 c +1100 ");
}

static void test_another_session_id_opens_anew(void **state)
{
    (void)state;
    now_session = "x";
    view(1000, "v", "a");
    view(1001, "v", "b");
    assert_contributed("r0 a>b +1001 r0 b>a +1001 s0 b +1001 s1 b +1001 ");
    now_session = "";
    view(1002, "v", "a"); /* without an id it joins */
    assert_contributed("");
    now_session = "xy";
    view(1003, "v", "c");
    assert_contributed("N0  +1003 N1  +1003 s0 c +1003 s1 c +1003 ");
    now_session = "x"; /* the former is gone */
    view(1004, "v", "a");
    assert_contributed("N0  +1004 N1  +1004 s0 a +1004 s1 a +1004 ");
    assert_int_equal(sessions_open(sessions), 1);
}

static void test_a_session_takes_the_first_id_that_comes(void **state)
{
    (void)state;
    view(1000, "v", "a");
    now_session = "x";
    view(1001, "v", "b");
    assert_contributed("r0 a>b +1001 r0 b>a +1001 s0 b +1001 s1 b +1001 ");
    now_session = "y";
    view(1002, "v", "c");
    assert_contributed("N0  +1002 N1  +1002 s0 c +1002 s1 c +1002 ");
}

static void test_visitors_and_tenants_are_apart(void **state)
{
    (void)state;
    view(1000, "v", "a");
    view(1000, "w", "b");
    assert_contributed("N0  +1000 N1  +1000 s0 b +1000 s1 b +1000 ");
    now_tenant = "t";
    view(1000, "v", "a");
    assert_contributed("N0 t/ +1000 N1 t/ +1000 s0 t/a +1000 s1 t/a +1000 ");
    assert_int_equal(sessions_open(sessions), 3);
}

/* ---- time refused ---- */

static enum event_verdict judge(int64_t ts_ms, int64_t stamp_ms)
{
    const char *id = "a";
    enum event_verdict verdict;

    now_stamp = stamp_ms;
    verdict = take_many(ts_ms, "v", EVENT_PAGE_VIEW, &id, 1);
    now_stamp = EVENT_NO_STAMP;
    return verdict;
}

static void test_refuses_the_future(void **state)
{
    (void)state;
    assert_int_equal(judge(1011, 1000), EVENT_FUTURE);
    assert_contributed("");
    assert_int_equal(sessions_partition_time(sessions), -1);
    assert_int_equal(sessions_open(sessions), 0);
    assert_int_equal(judge(1010, 1000), EVENT_ACCEPTED);
    assert_int_equal(judge(1005, 5000), EVENT_ACCEPTED);
    assert_int_equal(judge(999999, EVENT_NO_STAMP), EVENT_ACCEPTED);
    assert_int_equal(judge(11, 0), EVENT_FUTURE);
}

static void test_refuses_the_late(void **state)
{
    (void)state;
    assert_int_equal(judge(0, 0), EVENT_ACCEPTED);
    assert_int_equal(judge(1000, -1), EVENT_ACCEPTED);
    assert_int_equal(judge(950, -1), EVENT_ACCEPTED);
    assert_int_equal(judge(949, -1), EVENT_LATE);
    assert_contributed("");
    assert_int_equal(judge(949, 930), EVENT_FUTURE);
    assert_int_equal(sessions_partition_time(sessions), 1000);
}

/* Nothing that is refused moves anything. */
static void test_a_refused_event_changes_nothing(void **state)
{
    (void)state;
    view(1000, "v", "a");
    assert_int_equal(judge(2000, 1000), EVENT_FUTURE);
    assert_int_equal(sessions_partition_time(sessions), 1000);
    view(960, "w", "b"); /* would be late had time moved */
    view(1100, "v", "b");
    assert_contributed("r0 a>b +1100 r0 b>a +1100 s0 b +1100 s1 b +1100 ");
}

/* ---- what is forgotten ---- */

static void test_forgets_what_nothing_can_continue(void **state)
{
    (void)state;
    view(1000, "u", "a");
    view(1001, "v", "a");
    view(1150, "w", "a"); /* 1000 + 100 is not below 1150 - 50 */
    assert_int_equal(sessions_open(sessions), 3);
    view(1151, "w", "a"); /* opens nothing: nothing is forgotten */
    assert_int_equal(sessions_open(sessions), 3);
    view(1151, "x", "a"); /* u's is; v's stands at the edge */
    assert_int_equal(sessions_open(sessions), 3);
    view(1101, "v", "b");
    assert_contributed("r0 a>b +1101 r0 b>a +1101 s0 b +1101 s1 b +1101 ");
    assert_int_equal(sessions_stats(sessions)->forgotten_full, 0);
}

/* The order is that of arrival: a session whose last_ts is young hides an old
 * one that stands behind it. */
static void test_forgets_from_the_old_end_only(void **state)
{
    (void)state;
    view(1000, "u", "a");
    view(960, "v", "a");
    view(1140, "w", "a"); /* v's is past, u's is not */
    assert_int_equal(sessions_open(sessions), 3);
    view(1151, "x", "a");
    assert_int_equal(sessions_open(sessions), 2);
}

static void test_forgets_the_oldest_when_there_are_too_many(void **state)
{
    (void)state;
    rules.open_max = 2;
    view(1000, "u", "a");
    view(1000, "v", "a");
    view(1001, "u", "b"); /* u's is the newest now */
    view(1001, "w", "a");
    assert_int_equal(sessions_open(sessions), 2);
    assert_int_equal(sessions_stats(sessions)->forgotten_full, 1);
    view(1002, "u", "c");
    assert_contributed("r0 a>c +1002 r0 b>c +1002 r0 c>a +1002 r0 c>b +1002 "
                       "s0 c +1002 s1 c +1002 ");
    view(1002, "v", "a");
    assert_contributed("N0  +1002 N1  +1002 s0 a +1002 s1 a +1002 ");
    assert_int_equal(sessions_stats(sessions)->forgotten_full, 2);
}

/* The visitor's former session leaves before the others are counted. */
static void test_a_visitors_next_session_takes_its_place(void **state)
{
    (void)state;
    rules.open_max = 2;
    view(1000, "u", "a");
    view(1050, "v", "a");
    view(1101, "u", "b");
    assert_int_equal(sessions_open(sessions), 2);
    assert_int_equal(sessions_stats(sessions)->forgotten_full, 0);
}

/* ---- items of a session ---- */

static void test_a_repeat_counts_nothing(void **state)
{
    (void)state;
    view(1000, "v", "a");
    view(1001, "v", "a");
    assert_contributed("");
    cart(1002, "v", "a");
    assert_contributed("s2 a +1002 ");
    cart(1003, "v", "a");
    assert_contributed("");
    take(1004, "v", EVENT_PURCHASE, "a");
    uncart(1005, "v", "a");
    assert_contributed("");
}

static void test_a_full_session_pushes_out_the_oldest(void **state)
{
    (void)state;
    rules.items_max = 2;
    view(1000, "v", "a");
    view(1001, "v", "b");
    view(1002, "v", "a"); /* a repeat, but b stands longest now */
    view(1003, "v", "c");
    assert_contributed("r0 a>c +1003 r0 c>a +1003 s0 c +1003 s1 c +1003 ");
    assert_int_equal(sessions_stats(sessions)->pushed_out, 1);
    view(1004, "v", "b"); /* a new item, and counts again */
    assert_contributed("r0 b>c +1004 r0 c>b +1004 s0 b +1004 s1 b +1004 ");
}

/* What an item contributed before it left is never taken back. */
static void test_what_left_is_not_taken_back(void **state)
{
    (void)state;
    rules.items_max = 2;
    cart(1000, "v", "a");
    cart(1001, "v", "b");
    cart(1002, "v", "c");
    uncart(1003, "v", "b");
    assert_contributed("r0 b>c -1002 r0 c>b -1002 s0 b -1001 s2 b -1001 ");
    uncart(1004, "v", "a");
    assert_contributed("");
}

static void test_items_without_actions_take_room(void **state)
{
    (void)state;
    rules.items_max = 2;
    view(1000, "v", "a");
    cart(1001, "v", "b");
    uncart(1002, "v", "b");
    view(1003, "v", "c"); /* a leaves, though b has no action */
    assert_contributed("s0 c +1003 s1 c +1003 ");
    view(1004, "v", "b");
    assert_contributed("r0 b>c +1004 r0 c>b +1004 s0 b +1004 s1 b +1004 ");
}

static void test_removing_what_is_not_held_changes_no_item(void **state)
{
    (void)state;
    uncart(1000, "v", "a");
    assert_contributed("");
    assert_int_equal(sessions_open(sessions), 1);
    assert_int_equal(sessions_partition_time(sessions), 1000);
    uncart(1090, "v", "a"); /* moves last_ts */
    view(1190, "v", "b");
    assert_contributed("N0  +1190 N1  +1190 s0 b +1190 s1 b +1190 ");
    assert_int_equal(sessions_stats(sessions)->opened, 1);
}

static void test_clearing_what_is_clear_moves_the_item(void **state)
{
    (void)state;
    rules.items_max = 2;
    view(1000, "v", "a");
    view(1001, "v", "b");
    uncart(1002, "v", "a");
    assert_contributed("");
    view(1003, "v", "c");
    assert_contributed("r0 a>c +1003 r0 c>a +1003 s0 c +1003 s1 c +1003 ");
}

static void test_a_removed_cart_is_taken_back(void **state)
{
    (void)state;
    view(1000, "v", "a");
    cart(1001, "v", "b");
    assert_contributed("r0 a>b +1001 r0 b>a +1001 r1 a>b +1001 s0 b +1001 "
                       "s2 b +1001 ");
    uncart(1050, "v", "b");
    assert_contributed("r0 a>b -1001 r0 b>a -1001 r1 a>b -1001 s0 b -1001 "
                       "s2 b -1001 ");
    cart(1060, "v", "b");
    assert_contributed("r0 a>b +1060 r0 b>a +1060 r1 a>b +1060 s0 b +1060 "
                       "s2 b +1060 ");
}

/* N: once a session and set of `from`, never taken back. */
static void test_counts_a_session_once(void **state)
{
    (void)state;
    cart(1000, "v", "a");
    assert_contributed("N0  +1000 s0 a +1000 s2 a +1000 ");
    uncart(1001, "v", "a");
    assert_contributed("s0 a -1000 s2 a -1000 ");
    cart(1002, "v", "a");
    assert_contributed("s0 a +1002 s2 a +1002 ");
    view(1003, "v", "b");
    assert_contributed("N1  +1003 r0 a>b +1003 r0 b>a +1003 s0 b +1003 "
                       "s1 b +1003 ");
}

/* ---- several items an event ---- */

static void test_items_of_an_event_arrive_one_by_one(void **state)
{
    static const char *const three[] = {"a", "b", "a", "c"};

    (void)state;
    rules.items_max = 2;
    assert_int_equal(take_many(1000, "v", EVENT_PAGE_VIEW, three, 4),
                     EVENT_ACCEPTED);
    assert_contributed("N0  +1000 N1  +1000 r0 a>b +1000 r0 a>c +1000 "
                       "r0 b>a +1000 r0 c>a +1000 s0 a +1000 s0 b +1000 "
                       "s0 c +1000 s1 a +1000 s1 b +1000 s1 c +1000 ");
    assert_int_equal(sessions_stats(sessions)->pushed_out, 1);
}

static void test_two_hundred_items_arrive(void **state)
{
    static char ids[EVENT_ITEMS_MAX][8];
    static const char *texts[EVENT_ITEMS_MAX];

    (void)state;
    rules.items_max = 3;
    for (int i = 0; i < EVENT_ITEMS_MAX; i++) {
        snprintf(ids[i], sizeof *ids, "%d", i);
        texts[i] = ids[i];
    }
    take_many(1000, "v", EVENT_PAGE_VIEW, texts, EVENT_ITEMS_MAX);
    /* N twice, two supports an item; 0, 2, 4, then four pairs each */
    assert_int_equal(out.count, 2 + 2 * 200 + 0 + 2 + 4 * 198);
    for (uint32_t i = 0; i < out.count; i++)
        assert_true(intern_id(items, out.at[i].item).bytes != NULL);
    assert_int_equal(sessions_stats(sessions)->pushed_out, 197);
}

static void test_memory_comes_back(void **state)
{
    uint64_t before = sessions_bytes(sessions);

    (void)state;
    rules.open_max = 1;
    for (int i = 0; i < 100; i++)
        view(1000, i % 2 ? "v" : "w", i % 3 ? "a" : "b");
    assert_int_equal(sessions_open(sessions), 1);
    assert_true(sessions_bytes(sessions) < before + 1000);
    assert_true(sessions_bytes(sessions) > before);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_sessions, close_sessions)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_first_event_opens_a_session),
        TEST(test_a_gap_ends_a_session),
        TEST(test_an_event_out_of_order_joins_at_its_own_time),
        TEST(test_another_session_id_opens_anew),
        TEST(test_a_session_takes_the_first_id_that_comes),
        TEST(test_visitors_and_tenants_are_apart),
        TEST(test_refuses_the_future),
        TEST(test_refuses_the_late),
        TEST(test_a_refused_event_changes_nothing),
        TEST(test_forgets_what_nothing_can_continue),
        TEST(test_forgets_from_the_old_end_only),
        TEST(test_forgets_the_oldest_when_there_are_too_many),
        TEST(test_a_visitors_next_session_takes_its_place),
        TEST(test_a_repeat_counts_nothing),
        TEST(test_a_full_session_pushes_out_the_oldest),
        TEST(test_what_left_is_not_taken_back),
        TEST(test_items_without_actions_take_room),
        TEST(test_removing_what_is_not_held_changes_no_item),
        TEST(test_clearing_what_is_clear_moves_the_item),
        TEST(test_a_removed_cart_is_taken_back),
        TEST(test_counts_a_session_once),
        TEST(test_items_of_an_event_arrive_one_by_one),
        TEST(test_two_hundred_items_arrive),
        TEST(test_memory_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
