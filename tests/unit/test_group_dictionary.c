#include "group_dictionary.h"

#include "rng.h"
#include "unit.h"

enum { IDS_MAX = 3000 };

static struct intern *ids;
static struct group_dictionary dictionary;
static struct strbuf packed;
static uint32_t held[IDS_MAX];
static uint32_t held_count;

static int open_ids(void **state)
{
    (void)state;
    ids = intern_new();
    group_dictionary_init(&dictionary, ids);
    held_count = 0;
    strbuf_clear(&packed);
    return 0;
}

static int close_ids(void **state)
{
    (void)state;
    group_dictionary_deinit(&dictionary);
    for (uint32_t i = 0; i < held_count; i++)
        intern_drop(ids, held[i]);
    assert_int_equal(intern_count(ids), 0);
    intern_free(ids);
    strbuf_deinit(&packed);
    return 0;
}

static uint32_t add(const char *tenant, const char *id)
{
    uint32_t number = intern_hold(ids, text_of(tenant), text_of(id));

    held[held_count++] = number;
    return group_dictionary_add(&dictionary, number);
}

static void test_an_id_is_what_differs(void **state)
{
    static const char wanted[] = "\x01"   /* tenants */
                                 "\0\x03" /* none; ids */
                                 "\x0ekopi-gayo-250g"
                                 "\x44"
                                 "500g"
                                 "\x96\x01"
                                 "toraja";

    (void)state;
    add("", "kopi-toraja");
    add("", "kopi-gayo-250g");
    assert_int_equal(add("", "kopi-gayo-500g"), 2);
    assert_int_equal(add("", "kopi-toraja"), 0);
    group_dictionary_pack(&packed, &dictionary);
    assert_int_equal(packed.length, sizeof wanted - 1);
    assert_memory_equal(packed.bytes, wanted, packed.length);
    assert_int_equal(dictionary.ranks[0], 2);
    assert_int_equal(dictionary.ranks[1], 0);
    assert_int_equal(dictionary.ranks[2], 1);
}

static void test_a_long_end_has_a_length_of_its_own(void **state)
{
    static const char wanted[] = "\x01\0\x02"
                                 "\x0f\x01"
                                 "aaaaaaaaaaaaaaaa"
                                 "\x8f\x02\0"
                                 "bbbbbbbbbbbbbbb";

    (void)state;
    add("", "aaaaaaaaaaaaaaaa");
    add("", "bbbbbbbbbbbbbbb");
    group_dictionary_pack(&packed, &dictionary);
    assert_int_equal(packed.length, sizeof wanted - 1);
    assert_memory_equal(packed.bytes, wanted, packed.length);
}

/* ---- any ids ---- */

static int compare_ids(uint32_t left, uint32_t right)
{
    struct text texts[2][2] = {
        {intern_tenant(ids, left), intern_id(ids, left)},
        {intern_tenant(ids, right), intern_id(ids, right)}};

    for (int i = 0; i < 2; i++) {
        struct text a = texts[0][i], b = texts[1][i];
        uint32_t shorter = a.length < b.length ? a.length : b.length;
        int order = memcmp(a.bytes, b.bytes, shorter);

        if (order != 0)
            return order;
        if (a.length != b.length)
            return a.length < b.length ? -1 : 1;
    }
    return 0;
}

static void check_comes_back(void)
{
    struct unpack from = unpack_begin(packed.bytes, packed.length);
    struct group_names names;

    assert_int_equal(group_names_unpack(&names, ids, &from), 0);
    assert_true(unpack_is_done(&from));
    assert_int_equal(names.count, dictionary.count);
    for (uint32_t i = 0; i < dictionary.count; i++)
        assert_int_equal(names.numbers[dictionary.ranks[i]],
                         dictionary.numbers[i]);
    for (uint32_t i = 1; i < names.count; i++)
        assert_true(compare_ids(names.numbers[i - 1], names.numbers[i]) < 0);
    for (uint32_t i = 0; i < names.tenants; i++)
        assert_int_equal(
            i + 1 < names.tenants,
            names.ends[i] < names.count &&
                intern_tenant_number(ids, names.numbers[names.ends[i] - 1]) !=
                    intern_tenant_number(ids, names.numbers[names.ends[i]]));
    group_names_deinit(&names);
}

/* Short alphabets, so that much is alike; long common beginnings; any length.
 */
static void write_id(struct rng *rng, char *id, uint32_t letters)
{
    uint32_t length = rng_below(rng, letters == 2 ? 30 : 5);
    uint32_t start = rng_below(rng, 4) == 0 ? 60 : rng_below(rng, 2) * 9;

    memset(id, 'm', start);
    for (uint32_t i = start; i < start + length; i++)
        id[i] = (char)(letters == 2 ? 'a' + (int)rng_below(rng, 2)
                                    : (int)(1 + rng_below(rng, 255)));
    id[start + length] = '\0';
}

static void test_any_ids_come_back_in_order(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    for (int round = 0; round < 60; round++) {
        uint32_t count = rng_below(&rng, round % 6 == 0 ? IDS_MAX : 60);
        uint32_t tenants = 1 + rng_below(&rng, 3);
        char tenant[8], id[128];

        open_ids(NULL);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t number = rng_below(&rng, tenants);

            snprintf(tenant, sizeof tenant, "%.*s", (int)number, "zz");
            write_id(&rng, id, 2 + (uint32_t)round % 2);
            add(tenant, id);
        }
        group_dictionary_pack(&packed, &dictionary);
        check_comes_back();
        close_ids(NULL);
    }
    open_ids(NULL);
}

static void test_bytes_do_not_depend_on_numbers(void **state)
{
    struct strbuf first = STRBUF_EMPTY;
    char id[16];

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "%d", i * 7);
        add(i % 3 == 0 ? "toko" : "", id);
    }
    group_dictionary_pack(&first, &dictionary);
    close_ids(NULL);
    open_ids(NULL);
    for (int i = 199; i >= 0; i--) {
        snprintf(id, sizeof id, "%d", i * 7);
        add(i % 3 == 0 ? "toko" : "", id);
    }
    group_dictionary_pack(&packed, &dictionary);
    assert_int_equal(first.length, packed.length);
    assert_memory_equal(first.bytes, packed.bytes, packed.length);
    strbuf_deinit(&first);
}

/* ---- bytes that are none ---- */

static void refuse(const char *bytes, size_t length)
{
    struct unpack from = unpack_begin(bytes, length);
    struct group_names names;

    assert_int_equal(group_names_unpack(&names, ids, &from), -1);
    group_names_deinit(&names);
    assert_int_equal(intern_count(ids), 0);
}

#define REFUSE(bytes) refuse("" bytes, sizeof(bytes) - 1)

static void test_bytes_that_are_none(void **state)
{
    (void)state;
    REFUSE("\x01\0\x02\x02"
           "ba\x00"); /* the same, nothing dropped */
    REFUSE("\x01\0\x02\x02"
           "ba\x81\x80\x80\x80\x80\x02"
           "\xff"); /* 2^32 dropped */
    REFUSE("");
    REFUSE("\x02\0\x01\x01"
           "a");        /* a tenant too few */
    REFUSE("\x01\0\0"); /* a tenant without ids */
    REFUSE("\x01\0\x03\x01"
           "a\x11"
           "b"); /* an id too few */
    REFUSE("\x01\0\x01\x02"
           "a"); /* cut short */
    REFUSE("\x01\0\x02\x01"
           "a\x11"
           "a"); /* twice the same */
    REFUSE("\x01\0\x02\x01"
           "b\x11"
           "a"); /* falling */
    REFUSE("\x01\0\x02\x02"
           "ba\x11"
           ""); /* a beginning of it */
    REFUSE("\x01\0\x02\x02"
           "ba\x10"); /* the same */
    REFUSE("\x01\0\x02\x01"
           "a\x21"
           "b"); /* drops what is not there */
    REFUSE("\x02\0\x01\x01"
           "a\0\x01\x01"
           "a"); /* the same tenant twice */
    REFUSE("\x02\x01"
           "b\x01\x01"
           "a\x01"
           "a\x01\x01"
           "a"); /* falling */
    REFUSE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    REFUSE("\x01\0\xff\xff\xff\xff\x0f\x01"
           "a");
    REFUSE("\x01\0\x01\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
           "a");
}

static void test_lengths_are_bounded(void **state)
{
    char bytes[256] = "\x01\0\x01\x0f";
    struct unpack from;
    struct group_names names;

    (void)state;
    memset(bytes + 5, 'a', 200);
    bytes[4] = 128 - 15;
    from = unpack_begin(bytes, 5 + 128);
    assert_int_equal(group_names_unpack(&names, ids, &from), 0);
    assert_int_equal(intern_id(ids, names.numbers[0]).length, 128);
    group_names_deinit(&names);
    bytes[4] = 129 - 15;
    refuse(bytes, 5 + 129);
    memmove(bytes + 1, "\x41", 1);
    memset(bytes + 2, 't', 65);
    memcpy(bytes + 67,
           "\x01\x01"
           "a",
           3);
    refuse(bytes, 70);
    bytes[1] = 64;
    memcpy(bytes + 66,
           "\x01\x01"
           "a",
           3);
    from = unpack_begin(bytes, 69);
    assert_int_equal(group_names_unpack(&names, ids, &from), 0);
    group_names_deinit(&names);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ids, close_ids)
    const struct CMUnitTest tests[] = {
        TEST(test_an_id_is_what_differs),
        TEST(test_a_long_end_has_a_length_of_its_own),
        cmocka_unit_test_teardown(test_any_ids_come_back_in_order, close_ids),
        TEST(test_bytes_do_not_depend_on_numbers),
        TEST(test_bytes_that_are_none),
        TEST(test_lengths_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
