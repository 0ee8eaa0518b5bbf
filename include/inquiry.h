/* inquiry: questions that other threads put to the main thread.
 *
 *     HTTP thread: inquiry_ask --+                    +--> goes on
 *                                v                    |
 *                        [ question, question ]       | answer
 *                                v                    |
 *     main thread: ... inquiry_serve, once a turn ----+
 *
 * The main thread never waits: it looks at one number a turn, and when an
 * asking thread is just at the queue it comes back the next turn. It answers
 * two questions a turn at the most. */
#ifndef TERKAIT_INQUIRY_H
#define TERKAIT_INQUIRY_H

#include "event.h"
#include "strbuf.h"

#include <stdint.h>

enum inquiry_kind { INQUIRY_RELATED, INQUIRY_EXPLAIN };

/* Texts are the asking thread's. `b` is of EXPLAIN. */
struct inquiry_question {
    enum inquiry_kind kind;
    struct text tenant, a, b;
};

enum inquiry_outcome {
    INQUIRY_ANSWERED,
    INQUIRY_UNKNOWN, /* nothing is counted for the item */
    INQUIRY_SILENCE  /* no answer in time, or the process ends */
};

struct inquiry;

struct inquiry *inquiry_new(void);
void inquiry_free(struct inquiry *inquiry); /* nobody asks any more */

/* Of any thread. Waits; what was answered is appended to `out`. */
enum inquiry_outcome inquiry_ask(struct inquiry *inquiry,
                                 const struct inquiry_question *question,
                                 struct strbuf *out, int64_t timeout_ms);

/* Of the main thread. Returns how many were answered. */
typedef enum inquiry_outcome
inquiry_answer(void *context, const struct inquiry_question *question,
               struct strbuf *out);
uint32_t inquiry_serve(struct inquiry *inquiry, inquiry_answer *answer,
                       void *context);

/* Nobody serves any more: who waits goes on, who asks hears silence. */
void inquiry_close(struct inquiry *inquiry);

#endif
