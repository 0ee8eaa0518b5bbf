/* engine: records in, counts and lists out; no clock, socket, thread or chance.
 *
 *     record -> event_decode -> sessions (one store a partition)
 *            -> contributions -> groups -> rows -> lists, when asked
 *
 * A function of (state, record): the same records in the same order leave the
 * same state, whatever the wall clock says. */
#ifndef TERKAIT_ENGINE_H
#define TERKAIT_ENGINE_H

#include "event.h"
#include "groups.h"
#include "list.h"
#include "record.h"
#include "score.h"
#include "session.h"

#include <stdint.h>

struct engine_rules {
    struct relations relations;
    struct windows windows;
    struct session_rules session;
    uint64_t event_bytes_max;
    uint32_t row_pairs_max;
    uint32_t groups_count;
    double damping;
    uint32_t popular_k;
    uint32_t popular_min_support;
};

struct engine_stats {
    uint64_t verdicts[EVENT_VERDICT_COUNT];
    uint64_t types[EVENT_TYPES]; /* of accepted events */
    uint64_t item_events;        /* entries of accepted events */
    uint64_t pair_updates;
};

struct engine;

/* Copies the rules. */
struct engine *engine_new(const struct engine_rules *rules);
void engine_free(struct engine *engine);

const struct engine_rules *engine_rules(const struct engine *engine);

/* Takes over what does not decide contributions: each relation's score, k and
 * min_support, damping, row_pairs_max, popular_*. Relations are the same, in
 * the same order; all else of `rules` is not looked at. */
void engine_retune(struct engine *engine, const struct engine_rules *rules);

/* Records of source partitions, in their order; a verdict for each. */
void engine_take_all(struct engine *engine, const struct record *records,
                     uint32_t count, enum event_verdict *verdicts);
enum event_verdict engine_take(struct engine *engine,
                               const struct record *record);

/* What was taken last, up to ENGINE_BATCH records in one call: the event of
 * each that is EVENT_ACCEPTED, good until the next call. */
const struct event *engine_events(const struct engine *engine);

/* The same of events that were decoded already: those whose verdict is
 * EVENT_ACCEPTED; it may become another. The state is as if they had come one
 * by one, but what they need of memory is asked for together. */
enum { ENGINE_BATCH = 16 };

struct engine_batch {
    const struct event *events;
    const struct record *records; /* bytes and length are not looked at */
    enum event_verdict *verdicts; /* in and out */
    uint32_t count;               /* of each, up to ENGINE_BATCH */
};

void engine_take_events(struct engine *engine,
                        const struct engine_batch *batch);

/* Stream time: the highest event time accepted; -1 when none was. */
int64_t engine_time(const struct engine *engine);

/* Stream time as it was stored. It never goes back. */
void engine_set_time(struct engine *engine, int64_t time_ms);

/* The offset after the partition's last record, whatever became of that; -1
 * when there was none. Set where a replay begins. */
int64_t engine_position(const struct engine *engine, uint32_t partition);
void engine_set_position(struct engine *engine, uint32_t partition,
                         int64_t position);

/* The partition's sessions, made when there are none yet. */
struct sessions *engine_sessions(struct engine *engine, uint32_t partition);

/* All lists of one row, [relation][window] in the order of the settings. Owned
 * by the engine, good until its next call. */
struct row_lists {
    struct list lists[RELATIONS_MAX][WINDOWS_MAX];
    uint32_t supports[RELATIONS_MAX][WINDOWS_MAX]; /* n_a */
    uint32_t sessions[RELATIONS_MAX]
                     [WINDOWS_MAX]; /* N, where a score uses it */
    int is_partial;
    uint8_t follows[RELATIONS_MAX][WINDOWS_MAX]; /* while they are made */
};

/* The published lists. NULL when the item has no row, or stands for a tenant.
 */
const struct row_lists *engine_lists(struct engine *engine, uint32_t item);

/* The top k others by count, then id; only `lists` is set. NULL likewise. */
const struct row_lists *engine_counts(struct engine *engine, uint32_t item,
                                      uint32_t k);

/* Both, with one look at the row. */
const struct row_lists *
engine_lists_and_counts(struct engine *engine, uint32_t item, uint32_t k,
                        const struct row_lists **counts);

/* Visits every other of the row, in no set order, with its counts by relation
 * and window. Returns 0 when the item has no row. */
typedef void engine_visit_pair(void *context, uint32_t other,
                               const struct row_sums *sums);
int engine_each_pair(struct engine *engine, uint32_t item,
                     engine_visit_pair *visit, void *context);

struct groups *engine_groups(struct engine *engine);
struct intern *engine_items(struct engine *engine);
const struct engine_stats *engine_stats(const struct engine *engine);

/* Over all partitions. */
struct session_stats engine_session_stats(const struct engine *engine);
uint64_t engine_sessions_open(const struct engine *engine);
uint64_t engine_bytes(const struct engine *engine);

void engine_check(struct engine *engine);

#endif
