/* metrics: names, kinds and numbers, and that promtool has nothing to say. */
#include "metrics.h"
#include "unit.h"

static struct board_view view;
static struct strbuf out;

static int set_up(void **state)
{
    (void)state;
    memset(&view, 0, sizeof view);
    strbuf_clear(&out);
    view.phase = BOARD_COUNTING;
    view.topic = view.prefix = "";
    return 0;
}

static const char *text(uint32_t reasons)
{
    strbuf_clear(&out);
    metrics_add(&out, &view, reasons);
    return out.bytes;
}

static void expect_line(const char *line)
{
    struct strbuf whole = STRBUF_EMPTY;

    strbuf_add_format(&whole, "\n%s\n", line);
    if (strstr(text(0), whole.bytes) == NULL)
        fail_msg("no line \"%s\" in\n%s", line, out.bytes);
    strbuf_deinit(&whole);
}

static void expect_none(const char *part)
{
    if (strstr(text(0), part) != NULL)
        fail_msg("\"%s\" in\n%s", part, out.bytes);
}

static void test_names_and_units(void **state)
{
    (void)state;
    view.values.lists_written = 7;
    view.values.last_list_at_ms = 1718000000123;
    view.values.stream_time_ms = 1718000000001;
    view.values.checkpoint_age_ms = 1234;
    view.values.rows = 5;
    view.values.memory_rss_bytes = 4096;
    expect_line("terkait_lists_written_total 7");
    expect_line("# TYPE terkait_lists_written_total counter");
    expect_line("# HELP terkait_lists_written_total lists written");
    expect_line("terkait_last_list_timestamp_seconds 1718000000.123");
    expect_line("terkait_stream_timestamp_seconds 1718000000.001");
    expect_line("# TYPE terkait_checkpoint_age_seconds gauge");
    expect_line("terkait_checkpoint_age_seconds 1.234");
    expect_line("terkait_rows 5");
    expect_line("terkait_memory_rss_bytes 4096");
    expect_line("terkait_build_info{version=\"" TERKAIT_VERSION "\"} 1");
    expect_none("per_s");
    expect_none("_ms");
    expect_none("_us ");
}

static void test_families(void **state)
{
    (void)state;
    view.values.events_page_view = 3;
    view.values.events_purchase = 4;
    view.values.refused_json = 5;
    view.values.refused_late = 6;
    view.values.memory_engine_bytes = 7;
    expect_line("terkait_events_total{type=\"page_view\"} 3");
    expect_line("terkait_events_total{type=\"purchase\"} 4");
    expect_line("terkait_refused_total{reason=\"json\"} 5");
    expect_line("terkait_refused_total{reason=\"late\"} 6");
    expect_line("terkait_memory_bytes{use=\"engine\"} 7");
    expect_none("refused_json");
    expect_none("events_page_view");
}

static void test_histograms(void **state)
{
    (void)state;
    histogram_note(&view.freshness, 50000);
    histogram_note(&view.freshness, 50001);
    histogram_note(&view.freshness, 400000000);
    expect_line("# TYPE terkait_freshness_seconds histogram");
    expect_line("terkait_freshness_seconds_bucket{le=\"0.025\"} 0");
    expect_line("terkait_freshness_seconds_bucket{le=\"0.05\"} 1");
    expect_line("terkait_freshness_seconds_bucket{le=\"0.075\"} 2");
    expect_line("terkait_freshness_seconds_bucket{le=\"60\"} 2");
    expect_line("terkait_freshness_seconds_bucket{le=\"+Inf\"} 3");
    expect_line("terkait_freshness_seconds_sum 400.100001");
    expect_line("terkait_freshness_seconds_count 3");
    expect_line("terkait_redis_latency_seconds_count 0");
    expect_line("terkait_checkpoint_duration_seconds_count 0");
}

static void test_partitions(void **state)
{
    (void)state;
    view.at_ms = 10000;
    view.partitions_count = 2;
    view.partitions[0] = (struct board_partition){12, 20, 8, 8500};
    view.partitions[1] = (struct board_partition){0, -1, -1, -1};
    expect_line("terkait_partition_position{partition=\"0\"} 12");
    expect_line("terkait_partition_position{partition=\"1\"} 0");
    expect_line("terkait_partition_lag_records{partition=\"0\"} 8");
    expect_line("terkait_partition_event_lag_seconds{partition=\"0\"} 1.500");
    expect_none("lag_records{partition=\"1\"}");
    expect_none("event_lag_seconds{partition=\"1\"}");
    view.at_ms = 8000; /* events ahead of the clock */
    expect_line("terkait_partition_event_lag_seconds{partition=\"0\"} 0.000");
}

static void test_readiness(void **state)
{
    (void)state;
    expect_line("terkait_ready 1");
    expect_line("terkait_not_ready{reason=\"starting\"} 0");
    assert_non_null(strstr(text(1u << BECAUSE_REDIS_AWAY),
                           "terkait_not_ready{reason=\"redis_away\"} 1"));
    assert_non_null(strstr(out.bytes, "\nterkait_ready 0\n"));
}

/* Every value of the status is there, under one name each. */
static void test_nothing_is_left_out(void **state)
{
    size_t skipped = 0;

    (void)state;
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        char before[32], after[32];

        set_up(NULL);
        ((int64_t *)&view.values)[i] = 12345678;
        text(0);
        snprintf(before, sizeof before, " 12345678\n");
        snprintf(after, sizeof after, " 12345.678");
        skipped += strstr(out.bytes, before) == NULL &&
                   strstr(out.bytes, after) == NULL;
    }
    assert_int_equal(skipped, 4 + 5); /* rates, and what histograms say */
}

static void test_promtool(void **state)
{
    FILE *tool;
    int status;

    (void)state;
    if (system("command -v promtool >/dev/null") != 0) {
        print_message("promtool is not there: scripts/deps test\n");
        skip();
    }
    view.partitions_count = 2;
    tool = popen("promtool check metrics >&2", "w");
    assert_non_null(tool);
    text(0);
    assert_int_equal(fwrite(out.bytes, 1, out.length, tool), out.length);
    status = pclose(tool);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names_and_units, set_up),
        cmocka_unit_test_setup(test_families, set_up),
        cmocka_unit_test_setup(test_histograms, set_up),
        cmocka_unit_test_setup(test_partitions, set_up),
        cmocka_unit_test_setup(test_readiness, set_up),
        cmocka_unit_test_setup(test_nothing_is_left_out, set_up),
        cmocka_unit_test_setup(test_promtool, set_up),
    };
    int failed = cmocka_run_group_tests_name("metrics", tests, NULL, NULL);

    strbuf_deinit(&out);
    return failed;
}
