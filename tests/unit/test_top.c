/* What the screen and the lines say of made-up stats. */
#include "top.h"

#include "unit.h"

enum { NOW_S = 1718000000 };
#define NOW (INT64_C(1000) * NOW_S)

static void put(struct fields *fields, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    fields_put(fields, text_of(name), text_of(text));
}

/* A daemon at its best, at this time. */
static struct fields healthy(int64_t at_ms)
{
    struct fields fields = {0};

    fields_put(&fields, text_of("version"), text_of("9.8.7"));
    put(&fields, "started_at_ms", NOW - 7200000);
    put(&fields, "updated_at_ms", at_ms);
    put(&fields, "first_event_at_ms", NOW - 7000000);
    put(&fields, "is_caught_up", 1);
    put(&fields, "events_per_s", 12345);
    put(&fields, "records_per_s", 12400);
    put(&fields, "lists_per_s", 678);
    put(&fields, "freshness_p99_ms", 45);
    put(&fields, "events_accepted", 1000000);
    put(&fields, "events_refused", 50);
    put(&fields, "refused_json", 9);
    put(&fields, "refused_late", 41);
    put(&fields, "refused_ts", 0);
    put(&fields, "memory_rss_bytes", 118200000);
    put(&fields, "kafka_up", 1);
    put(&fields, "kafka_partitions", 4);
    return fields;
}

static void take(struct top *top, struct fields fields, int64_t now_ms)
{
    top_take_stats(top, &fields, now_ms);
    assert_int_equal(fields.count, 0);
}

static struct top *new_top(void)
{
    return top_new("127.0.0.1:6379/0", "shop:");
}

static char *drawn(const struct top *top, uint32_t columns, uint32_t rows,
                   int64_t now_ms, int draws)
{
    static char text[65536];
    struct canvas *canvas = canvas_new(columns, rows);
    struct strbuf out = STRBUF_EMPTY;

    top_draw(top, canvas, now_ms, draws);
    canvas_render(canvas, &out, 0);
    snprintf(text, sizeof text, "%s", out.bytes);
    strbuf_deinit(&out);
    canvas_free(canvas);
    return text;
}

static void assert_shows(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL)
        fail_msg("no \"%s\" in:\n%s", wanted, text);
}

static void assert_hides(const char *text, const char *wanted)
{
    if (strstr(text, wanted) != NULL)
        fail_msg("\"%s\" in:\n%s", wanted, text);
}

static void test_a_screen(void **state)
{
    struct top *top = new_top();
    const char *text;

    (void)state;
    take(top, healthy(NOW), NOW);
    text = drawn(top, 80, 24, NOW, 1);
    assert_shows(text, " terkait 9.8.7  127.0.0.1:6379/0  shop:");
    assert_shows(text, "up 2 h  2024-06-10T06:13:20Z");
    assert_shows(text, "\n counting; all input is read\n");
    assert_shows(text, " events/s         12,345");
    assert_shows(text, " freshness, p99    45 ms\n");
    assert_shows(text, "refused   late 41  json 9\n");
    assert_shows(text, "resident 118 MB");
    assert_shows(text, "Kafka     up  partitions 4");
    assert_shows(text, "state     saved 0 ms late  in 0.0 ms  starts 0");
    assert_shows(text, "\n q ends");
    top_free(top);
}

static void test_how_it_goes(void **state)
{
    static const struct {
        const char *name;
        int64_t value;
        const char *words, *word;
    } cases[] = {
        {"events_per_s", 1, "counting; all input is read", "ok"},
        {"redis_full", 1, "Redis is full: lists are not written", "redis-full"},
        {"redis_full", 3, "Redis is full: lists and counts", "redis-full"},
        {"kafka_up", 0, "Kafka does not answer", "kafka-away"},
        {"is_held", 1, "reading waits for the state", "held"},
        {"first_event_at_ms", 0, "no event came yet", "ok"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fields fields = healthy(NOW);
        struct strbuf line = STRBUF_EMPTY;
        struct top *top = new_top();

        put(&fields, cases[i].name, cases[i].value);
        take(top, fields, NOW);
        assert_shows(drawn(top, 80, 24, NOW, 0), cases[i].words);
        top_add_line(top, &line, NOW);
        assert_shows(line.bytes, cases[i].word);
        strbuf_deinit(&line);
        top_free(top);
    }
}

static void test_behind_is_more_than_a_second(void **state)
{
    struct top *top = new_top();
    struct fields fields = healthy(NOW);

    (void)state;
    put(&fields, "is_caught_up", 0);
    put(&fields, "lag_records", 12400);
    take(top, fields, NOW);
    assert_shows(drawn(top, 80, 24, NOW, 0), "all input is read");
    fields = healthy(NOW + 1000);
    put(&fields, "is_caught_up", 0);
    put(&fields, "lag_records", 12401);
    take(top, fields, NOW + 1000);
    assert_shows(drawn(top, 80, 24, NOW + 1000, 0), "behind by 12,401 records");
    top_free(top);
}

static void test_memory_near_its_bound(void **state)
{
    struct canvas *canvas = canvas_new(80, 24);
    struct strbuf out = STRBUF_EMPTY;
    struct fields fields = healthy(NOW);
    struct top *top = new_top();

    (void)state;
    put(&fields, "memory_max_bytes", 130000000);
    take(top, fields, NOW);
    assert_shows(drawn(top, 80, 24, NOW, 0), "resident 118 MB  of 130 MB  eng");
    top_draw(top, canvas, NOW, 0);
    canvas_render(canvas, &out, 1);
    assert_shows(out.bytes, "\033[1;31m118 MB");
    strbuf_deinit(&out);
    canvas_free(canvas);
    top_free(top);
}

static void test_redis_away_and_back(void **state)
{
    struct strbuf line = STRBUF_EMPTY;
    struct top *top = new_top();

    (void)state;
    top_take_silence(top, NOW);
    assert_shows(drawn(top, 80, 24, NOW + 3000, 0),
                 "Redis does not answer for 3.0 s; waiting for it");
    take(top, healthy(NOW), NOW);
    assert_hides(drawn(top, 80, 24, NOW, 0), "does not answer");
    top_take_silence(top, NOW + 1000);
    top_take_silence(top, NOW + 2000);
    assert_shows(drawn(top, 80, 24, NOW + 3000, 0), "for 2.0 s");
    assert_shows(drawn(top, 80, 24, NOW + 3000, 0), "12,345");
    top_add_line(top, &line, NOW + 3000);
    assert_string_equal(line.bytes,
                        "2024-06-10T06:13:23Z         -         -        -     "
                        "    -        -        -  redis-away\n");
    strbuf_deinit(&line);
    top_free(top);
}

static void test_stats_that_stay_the_same(void **state)
{
    struct top *top = new_top();
    struct fields none = {0};

    (void)state;
    take(top, none, NOW);
    assert_shows(drawn(top, 80, 24, NOW, 0), "nothing at shop:stats");
    take(top, healthy(NOW), NOW);
    take(top, healthy(NOW), NOW + 5000);
    assert_hides(drawn(top, 80, 24, NOW + 5000, 0), "said nothing");
    take(top, healthy(NOW), NOW + 5001);
    assert_shows(drawn(top, 80, 24, NOW + 5001, 0),
                 "terkait said nothing for 5.0 s");
    take(top, healthy(NOW + 5000), NOW + 5002);
    assert_hides(drawn(top, 80, 24, NOW + 5002, 0), "said nothing");
    top_free(top);
}

/* Old at first sight: at once; a clock that is a little off: not. */
static void test_old_stats_at_first_sight(void **state)
{
    struct top *top = new_top();

    (void)state;
    take(top, healthy(NOW - 60000), NOW);
    assert_shows(drawn(top, 80, 24, NOW, 0), "said nothing for 60 s");
    take(top, healthy(NOW - 59000), NOW + 1000);
    assert_hides(drawn(top, 80, 24, NOW + 1000, 0), "said nothing");
    top_free(top);
    top = new_top();
    take(top, healthy(NOW - 9000), NOW);
    assert_hides(drawn(top, 80, 24, NOW, 0), "said nothing");
    top_free(top);
}

static void take_refused(struct top *top, int64_t after_ms, int64_t refused,
                         int64_t started_ms)
{
    struct fields fields = healthy(NOW + after_ms);

    put(&fields, "events_refused", refused);
    put(&fields, "started_at_ms", started_ms);
    take(top, fields, NOW + after_ms);
}

static void test_refused_a_second(void **state)
{
    struct strbuf line = STRBUF_EMPTY;
    struct top *top = new_top();

    (void)state;
    take_refused(top, 0, 100, 1);
    assert_shows(drawn(top, 80, 24, NOW, 0), "refused/s             0");
    take_refused(top, 2000, 400, 1);
    assert_shows(drawn(top, 80, 24, NOW, 0), "refused/s           150");
    top_add_line(top, &line, NOW + 2000);
    assert_string_equal(line.bytes,
                        "2024-06-10T06:13:22Z     12345       150      678     "
                        "    0    45 ms   118 MB  ok\n");
    strbuf_deinit(&line);
    take_refused(top, 3000, 900, 2); /* another process */
    assert_shows(drawn(top, 80, 24, NOW, 0), "refused/s             0");
    top_free(top);
}

static void test_hot_items(void **state)
{
    struct top *top = new_top();
    struct fields fields = healthy(NOW);
    struct lookup_list popular;
    struct err err = ERR_NONE;
    const char *text;

    (void)state;
    assert_int_equal(0, lookup_parse(&popular,
                                     text_of("{\"v\":1,\"window\":\"1h\",\"as_"
                                             "of\":1,\"support\":9,\"items\":[{"
                                             "\"id\":\"sku-7\",\"score\":1,"
                                             "\"count\":1234}]}"),
                                     &err));
    take(top, healthy(NOW), NOW);
    top_take_popular(top, &popular, "1h");
    text = drawn(top, 80, 24, NOW, 0);
    assert_shows(text, " popular, sessions in 1h\n");
    assert_shows(text, "\n sku-7                            1,234\n");
    fields_put(&fields, text_of("hot_items"),
               text_of("[{\"tenant\":\"toko\",\"item\":\"a\\u001b\",\"per_"
                       "second\":12.34},{\"tenant\":\"\",\"item\":\"b\",\"per_"
                       "second\":0.5}]"));
    take(top, fields, NOW);
    text = drawn(top, 80, 24, NOW, 0);
    assert_shows(text, " hot now, events/s\n");
    assert_shows(text, "\n toko/a\\x1B                          12\n");
    assert_shows(text, "\n b                                  0.5\n");
    assert_hides(text, "sku-7");
    fields = healthy(NOW);
    fields_put(&fields, text_of("hot_items"), text_of("[{\"item\":7}]"));
    take(top, fields, NOW);
    assert_shows(drawn(top, 80, 24, NOW, 0), "sku-7");
    top_free(top);
}

static void test_a_long_id_leaves_the_number(void **state)
{
    struct top *top = new_top();
    struct fields fields = healthy(NOW);
    char json[400];

    (void)state;
    snprintf(json, sizeof json,
             "[{\"item\":\"%0128d\",\"per_second\":77},{\"item\":\"%0128d\","
             "\"per_second\":55}]",
             1, 2);
    fields_put(&fields, text_of("hot_items"), text_of(json));
    take(top, fields, NOW);
    assert_shows(drawn(top, 80, 24, NOW, 0), "0 77\n");
    assert_shows(drawn(top, 80, 20, NOW, 0), "0 77   0000");
    top_free(top);
}

/* No row is longer than the screen, no screen higher, whatever the size. */
static void test_every_size(void **state)
{
    struct top *top = new_top();

    (void)state;
    for (int i = 0; i < TOP_HISTORY + 10; i++)
        take(top, healthy(NOW + i * 1000), NOW + i * 1000);
    for (uint32_t columns = 1; columns < 300; columns += 7)
        for (uint32_t rows = 1; rows < 60; rows += 5) {
            const char *at = drawn(top, columns, rows, NOW, 0);
            uint32_t lines = 1;

            for (; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
                assert_in_range(strcspn(at, "\n"), 0, columns);
                lines += at[strcspn(at, "\n")] == '\n';
            }
            assert_in_range(lines, 1, rows);
        }
    top_free(top);
}

static void test_the_curve(void **state)
{
    struct top *top = new_top();

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct fields fields = healthy(NOW + i);

        put(&fields, "events_per_s", i * 100);
        take(top, fields, NOW + i);
    }
    assert_shows(drawn(top, 80, 24, NOW, 1), "700  ▁▂▃▄▅▆▇█\n");
    assert_shows(drawn(top, 80, 24, NOW, 0), "700  _..--==#\n");
    assert_shows(drawn(top, 30, 24, NOW, 1), "700  ▆▇█\n");
    for (int i = 8; i < 8 + TOP_HISTORY; i++) {
        struct fields fields = healthy(NOW + i);

        put(&fields, "events_per_s", i % 7 * 100);
        take(top, fields, NOW + i);
    }
    assert_shows(drawn(top, 32, 24, NOW, 0), "200  =#_..\n");
    top_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_screen),
        cmocka_unit_test(test_how_it_goes),
        cmocka_unit_test(test_behind_is_more_than_a_second),
        cmocka_unit_test(test_memory_near_its_bound),
        cmocka_unit_test(test_redis_away_and_back),
        cmocka_unit_test(test_stats_that_stay_the_same),
        cmocka_unit_test(test_old_stats_at_first_sight),
        cmocka_unit_test(test_refused_a_second),
        cmocka_unit_test(test_hot_items),
        cmocka_unit_test(test_a_long_id_leaves_the_number),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_the_curve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
