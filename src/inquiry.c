#include "inquiry.h"

#include "err.h"
#include "mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { ANSWERS_A_TURN = 2 };

/* On the stack of the thread that waits. */
struct waiting {
    const struct inquiry_question *question;
    struct strbuf *out;
    struct waiting *next;
    enum inquiry_outcome outcome;
    int is_queued;
};

struct inquiry {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    struct waiting *first;
    struct waiting **last; /* where the next one is hung in */
    int is_closed;
    _Atomic uint32_t count; /* for a look without the lock */
};

struct inquiry *inquiry_new(void)
{
    struct inquiry *inquiry = mem_new(1, sizeof *inquiry);
    pthread_condattr_t monotonic;

    pthread_mutex_init(&inquiry->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&inquiry->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    inquiry->last = &inquiry->first;
    return inquiry;
}

void inquiry_free(struct inquiry *inquiry)
{
    if (inquiry == NULL)
        return;
    ASSERT(inquiry->first == NULL);
    pthread_cond_destroy(&inquiry->answered);
    pthread_mutex_destroy(&inquiry->lock);
    free(inquiry);
}

/* ---- the queue; under the lock ---- */

static void enqueue(struct inquiry *inquiry, struct waiting *waiting)
{
    waiting->is_queued = 1;
    *inquiry->last = waiting;
    inquiry->last = &waiting->next;
    atomic_fetch_add(&inquiry->count, 1);
}

static void take_out(struct inquiry *inquiry, struct waiting *waiting)
{
    struct waiting **at = &inquiry->first;

    while (*at != waiting)
        at = &(*at)->next;
    *at = waiting->next;
    if (waiting->next == NULL)
        inquiry->last = at;
    waiting->is_queued = 0;
    atomic_fetch_sub(&inquiry->count, 1);
}

static struct timespec after(int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

enum inquiry_outcome inquiry_ask(struct inquiry *inquiry,
                                 const struct inquiry_question *question,
                                 struct strbuf *out, int64_t timeout_ms)
{
    struct timespec until = after(timeout_ms);
    struct waiting waiting = {
        .question = question, .out = out, .outcome = INQUIRY_SILENCE};

    pthread_mutex_lock(&inquiry->lock);
    if (!inquiry->is_closed)
        enqueue(inquiry, &waiting);
    while (waiting.is_queued && !inquiry->is_closed)
        if (pthread_cond_timedwait(&inquiry->answered, &inquiry->lock,
                                   &until) != 0)
            break;
    if (waiting.is_queued)
        take_out(inquiry, &waiting);
    pthread_mutex_unlock(&inquiry->lock);
    return waiting.outcome;
}

uint32_t inquiry_serve(struct inquiry *inquiry, inquiry_answer *answer,
                       void *context)
{
    uint32_t answered = 0;

    if (atomic_load_explicit(&inquiry->count, memory_order_relaxed) == 0 ||
        pthread_mutex_trylock(&inquiry->lock) != 0)
        return 0;
    while (inquiry->first != NULL && answered < ANSWERS_A_TURN) {
        struct waiting *waiting = inquiry->first;

        waiting->outcome = answer(context, waiting->question, waiting->out);
        take_out(inquiry, waiting);
        answered++;
    }
    pthread_cond_broadcast(&inquiry->answered);
    pthread_mutex_unlock(&inquiry->lock);
    return answered;
}

void inquiry_close(struct inquiry *inquiry)
{
    pthread_mutex_lock(&inquiry->lock);
    inquiry->is_closed = 1;
    pthread_cond_broadcast(&inquiry->answered);
    pthread_mutex_unlock(&inquiry->lock);
}
