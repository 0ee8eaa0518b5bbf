/* Each field by itself; the document is in test_event.c. */
#include "expect_event.h"

#include "rfc3339.h"

static void test_knows_four_types(void **state)
{
    static const char *const names[EVENT_TYPES] = {
        "page_view",
        "add_to_cart",
        "remove_from_cart",
        "purchase",
    };
    static const char *const wrong[] = {
        "null", "7", "1.5", "true", "false", "{}", "[]", "['page_view']",
    };
    static const char *const others[] = {
        "", "Page_view", "page_view ", "page_vie", "page_views", "search",
    };

    (void)state;
    for (int i = 0; i < EVENT_TYPES; i++) {
        expect(EVENT_ACCEPTED, "{'type':'%s','visitor':1,'item':2}", names[i]);
        assert_int_equal(event.type, i);
    }
    expect(EVENT_TYPE, "{}");
    expect(EVENT_TYPE, "{'visitor':'v','item':'i'}");
    for (size_t i = 0; i < COUNT(wrong); i++)
        expect(EVENT_TYPE, "{'type':%s,'visitor':1,'item':2}", wrong[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        expect(EVENT_IGNORED, "{'type':'%s','visitor':1,'item':2}", others[i]);
    expect(EVENT_ACCEPTED, "{'type':'p\\u0061ge_view','visitor':1,'item':2}");
}

static void test_only_false_refuses_consent(void **state)
{
    static const char *const others[] = {
        "true", "'false'", "null", "0", "0.0", "''", "[]", "[false]", "{}",
    };

    (void)state;
    expect(EVENT_NO_CONSENT, "{" GOOD ",'consent':false}");
    for (size_t i = 0; i < COUNT(others); i++)
        expect(EVENT_ACCEPTED, "{" GOOD ",'consent':%s}", others[i]);
}

/* As visitor, as item and as entry of items, plain and in an object. */
static void expect_id(const char *json, const char *id)
{
    int is_good = id != NULL;

    expect(is_good ? EVENT_ACCEPTED : EVENT_VISITOR,
           "{'type':'purchase','visitor':%s,'item':'i'}", json);
    if (is_good)
        assert_text(event.visitor, id);
    expect(is_good ? EVENT_ACCEPTED : EVENT_ITEM,
           "{'type':'purchase','visitor':'v','item':%s}", json);
    if (is_good)
        assert_text(event.items[0], id);
    expect(is_good ? EVENT_ACCEPTED : EVENT_ITEM,
           "{'type':'purchase','visitor':'v','items':['a',%s]}", json);
    if (is_good)
        assert_text(event.items[1], id);
    expect(is_good ? EVENT_ACCEPTED : EVENT_ITEM,
           "{'type':'purchase','visitor':'v','items':[{'item':%s},'b']}", json);
    if (is_good)
        assert_text(event.items[0], id);
}

static void test_takes_texts_and_whole_numbers_as_ids(void **state)
{
    static const struct {
        const char *json, *id; /* id NULL: refused */
    } examples[] = {{"'a'", "a"},
                    {"' '", " "},
                    {"'-5'", "-5"},
                    {"'7.0'", "7.0"},
                    {"'null'", "null"},
                    {"'\\u0041\\/\\n\\u0001'", "A/\n\x01"},
                    {"'\\u00e9\\ud83d\\ude00'", "\xc3\xa9\xf0\x9f\x98\x80"},
                    {"0", "0"},
                    {"-0", "0"},
                    {"7", "7"},
                    {"9223372036854775807", "9223372036854775807"},
                    {"-1", NULL},
                    {"-9223372036854775808", NULL},
                    {"7.0", NULL},
                    {"7e0", NULL},
                    {"-0.0", NULL},
                    {"''", NULL},
                    {"null", NULL},
                    {"true", NULL},
                    {"false", NULL},
                    {"[]", NULL},
                    {"['a']", NULL},
                    {"{}", NULL},
                    {"{'id':'a'}", NULL},
                    {"{'item':''}", NULL},
                    {"{'item':null}", NULL},
                    {"{'item':{'item':'a'}}", NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++)
        expect_id(examples[i].json, examples[i].id);
    expect(EVENT_VISITOR, "{'type':'purchase','item':'i'}");
    expect(EVENT_VISITOR, "{'type':'purchase','visitor':{'item':'a'},"
                          "'item':'i'}");
    expect(EVENT_ITEM, "{'type':'purchase','visitor':'v'}");
    expect(EVENT_ITEM, "{'type':'purchase','visitor':'v','item':{'item':'a'}}");
}

/* Text of so many bytes between two pieces, in several spellings. */
static void expect_length(enum event_verdict wanted, const char *before,
                          int bytes, const char *after)
{
    static const struct {
        const char *unit;
        int bytes;
    } spellings[] = {
        {"x", 1},       {"\\n", 1},          {"\xc3\xa9", 2},
        {"\\u00e9", 2}, {"\xe2\x82\xac", 3}, {"\\ud83d\\ude00", 4}};

    for (size_t i = 0; i < COUNT(spellings); i++) {
        char *text = repeat(spellings[i].unit, bytes / spellings[i].bytes);
        int rest = bytes % spellings[i].bytes;

        expect(wanted, "%s%s%.*s%s", before, text, rest, "yyy", after);
        free(text);
    }
}

static void test_lengths_are_bytes_after_unescaping(void **state)
{
    static const struct {
        const char *before, *after;
        int bytes_max;
        enum event_verdict refusal;
    } fields[] = {
        {"{'type':'purchase','item':1,'visitor':'", "'}", 128, EVENT_VISITOR},
        {"{'type':'purchase','visitor':1,'item':'", "'}", 128, EVENT_ITEM},
        {"{'type':'purchase','visitor':1,'items':['", "']}", 128, EVENT_ITEM},
        {"{'type':'purchase','visitor':1,'items':[{'item':'", "'}]}", 128,
         EVENT_ITEM},
        {"{" GOOD ",'session':'", "'}", 128, EVENT_SESSION},
        {"{" GOOD ",'tenant':'", "'}", 64, EVENT_TENANT}};

    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *before = fields[i].before, *after = fields[i].after;
        int bytes_max = fields[i].bytes_max;

        expect_length(EVENT_ACCEPTED, before, bytes_max, after);
        expect_length(fields[i].refusal, before, bytes_max + 1, after);
        expect_length(fields[i].refusal, before, 1000, after);
    }
}

static void test_items_decide_over_item(void **state)
{
    (void)state;
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':['a',7,{'item':'b'},"
                           "{'item':8,'price':1.5},'a']}");
    assert_int_equal(event.items_count, 5);
    assert_text(event.items[0], "a");
    assert_text(event.items[1], "7");
    assert_text(event.items[2], "b");
    assert_text(event.items[3], "8");
    assert_text(event.items[4], "a");
    expect(EVENT_ACCEPTED, "{" GOOD ",'item':[],'items':['a']}");
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':null}");
    assert_int_equal(event.items_count, 1);
    assert_text(event.items[0], "i");
    expect(EVENT_ITEM, "{'type':'purchase','visitor':'v','items':null}");
}

static void test_bad_items_refuse_the_event(void **state)
{
    static const char *const wrong[] = {
        "[]",    "[null]",     "['a',null]", "[['a']]",
        "[{}]",  "[{'id':1}]", "[true]",     "['a',1.0]",
        "'a'",   "7",          "1.5",        "true",
        "false", "{}",         "''",         "{'item':'a'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        expect(EVENT_ITEM, "{" GOOD ",'items':%s}", wrong[i]);
    expect(EVENT_ITEM, "{" GOOD ",'items':['a'],'items':'b'}");
}

static void test_takes_200_entries_and_looks_at_no_more(void **state)
{
    struct strbuf numbers = STRBUF_EMPTY;

    (void)state;
    for (int i = 1001; i < 1200; i++)
        strbuf_add_format(&numbers, "%d,", i);
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':[%s'last']}", numbers.bytes);
    assert_int_equal(event.items_count, 200);
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':[%s9,null]}", numbers.bytes);
    assert_int_equal(event.items_count, 200);
    for (uint32_t i = 0; i < 199; i++) {
        char wanted[16];

        snprintf(wanted, sizeof wanted, "%u", 1001 + i);
        assert_text(event.items[i], wanted);
    }
    assert_text(event.items[199], "9");
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':[%s9,10,'']}", numbers.bytes);
    expect(EVENT_ITEM, "{" GOOD ",'items':[%snull]}", numbers.bytes);
    expect(EVENT_ITEM, "{" GOOD ",'items':[%snull,'a']}", numbers.bytes);
    strbuf_deinit(&numbers);
}

struct time_example {
    const char *json;
    int64_t ms; /* -1: refused */
};

static void expect_times(const struct time_example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t ms = examples[i].ms;

        expect(ms < 0 ? EVENT_TS : EVENT_ACCEPTED, "{" GOOD ",'ts':%s}",
               examples[i].json);
        if (ms >= 0 && event.ts_ms != ms)
            fail_msg("%s is %lld, not %lld", examples[i].json,
                     (long long)event.ts_ms, (long long)ms);
    }
}

static void test_whole_times_by_their_size(void **state)
{
    static const struct time_example examples[] = {
        {"0", 0},
        {"-0", 0},
        {"1", 1000},
        {"1718000000", 1718000000000},
        {"99999999999", 99999999999000},
        {"100000000000", 100000000000},
        {"1718000000123", 1718000000123},
        {"99999999999999", 99999999999999},
        {"100000000000000", 100000000000},
        {"1718000000123999", 1718000000123},
        {"99999999999999999", 99999999999999},
        {"100000000000000000", 100000000000},
        {"1718000000123999999", 1718000000123},
        {"9223372036854775807", 9223372036854},
        {"-1", -1},
        {"-1718000000", -1},
        {"-9223372036854775808", -1}};

    (void)state;
    expect_times(examples, COUNT(examples));
}

static void test_real_times_are_floored(void **state)
{
    static const struct time_example examples[] = {
        {"0.0", 0},
        {"-0.0", 0},
        {"1e-400", 0},
        {"0.0009", 0},
        {"0.0015", 1},
        {"1.5e0", 1500},
        {"1.001", 1000}, /* 1.001 * 1000.0 < 1001 in doubles */
        {"1718000000.1239", 1718000000123},
        {"99999999999.9999", 99999999999999},
        {"1e11", 100000000000},
        {"1718000000123.9", 1718000000123},
        {"99999999999999.9", 99999999999999},
        {"1e14", 100000000000},
        {"1718000000123999.75", 1718000000123},
        {"99999999999999984.0", 99999999999999},
        {"1e17", 100000000000},
        {"1718000000123999999.0", 1718000000124}, /* no double lies between */
        {"1.718000000123999e18", 1718000000123},
        {"2.534023007e20", 253402300700000},
        {"2.534023008e20", -1},
        {"1e308", -1},
        {"-0.001", -1},
        {"-1e-300", -1},
        {"-1e308", -1}};

    (void)state;
    expect_times(examples, COUNT(examples));
}

static void test_times_as_text_are_rfc3339(void **state)
{
    static const struct time_example examples[] = {
        {"'2024-06-10T06:13:20Z'", 1718000000000},
        {"'2024-06-10t13:13:20.1239+07:00'", 1718000000123},
        {"'2024-06-10 06:13:20z'", 1718000000000},
        {"'2024-06-10T06:13:20\\u005a'", 1718000000000},
        {"'9999-12-31T23:59:59.999Z'", RFC3339_MAX_MS},
        {"'1969-12-31T23:59:59Z'", -1},
        {"'2024-06-10T06:13:60Z'", -1},
        {"'2024-06-10T06:13:20'", -1},
        {"'1718000000'", -1},
        {"''", -1}};

    (void)state;
    expect_times(examples, COUNT(examples));
}

static void test_times_of_other_types_are_refused(void **state)
{
    static const struct time_example examples[] = {
        {"true", -1}, {"false", -1}, {"[]", -1}, {"{}", -1}, {"[1]", -1}};

    (void)state;
    expect_times(examples, COUNT(examples));
}

static void test_record_stamp_stands_in_for_ts(void **state)
{
    static const char plain[] =
        "{\"type\":\"purchase\",\"visitor\":1,\"item\":2}";
    static const char timed[] =
        "{\"type\":\"purchase\",\"visitor\":1,\"item\":2,\"ts\":5}";
    static const struct {
        int64_t stamp_ms;
        enum event_verdict verdict;
    } examples[] = {{0, EVENT_ACCEPTED},
                    {STAMP_MS, EVENT_ACCEPTED},
                    {RFC3339_MAX_MS, EVENT_ACCEPTED},
                    {RFC3339_MAX_MS + 1, EVENT_TS},
                    {EVENT_NO_STAMP, EVENT_TS},
                    {-2, EVENT_TS},
                    {INT64_MIN, EVENT_TS},
                    {INT64_MAX, EVENT_TS}};

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        int64_t stamp_ms = examples[i].stamp_ms;

        assert_int_equal(
            event_decode(decoder, &event, plain, sizeof plain - 1, stamp_ms),
            examples[i].verdict);
        if (examples[i].verdict == EVENT_ACCEPTED)
            assert_int_equal(event.ts_ms, stamp_ms);
        assert_int_equal(
            event_decode(decoder, &event, timed, sizeof timed - 1, stamp_ms),
            EVENT_ACCEPTED);
        assert_int_equal(event.ts_ms, 5000);
    }
}

static void test_sessions_and_tenants_are_texts(void **state)
{
    static const char *const wrong[] = {
        "7", "1.5", "true", "false", "['s']", "[]", "{}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        expect(EVENT_SESSION, "{" GOOD ",'session':%s}", wrong[i]);
        expect(EVENT_TENANT, "{" GOOD ",'tenant':%s}", wrong[i]);
    }
    expect(EVENT_ACCEPTED, "{" GOOD ",'session':''}");
    assert_int_equal(event.session.length, 0);
    expect(EVENT_TENANT, "{" GOOD ",'tenant':''}");
    expect(EVENT_ACCEPTED, "{" GOOD ",'session':'7','tenant':'\\u0074'}");
    assert_text(event.session, "7");
    assert_text(event.tenant, "t");
}

static void test_wrong_category_is_as_absent(void **state)
{
    static const char *const wrong[] = {
        "7", "1.5", "true", "false", "['c']", "null", "[]", "{}", "''",
    };
    char *text = repeat("c", 129);

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        expect(EVENT_ACCEPTED, "{" GOOD ",'category':'c'}");
        expect(EVENT_ACCEPTED, "{" GOOD ",'category':%s}", wrong[i]);
        assert_int_equal(event.category.length, 0);
    }
    expect(EVENT_ACCEPTED, "{" GOOD ",'category':'%.128s'}", text);
    assert_text(event.category, text + 1);
    expect(EVENT_ACCEPTED, "{" GOOD ",'category':'%s'}", text);
    assert_int_equal(event.category.length, 0);
    free(text);
}

static void test_other_fields_may_be_anything(void **state)
{
    static const char *const names[] = {
        "event_id", "seller", "region", "channel", "", "Type",
    };
    static const char *const values[] = {
        "7", "''", "null", "[{}]", "{'a':1}", "false", "-1.5",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t k = 0; k < COUNT(values); k++)
            expect(EVENT_ACCEPTED, "{" GOOD ",'%s':%s}", names[i], values[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows_four_types),
        cmocka_unit_test(test_only_false_refuses_consent),
        cmocka_unit_test(test_takes_texts_and_whole_numbers_as_ids),
        cmocka_unit_test(test_lengths_are_bytes_after_unescaping),
        cmocka_unit_test(test_items_decide_over_item),
        cmocka_unit_test(test_bad_items_refuse_the_event),
        cmocka_unit_test(test_takes_200_entries_and_looks_at_no_more),
        cmocka_unit_test(test_whole_times_by_their_size),
        cmocka_unit_test(test_real_times_are_floored),
        cmocka_unit_test(test_times_as_text_are_rfc3339),
        cmocka_unit_test(test_times_of_other_types_are_refused),
        cmocka_unit_test(test_record_stamp_stands_in_for_ts),
        cmocka_unit_test(test_sessions_and_tenants_are_texts),
        cmocka_unit_test(test_wrong_category_is_as_absent),
        cmocka_unit_test(test_other_fields_may_be_anything),
    };

    return cmocka_run_group_tests(tests, open_decoder, close_decoder);
}
