/* world: one simulated world, made of a seed: a topic, a store behind a
 * network, processes of the real engine, keeper and publisher, a supervisor,
 * and faults, all under one scheduler and one clock.
 *
 * Which kinds of faults there are at all is drawn for each seed: a world with
 * few kinds goes deeper into each (Groce, Zhang, Eide, Chen and Regehr, "Swarm
 * Testing", ISSTA 2012). When the faults have ceased, whoever is left must come
 * to the full recount, or to a stop that is true. */
#ifndef TERKAIT_SIM_WORLD_H
#define TERKAIT_SIM_WORLD_H

#include "engine.h"
#include "keeper.h"
#include "publish.h"
#include "recount.h"
#include "sim_log.h"
#include "sim_store.h"
#include "sink_memory.h"
#include "story.h"

#include <stdint.h>

#define FAULTS(X)                                                              \
    X(CRASH, "crash")                                                          \
    X(PAUSE, "pause")                                                          \
    X(OVERLAP, "overlap")                                                      \
    X(ORDERLY, "orderly")                                                      \
    X(LOST_REPLY, "lost-reply")                                                \
    X(LATE, "late")                                                            \
    X(NEVER, "never")                                                          \
    X(FULL, "full")                                                            \
    X(BREAK, "break")                                                          \
    X(SLOW, "slow")                                                            \
    X(ROLL, "roll")                                                            \
    X(WIPE, "wipe")                                                            \
    X(TRIM, "trim")                                                            \
    X(TRIM_HARD, "trim-hard")                                                  \
    X(GROW, "grow")                                                            \
    X(ANEW, "anew")                                                            \
    X(CLOCK, "clock")                                                          \
    X(SETTINGS, "settings")                                                    \
    X(LEAP, "leap")                                                            \
    X(SHED, "shed")

enum fault {
#define X(name, words) FAULT_##name,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

enum { FAULTS_ALL = (1 << FAULT_COUNT) - 1 };

const char *fault_name(enum fault fault);

enum slot_state {
    SLOT_NEW,
    SLOT_ALIVE,
    SLOT_DOWN,   /* the supervisor will start it again */
    SLOT_FOUR,   /* taken over: never again */
    SLOT_STOPPED /* refused, and rightly so */
};

/* A place where processes are started, one after another. */
struct process {
    struct world *world;
    uint32_t number;
    enum slot_state state;
    enum keeper_phase phase;
    struct engine *engine;
    struct keeper *keeper;
    struct publish *publish;
    struct sink sink;
    struct sink_memory *memory;
    struct store store;
    struct keeper_commits commits;
    char who[24];
    uint64_t owner;
    uint64_t sequence;   /* ids and names given so far */
    uint32_t partitions; /* those it knows of */
    int64_t position[PARTITIONS_MAX];
    int64_t committed[PARTITIONS_MAX];
    int64_t asleep_until_us;
    int64_t again_us; /* START_OVER: when */
    int64_t clock_ms; /* of its machine: beside the true time */
    int64_t input_us;
    uint64_t stirred; /* store's, when this start began */
    int is_ending;
};

struct commit {
    uint32_t process, incarnation, partition;
    int64_t offset, due_us;
};

enum { COMMITS_MAX = 64 };

/* How large the world is, and what its faults are. */
struct plan {
    uint32_t faults; /* a bit each */
    uint32_t steps;
    uint32_t fault_rate; /* one in so many steps */
    uint32_t budget;     /* faults in all */
    uint32_t processes;
    uint32_t groups;
    uint32_t batch;
    int64_t tick_us; /* a step takes about that */
    int64_t interval_ms;
    int is_one_node; /* of the store: a roll-back takes all keys */
    int is_one_roll; /* and there is only one, by a minute at the most */
};

/* What has been done that may cost state. */
struct damage {
    uint32_t rolls, wipes, hard_trims, anew, clocks;
    int64_t roll_age_ms; /* of the oldest state gone back to */
    int is_before_birth; /* to before a partition's first snapshot */
};

enum ending { ENDED_COMPLETE, ENDED_STOPPED };

struct world {
    struct story story;
    struct rng rng;
    struct arena *arena;
    struct plan plan;
    struct sim_log log;
    uint32_t partitions; /* that are there */
    struct sim_store store;
    struct process processes[CLIENTS_MAX];
    struct commit commits[COMMITS_MAX];
    uint32_t commits_count;
    struct relations relations;
    struct windows windows;
    struct session_rules session;
    struct eras eras[PARTITIONS_MAX];
    char fingerprint[400];
    uint32_t settings; /* times they were changed */
    struct recount recounts[PARTITIONS_MAX];
    int64_t recounted_from[PARTITIONS_MAX]; /* -2: not yet */
    struct damage damage;
    uint32_t faults_done[FAULT_COUNT];
    uint32_t starts, checks;
    int64_t now_us;
    int is_calm;
    enum ending ending;
};

struct world *world_new(void);
void world_free(struct world *world);

/* Runs one seed with these kinds of faults at the most. Leaves by story.out
 * when it fails. */
void world_run(struct world *world, uint64_t seed, uint32_t faults);

/* What a failed run has left behind is let go. */
void world_abandon(struct world *world);

/* Sessions are judged by other rules from here on; nobody runs. */
void world_change_settings(struct world *world);

/* Time goes on; what is due happens. */
void world_pass(struct world *world, int64_t us);

#endif
