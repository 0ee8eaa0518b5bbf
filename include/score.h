/* score: how strongly two items are related, from four counts.
 *
 * IEEE 754 doubles, computed in exactly the written order; no fused
 * multiply-add, no fast-math, so equal scores are equal everywhere. */
#ifndef TERKAIT_SCORE_H
#define TERKAIT_SCORE_H

#include "relation.h"

#include <stddef.h>
#include <stdint.h>

struct score_input {
    uint64_t both; /* c */
    uint64_t from; /* n_a */
    uint64_t to;   /* n_b */
    uint64_t all;  /* N */
};

/* A window may hold a pair without the support of its first item: takes n_a
 * and n_b as at least c, and N as at least n_a + n_b - c.
 * llr: Dunning, "Accurate Methods for the Statistics of Surprise and
 * Coincidence", 1993, in the entropy form. */
double score_compute(enum score score, struct score_input input,
                     double damping);

/* The score without its sign in ten-thousandths, rounded as printf's %.4f does
 * (exactly, ties to even); above 2^49 it is cut. A log-likelihood ratio of
 * about 0 may come out a hair below it, by the rounding of logarithms. */
uint64_t score_round(double score);

const char *score_name(enum score score);

/* The formula with its numbers in place, for people; static text formats. */
int score_explain(char *out, size_t size, enum score score,
                  struct score_input input, double damping);

#endif
