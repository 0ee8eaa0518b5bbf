#include "hash.h"

#include "unit.h"

/* Published values of XXH64. */
static void test_is_xxh64(void **state)
{
    (void)state;
    assert_true(hash_bytes("", 0, 0) == UINT64_C(0xef46db3751d8e999));
    assert_true(hash_bytes("a", 1, 0) == UINT64_C(0xd24ec4f1a98c6e5b));
    assert_true(hash_bytes("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999));
    assert_true(hash_bytes("", 0, UINT64_C(2654435761)) ==
                UINT64_C(0xac75fda2929b17ef));
}

static void test_every_byte_and_the_seed_count(void **state)
{
    char bytes[100] = {0};
    uint64_t plain = hash_bytes(bytes, sizeof bytes, 0);

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_true(hash_bytes(bytes, sizeof bytes, 0) != plain);
        bytes[i] = 0;
    }
    assert_true(hash_bytes(bytes, sizeof bytes - 1, 0) != plain);
    assert_true(hash_bytes(bytes, sizeof bytes, 1) != plain);
    assert_true(hash_bytes(bytes, sizeof bytes, 0) == plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_xxh64),
        cmocka_unit_test(test_every_byte_and_the_seed_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
