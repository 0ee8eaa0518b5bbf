/* Rows at random, packed, loaded and gone on with; and damage under a good
 * seal. */
#include "group_state_world.h"

static struct strbuf bytes;

static const char *const ids[IDS] = {"a",
                                     "b",
                                     "kopi-gayo-250g",
                                     "kopi-gayo-500g",
                                     "kopi",
                                     "teh",
                                     "te",
                                     "teko",
                                     "\xc3\xa9",
                                     "1",
                                     "10",
                                     "100",
                                     "11",
                                     "batik"};

static void contribute(struct rng *rng, struct side *side, int64_t now)
{
    const char *tenant = rng_below(rng, 4) == 0 ? "toko" : "";
    uint32_t item = rng_below(rng, IDS), other = rng_below(rng, IDS);
    int64_t reach = rng_below(rng, 3) == 0 ? 2100 : 30;
    int64_t pane = now + 2 - rng_below(rng, (uint32_t)reach);
    int sign = rng_below(rng, 6) == 0 ? -1 : 1;

    if (rng_below(rng, 8) == 0)
        categorise(side, ids[item], pane > 0 ? pane : 0,
                   ids[rng_below(rng, IDS)]);
    else if (rng_below(rng, 4) == 0)
        apply(side, tenant, rng_below(rng, 3) == 0 ? "" : ids[item], NULL,
              rng_below(rng, relations.sets_count), sign, pane);
    else if (item != other)
        apply(side, tenant, ids[item], ids[other], rng_below(rng, 3), sign,
              pane);
}

/* Other numbers for the same ids. */
static void shuffle_numbers(struct rng *rng, struct side *side, uint32_t *held)
{
    for (uint32_t i = 0; i < IDS; i++)
        held[i] = hold(side, rng_below(rng, 2) ? "" : "toko",
                       ids[rng_below(rng, IDS)]);
}

static void let_go(struct side *side, const uint32_t *held)
{
    for (uint32_t i = 0; i < IDS; i++)
        intern_drop(side->rules.items, held[i]);
}

static void round_trip(struct rng *rng, uint32_t window_set)
{
    struct strbuf again = STRBUF_EMPTY;
    struct side one, two;
    uint32_t held[IDS];
    int64_t now = rng_below(rng, 3) == 0 ? rng_below(rng, 40) : 5700000;
    uint32_t steps = rng_below(rng, 300);

    open_side(&one, window_set, 1000);
    open_side(&two, window_set, 1000);
    shuffle_numbers(rng, &two, held);
    for (uint32_t i = 0; i < steps; i++) {
        now += rng_below(rng, 10) == 0 ? rng_below(rng, 20) : 0;
        groups_advance(one.groups, now);
        contribute(rng, &one, now);
    }
    groups_advance(one.groups, now);
    groups_advance(two.groups, now);
    for (uint32_t g = 0; g < GROUPS; g++) {
        pack(&bytes, &one, g);
        load(&two, g, &bytes);
        pack(&again, &two, g);
        assert_int_equal(bytes.length, again.length);
        assert_memory_equal(bytes.bytes, again.bytes, bytes.length);
    }
    let_go(&two, held);
    for (uint32_t i = 0; i < 20; i++) {
        assert_same(&one, &two);
        now += rng_below(rng, 200);
        groups_advance(one.groups, now);
        groups_advance(two.groups, now);
    }
    close_side(&one);
    close_side(&two);
    strbuf_deinit(&again);
}

static void test_all_comes_back(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    for (uint32_t i = 0; i < 400; i++)
        round_trip(&rng, i % WINDOW_SETS);
    strbuf_deinit(&bytes);
}

static void damage(struct rng *rng, struct strbuf *value)
{
    size_t end = value->length - PACK_SEAL_BYTES;
    uint32_t changes = 1 + rng_below(rng, 3);

    for (uint32_t i = 0; i < changes; i++) {
        uint32_t at = rng_below(rng, (uint32_t)end);

        value->bytes[at] =
            (char)(rng_below(rng, 2) ? value->bytes[at] ^ 1 << rng_below(rng, 8)
                                     : (int)rng_below(rng, 256));
    }
    if (rng_below(rng, 4) == 0)
        value->length = PACK_SEAL_BYTES + 1 + rng_below(rng, (uint32_t)end);
    reseal(value);
}

/* Damage under a good seal: refused, or a state that can be worked with. */
static void test_damage_within_the_seal(void **state)
{
    struct rng rng;
    uint32_t refused = 0;

    (void)state;
    rng_init(&rng, 2);
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t window_set = i % WINDOW_SETS;
        struct side one, two;
        struct err err = ERR_NONE;
        int failed;

        open_side(&one, window_set, 6);
        open_side(&two, window_set, 6);
        groups_advance(one.groups, 300);
        groups_advance(two.groups, 300 + rng_below(&rng, 2) * 40);
        for (uint32_t j = 0; j < 20; j++)
            contribute(&rng, &one, 300);
        pack(&bytes, &one, 0);
        damage(&rng, &bytes);
        failed = group_state_unpack(two.groups, 0, bytes.bytes, bytes.length,
                                    &err) < 0;
        refused += (uint32_t)failed;
        assert_int_equal(failed, err.text[0] != '\0');
        groups_check(two.groups);
        pack(&bytes, &two, 0);
        groups_advance(two.groups, 310);
        for (uint32_t j = 0; j < 20; j++)
            contribute(&rng, &two, 310);
        close_side(&one);
        close_side(&two);
    }
    strbuf_deinit(&bytes);
    assert_true(refused > 1000 && refused < 2990);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_comes_back),
        cmocka_unit_test(test_damage_within_the_seal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
