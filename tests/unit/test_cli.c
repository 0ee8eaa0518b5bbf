#include "cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 8 };

/* What the latest call said. */
static char *said_out, *said_err;

static int forget(void **state)
{
    (void)state;
    free(said_out);
    free(said_err);
    said_out = NULL;
    said_err = NULL;
    return 0;
}

/* Runs `terkait ...`; NULL ends the arguments. Returns the exit code. */
static int run(const char *const *arguments)
{
    char name[] = "terkait", *copies[ARGUMENTS_MAX + 2] = {name};
    size_t out_length, err_length;
    FILE *real_out = stdout, *real_err = stderr;
    int count = 1, code;

    forget(NULL);
    for (; arguments[count - 1] != NULL; count++)
        copies[count] = strdup(arguments[count - 1]);
    stdout = open_memstream(&said_out, &out_length);
    stderr = open_memstream(&said_err, &err_length);
    code = cli_main(count, copies);
    fclose(stdout);
    fclose(stderr);
    stdout = real_out;
    stderr = real_err;
    while (--count > 0)
        free(copies[count]);
    return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__})

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(RUN("--help", NULL), 0);
    assert_non_null(strstr(said_out, "\n  check-config "));
    assert_string_equal(said_err, "");
    assert_int_equal(RUN("help", NULL), 0);
    assert_non_null(strstr(said_out, "Usage: terkait COMMAND"));
    assert_int_equal(RUN("help", "check-config", NULL), 0);
    assert_non_null(strstr(said_out, "Usage: terkait check-config"));
    assert_int_equal(RUN("check-config", "--help", NULL), 0);
    assert_non_null(strstr(said_out, "Usage: terkait check-config"));
}

static void test_version_everywhere(void **state)
{
    (void)state;
    assert_int_equal(RUN("--version", NULL), 0);
    assert_string_equal(said_out, "terkait " TERKAIT_VERSION "\n");
    assert_int_equal(RUN("check-config", "-s", "a=b", "--version", NULL), 0);
    assert_string_equal(said_out, "terkait " TERKAIT_VERSION "\n");
    assert_int_equal(RUN("check-config", "--", "--version", NULL), 2);
}

static void test_nothing_asked(void **state)
{
    (void)state;
    assert_int_equal(RUN(NULL), 2);
    assert_string_equal(said_out, "");
    assert_non_null(strstr(said_err, "Usage: terkait COMMAND"));
}

static void test_unknown_commands(void **state)
{
    (void)state;
    assert_int_equal(RUN("chek-config", NULL), 2);
    assert_string_equal(said_err, "terkait: unknown command `chek-config`; did "
                                  "you mean `check-config`?\n"
                                  "Try `terkait --help`.\n");
    assert_int_equal(RUN("help", "nonsense", NULL), 2);
    assert_string_equal(said_err, "terkait: unknown command `nonsense`\n"
                                  "Try `terkait --help`.\n");
}

static void test_usage_of_a_command(void **state)
{
    (void)state;
    assert_int_equal(RUN("check-config", "--nope", NULL), 2);
    assert_non_null(strstr(said_err, "check-config: unknown option `--nope`"));
    assert_int_equal(RUN("check-config", "-c", NULL), 2);
    assert_non_null(strstr(said_err, "`-c` needs a value"));
    assert_int_equal(RUN("check-config", "more", NULL), 2);
    assert_non_null(strstr(said_err, "takes no argument `more`"));
}

static void test_exit_codes_pass_through(void **state)
{
    (void)state;
    assert_int_equal(RUN("check-config", "-s", "lists.k=0", NULL), 78);
    assert_string_equal(said_out, "");
    assert_int_equal(RUN("check-config", "--set", "lists.k=1", NULL), 0);
    assert_non_null(strstr(said_out, "lists.k "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_help, forget),
        cmocka_unit_test_teardown(test_version_everywhere, forget),
        cmocka_unit_test_teardown(test_nothing_asked, forget),
        cmocka_unit_test_teardown(test_unknown_commands, forget),
        cmocka_unit_test_teardown(test_usage_of_a_command, forget),
        cmocka_unit_test_teardown(test_exit_codes_pass_through, forget),
    };

    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
