/* sim_store: the simulated store, and the network before it.
 *
 * Each process has a client, which implements the seam of store.h. A request
 * travels, runs as one step on the data, and its answer travels back; on the
 * way it may be lost, late, or never run:
 *
 *     sent --> runs --> answered                   the way it should be
 *     sent --> runs     (unknown)                  the answer is lost
 *     sent     (unknown) ... runs                  late
 *     sent     (unknown)                           never
 *
 * What the dead sent is still on its way. */
#ifndef TERKAIT_SIM_STORE_H
#define TERKAIT_SIM_STORE_H

#include "rng.h"
#include "sim_data.h"
#include "story.h"

enum { CLIENTS_MAX = 4, SAVES_MAX = 4 };

/* Chances in thousandths, of one request. */
struct sim_network {
    uint32_t lost_reply, late, never;
    int64_t latency_us; /* up to that, each way */
    int64_t late_us;    /* up to that late */
    int64_t timeout_us;
    int64_t full_until_us; /* OOM: nothing is written until then */
};

struct request;

struct sim_client {
    struct sim_store *store;
    uint32_t number;
    uint32_t incarnation; /* answers are for those of the same only */
    int is_ready;
    int64_t ready_us; /* when it is connected again */
    uint64_t generation;
    int64_t last_us[2][SIM_GROUPS]; /* by kind and key: answers keep order */
};

struct used_name {
    struct used_name *next;
    uint32_t partition;
    struct sim_chunk chunk;
};

struct used_id {
    struct used_id *next;
    struct store_id id;
};

struct sim_save {
    int64_t taken_ms;
    struct sim_data data;
};

struct sim_store {
    struct story *story;
    struct rng *rng;
    struct arena *arena;
    struct sim_network network;
    int64_t now_us;
    struct sim_data data;
    uint32_t saves_count;
    struct sim_save saves[SAVES_MAX];
    struct sim_client clients[CLIENTS_MAX];
    struct request *requests; /* in the order of their calls */
    struct request **last;
    struct used_name *names;
    struct used_id *ids;
    int64_t born[PARTITIONS_MAX];  /* where counting began; -1: nowhere yet */
    uint64_t stirred[CLIENTS_MAX]; /* changes that were not the client's own */
    void (*landed)(void *context, uint32_t group); /* a checkpoint did */
    void (*stands)(void *context, uint32_t partition, int64_t offset);
    void *context;
};

void sim_store_init(struct sim_store *store, struct story *story,
                    struct rng *rng, struct arena *arena);

/* A new process: fills the seam. */
void sim_store_open(struct sim_store *store, uint32_t client,
                    struct store *seam);

/* Nobody waits for answers any more. What was sent stays on its way, or is
 * held up when `is_dead`. */
void sim_store_forget(struct sim_store *store, uint32_t client, int is_dead);

/* Connections break; they come back `away_us` later. */
void sim_store_break(struct sim_store *store, uint32_t client, int64_t away_us);

/* Runs what has arrived by now. */
void sim_store_run(struct sim_store *store, int64_t now_us);

/* No more is lost, and what is late comes soon. */
void sim_store_calm(struct sim_store *store);

const char *sim_store_key_name(struct store_key key);

#endif
