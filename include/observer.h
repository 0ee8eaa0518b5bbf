/* observer: watches the main loop for those who look at it: the hash `stats` in
 * Redis, and the board and the inquiry that HTTP serves from.
 *
 * Everything here runs on the main thread. Per record it looks at a stamp, and
 * at one event in sixteen for the hot items; per turn it notes what Redis has
 * acknowledged; once a second it collects. */
#ifndef TERKAIT_OBSERVER_H
#define TERKAIT_OBSERVER_H

#include "board.h"
#include "config.h"
#include "freshness.h"
#include "inquiry.h"

struct observer;

/* Borrows both. */
struct observer *observer_new(const struct config *config, struct redis *redis);
void observer_free(struct observer *observer);

/* For other threads, as long as the observer is there. */
struct board *observer_board(struct observer *observer);
struct inquiry *observer_inquiry(struct observer *observer);

/* The publisher tells it of rows it looks at. */
struct freshness *observer_freshness(struct observer *observer);

/* A round: all of `parts` but what changes from turn to turn. Without one it
 * starts: totals are what they were. */
void observer_begin(struct observer *observer,
                    const struct status_parts *parts);
void observer_end(struct observer *observer);

/* These were just taken by one engine_take_all(): up to ENGINE_BATCH. */
void observer_take(struct observer *observer, const struct record *records,
                   const enum event_verdict *verdicts, uint32_t count);

struct observer_turn {
    int64_t now_us;
    const char *waits_for; /* without a round: "kafka", "redis"; or "" */
    const struct janitor_stats *janitor;
    int pressure;     /* enum pressure_level */
    int is_held;      /* STATUS_HELD_BY_*, together */
    int64_t pause_us; /* the longest so far */
    int has_begun;
    int is_stopping;
    int is_last; /* collect now */
};

/* The end of a turn: beats, answers questions, and once a second collects and
 * renews the hash. Returns 1 when it did. */
int observer_turn(struct observer *observer, const struct observer_turn *turn);

/* A line for people: rates, lag. */
void observer_add_line(const struct observer *observer, struct strbuf *out);

#endif
