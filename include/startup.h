/* startup: a start, step by step, until counting may begin or must not.
 *
 *     survey   manifests, then heads: settings, and whether a snapshot fits
 *     take     every token, all with one epoch
 *     load     every group
 *     choose   each partition's newest snapshot that no mark is behind
 *     ask      every token once more
 *     judge    only now may it say that something would be lost
 *     settle   new partitions, accepted losses, changed settings
 *
 * Any answer that nobody can be sure of makes it start over. */
#ifndef TERKAIT_STARTUP_H
#define TERKAIT_STARTUP_H

#include "engine.h"
#include "keeper.h"
#include "startup_judge.h"
#include "store.h"

#include <stdint.h>

struct startup;

/* Borrows all but `log`, which it copies. */
struct startup *startup_new(const struct keeper_rules *rules,
                            struct engine *engine, const struct store *store,
                            const struct keeper_commits *commits,
                            const struct keeper_log *log);
void startup_free(struct startup *startup);

/* KEEPER_STARTING while it goes on, KEEPER_RUNNING when it is done: the engine
 * is loaded, its floors, positions and stream time are set. */
enum keeper_phase startup_work(struct startup *startup, int64_t wall_ms);

const char *startup_reason(const struct startup *startup);
struct store_token startup_token(const struct startup *startup);
uint64_t startup_sequence(const struct startup *startup); /* ids used up */
const struct startup_group *startup_group(const struct startup *startup,
                                          uint32_t group);
const struct startup_partition *startup_partition(const struct startup *startup,
                                                  uint32_t partition);
/* Partitions of which something was given up, and the first one in words. */
uint64_t startup_accepted(const struct startup *startup);
const char *startup_given_up(const struct startup *startup);

#endif
