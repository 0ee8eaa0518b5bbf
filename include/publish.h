/* publish: decides what is written to the sink, and when.
 *
 *     groups' touched rows -> hot (next turn) --+-> lists that differ -> sink
 *                          -> settling (5 s) ---+
 *     sweep over all rows (60 s) ---------------+-> and counts, popular lists
 *
 * Work is done in turns: what was touched is looked at `interval` after the
 * turn before, later under overload, so that a hot row is written once a turn.
 * It remembers a digest of each list it wrote, so it writes only what changed,
 * and nothing else: everything can be made again from the counts. A pure
 * function of the engine, the sink's answers and the time handed in. */
#ifndef TERKAIT_PUBLISH_H
#define TERKAIT_PUBLISH_H

#include "engine.h"
#include "freshness.h"
#include "sink.h"

#include <stdint.h>

struct publish_rules {
    const char *prefix; /* borrowed */
    int64_t ttl_ms;
    int64_t settle_ms;
    int64_t sweep_ms;
    int64_t interval_ms;
    int64_t counts_refresh_ms;
    uint32_t counts_max;
};

struct publish_stats {
    uint64_t lists_written;
    uint64_t lists_deleted;
    uint64_t lists_unchanged;
    uint64_t counts_written;
    uint64_t popular_written;
    uint64_t sweeps;
    uint64_t waiting; /* rows touched and not yet looked at; now */
    uint64_t bytes;   /* held in memory; now */
};

struct publish;

struct publish *publish_new(const struct publish_rules *rules,
                            struct engine *engine, const struct sink *sink);
void publish_free(struct publish *publish);

/* The engine has rows that somebody else published: nobody knows which of their
 * keys stand, so a sweep writes each list anew and deletes the empty ones. */
void publish_adopt(struct publish *publish);

/* Takes over all but the prefix, and that the engine was retuned: a sweep, at
 * once when it is still, writes what differs now. With counts_max = 0 sorted
 * sets are no longer written, and those that stand are left to whoever cleans
 * up; with another ttl_ms everything is written anew. */
void publish_retune(struct publish *publish, const struct publish_rules *rules);

/* Somebody removed what it has written: all is written anew. */
void publish_forget(struct publish *publish);

/* True when it has written the list of that relation and window, by settings
 * order, and not deleted it; the popular list at that key. */
int publish_has_list(struct publish *publish, uint32_t item, uint32_t relation,
                     uint32_t window);
int publish_has_popular(const struct publish *publish, struct text key);

/* What the main loop knows, and how much it asks for. */
struct publish_turn {
    int64_t now_us; /* monotonic */
    uint32_t rows;  /* look at no more than that many rows */
    int is_behind;  /* a backlog is being worked off */
    int is_still;   /* no input for a second, or a backlog just ended */
    struct freshness *freshness; /* told of rows looked at; NULL: nobody */
};

/* Does what is due, as far as `rows` and the sink's room allow. Returns 1 when
 * there is more to do at once. */
int publish_work(struct publish *publish, const struct publish_turn *turn);

/* True when everything the sink holds is what the engine would say now. */
int publish_is_settled(const struct publish *publish);

const struct publish_stats *publish_stats(struct publish *publish);

#endif
