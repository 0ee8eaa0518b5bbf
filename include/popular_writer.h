/* popular_writer: writes the popular lists of one sweep, those that changed,
 * and deletes those that fell away. */
#ifndef TERKAIT_POPULAR_WRITER_H
#define TERKAIT_POPULAR_WRITER_H

#include "popular.h"
#include "sink.h"

#include <stdint.h>

struct popular_writer;

struct popular_writer *popular_writer_new(struct engine *engine,
                                          const struct sink *sink,
                                          const char *prefix);
void popular_writer_free(struct popular_writer *writer);

/* Begins with what `popular` holds now, which must stand until it is done. */
void popular_writer_begin(struct popular_writer *writer,
                          struct popular *popular);

struct popular_writer_turn {
    int64_t now_us;
    int64_t ttl_ms;
    int64_t refresh_us;  /* lists older than that are written again */
    uint64_t generation; /* of the sink: keys written in another are unknown */
};

/* Writes as long as the sink has room. Returns 1 when all is done. */
int popular_writer_work(struct popular_writer *writer,
                        const struct popular_writer_turn *turn);

/* True when the list at that key was written and not deleted. */
int popular_writer_has(const struct popular_writer *writer, struct text key);

uint64_t popular_writer_written(const struct popular_writer *writer);

#endif
