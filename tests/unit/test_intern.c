#include "intern.h"

#include "hash.h"
#include "rng.h"
#include "unit.h"

static void test_equal_ids_have_one_number(void **state)
{
    struct intern *intern = intern_new();
    uint32_t a = intern_hold(intern, NO_TEXT, text_of("a"));
    uint32_t b = intern_hold(intern, NO_TEXT, text_of("b"));

    (void)state;
    assert_true(a != 0 && b != 0 && a != b);
    assert_int_equal(intern_hold(intern, NO_TEXT, text_of("a")), a);
    assert_int_equal(intern_find(intern, NO_TEXT, text_of("b")), b);
    assert_int_equal(intern_find(intern, NO_TEXT, text_of("c")), 0);
    assert_int_equal(intern_find(intern, text_of("t"), text_of("a")), 0);
    assert_int_equal(intern_count(intern), 2);
    assert_text(intern_id(intern, a), "a");
    assert_text(intern_tenant(intern, a), "");
    intern_check(intern);
    intern_free(intern);
}

static void test_lives_as_long_as_it_is_held(void **state)
{
    struct intern *intern = intern_new();
    uint32_t a = intern_hold(intern, NO_TEXT, text_of("a"));

    (void)state;
    intern_hold_again(intern, a);
    intern_hold(intern, NO_TEXT, text_of("a"));
    intern_drop(intern, a);
    intern_drop(intern, a);
    assert_int_equal(intern_find(intern, NO_TEXT, text_of("a")), a);
    intern_drop(intern, a);
    assert_int_equal(intern_find(intern, NO_TEXT, text_of("a")), 0);
    assert_int_equal(intern_count(intern), 0);
    assert_int_equal(intern_hold(intern, NO_TEXT, text_of("z")), a);
    assert_text(intern_id(intern, a), "z");
    assert_int_equal(intern_end(intern), a + 1);
    intern_check(intern);
    intern_free(intern);
}

static void test_tenants_never_meet(void **state)
{
    struct intern *intern = intern_new();
    uint32_t plain = intern_hold(intern, NO_TEXT, text_of("a"));
    uint32_t s_a = intern_hold(intern, text_of("s"), text_of("a"));
    uint32_t t_a = intern_hold(intern, text_of("t"), text_of("a"));
    uint32_t t_b = intern_hold(intern, text_of("t"), text_of("b"));
    uint32_t tenant = intern_hold(intern, text_of("t"), NO_TEXT);

    (void)state;
    assert_int_equal(intern_count(intern), 5);
    assert_text(intern_tenant(intern, s_a), "s");
    assert_text(intern_tenant(intern, t_a), "t");
    assert_text(intern_id(intern, tenant), "");
    assert_text(intern_tenant(intern, tenant), "t");
    assert_int_equal(intern_tenant_number(intern, plain), 0);
    assert_int_equal(intern_tenant_number(intern, t_a),
                     intern_tenant_number(intern, t_b));
    assert_int_not_equal(intern_tenant_number(intern, s_a),
                         intern_tenant_number(intern, t_a));
    assert_int_not_equal(intern_hash(intern, s_a), intern_hash(intern, t_a));
    assert_int_equal(intern_find(intern, text_of("t"), NO_TEXT), tenant);
    assert_int_equal(intern_find(intern, NO_TEXT, NO_TEXT), 0);
    intern_free(intern);
}

static void test_a_tenant_lives_as_long_as_its_items(void **state)
{
    struct intern *intern = intern_new();
    uint32_t a = intern_hold(intern, text_of("t"), text_of("a"));
    uint32_t b = intern_hold(intern, text_of("t"), text_of("b"));
    uint32_t number = intern_tenant_number(intern, a), c;

    (void)state;
    intern_hold(intern, text_of("t"), text_of("a"));
    intern_drop(intern, a);
    intern_drop(intern, a);
    assert_text(intern_tenant(intern, b), "t");
    intern_drop(intern, b);
    c = intern_hold(intern, text_of("u"), text_of("c"));
    assert_int_equal(intern_tenant_number(intern, c), number);
    assert_text(intern_tenant(intern, c), "u");
    assert_int_equal(intern_find(intern, text_of("t"), text_of("a")), 0);
    intern_check(intern);
    intern_free(intern);
}

static void test_key_hash_is_of_the_item_as_in_keys(void **state)
{
    struct intern *intern = intern_new();
    uint32_t item = intern_hold(intern, text_of("w/i"), text_of("sku 1"));
    uint32_t tenant = intern_hold(intern, text_of("w/i"), NO_TEXT);
    uint32_t none = intern_hold(intern, NO_TEXT, NO_TEXT);

    (void)state;
    assert_true(intern_key_hash(intern, item) ==
                hash_bytes("w%2Fi/sku%201", 13, 0));
    assert_true(intern_key_hash(intern, tenant) == hash_bytes("w%2Fi", 5, 0));
    assert_true(intern_key_hash(intern, none) == hash_bytes("", 0, 0));
    intern_free(intern);
}

static void test_texts_never_move(void **state)
{
    struct intern *intern = intern_new();
    uint32_t first = intern_hold(intern, NO_TEXT, text_of("first"));
    const char *bytes = intern_id(intern, first).bytes;
    uint64_t empty = intern_bytes(intern);

    (void)state;
    for (int i = 0; i < 30000; i++) {
        char id[16];

        snprintf(id, sizeof id, "%d", i);
        intern_hold(intern, NO_TEXT, text_of(id));
    }
    assert_ptr_equal(intern_id(intern, first).bytes, bytes);
    assert_int_equal(intern_count(intern), 30001);
    assert_true(intern_bytes(intern) > empty + 30000 * 6);
    intern_check(intern);
    intern_free(intern);
}

/* ---- against an array of holders ---- */

enum { TENANTS = 4, IDS = 300 };

struct model {
    struct intern *intern;
    uint32_t holders[TENANTS][IDS];
    uint32_t numbers[TENANTS][IDS];
};

static struct text name(char *out, const char *format, uint32_t number)
{
    snprintf(out, 16, format[0] == 't' ? "t%u" : "i%u", number);
    return text_of(number == 0 ? "" : out);
}

static void compare(const struct model *model)
{
    uint32_t known = 0;

    for (uint32_t t = 0; t < TENANTS; t++)
        for (uint32_t i = 0; i < IDS; i++) {
            char tenant[16], id[16];
            uint32_t found = intern_find(model->intern, name(tenant, "t", t),
                                         name(id, "i", i));

            known += model->holders[t][i] > 0;
            if (model->holders[t][i] == 0) {
                assert_int_equal(found, 0);
                continue;
            }
            assert_int_equal(found, model->numbers[t][i]);
            assert_text(intern_tenant(model->intern, found), t ? tenant : "");
            assert_text(intern_id(model->intern, found), i ? id : "");
        }
    assert_int_equal(intern_count(model->intern), known);
}

static void step(struct model *model, struct rng *rng, uint32_t holding)
{
    uint32_t t = rng_below(rng, TENANTS), i = rng_below(rng, IDS);
    char tenant[16], id[16];
    uint32_t number;

    if (rng_below(rng, 100) >= holding) {
        if (model->holders[t][i] == 0)
            return;
        model->holders[t][i]--;
        intern_drop(model->intern, model->numbers[t][i]);
        return;
    }
    number = intern_hold(model->intern, name(tenant, "t", t), name(id, "i", i));
    if (model->holders[t][i]++ > 0)
        assert_int_equal(number, model->numbers[t][i]);
    model->numbers[t][i] = number;
}

static void test_against_an_array_of_holders(void **state)
{
    static struct model model;
    struct rng rng;

    (void)state;
    rng_init(&rng, 8);
    model.intern = intern_new();
    for (int round = 0; round < 40; round++) {
        uint32_t holding = round % 2 ? 35 : 70;

        for (int i = 0; i < 3000; i++)
            step(&model, &rng, holding);
        intern_check(model.intern);
        compare(&model);
    }
    assert_true(intern_end(model.intern) <= TENANTS * IDS + 1);
    intern_free(model.intern);
}

static void drop_too_often(void)
{
    struct intern *intern = intern_new();
    uint32_t a = intern_hold(intern, NO_TEXT, text_of("a"));

    intern_drop(intern, a);
    intern_drop(intern, a);
}

static void test_to_drop_what_nobody_holds_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(drop_too_often);
    intern_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_ids_have_one_number),
        cmocka_unit_test(test_lives_as_long_as_it_is_held),
        cmocka_unit_test(test_tenants_never_meet),
        cmocka_unit_test(test_a_tenant_lives_as_long_as_its_items),
        cmocka_unit_test(test_key_hash_is_of_the_item_as_in_keys),
        cmocka_unit_test(test_texts_never_move),
        cmocka_unit_test(test_against_an_array_of_holders),
        cmocka_unit_test(test_to_drop_what_nobody_holds_is_a_bug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
