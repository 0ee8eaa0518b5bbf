#include "sink_memory.h"

#include "strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct text text(const char *word)
{
    return (struct text){word, (uint32_t)strlen(word)};
}

static void assert_value(const struct sink_memory *sink, const char *key,
                         const char *wanted)
{
    struct text value;

    assert_int_equal(sink_memory_get(sink, &value, text(key)), wanted != NULL);
    if (wanted == NULL)
        return;
    assert_int_equal(value.length, strlen(wanted));
    assert_memory_equal(value.bytes, wanted, value.length);
}

static void test_strings(void **state)
{
    struct sink sink;
    struct sink_memory *memory = sink_memory_new(&sink);

    (void)state;
    sink.put(sink.self, text("k"), text("one"), 100);
    sink.put(sink.self, text("k"), text("three"), 200);
    sink.put(sink.self, text("l"), text(""), 100);
    assert_value(memory, "k", "three");
    assert_value(memory, "l", "");
    assert_value(memory, "none", NULL);
    assert_int_equal(sink_memory_ttl_ms(memory, text("k")), 200);
    assert_int_equal(sink_memory_ttl_ms(memory, text("none")), -1);
    sink_memory_advance(memory, 99);
    assert_value(memory, "l", "");
    sink.expire(sink.self, text("k"), 1000);
    sink.expire(sink.self, text("none"), 1000);
    sink_memory_advance(memory, 100);
    assert_value(memory, "l", NULL);
    assert_int_equal(sink_memory_ttl_ms(memory, text("k")), 999);
    sink.remove(sink.self, text("k"));
    sink.remove(sink.self, text("none"));
    assert_int_equal(sink_memory_keys(memory), 0);
    assert_int_equal(sink_memory_stats(memory)->puts, 3);
    assert_int_equal(sink_memory_stats(memory)->expires, 2);
    assert_int_equal(sink_memory_stats(memory)->removes, 2);
    sink_memory_free(memory);
}

static void test_counts(void **state)
{
    const struct sink_member first[] = {
        {text("b"), 1}, {text("a"), 1}, {text("aa"), 9}};
    const struct sink_member second[] = {
        {text("a"), 1}, {text("c"), 3}, {text("aa"), 8}};
    const struct sink_member *got;
    struct sink sink;
    struct sink_memory *memory = sink_memory_new(&sink);

    (void)state;
    sink.put_counts(sink.self, text("c"), first, 3, 100);
    assert_int_equal(sink_memory_counts(memory, &got, text("c")), 3);
    assert_memory_equal(got[0].id.bytes, "aa", 2);
    assert_memory_equal(got[1].id.bytes, "a", 1);
    assert_memory_equal(got[2].id.bytes, "b", 1);
    assert_int_equal(got[0].count, 9);
    sink.put_counts(sink.self, text("c"), second, 3, 50);
    assert_int_equal(sink_memory_counts(memory, &got, text("c")), 3);
    assert_memory_equal(got[1].id.bytes, "c", 1);
    assert_int_equal(got[0].count, 8);
    assert_int_equal(sink_memory_stats(memory)->members_set, 5);
    assert_int_equal(sink_memory_stats(memory)->members_cut, 1);
    assert_value(memory, "c", NULL);
    assert_int_equal(sink_memory_ttl_ms(memory, text("c")), 50);
    sink.put_counts(sink.self, text("c"), NULL, 0, 50);
    assert_int_equal(sink_memory_keys(memory), 0);
    assert_int_equal(sink_memory_stats(memory)->members_cut, 4);
    assert_int_equal(sink_memory_counts(memory, &got, text("c")), 0);
    sink_memory_free(memory);
}

static void test_away(void **state)
{
    struct sink sink;
    struct sink_memory *memory = sink_memory_new(&sink);
    uint64_t before = sink.generation(sink.self);

    (void)state;
    sink.put(sink.self, text("k"), text("v"), 100);
    sink_memory_set_away(memory, 1);
    assert_int_equal(sink.room(sink.self), 0);
    assert_int_equal(sink.generation(sink.self), before);
    sink.put(sink.self, text("k"), text("w"), 100);
    sink.put_counts(sink.self, text("c"), NULL, 0, 100);
    sink.expire(sink.self, text("k"), 7);
    sink.remove(sink.self, text("k"));
    assert_value(memory, "k", "v");
    assert_int_equal(sink_memory_ttl_ms(memory, text("k")), 100);
    assert_int_equal(sink_memory_stats(memory)->lost, 4);
    sink_memory_set_away(memory, 0);
    sink_memory_set_away(memory, 0);
    assert_int_equal(sink.generation(sink.self), before + 1);
    assert_true(sink.room(sink.self) > 0);
    sink_memory_bump(memory);
    assert_int_equal(sink.generation(sink.self), before + 2);
    sink_memory_free(memory);
}

static void test_room(void **state)
{
    struct sink sink;
    struct sink_memory *memory = sink_memory_new(&sink);

    (void)state;
    assert_int_equal(sink.room(sink.self), UINT32_MAX);
    sink_memory_set_room(memory, 2);
    sink.put(sink.self, text("k"), text("v"), 100);
    assert_int_equal(sink.room(sink.self), 1);
    sink.remove(sink.self, text("k"));
    assert_int_equal(sink.room(sink.self), 0);
    assert_int_equal(sink_memory_stats(memory)->over_room, 0);
    sink.put(sink.self, text("k"), text("v"), 100);
    assert_value(memory, "k", "v");
    assert_int_equal(sink_memory_stats(memory)->over_room, 1);
    sink_memory_free(memory);
}

static void join(void *context, struct text key)
{
    strbuf_add(context, key.bytes, key.length);
    strbuf_add_char(context, ' ');
}

static void test_many_keys_in_order(void **state)
{
    enum { KEYS = 10000 };
    struct strbuf joined = STRBUF_EMPTY;
    struct sink sink;
    struct sink_memory *memory = sink_memory_new(&sink);
    char key[16];

    (void)state;
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "%d", i * 7919 % KEYS);
        sink.put(sink.self, text(key), text(key), i < 4 ? 100 : 50);
    }
    assert_int_equal(sink_memory_keys(memory), KEYS);
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_value(memory, key, key);
    }
    sink_memory_advance(memory, 50);
    sink_memory_each(memory, join, &joined);
    assert_string_equal(joined.bytes, "0 3757 5838 7919 ");
    sink_memory_clear(memory);
    assert_int_equal(sink_memory_keys(memory), 0);
    strbuf_deinit(&joined);
    sink_memory_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_away),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_many_keys_in_order),
    };

    return cmocka_run_group_tests_name("sink_memory", tests, NULL, NULL);
}
