/* story: what happened in one simulated world, in words, and how a check that
 * fails ends it.
 *
 * A world is run in silence first; one that failed is run once more, told, and
 * the last STORY_LINES events are printed. */
#ifndef TERKAIT_SIM_STORY_H
#define TERKAIT_SIM_STORY_H

#include <setjmp.h>
#include <stdint.h>

enum { STORY_LINES = 300, STORY_LINE_BYTES = 200 };

struct story {
    int is_told;
    uint64_t told; /* events so far; the latest ones are in `lines` */
    char lines[STORY_LINES][STORY_LINE_BYTES];
    char failure[1000];
    int64_t now_us; /* kept by the world */
    sigjmp_buf out; /* where a failure leaves to */
};

#define TELL(story, ...)                                                       \
    ((story)->is_told ? story_tell((story), __VA_ARGS__) : (void)0)

void story_tell(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The world has failed: leaves it by `out`. */
_Noreturn void story_fail(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void story_print(const struct story *story);

#endif
