/* snapshot: one source partition's sessions made durable, as a machine. Pure.
 *
 *     RESTING -> STAGING (chunks, one after another) -> WAITING (until every
 *     group's durable mark has reached the offset) -> SENT -> RESTING
 *
 * with IN_DOUBT in between after anything but STORE_DONE: the token is taken
 * again, then it goes on where it was; a chunk or manifest that may have landed
 * is sent again as it was. A chunk's name is never used for other content.
 *
 * A snapshot's chunks are those of the one before and new ones with what
 * changed since; when too much of them is stale, all sessions are written. */
#ifndef TERKAIT_SNAPSHOT_H
#define TERKAIT_SNAPSHOT_H

#include "session_state.h"
#include "store.h"

#include <stdint.h>

/* What a manifest's body holds. */
struct snapshot_body {
    struct session_cut cut;
    uint64_t written; /* sessions in all chunks, stale ones included */
    uint32_t chunks_count;
    struct text *chunks; /* names from old to young */
};

void snapshot_pack(struct strbuf *out, const struct snapshot_body *body);

/* The names point into the bytes; free body->chunks. -1: not ours. */
int snapshot_unpack(struct snapshot_body *body, const void *bytes,
                    size_t length, struct err *err) MUST_CHECK;

struct snapshot;

struct snapshot_rules {
    uint32_t partition;
    int64_t interval_ms;
    struct store_token token;
    struct text who;         /* borrowed */
    struct text fingerprint; /* borrowed */
    const struct store *store;
    struct sessions *sessions; /* of the partition; borrowed */
    /* A number never given before in this process, for names. */
    uint64_t (*sequence)(void *context);
    void (*stood)(void *context, uint32_t partition, int64_t offset);
    void (*overtaken)(void *context, struct text by);
    void *context;
};

/* `body` is that of the snapshot that stands at `offset` (NULL: an empty one);
 * copied. */
struct snapshot *snapshot_new(const struct snapshot_rules *rules,
                              int64_t offset, int64_t origin,
                              const struct snapshot_body *body);
void snapshot_free(struct snapshot *snapshot); /* no request is in flight */

struct snapshot_turn {
    int64_t now_us;
    int64_t position; /* next record of the partition */
    int64_t durable;  /* every group's durable mark has reached this; looked
                         at while it is waiting */
    int is_urgent;    /* an orderly end: do not wait for the interval */
};

/* Does the next step, one request at the most. */
void snapshot_work(struct snapshot *snapshot, const struct snapshot_turn *turn);

/* The store may have lost its memory. */
void snapshot_doubt(struct snapshot *snapshot);

int64_t snapshot_offset(const struct snapshot *snapshot); /* that stands */
int snapshot_is_waiting(const struct snapshot *snapshot); /* for marks */
int snapshot_is_busy(const struct snapshot *snapshot);    /* not at rest */

#endif
