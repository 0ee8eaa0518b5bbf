/* sink_memory: the sink in memory, for tests and the simulation. A key lives
 * until its time is over by the clock that the caller turns. */
#ifndef TERKAIT_SINK_MEMORY_H
#define TERKAIT_SINK_MEMORY_H

#include "sink.h"

#include <stddef.h>

struct sink_memory;

struct sink_memory *sink_memory_new(struct sink *sink);
void sink_memory_free(struct sink_memory *sink);

/* Moves the clock (0 at first, never back); what has expired is gone. */
void sink_memory_advance(struct sink_memory *sink, int64_t now_ms);

/* While it is away room() is 0 and what is handed over is lost. Coming back
 * raises the generation. */
void sink_memory_set_away(struct sink_memory *sink, int is_away);

/* Raises the generation, as after a loss that was over before it was seen. */
void sink_memory_bump(struct sink_memory *sink);

/* Takes `calls` more calls, then room() is 0; UINT32_MAX (as at first): any
 * number. A call beyond that is taken, and counted as over_room. */
void sink_memory_set_room(struct sink_memory *sink, uint32_t calls);

/* Removes everything, unseen, as FLUSHALL does. */
void sink_memory_clear(struct sink_memory *sink);

/* The string at `key`: 1 and the value, good until the sink's next call; 0
 * when there is none. */
int sink_memory_get(const struct sink_memory *sink, struct text *value,
                    struct text key);

/* The sorted set at `key` by count, falling, then id, rising; good until the
 * sink's next call. 0 when there is none. */
uint32_t sink_memory_counts(const struct sink_memory *sink,
                            const struct sink_member **members,
                            struct text key);

/* What is left of its life; -1 when there is no such key. */
int64_t sink_memory_ttl_ms(const struct sink_memory *sink, struct text key);

/* All keys, sorted by bytes. `visit` must not call the sink's seam. */
typedef void sink_memory_visit(void *context, struct text key);
void sink_memory_each(const struct sink_memory *sink, sink_memory_visit *visit,
                      void *context);
size_t sink_memory_keys(const struct sink_memory *sink);

struct sink_memory_stats {
    uint64_t puts;
    uint64_t put_counts;
    uint64_t members_set; /* members of sorted sets that differed */
    uint64_t members_cut;
    uint64_t expires;
    uint64_t removes;
    uint64_t lost;      /* calls while it was away */
    uint64_t over_room; /* calls without room */
};
const struct sink_memory_stats *
sink_memory_stats(const struct sink_memory *sink);

#endif
