/* err: what went wrong, in words, and the assertion that stays on.
 *
 * There are three kinds of failure here. Bad input is counted and passed by.
 * The world (Kafka, Redis, a disk, a file) fails by returning -1 with a filled
 * `struct err`. A bug hits ASSERT, in release builds too. */
#ifndef TERKAIT_ERR_H
#define TERKAIT_ERR_H

#include <stdarg.h>

enum { ERR_TEXT_BYTES = 512 };

/* An empty text means no error. The first error set wins; a longer text is
 * cut. Lives on the caller's stack; nothing to free. */
struct err {
    char text[ERR_TEXT_BYTES];
};

#define ERR_NONE ((struct err){{0}})

/* Sets the text unless one is set already. Always returns -1, so that
 * `return err_set(...)` reads well. `err` may be NULL. */
int err_set(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "where: " in front of a set text; each layer adds its own. Returns -1.
 */
int err_where(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define MUST_CHECK __attribute__((warn_unused_result))

_Noreturn void err_bug(const char *file, int line, const char *what);

#define ASSERT(condition)                                                      \
    ((condition) ? (void)0 : err_bug(__FILE__, __LINE__, #condition))

#endif
