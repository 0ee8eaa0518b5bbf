#include "reload.h"

#include "load_config.h"
#include "unit.h"

static struct config *config;
static struct reload reload;
static FILE *said;

static void begin(const char *text, ...)
{
    const char *overrides[] = {"-", NULL};
    struct cmd_settings settings = {.path = path};
    va_list arguments;

    write_file(text);
    va_start(arguments, text);
    overrides[0] = va_arg(arguments, const char *);
    va_end(arguments);
    settings.overrides = overrides;
    settings.overrides_count = overrides[0] != NULL;
    reload_init(&reload, &settings);
    if (config_load(&config, path, overrides, settings.overrides_count,
                    &(struct err){{0}}) < 0)
        fail();
    reload.config = config;
}

static int finish(void **state)
{
    (void)state;
    reload_deinit(&reload);
    config_free(config);
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
    return 0;
}

/* Reloads with this text in the file; what was said is in `line`. */
static int again(char *line, size_t size, const char *text)
{
    int saved = dup(STDERR_FILENO), result;
    size_t length;

    write_file(text);
    said = tmpfile();
    fflush(stderr);
    dup2(fileno(said), STDERR_FILENO);
    result = reload_settings(&reload);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(said);
    length = fread(line, 1, size - 1, said);
    line[length] = '\0';
    fclose(said);
    return result;
}

static void assert_says(const char *line, const char *words)
{
    if (strstr(line, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, line);
}

static void test_takes_what_may_change(void **state)
{
    char line[2048];

    (void)state;
    begin("lists { k = 20 }\ncounts { max = 10 }\n", "lists.settle=3s");
    assert_int_equal(again(line, sizeof line,
                           "lists { k = 5 score = llr settle = 1s damping = 3 "
                           "min_support = 4 sweep = 30s }\n"
                           "counts { max = 0 refresh = 2s }\n"
                           "publish { interval = 70ms }\nrow { max_pairs = 9 }"
                           "\nlog { format = json }\n"),
                     1);
    assert_says(line, "lists.k 20 -> 5");
    assert_says(line, "counts.max 10 -> 0");
    assert_says(line, "lists.score cosine -> llr");
    assert_null(strstr(line, "restart"));
    assert_null(strstr(line, "settle")); /* -s wins */
    assert_int_equal(config->engine.relations.at[2].k, 5);
    assert_int_equal(config->engine.relations.at[0].score, SCORE_LLR);
    assert_int_equal(config->engine.relations.at[0].min_support, 4);
    assert_int_equal(config->engine.popular_k, 5);
    assert_int_equal(config->engine.popular_min_support, 4);
    assert_true(config->engine.damping > 2.9 && config->engine.damping < 3.1);
    assert_int_equal(config->engine.row_pairs_max, 9);
    assert_int_equal(config->publish.counts_max, 0);
    assert_int_equal(config->publish.counts_refresh_ms, 2000);
    assert_int_equal(config->publish.interval_ms, 70);
    assert_int_equal(config->publish.settle_ms, 3000);
    assert_int_equal(config->publish.sweep_ms, 30000);
    assert_ptr_equal(config->publish.prefix, config->redis.prefix);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    assert_int_equal(line[0], '{');
    assert_int_equal(again(line, sizeof line, "lists { settle = 1s }"), 1);
    assert_int_equal(config->engine.relations.at[2].k, 20);
    assert_int_equal(config->publish.counts_max, 50);
}

static void test_a_relation_of_its_own(void **state)
{
    static const char both[] =
        "relation \"one\" { from = {view} to = {view} %s }\n"
        "relation \"two\" { from = {cart} to = {cart} }\nlists { k = %d }";
    char text[256], line[2048];

    (void)state;
    snprintf(text, sizeof text, both, "", 4);
    begin(text, NULL);
    snprintf(text, sizeof text, both, "k = 7 score = count", 6);
    assert_int_equal(again(line, sizeof line, text), 1);
    assert_says(line, "relation.one.k unset -> 7");
    assert_int_equal(config->engine.relations.at[0].k, 7);
    assert_int_equal(config->engine.relations.at[0].score, SCORE_COUNT);
    assert_int_equal(config->engine.relations.at[1].k, 6);
    assert_int_equal(config->engine.relations.at[1].score, SCORE_COSINE);
}

static void test_names_what_needs_a_restart(void **state)
{
    char line[2048];

    (void)state;
    begin("kafka { topic = \"one\" }\n", "redis.url=redis://127.0.0.1:6379/3");
    assert_int_equal(again(line, sizeof line,
                           "kafka { topic = \"two\" set = {\"a.b=c\"} }\n"
                           "session { gap = 20m }\n"
                           "window \"1h\" { length = 1h panes = 6 }\n"),
                     0);
    assert_says(line, "event=reload_incomplete");
    assert_says(line, "needs a restart");
    assert_says(line, "kafka.topic");
    assert_says(line, "kafka.set");
    assert_says(line, "session.gap");
    assert_says(line, "window.1h.panes");
    assert_says(line, "window.7d");
    assert_null(strstr(line, "redis.url"));
    assert_string_equal(config->kafka.topic, "one");
    assert_int_equal(config->engine.session.gap_ms, 30 * 60000);
    assert_int_equal(config->engine.windows.count, 3);
    /* lists.ttl follows the windows that are in force */
    assert_int_equal(config->publish.ttl_ms, INT64_C(7) * 24 * 3600 * 1000);
    /* it says so again, as long as it is so */
    assert_int_equal(again(line, sizeof line, "kafka { topic = \"two\" }"), 0);
    assert_says(line, "kafka.topic");
}

static void test_a_bad_file_changes_nothing(void **state)
{
    char line[2048], where[64];

    (void)state;
    begin("lists { k = 20 }\n", NULL);
    assert_int_equal(
        again(line, sizeof line, "lists { k = 5 }\n\nlists { scor = llr }\n"),
        0);
    assert_says(line, "error event=reload_failed");
    snprintf(where, sizeof where, "%s:3", path);
    assert_says(line, where);
    assert_int_equal(config->engine.relations.at[0].k, 20);
    assert_int_equal(again(line, sizeof line, "lists { k = 20 }\n"), 0);
    assert_says(line, "changed=nothing");
}

static void test_a_file_that_is_gone(void **state)
{
    char line[2048];

    (void)state;
    begin("lists { k = 20 }\n", NULL);
    write_file("");
    reload.settings.path = "/nowhere/terkait.conf";
    assert_int_equal(again(line, sizeof line, ""), 0);
    assert_says(line, "/nowhere/terkait.conf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_takes_what_may_change, finish),
        cmocka_unit_test_teardown(test_a_relation_of_its_own, finish),
        cmocka_unit_test_teardown(test_names_what_needs_a_restart, finish),
        cmocka_unit_test_teardown(test_a_bad_file_changes_nothing, finish),
        cmocka_unit_test_teardown(test_a_file_that_is_gone, finish),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
