#include "session_state_world.h"

/* ---- by hand ---- */

static struct side from, to;

static int open_sides(void **state)
{
    (void)state;
    use_rules();
    open_side(&from);
    open_side(&to);
    return 0;
}

static int close_sides(void **state)
{
    (void)state;
    close_side(&from);
    close_side(&to);
    clear_chunks(&saved);
    clear_chunks(&again);
    return 0;
}

/* Version 1 as it stands in Redis: it may not change under the same number. */
static void test_bytes_of_version_1(void **state)
{
    static const char wanted[] = "\x01\x27" /* version, length */
                                 "\x04"
                                 "toko\x04"
                                 "budi\x03"
                                 "s-1"
                                 "\xd0\x0f\x07" /* last_ts, arrival */
                                 "\x02\x03\x02" /* sequence, counted, items */
                                 "\x04"
                                 "kopi\x01"         /* viewed */
                                 "\x04\x01\x04\x01" /* two panes ago, first */
                                 "\x03"
                                 "teh\x02" /* in the cart */
                                 "\x00\x02\x00\x02";

    (void)state;
    from.offset = 6;
    take(&from,
         (struct told){"toko", "budi", "s-1", EVENT_PAGE_VIEW, "kopi", 1800});
    take(&from,
         (struct told){"toko", "budi", "", EVENT_ADD_TO_CART, "teh", 2000});
    cut_all(&saved, &from, 0);
    assert_int_equal(saved.count, 1);
    assert_int_equal(saved.at[0].length, sizeof wanted - 1 + PACK_SEAL_BYTES);
    assert_memory_equal(saved.at[0].bytes, wanted, sizeof wanted - 1);
    assert_int_equal(saved.cut.partition_time_ms, 2000);
    assert_int_equal(saved.cut.oldest, 7);
    assert_int_equal(saved.cut.open, 1);
    load_chunks(&to, &saved);
    assert_same(&from, &to);
}

static void test_none_are_open(void **state)
{
    (void)state;
    cut_all(&saved, &from, 0);
    assert_int_equal(saved.count, 0);
    assert_int_equal(saved.cut.oldest, -1);
    assert_int_equal(saved.cut.partition_time_ms, -1);
    load_chunks(&to, &saved);
    assert_int_equal(sessions_open(to.sessions), 0);
}

static void test_a_cut_is_of_one_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        view(&from, (const char *[]){"a", "b", "c", "d"}[i], "kopi", 100 + i);
    for (int i = 0; i < 4; i++)
        view(&to, (const char *[]){"a", "b", "c", "d"}[i], "kopi", 100 + i);
    sessions_cut_begin(from.sessions, &saved.cut, 0);
    assert_false(cut_more(&saved, &from, 1)); /* d */
    view(&from, "a", "teh", 200);             /* not yet written */
    view(&from, "d", "teh", 200);             /* written */
    view(&from, "c", "teh", 5000);            /* next; begins anew */
    view(&from, "e", "teh", 5000);            /* forgets all that are old */
    while (!cut_more(&saved, &from, 1))
        ;
    assert_int_equal(saved.sessions, 4);
    close_side(&from);
    open_side(&from);
    load_chunks(&from, &saved);
    assert_same(&from, &to);
}

static void test_only_what_changed_since(void **state)
{
    (void)state;
    view(&from, "a", "kopi", 100);
    view(&from, "b", "kopi", 100);
    cut_all(&saved, &from, 0);
    assert_int_equal(saved.sessions, 2);
    view(&from, "c", "kopi", 100);
    view(&from, "a", "teh", 100);
    saved.sessions = 0;
    cut_all(&saved, &from, 2);
    assert_int_equal(saved.sessions, 2);
    load_chunks(&to, &saved);
    assert_same(&from, &to);
}

static void test_chunks_in_any_order_and_twice(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    view(&from, "a", "kopi", 100);
    view(&from, "b", "kopi", 100);
    cut_all(&saved, &from, 0);
    view(&from, "a", "teh", 100);
    cut_all(&saved, &from, 2);
    for (uint32_t i = saved.count; i-- > 0;)
        assert_int_equal(sessions_load(to.sessions, saved.at[i].bytes,
                                       saved.at[i].length, &err),
                         0);
    load_chunks(&to, &saved);
    assert_same(&from, &to);
}

static void test_pieces_of_one_chunk(void **state)
{
    struct strbuf chunk = STRBUF_EMPTY;
    struct err err = ERR_NONE;
    uint64_t count = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        view(&from, (char[]){(char)('a' + i), '\0'}, "kopi", 100);
    sessions_cut_begin(from.sessions, &saved.cut, 0);
    while (!sessions_cut_next(from.sessions, &chunk, 30, &count))
        ;
    assert_int_equal(count, 20);
    assert_int_equal(
        sessions_load(to.sessions, chunk.bytes, chunk.length, &err), 0);
    assert_int_equal(sessions_load_end(to.sessions, &saved.cut, &err), 0);
    assert_same(&from, &to);
    strbuf_deinit(&chunk);
}

static void test_forgotten_ones_do_not_come_back(void **state)
{
    (void)state;
    rules.open_max = 2;
    view(&from, "a", "kopi", 100);
    view(&from, "b", "kopi", 100);
    cut_all(&saved, &from, 0);
    view(&from, "c", "kopi", 100);
    cut_all(&saved, &from, 2);
    assert_int_equal(saved.cut.oldest, 1);
    load_chunks(&to, &saved);
    assert_int_equal(sessions_open(to.sessions), 2);
    assert_same(&from, &to);
}

static void test_all_are_forgotten(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    view(&from, "a", "kopi", 100);
    cut_all(&saved, &from, 0);
    assert_int_equal(
        sessions_load(to.sessions, saved.at[0].bytes, saved.at[0].length, &err),
        0);
    saved.cut.oldest = -1;
    saved.cut.open = 0;
    assert_int_equal(sessions_load_end(to.sessions, &saved.cut, &err), 0);
    assert_int_equal(sessions_open(to.sessions), 0);
    assert_int_equal(sessions_partition_time(to.sessions), 100);
}

static void test_lower_bounds_hold_at_the_load(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        view(&from, "a", (char[]){(char)('a' + i), '\0'}, 100);
    view(&from, "b", "kopi", 100);
    view(&from, "c", "kopi", 100);
    cut_all(&saved, &from, 0);
    rules.items_max = 2;
    rules.open_max = 3;
    load_chunks(&to, &saved);
    to.offset = from.offset;
    view(&to, "a", "d", 100);
    assert_int_equal(to.out.count, 0);
    view(&to, "a", "a", 100);
    assert_true(to.out.count > 0);
    clear_chunks(&again);
    cut_all(&again, &to, 0);
    close_side(&to);
    rules.open_max = 2;
    open_side(&to);
    load_chunks(&to, &again);
    assert_int_equal(sessions_open(to.sessions), 2);
    assert_int_equal(sessions_stats(to.sessions)->forgotten_full, 1);
    rules.items_max = 4;
    rules.open_max = 100;
}

static void test_a_cut_given_up(void **state)
{
    (void)state;
    view(&from, "a", "kopi", 100);
    view(&from, "b", "kopi", 100);
    sessions_cut_begin(from.sessions, &saved.cut, 0);
    view(&from, "a", "teh", 100);
    sessions_cut_abandon(from.sessions);
    sessions_cut_abandon(from.sessions);
    view(&from, "b", "teh", 100);
    cut_all(&saved, &from, 0);
    assert_int_equal(saved.sessions, 2);
    load_chunks(&to, &saved);
    assert_same(&from, &to);
}

/* ---- bytes that are none ---- */

static void refuse(const struct strbuf *chunk, const char *wanted)
{
    struct err err = ERR_NONE;

    assert_int_equal(
        sessions_load(to.sessions, chunk->bytes, chunk->length, &err), -1);
    assert_string_equal(err.text, wanted);
}

static void test_words_for_what_does_not_fit(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    view(&from, "a", "kopi", 100);
    view(&from, "b", "kopi", 100);
    cut_all(&saved, &from, 0);
    saved.at[0].length--;
    refuse(&saved.at[0], "sessions are cut short");
    saved.at[0].length++;
    saved.at[0].bytes[4] ^= 1;
    refuse(&saved.at[0], "sessions are damaged");
    saved.at[0].bytes[4] ^= 1;
    saved.at[0].bytes[0] = 9;
    refuse(&saved.at[0],
           "sessions in version 9, of which this program knows nothing");
    saved.at[0].bytes[0] = 1;
    load_chunks(&to, &saved);
    saved.cut.open = 3;
    assert_int_equal(sessions_load_end(to.sessions, &saved.cut, &err), -1);
    assert_string_equal(err.text, "3 sessions were open, and 2 are there");
    saved.cut.open = 2;
    saved.cut.partition_time_ms = 99;
    err = ERR_NONE;
    assert_int_equal(sessions_load_end(to.sessions, &saved.cut, &err), -1);
    assert_string_equal(err.text, "sessions and their manifest do not fit");
}

/* A chunk of the records said, under a good seal; returns what its load does.
 */
static int load_said(const char *said, size_t length)
{
    struct strbuf chunk = STRBUF_EMPTY;
    struct err err = ERR_NONE;
    int result;

    pack_add_uint(&chunk, 1);
    pack_add_bytes(&chunk, said, length);
    pack_add_seal(&chunk, 0);
    result = sessions_load(to.sessions, chunk.bytes, chunk.length, &err);
    strbuf_deinit(&chunk);
    return result;
}

#define SAID(bytes) load_said(bytes, sizeof(bytes) - 1)

/* Tenant, visitor, id, last_ts, arrival, sequence, counted, items. */
#define V                                                                      \
    "\0\x01"                                                                   \
    "v\0\x64"

static void test_sessions_that_cannot_be(void **state)
{
    struct session_cut cut = {.partition_time_ms = 1000, .open = 1};
    struct err err = ERR_NONE;
    struct strbuf many = STRBUF_EMPTY;
    char big[200] = "\0\x81\x01";

    (void)state;
    assert_int_equal(SAID(V "\x01\x02\x07\0"), 0);
    assert_int_equal(SAID(V "\x02\x02\x08\0"), -1);
    assert_int_equal(SAID("\0\0\0\x64\x03\0\0\0"), -1);
    assert_int_equal(SAID(V "\x04\x02\0\x01\x01"
                            "a\0"),
                     0);
    assert_int_equal(SAID(V "\x05\x02\0\x01\0\0"), -1);
    assert_int_equal(SAID(V "\x05\x02\0\x01\x01"
                            "a\x08"),
                     -1);
    assert_int_equal(SAID(V "\x05\x02\0\x02\x01"
                            "a\0\x01"
                            "a\0"),
                     -1);
    assert_int_equal(SAID(V "\x05\x02\0\x01\x01"
                            "a\x04\0\x02"),
                     0);
    assert_int_equal(SAID(V "\x06\x02\0\x01\x01"
                            "a\x04\0\x03"),
                     -1);
    assert_int_equal(SAID(V "\x80\x80\x80\x80\x80\x80\x40\0\0\0"), -1);
    memset(big + 3, 'v', 129);
    memcpy(big + 132, "\0\x64\x05\0\0\0", 6);
    assert_int_equal(load_said(big, 138), -1);
    for (uint32_t count = 1000; count <= 1001; count++) {
        strbuf_clear(&many);
        strbuf_add(&many, V "\x06\0\0", 8);
        pack_add_uint(&many, count);
        for (uint32_t i = 0; i < count; i++)
            strbuf_add_format(&many, "\x04%04u%c", i, 0);
        assert_int_equal(load_said(many.bytes, many.length),
                         count == 1000 ? 0 : -1);
    }
    strbuf_deinit(&many);
    assert_int_equal(sessions_load_end(to.sessions, &cut, &err), 0);
}

static void test_two_of_one_arrival_cannot_be(void **state)
{
    struct session_cut cut = {
        .partition_time_ms = 1000, .oldest = 1, .open = 2};
    struct err err = ERR_NONE;

    (void)state;
    assert_int_equal(SAID(V "\x01\0\0\0"
                            "\0\x01"
                            "w\0\x64\x01\0\0\0"),
                     0);
    assert_int_equal(sessions_load_end(to.sessions, &cut, &err), -1);
    assert_string_equal(err.text, "sessions and their manifest do not fit");
    assert_int_equal(SAID(V "\x02\0\0\0"), 0);
    err = ERR_NONE;
    assert_int_equal(sessions_load_end(to.sessions, &cut, &err), 0);
}

static void test_no_bit_goes_unseen(void **state)
{
    struct err err = ERR_NONE;
    struct strbuf *chunk = &saved.at[0];

    (void)state;
    view(&from, "a", "kopi", 100);
    cut_all(&saved, &from, 0);
    for (size_t bit = 0; bit < chunk->length * 8; bit++) {
        chunk->bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(
            sessions_load(to.sessions, chunk->bytes, chunk->length, &err), -1);
        chunk->bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t length = 1; length < chunk->length; length++)
        assert_int_equal(sessions_load(to.sessions, chunk->bytes, length, &err),
                         -1);
    assert_int_equal(sessions_open(to.sessions), 0);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_sides, close_sides)
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_of_version_1),
        TEST(test_none_are_open),
        TEST(test_a_cut_is_of_one_moment),
        TEST(test_only_what_changed_since),
        TEST(test_chunks_in_any_order_and_twice),
        TEST(test_pieces_of_one_chunk),
        TEST(test_forgotten_ones_do_not_come_back),
        TEST(test_all_are_forgotten),
        TEST(test_lower_bounds_hold_at_the_load),
        TEST(test_a_cut_given_up),
        TEST(test_words_for_what_does_not_fit),
        TEST(test_sessions_that_cannot_be),
        TEST(test_two_of_one_arrival_cannot_be),
        TEST(test_no_bit_goes_unseen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
