/* keeper: nothing lost, nothing counted twice. Start, checkpoints, snapshots,
 * hand-over, end.
 *
 *     start: look -> take tokens -> load groups -> choose and load snapshots
 *            -> tokens again -> judge -> new partitions -> count
 *     run:   groups in turn: cut -> checkpoint -> acknowledged
 *            partitions: cut -> chunks -> (groups' marks) -> manifest -> commit
 *
 * One object for the life of an engine; the same code on Redis and Kafka and in
 * the simulation. It never blocks and reads no clock. What it does at a start
 * that goes wrong in the middle is to ask for a new one (KEEPER_START_OVER):
 * whoever owns it frees keeper and engine and makes new ones. */
#ifndef TERKAIT_KEEPER_H
#define TERKAIT_KEEPER_H

#include "engine.h"
#include "err.h"
#include "store.h"

#include <stdint.h>

/* What is known of the log (Kafka's topic) at the start. */
struct keeper_partition {
    int64_t oldest;    /* offset of the oldest record */
    int64_t end;       /* one above the newest */
    int64_t committed; /* of our group; -1: none */
};

struct keeper_log {
    uint32_t count;
    const struct keeper_partition *at; /* borrowed during keeper_new only */
};

/* Commits of offsets, answered some time later. */
struct keeper_commits {
    void *self;
    void (*commit)(void *self, uint32_t partition, int64_t offset);
    int64_t (*committed)(void *self, uint32_t partition); /* -1: none yet */
};

struct keeper_rules {
    uint32_t groups_count;
    int64_t interval_ms; /* state.checkpoint_interval */
    uint64_t owner;      /* random, new for each process start; not 0 */
    uint64_t sequence;   /* keeper_sequence() of the process's last keeper */
    const char *who;     /* "host pid 4711", for people; borrowed */
    const char *fingerprint; /* lines "name=value", sorted; borrowed. Lines that
                                begin with '~' may change after a clean stop */
    int accept_loss;
    int is_new; /* --new */
};

enum keeper_phase {
    KEEPER_STARTING,
    KEEPER_RUNNING,
    KEEPER_START_OVER, /* free and make anew, after a pause */
    KEEPER_TAKEN_OVER, /* another process has taken the tokens: exit 4 */
    KEEPER_REFUSED,    /* a start that would lose something: exit 1 */
    KEEPER_MISFIT      /* settings do not fit the state: exit 78 */
};

struct keeper;

/* Borrows all; the engine is empty. */
struct keeper *keeper_new(const struct keeper_rules *rules,
                          struct engine *engine, const struct store *store,
                          const struct keeper_commits *commits,
                          const struct keeper_log *log);

/* Answers still to come must not come any more: free the store's queue first,
 * or let it answer everything STORE_UNKNOWN. */
void keeper_free(struct keeper *keeper);

/* Does what is due; sends few requests a call. `wall_ms` is used for the epoch
 * of the tokens alone. */
enum keeper_phase keeper_work(struct keeper *keeper, int64_t now_us,
                              int64_t wall_ms);

int keeper_is_running(const struct keeper *keeper);
struct store_token keeper_token(const struct keeper *keeper);

/* Why it is not STARTING or RUNNING, in words with numbers. */
const char *keeper_reason(const struct keeper *keeper);

/* What accept_loss gave up, in words; empty: nothing. */
const char *keeper_given_up(const struct keeper *keeper);

/* Ids and names given so far: the next keeper of this process begins there, for
 * none is ever given twice. */
uint64_t keeper_sequence(const struct keeper *keeper);

/* Where reading of a partition begins, once RUNNING. */
int64_t keeper_offset(const struct keeper *keeper, uint32_t partition);

/* An orderly end: no more records will come; everything is made durable as
 * fast as it goes. keeper_is_clean: that is done. */
void keeper_end(struct keeper *keeper);
int keeper_is_clean(const struct keeper *keeper);

struct keeper_stats {
    uint64_t checkpoints; /* acknowledged */
    uint64_t bases;       /* of these */
    uint64_t bytes;       /* of their bodies */
    uint64_t snapshots;
    uint64_t in_doubt;      /* times a head was asked for after trouble */
    uint64_t rolled_back;   /* groups found rolled back */
    uint64_t accepted_loss; /* partitions given up by accept_loss */
    int64_t oldest_us;      /* how long some group has had news of which none
                               became durable */
    int64_t took_us;        /* from the latest checkpoint's cut to its answer */
    uint64_t loaded_rows;
};
const struct keeper_stats *keeper_stats(struct keeper *keeper, int64_t now_us);

#endif
