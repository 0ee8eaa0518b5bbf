#include "observer.h"

#include "answer.h"
#include "clock.h"
#include "mem.h"
#include "source_kafka.h"

#include <stdlib.h>
#include <string.h>

enum { COLLECT_US = 1000000, HOT_EVERY = 16 };

struct observer {
    const struct config *config;
    struct redis *redis;
    struct status *status;
    struct board *board;
    struct inquiry *inquiry;
    struct freshness *freshness;
    struct hot_items *hot;
    struct recent latency;
    struct histogram checkpoint;
    struct board_view view; /* filled once a second, then put */
    int is_view_due;        /* a reader was at the board */
    struct status_parts parts;
    int has_round;
    int64_t rounds;
    int64_t collect_us;
    uint64_t answered;   /* commands of Redis, when looked at last */
    uint64_t generation; /* of Redis */
    int64_t checkpoints; /* noted in the histogram */
};

struct observer *observer_new(const struct config *config, struct redis *redis)
{
    struct observer *observer = mem_new(1, sizeof *observer);

    observer->config = config;
    observer->redis = redis;
    observer->status = status_new(clock_wall_ms());
    observer->board = board_new();
    observer->inquiry = inquiry_new();
    observer->freshness = freshness_new();
    observer->hot = hot_items_new(HOT_EVERY);
    return observer;
}

void observer_free(struct observer *observer)
{
    if (observer == NULL)
        return;
    hot_items_free(observer->hot);
    freshness_free(observer->freshness);
    inquiry_free(observer->inquiry);
    board_free(observer->board);
    status_free(observer->status);
    free(observer);
}

struct board *observer_board(struct observer *observer)
{
    return observer->board;
}

struct inquiry *observer_inquiry(struct observer *observer)
{
    return observer->inquiry;
}

struct freshness *observer_freshness(struct observer *observer)
{
    return observer->freshness;
}

void observer_begin(struct observer *observer, const struct status_parts *parts)
{
    observer->parts = *parts;
    observer->parts.redis = observer->redis;
    observer->parts.rounds = ++observer->rounds;
    observer->has_round = 1;
    observer->checkpoints = 0;
    freshness_forget(observer->freshness);
}

void observer_end(struct observer *observer)
{
    observer->has_round = 0;
}

void observer_take(struct observer *observer, const struct record *records,
                   const enum event_verdict *verdicts, uint32_t count)
{
    const struct event *events = engine_events(observer->parts.engine);

    ASSERT(count <= ENGINE_BATCH);
    for (uint32_t i = 0; i < count; i++) {
        if (verdicts[i] != EVENT_ACCEPTED)
            continue;
        freshness_stamp(observer->freshness, records[i].stamp_ms);
        hot_items_take(observer->hot, &events[i]);
    }
}

/* ---- what Redis has answered ---- */

static void note_answers(struct observer *observer, int64_t now_us)
{
    const struct redis_stats *stats = redis_stats(observer->redis);
    uint64_t answered =
        stats->commands - (uint64_t)redis_outstanding(observer->redis);

    if (!redis_is_ready(observer->redis) ||
        redis_generation(observer->redis) != observer->generation) {
        observer->generation = redis_generation(observer->redis);
        observer->answered = answered;
        freshness_forget(observer->freshness);
        return;
    }
    freshness_flush(observer->freshness, stats->commands);
    if (answered == observer->answered)
        return;
    observer->answered = answered;
    recent_note(&observer->latency, stats->latency_us, now_us);
    freshness_acknowledge(observer->freshness, answered, clock_wall_ms(),
                          now_us);
}

/* ---- the view ---- */

static void view_partitions(struct observer *observer)
{
    const struct status_parts *parts = &observer->parts;
    struct board_view *view = &observer->view;
    struct source_kafka_stats stats;

    if (parts->kafka == NULL)
        return;
    source_kafka_stats(parts->kafka, &stats);
    view->partitions_count = stats.partitions < BOARD_PARTITIONS_MAX
                                 ? stats.partitions
                                 : BOARD_PARTITIONS_MAX;
    for (uint32_t i = 0; i < view->partitions_count; i++) {
        struct board_partition *one = &view->partitions[i];

        source_kafka_place(parts->kafka, i, &one->end, &one->lag);
        one->position = engine_position(parts->engine, i);
        if (one->position < 0)
            one->position = 0;
        one->event_time_ms =
            sessions_partition_time(engine_sessions(parts->engine, i));
    }
}

static void view_settings(struct observer *observer)
{
    const struct config *config = observer->config;
    struct board_view *view = &observer->view;

    view->topic = config->kafka.topic;
    view->prefix = config->redis.prefix;
    view->checkpoint_interval_ms = config->state.checkpoint_interval_ms;
    view->groups_count = config->engine.groups_count;
    view->pairs_max = config->engine.row_pairs_max;
    view->damping = config->engine.damping;
    view->relations = config->engine.relations;
    view->windows = config->engine.windows;
}

static void make_view(struct observer *observer,
                      const struct observer_turn *turn)
{
    struct board_view *view = &observer->view;
    const struct recent *freshness =
        freshness_spread(observer->freshness, turn->now_us);

    view->phase = turn->is_stopping                        ? BOARD_STOPPING
                  : observer->has_round && turn->has_begun ? BOARD_COUNTING
                                                           : BOARD_STARTING;
    snprintf(view->waits_for, sizeof view->waits_for, "%s", turn->waits_for);
    view->at_ms = clock_wall_ms();
    view->values = *status_values(observer->status);
    view->values.redis_up = redis_is_ready(observer->redis);
    view->freshness = freshness->all;
    view->freshness_late = recent_sum(freshness);
    recent_turn(&observer->latency, turn->now_us);
    view->latency = observer->latency.all;
    view->latency_late = recent_sum(&observer->latency);
    view->checkpoint = observer->checkpoint;
    view_settings(observer);
    view->hot_count = hot_items_top(observer->hot, view->hot);
    view->partitions_count = 0;
    if (view->phase == BOARD_COUNTING)
        view_partitions(observer);
    observer->is_view_due = 1;
}

/* ---- once a second ---- */

static void collect(struct observer *observer, const struct observer_turn *turn)
{
    struct histogram late =
        recent_sum(freshness_spread(observer->freshness, turn->now_us));
    struct status_parts parts = observer->parts;
    const struct status_values *values;

    parts.freshness = &late;
    parts.janitor = turn->janitor;
    parts.pressure = turn->pressure;
    parts.is_held = turn->is_held;
    parts.memory_max = (int64_t)observer->config->memory_max;
    parts.pause_us = turn->pause_us;
    status_collect(observer->status, &parts, turn->now_us, clock_wall_ms());
    values = status_values(observer->status);
    if (values->checkpoints > observer->checkpoints)
        histogram_note(&observer->checkpoint, values->checkpoint_us);
    observer->checkpoints = values->checkpoints;
}

static enum inquiry_outcome answer(void *context,
                                   const struct inquiry_question *question,
                                   struct strbuf *out)
{
    return answer_question(context, question, out);
}

static void serve(struct observer *observer, const struct observer_turn *turn)
{
    board_beat(observer->board, turn->now_us);
    if (observer->has_round && turn->has_begun)
        inquiry_serve(observer->inquiry, answer, observer->parts.engine);
    if (observer->is_view_due)
        observer->is_view_due = !board_put(observer->board, &observer->view);
}

/* Beside the numbers: the field hot_items, as board_add_hot() writes them. */
static void send_hot(const struct observer *observer)
{
    struct strbuf key = STRBUF_EMPTY, hot = STRBUF_EMPTY;

    if (!redis_is_ready(observer->redis))
        return;
    strbuf_add_format(&key, "%sstats", observer->config->redis.prefix);
    board_add_hot(&hot, &observer->view);
    redis_send(observer->redis,
               (struct text[]){{"HSET", 4},
                               {key.bytes, (uint32_t)key.length},
                               {"hot_items", 9},
                               {hot.bytes, (uint32_t)hot.length}},
               4, NULL, NULL);
    strbuf_deinit(&hot);
    strbuf_deinit(&key);
}

int observer_turn(struct observer *observer, const struct observer_turn *turn)
{
    int is_due = turn->is_last || observer->collect_us == 0 ||
                 turn->now_us - observer->collect_us >= COLLECT_US;

    note_answers(observer, turn->now_us);
    if (observer->has_round)
        status_note(observer->status, &observer->parts, clock_wall_ms());
    if (is_due) {
        observer->collect_us = turn->now_us;
        if (observer->has_round)
            collect(observer, turn);
        hot_items_fade(observer->hot);
        status_send(observer->status, observer->redis,
                    observer->config->redis.prefix);
        make_view(observer, turn);
        send_hot(observer);
    }
    serve(observer, turn);
    return is_due;
}

void observer_add_line(const struct observer *observer, struct strbuf *out)
{
    status_add_line(observer->status, out);
}
