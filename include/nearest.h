/* nearest: "did you mean ...?": the known word that a typed one is closest to.
 */
#ifndef TERKAIT_NEAREST_H
#define TERKAIT_NEAREST_H

#include <stddef.h>

/* How many characters to insert, delete, replace or swap with their neighbour
 * to make one of the other (optimal string alignment). Texts over 64 bytes
 * are far from everything: the answer is then the longer one's length. */
size_t nearest_distance(const char *a, const char *b);

/* The first of the closest words, NULL when none is close: one mistake is
 * forgiven, and one more for each four characters of what was typed behind its
 * last dot, three at most. */
const char *nearest_word(const char *typed, const char *const *words,
                         size_t count);

#endif
