/* The document as a whole; its fields are in test_event_fields.c. */
#include "expect_event.h"

static void test_names_verdicts(void **state)
{
    static const char *const names[] = {
        "accepted",   "too_large", "json", "type", "ignored",
        "no_consent", "visitor",   "item", "ts",   "session",
        "tenant",     "future",    "late",
    };

    (void)state;
    assert_int_equal(EVENT_VERDICT_COUNT, COUNT(names));
    for (int i = 0; i < EVENT_VERDICT_COUNT; i++) {
        enum event_verdict verdict = (enum event_verdict)i;
        int is_harmless =
            i == EVENT_ACCEPTED || i == EVENT_IGNORED || i == EVENT_NO_CONSENT;

        assert_string_equal(event_verdict_name(verdict), names[i]);
        assert_int_equal(event_is_refused(verdict) != 0, !is_harmless);
    }
}

static void test_reads_every_field(void **state)
{
    (void)state;
    expect(EVENT_ACCEPTED,
           "{'type':'add_to_cart','visitor':'budi','item':'kopi-gayo-250g',"
           "'ts':1718000000,'session':'s-1','tenant':'warung/ibu',"
           "'category':'kopi','event_id':'e','seller':'s','region':'Aceh',"
           "'channel':'app','consent':true,'more':{'type':'x'}}");
    assert_int_equal(event.type, EVENT_ADD_TO_CART);
    assert_int_equal(event.ts_ms, 1718000000000);
    assert_text(event.visitor, "budi");
    assert_text(event.tenant, "warung/ibu");
    assert_text(event.session, "s-1");
    assert_text(event.category, "kopi");
    assert_int_equal(event.items_count, 1);
    assert_text(event.items[0], "kopi-gayo-250g");
}

static void test_leaves_out_what_is_absent_or_null(void **state)
{
    (void)state;
    expect(EVENT_ACCEPTED, "{" GOOD ",'session':'s','tenant':'t',"
                           "'category':'c'}");
    expect(EVENT_ACCEPTED, "{" GOOD "}");
    assert_int_equal(event.tenant.length, 0);
    assert_int_equal(event.session.length, 0);
    assert_int_equal(event.category.length, 0);
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':null,'ts':null,'session':null,"
                           "'tenant':null,'category':null,'consent':null}");
    assert_int_equal(event.tenant.length, 0);
    assert_int_equal(event.session.length, 0);
    assert_int_equal(event.category.length, 0);
    assert_int_equal(event.ts_ms, STAMP_MS);
}

static void test_gate_looks_at_the_length_first(void **state)
{
    char *spaces = repeat(" ", BYTES_MAX + 1);

    (void)state;
    assert_int_equal(event_decode(decoder, &event, NULL, 0, STAMP_MS),
                     EVENT_IGNORED);
    assert_int_equal(event_decode(decoder, &event, NULL, BYTES_MAX + 1, 0),
                     EVENT_TOO_LARGE);
    assert_int_equal(event_decode(decoder, &event, "{", SIZE_MAX, 0),
                     EVENT_TOO_LARGE);
    expect(EVENT_JSON, "%.*s", BYTES_MAX, spaces);
    expect(EVENT_TOO_LARGE, "%.*s", BYTES_MAX + 1, spaces);
    expect(EVENT_ACCEPTED, "{" GOOD "}%.*s", BYTES_MAX - 2 - (int)strlen(GOOD),
           spaces);
    expect(EVENT_TOO_LARGE, "{" GOOD "}%.*s", BYTES_MAX - 1 - (int)strlen(GOOD),
           spaces);
    free(spaces);
}

static void test_refuses_what_is_no_json_object(void **state)
{
    static const char *const documents[] = {
        " ",
        "[]",
        "[{" GOOD "}]",
        "7",
        "'x'",
        "null",
        "{",
        "}",
        "{}}",
        "{} x",
        "{" GOOD "},",
        "{" GOOD "}{" GOOD "}",
        "{" GOOD,
        "{" GOOD ",}",
        "{type:'page_view'}",
        "{" GOOD ",'a'}",
        "{" GOOD ",'a':}",
        "{" GOOD ",'a':NaN}",
        "{" GOOD ",'a':Infinity}",
        "{" GOOD ",'a':01}",
        "{" GOOD ",'a':.5}",
        "{" GOOD ",'a':1.}",
        "{" GOOD ",'a':+1}",
        "{" GOOD ",'a':0x1}",
        "{" GOOD ",'a':True}",
        "{" GOOD ",'a':[1,]}",
        "{" GOOD "} // x",
        "\xef\xbb\xbf{" GOOD "}",
        "{" GOOD ",'a':'\t'}",
        "{" GOOD ",'a':'\n'}",
        "{" GOOD ",'a':'\\x'}",
        "{" GOOD ",'a':'\\u12'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++)
        expect(EVENT_JSON, "%s", documents[i]);
}

static void test_refuses_text_that_is_no_unicode(void **state)
{
    static const char *const texts[] = {
        "\\u0000",
        "a\\u0000b",
        "\\ud800",
        "\\udbffx",
        "\\udc00",
        "\\ud83d\\u0041",
        "\\ud83d\\ud83d",
        "\\ude00\\ud83d",
        "\xff",
        "\x80",
        "\xc3",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        expect(EVENT_JSON, "{'type':'page_view','visitor':'%s','item':'i'}",
               texts[i]);
        expect(EVENT_JSON, "{" GOOD ",'unknown':'%s'}", texts[i]);
        expect(EVENT_JSON, "{" GOOD ",'%s':1}", texts[i]);
        expect(EVENT_JSON, "{'type':'other','unknown':'%s'}", texts[i]);
    }
    expect(EVENT_ACCEPTED, "{" GOOD ",'unknown':'\\ud83d\\ude00'}");
}

static void test_refuses_nul_bytes(void **state)
{
    static const char inside[] =
        "{\"type\":\"page_view\",\"visitor\":\"v\0\",\"item\":\"i\"}";
    static const char behind[] =
        "{\"type\":\"page_view\",\"visitor\":\"v\",\"item\":\"i\"}";

    (void)state;
    expect_bytes(EVENT_JSON, inside, sizeof inside - 1);
    expect_bytes(EVENT_ACCEPTED, behind, sizeof behind - 1);
    expect_bytes(EVENT_JSON, behind, sizeof behind);
    expect_bytes(EVENT_JSON, "", 1);
}

static void test_refuses_numbers_beyond_64_bits(void **state)
{
    (void)state;
    expect(EVENT_ACCEPTED, "{" GOOD ",'a':9223372036854775807}");
    expect(EVENT_ACCEPTED, "{" GOOD ",'a':-9223372036854775808}");
    expect(EVENT_JSON, "{" GOOD ",'a':9223372036854775808}");
    expect(EVENT_JSON, "{" GOOD ",'a':-9223372036854775809}");
    expect(EVENT_JSON, "{" GOOD ",'ts':18446744073709551616}");
    expect(EVENT_ACCEPTED, "{" GOOD ",'a':1e308,'b':-1e308,'c':1e-400}");
    expect(EVENT_JSON, "{" GOOD ",'a':1e400}");
    expect(EVENT_JSON, "{" GOOD ",'a':-1e400}");
    expect(EVENT_JSON, "{" GOOD ",'ts':1e309}");
}

/* The object is a level, and so is what stands in the innermost array. */
static void test_refuses_over_2048_levels(void **state)
{
    char *open = repeat("[", 2048);
    char *close = repeat("]", 2048);

    (void)state;
    expect(EVENT_ACCEPTED, "{" GOOD ",'a':%.2047s%.2047s}", open, close);
    expect(EVENT_JSON, "{" GOOD ",'a':%.2048s%.2048s}", open, close);
    expect(EVENT_ACCEPTED, "{" GOOD ",'a':%.2046s1%.2046s}", open, close);
    expect(EVENT_JSON, "{" GOOD ",'a':%.2047s1%.2047s}", open, close);
    free(open);
    free(close);
}

static void test_last_of_a_key_given_twice_counts(void **state)
{
    (void)state;
    expect(EVENT_ACCEPTED, "{" GOOD ",'visitor':'w'}");
    assert_text(event.visitor, "w");
    expect(EVENT_ACCEPTED, "{'visitor':-1," GOOD "}");
    assert_text(event.visitor, "v");
    expect(EVENT_TYPE, "{" GOOD ",'type':7}");
    expect(EVENT_TYPE, "{" GOOD ",'type':null}");
    expect(EVENT_IGNORED, "{" GOOD ",'type':'other'}");
    expect(EVENT_ACCEPTED, "{'type':7," GOOD "}");
    expect(EVENT_IGNORED, "{" GOOD ",'\\u0074ype':'other'}");
    expect(EVENT_NO_CONSENT, "{'consent':true," GOOD ",'consent':false}");
    expect(EVENT_ACCEPTED, "{'consent':false," GOOD ",'consent':true}");
    expect(EVENT_ACCEPTED, "{" GOOD ",'items':['a'],'items':null}");
    assert_text(event.items[0], "i");
    expect(EVENT_ITEM, "{" GOOD ",'items':[{'item':'a','item':''}]}");
}

/* All is wrong at first; then one field after another is mended. */
static void test_looks_at_causes_in_order(void **state)
{
    static const struct {
        enum event_verdict refusal;
        const char *bad, *good;
    } fields[] = {{EVENT_TYPE, "'type':7", "'type':'purchase'"},
                  {EVENT_IGNORED, "'type':'other'", "'type':'purchase'"},
                  {EVENT_NO_CONSENT, "'consent':false", "'consent':true"},
                  {EVENT_VISITOR, "'visitor':''", "'visitor':'v'"},
                  {EVENT_ITEM, "'items':[]", "'items':['a']"},
                  {EVENT_TS, "'ts':-1", "'ts':1"},
                  {EVENT_SESSION, "'session':7", "'session':'s'"},
                  {EVENT_TENANT, "'tenant':7", "'tenant':'t'"},
                  {EVENT_ACCEPTED, "'category':7", ""}};

    (void)state;
    for (size_t mended = 0; mended < COUNT(fields); mended++) {
        struct strbuf json = STRBUF_EMPTY;

        for (size_t i = COUNT(fields); i-- > 0;) {
            if (i == (mended == 0 ? 1 : 0))
                continue; /* both stand for the type */
            strbuf_add_format(&json, "%s,",
                              i < mended ? fields[i].good : fields[i].bad);
        }
        expect(fields[mended].refusal, "{%s'more':1}", json.bytes);
        expect(EVENT_JSON, "{%s'more':1,}", json.bytes);
        expect(EVENT_TOO_LARGE, "{%s'more':1,%*s", json.bytes, BYTES_MAX, "");
        strbuf_deinit(&json);
    }
}

static void test_decoder_goes_on_after_a_refusal(void **state)
{
    static const char good[] =
        "{\"type\":\"purchase\",\"visitor\":\"v\",\"item\":2}";

    (void)state;
    for (int i = 0; i < 100; i++) {
        expect(EVENT_JSON, "{'type':");
        expect(EVENT_TENANT, "{" GOOD ",'tenant':''}");
        assert_int_equal(event_decode(decoder, &event, NULL, 0, 0),
                         EVENT_IGNORED);
        expect_bytes(EVENT_ACCEPTED, good, sizeof good - 1);
        assert_text(event.visitor, "v");
        assert_text(event.items[0], "2");
    }
    event_decoder_free(NULL);
}

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Overwrites a byte, takes a stretch out, or copies one over another. */
static void mutate(struct strbuf *json, uint64_t *state)
{
    static const char alphabet[] = "\"\"\\{}[],:0189.-eu \n\xc3\xed\x80\xff";
    size_t at = random_next(state) % json->length;
    size_t length = random_next(state) % (json->length - at) % 8;

    switch (random_next(state) % 4) {
    case 0:
        json->bytes[at] = (char)random_next(state);
        break;
    case 1:
        json->bytes[at] = alphabet[random_next(state) % (sizeof alphabet - 1)];
        break;
    case 2:
        memmove(json->bytes + at, json->bytes + at + length,
                json->length - at - length);
        json->length -= length;
        break;
    default:
        memmove(json->bytes + random_next(state) % (json->length - length),
                json->bytes + at, length);
    }
}

static void test_no_mutation_breaks_the_decoder(void **state)
{
    static const char *const seeds[] = {
        "{'type':'add_to_cart','visitor':'b\\u00fcdi','items':[7,'b',"
        "{'item':9}],'ts':'2024-06-10T06:13:20.5+07:00','consent':true,"
        "'session':'s','tenant':'t','category':'c','price':[1.5e3,null]}",
        "{'tenant':12,'session':'','visitor':0,'item':'\xc3\xa9','ts':1e12,"
        "'type':'purchase'}",
        "{'session':[{'item':1}],'items':[{'item':'a'}],'ts':1718000000.5,"
        "'visitor':'','visitor':'v','type':'page_view'}",
        "{" GOOD ",'ts':1718000000123,'consent':false}",
    };
    uint64_t random = 20240610;
    int seen[EVENT_VERDICT_COUNT] = {0};
    struct strbuf json = STRBUF_EMPTY;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        enum event_verdict verdict;

        strbuf_clear(&json);
        strbuf_add_text(&json, seeds[random_next(&random) % COUNT(seeds)]);
        quote(&json);
        for (uint64_t n = random_next(&random) % 4 + 1; n > 0; n--)
            mutate(&json, &random);
        verdict = decode_bytes(json.bytes, json.length);
        assert_true((unsigned)verdict < EVENT_VERDICT_COUNT);
        seen[verdict]++;
    }
    strbuf_deinit(&json);
    assert_int_equal(seen[EVENT_FUTURE] + seen[EVENT_LATE], 0);
    assert_int_equal(seen[EVENT_TOO_LARGE], 0);
    for (int i = EVENT_JSON; i <= EVENT_TENANT; i++)
        assert_true(seen[i] > 0);
    assert_true(seen[EVENT_ACCEPTED] > 1000);
    assert_true(seen[EVENT_JSON] > 1000);
}

static void test_a_bare_nul_is_no_white_space(void **state)
{
    static const char text[] =
        "{\"type\":\"page_view\",\"visitor\":\"v\",\"item\":\"i\",\"x\":1\0}";
    char bytes[sizeof text];

    (void)state;
    memcpy(bytes, text, sizeof text);
    assert_int_equal(
        event_decode(decoder, &event, bytes, sizeof text - 1, STAMP_MS),
        EVENT_JSON);
    *(char *)memchr(bytes, '\0', sizeof bytes) = ' ';
    assert_int_equal(
        event_decode(decoder, &event, bytes, sizeof text - 1, STAMP_MS),
        EVENT_ACCEPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bare_nul_is_no_white_space),
        cmocka_unit_test(test_names_verdicts),
        cmocka_unit_test(test_reads_every_field),
        cmocka_unit_test(test_leaves_out_what_is_absent_or_null),
        cmocka_unit_test(test_gate_looks_at_the_length_first),
        cmocka_unit_test(test_refuses_what_is_no_json_object),
        cmocka_unit_test(test_refuses_text_that_is_no_unicode),
        cmocka_unit_test(test_refuses_nul_bytes),
        cmocka_unit_test(test_refuses_numbers_beyond_64_bits),
        cmocka_unit_test(test_refuses_over_2048_levels),
        cmocka_unit_test(test_last_of_a_key_given_twice_counts),
        cmocka_unit_test(test_looks_at_causes_in_order),
        cmocka_unit_test(test_decoder_goes_on_after_a_refusal),
        cmocka_unit_test(test_no_mutation_breaks_the_decoder),
    };

    return cmocka_run_group_tests(tests, open_decoder, close_decoder);
}
