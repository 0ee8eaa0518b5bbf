#include "rng.h"

#define SPLITMIX_STEP UINT64_C(0x9e3779b97f4a7c15)

uint64_t rng_mix(uint64_t x)
{
    x += SPLITMIX_STEP;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void rng_init(struct rng *rng, uint64_t seed)
{
    for (uint64_t i = 0; i < 4; i++)
        rng->state[i] = rng_mix(seed + i * SPLITMIX_STEP);
}

uint64_t rng_share(double share)
{
    const uint64_t all = UINT64_C(1) << 53;

    if (!(share > 0))
        return 0;
    return share >= 1 ? all : (uint64_t)(share * (double)all);
}
