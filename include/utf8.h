/* utf8: the characters of a text from outside, one after another. */
#ifndef TERKAIT_UTF8_H
#define TERKAIT_UTF8_H

#include <stddef.h>

/* Bytes of the character that begins at `at`, of which `left` (at least 1) are
 * there; 0 when there is none: cut off, overlong, a surrogate, no UTF-8. */
size_t utf8_length(const void *at, size_t left);

/* Whether a character is one that a terminal obeys: C0, DEL, C1. */
int utf8_is_control(const void *at);

#endif
