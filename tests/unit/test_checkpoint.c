/* The table of what a head that is found means, and what stands after it. */
#include "checkpoint.h"

#include "unit.h"

static const struct store_id loaded = {1, 10}, sent = {2, 1}, second = {2, 2},
                             third = {2, 3}, none = {0, 0};

static void assert_id(struct store_id got, struct store_id wanted)
{
    assert_int_equal(got.owner, wanted.owner);
    assert_int_equal(got.sequence, wanted.sequence);
}

static enum checkpoint_verdict judge(struct checkpoint *checkpoint,
                                     enum store_outcome outcome,
                                     struct store_id found)
{
    const struct store_answer answer = {.outcome = outcome, .head.id = found};

    return checkpoint_judge(checkpoint, &answer);
}

/* `loaded` stands, `sent` went out and nobody knows what became of it. */
static struct checkpoint in_doubt(void)
{
    struct checkpoint checkpoint;

    checkpoint_begin(&checkpoint, loaded);
    assert_int_equal(checkpoint.phase, CHECKPOINT_STANDING);
    checkpoint_send(&checkpoint, sent);
    assert_int_equal(checkpoint_answer(&checkpoint, STORE_UNKNOWN),
                     CHECKPOINT_UNKNOWN);
    assert_int_equal(checkpoint.phase, CHECKPOINT_IN_DOUBT);
    return checkpoint;
}

static void test_acknowledged(void **state)
{
    struct checkpoint checkpoint;

    (void)state;
    checkpoint_begin(&checkpoint, loaded);
    assert_int_equal(checkpoint.needs_base, 0);
    checkpoint_send(&checkpoint, sent);
    assert_int_equal(checkpoint.phase, CHECKPOINT_IN_FLIGHT);
    assert_id(checkpoint.stands, loaded);
    assert_int_equal(checkpoint_answer(&checkpoint, STORE_DONE),
                     CHECKPOINT_LANDED);
    assert_int_equal(checkpoint.phase, CHECKPOINT_STANDING);
    assert_id(checkpoint.stands, sent);
}

static void test_any_other_answer_is_a_doubt(void **state)
{
    const enum store_outcome outcomes[] = {STORE_REFUSED, STORE_MISSING,
                                           STORE_UNKNOWN};

    (void)state;
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        struct checkpoint checkpoint;

        checkpoint_begin(&checkpoint, loaded);
        checkpoint_send(&checkpoint, sent);
        assert_int_equal(checkpoint_answer(&checkpoint, outcomes[i]),
                         CHECKPOINT_UNKNOWN);
        assert_int_equal(checkpoint.phase, CHECKPOINT_IN_DOUBT);
        assert_id(checkpoint.stands, loaded);
    }
}

static void test_what_stood_stands(void **state)
{
    struct checkpoint checkpoint = in_doubt();

    (void)state;
    assert_int_equal(judge(&checkpoint, STORE_DONE, loaded), CHECKPOINT_LOST);
    assert_int_equal(checkpoint.phase, CHECKPOINT_STANDING);
    assert_id(checkpoint.stands, loaded);
    assert_int_equal(checkpoint.needs_base, 0);
}

static void test_what_was_in_flight_landed(void **state)
{
    struct checkpoint checkpoint = in_doubt();

    (void)state;
    assert_int_equal(judge(&checkpoint, STORE_DONE, sent), CHECKPOINT_LANDED);
    assert_id(checkpoint.stands, sent);
    assert_int_equal(checkpoint.needs_base, 0);
}

/* Taken for lost, it lands after all: the next doubt finds it. */
static void test_what_was_in_flight_landed_late(void **state)
{
    struct checkpoint checkpoint = in_doubt();

    (void)state;
    assert_int_equal(judge(&checkpoint, STORE_DONE, loaded), CHECKPOINT_LOST);
    checkpoint_doubt(&checkpoint);
    assert_int_equal(judge(&checkpoint, STORE_DONE, sent), CHECKPOINT_LANDED);
    assert_id(checkpoint.stands, sent);
}

/* Nor does it become what stands while another is in flight. */
static void test_late_under_a_newer_one(void **state)
{
    struct checkpoint checkpoint = in_doubt();

    (void)state;
    assert_int_equal(judge(&checkpoint, STORE_DONE, loaded), CHECKPOINT_LOST);
    checkpoint_send(&checkpoint, second);
    checkpoint_answer(&checkpoint, STORE_REFUSED);
    assert_int_equal(judge(&checkpoint, STORE_DONE, sent),
                     CHECKPOINT_ROLLED_BACK);
    assert_id(checkpoint.stands, sent);
    assert_int_equal(checkpoint.needs_base, 1);
}

static void test_rolled_back(void **state)
{
    const struct store_id found[] = {{1, 9}, {2, 9}, {3, 1}, {0, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(found); i++) {
        struct checkpoint checkpoint = in_doubt();

        assert_int_equal(judge(&checkpoint, STORE_DONE, found[i]),
                         CHECKPOINT_ROLLED_BACK);
        assert_int_equal(checkpoint.phase, CHECKPOINT_STANDING);
        assert_id(checkpoint.stands, found[i]);
        assert_int_equal(checkpoint.needs_base, 1);
    }
}

/* An id that was acknowledged once is not one to go on from. */
static void test_an_older_one_is_a_roll_back(void **state)
{
    struct checkpoint checkpoint;

    (void)state;
    checkpoint_begin(&checkpoint, loaded);
    for (uint64_t i = 1; i <= 2; i++) {
        checkpoint_send(&checkpoint, (struct store_id){2, i});
        checkpoint_answer(&checkpoint, STORE_DONE);
    }
    checkpoint_doubt(&checkpoint);
    assert_int_equal(judge(&checkpoint, STORE_DONE, sent),
                     CHECKPOINT_ROLLED_BACK);
    assert_id(checkpoint.stands, sent);
}

static void test_a_base_is_due_until_it_landed(void **state)
{
    struct checkpoint checkpoint = in_doubt();

    (void)state;
    judge(&checkpoint, STORE_DONE, third);
    checkpoint_send(&checkpoint, second);
    assert_int_equal(checkpoint.needs_base, 1);
    checkpoint_answer(&checkpoint, STORE_UNKNOWN);
    assert_int_equal(judge(&checkpoint, STORE_DONE, third), CHECKPOINT_LOST);
    assert_int_equal(checkpoint.needs_base, 1);
    checkpoint_send(&checkpoint, (struct store_id){2, 4});
    checkpoint_answer(&checkpoint, STORE_DONE);
    assert_int_equal(checkpoint.needs_base, 0);
}

/* A group that was never written has no id, and neither has what was sent. */
static void test_nothing_stands(void **state)
{
    struct checkpoint checkpoint;

    (void)state;
    checkpoint_begin(&checkpoint, none);
    checkpoint_doubt(&checkpoint);
    assert_int_equal(judge(&checkpoint, STORE_DONE, none), CHECKPOINT_LOST);
    checkpoint_begin(&checkpoint, loaded);
    checkpoint_doubt(&checkpoint);
    assert_int_equal(judge(&checkpoint, STORE_DONE, none),
                     CHECKPOINT_ROLLED_BACK);
}

static void test_overtaken_and_unknown(void **state)
{
    struct checkpoint checkpoint = in_doubt();

    (void)state;
    assert_int_equal(judge(&checkpoint, STORE_UNKNOWN, sent),
                     CHECKPOINT_UNKNOWN);
    assert_int_equal(checkpoint.phase, CHECKPOINT_IN_DOUBT);
    assert_int_equal(judge(&checkpoint, STORE_REFUSED, sent),
                     CHECKPOINT_OVERTAKEN);
    assert_id(checkpoint.stands, loaded);
}

/* What is in flight is answered first. */
static void test_doubt_while_in_flight(void **state)
{
    struct checkpoint checkpoint;

    (void)state;
    checkpoint_begin(&checkpoint, loaded);
    checkpoint_send(&checkpoint, sent);
    checkpoint_doubt(&checkpoint);
    assert_int_equal(checkpoint.phase, CHECKPOINT_IN_FLIGHT);
    assert_int_equal(checkpoint_answer(&checkpoint, STORE_DONE),
                     CHECKPOINT_LANDED);
}

static void send_two(void)
{
    struct checkpoint checkpoint;

    checkpoint_begin(&checkpoint, loaded);
    checkpoint_send(&checkpoint, sent);
    checkpoint_send(&checkpoint, second);
}

static void send_in_doubt(void)
{
    struct checkpoint checkpoint = in_doubt();

    checkpoint_send(&checkpoint, second);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    assert_aborts(send_two);
    assert_aborts(send_in_doubt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledged),
        cmocka_unit_test(test_any_other_answer_is_a_doubt),
        cmocka_unit_test(test_what_stood_stands),
        cmocka_unit_test(test_what_was_in_flight_landed),
        cmocka_unit_test(test_what_was_in_flight_landed_late),
        cmocka_unit_test(test_late_under_a_newer_one),
        cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_an_older_one_is_a_roll_back),
        cmocka_unit_test(test_a_base_is_due_until_it_landed),
        cmocka_unit_test(test_nothing_stands),
        cmocka_unit_test(test_overtaken_and_unknown),
        cmocka_unit_test(test_doubt_while_in_flight),
        cmocka_unit_test(test_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
