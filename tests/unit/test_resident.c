#include "resident.h"

#include "mem.h"
#include "unit.h"

#define MB ((size_t)1 << 20)

static void test_it_follows_what_is_touched(void **state)
{
    uint64_t before = resident_bytes(), after;
    char *memory = mem_resize(NULL, 64 * MB, 1);

    (void)state;
    assert_true(before > 100000);
    assert_true(resident_bytes() < before + 32 * MB);
    memset(memory, 1, 64 * MB);
    after = resident_bytes();
    assert_in_range(after, before + 60 * MB, before + 70 * MB);
    free(memory);
    if (!MEM_IS_WATCHED) /* a sanitizer keeps what was freed for a while */
        assert_true(resident_bytes() < before + 32 * MB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_follows_what_is_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
