/* row_writer: writes the public keys of one row, those that differ.
 *
 * It remembers a digest of each key as it was last written, and nothing else:
 * everything can be made again from the counts. */
#ifndef TERKAIT_ROW_WRITER_H
#define TERKAIT_ROW_WRITER_H

#include "engine.h"
#include "published.h"
#include "sink.h"

#include <stdint.h>

struct row_writer_rules {
    const char *prefix; /* borrowed */
    int64_t ttl_ms;
    uint32_t counts_max; /* 0: no counts keys */
};

struct row_writer_stats {
    uint64_t lists_written;
    uint64_t lists_deleted;
    uint64_t lists_unchanged;
    uint64_t counts_written;
};

/* How a row's lists are looked at. */
enum look {
    LOOK_URGENT,  /* lists in the same order may wait */
    LOOK_ALL,     /* whatever differs is written */
    LOOK_REFRESH, /* every list is written, for its life is half over */
    LOOK_ANEW     /* nobody knows what stands: written or deleted */
};

struct row_writer;

/* Borrows the first three. */
struct row_writer *row_writer_new(struct engine *engine,
                                  const struct sink *sink,
                                  struct published_store *store,
                                  const struct row_writer_rules *rules);
void row_writer_free(struct row_writer *writer);

/* Takes over all but the prefix. */
void row_writer_retune(struct row_writer *writer,
                       const struct row_writer_rules *rules);

/* Returns 1 when a list differs and was left for later. */
int row_writer_lists(struct row_writer *writer, uint32_t item,
                     const struct row_lists *lists, enum look look);

/* The counts keys of the relations that have a bit in `due`. */
void row_writer_counts(struct row_writer *writer, uint32_t item,
                       const struct row_lists *counts, uint32_t due);

const struct row_writer_stats *
row_writer_stats(const struct row_writer *writer);

#endif
