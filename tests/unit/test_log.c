/* The clock is the test's own. */
#include "log.h"

#include "clock.h"
#include "unit.h"

static int64_t now_us = 3600000000;

int64_t clock_mono_us(void)
{
    return now_us;
}

int64_t clock_wall_ms(void)
{
    return 1718000000123;
}

/* ---- what was written ---- */

static char written[65536];
static FILE *caught;
static int former_stderr;

static void begin_catch(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    former_stderr = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
}

static void end_catch(void)
{
    size_t length;

    fflush(stderr);
    dup2(former_stderr, STDERR_FILENO);
    close(former_stderr);
    rewind(caught);
    length = fread(written, 1, sizeof written - 1, caught);
    written[length] = '\0';
    fclose(caught);
}

static int lines_written(void)
{
    int lines = 0;

    for (const char *c = written; *c != '\0'; c++)
        lines += *c == '\n';
    return lines;
}

/* ---- tests ---- */

static void test_writes_a_line_of_fields(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
    begin_catch();
    LOG(LOG_WARN, "redis_lost", F_TEXT("error", "refused"),
        F_INT("retry_ms", -50));
    end_catch();
    assert_string_equal(written, "warn event=redis_lost at_ms=1718000000123 "
                                 "error=refused retry_ms=-50\n");
}

static void test_quotes_what_would_break_the_line(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
    begin_catch();
    LOG(LOG_ERROR, "quotes", F_TEXT("a", "two words"), F_TEXT("b", ""),
        F_TEXT("c", "x\ny"), F_TEXT("d", "say \"hi\""), F_TEXT("e", "k=v"),
        F_TEXT("f", "plain:/1"));
    end_catch();
    assert_string_equal(written, "error event=quotes at_ms=1718000000123 "
                                 "a=\"two words\" b=\"\" c=\"x\\ny\" "
                                 "d=\"say \\\"hi\\\"\" e=\"k=v\" f=plain:/1\n");
}

static void test_writes_json(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_JSON);
    begin_catch();
    LOG(LOG_INFO, "json_line", F_TEXT("text", "a\"b"), F_INT("number", 7));
    end_catch();
    assert_string_equal(written, "{\"level\":\"info\",\"event\":\"json_line\","
                                 "\"at_ms\":1718000000123,\"text\":\"a\\\"b\","
                                 "\"number\":7}\n");
}

static void test_leaves_out_what_is_below_the_level(void **state)
{
    (void)state;
    log_setup(LOG_WARN, LOG_FORMAT_TEXT);
    begin_catch();
    LOG(LOG_DEBUG, "levels", F_INT("n", 1));
    LOG(LOG_INFO, "levels", F_INT("n", 2));
    LOG(LOG_WARN, "levels", F_INT("n", 3));
    end_catch();
    assert_string_equal(written, "warn event=levels at_ms=1718000000123 n=3\n");
    log_setup(LOG_DEBUG, LOG_FORMAT_TEXT);
    begin_catch();
    LOG(LOG_DEBUG, "levels", F_INT("n", 4));
    end_catch();
    assert_int_equal(lines_written(), 1);
}

static void test_limits_each_name_by_itself(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
    begin_catch();
    for (int i = 0; i < LOG_BURST + 5; i++)
        LOG(LOG_INFO, "often", F_INT("n", i));
    LOG(LOG_INFO, "seldom", F_INT("n", 0));
    end_catch();
    assert_int_equal(lines_written(), LOG_BURST + 1);
    assert_non_null(strstr(written, "event=seldom"));
    assert_null(strstr(written, "suppressed"));
}

/* After the burst of the test above. */
static void test_says_what_it_suppressed(void **state)
{
    (void)state;
    now_us += LOG_PERIOD_S * INT64_C(1000000);
    begin_catch();
    LOG(LOG_INFO, "often", F_INT("n", 1));
    end_catch();
    assert_string_equal(written, "");
    now_us++;
    begin_catch();
    LOG(LOG_INFO, "often", F_INT("n", 2));
    LOG(LOG_INFO, "often", F_INT("n", 3));
    end_catch();
    assert_string_equal(written, "info event=often at_ms=1718000000123 n=2 "
                                 "suppressed=6\n"
                                 "info event=often at_ms=1718000000123 n=3\n");
}

/* Names beyond the table are limited together, and nothing breaks. */
static void test_many_names_are_no_harm(void **state)
{
    static char names[200][16];

    (void)state;
    begin_catch();
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "name_%d", i);
        LOG(LOG_INFO, names[i], F_INT("n", i));
    }
    end_catch();
    assert_in_range(lines_written(), LOG_BURST, 100);
    assert_non_null(strstr(written, "event=name_0 "));
    assert_null(strstr(written, "event=name_199 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_a_line_of_fields),
        cmocka_unit_test(test_quotes_what_would_break_the_line),
        cmocka_unit_test(test_writes_json),
        cmocka_unit_test(test_leaves_out_what_is_below_the_level),
        cmocka_unit_test(test_limits_each_name_by_itself),
        cmocka_unit_test(test_says_what_it_suppressed),
        cmocka_unit_test(test_many_names_are_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
