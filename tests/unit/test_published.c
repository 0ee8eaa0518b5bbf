#include "published.h"

#include "unit.h"

static void test_a_new_item_was_never_written(void **state)
{
    struct published_store store;
    const struct published *published;

    (void)state;
    published_init(&store, 9);
    published = published_at(&store, 5);
    assert_null(published->digests);
    assert_int_equal(published->refreshed_us, 0);
    assert_int_equal(published->counts_due, 0);
    assert_int_equal(published->queues, 0);
    assert_int_equal(published->is_used, 0);
    published_deinit(&store);
}

static void test_digests_begin_at_0(void **state)
{
    struct published_store store;
    struct published *published;
    uint64_t *digests;

    (void)state;
    published_init(&store, 9);
    published = published_at(&store, 5);
    digests = published_digests(&store, published);
    for (int i = 0; i < 9; i++)
        assert_true(digests[i] == 0);
    digests[8] = 77;
    assert_ptr_equal(published_digests(&store, published), digests);
    assert_true(published_at(&store, 5)->digests[8] == 77);
    assert_null(published_at(&store, 6)->digests);
    published_deinit(&store);
}

static void test_pointers_stay_good(void **state)
{
    struct published_store store;
    struct published *first;

    (void)state;
    published_init(&store, 2);
    first = published_at(&store, 0);
    for (uint32_t item = 0; item < 100000; item += 99)
        published_digests(&store, published_at(&store, item))[1] = item;
    assert_ptr_equal(published_at(&store, 0), first);
    for (uint32_t item = 0; item < 100000; item += 99)
        assert_true(published_at(&store, item)->digests[1] == item);
    published_deinit(&store);
}

static void test_forgets_all_of_an_item(void **state)
{
    struct published_store store;
    uint64_t bytes;

    (void)state;
    published_init(&store, 9);
    published_at(&store, 5);
    bytes = store.bytes;
    published_digests(&store, published_at(&store, 5))[0] = 1;
    published_at(&store, 5)->queues = PUBLISHED_IN_COUNTS;
    published_at(&store, 5)->is_used = 1;
    assert_true(store.bytes >= bytes + 9 * sizeof(uint64_t));
    published_forget(&store, 5);
    assert_true(store.bytes == bytes);
    assert_null(published_at(&store, 5)->digests);
    assert_int_equal(published_at(&store, 5)->queues, 0);
    assert_int_equal(published_at(&store, 5)->is_used, 0);
    published_forget(&store, 5);
    published_forget(&store, 5000);
    published_deinit(&store);
    assert_int_equal(store.chunks_count, 0);
    assert_true(store.bytes == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_item_was_never_written),
        cmocka_unit_test(test_digests_begin_at_0),
        cmocka_unit_test(test_pointers_stay_good),
        cmocka_unit_test(test_forgets_all_of_an_item),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
