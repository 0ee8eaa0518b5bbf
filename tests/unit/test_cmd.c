#include "cmd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_takes_its_options_only(void **state)
{
    struct cmd_settings settings = {0};

    (void)state;
    assert_int_equal(cmd_settings_option(&settings, 'c', "one"), 1);
    assert_int_equal(cmd_settings_option(&settings, 's', "a=1"), 1);
    assert_int_equal(cmd_settings_option(&settings, 's', "b=2"), 1);
    assert_int_equal(cmd_settings_option(&settings, 'x', "no"), 0);
    assert_int_equal(cmd_settings_option(&settings, '?', NULL), 0);
    assert_string_equal(settings.path, "one");
    assert_int_equal(settings.overrides_count, 2);
    assert_string_equal(settings.overrides[0], "a=1");
    assert_string_equal(settings.overrides[1], "b=2");
    free(settings.overrides);
}

static void test_loads_and_frees(void **state)
{
    struct cmd_settings settings = {0};
    struct config *config;

    (void)state;
    cmd_settings_option(&settings, 's', "lists.k=3");
    cmd_settings_option(&settings, 's', "log.level=error");
    assert_int_equal(cmd_settings_load(&config, &settings), EXIT_CODE_OK);
    assert_int_equal(config->engine.popular_k, 3);
    assert_null(settings.overrides);
    assert_int_equal(settings.overrides_count, 0);
    config_free(config);
}

/* What a call says on stderr; the caller frees. */
struct said {
    char *text;
    size_t length;
    FILE *real;
};

static void listen_to(struct said *said)
{
    said->real = stderr;
    stderr = open_memstream(&said->text, &said->length);
}

static void assert_said(struct said *said, const char *wanted)
{
    fclose(stderr);
    stderr = said->real;
    assert_string_equal(said->text, wanted);
    free(said->text);
}

static void test_refuses_with_78(void **state)
{
    struct cmd_settings settings = {0};
    struct config *config;
    struct said said;
    int code;

    (void)state;
    cmd_settings_option(&settings, 's', "lists.k=0");
    listen_to(&said);
    code = cmd_settings_load(&config, &settings);
    assert_said(&said, "terkait: -s lists.k: `0` is out of range; allowed: 1 "
                       "to 1000\n");
    assert_int_equal(code, EXIT_CODE_CONFIG);
    assert_null(settings.overrides);
}

static void test_usage(void **state)
{
    struct said said;
    int code;

    (void)state;
    listen_to(&said);
    code = cmd_usage("replay", "no such file: %s", "x");
    assert_said(&said, "terkait replay: no such file: x\n"
                       "Try `terkait replay --help`.\n");
    assert_int_equal(code, EXIT_CODE_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_its_options_only),
        cmocka_unit_test(test_loads_and_frees),
        cmocka_unit_test(test_refuses_with_78),
        cmocka_unit_test(test_usage),
    };

    return cmocka_run_group_tests_name("cmd", tests, NULL, NULL);
}
