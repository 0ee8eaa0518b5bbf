/* The settings that decide what is counted; the rest of the service is tested
 * as a whole program. */
#include "service.h"

#include "fingerprint.h"
#include "load_config.h"
#include "unit.h"

/* Of a config with one more setting; NULL: none. */
static struct strbuf fingerprint_of(const char *setting)
{
    struct config *config = LOAD(NULL, setting, NULL);
    struct strbuf out = STRBUF_EMPTY;

    assert_non_null(config);
    service_fingerprint(&out, config, "cluster-1", "read_committed");
    config_free(config);
    return out;
}

static enum fingerprint_fit compare(const char *setting)
{
    struct strbuf stands = fingerprint_of(NULL), is = fingerprint_of(setting);
    struct err err = ERR_NONE;
    enum fingerprint_fit fit =
        fingerprint_compare(text_of(stands.bytes), text_of(is.bytes), &err);

    strbuf_deinit(&stands);
    strbuf_deinit(&is);
    return fit;
}

static void test_as_text(void **state)
{
    struct strbuf out = fingerprint_of(NULL);

    (void)state;
    assert_string_equal(
        out.bytes,
        "counting rules=1\n"
        "kafka cluster=cluster-1\n"
        "kafka.topic=events\n"
        "isolation.level=read_committed\n"
        "state.groups=1024\n"
        "relation 1=also_viewed from view,cart,purchase to "
        "view,cart,purchase\n"
        "relation 2=carted_together from cart,purchase to cart,purchase\n"
        "relation 3=viewed_then_carted from view to cart,purchase\n"
        "window 1=1h of 3600000ms in 12 panes\n"
        "window 2=24h of 86400000ms in 24 panes\n"
        "window 3=7d of 604800000ms in 28 panes\n"
        "~session.gap=1800000ms\n"
        "~session.max_items=50\n"
        "~session.max_open=1000000\n"
        "~events.lateness=600000ms\n"
        "~events.future=300000ms\n"
        "~events.max_bytes=65536\n");
    strbuf_deinit(&out);
}

static void test_what_never_changes(void **state)
{
    static const char *const settings[] = {
        "kafka.topic=other", "state.groups=512", "windows=1h,24h",
        "relations=also_viewed", "window.1h.panes=6"};

    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++)
        assert_int_equal(compare(settings[i]), FINGERPRINT_MISFIT);
}

static void test_what_changes_after_a_clean_stop(void **state)
{
    static const char *const settings[] = {
        "session.gap=20m",    "session.max_items=40", "session.max_open=10",
        "events.lateness=5m", "events.future=1m",     "events.max_bytes=1k"};

    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++)
        assert_int_equal(compare(settings[i]), FINGERPRINT_SOFT);
}

static void test_what_changes_freely(void **state)
{
    static const char *const settings[] = {"relation.also_viewed.score=count",
                                           "relation.also_viewed.k=5",
                                           "relation.also_viewed.min_support=3",
                                           "lists.ttl=30d",
                                           "lists.damping=3",
                                           "publish.interval=90ms",
                                           "row.max_pairs=500",
                                           "log.level=warn",
                                           "counts.max=20"};

    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++)
        assert_int_equal(compare(settings[i]), FINGERPRINT_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_text),
        cmocka_unit_test(test_what_never_changes),
        cmocka_unit_test(test_what_changes_after_a_clean_stop),
        cmocka_unit_test(test_what_changes_freely),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
