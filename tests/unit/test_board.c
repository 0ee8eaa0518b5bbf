/* board: copied in and out, by threads too; and the two documents. */
#include "board.h"
#include "unit.h"

#include <jansson.h>
#include <pthread.h>
#include <sched.h>

enum { PUTS = 200, READS = 2000 };

static struct board_view view;

static int set_up(void **state)
{
    (void)state;
    memset(&view, 0, sizeof view);
    view.phase = BOARD_COUNTING;
    view.values.kafka_up = view.values.redis_up = 1;
    view.topic = "events";
    view.prefix = "ter\"kait:";
    return 0;
}

static void test_in_and_out(void **state)
{
    struct board *board = board_new();
    static struct board_view out;

    (void)state;
    assert_int_equal(board_get(board, &out, 1000), 0); /* no beat yet */
    assert_int_equal(out.phase, BOARD_STARTING);
    assert_string_equal(out.topic, "");
    view.at_ms = 42;
    assert_int_equal(board_put(board, &view), 1);
    board_beat(board, 5000);
    assert_int_equal(board_get(board, &out, 7000), 2000);
    assert_int_equal(board_get(board, &out, 4000), 0);
    assert_int_equal(out.at_ms, 42);
    board_free(board);
    board_free(NULL);
}

/* Values and partitions that are only ever written together. */
static void *read_all(void *context)
{
    struct board_view *out = calloc(1, sizeof *out);
    intptr_t torn = 0;

    for (int i = 0; i < READS; i++) {
        board_get(context, out, 1);
        torn += out->at_ms != out->partitions[BOARD_PARTITIONS_MAX - 1].end ||
                out->at_ms != out->values.rows;
    }
    free(out);
    return (void *)torn;
}

static void test_threads(void **state)
{
    struct board *board = board_new();
    pthread_t readers[2];
    int put = 0;

    (void)state;
    board_put(board, &view);
    for (size_t i = 0; i < COUNT(readers); i++)
        pthread_create(&readers[i], NULL, read_all, board);
    for (int i = 1; put < PUTS; i++) {
        view.at_ms = view.values.rows = i;
        view.partitions[BOARD_PARTITIONS_MAX - 1].end = i;
        put += board_put(board, &view);
        board_beat(board, i);
        sched_yield();
    }
    for (size_t i = 0; i < COUNT(readers); i++) {
        void *torn;

        pthread_join(readers[i], &torn);
        assert_null(torn);
    }
    board_free(board);
}

static void test_reasons(void **state)
{
    (void)state;
    assert_int_equal(board_reasons(&view, 0), 0);
    assert_int_equal(board_reasons(&view, BOARD_STALLED_US),
                     1 << BECAUSE_STALLED);
    view.values.lag_records = BOARD_BEHIND_RECORDS;
    assert_int_equal(board_reasons(&view, 0), 0);
    view.values.lag_records++;
    view.values.redis_full = 2;
    view.values.is_held = 1;
    assert_int_equal(board_reasons(&view, 0), 1 << BECAUSE_BEHIND |
                                                  1 << BECAUSE_REDIS_FULL |
                                                  1 << BECAUSE_HELD);
    set_up(NULL);
    view.values.is_held = STATUS_HELD_BY_MEMORY;
    assert_int_equal(board_reasons(&view, 0), 1 << BECAUSE_MEMORY);
    view.values.is_held |= STATUS_HELD_BY_STATE;
    assert_int_equal(board_reasons(&view, 0),
                     1 << BECAUSE_MEMORY | 1 << BECAUSE_HELD);
    set_up(NULL);
    view.values.kafka_up = view.values.redis_up = 0;
    assert_int_equal(board_reasons(&view, 0),
                     1 << BECAUSE_KAFKA_AWAY | 1 << BECAUSE_REDIS_AWAY);
    view.phase = BOARD_STARTING;
    view.values.redis_up = 1;
    assert_int_equal(board_reasons(&view, 0), 1 << BECAUSE_STARTING);
    strcpy(view.waits_for, "redis");
    assert_int_equal(board_reasons(&view, 0),
                     1 << BECAUSE_STARTING | 1 << BECAUSE_REDIS_AWAY);
    view.values.redis_up = 0;
    strcpy(view.waits_for, "kafka");
    assert_int_equal(board_reasons(&view, 0), 1 << BECAUSE_STARTING |
                                                  1 << BECAUSE_KAFKA_AWAY |
                                                  1 << BECAUSE_REDIS_AWAY);
    set_up(NULL);
    view.phase = BOARD_STOPPING;
    assert_int_equal(board_reasons(&view, 0), 1 << BECAUSE_STOPPING);
}

static void test_readiness(void **state)
{
    struct strbuf out = STRBUF_EMPTY;

    (void)state;
    board_add_ready(&out, 0);
    assert_string_equal(out.bytes, "{\"ready\":true,\"reasons\":[]}");
    strbuf_clear(&out);
    board_add_ready(&out, 1 << BECAUSE_HELD | 1 << BECAUSE_KAFKA_AWAY);
    assert_string_equal(
        out.bytes,
        "{\"ready\":false,\"reasons\":[{\"reason\":\"kafka_away\",\"message\":"
        "\"no broker answers, or there is no "
        "topic\"},{\"reason\":\"held\",\"message\":\"reading "
        "waits, for nothing becomes durable\"}]}");
    strbuf_deinit(&out);
}

/* The member at a path like "partitions.1.lag". */
static json_t *member(json_t *document, const char *path)
{
    char copy[128], *rest = copy, *step;

    snprintf(copy, sizeof copy, "%s", path);
    while ((step = strsep(&rest, ".")) != NULL)
        document = json_is_array(document)
                       ? json_array_get(document, (size_t)atoi(step))
                       : json_object_get(document, step);
    if (document == NULL)
        fail_msg("no %s", path);
    return document;
}

static void expect_int(json_t *document, const char *path, int64_t number)
{
    json_t *value = member(document, path);

    if (!json_is_integer(value) || json_integer_value(value) != number)
        fail_msg("%s is %lld", path, (long long)json_integer_value(value));
}

static void expect_real(json_t *document, const char *path, double number)
{
    double value = json_number_value(member(document, path));

    if (value < number - 1e-9 || value > number + 1e-9)
        fail_msg("%s is %f", path, value);
}

static void expect_text(json_t *document, const char *path, const char *text)
{
    assert_string_equal(json_string_value(member(document, path)), text);
}

static json_t *status_document(uint32_t reasons)
{
    struct strbuf out = STRBUF_EMPTY;
    json_error_t error;
    json_t *document;

    board_add_status(&out, &view, reasons);
    document =
        json_loadb(out.bytes, out.length, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        fail_msg("%s in %s", error.text, out.bytes);
    strbuf_deinit(&out);
    return document;
}

static void fill(void)
{
    view.at_ms = 10000;
    view.values.refused_json = 3;
    view.values.checkpoint_us = 1500;
    view.values.checkpoint_age_ms = 77;
    view.values.rows = INT64_MAX;
    view.damping = 20.5;
    view.partitions_count = 2;
    view.partitions[0] = (struct board_partition){5, 9, 4, 9000};
    view.partitions[1] = (struct board_partition){0, -1, -1, -1};
    view.hot_count = 1;
    view.hot[0].per_second = 2.5;
    view.hot[0].item_length = 3;
    memcpy(view.hot[0].item, "a\"b", 3);
    histogram_note(&view.freshness_late, 50000);
    view.relations.count = 1;
    view.relations.at[0] = (struct relation){.name = "bought",
                                             .from = ACTION_VIEW,
                                             .to = ACTION_CART | ACTION_VIEW,
                                             .score = SCORE_LLR,
                                             .k = 7,
                                             .min_support = 2};
    view.windows.count = 1;
    view.windows.at[0] = (struct window){"1h", 3600000, 12};
}

static void test_status(void **state)
{
    json_t *document;

    (void)state;
    fill();
    document = status_document(1 << BECAUSE_BEHIND);
    expect_text(document, "version", TERKAIT_VERSION);
    expect_text(document, "phase", "counting");
    expect_text(document, "reasons.0.reason", "behind");
    expect_int(document, "values.rows", INT64_MAX);
    assert_int_equal(json_object_size(member(document, "values")),
                     STATUS_COUNT);
    expect_int(document, "refused.json", 3);
    expect_int(document, "refused.late", 0);
    expect_int(document, "partitions.0.partition", 0);
    expect_int(document, "partitions.0.lag", 4);
    expect_int(document, "partitions.0.event_lag_ms", 1000);
    assert_true(json_is_null(member(document, "partitions.1.end")));
    assert_true(json_is_null(member(document, "partitions.1.event_lag_ms")));
    expect_real(document, "freshness.p50_ms", 50);
    expect_int(document, "redis_latency.count", 0);
    expect_real(document, "checkpoint.duration_ms", 1.5);
    expect_int(document, "checkpoint.age_ms", 77);
    expect_text(document, "hot.0.item", "a\"b");
    expect_text(document, "hot.0.tenant", "");
    expect_real(document, "hot.0.per_second", 2.5);
    expect_text(document, "settings.prefix", "ter\"kait:");
    expect_real(document, "settings.damping", 20.5);
    expect_text(document, "settings.relations.0.from.0", "view");
    expect_text(document, "settings.relations.0.to.1", "cart");
    expect_text(document, "settings.relations.0.score", "llr");
    expect_int(document, "settings.windows.0.length_ms", 3600000);
    json_decref(document);
}

static void test_an_empty_status(void **state)
{
    json_t *document;

    (void)state;
    memset(&view, 0, sizeof view);
    view.topic = view.prefix = "";
    document = status_document(0);
    assert_int_equal(json_array_size(member(document, "partitions")), 0);
    assert_int_equal(json_array_size(member(document, "hot")), 0);
    expect_real(document, "freshness.max_ms", 0);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_in_and_out, set_up),
        cmocka_unit_test_setup(test_threads, set_up),
        cmocka_unit_test_setup(test_reasons, set_up),
        cmocka_unit_test_setup(test_readiness, set_up),
        cmocka_unit_test_setup(test_status, set_up),
        cmocka_unit_test_setup(test_an_empty_status, set_up),
    };

    return cmocka_run_group_tests_name("board", tests, NULL, NULL);
}
