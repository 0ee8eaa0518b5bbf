#include "status.h"

#include "mem.h"
#include "resident.h"
#include "source_kafka.h"
#include "strbuf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_US_MIN = 500000 };

const struct status_field status_fields[STATUS_COUNT] = {
#define X(name, kind, help) {#name, STATUS_##kind, help},
    STATUS_FIELDS(X)
#undef X
};

struct status {
    struct status_values now;
    struct status_values before; /* what rates are reckoned from */
    int64_t before_us;           /* 0: nothing yet */
};

struct status *status_new(int64_t started_at_ms)
{
    struct status *status = mem_new(1, sizeof *status);

    status->now.started_at_ms = started_at_ms;
    return status;
}

void status_free(struct status *status)
{
    free(status);
}

const struct status_values *status_values(const struct status *status)
{
    return &status->now;
}

static int64_t stream_age_ms(const struct engine *engine, int64_t wall_ms)
{
    int64_t time_ms = engine_time(engine);

    return time_ms >= 0 && wall_ms > time_ms ? wall_ms - time_ms : 0;
}

/* All that was counted is written, and Redis has answered. */
static int is_settled(const struct status_parts *parts)
{
    return publish_is_settled(parts->publish) &&
           sink_redis_outstanding(parts->sink) == 0;
}

void status_note(struct status *status, const struct status_parts *parts,
                 int64_t wall_ms)
{
    struct status_values *now = &status->now;
    const struct engine_stats *engine = engine_stats(parts->engine);
    int64_t lists = (int64_t)publish_stats(parts->publish)->lists_written;

    if (now->first_event_at_ms == 0 && engine->verdicts[EVENT_ACCEPTED] > 0)
        now->first_event_at_ms = wall_ms;
    if (!is_settled(parts))
        now->settled_at_ms = 0;
    else if (now->settled_at_ms == 0)
        now->settled_at_ms = wall_ms;
    if (lists == now->lists_written)
        return;
    now->lists_written = lists;
    now->last_list_at_ms = wall_ms;
    now->freshness_ms = stream_age_ms(parts->engine, wall_ms);
}

static void collect_refusals(struct status_values *now,
                             const uint64_t *verdicts)
{
    now->refused_too_large = (int64_t)verdicts[EVENT_TOO_LARGE];
    now->refused_json = (int64_t)verdicts[EVENT_JSON];
    now->refused_type = (int64_t)verdicts[EVENT_TYPE];
    now->refused_visitor = (int64_t)verdicts[EVENT_VISITOR];
    now->refused_item = (int64_t)verdicts[EVENT_ITEM];
    now->refused_ts = (int64_t)verdicts[EVENT_TS];
    now->refused_session = (int64_t)verdicts[EVENT_SESSION];
    now->refused_tenant = (int64_t)verdicts[EVENT_TENANT];
    now->refused_future = (int64_t)verdicts[EVENT_FUTURE];
    now->refused_late = (int64_t)verdicts[EVENT_LATE];
}

static void collect_events(struct status_values *now,
                           const struct engine_stats *stats)
{
    const uint64_t *types = stats->types;

    now->records_read = now->events_refused = 0;
    for (enum event_verdict i = 0; i < EVENT_VERDICT_COUNT; i++) {
        now->records_read += (int64_t)stats->verdicts[i];
        if (event_is_refused(i))
            now->events_refused += (int64_t)stats->verdicts[i];
    }
    now->events_accepted = (int64_t)stats->verdicts[EVENT_ACCEPTED];
    now->events_ignored = (int64_t)stats->verdicts[EVENT_IGNORED];
    now->events_no_consent = (int64_t)stats->verdicts[EVENT_NO_CONSENT];
    now->events_page_view = (int64_t)types[EVENT_PAGE_VIEW];
    now->events_add_to_cart = (int64_t)types[EVENT_ADD_TO_CART];
    now->events_remove_from_cart = (int64_t)types[EVENT_REMOVE_FROM_CART];
    now->events_purchase = (int64_t)types[EVENT_PURCHASE];
    now->event_items = (int64_t)stats->item_events;
    now->pair_updates = (int64_t)stats->pair_updates;
    collect_refusals(now, stats->verdicts);
}

static void collect_engine(struct status_values *now, struct engine *engine)
{
    const struct groups *groups = engine_groups(engine);
    const struct row_stats *rows = groups_stats(groups);
    struct session_stats sessions = engine_session_stats(engine);

    collect_events(now, engine_stats(engine));
    now->stream_time_ms = engine_time(engine) >= 0 ? engine_time(engine) : 0;
    now->rows = (int64_t)groups_rows(groups);
    now->items = intern_count(engine_items(engine));
    now->live_pairs = (int64_t)rows->live;
    now->rows_cut = (int64_t)rows->cuts;
    now->pairs_dropped = (int64_t)rows->pairs_dropped;
    now->rows_shed = (int64_t)rows->sheds;
    now->pairs_shed = (int64_t)rows->pairs_shed;
    now->rows_partial = (int64_t)rows->partial;
    now->contributions_too_old = (int64_t)rows->too_old;
    now->takebacks_unknown = (int64_t)rows->takebacks_unknown;
    now->sessions_open = (int64_t)engine_sessions_open(engine);
    now->sessions_opened = (int64_t)sessions.opened;
    now->sessions_forgotten_full = (int64_t)sessions.forgotten_full;
    now->session_items_pushed_out = (int64_t)sessions.pushed_out;
    now->memory_engine_bytes = (int64_t)engine_bytes(engine);
}

static void collect_publish(struct status_values *now,
                            const struct publish_stats *stats)
{
    now->lists_deleted = (int64_t)stats->lists_deleted;
    now->lists_unchanged = (int64_t)stats->lists_unchanged;
    now->counts_written = (int64_t)stats->counts_written;
    now->popular_written = (int64_t)stats->popular_written;
    now->sweeps = (int64_t)stats->sweeps;
    now->rows_waiting = (int64_t)stats->waiting;
    now->memory_publish_bytes = (int64_t)stats->bytes;
}

static void collect_redis(struct status_values *now,
                          const struct redis_stats *redis,
                          const struct sink_redis_stats *sink)
{
    now->redis_commands = (int64_t)redis->commands;
    now->redis_errors = (int64_t)redis->errors;
    now->redis_reconnects = (int64_t)redis->reconnects;
    now->redis_latency_us = redis->latency_us;
    now->redis_writes_refused = (int64_t)sink->refused;
    now->redis_keys_missing = (int64_t)sink->missing;
}

/* A lag that is not known leaves the latest that was. */
static void collect_source(struct status_values *now,
                           const struct source *source)
{
    int64_t lag = source->lag(source->self);

    if (lag >= 0)
        now->lag_records = lag;
    now->is_caught_up = source->state(source->self) != SOURCE_READING;
}

static void collect_kafka(struct status_values *now, const struct source *kafka)
{
    struct source_kafka_stats stats;

    source_kafka_stats(kafka, &stats);
    now->kafka_up = stats.is_up;
    now->kafka_partitions = stats.partitions;
    now->kafka_records = (int64_t)stats.records;
    now->kafka_bytes = (int64_t)stats.bytes;
    now->kafka_errors = (int64_t)stats.errors;
}

static void collect_keeper(struct status_values *now, struct keeper *keeper,
                           int64_t now_us)
{
    const struct keeper_stats *stats = keeper_stats(keeper, now_us);

    now->checkpoints = (int64_t)stats->checkpoints;
    now->checkpoint_bytes = (int64_t)stats->bytes;
    now->checkpoint_age_ms = stats->oldest_us / 1000;
    now->checkpoint_us = stats->took_us;
    now->checkpoints_in_doubt = (int64_t)stats->in_doubt;
    now->groups_rolled_back = (int64_t)stats->rolled_back;
    now->snapshots = (int64_t)stats->snapshots;
    now->rows_loaded = (int64_t)stats->loaded_rows;
}

static int64_t part_ms(const struct histogram *freshness, double part)
{
    return (histogram_quantile(freshness, part) + 999) / 1000;
}

static void collect_freshness(struct status_values *now,
                              const struct histogram *freshness)
{
    now->freshness_p50_ms = part_ms(freshness, 0.5);
    now->freshness_p99_ms = part_ms(freshness, 0.99);
}

static void collect_letters(struct status_values *now,
                            const struct dead_letters *letters)
{
    struct dead_letters_stats stats = dead_letters_stats(letters);

    now->dead_letters_sent = (int64_t)stats.sent;
    now->dead_letters_lost = (int64_t)stats.lost;
}

static int64_t rate(int64_t now, int64_t before, int64_t elapsed_us)
{
    return (int64_t)((double)(now - before) * 1e6 / (double)elapsed_us + 0.5);
}

static void reckon_rates(struct status *status, int64_t now_us)
{
    struct status_values *now = &status->now;
    const struct status_values *before = &status->before;
    int64_t elapsed_us = now_us - status->before_us;

    if (status->before_us != 0) {
        if (elapsed_us < RATE_US_MIN)
            return;
        now->records_per_s =
            rate(now->records_read, before->records_read, elapsed_us);
        now->events_per_s =
            rate(now->events_accepted, before->events_accepted, elapsed_us);
        now->pair_updates_per_s =
            rate(now->pair_updates, before->pair_updates, elapsed_us);
        now->lists_per_s =
            rate(now->lists_written, before->lists_written, elapsed_us);
    }
    status->before = *now;
    status->before_us = now_us;
}

void status_collect(struct status *status, const struct status_parts *parts,
                    int64_t now_us, int64_t wall_ms)
{
    struct status_values *now = &status->now;

    status_note(status, parts, wall_ms);
    collect_engine(now, parts->engine);
    collect_publish(now, publish_stats(parts->publish));
    collect_redis(now, redis_stats(parts->redis),
                  sink_redis_stats(parts->sink));
    collect_source(now, parts->source);
    if (parts->kafka != NULL)
        collect_kafka(now, parts->kafka);
    if (parts->keeper != NULL)
        collect_keeper(now, parts->keeper, now_us);
    if (parts->freshness != NULL)
        collect_freshness(now, parts->freshness);
    if (parts->letters != NULL)
        collect_letters(now, parts->letters);
    if (parts->janitor != NULL)
        now->janitor_removed = (int64_t)parts->janitor->removed;
    now->redis_up = redis_is_ready(parts->redis);
    now->redis_full = parts->pressure;
    now->is_held = parts->is_held;
    now->pause_ms = (parts->pause_us + 999) / 1000;
    now->rounds = parts->rounds;
    now->updated_at_ms = wall_ms;
    now->stream_age_ms = stream_age_ms(parts->engine, wall_ms);
    now->memory_rss_bytes = (int64_t)resident_bytes();
    now->memory_max_bytes = parts->memory_max;
    reckon_rates(status, now_us);
}

void status_each(const struct status *status, status_visit *visit,
                 void *context)
{
    char value[24];

    visit(context, "version", TERKAIT_VERSION);
#define X(name, kind, help)                                                    \
    snprintf(value, sizeof value, "%" PRId64, status->now.name);               \
    visit(context, #name, value);
    STATUS_FIELDS(X)
#undef X
}

void status_add_line(const struct status *status, struct strbuf *out)
{
    const struct status_values *now = &status->now;

    strbuf_add_format(out,
                      "%" PRId64 " events/s, %" PRId64 " lists/s, lag %" PRId64
                      " records, %" PRId64 " items%s",
                      now->events_per_s, now->lists_per_s, now->lag_records,
                      now->items, now->redis_full ? ", Redis is full" : "");
}

/* HSET key, then a name and a value for each field and the version. */
struct command {
    struct text arguments[2 + 2 * (STATUS_COUNT + 1)];
    size_t count;
    struct strbuf values; /* where they stand until the command is sent */
};

static void add_argument(struct command *command, const char *bytes,
                         size_t length)
{
    ASSERT(command->count < sizeof command->arguments / sizeof(struct text));
    command->arguments[command->count++] =
        (struct text){bytes, (uint32_t)length};
}

static void add_field(void *context, const char *name, const char *value)
{
    struct command *command = context;
    size_t start = command->values.length;

    strbuf_add_text(&command->values, value);
    add_argument(command, name, strlen(name));
    add_argument(command, command->values.bytes + start, strlen(value));
}

void status_send(const struct status *status, struct redis *redis,
                 const char *prefix)
{
    struct command command = {.count = 0, .values = STRBUF_EMPTY};
    struct strbuf key = STRBUF_EMPTY;

    if (!redis_is_ready(redis))
        return;
    strbuf_add_format(&key, "%sstats", prefix);
    strbuf_reserve(&command.values,
                   (STATUS_COUNT + 1) * sizeof "-9223372036854775808" +
                       sizeof TERKAIT_VERSION);
    add_argument(&command, "HSET", 4);
    add_argument(&command, key.bytes, key.length);
    status_each(status, add_field, &command);
    redis_send(redis, command.arguments, command.count, NULL, NULL);
    strbuf_deinit(&command.values);
    strbuf_deinit(&key);
}
