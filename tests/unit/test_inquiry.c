/* inquiry: asked by threads, answered by one that never waits. */
#include "clock.h"
#include "inquiry.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ASKERS = 8, QUESTIONS = 200 };

struct asker {
    struct inquiry *inquiry;
    int number;
    int wrong;
    _Atomic int is_done;
};

/* Echoes the item; "?" is not known. */
static enum inquiry_outcome
echo(void *context, const struct inquiry_question *question, struct strbuf *out)
{
    ++*(int *)context;
    if (text_compare(question->a, text_of("?")) == 0)
        return INQUIRY_UNKNOWN;
    strbuf_add(out, question->a.bytes, question->a.length);
    return INQUIRY_ANSWERED;
}

static void *ask_often(void *context)
{
    struct asker *asker = context;
    struct strbuf out = STRBUF_EMPTY;
    char item[32];

    for (int i = 0; i < QUESTIONS; i++) {
        struct inquiry_question question = {.kind = INQUIRY_RELATED};

        snprintf(item, sizeof item, "%d-%d", asker->number, i);
        question.a = text_of(item);
        strbuf_clear(&out);
        asker->wrong += inquiry_ask(asker->inquiry, &question, &out, 5000) !=
                            INQUIRY_ANSWERED ||
                        strcmp(out.bytes, item) != 0;
    }
    strbuf_deinit(&out);
    asker->is_done = 1;
    return NULL;
}

static int are_done(const struct asker *askers)
{
    for (int i = 0; i < ASKERS; i++)
        if (!askers[i].is_done)
            return 0;
    return 1;
}

static void test_each_gets_its_own(void **state)
{
    struct inquiry *inquiry = inquiry_new();
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    int asked = 0;
    uint32_t most = 0;

    (void)state;
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.inquiry = inquiry, .number = i};
        pthread_create(&threads[i], NULL, ask_often, &askers[i]);
    }
    while (!are_done(askers)) {
        uint32_t served = inquiry_serve(inquiry, echo, &asked);

        most = served > most ? served : most;
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].wrong, 0);
    }
    assert_int_equal(asked, ASKERS * QUESTIONS);
    assert_in_range(most, 1, 2);
    assert_int_equal(inquiry_serve(inquiry, echo, &asked), 0);
    inquiry_free(inquiry);
    inquiry_free(NULL);
}

static void test_silence(void **state)
{
    struct inquiry *inquiry = inquiry_new();
    struct inquiry_question question = {.a = text_of("a")};
    struct strbuf out = STRBUF_EMPTY;
    int64_t begun_us = clock_mono_us();
    int asked = 0;

    (void)state;
    assert_int_equal(inquiry_ask(inquiry, &question, &out, 50),
                     INQUIRY_SILENCE);
    assert_in_range(clock_mono_us() - begun_us, 50000, 2000000);
    assert_int_equal(inquiry_serve(inquiry, echo, &asked), 0);
    assert_int_equal(asked, 0); /* it was taken back */
    inquiry_free(inquiry);
}

static void *ask_unknown(void *context)
{
    struct inquiry_question question = {.a = text_of("?")};
    struct strbuf out = STRBUF_EMPTY;
    intptr_t outcome = inquiry_ask(context, &question, &out, 60000);

    strbuf_deinit(&out);
    return (void *)outcome;
}

static void test_unknown(void **state)
{
    struct inquiry *inquiry = inquiry_new();
    pthread_t thread;
    void *outcome;
    int asked = 0;

    (void)state;
    pthread_create(&thread, NULL, ask_unknown, inquiry);
    while (inquiry_serve(inquiry, echo, &asked) == 0)
        usleep(100);
    pthread_join(thread, &outcome);
    assert_int_equal((intptr_t)outcome, INQUIRY_UNKNOWN);
    inquiry_free(inquiry);
}

static void test_close(void **state)
{
    struct inquiry *inquiry = inquiry_new();
    pthread_t threads[3];
    void *outcome;
    int64_t begun_us = clock_mono_us();

    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, ask_unknown, inquiry);
    usleep(20000);
    inquiry_close(inquiry);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], &outcome);
        assert_int_equal((intptr_t)outcome, INQUIRY_SILENCE);
    }
    assert_int_equal((intptr_t)ask_unknown(inquiry), INQUIRY_SILENCE);
    assert_in_range(clock_mono_us() - begun_us, 0, 10000000);
    inquiry_free(inquiry);
}

static void *ask_a_while(void *context)
{
    struct inquiry_question question = {.a = text_of("?")};
    struct strbuf out = STRBUF_EMPTY;
    intptr_t outcome = inquiry_ask(context, &question, &out, 50);

    strbuf_deinit(&out);
    return (void *)outcome;
}

/* The last in the queue gives up; who comes then stands behind the others. */
static void test_giving_up(void **state)
{
    struct inquiry *inquiry = inquiry_new();
    pthread_t threads[2];
    void *outcome;
    int asked = 0;

    (void)state;
    pthread_create(&threads[0], NULL, ask_unknown, inquiry);
    usleep(20000);
    assert_int_equal((intptr_t)ask_a_while(inquiry), INQUIRY_SILENCE);
    pthread_create(&threads[1], NULL, ask_unknown, inquiry);
    for (int i = 0; i < 5000 && asked < 2; i++) {
        usleep(100);
        inquiry_serve(inquiry, echo, &asked);
    }
    assert_int_equal(asked, 2);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], &outcome);
        assert_int_equal((intptr_t)outcome, INQUIRY_UNKNOWN);
    }
    inquiry_free(inquiry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_gets_its_own),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_close),
    };

    return cmocka_run_group_tests_name("inquiry", tests, NULL, NULL);
}
