/* What the scanner takes by itself and what it leaves to jansson. That the two
 * agree is the matter of test_event_agree.c. */
#include "event_scan.h"

#include "strbuf.h"
#include "unit.h"

#define GOOD "'type':'page_view','visitor':'v','item':'i'"

static struct event_fields fields;
static struct event_room room;
static struct strbuf text = STRBUF_EMPTY;

/* Single quotes stand for double quotes. The text stands until the next. */
static int scan(const char *json)
{
    strbuf_clear(&text);
    strbuf_add_text(&text, json);
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] == '\'')
            text.bytes[i] = '"';
    return event_scan(&fields, &room, text.bytes, text.length);
}

static void assert_value(const struct json_value *value, const char *wanted)
{
    assert_text((struct text){value->bytes, (uint32_t)value->length}, wanted);
    assert_true(value->length == 0 ||
                (value->bytes >= text.bytes &&
                 value->bytes < text.bytes + text.length));
}

static void test_takes_the_ordinary_where_it_stands(void **state)
{
    (void)state;
    assert_int_equal(
        scan("{'type':'add_to_cart','visitor':'budi','item':77,"
             "'ts':1718000000,'session':'s-1','tenant':'t','category':'kopi',"
             "'seller':'s\\u0061','more':{'type':'x','a\\n':[1.5e3]},"
             "'consent':false}"),
        0);
    assert_value(&fields.type, "add_to_cart");
    assert_value(&fields.visitor, "budi");
    assert_int_equal(fields.item.kind, JSON_KIND_INTEGER);
    assert_value(&fields.item, "77");
    assert_int_equal(fields.items.kind, JSON_KIND_NULL);
    assert_true(fields.ts.integer == 1718000000);
    assert_value(&fields.session, "s-1");
    assert_value(&fields.tenant, "t");
    assert_value(&fields.category, "kopi");
    assert_int_equal(fields.consent.kind, JSON_KIND_FALSE);
}

static void test_forgets_the_record_before(void **state)
{
    (void)state;
    assert_int_equal(scan("{" GOOD ",'items':[1],'session':'s'}"), 0);
    assert_int_equal(scan(" { } "), 0);
    assert_int_equal(fields.type.kind, JSON_KIND_NULL);
    assert_int_equal(fields.session.kind, JSON_KIND_NULL);
    assert_int_equal(fields.items.kind, JSON_KIND_NULL);
    assert_int_equal(fields.entries_count, 0);
}

static void test_takes_entries_of_both_kinds(void **state)
{
    (void)state;
    assert_int_equal(scan("{'items':['a', 7 ,{'qty':{'item':1},'item':'b'},"
                          "{'item':'x','item':8},{ },{'item':null},[],null]}"),
                     0);
    assert_int_equal(fields.entries_count, 8);
    assert_value(&fields.entries[0], "a");
    assert_value(&fields.entries[1], "7");
    assert_value(&fields.entries[2], "b");
    assert_value(&fields.entries[3], "8");
    assert_int_equal(fields.entries[4].kind, JSON_KIND_NULL);
    assert_int_equal(fields.entries[5].kind, JSON_KIND_NULL);
    assert_int_equal(fields.entries[6].kind, JSON_KIND_ARRAY);
    assert_int_equal(fields.entries[7].kind, JSON_KIND_NULL);
    assert_int_equal(scan("{'items':['a'],'items':[ ]}"), 0);
    assert_int_equal(fields.entries_count, 0);
    assert_int_equal(scan("{'items':['a'],'items':{'item':1}}"), 0);
    assert_int_equal(fields.items.kind, JSON_KIND_OBJECT);
}

static void test_checks_entries_beyond_the_last(void **state)
{
    struct strbuf json = STRBUF_EMPTY;

    (void)state;
    strbuf_add_text(&json, "{'items':[");
    for (int i = 0; i < EVENT_ITEMS_MAX; i++)
        strbuf_add_format(&json, "%d,", i);
    strbuf_add_text(&json, "{'item':'\\n'},'\\n'");
    strbuf_add_text(&json, "]}");
    assert_int_equal(scan(json.bytes), 0);
    assert_int_equal(room.used, 0);
    assert_int_equal(fields.entries_count, EVENT_ITEMS_MAX);
    assert_value(&fields.entries[EVENT_ITEMS_MAX - 1], "199");
    json.length -= 2;
    strbuf_add_text(&json, ",x]}");
    assert_int_equal(scan(json.bytes), -1);
    strbuf_deinit(&json);
}

static void test_last_of_a_name_counts(void **state)
{
    (void)state;
    assert_int_equal(scan("{" GOOD ",'visitor':'w','type':null}"), 0);
    assert_value(&fields.visitor, "w");
    assert_int_equal(fields.type.kind, JSON_KIND_NULL);
}

static void test_reads_real_times(void **state)
{
    (void)state;
    assert_int_equal(scan("{'ts':1718000000.1234567}"), 0);
    assert_int_equal(fields.ts.kind, JSON_KIND_REAL);
    assert_true(fields.ts.real == 1718000000.1234567);
}

static void assert_unescaped(const struct json_value *value, const char *wanted)
{
    assert_int_equal(value->kind, JSON_KIND_TEXT);
    assert_text((struct text){value->bytes, (uint32_t)value->length}, wanted);
    assert_true(value->bytes >= room.bytes &&
                value->bytes + value->length <= room.bytes + room.used);
}

static void test_unescapes_what_is_ours(void **state)
{
    (void)state;
    assert_int_equal(
        scan("{'type':'p\\u0061ge_view','visitor':'\\u00e9\\n','item':'a\\/b',"
             "'items':['x\\t',{'item':'\\ud83d\\ude00'}],'ts':'\\u0032',"
             "'session':'\\\\','tenant':'\\u007f','category':'\\u20ac',"
             "'title':'\\u0041'}"),
        0);
    assert_unescaped(&fields.type, "page_view");
    assert_unescaped(&fields.visitor, "\xc3\xa9\n");
    assert_unescaped(&fields.item, "a/b");
    assert_unescaped(&fields.entries[0], "x\t");
    assert_unescaped(&fields.entries[1], "\xf0\x9f\x98\x80");
    assert_unescaped(&fields.ts, "2");
    assert_unescaped(&fields.session, "\\");
    assert_unescaped(&fields.tenant, "\x7f");
    assert_unescaped(&fields.category, "\xe2\x82\xac");
    assert_int_equal(room.used, 9 + 3 + 3 + 2 + 4 + 1 + 1 + 1 + 3);
    assert_int_equal(scan("{'item':'\\n'}"), 0);
    assert_int_equal(room.used, 1);
}

/* The escaped text has to fit in, not just what it stands for. */
static void test_gives_up_when_its_room_is_full(void **state)
{
    struct strbuf json = STRBUF_EMPTY;

    (void)state;
    strbuf_add_text(&json, "{'visitor':'\\n\\n','item':'");
    for (int i = 0; i < EVENT_ROOM_BYTES / 2 - 1; i++)
        strbuf_add_text(&json, "\\n");
    strbuf_add_text(&json, "'}");
    assert_int_equal(scan(json.bytes), 0);
    assert_int_equal(room.used, EVENT_ROOM_BYTES / 2 + 1);
    json.length -= 2;
    strbuf_add_text(&json, "x'}");
    assert_int_equal(scan(json.bytes), -1);
    strbuf_deinit(&json);
}

static void test_leaves_the_odd_to_jansson(void **state)
{
    static const char *const odd[] = {
        "",
        " ",
        "{",
        "[]",
        "null",
        "{" GOOD,
        "{" GOOD ",}",
        "{" GOOD "}}",
        "{" GOOD "} x",
        "{'items':[{'\\u0069tem':'a'}]}",
        "{'items':[{'item':'a'",
        "{'items':[{'item':'a',}]}",
        "{'items':['a',]}",
        "{'items':['a'}",
        "{'a\\n':1}",
        "{'ts':1e400}",
        "{'a':9223372036854775808}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++)
        if (scan(odd[i]) != -1)
            fail_msg("taken: %s", odd[i]);
}

static int free_text(void **state)
{
    (void)state;
    strbuf_deinit(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_the_ordinary_where_it_stands),
        cmocka_unit_test(test_forgets_the_record_before),
        cmocka_unit_test(test_takes_entries_of_both_kinds),
        cmocka_unit_test(test_checks_entries_beyond_the_last),
        cmocka_unit_test(test_last_of_a_name_counts),
        cmocka_unit_test(test_reads_real_times),
        cmocka_unit_test(test_unescapes_what_is_ours),
        cmocka_unit_test(test_gives_up_when_its_room_is_full),
        cmocka_unit_test(test_leaves_the_odd_to_jansson),
    };

    return cmocka_run_group_tests(tests, NULL, free_text);
}
