/* unit: what the unit tests share. */
#ifndef TERKAIT_UNIT_H
#define TERKAIT_UNIT_H

#include "event.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static inline struct text text_of(const char *text)
{
    return (struct text){text, (uint32_t)strlen(text)};
}

#define NO_TEXT text_of("")

static inline void assert_text(struct text text, const char *wanted)
{
    if (text.length != strlen(wanted) ||
        memcmp(text.bytes, wanted, text.length) != 0)
        fail_msg("\"%.*s\", not \"%s\"", (int)text.length, text.bytes, wanted);
}

/* Runs it in a child, which must end by an assertion or the like. */
static inline void assert_aborts(void (*function)(void))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        function();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

#endif
