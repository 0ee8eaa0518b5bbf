#include "published.h"

#include "mem.h"

#include <stdlib.h>

enum { CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS };

void published_init(struct published_store *store, uint32_t digests)
{
    *store = (struct published_store){.digests = digests};
}

void published_deinit(struct published_store *store)
{
    for (uint32_t i = 0; i < store->chunks_count; i++) {
        for (uint32_t j = 0; j < CHUNK; j++)
            free(store->chunks[i][j].digests);
        free(store->chunks[i]);
    }
    free(store->chunks);
    published_init(store, store->digests);
}

struct published *published_at(struct published_store *store, uint32_t item)
{
    uint32_t chunk = item >> CHUNK_BITS;

    while (store->chunks_count <= chunk) {
        store->chunks = mem_resize(store->chunks, store->chunks_count + 1,
                                   sizeof *store->chunks);
        store->chunks[store->chunks_count++] =
            mem_new(CHUNK, sizeof **store->chunks);
        store->bytes += CHUNK * sizeof **store->chunks;
    }
    return &store->chunks[chunk][item & (CHUNK - 1)];
}

uint64_t *published_digests(struct published_store *store,
                            struct published *published)
{
    if (published->digests == NULL) {
        published->digests =
            mem_new(store->digests, sizeof *published->digests);
        store->bytes += store->digests * sizeof *published->digests;
    }
    return published->digests;
}

void published_forget(struct published_store *store, uint32_t item)
{
    struct published *published = published_at(store, item);

    if (published->digests != NULL)
        store->bytes -= store->digests * sizeof *published->digests;
    free(published->digests);
    *published = (struct published){0};
}
