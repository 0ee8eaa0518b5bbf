#include "score.h"

#include <math.h>
#include <stdio.h>

static const char *const names[SCORES] = {
    "cosine", "count", "jaccard", "conditional", "lift", "llr",
};

const char *score_name(enum score score)
{
    ASSERT(score < SCORES);
    return names[score];
}

static struct score_input at_least(struct score_input input)
{
    if (input.from < input.both)
        input.from = input.both;
    if (input.to < input.both)
        input.to = input.both;
    if (input.all < input.from + input.to - input.both)
        input.all = input.from + input.to - input.both;
    return input;
}

static double x_log_x(double x)
{
    return x > 0 ? x * log(x) : 0;
}

/* xlogx(sum) minus the sum of xlogx, from left to right. */
static double entropy(const double *values, int count)
{
    double sum = 0, sum_of_logs = 0;

    for (int i = 0; i < count; i++) {
        sum = sum + values[i];
        sum_of_logs = sum_of_logs + x_log_x(values[i]);
    }
    return x_log_x(sum) - sum_of_logs;
}

static double log_likelihood_ratio(struct score_input in)
{
    double k11 = (double)in.both;
    double k12 = (double)(in.from - in.both);
    double k21 = (double)(in.to - in.both);
    double k22 = (double)(in.all - in.from - in.to + in.both);
    double cells[] = {k11, k12, k21, k22};
    double rows[] = {k11 + k12, k21 + k22};
    double columns[] = {k11 + k21, k12 + k22};

    if ((unsigned __int128)in.both * in.all <=
        (unsigned __int128)in.from * in.to)
        return 0;
    return 2 * (entropy(rows, 2) + entropy(columns, 2) - entropy(cells, 4));
}

double score_compute(enum score score, struct score_input input, double damping)
{
    struct score_input in = at_least(input);
    double c = (double)in.both;
    double from = (double)in.from;
    double to = (double)in.to;

    switch (score) {
    case SCORE_COSINE:
        return c / sqrt((from + damping) * (to + damping));
    case SCORE_COUNT:
        return c;
    case SCORE_JACCARD:
        return c / (from + to - c);
    case SCORE_CONDITIONAL:
        return c / from;
    case SCORE_LIFT:
        return c * (double)in.all / (from * to);
    case SCORE_LLR:
        return log_likelihood_ratio(in);
    case SCORES:
        break;
    }
    ASSERT(!"a score");
    return 0;
}

uint64_t score_round(double score)
{
    unsigned __int128 scaled, rest, half;
    uint64_t whole;
    int exponent, shift; /* score = mantissa / 2^shift */
    double fraction = frexp(fabs(score), &exponent);

    if (fabs(score) >= 562949953421312.0)
        return UINT64_C(5629499534213120000);
    shift = 53 - exponent;
    if (shift > 100)
        return 0;
    scaled = (unsigned __int128)ldexp(fraction, 53) * 10000;
    whole = (uint64_t)(scaled >> shift);
    rest = scaled - ((unsigned __int128)whole << shift);
    half = (unsigned __int128)1 << (shift - 1);
    return whole + (rest > half || (rest == half && (whole & 1)));
}

int score_explain(char *out, size_t size, enum score score,
                  struct score_input input, double damping)
{
    struct score_input in = at_least(input);
    unsigned long long c = in.both, from = in.from, to = in.to, all = in.all;
    double result = score_compute(score, input, damping);

    switch (score) {
    case SCORE_COSINE:
        return snprintf(out, size,
                        "c / sqrt((n_a + d)(n_b + d)) = %llu / sqrt((%llu + "
                        "%g)(%llu + %g)) = %.4f",
                        c, from, damping, to, damping, result);
    case SCORE_COUNT:
        return snprintf(out, size, "c = %llu", c);
    case SCORE_JACCARD:
        return snprintf(out, size,
                        "c / (n_a + n_b - c) = %llu / (%llu + %llu - %llu) = "
                        "%.4f",
                        c, from, to, c, result);
    case SCORE_CONDITIONAL:
        return snprintf(out, size, "c / n_a = %llu / %llu = %.4f", c, from,
                        result);
    case SCORE_LIFT:
        return snprintf(out, size,
                        "c N / (n_a n_b) = %llu * %llu / (%llu * %llu) = %.4f",
                        c, all, from, to, result);
    case SCORE_LLR:
        return snprintf(out, size,
                        "log-likelihood ratio of c = %llu, n_a = %llu, n_b = "
                        "%llu, N = %llu: %.4f",
                        c, from, to, all, result);
    case SCORES:
        break;
    }
    ASSERT(!"a score");
    return -1;
}
