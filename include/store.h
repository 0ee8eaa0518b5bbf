/* store: where durable state is kept. Two implementations: Redis
 * (store_redis), and the simulation's (tests/sim).
 *
 * Each call is one request that runs whole or not at all, at some time, or
 * never; its answer comes later through `done`, once, from within pump. An
 * answer of STORE_UNKNOWN says that nobody knows whether it ran or will still
 * run. Nothing is sent again by the store itself. Requests on one key that were
 * both answered ran in the order of their calls.
 *
 * Keys, below <prefix>state:, one hash tag each:
 *     a group      {g17}: a head, a base, a log of deltas
 *     a partition  {p3}:  a token, manifests, chunks
 */
#ifndef TERKAIT_STORE_H
#define TERKAIT_STORE_H

#include "event.h"
#include "strbuf.h"

#include <stdint.h>

/* Who writes: larger ones win, by epoch, then owner. Both 0: nobody yet. */
struct store_token {
    uint64_t epoch;
    uint64_t owner; /* random, new for each process start */
};

/* Of a checkpoint; never used twice. Both 0: there is none. */
struct store_id {
    uint64_t owner;
    uint64_t sequence;
};

/* <0, 0, >0. */
int store_token_compare(struct store_token left, struct store_token right);
int store_id_equal(struct store_id left, struct store_id right);

enum store_key_kind { STORE_GROUP, STORE_PARTITION };

struct store_key {
    enum store_key_kind kind;
    uint32_t number;
};

enum store_outcome {
    STORE_DONE,
    STORE_REFUSED, /* changed nothing: token or id are not as expected */
    STORE_MISSING, /* a manifest's chunk is not there: changed nothing */
    STORE_UNKNOWN  /* lost, timed out or failed: it may have run or still run */
};

/* The next offset needed, by source partition; -1: none. */
struct store_marks {
    uint32_t count;
    const int64_t *at; /* borrowed */
};

/* A group's head, or what of it a partition has (token, who, fingerprint). */
struct store_head {
    int is_there; /* 0: nothing was ever stored under this key */
    struct store_token token;
    struct text who; /* host and pid of the token's owner, for people */
    struct store_id id;
    struct store_marks marks;
    int64_t time_ms;         /* T; -1: none */
    struct text fingerprint; /* of the settings; empty: none yet */
};

/* A standing snapshot of a partition's sessions. */
struct store_manifest {
    int64_t offset; /* the next record it needs; no two have the same */
    int64_t origin; /* where the partition began */
    int64_t age_ms; /* by the store's own clock */
    struct text fingerprint;
    struct text body; /* of session_state: its chunks' names and the rest */
    int is_whole;     /* all its chunks are there */
};

struct store_answer {
    enum store_outcome outcome;
    struct store_head head;   /* DONE and REFUSED of a take, a look, a load */
    struct text base;         /* load: the packed rows, length 0: none */
    const struct text *parts; /* load: the deltas in order; chunks: contents */
    uint32_t parts_count;
    const struct store_manifest *manifests; /* newest first */
    uint32_t manifests_count;
    int is_at_odds;      /* load: head, base and log do not fit */
    int is_foreign;      /* UNKNOWN: holds what this program cannot read (a
                            version not known); asking again is vain */
    const char *problem; /* words for people; NULL: none */
};

/* Everything in the answer is borrowed and dies with the call. */
typedef void store_done(void *context, const struct store_answer *answer);

struct store_checkpoint {
    struct store_token token;
    struct store_id builds_on; /* must stand */
    struct store_id id;
    struct store_marks marks;
    int64_t time_ms;
    struct text fingerprint;
    int is_base; /* replaces the base and empties the log */
    struct text body;
};

struct store_snapshot {
    struct store_token token;
    int64_t offset;
    int64_t origin;
    struct text fingerprint;
    struct text body;
    const struct text *chunks; /* names that must be there */
    uint32_t chunks_count;
    int64_t choice; /* durable marks reach to there: the newest snapshot not
                       beyond it is what a start would choose, and is kept */
    int is_only;    /* replaces all others (a loss accepted, new settings) */
};

struct store {
    void *self;
    /* Sends what waits, brings answers. */
    void (*pump)(void *self, int64_t now_us);
    int (*is_ready)(void *self);

    /* Rises whenever the store may have lost its memory (a reconnect): every
     * key must be asked for its head before it is written again. */
    uint64_t (*generation)(void *self);

    /* Reads the head. */
    void (*look)(void *self, struct store_key key, store_done *done,
                 void *context);
    /* Reads the head and replaces a smaller token by this one; its own counts
     * as taken. REFUSED: a larger one stands. */
    void (*take)(void *self, struct store_key key, struct store_token token,
                 struct text who, store_done *done, void *context);
    /* A group's head, base and log in one atomic step. */
    void (*load)(void *self, uint32_t group, store_done *done, void *context);
    void (*checkpoint)(void *self, uint32_t group,
                       const struct store_checkpoint *checkpoint,
                       store_done *done, void *context);

    /* A partition's standing snapshots. */
    void (*manifests)(void *self, uint32_t partition, store_done *done,
                      void *context);
    /* Contents of chunks by name; MISSING when one is not there. */
    void (*chunks)(void *self, uint32_t partition, const struct text *names,
                   uint32_t count, store_done *done, void *context);
    /* Puts one chunk under a name never used before. */
    void (*stage)(void *self, uint32_t partition, struct store_token token,
                  struct text name, struct text body, store_done *done,
                  void *context);
    /* Makes a snapshot stand; deletes chunks that no standing one names. Kept
     * are the newest three, the newest that is a minute old, the oldest that
     * is not (it will be), and `choice`. A snapshot of that offset that stands
     * already is as good: DONE. */
    void (*snapshot)(void *self, uint32_t partition,
                     const struct store_snapshot *snapshot, store_done *done,
                     void *context);
};

#endif
