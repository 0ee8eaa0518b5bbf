/* Single changes of one item's actions in a session set up by hand. */
#include "membership.h"

#include "unit.h"

enum {
    VIEW = ACTION_VIEW,
    CART = ACTION_CART,
    BUY = ACTION_PURCHASE,
    PAIRED = CART | BUY
};

static struct relations relations;
static struct session_store store;
static struct session *session;
static struct contributions out;

/* Sets in the order in which the relations name them. */
static void open_session(struct relations rules, uint32_t items)
{
    relations = rules;
    relations_init(&relations);
    session_store_init(&store, relations.sets_count);
    session = session_store_add(&store, 1, NO_TEXT, text_of("v"), NO_TEXT);
    session = session_store_rebuild(&store, session, items, NO_TEXT);
    session->items_count = (uint16_t)items;
    for (uint32_t i = 0; i < items; i++)
        session_record(&store, session, i)[0] = i + 1;
    contributions_init(&out);
}

static void close_session(void)
{
    contributions_deinit(&out);
    session_store_deinit(&store);
}

static struct relations defaults(void)
{
    return (struct relations){.count = 3,
                              .at = {{.from = ACTION_ALL, .to = ACTION_ALL},
                                     {.from = PAIRED, .to = PAIRED},
                                     {.from = VIEW, .to = PAIRED}}};
}

static struct relations one_relation(uint8_t from, uint8_t to)
{
    return (struct relations){.count = 1, .at = {{.from = from, .to = to}}};
}

static struct membership_change change_of(uint32_t item, uint8_t after,
                                          int64_t pane)
{
    return (struct membership_change){
        &store, &relations, session, session_record(&store, session, item - 1),
        after,  pane};
}

static void set(uint32_t item, uint8_t after, int64_t pane)
{
    struct membership_change change = change_of(item, after, pane);

    membership_apply(&change, &out);
    assert_int_equal(*record_actions(&store, change.record), after);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* All that came since the last time, sorted: "r0 1>2 +5" is a pair of relation
 * 0 in the row of 1 at pane 5, "s2 1 -5" a support of set 2. */
static void assert_contributed(const char *wanted)
{
    char lines[64][48];
    char all[64 * 48] = "";

    assert_true(out.count <= COUNT(lines));
    for (uint32_t i = 0; i < out.count; i++) {
        const struct contribution *one = &out.at[i];
        char sign = one->sign > 0 ? '+' : '-';

        assert_true(one->sign == 1 || one->sign == -1);
        if (one->other == 0)
            snprintf(lines[i], sizeof *lines, "s%d %u %c%lld ", one->index,
                     one->item, sign, (long long)one->fine_pane);
        else
            snprintf(lines[i], sizeof *lines, "r%d %u>%u %c%lld ", one->index,
                     one->item, one->other, sign, (long long)one->fine_pane);
    }
    qsort(lines, out.count, sizeof *lines, compare_lines);
    for (uint32_t i = 0; i < out.count; i++)
        strcat(all, lines[i]);
    assert_string_equal(all, wanted);
    out.count = 0;
}

/* ---- symmetric ---- */

static void test_a_newcomer_pairs_with_all_members(void **state)
{
    (void)state;
    open_session(one_relation(ACTION_ALL, ACTION_ALL), 4);
    set(1, VIEW, 5);
    assert_contributed("s0 1 +5 ");
    set(2, CART, 6);
    assert_contributed("r0 1>2 +6 r0 2>1 +6 s0 2 +6 ");
    set(3, BUY, 4);
    assert_contributed("r0 1>3 +4 r0 2>3 +4 r0 3>1 +4 r0 3>2 +4 s0 3 +4 ");
    close_session();
}

static void test_a_further_action_of_the_set_says_nothing(void **state)
{
    (void)state;
    open_session(one_relation(ACTION_ALL, ACTION_ALL), 2);
    set(1, VIEW, 5);
    set(2, VIEW, 5);
    out.count = 0;
    set(2, VIEW | CART, 6);
    set(2, VIEW | PAIRED, 6);
    set(2, VIEW | BUY, 7);
    assert_contributed("");
    close_session();
}

/* What is taken back is taken back at the time of its +1: that of the later of
 * the two memberships in the order of arrival, whatever its event time. */
static void test_an_end_takes_back_at_the_later_ones_time(void **state)
{
    (void)state;
    open_session(one_relation(PAIRED, PAIRED), 3);
    set(1, CART, 5);
    set(2, CART, 9);
    set(3, CART, 7);
    out.count = 0;
    set(2, 0, 11);
    assert_contributed("r0 1>2 -9 r0 2>1 -9 r0 2>3 -7 r0 3>2 -7 s0 2 -9 ");
    set(1, 0, 12);
    assert_contributed("r0 1>3 -7 r0 3>1 -7 s0 1 -5 ");
    set(3, 0, 13);
    assert_contributed("s0 3 -7 ");
    close_session();
}

static void test_what_still_holds_it_keeps_it(void **state)
{
    (void)state;
    open_session(one_relation(PAIRED, PAIRED), 2);
    set(1, CART, 5);
    set(2, CART, 5);
    set(1, CART | BUY, 6);
    out.count = 0;
    set(1, BUY, 7);
    assert_contributed("");
    close_session();
}

static void test_a_membership_may_begin_again(void **state)
{
    (void)state;
    open_session(one_relation(CART, CART), 2);
    set(1, CART, 5);
    set(2, CART, 6);
    set(1, 0, 7);
    out.count = 0;
    set(1, CART, 8);
    assert_contributed("r0 1>2 +8 r0 2>1 +8 s0 1 +8 ");
    set(2, 0, 9);
    assert_contributed("r0 1>2 -8 r0 2>1 -8 s0 2 -6 ");
    close_session();
}

/* ---- directed: sets 0 (view) and 1 (cart, purchase) ---- */

static void test_a_to_member_pairs_with_earlier_from_members(void **state)
{
    (void)state;
    open_session(one_relation(VIEW, PAIRED), 4);
    set(1, VIEW, 5);
    set(2, VIEW, 6);
    assert_contributed("s0 1 +5 s0 2 +6 ");
    set(3, CART, 7);
    assert_contributed("r0 1>3 +7 r0 2>3 +7 s1 3 +7 ");
    set(4, VIEW, 8); /* too late for 3 */
    assert_contributed("s0 4 +8 ");
    set(1, VIEW | CART, 9); /* with all but itself */
    assert_contributed("r0 2>1 +9 r0 4>1 +9 s1 1 +9 ");
    close_session();
}

static void test_ends_take_back_directed_pairs(void **state)
{
    (void)state;
    open_session(one_relation(CART, BUY), 3);
    set(1, CART, 5);
    set(2, BUY, 6);
    set(3, CART, 7);
    set(3, CART | BUY, 8);
    assert_contributed("r0 1>2 +6 r0 1>3 +8 s0 1 +5 s0 3 +7 s1 2 +6 s1 3 +8 ");
    set(1, 0, 9); /* from ends: both went to it */
    assert_contributed("r0 1>2 -6 r0 1>3 -8 s0 1 -5 ");
    set(3, BUY, 10); /* 3 came after 2's purchase: no pair */
    assert_contributed("s0 3 -7 ");
    close_session();
}

static void test_a_to_membership_may_end(void **state)
{
    (void)state;
    open_session(one_relation(VIEW, CART), 3);
    set(1, VIEW, 5);
    set(2, CART, 6);
    set(3, VIEW, 7);
    out.count = 0;
    set(2, 0, 8);
    assert_contributed("r0 1>2 -6 s1 2 -6 ");
    set(2, CART, 9);
    assert_contributed("r0 1>2 +9 r0 3>2 +9 s1 2 +9 ");
    close_session();
}

/* Sets that overlap: one event begins both memberships of an item, and one
 * ends both. Sets 0 (cart) and 1 (cart, purchase). */
static void test_both_memberships_at_once(void **state)
{
    (void)state;
    open_session(one_relation(CART, PAIRED), 3);
    set(1, CART, 5);
    assert_contributed("s0 1 +5 s1 1 +5 ");
    set(2, CART, 6);
    assert_contributed("r0 1>2 +6 s0 2 +6 s1 2 +6 ");
    set(3, BUY, 7);
    assert_contributed("r0 1>3 +7 r0 2>3 +7 s1 3 +7 ");
    set(2, 0, 8);
    assert_contributed("r0 1>2 -6 r0 2>3 -7 s0 2 -6 s1 2 -6 ");
    set(1, BUY | CART, 9);
    set(1, BUY, 9);
    assert_contributed("r0 1>3 -7 s0 1 -5 ");
    close_session();
}

/* ---- several relations ---- */

static void test_default_relations_share_their_supports(void **state)
{
    (void)state;
    open_session(defaults(), 2);
    set(1, VIEW, 5);
    assert_contributed("s0 1 +5 s2 1 +5 ");
    set(2, CART, 6);
    assert_contributed("r0 1>2 +6 r0 2>1 +6 r2 1>2 +6 s0 2 +6 s1 2 +6 ");
    set(1, VIEW | CART, 7);
    assert_contributed("r1 1>2 +7 r1 2>1 +7 s1 1 +7 ");
    set(2, 0, 8);
    assert_contributed("r0 1>2 -6 r0 2>1 -6 r1 1>2 -7 r1 2>1 -7 r2 1>2 -6 "
                       "s0 2 -6 s1 2 -6 ");
    close_session();
}

static void test_says_which_sets_begin(void **state)
{
    struct membership_change change;

    (void)state;
    open_session(defaults(), 1);
    change = change_of(1, VIEW, 5);
    assert_int_equal(membership_begins(&change), 1 << 0 | 1 << 2);
    set(1, VIEW, 5);
    change = change_of(1, VIEW | CART, 5);
    assert_int_equal(membership_begins(&change), 1 << 1);
    set(1, VIEW | CART, 5);
    change = change_of(1, VIEW, 5);
    assert_int_equal(membership_begins(&change), 0);
    close_session();
}

/* ---- small numbers for large ones ---- */

static void test_panes_far_apart(void **state)
{
    static const int64_t starts[] = {0, UINT32_MAX - INT64_C(1),
                                     INT64_C(1) << 40,
                                     INT64_C(253402300799999) - 3};
    static const int64_t gaps[] = {1, 1 << 20, INT32_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(starts); i++)
        for (size_t j = 0; j < COUNT(gaps); j++) {
            char wanted[128];
            long long at = starts[i];

            open_session(one_relation(CART, CART), 2);
            set(1, CART, at);
            set(2, CART, at + 1);
            out.count = 0;
            set(1, 0, at + gaps[j]);
            snprintf(wanted, sizeof wanted,
                     "r0 1>2 -%lld r0 2>1 -%lld s0 1 -%lld ", at + 1, at + 1,
                     at);
            assert_contributed(wanted);
            close_session();
        }
}

/* Disorder: the event that ends it is older than the one that began it. */
static void test_an_end_older_than_the_beginning(void **state)
{
    (void)state;
    open_session(one_relation(CART, CART), 1);
    set(1, CART, INT64_C(1) << 32);
    out.count = 0;
    set(1, 0, (INT64_C(1) << 32) - 1);
    assert_contributed("s0 1 -4294967296 ");
    close_session();
}

/* Arrival numbers have 16 bits; they are dealt anew, in their order, before
 * they run out. An item that came first stays first, one that came just before
 * the end comes before one that comes just after. */
static void test_arrival_numbers_never_run_out(void **state)
{
    (void)state;
    for (uint32_t begins = 65530; begins < 65540; begins++) {
        open_session(one_relation(VIEW, CART), 5);
        set(1, VIEW, 1);
        set(4, CART, 2);
        out.count = 0;
        for (uint32_t i = 2; i < begins; i++) {
            set(5, CART, 3);
            set(5, 0, 3);
            out.count = 0;
        }
        set(2, VIEW, 4);
        set(3, CART, 5);
        assert_contributed("r0 1>3 +5 r0 2>3 +5 s0 2 +4 s1 3 +5 ");
        set(4, 0, 6); /* 2 came after it: no pair */
        assert_contributed("r0 1>4 -2 s1 4 -2 ");
        set(3, 0, 7);
        assert_contributed("r0 1>3 -5 r0 2>3 -5 s1 3 -5 ");
        assert_true(session->sequence > 0);
        close_session();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_newcomer_pairs_with_all_members),
        cmocka_unit_test(test_a_further_action_of_the_set_says_nothing),
        cmocka_unit_test(test_an_end_takes_back_at_the_later_ones_time),
        cmocka_unit_test(test_what_still_holds_it_keeps_it),
        cmocka_unit_test(test_a_membership_may_begin_again),
        cmocka_unit_test(test_a_to_member_pairs_with_earlier_from_members),
        cmocka_unit_test(test_ends_take_back_directed_pairs),
        cmocka_unit_test(test_a_to_membership_may_end),
        cmocka_unit_test(test_both_memberships_at_once),
        cmocka_unit_test(test_default_relations_share_their_supports),
        cmocka_unit_test(test_says_which_sets_begin),
        cmocka_unit_test(test_panes_far_apart),
        cmocka_unit_test(test_an_end_older_than_the_beginning),
        cmocka_unit_test(test_arrival_numbers_never_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
