/* startup_inside: what the rooms of startup share.
 *
 *     startup.c        the steps in their order
 *     startup_read.c   survey, load, choose, chunks
 *     startup_write.c  take, ask, settle */
#ifndef TERKAIT_STARTUP_INSIDE_H
#define TERKAIT_STARTUP_INSIDE_H

#include "err.h"
#include "startup.h"

/* The context of one request of a step. */
struct startup_slot {
    struct startup *startup;
    uint32_t index;
};

struct startup_step;

struct startup {
    struct keeper_rules rules;
    struct engine *engine;
    const struct store *store;
    const struct keeper_commits *commits;
    struct startup_view view;
    struct startup_slot *slots; /* owned; one for each index of any step */
    uint32_t slots_count;
    const struct startup_step *step;
    uint32_t next, pending;
    enum keeper_phase phase;
    struct err reason;
    struct store_token token;
    uint64_t highest_epoch;
    int is_others;     /* a token that was found is another process's */
    struct err beyond; /* marks of partitions that the log does not have */
    uint64_t sequence;
    int64_t time_ms;
    int has_same;    /* some of it stands under the settings wanted */
    struct err soft; /* how */
    uint64_t accepted;
    struct err given_up; /* the first of these, in words */
    int64_t wall_ms;
    int64_t commit_ms;
};

/* ---- startup.c ---- */

/* Ends the start; the first ending counts. */
void startup_finish(struct startup *startup, enum keeper_phase phase);
void startup_taken_over(struct startup *startup, struct text who);

/* Every answer passes here first. Returns 1 when it can be used. */
int startup_receive(struct startup *startup, const struct store_answer *answer);

/* All keys by index: groups, then partitions. */
struct store_key startup_key(const struct startup *startup, uint32_t index);

/* Slots for at least that many requests of a step. */
void startup_grow_slots(struct startup *startup, uint32_t count);

struct text startup_fingerprint(const struct startup *startup);
void startup_refuse_loss(struct startup *startup, uint32_t lost,
                         const struct err *words);

/* Ends the start when settings differ that may change only after a clean stop,
 * and there was none. */
void startup_check_clean(struct startup *startup);

/* ---- startup_read.c ---- */

void startup_send_manifests(struct startup *startup, uint32_t partition);
void startup_send_look(struct startup *startup, uint32_t key);
void startup_end_survey(struct startup *startup);
void startup_send_load(struct startup *startup, uint32_t group);
void startup_send_choice(struct startup *startup, uint32_t partition);
uint32_t startup_chunks(const struct startup *startup);
void startup_send_chunk(struct startup *startup, uint32_t chunk);
void startup_end_chunks(struct startup *startup);

/* ---- startup_write.c ---- */

void startup_send_take(struct startup *startup, uint32_t key);
void startup_send_ask(struct startup *startup, uint32_t key);
void startup_end_ask(struct startup *startup);

/* These two send for some indexes only, and count what is pending. */
void startup_send_settle_partition(struct startup *startup, uint32_t partition);
void startup_send_settle_group(struct startup *startup, uint32_t group);

/* A partition that Kafka knows no offset of gets one before it is counted.
 * Returns 1 when all are acknowledged. */
int startup_is_committed(struct startup *startup);
void startup_set_floors(struct startup *startup);

#endif
