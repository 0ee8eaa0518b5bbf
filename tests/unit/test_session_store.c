#include "session_store.h"

#include "rng.h"
#include "unit.h"

static struct session_store store;

static struct session *add(const char *tenant, const char *visitor,
                           const char *id)
{
    return session_store_add(
        &store, session_store_hash(text_of(tenant), text_of(visitor)),
        text_of(tenant), text_of(visitor), text_of(id));
}

static struct session *find(const char *tenant, const char *visitor)
{
    return session_store_find(
        &store, session_store_hash(text_of(tenant), text_of(visitor)),
        text_of(tenant), text_of(visitor));
}

static void test_finds_by_tenant_and_visitor(void **state)
{
    struct session *plain, *of_tenant;

    (void)state;
    session_store_init(&store, 3);
    assert_null(find("", "budi"));
    plain = add("", "budi", "");
    of_tenant = add("toko", "budi", "s-1");
    assert_ptr_equal(find("", "budi"), plain);
    assert_ptr_equal(find("toko", "budi"), of_tenant);
    assert_null(find("tok", "obudi"));
    assert_null(find("", "tokobudi"));
    assert_text(session_tenant(&store, of_tenant), "toko");
    assert_text(session_id(&store, of_tenant), "s-1");
    assert_text(session_id(&store, plain), "");
    session_store_check(&store);
    session_store_deinit(&store);
}

static void test_an_equal_hash_is_not_enough(void **state)
{
    struct session *a, *b;

    (void)state;
    session_store_init(&store, 1);
    a = session_store_add(&store, 7, NO_TEXT, text_of("a"), NO_TEXT);
    b = session_store_add(&store, 7, NO_TEXT, text_of("b"), NO_TEXT);
    assert_ptr_equal(session_store_find(&store, 7, NO_TEXT, text_of("b")), b);
    assert_null(session_store_find(&store, 7, text_of("a"), text_of("b")));
    session_store_remove(&store, a);
    assert_ptr_equal(session_store_find(&store, 7, NO_TEXT, text_of("b")), b);
    assert_null(session_store_find(&store, 7, NO_TEXT, text_of("a")));
    session_store_deinit(&store);
}

/* Nor are equal bytes, differently cut into tenant and visitor. */
static void test_tenant_and_visitor_are_two(void **state)
{
    struct session *session;

    (void)state;
    session_store_init(&store, 1);
    session = session_store_add(&store, 7, text_of("ab"), text_of("cde"),
                                text_of("fgh"));
    assert_ptr_equal(
        session_store_find(&store, 7, text_of("ab"), text_of("cde")), session);
    assert_null(session_store_find(&store, 7, text_of("a"), text_of("bcd")));
    assert_null(session_store_find(&store, 7, text_of("abc"), text_of("def")));
    assert_null(session_store_find(&store, 7, NO_TEXT, text_of("abc")));
    assert_null(session_store_find(&store, 7, text_of("ab"), text_of("cd")));
    assert_null(session_store_find(&store, 7, text_of("xb"), text_of("cde")));
    session_store_deinit(&store);
}

static void assert_order(const char *wanted)
{
    char visitors[64] = "";

    for (struct session *s = store.oldest; s != NULL; s = s->newer)
        strncat(visitors, session_id(&store, s).bytes - s->visitor_length,
                s->visitor_length);
    assert_string_equal(visitors, wanted);
    session_store_check(&store);
}

static void test_stands_in_the_order_of_arrival(void **state)
{
    (void)state;
    session_store_init(&store, 2);
    assert_order("");
    for (const char *v = "abcd"; *v != '\0'; v++)
        add("", (char[]){*v, '\0'}, "x");
    assert_order("abcd");
    session_store_touch(&store, find("", "b"));
    assert_order("acdb");
    session_store_touch(&store, find("", "a"));
    assert_order("cdba");
    session_store_touch(&store, find("", "a"));
    assert_order("cdba");
    session_store_rebuild(&store, find("", "c"), 3, NO_TEXT);
    session_store_rebuild(&store, find("", "a"), 3, text_of("long id"));
    session_store_rebuild(&store, find("", "b"), 3, text_of("x"));
    assert_order("cdba");
    session_store_remove(&store, find("", "d"));
    assert_order("cba");
    session_store_remove(&store, find("", "a"));
    session_store_remove(&store, find("", "c"));
    assert_order("b");
    session_store_deinit(&store);
}

/* ---- item records ---- */

static void fill_record(struct session *session, uint32_t index, uint32_t seed)
{
    uint32_t *record = session_record(&store, session, index);

    record[0] = seed;
    for (uint32_t set = 0; set < store.sets; set++) {
        record[1 + set] = seed * 7 + set;
        record_orders(&store, record)[set] = (uint16_t)(seed * 3 + set);
    }
    *record_actions(&store, record) = (uint8_t)(seed % 8);
}

static void assert_record(struct session *session, uint32_t index,
                          uint32_t seed)
{
    uint32_t *record = session_record(&store, session, index);

    assert_int_equal(record[0], seed);
    for (uint32_t set = 0; set < store.sets; set++) {
        assert_int_equal(record[1 + set], seed * 7 + set);
        assert_int_equal(record_orders(&store, record)[set],
                         (uint16_t)(seed * 3 + set));
    }
    assert_int_equal(*record_actions(&store, record), seed % 8);
}

/* Neighbours of every width keep out of one another's way. */
static void test_records_hold_their_fields(void **state)
{
    (void)state;
    for (uint32_t sets = 1; sets <= 7; sets++) {
        struct session *session;

        session_store_init(&store, sets);
        assert_true(4 * store.stride >= 4 + 4 * sets + 2 * sets + 1);
        assert_true(4 * store.stride < 4 + 4 * sets + 2 * sets + 1 + 4);
        session = add("tenant", "visitor", "id");
        session = session_store_rebuild(&store, session, 5, text_of("id"));
        for (uint32_t i = 0; i < 5; i++)
            fill_record(session, i, 1000 * i + sets);
        session->items_count = 5;
        for (uint32_t i = 0; i < 5; i++)
            assert_record(session, i, 1000 * i + sets);
        session = session_store_rebuild(&store, session, 9, text_of("other"));
        for (uint32_t i = 0; i < 5; i++)
            assert_record(session, i, 1000 * i + sets);
        assert_text(session_id(&store, session), "other");
        assert_text(session_tenant(&store, session), "tenant");
        assert_ptr_equal(find("tenant", "visitor"), session);
        session_store_check(&store);
        session_store_deinit(&store);
    }
}

static void test_three_sets_take_24_bytes(void **state)
{
    (void)state;
    session_store_init(&store, 3);
    assert_int_equal(4 * store.stride, 24);
    session_store_deinit(&store);
}

static void test_the_longest_texts_fit(void **state)
{
    char text[129] = {0};
    struct session *session;

    (void)state;
    memset(text, 'x', 128);
    session_store_init(&store, 3);
    session = add(text + 64, text, text);
    session = session_store_rebuild(&store, session, 1000, text_of(text));
    assert_ptr_equal(find(text + 64, text), session);
    assert_text(session_tenant(&store, session), text + 64);
    assert_text(session_id(&store, session), text);
    session_store_check(&store);
    session_store_deinit(&store);
}

/* ---- against an array ---- */

enum { VISITORS = 400 };

static struct {
    struct session *session;
    uint32_t marked;
    char id[8];
} model[VISITORS];

static void name(char *tenant, char *visitor, uint32_t number)
{
    snprintf(tenant, 16, number % 3 ? "" : "t%u", number % 2);
    snprintf(visitor, 16, "v%u", number / 2);
    if (number % 2)
        strcat(visitor, "x");
}

static void step(struct rng *rng, uint32_t adding)
{
    uint32_t v = rng_below(rng, VISITORS);
    char tenant[16], visitor[16];
    struct session *found;

    name(tenant, visitor, v);
    found = find(tenant, visitor);
    assert_ptr_equal(found, model[v].session);
    if (found == NULL && rng_below(rng, 100) < adding) {
        snprintf(model[v].id, sizeof model[v].id, "%u", rng_below(rng, 2000));
        model[v].session = add(tenant, visitor, model[v].id);
        model[v].session->last_ts_ms = v;
    }
    if (found == NULL)
        return;
    assert_int_equal(found->last_ts_ms, v);
    assert_text(session_id(&store, found), model[v].id);
    switch (rng_below(rng, 4)) {
    case 0:
        if (rng_below(rng, 100) < adding)
            break;
        session_store_remove(&store, found);
        model[v].session = NULL;
        break;
    case 1:
        snprintf(model[v].id, sizeof model[v].id, "%u", rng_below(rng, 2000));
        model[v].session = session_store_rebuild(
            &store, found, 1 + rng_below(rng, 9), text_of(model[v].id));
        break;
    default:
        session_store_touch(&store, found);
    }
}

static void test_against_an_array(void **state)
{
    uint64_t empty;
    struct rng rng;

    (void)state;
    rng_init(&rng, 9);
    session_store_init(&store, 3);
    for (int round = 0; round < 60; round++) {
        uint64_t open = 0;

        for (int i = 0; i < 1000; i++)
            step(&rng, round % 2 ? 20 : 80);
        session_store_check(&store);
        for (uint32_t v = 0; v < VISITORS; v++)
            open += model[v].session != NULL;
        assert_int_equal(store.count, open);
        assert_true(session_store_bytes(&store) > 60 * open);
    }
    empty = store.slots_count * sizeof(void *);
    while (store.oldest != NULL)
        session_store_remove(&store, store.oldest);
    assert_int_equal(session_store_bytes(&store), empty);
    session_store_deinit(&store);
}

/* A session of 3 items and a visitor id of 20 bytes, as the budget has it; an
 * allocation costs 8 more. */
static void test_a_session_is_small(void **state)
{
    (void)state;
    session_store_init(&store, 3);
    session_store_rebuild(&store, add("", "12345678901234567890", ""), 3,
                          NO_TEXT);
    assert_true(store.bytes + 8 + 16 <= 160);
    session_store_deinit(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_by_tenant_and_visitor),
        cmocka_unit_test(test_an_equal_hash_is_not_enough),
        cmocka_unit_test(test_tenant_and_visitor_are_two),
        cmocka_unit_test(test_stands_in_the_order_of_arrival),
        cmocka_unit_test(test_records_hold_their_fields),
        cmocka_unit_test(test_three_sets_take_24_bytes),
        cmocka_unit_test(test_the_longest_texts_fit),
        cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_a_session_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
