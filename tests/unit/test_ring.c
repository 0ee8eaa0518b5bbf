#include "ring.h"

#include "unit.h"

static struct ring_entry entry(uint32_t item)
{
    return (struct ring_entry){.due_us = 10 * (int64_t)item, .item = item};
}

static void assert_pops(struct ring *ring, uint32_t item)
{
    assert_int_equal(ring_first(ring)->item, item);
    assert_int_equal(ring_first(ring)->due_us, 10 * (int64_t)item);
    ring_pop(ring);
}

static void test_first_in_is_first_out(void **state)
{
    struct ring ring;

    (void)state;
    ring_init(&ring);
    for (uint32_t i = 0; i < 3; i++)
        ring_push(&ring, entry(i));
    for (uint32_t i = 0; i < 3; i++)
        assert_pops(&ring, i);
    assert_int_equal(ring.count, 0);
    ring_deinit(&ring);
}

/* Pushes three, pops two, so that the ring grows with its start anywhere. */
static void test_grows_while_it_turns(void **state)
{
    struct ring ring;
    uint32_t in = 0, out = 0;

    (void)state;
    ring_init(&ring);
    for (int round = 0; round < 5000; round++) {
        for (int i = 0; i < 3; i++)
            ring_push(&ring, entry(in++));
        for (int i = 0; i < 2; i++)
            assert_pops(&ring, out++);
        assert_int_equal(ring.count, in - out);
        assert_true(ring.count <= ring.capacity);
    }
    while (ring.count > 0)
        assert_pops(&ring, out++);
    assert_int_equal(out, in);
    ring_deinit(&ring);
    assert_null(ring.at);
}

static void test_stays_small_when_it_is_drained(void **state)
{
    struct ring ring;

    (void)state;
    ring_init(&ring);
    for (uint32_t i = 0; i < 100000; i++) {
        ring_push(&ring, entry(i));
        assert_pops(&ring, i);
    }
    assert_true(ring.capacity <= 256);
    ring_deinit(&ring);
}

static void pop_an_empty_ring(void)
{
    struct ring ring;

    ring_init(&ring);
    ring_pop(&ring);
}

static void test_an_empty_ring_has_no_first(void **state)
{
    (void)state;
    assert_aborts(pop_an_empty_ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_is_first_out),
        cmocka_unit_test(test_grows_while_it_turns),
        cmocka_unit_test(test_stays_small_when_it_is_drained),
        cmocka_unit_test(test_an_empty_ring_has_no_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
