#include "key.h"

#include "unit.h"

static struct strbuf key = STRBUF_EMPTY;

static void assert_key(const char *wanted)
{
    assert_int_equal(key.length, strlen(wanted));
    assert_string_equal(key.bytes, wanted);
    strbuf_clear(&key);
}

static void test_encodes_all_but_the_unreserved(void **state)
{
    (void)state;
    key_add_id(&key, text_of("AZaz09._~-"));
    assert_key("AZaz09._~-");
    key_add_id(&key, text_of("a b{c}:d/e%f\xc3\xa9\x7f"));
    assert_key("a%20b%7Bc%7D%3Ad%2Fe%25f%C3%A9%7F");
    key_add_id(&key, (struct text){"\0\xff", 2});
    assert_key("%00%FF");
    key_add_id(&key, NO_TEXT);
    assert_key("");
}

static void test_joins_tenant_and_item(void **state)
{
    (void)state;
    key_add_item(&key, text_of("warung/ibu"), text_of("sku-1"));
    assert_key("warung%2Fibu/sku-1");
    key_add_item(&key, NO_TEXT, text_of("sku/1"));
    assert_key("sku%2F1");
    key_add_item(&key, text_of("warung"), NO_TEXT);
    assert_key("warung");
    key_add_item(&key, NO_TEXT, NO_TEXT);
    assert_key("");
}

static void test_public_keys(void **state)
{
    (void)state;
    key_add_related(&key, "terkait:", NO_TEXT, text_of("a:b"), "also_viewed",
                    "24h");
    assert_key("terkait:related:{a%3Ab}:also_viewed:24h");
    key_add_counts(&key, "", text_of("t"), text_of("b"), "r", "1h");
    assert_key("counts:{t/b}:r:1h");
    key_add_popular(&key, "terkait:", NO_TEXT, "7d", NO_TEXT);
    assert_key("terkait:popular:7d");
    key_add_popular(&key, "p:", NO_TEXT, "7d", text_of("kopi & teh"));
    assert_key("p:popular:7d:kopi%20%26%20teh");
    key_add_popular(&key, "p:", text_of("warung/ibu"), "7d", NO_TEXT);
    assert_key("p:popular:warung%2Fibu/7d");
    key_add_popular(&key, "p:", text_of("t"), "7d", text_of("c/d"));
    assert_key("p:popular:t/7d:c%2Fd");
}

static void test_keys_are_appended(void **state)
{
    (void)state;
    strbuf_add_text(&key, "x");
    key_add_item(&key, text_of("t"), text_of("i"));
    key_add_id(&key, text_of("y z"));
    assert_key("xt/iy%20z");
}

static void test_the_longest_item_fits(void **state)
{
    char tenant[EVENT_TENANT_BYTES_MAX], id[EVENT_ID_BYTES_MAX];
    char out[KEY_ITEM_BYTES_MAX];
    size_t length;

    (void)state;
    memset(tenant, '/', sizeof tenant);
    memset(id, '\xff', sizeof id);
    length = key_write_item(out, (struct text){tenant, sizeof tenant},
                            (struct text){id, sizeof id});
    assert_int_equal(length, KEY_ITEM_BYTES_MAX);
    assert_memory_equal(out, "%2F%2F", 6);
    assert_memory_equal(out + length - 6, "%FF%FF", 6);
    assert_int_equal(out[(size_t)3 * EVENT_TENANT_BYTES_MAX], '/');
}

static void test_decodes_what_it_encodes(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b += 15) {
            char id[] = {(char)a, (char)b, 'z'}, back[16];

            strbuf_clear(&key);
            key_add_id(&key, (struct text){id, 3});
            assert_int_equal(key_decode_id(back, key.bytes, key.length), 3);
            assert_memory_equal(back, id, 3);
        }
    }
    strbuf_clear(&key);
}

static void test_refuses_what_is_not_ours(void **state)
{
    static const char *const wrong[] = {"%",   "%2",  "a%2", "%2f", "%G0",
                                        "%0G", "a b", "a/b", "%41", "%2D",
                                        ":",   "{a}", "%7E", "%%0", "\xc3"};
    char out[16];

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (key_decode_id(out, wrong[i], strlen(wrong[i])) != -1)
            fail_msg("\"%s\" was taken", wrong[i]);
    assert_int_equal(key_decode_id(out, "", 0), 0);
    /* what lies beyond the length is not looked at */
    assert_int_equal(key_decode_id(out, "%2F", 2), -1);
    assert_int_equal(key_decode_id(out, "a%2F", 1), 1);
}

/* "related tenant|id|relation|window|category" */
static void assert_parses(const char *bytes, const char *prefix,
                          const char *wanted)
{
    static const char *const kinds[] = {"foreign", "related", "counts",
                                        "popular"};
    char scratch[2048], got[4096];
    struct key one = key_parse(scratch, text_of(bytes), prefix);

    if (one.kind == KEY_FOREIGN)
        snprintf(got, sizeof got, "foreign");
    else
        snprintf(got, sizeof got, "%s %.*s|%.*s|%.*s|%.*s|%.*s",
                 kinds[one.kind], (int)one.tenant.length, one.tenant.bytes,
                 (int)one.id.length, one.id.bytes, (int)one.relation.length,
                 one.relation.bytes, (int)one.window.length, one.window.bytes,
                 (int)one.category.length, one.category.bytes);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s is read as %s, not %s", bytes, got, wanted);
}

static void test_parses_what_it_writes(void **state)
{
    (void)state;
    assert_parses("terkait:related:{a%3Ab}:also_viewed:24h",
                  "terkait:", "related |a:b|also_viewed|24h|");
    assert_parses("counts:{warung%2Fibu/sku-1}:r:1h", "",
                  "counts warung/ibu|sku-1|r|1h|");
    assert_parses("p:popular:7d", "p:", "popular |||7d|");
    assert_parses("p:popular:7d:kopi%20%26%20teh",
                  "p:", "popular |||7d|kopi & teh");
    assert_parses("p:popular:warung%2Fibu/7d",
                  "p:", "popular warung/ibu|||7d|");
    assert_parses("p:popular:t/7d:c%2Fd", "p:", "popular t|||7d|c/d");
}

static void test_any_item_comes_back(void **state)
{
    char id[EVENT_ID_BYTES_MAX], tenant[EVENT_TENANT_BYTES_MAX];
    char scratch[KEY_ITEM_BYTES_MAX + 64];
    struct key one;

    (void)state;
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (char)(i * 2);
    for (size_t i = 0; i < sizeof tenant; i++)
        tenant[i] = (char)(255 - i);
    key_add_related(&key, "x:", (struct text){tenant, sizeof tenant},
                    (struct text){id, sizeof id}, "r", "w");
    one = key_parse(scratch, (struct text){key.bytes, (uint32_t)key.length},
                    "x:");
    assert_int_equal(one.kind, KEY_RELATED);
    assert_int_equal(one.id.length, sizeof id);
    assert_memory_equal(one.id.bytes, id, sizeof id);
    assert_int_equal(one.tenant.length, sizeof tenant);
    assert_memory_equal(one.tenant.bytes, tenant, sizeof tenant);
    strbuf_clear(&key);
}

static void test_other_keys_are_foreign(void **state)
{
    static const char *const others[] = {
        "terkait:related:{a}:r:1h", /* another prefix */
        "p:stats",
        "p:state:{g1}:head",
        "p:related:a:r:1h", /* no braces */
        "p:related:{}:r:1h",
        "p:related:{/a}:r:1h",
        "p:related:{t/}:r:1h",
        "p:related:{t/u/a}:r:1h",
        "p:related:{a b}:r:1h", /* not encoded */
        "p:related:{%41}:r:1h", /* encoded without need */
        "p:related:{a}:r",
        "p:related:{a}:r:",
        "p:related:{a}::1h",
        "p:related:{a}:r:1h:",
        "p:related:{a}:r:1h:x",
        "p:related:{a}:R:1h",
        "p:related:{a}r:1h",
        "p:related:{a",
        "p:relatedx{a}:r:1h",
        "p:counts:{a}:r-s:1h",
        "p:popular:",
        "p:popular:1h:",
        "p:popular:/1h",
        "p:popular:t/",
        "p:popular:1h:a/b",
        "p:popular:1h:a:b",
        "p:popular:123456789012345678901234567890123",
        "p:",
        "p",
        "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++)
        assert_parses(others[i], "p:", "foreign");
}

static int free_key(void **state)
{
    (void)state;
    strbuf_deinit(&key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodes_all_but_the_unreserved),
        cmocka_unit_test(test_joins_tenant_and_item),
        cmocka_unit_test(test_public_keys),
        cmocka_unit_test(test_keys_are_appended),
        cmocka_unit_test(test_the_longest_item_fits),
        cmocka_unit_test(test_decodes_what_it_encodes),
        cmocka_unit_test(test_refuses_what_is_not_ours),
        cmocka_unit_test(test_parses_what_it_writes),
        cmocka_unit_test(test_any_item_comes_back),
        cmocka_unit_test(test_other_keys_are_foreign),
    };

    return cmocka_run_group_tests(tests, NULL, free_key);
}
