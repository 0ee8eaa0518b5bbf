/* memory_bound: what is to be done so that memory stays below memory.max.
 *
 *     resident   0 ... 85 % .. 90 % ......... 96 % ......... 98.5 %  100 %
 *                forget        shed a tenth,  hold reading   hold until it
 *                all           then by the    while pairs    is below 96 %
 *                              ceiling        are shed
 *
 * What is given up makes room in the heap, but seldom whole pages: resident
 * memory does not fall with it, what is in use does. So when resident memory is
 * near the bound for the first time, the bytes in use at that moment become a
 * *ceiling*: whenever they are there again, a tenth of the bound is shed. Where
 * resident memory creeps on all the same, for the heap is in pieces, the
 * ceiling is lowered step by step. At the very last the heap's free pages are
 * given back to the system: that takes a while, but nobody reads then. A pure
 * machine. */
#ifndef TERKAIT_MEMORY_BOUND_H
#define TERKAIT_MEMORY_BOUND_H

#include <stdint.h>

enum {
    MEMORY_BARE_US = 1000000, /* with no pair left: the next look for some */
    MEMORY_TRIM_US = 1000000, /* between two trims */
    MEMORY_BARE_TRIM_US = 10000000
};

/* Zero to begin with, but for max. */
struct memory_bound {
    uint64_t max;     /* bytes; 0: there is no bound */
    uint64_t ceiling; /* of bytes in use; 0: not known yet */
    uint64_t step;    /* resident memory at which the ceiling is lowered */
    int64_t shed_us;  /* when something was last to be shed, */
    int64_t trimmed_us;
    int is_last; /* resident memory was at the last mark */
    int is_held; /* reading waits */
};

struct memory_use {
    int64_t now_us;
    uint64_t resident; /* bytes, of the process */
    uint64_t in_use;   /* of these, by what can grow */
    int is_shedding;   /* what was ordered last is not done yet */
    int is_bare;       /* what was ordered last found no pairs */
};

struct memory_order {
    uint64_t shed; /* bytes; 0: nothing */
    int trim;      /* give free pages back; takes a while */
};

struct memory_order memory_bound_turn(struct memory_bound *bound,
                                      const struct memory_use *use);

#endif
