/* session_state: the sessions of a partition as packed bytes, and back.
 *
 * A *cut* is the state of one moment, written out piece by piece while records
 * go on: a session about to change that the cut has not written yet is written
 * first. Sessions stand in the order of arrival, so those that changed since
 * an earlier cut are the new end of that order:
 *
 *     oldest | ............ since | .......... until | newest
 *                                 |<-- the cut ----->|
 *
 * A snapshot is a list of chunks from old to young; of a visitor that is in
 * several the one with the latest arrival counts, and all that arrived before
 * `oldest` were forgotten. */
#ifndef TERKAIT_SESSION_STATE_H
#define TERKAIT_SESSION_STATE_H

#include "err.h"
#include "session.h"
#include "strbuf.h"

#include <stdint.h>

/* What stands in a snapshot beside its chunks. */
struct session_cut {
    int64_t partition_time_ms;
    int64_t oldest; /* arrival (offset) of the oldest session; -1: none open */
    uint64_t open;  /* sessions open */
};

/* Begins a cut of all sessions that arrived at offset `since` or later (0: all
 * of them), as they are now. One at a time. */
void sessions_cut_begin(struct sessions *sessions, struct session_cut *cut,
                        int64_t since);

/* Appends a piece of about `bytes` of what is left of the cut to `out`; adds
 * how many sessions to *count. A piece has its version and its seal: any number
 * of them, none too, make a chunk. Returns 1 when that was the last. */
int sessions_cut_next(struct sessions *sessions, struct strbuf *out,
                      size_t bytes, uint64_t *count);
void sessions_cut_abandon(struct sessions *sessions);

/* Adds the sessions of one chunk to a store that has taken no event yet. Of
 * more items than a session may have by now, the oldest leave. */
int sessions_load(struct sessions *sessions, const void *bytes, size_t length,
                  struct err *err) MUST_CHECK;

/* After the last chunk: forgets what the cut had forgotten, orders the rest,
 * and forgets the oldest above a session.max_open that is lower now. -1 when
 * the number of open sessions is not the cut's. */
int sessions_load_end(struct sessions *sessions, const struct session_cut *cut,
                      struct err *err) MUST_CHECK;

#endif
