/* zipf: draws numbers of which a few are popular and most are not.
 *
 * The number at popularity rank r (from 1) is drawn in proportion to
 * 1 / r^exponent; which number has which rank is shuffled. One draw is one
 * look at one place: the alias method (Walker 1977, Vose 1991), in integers, so
 * that the same seed draws the same numbers on any machine. */
#ifndef TERKAIT_ZIPF_H
#define TERKAIT_ZIPF_H

#include "rng.h"

#include <stdint.h>

enum { ZIPF_COUNT_MAX = 1 << 24 };

struct zipf;

/* `count` from 1 to ZIPF_COUNT_MAX; exponent from 0 (all alike) to 4. */
struct zipf *zipf_new(struct rng *rng, uint32_t count, double exponent);
void zipf_free(struct zipf *zipf);

/* A number below `count`. */
uint32_t zipf_draw(const struct zipf *zipf, struct rng *rng);

#endif
