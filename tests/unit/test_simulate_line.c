#include "simulate_line.h"

#include "rfc3339.h"

#include "unit.h"

static struct catalogue *catalogue;

static int setup(void **state)
{
    struct catalogue_rules rules = {24, 3, 2, 1};
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    catalogue = catalogue_new(&rng, &rules);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    catalogue_free(catalogue);
    return 0;
}

static const uint32_t items[] = {0, 12};

static struct line_event simple(void)
{
    return (struct line_event){
        .type = EVENT_PAGE_VIEW,
        .ts_ms = INT64_C(1765540800123),
        .id = 0xabc,
        .visitor = text_of("budi"),
        .items = items,
    };
}

/* The line as it would be with what the seller's lot decides. */
static void assert_line(const struct line_event *event, const char *before,
                        const char *after)
{
    struct strbuf line = STRBUF_EMPTY, wanted = STRBUF_EMPTY;
    struct text seller = catalogue_seller(catalogue, event->items[0]);

    line_add(&line, event, catalogue);
    strbuf_add_text(&wanted, before);
    if (event->items_count == 0)
        strbuf_add(&wanted, seller.bytes, seller.length);
    strbuf_add_text(&wanted, after);
    assert_string_equal(line.bytes, wanted.bytes);
    assert_int_equal(line.length, wanted.length);
    strbuf_deinit(&line);
    strbuf_deinit(&wanted);
}

static void test_a_view_has_the_goods_and_the_sender(void **state)
{
    struct line_event event = simple();

    (void)state;
    assert_line(&event,
                "{\"type\":\"page_view\",\"visitor\":\"budi\","
                "\"item\":\"kopi-gayo-250g\",\"ts\":1765540800123,"
                "\"category\":\"kopi\",",
                ",\"channel\":\"android\",\"event_id\":\"0000000abc\"}");
}

static void test_optional_fields_have_their_places(void **state)
{
    struct line_event event = simple();

    (void)state;
    event.type = EVENT_REMOVE_FROM_CART;
    event.visitor = text_of("10000007");
    event.visitor_is_integer = 1;
    event.time = VISIT_TIME_SECONDS;
    event.session = 5;
    event.tenant = catalogue_tenant(catalogue, 1);
    event.channel = 255;
    assert_line(&event,
                "{\"type\":\"remove_from_cart\",\"visitor\":10000007,"
                "\"item\":\"kopi-gayo-250g\",\"ts\":1765540800,"
                "\"category\":\"kopi\",",
                ",\"session\":\"s-0000000005\",\"tenant\":\"lapak-merdeka\","
                "\"channel\":\"mweb\",\"event_id\":\"0000000abc\"}");
}

static void test_an_order_is_an_array_of_ids_or_of_objects(void **state)
{
    struct line_event event = simple();

    (void)state;
    event.type = EVENT_PURCHASE;
    event.items_count = 2;
    assert_line(&event,
                "{\"type\":\"purchase\",\"visitor\":\"budi\",\"items\":["
                "\"kopi-gayo-250g\",\"batik-tulis-mega-mendung\"],"
                "\"ts\":1765540800123",
                ",\"channel\":\"android\",\"event_id\":\"0000000abc\"}");
    event.channel = 1;
    assert_line(&event,
                "{\"type\":\"purchase\",\"visitor\":\"budi\",\"items\":["
                "{\"item\":\"kopi-gayo-250g\",\"qty\":1},"
                "{\"item\":\"batik-tulis-mega-mendung\",\"qty\":1}],"
                "\"ts\":1765540800123",
                ",\"channel\":\"android\",\"event_id\":\"0000000abc\"}");
}

/* The value of `ts`, without its quotes. */
static struct text time_of(struct strbuf *line, const struct line_event *event)
{
    const char *start, *end;

    strbuf_clear(line);
    line_add(line, event, catalogue);
    start = strstr(line->bytes, "\"ts\":\"");
    assert_non_null(start);
    start += strlen("\"ts\":\"");
    end = strchr(start, '"');
    return (struct text){start, (uint32_t)(end - start)};
}

static void test_text_times_are_in_the_zones_of_indonesia(void **state)
{
    static const struct {
        uint8_t channel;
        const char *text;
    } times[] = {
        {0, "2025-12-12T19:00:00.123+07:00"},
        {4, "2025-12-12T20:00:00.123+08:00"},
        {6, "2025-12-12T21:00:00.123+09:00"},
        {7, "2025-12-12T12:00:00.123Z"},
        {231, "2025-12-12 12:00:00.123Z"},
    };
    struct line_event event = simple();
    struct strbuf line = STRBUF_EMPTY;

    (void)state;
    event.time = VISIT_TIME_TEXT;
    for (size_t i = 0; i < COUNT(times); i++) {
        event.channel = times[i].channel;
        assert_text(time_of(&line, &event), times[i].text);
    }
    strbuf_deinit(&line);
}

/* Every 13 hours and some from 1973 to 2100, leap years and all. */
static void test_text_times_are_read_back(void **state)
{
    struct line_event event = simple();
    struct strbuf line = STRBUF_EMPTY;
    int64_t read_ms;

    (void)state;
    event.time = VISIT_TIME_TEXT;
    for (event.ts_ms = INT64_C(100000000000);
         event.ts_ms < INT64_C(4102444800000);
         event.ts_ms += INT64_C(47123457)) {
        struct text text;

        event.channel++;
        text = time_of(&line, &event);
        assert_int_equal(rfc3339_parse(&read_ms, text.bytes, text.length), 0);
        assert_int_equal(read_ms, event.ts_ms);
    }
    strbuf_deinit(&line);
}

static void test_visitors_are_cookies_or_accounts(void **state)
{
    char bytes[LINE_VISITOR_BYTES];
    uint32_t length;

    (void)state;
    length = line_write_visitor(bytes, 7, UINT64_C(0x123456789abcdef0), 0);
    assert_text((struct text){bytes, length}, "pembeli-56789abcdef0");
    length = line_write_visitor(bytes, UINT32_MAX, 1, 1);
    assert_text((struct text){bytes, length}, "4304967295");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_view_has_the_goods_and_the_sender),
        cmocka_unit_test(test_optional_fields_have_their_places),
        cmocka_unit_test(test_an_order_is_an_array_of_ids_or_of_objects),
        cmocka_unit_test(test_text_times_are_in_the_zones_of_indonesia),
        cmocka_unit_test(test_text_times_are_read_back),
        cmocka_unit_test(test_visitors_are_cookies_or_accounts),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
