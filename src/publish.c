#include "publish.h"

#include "err.h"
#include "mem.h"
#include "popular_writer.h"
#include "published.h"
#include "ring.h"
#include "row_writer.h"

#include <stdlib.h>

enum {
    DUE_BEHIND = 2,      /* due rows a turn of a backlog: its end brings all */
    STRETCH = 7,         /* a turn's pause in turn lengths, when behind */
    SPARE_ROOM = 512,    /* room in the sink that counts as time to spare */
    SPARE_WAITING = 1000 /* rows waiting that still do */
};

enum sweep_phase { SWEEP_RESTING, SWEEP_ROWS, SWEEP_POPULAR };

struct sweep {
    enum sweep_phase phase;
    int is_full;   /* at full speed */
    int is_wanted; /* something changed since the last full one began */
    uint32_t next_item;
    int64_t begun_us;
    int64_t full_us;   /* when the last full one began */
    uint64_t accepted; /* events accepted when last looked */
};

struct publish {
    struct publish_rules rules;
    struct engine *engine;
    const struct sink *sink;
    struct published_store store;
    struct ring hot;      /* pairs changed: next turn */
    struct ring settling; /* scores changed: within settle_ms */
    struct ring counting; /* counts keys: within counts_refresh_ms */
    uint32_t turn_left;   /* hot rows that belong to this turn */
    int64_t turn_begun_us;
    int64_t turn_next_us;
    int64_t collected_us; /* when touched rows were taken over last */
    struct sweep sweep;
    struct popular *popular;
    struct popular_writer *popular_writer;
    uint32_t relations, windows;
    uint32_t generation; /* of the sink, and of lives */
    uint32_t lives;      /* times all was to be written anew */
    struct row_writer *writer;
    struct publish_stats stats;
};

struct publish *publish_new(const struct publish_rules *rules,
                            struct engine *engine, const struct sink *sink)
{
    struct publish *publish = mem_new(1, sizeof *publish);

    publish->rules = *rules;
    publish->engine = engine;
    publish->sink = sink;
    publish->relations = engine_rules(engine)->relations.count;
    publish->windows = engine_rules(engine)->windows.count;
    publish->popular = popular_new(engine);
    publish->popular_writer = popular_writer_new(engine, sink, rules->prefix);
    publish->sweep.full_us = INT64_MIN / 2;
    publish->turn_next_us = publish->collected_us = INT64_MIN / 2;
    published_init(&publish->store, 2 * publish->relations * publish->windows);
    publish->writer = row_writer_new(
        engine, sink, &publish->store,
        &(struct row_writer_rules){.prefix = rules->prefix,
                                   .ttl_ms = rules->ttl_ms,
                                   .counts_max = rules->counts_max});
    return publish;
}

void publish_free(struct publish *publish)
{
    if (publish == NULL)
        return;
    popular_writer_free(publish->popular_writer);
    popular_free(publish->popular);
    published_deinit(&publish->store);
    ring_deinit(&publish->hot);
    ring_deinit(&publish->settling);
    ring_deinit(&publish->counting);
    row_writer_free(publish->writer);
    free(publish);
}

/* ---- queues ---- */

static void enqueue(struct publish *publish, struct ring *ring, uint8_t queue,
                    uint32_t item, int64_t due_us)
{
    struct published *published = published_at(&publish->store, item);

    if (published->queues & queue)
        return;
    published->queues |= queue;
    ring_push(ring, (struct ring_entry){due_us, item});
}

static void settle_later(struct publish *publish, uint32_t item, int64_t now_us)
{
    enqueue(publish, &publish->settling, PUBLISHED_IN_SETTLING, item,
            now_us + publish->rules.settle_ms * 1000);
}

/* In a backlog a row that is touched again and again is taken over once. */
static int is_to_collect(struct publish *publish,
                         const struct publish_turn *turn)
{
    if (turn->is_behind && turn->now_us - publish->collected_us <
                               publish->rules.interval_ms * 1000)
        return 0;
    publish->collected_us = turn->now_us;
    return 1;
}

/* Takes over what the counting stage changed since the last call. */
static void collect_touched(struct publish *publish,
                            const struct publish_turn *turn)
{
    struct groups *groups = engine_groups(publish->engine);
    uint64_t accepted = engine_stats(publish->engine)->verdicts[EVENT_ACCEPTED];
    uint32_t item, pairs;

    publish->sweep.is_wanted |= accepted != publish->sweep.accepted;
    publish->sweep.accepted = accepted;
    while (groups_next_touched(groups, &item, &pairs)) {
        if (pairs == 0) {
            settle_later(publish, item, turn->now_us);
            continue;
        }
        freshness_touch(turn->freshness, item);
        enqueue(publish, &publish->hot, PUBLISHED_IN_HOT, item, turn->now_us);
        if (publish->rules.counts_max == 0)
            continue;
        published_at(&publish->store, item)->counts_due |= pairs;
        enqueue(publish, &publish->counting, PUBLISHED_IN_COUNTS, item,
                turn->now_us + publish->rules.counts_refresh_ms * 1000);
    }
}

/* ---- one row's keys ---- */

static enum look look_for(struct publish *publish, uint32_t item,
                          enum look look, int64_t now_us)
{
    struct published *published = published_at(&publish->store, item);

    if (!published->is_used) {
        published->is_used = 1;
        published->generation = publish->generation;
        published->refreshed_us = now_us;
    }
    if (published->generation != publish->generation)
        look = LOOK_ANEW;
    if (look == LOOK_ANEW || look == LOOK_REFRESH) {
        published->generation = publish->generation;
        published->refreshed_us = now_us;
        if (publish->rules.counts_max > 0)
            published->counts_due = (1u << publish->relations) - 1;
        published->is_counts_anew = 1;
    }
    return look;
}

/* With its counts, when they are due and the row is read for both. */
static void look_at_row(struct publish *publish, uint32_t item,
                        enum look wanted, int is_for_both, int64_t now_us)
{
    struct published *published = published_at(&publish->store, item);
    enum look look = look_for(publish, item, wanted, now_us);
    const struct row_lists *lists, *counts = NULL;
    uint32_t due = is_for_both ? published->counts_due : 0;

    lists = due == 0
                ? engine_lists(publish->engine, item)
                : engine_lists_and_counts(publish->engine, item,
                                          publish->rules.counts_max, &counts);
    if (lists == NULL)
        return;
    if (row_writer_lists(publish->writer, item, lists, look))
        settle_later(publish, item, now_us);
    if (due == 0)
        return;
    published->counts_due = 0;
    row_writer_counts(publish->writer, item, counts, due);
}

static void look_at_counts(struct publish *publish, uint32_t item)
{
    struct published *published = published_at(&publish->store, item);
    const struct row_lists *counts;
    uint32_t due = published->counts_due;

    published->counts_due = 0;
    if (due == 0)
        return;
    counts = engine_counts(publish->engine, item, publish->rules.counts_max);
    if (counts != NULL)
        row_writer_counts(publish->writer, item, counts, due);
}

/* ---- queues worked off ---- */

/* A row may need as many writes as it has lists, twice with its counts. */
static int has_room(const struct publish *publish)
{
    return publish->sink->room(publish->sink->self) >=
           2 * publish->relations * publish->windows;
}

static int has_spare(const struct publish *publish,
                     const struct publish_turn *turn)
{
    return !turn->is_behind && publish->hot.count < SPARE_WAITING &&
           publish->sink->room(publish->sink->self) >= SPARE_ROOM;
}

static uint32_t take(struct publish *publish, struct ring *ring, uint8_t queue)
{
    uint32_t item = ring_first(ring)->item;

    ring_pop(ring);
    published_at(&publish->store, item)->queues &= (uint8_t)~queue;
    return item;
}

static void end_turn(struct publish *publish, const struct publish_turn *turn)
{
    int64_t took_us = turn->now_us - publish->turn_begun_us;
    int64_t next_us =
        publish->turn_begun_us + publish->rules.interval_ms * 1000;
    int64_t stretched_us = turn->now_us + STRETCH * took_us;

    if (turn->is_behind && stretched_us > next_us)
        next_us = stretched_us;
    publish->turn_next_us = next_us;
}

static void work_hot(struct publish *publish, const struct publish_turn *turn,
                     uint32_t *rows)
{
    if (publish->turn_left == 0) {
        if (turn->now_us < publish->turn_next_us)
            return;
        publish->turn_left = publish->hot.count;
        publish->turn_begun_us = turn->now_us;
    }
    while (publish->turn_left > 0 && *rows > 0 && has_room(publish)) {
        enum look look = has_spare(publish, turn) ? LOOK_ALL : LOOK_URGENT;
        uint32_t item = take(publish, &publish->hot, PUBLISHED_IN_HOT);
        uint64_t before = row_writer_stats(publish->writer)->lists_written;

        look_at_row(publish, item, look, 0, turn->now_us);
        freshness_look(turn->freshness, item,
                       row_writer_stats(publish->writer)->lists_written -
                           before);
        publish->turn_left--;
        --*rows;
        if (publish->turn_left == 0)
            end_turn(publish, turn);
    }
}

static int is_due(const struct ring *ring, int64_t now_us)
{
    return ring->count > 0 && ring_first(ring)->due_us <= now_us;
}

static void work_due(struct publish *publish, const struct publish_turn *turn,
                     uint32_t *rows)
{
    uint32_t left = turn->is_behind ? DUE_BEHIND : UINT32_MAX;

    while (left-- > 0 && *rows > 0 && has_room(publish)) {
        if (is_due(&publish->settling, turn->now_us))
            look_at_row(
                publish,
                take(publish, &publish->settling, PUBLISHED_IN_SETTLING),
                LOOK_ALL, 0, turn->now_us);
        else if (is_due(&publish->counting, turn->now_us))
            look_at_counts(publish, take(publish, &publish->counting,
                                         PUBLISHED_IN_COUNTS));
        else
            return;
        --*rows;
    }
}

/* ---- the sweep ---- */

static int64_t sweep_length_us(const struct publish *publish)
{
    /* What changes just behind the sweep waits for the next one: two of them
     * make the promised time. */
    return publish->rules.sweep_ms * 1000 / 2;
}

static void forget_ring(struct publish *publish, struct ring *ring,
                        uint8_t queue)
{
    while (ring->count > 0)
        take(publish, ring, queue);
}

/* A full sweep is about to look at each row and its counts: whoever waits for
 * that after a backlog need not be looked at twice. */
static void forget_queues(struct publish *publish)
{
    if (publish->hot.count < SPARE_WAITING)
        return;
    forget_ring(publish, &publish->hot, PUBLISHED_IN_HOT);
    forget_ring(publish, &publish->settling, PUBLISHED_IN_SETTLING);
    forget_ring(publish, &publish->counting, PUBLISHED_IN_COUNTS);
    publish->turn_left = 0;
}

static void begin_sweep(struct publish *publish, int64_t now_us, int is_full)
{
    struct sweep *sweep = &publish->sweep;

    sweep->phase = SWEEP_ROWS;
    sweep->is_full = is_full;
    sweep->next_item = 1;
    sweep->begun_us = now_us;
    popular_clear(publish->popular);
    if (is_full) {
        sweep->is_wanted = 0;
        sweep->full_us = now_us;
        forget_queues(publish);
    }
}

/* Relations whose counts may differ without an event of the row: a pane has
 * passed since they were last looked at, or pairs were cut. */
static uint32_t counts_moved(const struct publish *publish,
                             const struct published *published,
                             const struct row *row)
{
    int64_t now = groups_horizon(engine_groups(publish->engine))->fine_pane;

    if (published->counts_pane == (uint32_t)now && row->cut_until == 0)
        return 0;
    return (1u << publish->relations) - 1;
}

/* A row whose keys were withdrawn just now is given up by the next sweep: until
 * then a loss of the sink has them withdrawn again. */
static void sweep_row(struct publish *publish, uint32_t item, int64_t now_us)
{
    struct groups *groups = engine_groups(publish->engine);
    struct published *published = published_at(&publish->store, item);
    struct row *row = groups_row(groups, item);
    const struct row_writer_stats *stats = row_writer_stats(publish->writer);
    uint64_t before = stats->lists_deleted + stats->counts_written;
    int64_t refresh_us =
        publish->rules.ttl_ms * 1000 / 2 - 2 * sweep_length_us(publish);
    int is_old =
        published->is_used && now_us - published->refreshed_us >= refresh_us;

    if (row == NULL)
        return;
    if (publish->rules.counts_max > 0)
        published->counts_due |= counts_moved(publish, published, row);
    look_at_row(publish, item, is_old ? LOOK_REFRESH : LOOK_ALL, 1, now_us);
    popular_offer(publish->popular, item);
    groups_trim(groups, item);
    if (row->used == 0 && published->queues == 0 &&
        stats->lists_deleted + stats->counts_written == before &&
        groups_release(groups, item))
        published_forget(&publish->store, item);
}

/* The item up to which the sweep should be by now. */
static uint32_t sweep_target(const struct publish *publish, int64_t now_us)
{
    uint32_t end = intern_end(engine_items(publish->engine));
    int64_t elapsed_us = now_us - publish->sweep.begun_us;
    int64_t length_us = sweep_length_us(publish);

    if (publish->sweep.is_full || elapsed_us >= length_us)
        return end;
    return (uint32_t)((double)end * (double)elapsed_us / (double)length_us);
}

static void sweep_rows(struct publish *publish, int64_t now_us, uint32_t *rows)
{
    struct sweep *sweep = &publish->sweep;
    uint32_t target = sweep_target(publish, now_us);

    while (*rows > 0 && sweep->next_item < target && has_room(publish)) {
        sweep_row(publish, sweep->next_item++, now_us);
        --*rows;
    }
    if (sweep->next_item < intern_end(engine_items(publish->engine)))
        return;
    sweep->phase = SWEEP_POPULAR;
    popular_writer_begin(publish->popular_writer, publish->popular);
}

static void sweep_popular(struct publish *publish, int64_t now_us)
{
    struct popular_writer_turn turn = {
        .now_us = now_us,
        .ttl_ms = publish->rules.ttl_ms,
        .refresh_us =
            publish->rules.ttl_ms * 1000 / 2 - 2 * sweep_length_us(publish),
        .generation = publish->generation,
    };

    if (!popular_writer_work(publish->popular_writer, &turn))
        return;
    publish->sweep.phase = SWEEP_RESTING;
    publish->sweep.is_full = 0;
    publish->stats.sweeps++;
}

static void work_sweep(struct publish *publish, const struct publish_turn *turn,
                       uint32_t *rows)
{
    struct sweep *sweep = &publish->sweep;
    int64_t now_us = turn->now_us;

    if (turn->is_still && sweep->is_wanted && !sweep->is_full &&
        now_us - sweep->full_us >= publish->rules.settle_ms * 1000)
        begin_sweep(publish, now_us, 1);
    if (sweep->phase == SWEEP_RESTING &&
        now_us - sweep->begun_us >= sweep_length_us(publish))
        begin_sweep(publish, now_us, 0);
    if (sweep->phase == SWEEP_ROWS)
        sweep_rows(publish, now_us, rows);
    if (sweep->phase == SWEEP_POPULAR)
        sweep_popular(publish, now_us);
}

/* ---- the module's face ---- */

/* Whatever sweep is under way has looked at rows that are to be looked at
 * again. */
static void begin_anew(struct publish *publish)
{
    publish->sweep.is_wanted = 1;
    publish->sweep.phase = SWEEP_RESTING;
    publish->sweep.begun_us = publish->sweep.full_us = INT64_MIN / 2;
    publish->sweep.is_full = 0;
}

/* Whatever was written before is unknown now: a sweep writes all anew. */
static void follow_sink(struct publish *publish)
{
    uint32_t generation =
        (uint32_t)publish->sink->generation(publish->sink->self) +
        publish->lives;

    if (generation == publish->generation)
        return;
    publish->generation = generation;
    begin_anew(publish);
}

void publish_adopt(struct publish *publish)
{
    uint32_t end = intern_end(engine_items(publish->engine));

    for (uint32_t item = 1; item < end; item++) {
        struct published *published = published_at(&publish->store, item);

        published->is_used = 1;
        published->generation = publish->generation - 1;
    }
    publish->sweep.is_wanted = 1;
}

static void count_anew(struct publish *publish)
{
    uint32_t end = intern_end(engine_items(publish->engine));
    uint32_t all = (1u << publish->relations) - 1;

    for (uint32_t item = 1; item < end; item++) {
        struct published *published = published_at(&publish->store, item);

        published->counts_due = publish->rules.counts_max > 0 ? all : 0;
        published->is_counts_anew = 1;
    }
}

void publish_forget(struct publish *publish)
{
    publish->lives++;
}

void publish_retune(struct publish *publish, const struct publish_rules *rules)
{
    struct publish_rules old = publish->rules;

    publish->rules = *rules;
    publish->rules.prefix = old.prefix;
    row_writer_retune(publish->writer, &(struct row_writer_rules){
                                           .ttl_ms = rules->ttl_ms,
                                           .counts_max = rules->counts_max});
    if (rules->counts_max != old.counts_max)
        count_anew(publish);
    if (rules->ttl_ms != old.ttl_ms)
        publish_forget(publish);
    begin_anew(publish);
}

int publish_has_list(struct publish *publish, uint32_t item, uint32_t relation,
                     uint32_t window)
{
    const struct published *published = published_at(&publish->store, item);

    return published->digests != NULL &&
           published->digests[relation * publish->windows + window] != 0;
}

int publish_has_popular(const struct publish *publish, struct text key)
{
    return popular_writer_has(publish->popular_writer, key);
}

int publish_work(struct publish *publish, const struct publish_turn *turn)
{
    uint32_t rows = turn->rows;

    follow_sink(publish);
    if (is_to_collect(publish, turn))
        collect_touched(publish, turn);
    work_hot(publish, turn, &rows);
    work_due(publish, turn, &rows);
    work_sweep(publish, turn, &rows);
    return rows == 0;
}

int publish_is_settled(const struct publish *publish)
{
    return publish->hot.count == 0 && publish->settling.count == 0 &&
           publish->counting.count == 0 && !publish->sweep.is_wanted &&
           !publish->sweep.is_full &&
           groups_touched(engine_groups(publish->engine)) == 0;
}

const struct publish_stats *publish_stats(struct publish *publish)
{
    const struct row_writer_stats *rows = row_writer_stats(publish->writer);

    publish->stats.lists_written = rows->lists_written;
    publish->stats.lists_deleted = rows->lists_deleted;
    publish->stats.lists_unchanged = rows->lists_unchanged;
    publish->stats.counts_written = rows->counts_written;
    publish->stats.waiting =
        publish->hot.count + groups_touched(engine_groups(publish->engine));
    publish->stats.popular_written =
        popular_writer_written(publish->popular_writer);
    publish->stats.bytes = publish->store.bytes;
    return &publish->stats;
}
