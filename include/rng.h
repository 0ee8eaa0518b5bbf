/* rng: seeded chance that is the same on every machine.
 *
 * xoshiro256** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 47, 2021), its state filled by SplitMix64 (Steele, Lea
 * and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
 * Integers only. Not for secrets. */
#ifndef TERKAIT_RNG_H
#define TERKAIT_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_init(struct rng *rng, uint64_t seed);

/* SplitMix64's output for the state `x`: a good hash of one number. */
uint64_t rng_mix(uint64_t x);

/* A share of 0 to 1 as a threshold for rng_chance(); what lies outside is
 * taken as the nearer end. */
uint64_t rng_share(double share);

static inline uint64_t rng_rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rng_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotate(s[3], 45);
    return result;
}

/* A number below `bound` (1 or more): the high half of a product, as in Lemire,
 * "Fast Random Integer Generation in an Interval" (2019). Its bias, at most
 * bound / 2^32, is left in. */
static inline uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)((rng_next(rng) >> 32) * bound >> 32);
}

static inline int rng_chance(struct rng *rng, uint64_t share)
{
    return rng_next(rng) >> 11 < share;
}

#endif
