#include "resp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void test_command(void **state)
{
    static const char expected[] =
        "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$12\r\na\r\n\0b2345678\r\n";
    struct text arguments[] = {{"SET", 3}, {"", 0}, {"a\r\n\0b2345678", 12}};
    struct strbuf out = STRBUF_EMPTY;

    (void)state;
    resp_add_command(&out, arguments, 3);
    assert_int_equal(out.length, sizeof expected - 1);
    assert_memory_equal(out.bytes, expected, sizeof expected);
    strbuf_deinit(&out);
}

static void test_commands_follow_one_another(void **state)
{
    struct text ping = {"PING", 4};
    struct strbuf out = STRBUF_EMPTY;

    (void)state;
    for (int i = 0; i < 1000; i++)
        resp_add_command(&out, &ping, 1);
    assert_int_equal(out.length, 14 * 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_memory_equal(out.bytes + 14 * i, "*1\r\n$4\r\nPING\r\n", 14);
    strbuf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_commands_follow_one_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
