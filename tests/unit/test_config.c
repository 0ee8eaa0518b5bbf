#include "load_config.h"

static char *printed(const struct config *config)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    config_print(config, out);
    fclose(out);
    return text;
}

/* The line of a key in what check-config prints, blanks run together. */
static void assert_printed(const struct config *config, const char *wanted)
{
    char *text = printed(config);
    struct strbuf squeezed = STRBUF_EMPTY;

    strbuf_add_char(&squeezed, '\n');
    for (const char *c = text; *c != '\0'; c++)
        if (*c != ' ' || squeezed.bytes[squeezed.length - 1] != ' ')
            strbuf_add_char(&squeezed, *c);
    if (strstr(squeezed.bytes, wanted) == NULL)
        fail_msg("no \"%s\" in:%s", wanted, squeezed.bytes);
    strbuf_deinit(&squeezed);
    free(text);
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0", 0},       {"0s", 0},         {"100ms", 100},
        {"5s", 5000},   {"30m", 1800000},  {"24h", 86400000},
        {"007s", 7000}, {"7d", 604800000}, {"9223372036854775807ms", INT64_MAX},
        {"1ms", 1},
    };
    static const char *const bad[] = {"",
                                      "5",
                                      "s",
                                      "-5s",
                                      "+5s",
                                      "5 s",
                                      "1.5h",
                                      "5S",
                                      "5sec",
                                      "5s ",
                                      " 5s",
                                      "9223372036854775808ms",
                                      "99999999999999999999s",
                                      "106751991168d"};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(config_parse_duration(&ms, good[i].text), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (config_parse_duration(&ms, bad[i]) == 0)
            fail_msg("\"%s\" passed for a duration", bad[i]);
}

static void test_bytes(void **state)
{
    static const char *const bad[] = {"",   "k",    "1K",         "1kb",
                                      "-1", "1.5m", "8589934592g"};
    uint64_t bytes;

    (void)state;
    assert_int_equal(config_parse_bytes(&bytes, "0"), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(config_parse_bytes(&bytes, "100"), 0);
    assert_int_equal(bytes, 100);
    assert_int_equal(config_parse_bytes(&bytes, "64k"), 0);
    assert_int_equal(bytes, 65536);
    assert_int_equal(config_parse_bytes(&bytes, "512m"), 0);
    assert_int_equal(bytes, 536870912);
    assert_int_equal(config_parse_bytes(&bytes, "4g"), 0);
    assert_int_equal(bytes, UINT64_C(4294967296));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (config_parse_bytes(&bytes, bad[i]) == 0)
            fail_msg("\"%s\" passed for a size", bad[i]);
}

/* The contract's defaults, one by one. */
static void assert_defaults(const struct config *config)
{
    const struct engine_rules *engine = &config->engine;

    assert_string_equal(config->kafka.brokers, "127.0.0.1:9092");
    assert_string_equal(config->kafka.topic, "events");
    assert_string_equal(config->kafka.group, "terkait");
    assert_int_equal(config->kafka.set_count, 0);
    assert_string_equal(config->dead_letter_topic, "");
    assert_int_equal(engine->session.lateness_ms, 600000);
    assert_int_equal(engine->session.future_ms, 300000);
    assert_int_equal(engine->event_bytes_max, 65536);
    assert_int_equal(engine->session.gap_ms, 1800000);
    assert_int_equal(engine->session.items_max, 50);
    assert_int_equal(engine->session.open_max, 1000000);
    assert_int_equal(engine->row_pairs_max, 1000);
    assert_int_equal(engine->groups_count, 1024);
    assert_true(engine->damping > 19.99 && engine->damping < 20.01);
    assert_int_equal(engine->popular_k, 20);
    assert_int_equal(engine->popular_min_support, 2);
    assert_string_equal(config->publish.prefix, "terkait:");
    assert_ptr_equal(config->publish.prefix, config->redis.prefix);
    assert_int_equal(config->publish.ttl_ms, INT64_C(604800000));
    assert_int_equal(config->publish.settle_ms, 5000);
    assert_int_equal(config->publish.sweep_ms, 60000);
    assert_int_equal(config->publish.interval_ms, 50);
    assert_int_equal(config->publish.counts_refresh_ms, 10000);
    assert_int_equal(config->publish.counts_max, 50);
    assert_string_equal(config->redis.url, "redis://127.0.0.1:6379/0");
    assert_int_equal(config->state.checkpoint_interval_ms, 5000);
    assert_int_equal(config->memory_max, 0);
    assert_int_equal(config->threads, 1);
    assert_string_equal(config->shuffle.mode, "local");
    assert_string_equal(config->http.listen, "127.0.0.1:9464");
    assert_string_equal(config->http.token, "");
    assert_int_equal(config->log.level, LOG_INFO);
    assert_int_equal(config->log.format, LOG_FORMAT_TEXT);
}

static void assert_relation(const struct config *config, uint32_t index,
                            const char *name, int from, int to)
{
    const struct relation *relation = &config->engine.relations.at[index];

    assert_string_equal(relation->name, name);
    assert_int_equal(relation->from, from);
    assert_int_equal(relation->to, to);
    assert_int_equal(relation->score, SCORE_COSINE);
    assert_int_equal(relation->k, 20);
    assert_int_equal(relation->min_support, 2);
}

static void assert_window(const struct config *config, uint32_t index,
                          const char *name, int64_t length_ms, int64_t panes)
{
    const struct window *window = &config->engine.windows.at[index];

    assert_string_equal(window->name, name);
    assert_int_equal(window->length_ms, length_ms);
    assert_int_equal(window->panes, panes);
}

static void assert_default_sections(const struct config *config)
{
    const int bought = ACTION_CART | ACTION_PURCHASE;

    assert_int_equal(config->engine.relations.count, 3);
    assert_relation(config, 0, "also_viewed", ACTION_ALL, ACTION_ALL);
    assert_relation(config, 1, "carted_together", bought, bought);
    assert_relation(config, 2, "viewed_then_carted", ACTION_VIEW, bought);
    assert_int_equal(config->engine.relations.sets_count, 3);
    assert_int_equal(config->engine.windows.count, 3);
    assert_window(config, 0, "1h", 3600000, 12);
    assert_window(config, 1, "24h", 86400000, 24);
    assert_window(config, 2, "7d", 604800000, 28);
    assert_int_equal(config->engine.windows.fine_ms, 300000);
}

static void test_defaults(void **state)
{
    struct config *config = LOAD(NULL, NULL);

    (void)state;
    assert_non_null(config);
    assert_defaults(config);
    assert_default_sections(config);
    assert_printed(config, "\nsession.gap = 30m # default\n");
    assert_printed(config, "\nlists.ttl = 7d # default: the longest window, ");
    assert_printed(config, "\nwindows = {1h, 24h, 7d} # default");
    config_free(config);
}

static void test_sample_is_the_defaults(void **state)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct config *config;

    (void)state;
    config_write_sample(out);
    fclose(out);
    config = LOAD(text, NULL);
    assert_non_null(config);
    assert_defaults(config);
    assert_default_sections(config);
    assert_int_equal(config_warn_unused(config), 0);
    config_free(config);
    free(text);
}

/* The examples that the sample holds as comments. */
static void test_sample_examples(void **state)
{
    struct config *config =
        LOAD("windows = {1h, 24h}\nrelations = {also_viewed, carted_together}\n"
             "kafka { set = {\"linger.ms=5\"} }\nlists { ttl = 7d }\n",
             NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->engine.windows.count, 2);
    assert_int_equal(config->engine.relations.count, 2);
    assert_string_equal(config->kafka.set[0], "linger.ms=5");
    config_free(config);
}

static void test_option_wins_over_file(void **state)
{
    struct config *config =
        LOAD("session {\n gap = 25m\n max_items = 7\n}\n", "session.gap=45m",
             "session.gap=40m", "redis.prefix=", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->engine.session.gap_ms, 2400000);
    assert_int_equal(config->engine.session.items_max, 7);
    assert_string_equal(config->publish.prefix, "");
    assert_printed(config, "\nsession.gap = 40m # -s\n");
    assert_printed(config, ":3\nsession.max_open");
    config_free(config);
}

static void test_file_syntax(void **state)
{
    struct config *config;

    (void)state;
    assert_int_equal(setenv("TERKAIT_TEST_TOPIC", "klik", 1), 0);
    assert_int_equal(unsetenv("TERKAIT_TEST_NONE"), 0);
    config = LOAD("# a comment\n/* one\n more */ session { gap = \"20m\" }\n"
                  "kafka { topic = ${TERKAIT_TEST_TOPIC:-no} // another\n"
                  " brokers = \"${TERKAIT_TEST_NONE:-a:1},b:2\"\n"
                  " set = {\"a=b,c\", 'd=e=f', }\n}\n"
                  "redis { url = redis://h:1/2 }\n"
                  "session { max_items = 9 }\n"
                  "relation pairs { from = view to = {cart, purchase} }\n",
                  NULL);
    assert_non_null(config);
    assert_int_equal(config->engine.session.gap_ms, 1200000);
    assert_int_equal(config->engine.session.items_max, 9);
    assert_string_equal(config->kafka.topic, "klik");
    assert_string_equal(config->kafka.brokers, "a:1,b:2");
    assert_int_equal(config->kafka.set_count, 2);
    assert_string_equal(config->kafka.set[0], "a=b,c");
    assert_string_equal(config->kafka.set[1], "d=e=f");
    assert_string_equal(config->redis.url, "redis://h:1/2");
    assert_int_equal(config->engine.relations.at[0].from, ACTION_VIEW);
    config_free(config);
}

static void test_sections_replace_defaults(void **state)
{
    struct config *config =
        LOAD("window \"2h\" { length = 2h panes = 4 }\n", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->engine.windows.count, 1);
    assert_window(config, 0, "2h", 7200000, 4);
    assert_int_equal(config->engine.relations.count, 3);
    assert_int_equal(config->publish.ttl_ms, 7200000);
    config_free(config);
    config = LOAD("window \"2m\" { length = 2m panes = 4 }\n", NULL);
    assert_non_null(config);
    assert_int_equal(config->publish.ttl_ms, 240000); /* four sweeps */
    assert_printed(config, "\nlists.ttl = 4m # default: the longest window, ");
    config_free(config);
    config = LOAD("relation \"x\" { from = {view} to = {purchase} score = llr\n"
                  " k = 5 min_support = 1 }",
                  NULL);
    assert_non_null(config);
    assert_int_equal(config->engine.relations.count, 1);
    assert_int_equal(config->engine.relations.at[0].score, SCORE_LLR);
    assert_int_equal(config->engine.relations.at[0].k, 5);
    assert_int_equal(config->engine.relations.at[0].min_support, 1);
    assert_int_equal(config->engine.windows.count, 3);
    config_free(config);
}

static void test_relations_follow_lists(void **state)
{
    struct config *config =
        LOAD(NULL, "lists.score=jaccard", "lists.k=7", "lists.min_support=3",
             "relation.carted_together.k=9", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->engine.relations.at[0].score, SCORE_JACCARD);
    assert_int_equal(config->engine.relations.at[0].k, 7);
    assert_int_equal(config->engine.relations.at[0].min_support, 3);
    assert_int_equal(config->engine.relations.at[1].k, 9);
    assert_int_equal(config->engine.popular_k, 7);
    assert_int_equal(config->engine.popular_min_support, 3);
    assert_printed(config, "\nrelation.also_viewed.k = 7 # default: lists.k\n");
    config_free(config);
}

static void test_titled_options(void **state)
{
    struct config *config =
        LOAD(NULL, "window.1h.panes=6", "window.30m.length=30m",
             "window.30m.panes=3", "relation.also_viewed.to=cart",
             "relation.also_viewed.to=view, purchase", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->engine.windows.count, 4);
    assert_window(config, 0, "1h", 3600000, 6);
    assert_window(config, 3, "30m", 1800000, 3);
    assert_int_equal(config->engine.relations.at[0].to,
                     ACTION_VIEW | ACTION_PURCHASE);
    config_free(config);
}

static void test_picks_and_order(void **state)
{
    struct config *config =
        LOAD("windows = {7d, 1h}\nrelations = {viewed_then_carted}\n", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->engine.windows.count, 2);
    assert_window(config, 0, "7d", 604800000, 28);
    assert_window(config, 1, "1h", 3600000, 12);
    assert_int_equal(config->engine.relations.count, 1);
    assert_int_equal(config->engine.relations.sets_count, 2);
    config_free(config);
    config = LOAD("windows = {7d, 1h}\n", "windows={1h, 24h}", NULL);
    assert_non_null(config);
    assert_window(config, 0, "1h", 3600000, 12);
    assert_window(config, 1, "24h", 86400000, 24);
    assert_int_equal(config->publish.ttl_ms, 86400000);
    assert_printed(config, "\nwindows = {1h, 24h} # -s\n");
    config_free(config);
}

static void test_kafka_set(void **state)
{
    struct config *config =
        LOAD("kafka { set = {\"a=1\", \"b=2\"} }", "kafka.set=c=x=y",
             "kafka.set=a=3", "kafka.set=c=4", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->kafka.set_count, 3);
    assert_string_equal(config->kafka.set[0], "a=3");
    assert_string_equal(config->kafka.set[1], "b=2");
    assert_string_equal(config->kafka.set[2], "c=4");
    config_free(config);
}

static void test_secrets_are_masked(void **state)
{
    struct config *config =
        LOAD(NULL, "redis.url=redis://u:hunter2@h:1/2", "http.token=hunter2",
             "kafka.set=sasl.password=hunter2", "kafka.set=ssl.key.pem=hunter2",
             NULL);
    char *text;

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->redis.url, "redis://u:hunter2@h:1/2");
    text = printed(config);
    assert_null(strstr(text, "hunter2"));
    free(text);
    assert_printed(config, "\nredis.url = \"redis://u:***@h:1/2\" # -s\n");
    assert_printed(config, "\nkafka.set = \"sasl.password=***\" # -s\n");
    config_free(config);
}

static void test_on_the_edge(void **state)
{
    struct config *config = LOAD(
        NULL, "session.gap=10m", "lists.ttl=240s", "counts.max=128",
        "counts.max=0", "lists.damping=0", "http.listen=off", "http.listen=:1",
        "http.listen=[::1]:65535", "redis.url=unix:///run/redis.sock",
        "log.level=debug", "log.format=json", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->publish.ttl_ms, 240000);
    assert_int_equal(config->publish.counts_max, 0);
    assert_int_equal(config->log.level, LOG_DEBUG);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    config_free(config);
}

static void test_settings_without_effect(void **state)
{
    struct config *config =
        LOAD(NULL, "memory.max=4g", "engine.threads=2",
             "state.checkpoint_interval=5000ms",
             "http.token=", "events.dead_letter_topic=dead", NULL);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->memory_max, UINT64_C(4294967296));
    log_setup(LOG_ERROR, LOG_FORMAT_TEXT);
    assert_int_equal(config_warn_unused(config), 1);
    log_setup(LOG_INFO, LOG_FORMAT_TEXT);
    assert_printed(config,
                   "\nengine.threads = 2 # -s (no effect in this version "
                   "yet)\n");
    assert_printed(config, "\nmemory.max = 4g # -s\n");
    assert_printed(config, "\nstate.checkpoint_interval = 5000ms # -s\n");
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_sample_is_the_defaults),
        cmocka_unit_test(test_sample_examples),
        cmocka_unit_test(test_option_wins_over_file),
        cmocka_unit_test(test_file_syntax),
        cmocka_unit_test(test_sections_replace_defaults),
        cmocka_unit_test(test_relations_follow_lists),
        cmocka_unit_test(test_titled_options),
        cmocka_unit_test(test_picks_and_order),
        cmocka_unit_test(test_kafka_set),
        cmocka_unit_test(test_secrets_are_masked),
        cmocka_unit_test(test_on_the_edge),
        cmocka_unit_test(test_settings_without_effect),
    };

    return cmocka_run_group_tests_name("config", tests, make_path, remove_path);
}
