/* board: what the main thread shows to others.
 *
 *     main thread --copy in, once a second--> [ board ] --copy out--> HTTP
 *
 * The main thread never waits for a reader: when one is just copying, it comes
 * back the next turn. Besides it beats each turn, so that others notice when it
 * stands. Two documents are made of a view: the status and the readiness, as
 * conf/openapi.yaml has them. */
#ifndef TERKAIT_BOARD_H
#define TERKAIT_BOARD_H

#include "histogram.h"
#include "hot_items.h"
#include "relation.h"
#include "status.h"
#include "strbuf.h"
#include "window.h"

#include <stdint.h>

enum {
    BOARD_PARTITIONS_MAX = 1024, /* more are not shown one by one */
    BOARD_BEHIND_RECORDS = 20000,
    BOARD_STALLED_US = 5000000
};

enum board_phase { BOARD_STARTING, BOARD_COUNTING, BOARD_STOPPING };

/* -1 stands for what is not known. */
struct board_partition {
    int64_t position; /* of the next record to count */
    int64_t end;      /* one above the newest record */
    int64_t lag;
    int64_t event_time_ms;
};

struct board_view {
    enum board_phase phase;
    char waits_for[32]; /* while it starts; empty: nothing in particular */
    int64_t at_ms;      /* wall clock */
    struct status_values values;
    struct histogram freshness;      /* in us, since the process started */
    struct histogram freshness_late; /* the same of late */
    struct histogram latency;
    struct histogram latency_late;
    struct histogram checkpoint;
    /* of the settings; texts are borrowed from the configuration */
    const char *topic, *prefix;
    int64_t checkpoint_interval_ms;
    uint32_t groups_count;
    uint32_t pairs_max;
    double damping;
    struct relations relations;
    struct windows windows;
    uint32_t hot_count;
    struct hot_item hot[HOT_ITEMS_SHOWN];
    uint32_t partitions_count;
    struct board_partition partitions[BOARD_PARTITIONS_MAX];
};

struct board;

struct board *board_new(void);
void board_free(struct board *board);

/* Of the main thread. Returns 0 when a reader is at it: later. */
int board_put(struct board *board, const struct board_view *view);
void board_beat(struct board *board, int64_t now_us);

/* Of any thread: copies the view out, and says for how long the main thread has
 * not beaten. */
int64_t board_get(struct board *board, struct board_view *view, int64_t now_us);

#define BOARD_REASONS(X)                                                       \
    X(STARTING, starting, "it starts: waits, or loads the state")              \
    X(STOPPING, stopping, "it was told to stop")                               \
    X(KAFKA_AWAY, kafka_away, "no broker answers, or there is no topic")       \
    X(REDIS_AWAY, redis_away, "Redis does not answer")                         \
    X(REDIS_FULL, redis_full, "Redis is full: lists are given up")             \
    X(HELD, held, "reading waits, for nothing becomes durable")                \
    X(MEMORY, memory, "reading waits, for memory.max is reached")              \
    X(BEHIND, behind, "a backlog is being worked off")                         \
    X(STALLED, stalled, "the main loop has said nothing for 5 s")

enum board_reason {
#define X(upper, lower, message) BECAUSE_##upper,
    BOARD_REASONS(X)
#undef X
        BECAUSE_COUNT
};

const char *board_reason_name(enum board_reason reason);

/* Why it is not ready, a bit each; 0: it is. */
uint32_t board_reasons(const struct board_view *view, int64_t silent_us);

/* The hot items alone, a JSON array: they stand in the hash `stats` too. */
void board_add_hot(struct strbuf *out, const struct board_view *view);

void board_add_ready(struct strbuf *out, uint32_t reasons);
void board_add_status(struct strbuf *out, const struct board_view *view,
                      uint32_t reasons);

#endif
