/* terminal: the screen of a program that has it for itself, and gives it back.
 *
 * While it is open, keys come as they are pressed, and the signals that end or
 * resize a program come as events; those of job control are off. */
#ifndef TERKAIT_TERMINAL_H
#define TERKAIT_TERMINAL_H

#include "err.h"
#include "strbuf.h"

#include <stdint.h>

struct terminal;

/* Whether standard output is a terminal that obeys escape sequences. */
int terminal_is_there(void);

/* Whether it is to have colours (NO_COLOR), and shows more than ASCII. */
int terminal_has_colours(void);
int terminal_has_unicode(void);

/* A screen of its own, without a cursor. -1 when that fails. */
int terminal_open(struct terminal **terminal, struct err *err) MUST_CHECK;

/* What was on the screen before is there again. */
void terminal_close(struct terminal *terminal);

void terminal_size(const struct terminal *terminal, uint32_t *columns,
                   uint32_t *rows);

/* Replaces what the screen shows: as many rows as it has, a newline between
 * two. -1 when the terminal is gone. */
int terminal_show(struct terminal *terminal, const struct strbuf *rows);

enum terminal_event {
    TERMINAL_NOTHING,
    TERMINAL_RESIZED,
    TERMINAL_END /* q, Ctrl-C, or a signal */
};

/* Waits up to `wait_ms`, or until `descriptor` (-1: none) can be read. */
enum terminal_event terminal_wait(struct terminal *terminal, int descriptor,
                                  int64_t wait_ms);

#endif
