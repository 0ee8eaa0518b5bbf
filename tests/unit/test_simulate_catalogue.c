#include "simulate_catalogue.h"

#include "mem.h"

#include "unit.h"

static struct catalogue *make(uint32_t items, uint32_t sellers,
                              uint32_t tenants, uint64_t seed)
{
    struct catalogue_rules rules = {items, sellers, tenants, 0.9};
    struct rng rng;

    rng_init(&rng, seed);
    return catalogue_new(&rng, &rules);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All ids as sorted C strings. */
static char **sorted_ids(const struct catalogue *catalogue)
{
    uint32_t count = catalogue_items(catalogue);
    char **ids = mem_new(count, sizeof *ids);

    for (uint32_t i = 0; i < count; i++) {
        struct text id = catalogue_id(catalogue, i);

        ids[i] = mem_dup(id.bytes, id.length);
    }
    qsort(ids, count, sizeof *ids, compare_texts);
    return ids;
}

static void free_ids(char **ids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(ids[i]);
    free(ids);
}

static int has_id(char **ids, uint32_t count, const char *id)
{
    return bsearch(&id, ids, count, sizeof *ids, compare_texts) != NULL;
}

/* Far more than there are combinations of words. */
static void test_ids_are_readable_and_each_comes_once(void **state)
{
    enum { ITEMS = 60000 };
    struct catalogue *catalogue = make(ITEMS, 10, 0, 3);
    char **ids = sorted_ids(catalogue);

    (void)state;
    for (uint32_t i = 0; i < ITEMS; i++) {
        assert_int_equal(strspn(ids[i], "abcdefghijklmnopqrstuvwxyz"
                                        "0123456789-"),
                         strlen(ids[i]));
        assert_in_range(strlen(ids[i]), 5, EVENT_ID_BYTES_MAX);
        assert_true(i == 0 || strcmp(ids[i - 1], ids[i]) < 0);
    }
    free_ids(ids, ITEMS);
    catalogue_free(catalogue);
}

static void test_the_well_known_items_are_there(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct catalogue *catalogue = make(2000, 10, 0, seed);
        char **ids = sorted_ids(catalogue);

        assert_true(has_id(ids, 2000, "kopi-gayo-250g"));
        assert_true(has_id(ids, 2000, "batik-tulis-mega-mendung"));
        free_ids(ids, 2000);
        catalogue_free(catalogue);
    }
}

static int is_partner(const struct catalogue *catalogue, uint32_t item,
                      uint32_t other)
{
    uint32_t partners[CATALOGUE_PARTNERS_MAX];
    uint32_t count = catalogue_partners(catalogue, partners, item);

    for (uint32_t i = 0; i < count; i++)
        if (partners[i] == other)
            return 1;
    return 0;
}

static void check_partners(const struct catalogue *catalogue, uint32_t item)
{
    uint32_t items = catalogue_items(catalogue);
    uint32_t partners[CATALOGUE_PARTNERS_MAX];
    uint32_t count = catalogue_partners(catalogue, partners, item);

    assert_int_equal(count, items > 4 ? 4 : items - 1);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(partners[i] < items);
        assert_true(partners[i] != item);
        assert_true(is_partner(catalogue, partners[i], item));
        for (uint32_t j = 0; j < i; j++)
            assert_true(partners[i] != partners[j]);
    }
}

static void test_partners_are_mutual_in_a_catalogue_of_any_size(void **state)
{
    (void)state;
    for (uint32_t items = 1; items < 40; items++) {
        struct catalogue *catalogue = make(items, 1, 0, items);

        for (uint32_t item = 0; item < items; item++)
            check_partners(catalogue, item);
        catalogue_free(catalogue);
    }
}

static void test_draws_keep_to_partners_and_themes(void **state)
{
    struct catalogue *catalogue = make(100, 5, 0, 8);
    uint8_t seen[100] = {0};
    struct rng rng;
    int met = 0;

    (void)state;
    rng_init(&rng, 1);
    for (int i = 0; i < 2000; i++) {
        uint32_t partner = catalogue_draw_partner(catalogue, &rng, 50);
        uint32_t other = catalogue_draw_theme(catalogue, &rng, 50);

        assert_true(is_partner(catalogue, 50, partner));
        assert_in_range(other, 48, 59);
        assert_true(catalogue_draw_any(catalogue, &rng) < 100);
        seen[partner] = seen[other] = 1;
    }
    for (int i = 0; i < 100; i++)
        met += seen[i];
    assert_int_equal(met, CATALOGUE_THEME_ITEMS);
    catalogue_free(catalogue);
}

static void test_an_item_alone_is_its_own_partner(void **state)
{
    struct catalogue *catalogue = make(1, 1, 0, 8);
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    assert_int_equal(catalogue_draw_partner(catalogue, &rng, 0), 0);
    catalogue_free(catalogue);
}

static int names_seller(struct text seller, const char *start)
{
    return seller.length > strlen(start) &&
           memcmp(seller.bytes, start, strlen(start)) == 0;
}

/* Most goods of few sellers, and all three sizes of shop. */
static void test_sellers_are_of_all_sizes(void **state)
{
    struct catalogue *catalogue = make(20000, 500, 0, 8);
    uint32_t umkm = 0, shops = 0, big = 0;

    (void)state;
    for (uint32_t item = 0; item < 20000; item++) {
        struct text seller = catalogue_seller(catalogue, item);
        char *text = mem_dup(seller.bytes, seller.length);

        assert_true(names_seller(seller, "\"seller\":\""));
        assert_non_null(strstr(text, "\",\"region\":\""));
        if (names_seller(seller, "\"seller\":\"umkm-"))
            umkm++;
        else if (names_seller(seller, "\"seller\":\"toko-"))
            shops++;
        else
            big++;
        free(text);
    }
    /* Cube roots: 11 of 500 sellers are big, 100 more are shops. */
    assert_in_range(big, 5200, 6000);
    assert_in_range(shops, 6000, 7000);
    assert_in_range(umkm, 7300, 8600);
    catalogue_free(catalogue);
}

static void test_tenants_have_names_of_their_own(void **state)
{
    struct catalogue *catalogue = make(10, 1, 50, 8);

    (void)state;
    for (uint32_t i = 0; i < 50; i++) {
        struct text tenant = catalogue_tenant(catalogue, i);

        assert_in_range(tenant.length, 1, EVENT_TENANT_BYTES_MAX);
        for (uint32_t j = 0; j < i; j++) {
            struct text other = catalogue_tenant(catalogue, j);

            assert_true(tenant.length != other.length ||
                        memcmp(tenant.bytes, other.bytes, other.length) != 0);
        }
    }
    catalogue_free(catalogue);
}

static void test_another_seed_is_another_catalogue(void **state)
{
    struct catalogue *one = make(500, 10, 0, 1), *two = make(500, 10, 0, 2);
    struct strbuf truths[2] = {STRBUF_EMPTY, STRBUF_EMPTY};

    (void)state;
    catalogue_add_truth(one, &truths[0]);
    catalogue_add_truth(two, &truths[1]);
    assert_string_not_equal(truths[0].bytes, truths[1].bytes);
    strbuf_deinit(&truths[0]);
    strbuf_deinit(&truths[1]);
    catalogue_free(one);
    catalogue_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_readable_and_each_comes_once),
        cmocka_unit_test(test_the_well_known_items_are_there),
        cmocka_unit_test(test_partners_are_mutual_in_a_catalogue_of_any_size),
        cmocka_unit_test(test_draws_keep_to_partners_and_themes),
        cmocka_unit_test(test_an_item_alone_is_its_own_partner),
        cmocka_unit_test(test_sellers_are_of_all_sizes),
        cmocka_unit_test(test_tenants_have_names_of_their_own),
        cmocka_unit_test(test_another_seed_is_another_catalogue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
