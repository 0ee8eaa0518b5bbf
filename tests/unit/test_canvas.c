#include "canvas.h"

#include "unit.h"

static const char *rendered(const struct canvas *canvas, int has_styles)
{
    static char text[4096];
    struct strbuf out = STRBUF_EMPTY;

    strbuf_add_text(&out, "");
    canvas_render(canvas, &out, has_styles);
    snprintf(text, sizeof text, "%s", out.bytes);
    strbuf_deinit(&out);
    return text;
}

static void test_cuts_what_does_not_fit(void **state)
{
    struct canvas *canvas = canvas_new(6, 2);

    (void)state;
    assert_int_equal(canvas_put_text(canvas, 0, 2, CANVAS_PLAIN, "abcdef"), 8);
    assert_int_equal(canvas_put_text(canvas, 1, 9, CANVAS_PLAIN, "x"), 10);
    assert_int_equal(canvas_put_text(canvas, 7, 0, CANVAS_PLAIN, "y"), 1);
    canvas_paint(canvas, 7, CANVAS_BAD);
    assert_string_equal(rendered(canvas, 0), "  abcd\n");
    canvas_free(canvas);
}

static void test_a_later_text_covers(void **state)
{
    struct canvas *canvas = canvas_new(5, 1);

    (void)state;
    canvas_put_text(canvas, 0, 0, CANVAS_BOLD, "\u20AC\u20AC\u20AC");
    canvas_put_text(canvas, 0, 1, CANVAS_PLAIN, "x");
    assert_string_equal(rendered(canvas, 0), "\u20ACx\u20AC");
    assert_string_equal(rendered(canvas, 1),
                        "\033[1m\u20AC\033[0mx\033[1m\u20AC\033[0m");
    canvas_free(canvas);
}

static void test_what_a_terminal_would_obey_is_shown(void **state)
{
    struct canvas *canvas = canvas_new(20, 1);

    (void)state;
    assert_int_equal(canvas_put(canvas, 0, 0, CANVAS_PLAIN,
                                (struct text){"\033[2J\0\xFF", 6}),
                     15);
    assert_string_equal(rendered(canvas, 0), "\\x1B[2J\\x00\\xFF");
    canvas_free(canvas);
}

static void test_a_bar_goes_to_the_end(void **state)
{
    struct canvas *canvas = canvas_new(4, 2);

    (void)state;
    canvas_put_text(canvas, 0, 0, CANVAS_PLAIN, "a");
    canvas_paint(canvas, 0, CANVAS_BAR);
    canvas_put_text(canvas, 1, 0, CANVAS_GOOD, "b");
    assert_string_equal(rendered(canvas, 1),
                        "\033[7ma   \033[0m\n\033[32mb\033[0m");
    assert_string_equal(rendered(canvas, 0), "a\nb");
    canvas_free(canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_what_does_not_fit),
        cmocka_unit_test(test_a_later_text_covers),
        cmocka_unit_test(test_what_a_terminal_would_obey_is_shown),
        cmocka_unit_test(test_a_bar_goes_to_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
