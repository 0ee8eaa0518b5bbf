#include "crc64.h"

#include "rng.h"
#include "unit.h"

static void test_check_values(void **state)
{
    struct crc64 crc;

    (void)state;
    crc64_init(&crc);
    assert_true(crc64_sum(&crc, "123456789", 9) == 0xe9c6d914c4b8d9ca);
    assert_true(crc64_sum(&crc, "", 0) == 0);
    assert_true(crc64_sum(&crc, "\0\0\0\0\0\0\0\0\0", 9) == 0);
}

/* By the definition: a bit at a time. */
static uint64_t slow_sum(const unsigned char *bytes, size_t length)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < length; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint64_t out = (sum ^ (bytes[i] >> bit)) & 1;

            sum = (sum >> 1) ^ (out != 0 ? 0x95ac9329ac4bc9b5 : 0);
        }
    return sum;
}

static void test_any_length_and_place(void **state)
{
    unsigned char bytes[300];
    struct crc64 crc;
    struct rng rng;

    (void)state;
    crc64_init(&crc);
    rng_init(&rng, 7);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)rng_below(&rng, 256);
    for (size_t length = 0; length < 280; length++)
        for (size_t from = 0; from < 9; from++)
            assert_true(crc64_sum(&crc, bytes + from, length) ==
                        slow_sum(bytes + from, length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_values),
        cmocka_unit_test(test_any_length_and_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
