/* http_guard: who is late is shut out, once. */
#include "http_guard.h"
#include "unit.h"

#include <poll.h>
#include <sys/socket.h>

enum { GUESTS = 3 };

/* 1: the other end was shut down. */
static int is_shut(int descriptor)
{
    struct pollfd poll_one = {.fd = descriptor, .events = POLLIN};
    char byte;

    return poll(&poll_one, 1, 0) == 1 && read(descriptor, &byte, 1) == 0;
}

static void test_the_late(void **state)
{
    struct http_guard *guard = http_guard_new();
    struct http_guest *guests[GUESTS];
    int pairs[GUESTS][2];

    (void)state;
    for (int i = 0; i < GUESTS; i++) {
        assert_int_equal(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
        guests[i] = http_guard_enter(guard, pairs[i][0], 100 * (i + 1));
    }
    assert_int_equal(http_guard_sweep(guard, 100), 0);
    assert_int_equal(http_guard_sweep(guard, 101), 1);
    assert_int_equal(http_guard_sweep(guard, 150), 0);
    assert_true(is_shut(pairs[0][1]));
    assert_false(is_shut(pairs[1][1]));
    http_guard_allow(guard, guests[1], HTTP_GUARD_EVER);
    http_guard_leave(guard, guests[2]);
    assert_int_equal(http_guard_sweep(guard, 1000000), 0);
    assert_false(is_shut(pairs[1][1]));
    assert_false(is_shut(pairs[2][1]));
    http_guard_allow(guard, guests[1], 5);
    assert_int_equal(http_guard_sweep(guard, 6), 1);
    assert_true(is_shut(pairs[1][1]));
    http_guard_leave(guard, guests[0]);
    http_guard_leave(guard, guests[1]);
    assert_int_equal(http_guard_sweep(guard, INT64_MAX - 1), 0);
    http_guard_free(guard);
    http_guard_free(NULL);
    for (int i = 0; i < GUESTS; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}

static void one_is_left(void)
{
    struct http_guard *guard = http_guard_new();

    http_guard_enter(guard, -1, 0);
    http_guard_free(guard);
}

static void test_all_must_leave(void **state)
{
    (void)state;
    assert_aborts(one_is_left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_late),
        cmocka_unit_test(test_all_must_leave),
    };

    return cmocka_run_group_tests_name("http_guard", tests, NULL, NULL);
}
