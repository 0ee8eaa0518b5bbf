#include "zipf.h"

#include "err.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>

/* A column holds its own number below `until` and its alias above. */
struct column {
    uint32_t until; /* of 2^32 */
    uint32_t alias;
};

struct zipf {
    uint32_t count;
    struct column columns[];
};

/* base^exponent, the exponent taken to 20 binary digits: products and square
 * roots only, which IEEE 754 rounds alike everywhere, unlike pow(). */
static double power(double base, double exponent)
{
    uint32_t whole = (uint32_t)exponent;
    double rest = exponent - whole;
    double root = base, result = 1;

    while (whole-- > 0)
        result *= base;
    for (int digit = 0; digit < 20; digit++) {
        root = sqrt(root);
        rest *= 2;
        if (rest >= 1) {
            result *= root;
            rest -= 1;
        }
    }
    return result;
}

static uint64_t rank_weight(uint32_t rank, double exponent)
{
    double weight = (double)(UINT64_C(1) << 36) / power(rank, exponent);

    return weight < 1 ? 1 : (uint64_t)weight;
}

static void shuffle(uint64_t *weights, uint32_t count, struct rng *rng)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = rng_below(rng, i);
        uint64_t weight = weights[other];

        weights[other] = weights[i - 1];
        weights[i - 1] = weight;
    }
}

/* part / whole as a fraction of 2^32. */
static uint32_t fraction(uint64_t part, uint64_t whole)
{
    uint64_t quotient;

    while (whole > UINT32_MAX) {
        whole >>= 1;
        part >>= 1;
    }
    quotient = (part << 32) / whole;
    return quotient > UINT32_MAX ? UINT32_MAX : (uint32_t)quotient;
}

/* Vose's loop: `scaled` holds weight * count, so the mean is `total`. What a
 * column lacks to the mean is taken from one that has too much. */
static void fill(struct zipf *zipf, uint64_t *scaled, uint64_t total)
{
    uint32_t *poor = mem_new(zipf->count, sizeof *poor);
    uint32_t *rich = mem_new(zipf->count, sizeof *rich);
    uint32_t poor_count = 0, rich_count = 0;

    for (uint32_t i = 0; i < zipf->count; i++) {
        zipf->columns[i] = (struct column){UINT32_MAX, i};
        if (scaled[i] < total)
            poor[poor_count++] = i;
        else
            rich[rich_count++] = i;
    }
    while (poor_count > 0 && rich_count > 0) {
        uint32_t low = poor[--poor_count], high = rich[rich_count - 1];

        zipf->columns[low] =
            (struct column){fraction(scaled[low], total), high};
        scaled[high] -= total - scaled[low];
        if (scaled[high] < total) {
            rich_count--;
            poor[poor_count++] = high;
        }
    }
    free(poor);
    free(rich);
}

struct zipf *zipf_new(struct rng *rng, uint32_t count, double exponent)
{
    struct zipf *zipf;
    uint64_t *weights;
    uint64_t total = 0;

    ASSERT(count > 0 && count <= ZIPF_COUNT_MAX);
    ASSERT(exponent >= 0 && exponent <= 4);
    zipf = mem_new(1, sizeof *zipf + count * sizeof zipf->columns[0]);
    zipf->count = count;
    weights = mem_new(count, sizeof *weights);
    for (uint32_t i = 0; i < count; i++)
        weights[i] = rank_weight(i + 1, exponent);
    shuffle(weights, count, rng);
    for (uint32_t i = 0; i < count; i++) {
        total += weights[i];
        weights[i] *= count;
    }
    fill(zipf, weights, total);
    free(weights);
    return zipf;
}

void zipf_free(struct zipf *zipf)
{
    free(zipf);
}

uint32_t zipf_draw(const struct zipf *zipf, struct rng *rng)
{
    uint64_t bits = rng_next(rng);
    uint32_t number = (uint32_t)((bits >> 32) * zipf->count >> 32);
    const struct column *column = &zipf->columns[number];

    return (uint32_t)bits < column->until ? number : column->alias;
}
