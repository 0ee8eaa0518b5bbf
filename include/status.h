/* status: what dashboards read, collected from the modules' own statistics.
 *
 * One list names every field of the hash `<prefix>stats`, with what it is; the
 * fields `version` and `hot_items` stand beside it. All of them are there from
 * the start, 0 until there is a value; totals count since this process started.
 */
#ifndef TERKAIT_STATUS_H
#define TERKAIT_STATUS_H

#include "dead_letters.h"
#include "engine.h"
#include "histogram.h"
#include "janitor.h"
#include "keeper.h"
#include "publish.h"
#include "redis.h"
#include "sink_redis.h"
#include "source.h"

/* name, TOTAL (only rises) or NOW, what it is */
#define STATUS_FIELDS(X)                                                       \
    X(started_at_ms, NOW, "when this process started")                         \
    X(updated_at_ms, NOW, "when these values were taken")                      \
    X(first_event_at_ms, NOW, "when the first event was accepted")             \
    X(last_list_at_ms, NOW, "when a list was last written")                    \
    X(settled_at_ms, NOW,                                                      \
      "since when all that stands equals the counts; or 0")                    \
    X(stream_time_ms, NOW, "highest event time accepted")                      \
    X(stream_age_ms, NOW, "how far stream time is behind the clock")           \
    X(freshness_ms, NOW, "the same when a list was last written")              \
    X(freshness_p50_ms, NOW,                                                   \
      "record to acknowledged list, of late: half are below")                  \
    X(freshness_p99_ms, NOW, "of a hundred 99 are below")                      \
    X(is_caught_up, NOW, "1: all input known to exist was read")               \
    X(is_held, NOW,                                                            \
      "reading waits: 1 for the state to become durable, 2 for memory")        \
    X(lag_records, NOW, "records known to exist and not read")                 \
    X(pause_ms, NOW, "longest time between looks for records, so far")         \
    X(records_per_s, NOW, "records read")                                      \
    X(events_per_s, NOW, "events accepted")                                    \
    X(pair_updates_per_s, NOW, "counters of pairs changed")                    \
    X(lists_per_s, NOW, "lists written")                                       \
    X(records_read, TOTAL, "records, whatever became of them")                 \
    X(events_accepted, TOTAL, "events counted")                                \
    X(events_refused, TOTAL, "records refused, for any reason below")          \
    X(events_ignored, TOTAL, "events of a type that is not counted")           \
    X(events_no_consent, TOTAL, "events dropped for want of consent")          \
    X(events_page_view, TOTAL, "page views accepted")                          \
    X(events_add_to_cart, TOTAL, "add-to-carts accepted")                      \
    X(events_remove_from_cart, TOTAL, "remove-from-carts accepted")            \
    X(events_purchase, TOTAL, "purchases accepted")                            \
    X(event_items, TOTAL, "items named by accepted events")                    \
    X(refused_too_large, TOTAL, "above events.max_bytes")                      \
    X(refused_json, TOTAL, "not a JSON object")                                \
    X(refused_type, TOTAL, "type missing or not text")                         \
    X(refused_visitor, TOTAL, "visitor missing or not an id")                  \
    X(refused_item, TOTAL, "no item, or one that is not an id")                \
    X(refused_ts, TOTAL, "no time, or one that cannot be read")                \
    X(refused_session, TOTAL, "session is not an id")                          \
    X(refused_tenant, TOTAL, "tenant is not an id")                            \
    X(refused_future, TOTAL, "ahead by more than events.future")               \
    X(refused_late, TOTAL, "behind by more than events.lateness")              \
    X(pair_updates, TOTAL, "counters of pairs changed")                        \
    X(lists_written, TOTAL, "lists written")                                   \
    X(lists_deleted, TOTAL, "lists deleted")                                   \
    X(lists_unchanged, TOTAL, "lists looked at and left as they were")         \
    X(counts_written, TOTAL, "sorted sets of counts written")                  \
    X(popular_written, TOTAL, "popular lists written")                         \
    X(sweeps, TOTAL, "sweeps over all rows")                                   \
    X(rows_waiting, NOW, "rows touched and not yet looked at")                 \
    X(rows, NOW, "rows, one an item")                                          \
    X(items, NOW, "distinct item ids held")                                    \
    X(live_pairs, NOW, "live (pair, pane) counters")                           \
    X(sessions_open, NOW, "sessions held")                                     \
    X(sessions_opened, TOTAL, "sessions begun")                                \
    X(sessions_forgotten_full, TOTAL, "cap session.max_open was hit")          \
    X(session_items_pushed_out, TOTAL, "cap session.max_items was hit")        \
    X(rows_cut, TOTAL, "cap row.max_pairs was hit")                            \
    X(pairs_dropped, TOTAL, "pairs lost by that cap")                          \
    X(rows_shed, TOTAL, "rows that gave their pairs up for memory.max")        \
    X(pairs_shed, TOTAL, "pairs lost by that")                                 \
    X(rows_partial, NOW, "rows not exact yet after either")                    \
    X(contributions_too_old, TOTAL, "older than the longest window")           \
    X(takebacks_unknown, TOTAL, "taken back from a pair not held")             \
    X(memory_rss_bytes, NOW, "memory of the process")                          \
    X(memory_max_bytes, NOW, "what it may be, memory.max; 0: no bound")        \
    X(memory_engine_bytes, NOW, "of it sessions, ids and rows")                \
    X(memory_publish_bytes, NOW, "of it what is known of lists written")       \
    X(rounds, TOTAL, "starts: the first, and those after trouble")             \
    X(checkpoints, TOTAL, "checkpoints of groups that are durable")            \
    X(checkpoint_bytes, TOTAL, "bytes of these")                               \
    X(checkpoint_age_ms, NOW, "how long news of a group wait to be durable")   \
    X(checkpoint_us, NOW, "from the latest one's cut to Redis' answer")        \
    X(checkpoints_in_doubt, TOTAL, "groups read back after trouble")           \
    X(groups_rolled_back, TOTAL, "groups that Redis had an older state of")    \
    X(snapshots, TOTAL, "snapshots of partitions' sessions")                   \
    X(rows_loaded, NOW, "rows that the latest start found")                    \
    X(kafka_up, NOW, "1: brokers answer")                                      \
    X(kafka_partitions, NOW, "partitions being read")                          \
    X(kafka_records, TOTAL, "records taken from brokers")                      \
    X(kafka_bytes, TOTAL, "bytes of their values")                             \
    X(kafka_errors, TOTAL, "errors of brokers and connections")                \
    X(dead_letters_sent, TOTAL, "refused records that brokers have")           \
    X(dead_letters_lost, TOTAL, "refused records that could not be sent")      \
    X(redis_up, NOW, "1: Redis answers")                                       \
    X(redis_commands, TOTAL, "commands sent")                                  \
    X(redis_errors, TOTAL, "errors answered")                                  \
    X(redis_reconnects, TOTAL, "connections after the first")                  \
    X(redis_latency_us, NOW, "from a command to its answer, the latest")       \
    X(redis_writes_refused, TOTAL, "writes that Redis refused")                \
    X(redis_keys_missing, TOTAL, "keys gone before their time")                \
    X(redis_full, NOW, "given up: 1 writing lists, 2 counts, 3 all lists")     \
    X(janitor_removed, TOTAL, "keys of former runs removed")

struct status_values {
#define X(name, kind, help) int64_t name;
    STATUS_FIELDS(X)
#undef X
};

enum status_kind { STATUS_TOTAL, STATUS_NOW };

struct status_field {
    const char *name;
    enum status_kind kind;
    const char *help;
};

enum { STATUS_COUNT = sizeof(struct status_values) / sizeof(int64_t) };

/* In the order of the list. */
extern const struct status_field status_fields[STATUS_COUNT];

/* The value of status_fields[field]. */
static inline int64_t status_value(const struct status_values *values,
                                   size_t field)
{
    return ((const int64_t *)values)[field];
}

enum { STATUS_HELD_BY_STATE = 1, STATUS_HELD_BY_MEMORY = 2 };

struct status;

/* Where the values come from; all borrowed. */
struct status_parts {
    struct engine *engine;
    struct publish *publish;
    struct redis *redis;
    struct sink_redis *sink;
    const struct source *source;
    const struct source *kafka; /* the same when it is Kafka, else NULL */
    const struct dead_letters *letters;  /* NULL: they go nowhere */
    const struct janitor_stats *janitor; /* NULL: there is none */
    struct keeper *keeper;               /* NULL: nothing is kept */
    const struct histogram *freshness;   /* of late; NULL: not measured */
    int pressure;                        /* enum pressure_level */
    int is_held;                         /* STATUS_HELD_BY_*, together */
    int64_t pause_us; /* of the main loop, the longest so far */
    int64_t rounds;
    int64_t memory_max; /* bytes; 0: no bound */
};

struct status *status_new(int64_t started_at_ms);
void status_free(struct status *status);

/* Notes when the first event came, when a list was last written, and how old
 * it was. Cheap: the oftener it is called, the truer these times. */
void status_note(struct status *status, const struct status_parts *parts,
                 int64_t wall_ms);

/* Takes all values (status_note() included); rates are since a collection of
 * half a second ago or more. */
void status_collect(struct status *status, const struct status_parts *parts,
                    int64_t now_us, int64_t wall_ms);

const struct status_values *status_values(const struct status *status);

/* Visits every field in the order of the list, `version` first. */
typedef void status_visit(void *context, const char *name, const char *value);
void status_each(const struct status *status, status_visit *visit,
                 void *context);

/* A line for people: rates, lag. */
void status_add_line(const struct status *status, struct strbuf *out);

/* Renews the hash `<prefix>stats`; nothing when Redis is away. */
void status_send(const struct status *status, struct redis *redis,
                 const char *prefix);

#endif
