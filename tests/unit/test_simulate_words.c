#include "simulate_words.h"

#include "unit.h"

static int is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static void assert_word(struct text word)
{
    for (uint32_t i = 0; i < word.length; i++)
        assert_true(is_id_char(word.bytes[i]));
    if (word.length > 0) {
        assert_true(word.bytes[0] != '-');
        assert_true(word.bytes[word.length - 1] != '-');
    }
}

static void assert_list(const char *list, int may_be_nothing)
{
    assert_non_null(list);
    for (uint32_t i = 0; i < words_count(list); i++) {
        struct text word = words_at(list, i);

        assert_word(word);
        assert_true(word.length > 0 || may_be_nothing);
    }
}

static void test_words_are_found_by_place(void **state)
{
    (void)state;
    assert_int_equal(words_count("satu"), 1);
    assert_int_equal(words_count("satu . tiga"), 3);
    assert_int_equal(words_at("satu . tiga", 0).length, 4);
    assert_int_equal(words_at("satu . tiga", 1).length, 0);
    assert_memory_equal(words_at("satu . tiga", 2).bytes, "tiga", 4);
    assert_int_equal(words_at("satu . tiga", 2).length, 4);
}

static void test_the_vocabulary_makes_ids(void **state)
{
    (void)state;
    for (int i = 0; i < WORDS_GOODS; i++) {
        assert_list(words_goods[i].category, 0);
        assert_list(words_goods[i].heads, 0);
        assert_list(words_goods[i].kinds, 0);
        assert_list(words_goods[i].variants, 1);
    }
    for (int i = 0; i < WORDS_CITIES; i++) {
        assert_list(words_cities[i].name, 0);
        assert_list(words_cities[i].region, 0);
    }
    for (int i = 0; i < WORDS_TENANTS; i++)
        assert_list(words_tenants[i], 0);
    assert_list(words_big_sellers, 0);
    assert_list(words_shops, 0);
    assert_list(words_owners, 0);
}

static void test_every_category_has_a_theme(void **state)
{
    int has_theme[WORDS_GOODS] = {0};

    (void)state;
    for (int i = 0; i < WORDS_THEMES; i++) {
        assert_true(words_themes[i].main < WORDS_GOODS);
        assert_true(words_themes[i].companion < WORDS_GOODS);
        assert_true(words_themes[i].main != words_themes[i].companion);
        has_theme[words_themes[i].main] = 1;
    }
    for (int i = 0; i < WORDS_GOODS; i++)
        assert_true(has_theme[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_found_by_place),
        cmocka_unit_test(test_the_vocabulary_makes_ids),
        cmocka_unit_test(test_every_category_has_a_theme),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
