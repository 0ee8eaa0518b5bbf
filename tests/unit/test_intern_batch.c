/* Many ids at once are held and dropped as one by one. */
#include "intern.h"

#include "rng.h"
#include "unit.h"

enum { IDS = 300, ROUNDS = 200 };

static char texts[IDS][8];
static struct text ids[IDS];
static uint32_t items[IDS];

static void draw_ids(struct rng *rng, uint32_t count, uint32_t range)
{
    for (uint32_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof texts[i], "%u", rng_below(rng, range));
        ids[i] = text_of(texts[i]);
    }
}

static void test_as_one_by_one(void **state)
{
    struct intern *intern = intern_new();
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t count = rng_below(&rng, IDS);
        struct text tenant = rng_below(&rng, 2) ? text_of("toko") : NO_TEXT;

        draw_ids(&rng, count, 1 + rng_below(&rng, 500));
        intern_hold_all(intern, items, tenant, ids, count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(intern_find(intern, tenant, ids[i]), items[i]);
            assert_text(intern_id(intern, items[i]), texts[i]);
            if (rng_below(&rng, 4) > 0)
                continue;
            assert_int_equal(intern_hold(intern, tenant, ids[i]), items[i]);
            intern_prefetch(intern, items[i]);
            intern_drop(intern, items[i]);
        }
        intern_check(intern);
        if (rng_below(&rng, 2) == 0)
            continue;
        intern_drop_all(intern, items, count);
        intern_check(intern);
    }
    intern_free(intern);
}

/* Each item holds its tenant once, and nothing else does. */
static void test_the_tenant_goes_with_its_last_item(void **state)
{
    struct intern *intern = intern_new();
    struct rng rng;

    (void)state;
    rng_init(&rng, 2);
    draw_ids(&rng, 100, 50);
    intern_hold_all(intern, items, text_of("toko"), ids, 100);
    assert_int_equal(intern_tenant_number(intern, items[0]), 1);
    intern_drop_all(intern, items, 100);
    assert_int_equal(intern_count(intern), 0);
    intern_check(intern);
    intern_hold_all(intern, items, text_of("warung"), ids, 1);
    assert_int_equal(intern_tenant_number(intern, items[0]), 1);
    intern_hold_all(intern, items + 1, text_of("kedai"), ids, 0);
    intern_hold_all(intern, items + 1, text_of("pasar"), ids, 1);
    assert_int_equal(intern_tenant_number(intern, items[1]), 2);
    intern_drop_all(intern, items, 2);
    assert_int_equal(intern_count(intern), 0);
    intern_free(intern);
}

/* Of so many ids some have a hash in common: four pairs, one would think. */
static void test_a_hash_is_not_an_id(void **state)
{
    enum { MANY = 200000 };
    static char bytes[MANY][8];
    static struct text many[MANY];
    static uint32_t numbers[2][MANY];
    struct intern *intern = intern_new();

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(bytes[i], sizeof bytes[i], "%u", i);
        many[i] = text_of(bytes[i]);
    }
    for (int round = 0; round < 2; round++)
        intern_hold_all(intern, numbers[round], NO_TEXT, many, MANY);
    assert_int_equal(intern_count(intern), MANY);
    assert_memory_equal(numbers[0], numbers[1], sizeof numbers[0]);
    for (uint32_t i = 0; i < MANY; i++)
        assert_text(intern_id(intern, numbers[0][i]), bytes[i]);
    intern_free(intern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_one_by_one),
        cmocka_unit_test(test_the_tenant_goes_with_its_last_item),
        cmocka_unit_test(test_a_hash_is_not_an_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
