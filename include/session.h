/* session: the open sessions of one source partition, and what they say.
 *
 * A function of the partition's records in offset order alone: no clock, no
 * chance. Sessions stand in the order of their latest event's arrival; the
 * old end of that order is forgotten when no event that is still accepted
 * could continue it, or when there are too many. */
#ifndef TERKAIT_SESSION_H
#define TERKAIT_SESSION_H

#include "contribution.h"
#include "event.h"
#include "intern.h"
#include "relation.h"
#include "window.h"

#include <stdint.h>

enum { SESSION_ITEMS_MAX = 1000 };

struct session_rules {
    int64_t gap_ms;
    int64_t lateness_ms;
    int64_t future_ms;
    uint32_t items_max; /* a session */
    uint64_t open_max;  /* sessions of a partition */
};

struct session_stats {
    uint64_t opened;
    uint64_t forgotten_full; /* because of open_max */
    uint64_t pushed_out;     /* items that left a full session */
};

struct sessions;

/* Borrows all four for its life. */
struct sessions *sessions_new(const struct session_rules *rules,
                              const struct relations *relations,
                              const struct windows *windows,
                              struct intern *items);
void sessions_free(struct sessions *sessions);

/* Judges time, then takes the event of the record at `offset`, which is above
 * all before: appends its contributions to `out` (not cleared here). Answers
 * EVENT_ACCEPTED, EVENT_FUTURE or EVENT_LATE; on the
 * latter two nothing has changed. Items named in `out` are alive until
 * sessions_drop_leaving(). */
enum event_verdict sessions_take(struct sessions *sessions,
                                 struct contributions *out,
                                 const struct event *event, int64_t stamp_ms,
                                 int64_t offset);

/* Lets go of the items that left their sessions meanwhile. */
void sessions_drop_leaving(struct sessions *sessions);

/* The event will be taken soon: asks for the memory that this needs, first for
 * what says where the session is; that wants the answer of the first. */
uint32_t sessions_ask(const struct sessions *sessions,
                      const struct event *event);
void sessions_ask_block(const struct sessions *sessions, uint32_t hash);

/* The highest event time accepted; -1 when none was. */
int64_t sessions_partition_time(const struct sessions *sessions);

uint64_t sessions_open(const struct sessions *sessions);
uint64_t sessions_bytes(const struct sessions *sessions);
const struct session_stats *sessions_stats(const struct sessions *sessions);

/* Walks the whole structure and asserts its invariants. */
void sessions_check(const struct sessions *sessions);

#endif
