/* startup_judge: what a start knows of the state, and what follows from it:
 * which snapshot fits, which partition is new, what would be lost. Pure.
 *
 * A partition is new when nothing knows of it; a snapshot fits when no group's
 * mark is behind it and Kafka still has the records from there on. */
#ifndef TERKAIT_STARTUP_JUDGE_H
#define TERKAIT_STARTUP_JUDGE_H

#include "keeper.h"
#include "snapshot.h"
#include "store.h"

#include <stdint.h>

/* What stands of a group when the start is done. */
struct startup_group {
    struct store_id id;
    int64_t *marks;                 /* owned; by partition, -1: none */
    uint64_t base_bytes, log_bytes; /* packed, as they stand */
    int has_fingerprint;
    int is_to_write; /* its head, before counting */
};

/* What is to be written for a partition before counting. */
enum startup_plan {
    PLAN_KEEP,
    PLAN_NEW,    /* an empty snapshot at the oldest record */
    PLAN_LOSS,   /* the same, in place of all others */
    PLAN_REWRITE /* the chosen one alone, under the new settings */
};

struct manifest_seen {
    int64_t offset;
    int64_t origin;
    int is_whole;
};

struct startup_partition {
    struct keeper_partition log;
    struct manifest_seen *seen; /* owned; newest first */
    uint32_t seen_count;
    int is_new;
    int is_lost;    /* counting on would leave a gap */
    int64_t offset; /* of the snapshot that fits: where reading begins; or -1 */
    int64_t origin; /* where the partition began; -1: nobody knows */
    struct snapshot_body body; /* of that snapshot; names are in `bytes` */
    char *bytes;               /* owned; NULL: none chosen */
    enum startup_plan plan;
};

struct startup_view {
    const struct keeper_rules *rules;
    struct startup_group *groups;         /* owned; rules->groups_count */
    struct startup_partition *partitions; /* owned */
    uint32_t partitions_count;
    int is_soft; /* settings differ in what may change after a clean stop */
};

/* The newest snapshot that no mark is behind and whose records still exist;
 * -1: none. */
int64_t startup_fitting(const struct startup_view *view, uint32_t partition);

/* Fills what follows (`is_new`, `is_lost`, `offset`, `origin`) of each
 * partition; returns how many are lost, with the first one in words. */
uint32_t startup_judge(struct startup_view *view, struct err *words);

/* 1: a partition is lost that may not be, had the log and the snapshots been
 * read after the marks: another process may have counted on meanwhile. */
int startup_is_doubtful(const struct startup_view *view);

/* In each partition all marks equal the newest snapshot's offset. */
int startup_was_clean(const struct startup_view *view);

/* Decides what to write; the losses are accepted. Returns how many there are.
 * Marks of lost partitions that point at nothing become the new beginning. */
uint32_t startup_plan(struct startup_view *view);

#endif
