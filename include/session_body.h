/* session_body: what struct sessions is made of, for the two files that work on
 * it: session.c takes events, session_state.c writes it out and reads it. */
#ifndef TERKAIT_SESSION_BODY_H
#define TERKAIT_SESSION_BODY_H

#include "session.h"
#include "session_store.h"
#include "strbuf.h"

/* A cut being written out: first what was spilled, then `next` and those older
 * than it, down to `since`. */
struct session_cutting {
    int is_open;
    int64_t since;
    struct session *next; /* NULL: none left in the store */
    struct strbuf spill;  /* records written before they changed, each behind
                             its length */
    size_t spill_read;
    struct strbuf piece;
};

struct sessions {
    const struct session_rules *rules;
    const struct relations *relations;
    const struct windows *windows;
    struct intern *items;
    struct session_store store;
    struct session_cutting cutting;
    uint8_t from_sets;         /* sets that are some relation's `from` */
    int64_t partition_time_ms; /* -1: nothing accepted yet */
    uint32_t *leaving;         /* items to drop when nobody names them; owned */
    uint32_t leaving_count;
    uint32_t leaving_room;
    struct session_stats stats;
};

/* The session is about to change or to go: it is written first when the cut
 * still has to. (session_state.c) */
void sessions_spill(struct sessions *sessions, struct session *session);

/* (session.c) */
void sessions_forget(struct sessions *sessions, struct session *session);

#endif
