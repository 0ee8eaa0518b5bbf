#include "group_state_world.h"

/* ---- by hand ---- */

static struct side from, to;
static struct strbuf bytes;

static int open_sides(void **state)
{
    (void)state;
    open_side(&from, 1, 100);
    open_side(&to, 1, 100);
    strbuf_clear(&bytes);
    return 0;
}

static int close_sides(void **state)
{
    (void)state;
    close_side(&from);
    close_side(&to);
    strbuf_deinit(&bytes);
    return 0;
}

/* Version 1 as it stands in Redis: it may not change under the same number.
 * Fine panes of 1 ms; stream time is in pane 50. */
static void test_bytes_of_version_1(void **state)
{
    static const char wanted[] =
        "\x01\x32\x00" /* version, pane of stream time, ahead */
        "\x01\x00\x01\x04"
        "kopi" /* categories: of no tenant, one */
        "\x01\x00\x03\x01"
        "a\x11"
        "b\x11"
        "c"                 /* items: a b c */
        "\x01"              /* rows: one */
        "\x00\x09"          /* a; 2 others, a category */
        "\x00\x06"          /* kopi, 3 ms ago */
        "\x01\x03\x05"      /* a support: code 1, 7 times */
        "\x02\x00"          /* b: code 0, once */
        "\x01\x00\x00\x12"; /* c, 2 cells: codes 0 and 10, once each */
    uint32_t group = group_of(&from, "", "a");

    (void)state;
    groups_advance(from.groups, 50);
    for (int i = 0; i < 7; i++)
        apply(&from, "", "a", NULL, 0, 1, 49);
    apply(&from, "", "a", "c", 1, 1, 49);
    apply(&from, "", "a", "b", 0, 1, 50);
    apply(&from, "", "a", "c", 0, 1, 50);
    categorise(&from, "a", 47, "kopi");
    pack(&bytes, &from, group);
    assert_int_equal(bytes.length, sizeof wanted - 1 + PACK_SEAL_BYTES);
    assert_memory_equal(bytes.bytes, wanted, sizeof wanted - 1);
    groups_advance(to.groups, 50);
    load(&to, group, &bytes);
    assert_same(&from, &to);
}

static void test_nothing_is_something(void **state)
{
    (void)state;
    for (uint32_t g = 0; g < GROUPS; g++) {
        pack(&bytes, &from, g);
        load(&to, g, &bytes);
        strbuf_clear(&bytes);
        groups_cut(from.groups, g);
        group_state_pack_cut(&bytes, from.groups, g);
        load(&to, g, &bytes);
    }
    assert_int_equal(groups_rows(to.groups), 0);
}

static void test_a_cut_empties_what_a_base_filled(void **state)
{
    uint32_t group = group_of(&from, "", "a");
    uint32_t set = 0;

    (void)state;
    apply(&from, "", "a", "b", 0, 1, 0);
    apply(&from, "", "a", NULL, set, 1, 0);
    categorise(&from, "a", 5, "kopi");
    pack(&bytes, &from, group);
    load(&to, group, &bytes);
    assert_int_equal(groups_support(to.groups, number(&to, "a"), set, 0), 1);
    groups_cut(from.groups, group);
    groups_cut_landed(from.groups, group);
    apply(&from, "", "a", "b", 0, -1, 0);
    apply(&from, "", "a", NULL, set, -1, 0);
    groups_cut(from.groups, group);
    strbuf_clear(&bytes);
    group_state_pack_cut(&bytes, from.groups, group);
    load(&to, group, &bytes);
    assert_int_equal(groups_row(to.groups, number(&to, "a"))->used, 0);
    assert_int_equal(groups_support(to.groups, number(&to, "a"), set, 0), 0);
    assert_text(groups_category(to.groups, number(&to, "a")), "kopi");
    assert_int_equal(number(&to, "b"), 0);
    assert_int_equal(groups_changed(to.groups, group).rows, 0);
}

static void test_a_base_has_no_room_for_nothing(void **state)
{
    uint32_t group = group_of(&from, "", "a");

    (void)state;
    apply(&from, "", "a", "b", 0, 1, 0);
    apply(&from, "", "a", "b", 0, -1, 0);
    pack(&bytes, &from, group);
    load(&to, group, &bytes);
    assert_int_equal(groups_rows(to.groups), 0);
    groups_cut(from.groups, group);
    strbuf_clear(&bytes);
    group_state_pack_cut(&bytes, from.groups, group);
    load(&to, group, &bytes);
    assert_int_equal(groups_rows(to.groups), 1);
}

static void test_tenants_stay_apart(void **state)
{
    (void)state;
    apply(&from, "toko", "a", "b", 0, 1, 0);
    apply(&from, "toko", "", NULL, 0, 1, 0);
    apply(&from, "", "", NULL, 0, 1, 0);
    apply(&from, "", "a", "c", 0, 1, 0);
    apply(&from, "toke", "a", "b", 0, 1, 0);
    for (uint32_t g = 0; g < GROUPS; g++) {
        pack(&bytes, &from, g);
        load(&to, g, &bytes);
    }
    assert_same(&from, &to);
    assert_same(&to, &from);
    assert_int_equal(groups_rows(to.groups), 5);
}

static void test_what_is_ahead_waits_for_its_time(void **state)
{
    uint32_t group = group_of(&from, "", "a");

    (void)state;
    groups_advance(from.groups, 100);
    groups_advance(to.groups, 100);
    apply(&from, "", "a", "b", 0, 1, 103);
    apply(&from, "", "a", "c", 0, 1, 100);
    pack(&bytes, &from, group);
    load(&to, group, &bytes);
    for (int64_t pane = 100; pane < 130; pane++) {
        groups_advance(from.groups, pane);
        groups_advance(to.groups, pane);
        assert_same(&from, &to);
    }
}

static void test_a_load_may_be_later(void **state)
{
    uint32_t group = group_of(&from, "", "a");

    (void)state;
    for (int64_t later = 0; later < 40; later++) {
        struct side one, two;

        open_side(&one, 1, 100);
        open_side(&two, 1, 100);
        groups_advance(one.groups, 1000);
        for (int64_t pane = 976; pane <= 1000; pane++) {
            apply(&one, "", "a", "b", 0, 1, pane);
            apply(&one, "", "a", NULL, 0, 1, pane);
        }
        pack(&bytes, &one, group);
        groups_advance(two.groups, 1000 + later);
        load(&two, group, &bytes);
        groups_advance(one.groups, 1000 + later);
        if (groups_row(one.groups, number(&one, "a"))->used > 0)
            assert_same(&one, &two);
        else
            assert_int_equal(groups_row(two.groups, number(&two, "a"))->used,
                             0);
        close_side(&one);
        close_side(&two);
    }
}

/* A row that was cut says so as long as it must, and no longer. */
static void test_a_cut_row_says_so(void **state)
{
    uint32_t group = group_of(&from, "", "a");
    struct side narrow;
    int64_t until;
    char id[8];

    (void)state;
    open_side(&narrow, 1, 16);
    groups_advance(narrow.groups, 70);
    groups_advance(to.groups, 70);
    for (int i = 0; i < 17; i++) {
        snprintf(id, sizeof id, "o%d", i);
        apply(&narrow, "", "a", id, 0, 1, 70);
    }
    until = groups_row(narrow.groups, number(&narrow, "a"))->cut_until;
    assert_true(until > 70);
    pack(&bytes, &narrow, group);
    load(&to, group, &bytes);
    assert_same(&narrow, &to);
    groups_advance(to.groups, until - 1);
    assert_true(groups_row(to.groups, number(&to, "a"))->cut_until == until);
    groups_advance(to.groups, until);
    assert_true(groups_row(to.groups, number(&to, "a"))->cut_until == 0);
    close_side(&narrow);
}

static void test_a_lower_cap_cuts_at_the_load(void **state)
{
    uint32_t group = group_of(&from, "", "a");
    struct side narrow;
    char id[8];

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "o%02d", i);
        for (int j = 0; j <= i; j++)
            apply(&from, "", "a", id, 0, 1, 0);
    }
    pack(&bytes, &from, group);
    open_side(&narrow, 1, 16);
    load(&narrow, group, &bytes);
    assert_int_equal(groups_row(narrow.groups, number(&narrow, "a"))->pairs,
                     14);
    assert_int_not_equal(number(&narrow, "o26"), 0);
    assert_int_equal(number(&narrow, "o25"), 0);
    assert_true(groups_row(narrow.groups, number(&narrow, "a"))->cut_until > 0);
    close_side(&narrow);
}

static void test_a_row_of_many(void **state)
{
    uint32_t group = group_of(&from, "", "a");
    struct side one, two;
    char id[8];

    (void)state;
    open_side(&one, 1, 1000);
    open_side(&two, 1, 1000);
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "o%d", i * 7 % 300);
        apply(&one, "", "a", id, 0, 1, 0);
    }
    pack(&bytes, &one, group);
    load(&two, group, &bytes);
    assert_same(&one, &two);
    close_side(&one);
    close_side(&two);
}

static void test_counts_to_the_highest(void **state)
{
    uint32_t group = group_of(&from, "", "a");

    (void)state;
    apply(&from, "", "a", "b", 0, 1, 0);
    groups_row(from.groups, number(&from, "a"))->cells[0].count = UINT32_MAX;
    pack(&bytes, &from, group);
    load(&to, group, &bytes);
    assert_int_equal(groups_row(to.groups, number(&to, "a"))->cells[0].count,
                     UINT32_MAX);
}

/* ---- bytes that are none ---- */

static void test_words_for_what_does_not_fit(void **state)
{
    uint32_t group = group_of(&from, "", "a");

    (void)state;
    groups_advance(from.groups, 50);
    groups_advance(to.groups, 50);
    apply(&from, "", "a", "b", 0, 1, 50);
    pack(&bytes, &from, group);
    refuse(&to, (group + 1) % GROUPS, &bytes,
           "rows of another group, or of another number of groups");
    bytes.bytes[0] = 2;
    refuse(&to, group, &bytes,
           "rows in version 2, of which this program knows nothing");
    bytes.bytes[0] = 1;
    bytes.bytes[1] = 51;
    refuse(&to, group, &bytes, "rows are damaged");
    reseal(&bytes);
    refuse(&to, group, &bytes,
           "rows are of a later time than that of the stream");
    bytes.bytes[1] = 50;
    bytes.bytes[3] = 1;
    reseal(&bytes);
    refuse(&to, group, &bytes, "rows are damaged within their seal");
    bytes.length = 0;
    refuse(&to, group, &bytes, "rows are damaged");
    assert_int_equal(groups_rows(to.groups), 0);
}

/* A value of stream time 50 with what is said, under a good seal; returns what
 * its load does. */
static int load_said(const char *id, const char *said, size_t length)
{
    uint32_t group = group_of(&to, "", id);
    struct err err = ERR_NONE;
    int result;

    groups_advance(to.groups, 50);
    strbuf_clear(&bytes);
    strbuf_add(&bytes, "\x01\x32", 2);
    strbuf_add(&bytes, said, length);
    pack_add_seal(&bytes, 0);
    result =
        group_state_unpack(to.groups, group, bytes.bytes, bytes.length, &err);
    groups_check(to.groups);
    return result;
}

#define SAID(id, bytes) load_said(id, bytes, sizeof(bytes) - 1)

/* Said: ahead, categories, items, rows. */
#define A_AND_B                                                                \
    "\x01\0\x02\x01"                                                           \
    "a\x11"                                                                    \
    "b"
#define NONE_AND_B                                                             \
    "\x01\0\x02\0\x01"                                                         \
    "b"
#define OF_TWO                                                                 \
    "\x02\0\x01\x01"                                                           \
    "a\x01"                                                                    \
    "t\x01\x01"                                                                \
    "a"
#define KOPI                                                                   \
    "\x01\0\x01\x04"                                                           \
    "kopi"

static void test_rows_that_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(SAID("a", "\0\0" A_AND_B "\x01\0\x04\0\x02\0"), 0);
    assert_int_equal(SAID("a", "\0\0" A_AND_B "\x01\0\x04\0\x00\0"), -1);
    assert_int_equal(SAID("a", "\0\0" A_AND_B "\x01\0\x04\0\x04\0"), -1);
    assert_int_equal(SAID("b", "\0\0" NONE_AND_B "\x01\x01\0\0"), 0);
    assert_int_equal(SAID("b", "\0\0" NONE_AND_B "\x01\x01\x04\0\0\0"), -1);
    assert_int_equal(SAID("", "\0\0" NONE_AND_B "\x01\0\0\x01\0"), 0);
    assert_int_equal(SAID("", "\0\0" NONE_AND_B "\x01\0\x04\0\x02\0"), -1);
    assert_int_equal(SAID("a", "\0\0" OF_TWO "\x01\0\x04\0\x02\0"), -1);
    assert_int_equal(SAID("a", "\0" KOPI A_AND_B "\x01\0\x01\0\x64\0"), 0);
    assert_int_equal(SAID("a", "\0" KOPI A_AND_B "\x01\0\x01\0\x66\0"), -1);
    assert_int_equal(SAID("a", "\0" KOPI A_AND_B "\x01\0\x01\x01\x64\0"), -1);
    assert_int_equal(SAID("a", "\0\0" A_AND_B "\x01\0\x02\x05\0"), 0);
    assert_int_equal(
        SAID("a", "\0\0" A_AND_B "\x01\0\x02\x81\x80\x80\x80\x10\0"), -1);
    assert_int_equal(SAID("a", "\xff\xff\xff\x07\0" A_AND_B "\x01\0\0\0"), 0);
    assert_int_equal(SAID("a", "\x80\x80\x80\x08\0" A_AND_B "\x01\0\0\0"), -1);
    assert_int_equal(SAID("a", "\0\0" A_AND_B "\x01\0\0\0\0"), -1);
}

/* Its group is that of t/a. */
static void test_a_row_of_another_tenant_cannot_be(void **state)
{
    uint32_t group = group_of(&to, "t", "a");
    struct err err = ERR_NONE;

    (void)state;
    groups_advance(to.groups, 50);
    strbuf_add(&bytes, "\x01\x32\0\0" OF_TWO "\x01\x01\x04\0\0\0", 20);
    pack_add_seal(&bytes, 0);
    assert_int_equal(
        group_state_unpack(to.groups, group, bytes.bytes, bytes.length, &err),
        -1);
    assert_string_equal(err.text, "rows are damaged within their seal");
}

static void test_no_bit_goes_unseen(void **state)
{
    uint32_t group = group_of(&from, "", "a");
    struct err err = ERR_NONE;

    (void)state;
    apply(&from, "", "a", "b", 0, 1, 0);
    pack(&bytes, &from, group);
    for (size_t bit = 0; bit < bytes.length * 8; bit++) {
        bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(group_state_unpack(to.groups, group, bytes.bytes,
                                            bytes.length, &err),
                         -1);
        bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t length = 0; length < bytes.length; length++)
        assert_int_equal(
            group_state_unpack(to.groups, group, bytes.bytes, length, &err),
            -1);
    assert_int_equal(groups_rows(to.groups), 0);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_sides, close_sides)
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_of_version_1),
        TEST(test_nothing_is_something),
        TEST(test_a_cut_empties_what_a_base_filled),
        TEST(test_a_base_has_no_room_for_nothing),
        TEST(test_tenants_stay_apart),
        TEST(test_what_is_ahead_waits_for_its_time),
        TEST(test_a_load_may_be_later),
        TEST(test_a_cut_row_says_so),
        TEST(test_a_lower_cap_cuts_at_the_load),
        TEST(test_a_row_of_many),
        TEST(test_counts_to_the_highest),
        TEST(test_words_for_what_does_not_fit),
        TEST(test_rows_that_cannot_be),
        TEST(test_a_row_of_another_tenant_cannot_be),
        TEST(test_no_bit_goes_unseen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
