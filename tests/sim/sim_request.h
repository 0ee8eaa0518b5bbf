/* sim_request: one request of a client on its way. Shared by sim_store, which
 * runs it, and sim_seam, which sends it and brings its answer. */
#ifndef TERKAIT_SIM_REQUEST_H
#define TERKAIT_SIM_REQUEST_H

#include "sim_store.h"

enum call {
    CALL_LOOK,
    CALL_TAKE,
    CALL_LOAD,
    CALL_CHECKPOINT,
    CALL_MARKS, /* a mutant's second command */
    CALL_MANIFESTS,
    CALL_CHUNKS,
    CALL_STAGE,
    CALL_SNAPSHOT
};

struct request {
    struct request *next;
    enum call call;
    uint32_t client;
    uint32_t incarnation;
    struct store_key key;
    struct store_token token;
    struct text who;
    struct store_checkpoint checkpoint;
    struct store_snapshot snapshot;
    struct sim_chunk chunk;
    const struct text *names;
    uint32_t names_count;
    store_done *done;
    void *done_context;
    int64_t run_us;    /* INT64_MAX: never */
    int64_t answer_us; /* not before it ran, unless it is lost */
    int is_lost;       /* the answer is UNKNOWN, whatever happens */
    int has_run;
    int is_answered; /* or nobody waits */
    struct store_answer answer;
};

const char *sim_call_name(enum call call);

/* Its sender still waits for the answer. */
int sim_request_is_awaited(const struct sim_store *store,
                           const struct request *request);

/* A time drawn from 0 up to that. */
int64_t sim_store_up_to(struct sim_store *store, int64_t most_us);

#endif
