#include "store_format.h"

#include "pack.h"
#include "unit.h"

static struct text text_in(const struct strbuf *buf)
{
    return (struct text){buf->bytes, (uint32_t)buf->length};
}

static void test_numbers(void **state)
{
    static const struct {
        uint64_t number;
        const char *digits;
    } cases[] = {{0, "00000000000000000000"},
                 {7, "00000000000000000007"},
                 {UINT64_C(1) << 53, "00009007199254740992"},
                 {UINT64_MAX, "18446744073709551615"}};
    struct strbuf out = STRBUF_EMPTY;
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        strbuf_clear(&out);
        store_format_add_number(&out, cases[i].number);
        assert_text(text_in(&out), cases[i].digits);
        assert_int_equal(store_format_read_number(&number, text_in(&out)), 0);
        assert_true(number == cases[i].number);
    }
    strbuf_deinit(&out);
}

static void test_no_numbers(void **state)
{
    static const char *const cases[] = {"",
                                        "-1",
                                        "1 ",
                                        "12a",
                                        "0x1",
                                        "18446744073709551616",
                                        "184467440737095516150"};
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(store_format_read_number(&number, text_of(cases[i])),
                         -1);
}

static void test_pairs(void **state)
{
    struct store_token token = {UINT64_MAX, 1}, read_token;
    struct store_id id = {2, UINT64_MAX - 1}, read_id;
    struct strbuf out = STRBUF_EMPTY;
    struct text text;

    (void)state;
    store_format_add_token(&out, token);
    store_format_add_id(&out, id);
    text = (struct text){out.bytes, STORE_PAIR_DIGITS};
    assert_int_equal(store_format_read_token(&read_token, text), 0);
    assert_int_equal(store_token_compare(token, read_token), 0);
    text.bytes += STORE_PAIR_DIGITS;
    assert_int_equal(store_format_read_id(&read_id, text), 0);
    assert_true(store_id_equal(id, read_id));
    text.length--;
    assert_int_equal(store_format_read_id(&read_id, text), -1);
    text.length += 2;
    assert_int_equal(store_format_read_id(&read_id, text), -1);
    out.bytes[STORE_PAIR_DIGITS + 30] = '-';
    text.length--;
    assert_int_equal(store_format_read_id(&read_id, text), -1);
    strbuf_deinit(&out);
}

static const int64_t marks_at[] = {-1, 0, INT64_MAX, 300, INT64_MIN};

static void test_marks(void **state)
{
    struct strbuf out = STRBUF_EMPTY;
    struct store_marks marks;
    int64_t *at = NULL;
    struct text text;

    (void)state;
    for (uint32_t count = 0; count <= COUNT(marks_at); count++) {
        strbuf_clear(&out);
        store_format_add_marks(&out, (struct store_marks){count, marks_at});
        assert_int_equal(store_format_read_marks(&marks, &at, text_in(&out)),
                         0);
        assert_int_equal(marks.count, count);
        assert_memory_equal(marks.at, marks_at, count * sizeof *marks_at);
    }
    for (uint32_t length = 1; length < out.length; length++) {
        text = (struct text){out.bytes, length};
        assert_int_equal(store_format_read_marks(&marks, &at, text), -1);
    }
    strbuf_add_char(&out, 0);
    assert_int_equal(store_format_read_marks(&marks, &at, text_in(&out)), -1);
    strbuf_clear(&out);
    pack_add_uint(&out, UINT64_MAX); /* of which there is no memory */
    assert_int_equal(store_format_read_marks(&marks, &at, text_in(&out)), -1);
    assert_int_equal(store_format_read_marks(&marks, &at, text_of("")), 0);
    assert_int_equal(marks.count, 0);
    free(at);
    strbuf_deinit(&out);
}

static const struct store_checkpoint checkpoint = {
    .builds_on = {1, 2},
    .id = {3, 4},
    .marks = {2, marks_at},
    .body = {"body", 4},
};

static void assert_part(const struct store_part *part)
{
    struct strbuf marks = STRBUF_EMPTY;

    store_format_add_marks(&marks, checkpoint.marks);
    assert_true(store_id_equal(part->id, checkpoint.id));
    assert_text(part->body, "body");
    assert_int_equal(part->ends.length, marks.length);
    assert_memory_equal(part->ends.bytes, marks.bytes, marks.length);
    strbuf_deinit(&marks);
}

/* Cut anywhere before its body it is none, and of another version neither. */
static void assert_cuts(int (*read)(struct store_part *, struct text),
                        const struct strbuf *whole)
{
    struct store_part part;

    for (uint32_t length = 0; length < whole->length; length++) {
        int is_front = length < whole->length - checkpoint.body.length;
        struct text text = {whole->bytes, length};

        assert_int_equal(read(&part, text), is_front ? -1 : 0);
    }
    whole->bytes[0] = '2';
    assert_int_equal(read(&part, text_in(whole)), -1);
}

static void test_base(void **state)
{
    struct strbuf out = STRBUF_EMPTY;
    struct store_part part;

    (void)state;
    store_format_add_base(&out, &checkpoint);
    assert_int_equal(out.bytes[0], '1');
    assert_int_equal(store_format_read_base(&part, text_in(&out)), 0);
    assert_part(&part);
    assert_cuts(store_format_read_base, &out);
    strbuf_deinit(&out);
}

static void test_delta(void **state)
{
    struct strbuf out = STRBUF_EMPTY;
    struct store_part part;

    (void)state;
    strbuf_add_char(&out, '1');
    store_format_add_id(&out, checkpoint.id);
    store_format_add_id(&out, checkpoint.builds_on);
    strbuf_add_text(&out, "00000005begin");
    store_format_add_delta(&out, &checkpoint);
    assert_int_equal(store_format_read_delta(&part, text_in(&out)), 0);
    assert_part(&part);
    assert_true(store_id_equal(part.builds_on, checkpoint.builds_on));
    assert_text(part.begins, "begin");
    assert_cuts(store_format_read_delta, &out);
    strbuf_deinit(&out);
}

static int read_manifest(struct store_manifest *manifest, int64_t *time_ms,
                         const struct strbuf *value)
{
    return store_format_read_manifest(
        manifest, time_ms, text_of("09223372036854775807"), text_in(value));
}

static void test_manifest(void **state)
{
    struct store_snapshot snapshot = {
        .origin = -1, .fingerprint = {"f\n", 2}, .body = {"b\n", 2}};
    struct strbuf out = STRBUF_EMPTY;
    struct store_manifest manifest;
    int64_t time_ms;
    size_t whole;

    (void)state;
    strbuf_add_text(&out, "1 0001718000000123 a b\n");
    store_format_add_manifest(&out, &snapshot);
    assert_int_equal(read_manifest(&manifest, &time_ms, &out), 0);
    assert_int_equal(manifest.offset, INT64_MAX);
    assert_int_equal(manifest.origin, -1);
    assert_int_equal(time_ms, INT64_C(1718000000123));
    assert_text(manifest.fingerprint, "f\n");
    assert_text(manifest.body, "b\n");
    assert_int_equal(store_format_read_manifest(&manifest, &time_ms,
                                                text_of("09223372036854775808"),
                                                text_in(&out)),
                     -1);
    whole = out.length;
    for (out.length = 0; out.length < whole - 2; out.length++)
        assert_int_equal(read_manifest(&manifest, &time_ms, &out), -1);
    assert_int_equal(read_manifest(&manifest, &time_ms, &out), 0);
    out.bytes[4] = 'x';
    assert_int_equal(read_manifest(&manifest, &time_ms, &out), -1);
    strbuf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_pairs),    cmocka_unit_test(test_marks),
        cmocka_unit_test(test_base),     cmocka_unit_test(test_delta),
        cmocka_unit_test(test_manifest),
    };

    return cmocka_run_group_tests_name("store_format", tests, NULL, NULL);
}
