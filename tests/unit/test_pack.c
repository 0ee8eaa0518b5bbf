#include "pack.h"

#include "rng.h"
#include "unit.h"

static const uint64_t numbers[] = {0,
                                   1,
                                   127,
                                   128,
                                   129,
                                   16383,
                                   16384,
                                   UINT32_MAX,
                                   INT64_MAX,
                                   UINT64_C(1) << 63,
                                   UINT64_MAX,
                                   300,
                                   2097151,
                                   2097152,
                                   UINT64_C(1) << 56,
                                   (1u << 28),
                                   (1u << 28) - 1,
                                   UINT64_C(1) << 49};

static void test_numbers_come_back(void **state)
{
    struct strbuf out = STRBUF_EMPTY;
    struct unpack from;

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        pack_add_uint(&out, numbers[i]);
        pack_add_int(&out, (int64_t)numbers[i]);
        pack_add_int(&out, -(int64_t)(numbers[i] >> 1) - 1);
    }
    pack_add_int(&out, INT64_MIN);
    from = unpack_begin(out.bytes, out.length);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_true(unpack_uint(&from) == numbers[i]);
        assert_true(unpack_int(&from) == (int64_t)numbers[i]);
        assert_true(unpack_int(&from) == -(int64_t)(numbers[i] >> 1) - 1);
        assert_false(unpack_is_done(&from));
    }
    assert_true(unpack_int(&from) == INT64_MIN);
    assert_true(unpack_is_done(&from));
    strbuf_deinit(&out);
}

static void assert_packed(const struct strbuf *out, const char *wanted,
                          size_t length)
{
    assert_int_equal(out->length, length);
    assert_memory_equal(out->bytes, wanted, length);
}

static void test_small_numbers_are_small(void **state)
{
    struct strbuf out = STRBUF_EMPTY;

    (void)state;
    pack_add_uint(&out, 127);
    pack_add_uint(&out, 128);
    pack_add_int(&out, -1);
    pack_add_int(&out, 1);
    pack_add_int(&out, -64);
    pack_add_bytes(&out, "kopi", 4);
    pack_add_bytes(&out, NULL, 0);
    assert_packed(&out, "\x7f\x80\x01\x01\x02\x7f\x04kopi\0", 12);
    strbuf_deinit(&out);
}

static void assert_broken(const char *bytes, size_t length)
{
    struct unpack from = unpack_begin(bytes, length);
    size_t got = 1;

    assert_int_equal(unpack_uint(&from), 0);
    assert_true(from.is_broken);
    assert_false(unpack_is_done(&from));
    assert_int_equal(unpack_uint(&from), 0);
    assert_int_equal(unpack_int(&from), 0);
    assert_null(unpack_bytes(&from, &got));
    assert_int_equal(got, 0);
    assert_int_equal(unpack_left(&from), 0);
    unpack_seal(&from);
    assert_true(from.is_broken);
}

static void test_a_number_that_is_none(void **state)
{
    (void)state;
    assert_broken(NULL, 0);
    assert_broken("\x80", 1);
    assert_broken("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    assert_broken("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    assert_broken("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11);
    assert_broken("\x80\x00", 2);
    assert_broken("\xff\x80\x00", 3);
}

static void test_bytes_within_the_end(void **state)
{
    struct unpack from = unpack_begin("\x03"
                                      "abcd",
                                      5);
    size_t length;

    (void)state;
    assert_memory_equal(unpack_bytes(&from, &length), "abc", 3);
    assert_int_equal(length, 3);
    assert_int_equal(unpack_left(&from), 1);
    assert_false(unpack_is_done(&from));
    from = unpack_begin("\x03"
                        "ab",
                        3);
    assert_null(unpack_bytes(&from, &length));
    assert_int_equal(length, 0);
    assert_true(from.is_broken);
    from = unpack_begin("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                        "ab",
                        12);
    assert_null(unpack_bytes(&from, &length));
    from = unpack_begin("\0", 1);
    assert_non_null(unpack_bytes(&from, &length));
    assert_int_equal(length, 0);
    assert_true(unpack_is_done(&from));
}

static void test_a_seal_sees_every_bit(void **state)
{
    struct strbuf out = STRBUF_EMPTY;
    struct unpack from;

    (void)state;
    strbuf_add_text(&out, "before");
    pack_add_bytes(&out, "kopi", 4);
    pack_add_seal(&out, 6);
    assert_int_equal(out.length, 6 + 5 + 8);
    from = unpack_begin(out.bytes + 6, out.length - 6);
    unpack_seal(&from);
    assert_int_equal(unpack_uint(&from), 4);
    assert_int_equal(unpack_left(&from), 4);
    for (size_t bit = 6 * 8; bit < out.length * 8; bit++) {
        out.bytes[bit / 8] ^= (char)(1 << bit % 8);
        from = unpack_begin(out.bytes + 6, out.length - 6);
        unpack_seal(&from);
        assert_true(from.is_broken);
        assert_int_equal(unpack_left(&from), 0);
        out.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    from = unpack_begin(out.bytes, 7);
    unpack_seal(&from);
    assert_true(from.is_broken);
    strbuf_deinit(&out);
}

/* Read from an allocation of its own, so that a sanitizer sees one byte more.
 */
static void test_random_bytes_stay_within(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    for (int round = 0; round < 20000; round++) {
        size_t length = rng_below(&rng, 20), got;
        unsigned char *bytes = malloc(length > 0 ? length : 1);
        struct unpack from;

        for (size_t i = 0; i < length; i++)
            bytes[i] =
                (unsigned char)(rng_below(&rng, 3) == 0 ? rng_below(&rng, 256)
                                                        : rng_below(&rng, 8));
        from = unpack_begin(bytes, length);
        while (!from.is_broken && !unpack_is_done(&from)) {
            const unsigned char *before = from.at;

            if (rng_below(&rng, 2))
                unpack_int(&from);
            else
                unpack_bytes(&from, &got);
            assert_true(from.at > before && from.at <= from.end);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_come_back),
        cmocka_unit_test(test_small_numbers_are_small),
        cmocka_unit_test(test_a_number_that_is_none),
        cmocka_unit_test(test_bytes_within_the_end),
        cmocka_unit_test(test_a_seal_sees_every_bit),
        cmocka_unit_test(test_random_bytes_stay_within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
