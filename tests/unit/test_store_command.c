#include "store_command.h"

#include "unit.h"

/* Borrowed and written ones, many enough for every buffer to move. */
static void test_mixed(void **state)
{
    enum { MANY = 1000 };
    struct store_command command = {.count = 0};
    char wanted[16];

    (void)state;
    for (int round = 0; round < 2; round++) {
        uint64_t bytes = 0;

        store_command_begin(&command);
        for (int i = 0; i < MANY; i++) {
            size_t start = command.bytes.length;

            strbuf_add_format(&command.bytes, "%d.%d", round, i);
            bytes += command.bytes.length - start;
            store_command_add_written(&command, start);
            store_command_add(&command, text_of("borrowed"));
        }
        assert_int_equal(store_command_finish(&command), bytes + 8 * MANY);
        assert_int_equal(command.count, 2 * MANY);
        for (int i = 0; i < MANY; i++) {
            snprintf(wanted, sizeof wanted, "%d.%d", round, i);
            assert_text(command.texts[2 * i], wanted);
            assert_text(command.texts[2 * i + 1], "borrowed");
        }
    }
    store_command_deinit(&command);
}

static void test_numbers(void **state)
{
    struct store_command command = {.count = 0};

    (void)state;
    store_command_begin(&command);
    store_command_add_offset(&command, -1); /* nothing written at all */
    store_command_add_token(&command, (struct store_token){1, UINT64_MAX});
    store_command_add_id(&command, (struct store_id){2, 3});
    store_command_add_offset(&command, INT64_MAX);
    store_command_finish(&command);
    assert_text(command.texts[0], "");
    assert_non_null(command.texts[0].bytes);
    assert_text(command.texts[1], "0000000000000000000118446744073709551615");
    assert_text(command.texts[2], "0000000000000000000200000000000000000003");
    assert_text(command.texts[3], "09223372036854775807");
    store_command_deinit(&command);
    assert_int_equal(command.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests_name("store_command", tests, NULL, NULL);
}
