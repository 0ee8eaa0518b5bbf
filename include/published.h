/* published: what is remembered of each row's public keys.
 *
 * By item number: a digest of each key as it was last written, so that only
 * what changed is written again, and which queues of the publisher the item
 * stands in. Chunks, so that growing never copies much. */
#ifndef TERKAIT_PUBLISHED_H
#define TERKAIT_PUBLISHED_H

#include <stdint.h>

enum {
    PUBLISHED_IN_HOT = 1,
    PUBLISHED_IN_SETTLING = 2,
    PUBLISHED_IN_COUNTS = 4
};

struct published {
    uint64_t *digests;    /* owned, [relation][window] of lists, then of counts;
                             NULL: all 0. 0: no key */
    int64_t refreshed_us; /* when all its keys were last given a full life */
    uint32_t counts_due;  /* relations whose counts keys may differ */
    uint32_t counts_pane; /* fine pane when all of them were last looked at */
    uint32_t generation;  /* of the sink, in which the digests are true */
    uint8_t queues;       /* PUBLISHED_IN_* */
    uint8_t is_used;      /* 0: nothing was ever written of this item */
    uint8_t is_counts_anew; /* nobody knows what stands at its counts keys */
};

struct published_store {
    struct published **chunks; /* owned */
    uint32_t chunks_count;
    uint32_t digests; /* an item */
    uint64_t bytes;
};

void published_init(struct published_store *store, uint32_t digests);
void published_deinit(struct published_store *store);

/* Never NULL; the pointer stays good. */
struct published *published_at(struct published_store *store, uint32_t item);

/* NULL as long as nothing was set. */
uint64_t *published_digests(struct published_store *store,
                            struct published *published);

void published_forget(struct published_store *store, uint32_t item);

#endif
