/* The clock is the test's own. */
#include "log.h"

#include "clock.h"
#include "unit.h"

#include <jansson.h>
#include <pthread.h>

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
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
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

/* ---- hostile bytes ---- */

static json_t *parse_line(const char *line, size_t length)
{
    json_error_t error;
    json_t *object = json_loadb(line, length, 0, &error);

    if (object == NULL)
        fail_msg("%s in: %.*s", error.text, (int)length, line);
    return object;
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    assert_non_null(text);
    return text;
}

static const struct {
    const char *text, *read;
} hostile[] = {
    {"caf\xC3\xA9 \xF0\x9F\x8D\x9C", "caf\xC3\xA9 \xF0\x9F\x8D\x9C"},
    {"\"}\n{\"level\":\"x", "\"}\n{\"level\":\"x"},
    {"\x1B[2J\x07\x01", "\x1B[2J\x07\x01"},
    {"a\x80\xFF z", "a\uFFFD\uFFFD z"},
    {"cut \xE2\x82", "cut \uFFFD\uFFFD"},
    {"\xC0\xAF", "\uFFFD\uFFFD"},
    {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
    {"\xC2\x9B"
     "2J \x7F",
     "\uFFFD"
     "2J \uFFFD"},
};
enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

static void test_json_of_hostile_bytes(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_JSON);
    for (size_t i = 0; i < HOSTILE; i++) {
        json_t *object;

        now_us += (LOG_PERIOD_S + 1) * INT64_C(1000000);
        begin_catch();
        LOG(LOG_INFO, "hostile", F_TEXT("text", hostile[i].text));
        end_catch();
        assert_int_equal(lines_written(), 1);
        for (const char *c = written; c[1] != '\0'; c++)
            assert_true((unsigned char)*c >= ' ' && *c != 0x7F);
        object = parse_line(written, strlen(written));
        assert_string_equal(string_of(object, "text"), hostile[i].read);
        json_decref(object);
    }
}

/* Any bytes whatever: a line, and JSON; as text the value is JSON too, unless
 * it is plain ASCII. */
static void test_any_bytes_make_one_line(void **state)
{
    uint32_t seed = 7;
    char text[16];

    (void)state;
    for (int i = 0; i < 4000; i++) {
        enum log_format format = i % 2 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
        const char *value;

        for (size_t k = 0; k < sizeof text - 1; k++) {
            seed = seed * 1664525 + 1013904223;
            text[k] = (char)(seed >> 24);
        }
        text[(size_t)i % sizeof text] = '\0';
        log_setup(LOG_INFO, format);
        now_us += (LOG_PERIOD_S + 1) * INT64_C(1000000);
        begin_catch();
        LOG(LOG_INFO, "any", F_TEXT("text", text));
        end_catch();
        assert_int_equal(lines_written(), 1);
        if (format == LOG_FORMAT_JSON) {
            json_decref(parse_line(written, strlen(written)));
            continue;
        }
        value = strstr(written, " text=") + 6;
        if (*value == '"')
            assert_non_null(strstr(value, "\"\n"));
        for (const char *c = value; *value != '"' && *c != '\n'; c++)
            assert_true(*c > ' ' && *c < 0x7F && *c != '=' && *c != '"');
    }
}

/* ---- what is told later ---- */

static void test_settles_what_nobody_told(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
    begin_catch();
    for (int i = 0; i < LOG_BURST + 3; i++)
        LOG(LOG_WARN, "burst", F_INT("n", i));
    for (int i = 0; i < LOG_BURST; i++)
        LOG(LOG_WARN, "no_burst", F_INT("n", i));
    end_catch();
    begin_catch();
    now_us += LOG_PERIOD_S * INT64_C(1000000);
    log_settle(0);
    end_catch();
    assert_string_equal(written, "");
    begin_catch();
    now_us++;
    log_settle(0);
    log_settle(0);
    end_catch();
    assert_string_equal(written, "warn event=burst at_ms=1718000000123 "
                                 "suppressed=3\n");
}

static void test_settles_all_at_the_end(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_JSON);
    begin_catch();
    for (int i = 0; i < LOG_BURST + 1; i++)
        LOG(LOG_ERROR, "last", F_INT("n", i));
    end_catch();
    begin_catch();
    log_settle(1);
    log_settle(1);
    end_catch();
    assert_string_equal(written, "{\"level\":\"error\",\"event\":\"last\","
                                 "\"at_ms\":1718000000123,\"suppressed\":1}\n");
}

static void *write_much(void *name)
{
    for (int i = 0; i < 2000; i++)
        LOG(LOG_INFO, name, F_INT("n", i));
    return NULL;
}

static void test_threads_lose_no_count(void **state)
{
    pthread_t threads[4];
    static char name[] = "threads";

    (void)state;
    log_setup(LOG_INFO, LOG_FORMAT_JSON);
    begin_catch();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(0,
                         pthread_create(&threads[i], NULL, write_much, name));
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    log_settle(1);
    end_catch();
    assert_int_equal(lines_written(), LOG_BURST + 1);
    assert_non_null(strstr(written, "\"suppressed\":7990}"));
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
        cmocka_unit_test(test_json_of_hostile_bytes),
        cmocka_unit_test(test_any_bytes_make_one_line),
        cmocka_unit_test(test_settles_what_nobody_told),
        cmocka_unit_test(test_settles_all_at_the_end),
        cmocka_unit_test(test_threads_lose_no_count),
        cmocka_unit_test(test_many_names_are_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
