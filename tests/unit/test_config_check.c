#include "load_config.h"

/* A PATH at the start of `wanted` stands for the file's. */
static void assert_refused(const char *text, const char *override,
                           const char *wanted)
{
    struct err err;
    struct config *config =
        load_all(&err, text, (const char *const[]){override, NULL});
    struct strbuf whole = STRBUF_EMPTY;

    assert_null(config);
    if (strncmp(wanted, "PATH", 4) == 0)
        strbuf_add_format(&whole, "%s%s", path, wanted + 4);
    else
        strbuf_add_text(&whole, wanted);
    if (strncmp(err.text, whole.bytes, whole.length) != 0)
        fail_msg("said \"%s\"\nnot  \"%s\"", err.text, whole.bytes);
    strbuf_deinit(&whole);
}

static void test_secrets_in_errors(void **state)
{
    static const char *const bad[] = {"redis.url=http://u:hunter2@h",
                                      "redis.url=redis://u:hunter2@h:x",
                                      "kafka.set=hunter2", "kafka.set==hunter2",
                                      "redis.urll=redis://:hunter2@h"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err;
        struct config *config =
            load_all(&err, NULL, (const char *const[]){bad[i], NULL});

        assert_null(config);
        if (strstr(err.text, "hunter2") != NULL)
            fail_msg("told a secret: %s", err.text);
    }
}

static void test_unknown_keys(void **state)
{
    (void)state;
    assert_refused("session { gap = 5m\n gapp = 3 }", NULL,
                   "PATH:2: unknown setting `session.gapp`; did you mean "
                   "`session.gap`?");
    assert_refused("\n\nsesion { gap = 5m }", NULL,
                   "PATH:3: unknown setting `sesion`; did you mean "
                   "`session`?");
    assert_refused("gap = 5m", NULL,
                   "PATH:1: unknown setting `gap`; did you mean "
                   "`session.gap`?");
    assert_refused("window \"1h\" {\n length = 1h pane = 2 }", NULL,
                   "PATH:2: unknown setting `window.1h.pane`; did you mean "
                   "`window.1h.panes`?");
    assert_refused(NULL, "sesion.gap=5m",
                   "-s sesion.gap: unknown setting `sesion.gap`; did you mean "
                   "`session.gap`?");
    assert_refused(NULL, "session.nothing=5m",
                   "-s session.nothing: unknown setting `session.nothing`; "
                   "`session` has: gap, max_items, max_open");
    assert_refused(NULL, "session.x.gap=5m", "-s session.x.gap: unknown");
    assert_refused(NULL, "window.panes=5", "-s window.panes: unknown");
    assert_refused(NULL, "session=5", "-s session: unknown");
    assert_refused(NULL, "", "-s : unknown");
    assert_refused(NULL, "session.gap", "-s session.gap: a value is missing");
}

static void test_wrong_types_and_ranges(void **state)
{
    (void)state;
    assert_refused("session {\n\n gap = 5 }", NULL,
                   "PATH:3: session.gap: `5` is not a duration (like 100ms "
                   "5s 30m 24h 7d); allowed: 0s to 3650d");
    assert_refused(NULL, "session.gap=0",
                   "events.lateness = 10m (default) must be at most "
                   "session.gap = 0s (-s)");
    assert_refused(NULL, "lists.ttl=0",
                   "-s lists.ttl: `0` is out of range; allowed: 1ms to 3650d");
    assert_refused(NULL, "lists.k=1001",
                   "-s lists.k: `1001` is out of range; allowed: 1 to 1000");
    assert_refused(NULL, "lists.k=99999999999999999999",
                   "-s lists.k: `99999999999999999999` is out of range");
    assert_refused(NULL, "lists.k=-1", "-s lists.k: `-1` is not a whole");
    assert_refused(NULL, "lists.min_support=0",
                   "-s lists.min_support: `0` is out of range");
    assert_refused(NULL, "relation.also_viewed.min_support=0",
                   "-s relation.also_viewed.min_support: `0` is out of range");
    assert_refused(NULL, "lists.damping=-0.5",
                   "-s lists.damping: `-0.5` is out of range");
    assert_refused(NULL, "lists.damping=nan",
                   "-s lists.damping: `nan` is not a number");
    assert_refused(NULL, "lists.damping=1e999",
                   "-s lists.damping: `1e999` is not a number");
    assert_refused(NULL, "counts.max=129",
                   "-s counts.max: `129` is out of range; allowed: 0 to 128");
    assert_refused(NULL, "events.max_bytes=64K",
                   "-s events.max_bytes: `64K` is not a size");
    assert_refused(NULL, "lists.score=cosin",
                   "-s lists.score: `cosin` is not known; allowed: one of "
                   "`cosine`, `count`, `jaccard`, `conditional`, `lift`, "
                   "`llr`; did you mean `cosine`?");
    assert_refused("kafka { topic = \"a/b\" }", NULL,
                   "PATH:1: kafka.topic: `a/b` is not a topic's name");
    assert_refused(NULL, "events.dead_letter_topic=events",
                   "events.dead_letter_topic = events (-s) must be another");
    assert_refused(NULL, "kafka.brokers=", "-s kafka.brokers: `` is empty");
    assert_refused(NULL, "redis.prefix=a{b}",
                   "-s redis.prefix: `a{b}` holds a brace");
    assert_refused(NULL, "redis.prefix=a\nb",
                   "-s redis.prefix: holds a control character");
    assert_refused(NULL, "http.listen=9464", "-s http.listen: `9464` is no");
    assert_refused(NULL, "http.listen=:65536", "-s http.listen: `:65536` is");
    assert_refused(NULL, "redis.url=http://h",
                   "-s redis.url: it must begin with redis:// or unix://");
}

static void test_lists_and_names(void **state)
{
    (void)state;
    assert_refused("relation \"a\" { from = {view,\n buy} to = view }", NULL,
                   "PATH:2: relation.a.from: `buy` is not known; allowed: a "
                   "list of `view`, `cart`, `purchase`");
    assert_refused(NULL, "relation.also_viewed.from=view,view",
                   "-s relation.also_viewed.from: `view` stands there twice");
    assert_refused("relation \"a\" { from = {} to = view }", NULL,
                   "PATH: relation.from: the list is empty");
    assert_refused("windows = {}", NULL, "PATH: windows: the list is empty");
    assert_refused(NULL, "windows=", "-s windows: `` is not a name");
    assert_refused("\nwindows = {1h, 24}", NULL,
                   "PATH:2: windows: no window `24` is defined; defined: 1h, "
                   "24h, 7d; did you mean `24h`?");
    assert_refused(NULL, "relations=also_viewd",
                   "-s relations: no relation `also_viewd` is defined");
    assert_refused(NULL, "windows=1h,1h",
                   "-s windows: `1h` stands there twice");
    assert_refused("\nwindow \"1H\" { length = 1h panes = 2 }", NULL,
                   "PATH:2: window.1H.length: `1H` is not a name");
    assert_refused("window \"\" { }", NULL, "PATH:1: `` is not a name");
    assert_refused(NULL, "window.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.panes=2",
                   "-s window.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.panes: `aaa");
}

static void test_duplicates(void **state)
{
    struct strbuf both = STRBUF_EMPTY;

    (void)state;
    strbuf_add_format(&both, "PATH:2: session.gap: is set already at %s:1",
                      path);
    assert_refused("session { gap = 20m }\nsession { gap = 25m }", NULL,
                   both.bytes);
    strbuf_deinit(&both);
    assert_refused("windows = {1h}\nwindows = {24h}", NULL,
                   "PATH:2: windows: is set already");
    assert_refused("window \"a\" { length = 1h panes = 1 }\nwindow \"a\" { }",
                   NULL, "PATH:2: `a` is defined already");
    assert_refused("kafka { set = {\"a=1\",\n\"a=2\"} }", NULL,
                   "PATH:2: kafka.set: `a` stands there twice");
}

static void test_broken_files(void **state)
{
    struct config *config;
    struct err err = ERR_NONE;

    (void)state;
    assert_refused("session {\n gap = 20m", NULL,
                   "PATH:3: the brace of `session` is left open");
    assert_refused("window \"a\" { length = 1h", NULL,
                   "PATH:2: the brace of `window a` is left open");
    assert_refused("session { gap = \"20m }", NULL, "PATH:3: premature end");
    /* libconfuse's scanner must have forgotten the open quote. */
    config = LOAD("session { gap = \"20m\" }", NULL);
    assert_non_null(config);
    config_free(config);
    assert_refused("/* session { gap = 20m }", NULL,
                   "PATH: a comment is left open");
    assert_refused("}", NULL, "PATH:1: unexpected closing brace");
    assert_refused("session { gap 20m }", NULL,
                   "PATH:1: missing equal sign after option 'gap'");
    assert_refused("kafka { brokers = a:1,b:2 }", NULL,
                   "PATH:1: unexpected token ','");
    assert_refused("window { length = 1h }", NULL, "PATH:1: missing title");
    assert_int_equal(config_load(&config, "/none/such", NULL, 0, &err), -1);
    assert_string_equal(err.text, "/none/such: No such file or directory");
    err = ERR_NONE;
    assert_int_equal(config_load(&config, "/tmp", NULL, 0, &err), -1);
    assert_string_equal(err.text, "/tmp: Is a directory");
}

static void test_needed_keys(void **state)
{
    (void)state;
    assert_refused("\nwindow \"1h\" { panes = 1 }", NULL,
                   "PATH:2: window \"1h\" needs a `length`");
    assert_refused(NULL, "window.2h.length=2h",
                   "-s: window \"2h\" needs a `panes`");
    assert_refused(NULL, "relation.x.from=view",
                   "-s: relation \"x\" needs a `to`");
    assert_refused("window \"a\" { }", NULL, "PATH:1: window \"a\" needs");
}

static void test_across_settings(void **state)
{
    (void)state;
    assert_refused(NULL, "session.gap=9m",
                   "events.lateness = 10m (default) must be at most "
                   "session.gap = 9m (-s)");
    assert_refused(NULL, "lists.ttl=239s",
                   "lists.ttl = 239s (-s) must be at least 4 times "
                   "lists.sweep = 1m (default)");
    assert_refused(NULL, "window.1h.panes=7",
                   "windows 1h (-s), 24h (default), 7d (default): ");
    assert_refused("window \"a\" { length = 5h panes = 5 }\n"
                   "window \"b\" { length = 7h panes = 2 }",
                   NULL, "windows a (");
    assert_refused(NULL, "shuffle.mode=kafka",
                   "-s shuffle.mode: `kafka` is not in this version");
    assert_refused(NULL, "kafka.set=auto.offset.reset=earliest",
                   "-s kafka.set: auto.offset.reset cannot be set");
    assert_refused("kafka { set = {\"auto.offset.reset=latest\"} }", NULL,
                   "PATH:1: kafka.set: auto.offset.reset cannot be set");
}

static void test_caps(void **state)
{
    struct strbuf text = STRBUF_EMPTY;
    struct config *config;

    (void)state;
    for (int i = 1; i <= WINDOWS_MAX + 1; i++)
        strbuf_add_format(&text, "window \"w%d\" { length = %dh panes = %d }\n",
                          i, i, i);
    assert_refused(text.bytes, NULL,
                   "PATH:9: window \"w9\" is one too many: at most 8");
    config = LOAD(text.bytes, "windows=w9,w1", NULL);
    assert_non_null(config);
    assert_int_equal(config->engine.windows.count, 2);
    config_free(config);
    strbuf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_in_errors),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_wrong_types_and_ranges),
        cmocka_unit_test(test_lists_and_names),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_needed_keys),
        cmocka_unit_test(test_across_settings),
        cmocka_unit_test(test_caps),
    };

    return cmocka_run_group_tests_name("config_check", tests, make_path,
                                       remove_path);
}
