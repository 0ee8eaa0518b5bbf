/* What jansson's way of reading gives, unescaping above all: the scanner leaves
 * it that. The rest is in test_event.c and test_event_fields.c. */
#include "event_document.h"

#include "unit.h"

static struct event_document *document;
static struct event_fields fields;

static int read_text(const char *json)
{
    return event_document_read(document, &fields, json, strlen(json));
}

static void assert_value(const struct json_value *value, enum json_kind kind,
                         const char *wanted)
{
    assert_int_equal(value->kind, kind);
    assert_text((struct text){value->bytes, (uint32_t)value->length}, wanted);
}

static void test_reads_every_kind(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("{\"type\":\"p\\u0061ge\",\"visitor\":-0,\"item\":[],"
                  "\"items\":[5,{\"item\":\"\\n\"},{},1.5],\"ts\":1.5e3,"
                  "\"session\":true,\"tenant\":{},\"consent\":false}"),
        0);
    assert_value(&fields.type, JSON_KIND_TEXT, "page");
    assert_value(&fields.visitor, JSON_KIND_INTEGER, "0");
    assert_int_equal(fields.item.kind, JSON_KIND_ARRAY);
    assert_int_equal(fields.items.kind, JSON_KIND_ARRAY);
    assert_int_equal(fields.entries_count, 4);
    assert_value(&fields.entries[0], JSON_KIND_INTEGER, "5");
    assert_value(&fields.entries[1], JSON_KIND_TEXT, "\n");
    assert_int_equal(fields.entries[2].kind, JSON_KIND_NULL);
    assert_int_equal(fields.entries[3].kind, JSON_KIND_REAL);
    assert_true(fields.ts.real == 1500.0);
    assert_int_equal(fields.session.kind, JSON_KIND_TRUE);
    assert_int_equal(fields.tenant.kind, JSON_KIND_OBJECT);
    assert_int_equal(fields.category.kind, JSON_KIND_NULL);
    assert_int_equal(fields.consent.kind, JSON_KIND_FALSE);
}

static void test_writes_integers_as_ids(void **state)
{
    (void)state;
    assert_int_equal(read_text("{\"visitor\":-9223372036854775808,"
                               "\"item\":9223372036854775807}"),
                     0);
    assert_value(&fields.visitor, JSON_KIND_INTEGER, "-9223372036854775808");
    assert_value(&fields.item, JSON_KIND_INTEGER, "9223372036854775807");
    assert_true(fields.visitor.integer == INT64_MIN);
}

static void test_refuses_what_is_no_object(void **state)
{
    (void)state;
    assert_int_equal(read_text("[]"), -1);
    assert_int_equal(read_text("{"), -1);
    assert_int_equal(event_document_read(document, &fields, "{}\0", 3), -1);
    assert_int_equal(event_document_read(document, &fields, "{}\0", 2), 0);
    assert_int_equal(fields.entries_count, 0);
}

static int open_document(void **state)
{
    (void)state;
    document = event_document_new();
    return 0;
}

static int close_document(void **state)
{
    (void)state;
    event_document_free(document);
    event_document_free(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_kind),
        cmocka_unit_test(test_writes_integers_as_ids),
        cmocka_unit_test(test_refuses_what_is_no_object),
    };

    return cmocka_run_group_tests(tests, open_document, close_document);
}
