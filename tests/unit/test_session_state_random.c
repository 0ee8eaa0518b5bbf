/* Cuts taken while records go on, loaded, and gone on with; and damage under a
 * good seal. */
#include "session_state_world.h"

#include "session_store.h"

static void assert_same_out(const struct side *a, const struct side *b)
{
    assert_int_equal(a->out.count, b->out.count);
    for (uint32_t i = 0; i < a->out.count; i++) {
        const struct contribution *left = &a->out.at[i], *right = &b->out.at[i];
        struct text id = intern_id(b->items, right->item);

        assert_int_equal(left->index, right->index);
        assert_int_equal(left->sign, right->sign);
        assert_true(left->fine_pane == right->fine_pane);
        assert_int_equal(
            intern_find(a->items, intern_tenant(b->items, right->item), id),
            left->item);
        assert_int_equal(left->other == 0, right->other == 0);
        if (left->other != 0)
            assert_int_equal(intern_find(a->items,
                                         intern_tenant(b->items, right->other),
                                         intern_id(b->items, right->other)),
                             left->other);
    }
}

static struct rng rng;

static uint32_t draw(uint32_t bound)
{
    return rng_below(&rng, bound);
}

static struct told draw_event(int64_t *now_ms)
{
    static const char *const names[] = {"a", "b", "c", "d", "e",
                                        "f", "g", "h", "i", "j"};
    static const enum event_type types[] = {
        EVENT_PAGE_VIEW, EVENT_PAGE_VIEW, EVENT_ADD_TO_CART,
        EVENT_REMOVE_FROM_CART, EVENT_PURCHASE};
    uint32_t dice = draw(100);

    *now_ms += dice < 2 ? draw(2000) : draw(40);
    return (struct told){draw(4) == 0 ? "toko" : "",
                         names[draw(10)],
                         draw(8) == 0 ? names[draw(2)] : "",
                         types[draw(COUNT(types))],
                         names[draw(8)],
                         *now_ms < 600 ? 0 : *now_ms - draw(600)};
}

static void draw_rules(void)
{
    use_rules();
    rules.gap_ms = draw(2) ? 500 : 100000;
    rules.items_max = 2 + draw(5);
    rules.open_max = 1 + draw(12);
}

/* ---- cuts ---- */

enum { EXTRAS_MAX = 2000 };

static struct told extras[EXTRAS_MAX]; /* that came while a cut was made */
static uint32_t extras_count;

static void cut_while_taking(struct side *side, int64_t *now_ms, int64_t since)
{
    extras_count = 0;
    sessions_cut_begin(side->sessions, &saved.cut, since);
    while (!cut_more(&saved, side, draw(3) == 0 ? 300 : 1))
        for (uint32_t n = draw(4); n > 0 && extras_count < EXTRAS_MAX; n--) {
            extras[extras_count] = draw_event(now_ms);
            take(side, extras[extras_count++]);
        }
}

static void take_both(struct side *one, struct side *two, struct told told)
{
    assert_int_equal(take(one, told), take(two, told));
    assert_same_out(one, two);
}

/* What was cut is what stood at that moment, and goes on alike. `still` has
 * taken nothing since. */
static void check_loaded(struct side *still)
{
    struct side loaded;

    open_side(&loaded);
    load_chunks(&loaded, &saved);
    loaded.offset = still->offset;
    assert_same(still, &loaded);
    for (uint32_t i = 0; i < extras_count; i++)
        take_both(still, &loaded, extras[i]);
    assert_same(still, &loaded);
    close_side(&loaded);
}

static void one_history(void)
{
    struct side one, still;
    int64_t now_ms = 0, since = 0;

    draw_rules();
    open_side(&one);
    open_side(&still);
    for (uint32_t cuts = 1 + draw(5); cuts > 0; cuts--) {
        for (uint32_t n = draw(80); n > 0; n--)
            take_both(&one, &still, draw_event(&now_ms));
        cut_while_taking(&one, &now_ms, since);
        since = still.offset;
        check_loaded(&still);
        assert_same(&one, &still);
    }
    close_side(&one);
    close_side(&still);
    clear_chunks(&saved);
}

static void test_a_cut_while_records_go_on(void **state)
{
    (void)state;
    rng_init(&rng, 1);
    for (int i = 0; i < 400; i++)
        one_history();
}

/* ---- damage ---- */

/* The piece's seal is made good again. */
static void damage(struct strbuf *chunk)
{
    uint32_t end = (uint32_t)chunk->length - PACK_SEAL_BYTES;

    for (uint32_t n = 1 + draw(3); n > 0; n--) {
        uint32_t at = 2 + draw(end - 2);

        chunk->bytes[at] =
            (char)(draw(2) ? chunk->bytes[at] ^ 1 << draw(8) : (int)draw(256));
    }
    chunk->length = end;
    pack_add_seal(chunk, 0);
}

/* Refused, or sessions that can be worked with. */
static void test_damage_within_the_seal(void **state)
{
    uint32_t refused = 0;

    (void)state;
    rng_init(&rng, 2);
    for (int i = 0; i < 4000; i++) {
        struct side one, two;
        struct err err = ERR_NONE;
        int64_t now_ms = 0;
        int failed = 0;

        draw_rules();
        open_side(&one);
        open_side(&two);
        for (uint32_t n = 2 + draw(10); n > 0; n--)
            take(&one, draw_event(&now_ms));
        cut_all(&saved, &one, 0);
        damage(&saved.at[0]);
        for (uint32_t c = 0; c < saved.count && !failed; c++)
            failed = sessions_load(two.sessions, saved.at[c].bytes,
                                   saved.at[c].length, &err) < 0;
        failed =
            failed || sessions_load_end(two.sessions, &saved.cut, &err) < 0;
        assert_int_equal(failed, err.text[0] != '\0');
        refused += (uint32_t)failed;
        two.offset = SESSION_ARRIVAL_END - 100;
        for (uint32_t n = 20; n > 0 && !failed; n--)
            take(&two, draw_event(&now_ms));
        if (failed) {
            sessions_free(two.sessions);
            two.sessions =
                sessions_new(&rules, &relations, &windows, two.items);
        }
        close_side(&one);
        close_side(&two);
        clear_chunks(&saved);
    }
    assert_true(refused > 1000 && refused < 3990);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_while_records_go_on),
        cmocka_unit_test(test_damage_within_the_seal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
