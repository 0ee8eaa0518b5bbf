#include "list.h"

#include "rng.h"
#include "unit.h"

static struct intern *items;

static int open_items(void **state)
{
    (void)state;
    items = intern_new();
    return 0;
}

static int close_items(void **state)
{
    (void)state;
    intern_free(items);
    return 0;
}

static uint32_t hold(const char *id)
{
    return intern_hold(items, NO_TEXT, text_of(id));
}

static uint32_t offer(struct list *list, double score, uint32_t count,
                      const char *id)
{
    return list_offer(
        list, items,
        (struct list_entry){.score = score, .count = count, .item = hold(id)});
}

static void assert_order(const struct list *list, const char *wanted)
{
    struct strbuf ids = STRBUF_EMPTY;

    strbuf_add_text(&ids, "");
    for (uint32_t i = 0; i < list->count; i++) {
        struct text id = intern_id(items, list->entries[i].item);

        strbuf_add(&ids, id.bytes, id.length);
        strbuf_add_char(&ids, ' ');
    }
    assert_string_equal(ids.bytes, wanted);
    strbuf_deinit(&ids);
}

/* ---- order ---- */

static void test_ranks_by_score_then_count_then_id(void **state)
{
    struct list list;

    (void)state;
    list_init(&list, 10);
    offer(&list, 0.5, 2, "b");
    offer(&list, 0.5, 2, "a");
    offer(&list, 0.5, 3, "c");
    offer(&list, 0.75, 1, "d");
    offer(&list, 0.25, 9, "e");
    assert_order(&list, "d c a b e ");
    list_clear(&list);
    assert_order(&list, "");
    list_deinit(&list);
}

static void test_ids_are_compared_by_bytes(void **state)
{
    struct list list;

    (void)state;
    list_init(&list, 10);
    offer(&list, 1, 1, "a-");
    offer(&list, 1, 1, "\xc3\xa9");
    offer(&list, 1, 1, "a");
    offer(&list, 1, 1, "Z");
    offer(&list, 1, 1, "z");
    offer(&list, 1, 1, "aa");
    assert_order(&list, "Z a a- aa z \xc3\xa9 ");
    list_deinit(&list);
}

static void test_ranks_at_full_precision(void **state)
{
    struct list list;

    (void)state;
    list_init(&list, 2);
    offer(&list, 0.12340000000000001, 1, "a");
    offer(&list, 0.12340000000000003, 1, "b");
    assert_order(&list, "b a ");
    list_deinit(&list);
}

static void test_says_who_is_left_out(void **state)
{
    struct list list;

    (void)state;
    list_init(&list, 2);
    assert_int_equal(offer(&list, 0.5, 1, "m"), 0);
    assert_int_equal(offer(&list, 0.4, 1, "n"), 0);
    assert_int_equal(offer(&list, 0.3, 1, "o"), hold("o"));
    assert_int_equal(offer(&list, 0.4, 1, "x"), hold("x"));
    assert_order(&list, "m n ");
    assert_int_equal(offer(&list, 0.4, 2, "p"), hold("n"));
    assert_int_equal(offer(&list, 0.6, 1, "q"), hold("p"));
    assert_order(&list, "q m ");
    list_deinit(&list);
}

/* ---- against sorting all ---- */

static int compare(const void *a, const void *b)
{
    const struct list_entry *left = a, *right = b;
    char left_id[16], right_id[16];

    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    snprintf(left_id, sizeof left_id, "%.*s",
             (int)intern_id(items, left->item).length,
             intern_id(items, left->item).bytes);
    snprintf(right_id, sizeof right_id, "%.*s",
             (int)intern_id(items, right->item).length,
             intern_id(items, right->item).bytes);
    return strcmp(left_id, right_id);
}

static void compare_with_sorting(struct rng *rng, uint32_t k, uint32_t offers)
{
    struct list_entry all[300];
    struct list list;

    list_init(&list, k);
    for (uint32_t i = 0; i < offers; i++) {
        char id[16];

        snprintf(id, sizeof id, "%x", (i * 97) % 1024);
        all[i] = (struct list_entry){.score = rng_below(rng, 4) / 4.0,
                                     .count = rng_below(rng, 3),
                                     .item = hold(id)};
        list_offer(&list, items, all[i]);
    }
    qsort(all, offers, sizeof *all, compare);
    assert_int_equal(list.count, k < offers ? k : offers);
    for (uint32_t i = 0; i < list.count; i++)
        assert_int_equal(list.entries[i].item, all[i].item);
    list_deinit(&list);
}

static void test_keeps_what_sorting_all_would(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 2);
    for (uint32_t offers = 0; offers < 300; offers += 7) {
        compare_with_sorting(&rng, 1, offers);
        compare_with_sorting(&rng, 20, offers);
        compare_with_sorting(&rng, 1 + offers, offers);
    }
}

/* ---- JSON ---- */

static struct list_head head_of(const char *id)
{
    return (struct list_head){.item = id == NULL ? 0 : hold(id),
                              .relation = "also_viewed",
                              .window = "24h",
                              .as_of_ms = 1718000000123,
                              .support = 340};
}

static void assert_formats(const struct list *list,
                           const struct list_head *head, const char *wanted)
{
    struct strbuf out = STRBUF_EMPTY;

    strbuf_add_text(&out, ">");
    list_format(&out, list, head, items);
    assert_string_equal(out.bytes + 1, wanted);
    assert_int_equal(out.length, 1 + strlen(wanted));
    strbuf_deinit(&out);
}

static void test_formats_a_list(void **state)
{
    struct list_head head = head_of("sku-1");
    struct list list;

    (void)state;
    list_init(&list, 5);
    offer(&list, 0.83125, 132, "sku-2");
    offer(&list, 1.0 / 3, 7, "sku-3");
    offer(&list, 12345678.00005, 1, "sku-4");
    offer(&list, 0, 4000000000, "sku-5");
    offer(&list, -1e-9, 1, "sku-6");
    assert_formats(
        &list, &head,
        "{\"v\":1,\"item\":\"sku-1\",\"relation\":\"also_viewed\","
        "\"window\":\"24h\",\"as_of\":1718000000123,\"support\":340,\"items\":["
        "{\"id\":\"sku-4\",\"score\":12345678.0001,\"count\":1},"
        "{\"id\":\"sku-2\",\"score\":0.8313,\"count\":132},"
        "{\"id\":\"sku-3\",\"score\":0.3333,\"count\":7},"
        "{\"id\":\"sku-5\",\"score\":0.0000,\"count\":4000000000},"
        "{\"id\":\"sku-6\",\"score\":-0.0000,\"count\":1}]}");
    list_deinit(&list);
}

static void test_formats_plain_ids_as_json_strings(void **state)
{
    struct list_head head = head_of("a\"b\\\x01");
    struct list list;

    (void)state;
    list_init(&list, 1);
    list_offer(&list, items,
               (struct list_entry){
                   .score = 2,
                   .count = 2,
                   .item = intern_hold(items, text_of("t"), text_of("12/\n"))});
    head.is_partial = 1;
    head.support = 0;
    assert_formats(&list, &head,
                   "{\"v\":1,\"item\":\"a\\\"b\\\\\\u0001\","
                   "\"relation\":\"also_viewed\",\"window\":\"24h\","
                   "\"as_of\":1718000000123,\"support\":0,\"partial\":true,"
                   "\"items\":[{\"id\":\"12/\\n\",\"score\":2.0000,"
                   "\"count\":2}]}");
    list_deinit(&list);
}

static void test_formats_popular_lists(void **state)
{
    struct list_head head = head_of(NULL);
    struct list list;

    (void)state;
    list_init(&list, 1);
    assert_formats(&list, &head,
                   "{\"v\":1,\"relation\":\"also_viewed\",\"window\":\"24h\","
                   "\"as_of\":1718000000123,\"support\":340,\"items\":[]}");
    head.category = text_of("kopi \"a\"");
    assert_formats(&list, &head,
                   "{\"v\":1,\"category\":\"kopi \\\"a\\\"\","
                   "\"relation\":\"also_viewed\",\"window\":\"24h\","
                   "\"as_of\":1718000000123,\"support\":340,\"items\":[]}");
    list_deinit(&list);
}

/* ---- digests ---- */

static uint64_t digest_of(const char *a, double score, uint32_t count,
                          uint32_t support, int is_partial, int64_t as_of_ms)
{
    struct list_head head = head_of("sku-1");
    struct list list;
    uint64_t digest;

    head.support = support;
    head.is_partial = is_partial;
    head.as_of_ms = as_of_ms;
    list_init(&list, 3);
    offer(&list, score, count, a);
    offer(&list, 0.5, 2, "always");
    digest = list_digest(&list, &head, items);
    list_deinit(&list);
    return digest;
}

static void assert_differs(uint64_t one, uint64_t other, int same_order)
{
    assert_true(one != other);
    assert_int_equal(list_same_order(one, other), same_order);
}

static void test_digests_all_but_the_time(void **state)
{
    uint64_t plain = digest_of("a", 0.25, 3, 9, 0, 1);

    (void)state;
    assert_true(digest_of("a", 0.25, 3, 9, 0, 77) == plain);
    assert_true(digest_of("a", 0.2500001, 3, 9, 0, 1) == plain);
    assert_differs(digest_of("a", 0.2501, 3, 9, 0, 1), plain, 1);
    assert_differs(digest_of("a", 0.25, 4, 9, 0, 1), plain, 1);
    assert_differs(digest_of("a", 0.25, 3, 8, 0, 1), plain, 1);
    assert_differs(digest_of("a", 0.25, 3, 9, 1, 1), plain, 1);
    assert_differs(digest_of("b", 0.25, 3, 9, 0, 1), plain, 0);
    assert_differs(digest_of("a", 0.75, 3, 9, 0, 1), plain, 0);
    assert_differs(digest_of("a", -1e-9, 3, 9, 0, 1),
                   digest_of("a", 1e-9, 3, 9, 0, 1), 1);
}

static void test_only_the_empty_list_digests_to_0(void **state)
{
    struct list_head head = head_of("sku-1");
    struct list list;

    (void)state;
    list_init(&list, 3);
    assert_true(list_digest(&list, &head, items) == 0);
    list_deinit(&list);
    for (uint32_t i = 1; i < 20000; i++)
        assert_true(digest_of("a", 0.25, i, i, 0, 1) >> 16 != 0);
}

/* A number that is used again for another id. */
static void test_digests_the_id_and_not_its_number(void **state)
{
    struct list_head head = head_of("sku-1");
    uint32_t first = hold("first"), second;
    struct list list;
    uint64_t before;

    (void)state;
    list_init(&list, 3);
    list_offer(&list, items,
               (struct list_entry){.score = 1, .count = 1, .item = first});
    before = list_digest(&list, &head, items);
    intern_drop(items, first);
    second = hold("second");
    assert_int_equal(first, second);
    assert_false(list_same_order(before, list_digest(&list, &head, items)));
    list_deinit(&list);
}

static void take_a_list_of_none(void)
{
    struct list list;

    list_init(&list, 0);
}

static void test_a_list_has_room_for_one(void **state)
{
    (void)state;
    assert_aborts(take_a_list_of_none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_by_score_then_count_then_id),
        cmocka_unit_test(test_ids_are_compared_by_bytes),
        cmocka_unit_test(test_ranks_at_full_precision),
        cmocka_unit_test(test_says_who_is_left_out),
        cmocka_unit_test(test_keeps_what_sorting_all_would),
        cmocka_unit_test(test_formats_a_list),
        cmocka_unit_test(test_formats_plain_ids_as_json_strings),
        cmocka_unit_test(test_formats_popular_lists),
        cmocka_unit_test(test_digests_all_but_the_time),
        cmocka_unit_test(test_only_the_empty_list_digests_to_0),
        cmocka_unit_test(test_digests_the_id_and_not_its_number),
        cmocka_unit_test(test_a_list_has_room_for_one),
    };

    return cmocka_run_group_tests(tests, open_items, close_items);
}
