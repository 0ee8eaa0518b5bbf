#include "engine.h"

#include "contribution.h"
#include "err.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct partition {
    struct sessions *sessions; /* owned; NULL: none yet */
    int64_t position;          /* after its last record; -1: none yet */
};

struct engine {
    struct engine_rules rules;
    struct event_decoder *decoders[ENGINE_BATCH];
    struct event events[ENGINE_BATCH];
    struct intern *items;
    struct partition *partitions; /* owned; by number */
    uint32_t partitions_count;
    struct contributions contributions;
    struct row_rules row_rules;
    struct groups *groups;
    int64_t time_ms;
    struct row_lists lists;  /* scored, for engine_lists */
    struct row_lists counts; /* by count, for engine_counts */
    uint32_t counts_k;
    struct engine_stats stats;
};

static void init_lists(struct engine *engine)
{
    for (uint32_t r = 0; r < engine->rules.relations.count; r++)
        for (uint32_t w = 0; w < engine->rules.windows.count; w++)
            list_init(&engine->lists.lists[r][w],
                      engine->rules.relations.at[r].k);
}

struct engine *engine_new(const struct engine_rules *rules)
{
    struct engine *engine = mem_new(1, sizeof *engine);

    engine->rules = *rules;
    for (uint32_t i = 0; i < ENGINE_BATCH; i++)
        engine->decoders[i] = event_decoder_new(rules->event_bytes_max);
    engine->items = intern_new();
    contributions_init(&engine->contributions);
    engine->row_rules = (struct row_rules){
        .relations = &engine->rules.relations,
        .windows = &engine->rules.windows,
        .items = engine->items,
        .pairs_max = rules->row_pairs_max,
    };
    engine->groups = groups_new(&engine->row_rules, rules->groups_count);
    engine->time_ms = -1;
    init_lists(engine);
    return engine;
}

static void free_lists(const struct engine *engine, struct row_lists *lists)
{
    for (uint32_t r = 0; r < engine->rules.relations.count; r++)
        for (uint32_t w = 0; w < engine->rules.windows.count; w++)
            list_deinit(&lists->lists[r][w]);
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    intern_abandon(engine->items);
    free_lists(engine, &engine->lists);
    free_lists(engine, &engine->counts);
    for (uint32_t i = 0; i < engine->partitions_count; i++)
        sessions_free(engine->partitions[i].sessions);
    free(engine->partitions);
    groups_free(engine->groups);
    contributions_deinit(&engine->contributions);
    intern_free(engine->items);
    for (uint32_t i = 0; i < ENGINE_BATCH; i++)
        event_decoder_free(engine->decoders[i]);
    free(engine);
}

const struct engine_rules *engine_rules(const struct engine *engine)
{
    return &engine->rules;
}

static void retune_relation(struct engine *engine, uint32_t r,
                            const struct relation *from)
{
    struct relation *to = &engine->rules.relations.at[r];

    ASSERT(strcmp(to->name, from->name) == 0);
    to->score = from->score;
    to->min_support = from->min_support;
    if (to->k == from->k)
        return;
    to->k = from->k;
    for (uint32_t w = 0; w < engine->rules.windows.count; w++) {
        list_deinit(&engine->lists.lists[r][w]);
        list_init(&engine->lists.lists[r][w], to->k);
    }
}

void engine_retune(struct engine *engine, const struct engine_rules *rules)
{
    ASSERT(rules->relations.count == engine->rules.relations.count);
    for (uint32_t r = 0; r < rules->relations.count; r++)
        retune_relation(engine, r, &rules->relations.at[r]);
    engine->rules.damping = rules->damping;
    engine->rules.popular_k = rules->popular_k;
    engine->rules.popular_min_support = rules->popular_min_support;
    engine->rules.row_pairs_max = rules->row_pairs_max;
    engine->row_rules.pairs_max = rules->row_pairs_max;
    groups_set_pairs_max(engine->groups, rules->row_pairs_max);
}

/* ---- records in ---- */

static struct partition *partition_at(struct engine *engine, uint32_t number)
{
    if (number >= engine->partitions_count)
        engine->partitions = mem_resize(engine->partitions, number + 1,
                                        sizeof *engine->partitions);
    while (engine->partitions_count <= number)
        engine->partitions[engine->partitions_count++] =
            (struct partition){NULL, -1};
    return &engine->partitions[number];
}

struct sessions *engine_sessions(struct engine *engine, uint32_t partition)
{
    struct partition *one = partition_at(engine, partition);

    if (one->sessions == NULL)
        one->sessions =
            sessions_new(&engine->rules.session, &engine->rules.relations,
                         &engine->rules.windows, engine->items);
    return one->sessions;
}

static void categorise(struct engine *engine, const struct event *event,
                       const struct record *record)
{
    if (event->category.length == 0)
        return;
    for (uint32_t i = 0; i < event->items_count; i++) {
        uint32_t item =
            intern_hold(engine->items, event->tenant, event->items[i]);

        if (!groups_has(engine->groups, item, record->partition,
                        record->offset))
            groups_categorise(engine->groups, item, event->ts_ms,
                              event->category);
        intern_drop(engine->items, item);
    }
}

static void count_accepted(struct engine *engine, const struct event *event,
                           const struct record *record,
                           const struct contribution *list, uint32_t count)
{
    engine_set_time(engine, event->ts_ms);
    groups_apply(engine->groups, list, count, record->partition,
                 record->offset);
    categorise(engine, event, record);
    engine->stats.types[event->type]++;
    engine->stats.item_events += event->items_count;
    for (uint32_t i = 0; i < count; i++)
        engine->stats.pair_updates += list[i].other != 0;
}

/* Where each event's session and first item are kept lies anywhere in memory:
 * asked for all at once, it comes together. One step of the way at a time, for
 * each says where the next is. */
static void ask_ahead(struct engine *engine, const struct engine_batch *batch)
{
    uint32_t visitors[ENGINE_BATCH], items[ENGINE_BATCH];

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct event *event = &batch->events[i];

        if (batch->verdicts[i] != EVENT_ACCEPTED)
            continue;
        visitors[i] = sessions_ask(
            engine_sessions(engine, batch->records[i].partition), event);
        items[i] = intern_ask(engine->items, event->tenant, event->items[0]);
    }
    for (enum intern_step step = INTERN_ENTRY; step <= INTERN_BYTES; step++)
        for (uint32_t i = 0; i < batch->count; i++) {
            if (batch->verdicts[i] != EVENT_ACCEPTED)
                continue;
            if (step == INTERN_ENTRY)
                sessions_ask_block(
                    engine_sessions(engine, batch->records[i].partition),
                    visitors[i]);
            intern_ask_on(engine->items, items[i], step);
        }
}

static void judge(struct engine *engine, const struct engine_batch *batch,
                  uint32_t i, uint32_t *end)
{
    const struct record *record = &batch->records[i];

    if (batch->verdicts[i] == EVENT_ACCEPTED)
        batch->verdicts[i] = sessions_take(
            engine_sessions(engine, record->partition), &engine->contributions,
            &batch->events[i], record->now_ms, record->offset);
    *end = engine->contributions.count;
    engine_set_position(engine, record->partition, record->offset + 1);
    engine->stats.verdicts[batch->verdicts[i]]++;
}

static void drop_leaving(struct engine *engine)
{
    for (uint32_t i = 0; i < engine->partitions_count; i++)
        if (engine->partitions[i].sessions != NULL)
            sessions_drop_leaving(engine->partitions[i].sessions);
}

void engine_take_events(struct engine *engine, const struct engine_batch *batch)
{
    uint32_t ends[ENGINE_BATCH], begin = 0;

    ASSERT(batch->count <= ENGINE_BATCH);
    engine->contributions.count = 0;
    ask_ahead(engine, batch);
    for (uint32_t i = 0; i < batch->count; i++)
        judge(engine, batch, i, &ends[i]);
    groups_ask(engine->groups, &engine->contributions);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->verdicts[i] == EVENT_ACCEPTED)
            count_accepted(engine, &batch->events[i], &batch->records[i],
                           engine->contributions.at + begin, ends[i] - begin);
        begin = ends[i];
    }
    drop_leaving(engine);
}

static void take_batch(struct engine *engine, const struct record *records,
                       uint32_t count, enum event_verdict *verdicts)
{
    struct engine_batch batch = {engine->events, records, verdicts, count};

    for (uint32_t i = 0; i < count; i++)
        verdicts[i] = event_decode(engine->decoders[i], &engine->events[i],
                                   records[i].bytes, records[i].length,
                                   records[i].stamp_ms);
    engine_take_events(engine, &batch);
}

void engine_take_all(struct engine *engine, const struct record *records,
                     uint32_t count, enum event_verdict *verdicts)
{
    for (uint32_t i = 0; i < count; i += ENGINE_BATCH)
        take_batch(engine, records + i,
                   count - i < ENGINE_BATCH ? count - i : ENGINE_BATCH,
                   verdicts + i);
}

enum event_verdict engine_take(struct engine *engine,
                               const struct record *record)
{
    enum event_verdict verdict;

    engine_take_all(engine, record, 1, &verdict);
    return verdict;
}

const struct event *engine_events(const struct engine *engine)
{
    return engine->events;
}

int64_t engine_time(const struct engine *engine)
{
    return engine->time_ms;
}

void engine_set_time(struct engine *engine, int64_t time_ms)
{
    if (time_ms <= engine->time_ms)
        return;
    engine->time_ms = time_ms;
    groups_advance(engine->groups,
                   window_fine_pane(&engine->rules.windows, time_ms));
}

int64_t engine_position(const struct engine *engine, uint32_t partition)
{
    if (partition >= engine->partitions_count)
        return -1;
    return engine->partitions[partition].position;
}

void engine_set_position(struct engine *engine, uint32_t partition,
                         int64_t position)
{
    partition_at(engine, partition)->position = position;
}

/* ---- lists out ---- */

static uint32_t tenant_sessions(struct engine *engine, uint32_t item,
                                uint32_t set, uint32_t window)
{
    uint32_t row =
        intern_find(engine->items, intern_tenant(engine->items, item),
                    (struct text){"", 0});

    return row == 0 ? 0 : groups_support(engine->groups, row, set, window);
}

static int needs_all(enum score score)
{
    return score == SCORE_LIFT || score == SCORE_LLR;
}

/* As long as a window's list would be that of the window before, it is not
 * kept: the row is young, or small. Where it stands meanwhile. */
static uint32_t leader(const struct row_lists *out, uint32_t r, uint32_t w)
{
    while (out->follows[r][w])
        w--;
    return w;
}

/* Windows of which this other makes a list of its own; before it is offered. */
static void part_ways(struct engine *engine, struct row_lists *out, uint32_t r,
                      const struct list_entry *entries)
{
    for (uint32_t w = engine->rules.windows.count; w-- > 1;) {
        if (!out->follows[r][w] ||
            (entries[w].count == entries[w - 1].count &&
             !(entries[w].score < entries[w - 1].score) &&
             !(entries[w].score > entries[w - 1].score)))
            continue;
        list_copy(&out->lists[r][w], &out->lists[r][leader(out, r, w)]);
        out->follows[r][w] = 0;
    }
}

/* One pair of one relation, an entry a window; count 0: none. */
static void offer(struct engine *engine, struct row_lists *out, uint32_t r,
                  const struct list_entry *entries)
{
    part_ways(engine, out, r, entries);
    for (uint32_t w = 0; w < engine->rules.windows.count; w++)
        if (!out->follows[r][w] && entries[w].count > 0)
            list_offer(&out->lists[r][w], engine->items, entries[w]);
}

static void end_following(struct engine *engine, struct row_lists *out)
{
    for (uint32_t r = 0; r < engine->rules.relations.count; r++)
        for (uint32_t w = 1; w < engine->rules.windows.count; w++)
            if (out->follows[r][w])
                list_copy(&out->lists[r][w], &out->lists[r][w - 1]);
}

/* Only where it is strong enough for the list. */
static void offer_scored(struct engine *engine, struct row_lists *out,
                         const struct row_sums *sums, uint32_t relation,
                         uint32_t other)
{
    const struct relation *rule = &engine->rules.relations.at[relation];
    struct list_entry entries[WINDOWS_MAX];

    for (uint32_t w = 0; w < engine->rules.windows.count; w++) {
        struct score_input in = {.both = sums->at[relation][w],
                                 .from = out->supports[relation][w]};

        entries[w] = (struct list_entry){.item = other};
        if (in.both < rule->min_support)
            continue;
        in.to = groups_support(engine->groups, other, rule->to_set, w);
        in.all = out->sessions[relation][w];
        entries[w].score =
            score_compute(rule->score, in, engine->rules.damping);
        entries[w].count = (uint32_t)in.both;
    }
    offer(engine, out, relation, entries);
}

static void offer_counted(struct engine *engine, struct row_lists *out,
                          const struct row_sums *sums, uint32_t relation,
                          uint32_t other)
{
    struct list_entry entries[WINDOWS_MAX];

    for (uint32_t w = 0; w < engine->rules.windows.count; w++)
        entries[w] = (struct list_entry){.score = sums->at[relation][w],
                                         .count = sums->at[relation][w],
                                         .item = other};
    offer(engine, out, relation, entries);
}

enum { AHEAD = 16 }; /* cells until an id's first bytes are wanted */

/* One pass over the row for whatever is wanted; NULL: not that. */
static void collect(struct engine *engine, const struct row *row,
                    struct row_lists *lists, struct row_lists *counts)
{
    const struct horizon *horizon = groups_horizon(engine->groups);

    for (uint32_t at = row_pairs_start(row); at < row->used;) {
        struct row_sums sums;
        uint32_t other = row->cells[at].other;

        if (at + AHEAD < row->used)
            intern_ask_prefix(engine->items, row->cells[at + AHEAD].other);
        at = row_sum_run(&sums, row, &engine->row_rules, horizon, at);
        for (uint32_t r = 0; r < engine->rules.relations.count; r++) {
            if ((sums.seen >> r & 1) == 0)
                continue;
            if (lists != NULL)
                offer_scored(engine, lists, &sums, r, other);
            if (counts != NULL)
                offer_counted(engine, counts, &sums, r, other);
        }
    }
    if (lists != NULL)
        end_following(engine, lists);
    if (counts != NULL)
        end_following(engine, counts);
}

static void begin_lists(struct engine *engine, struct row_lists *out,
                        uint32_t item)
{
    for (uint32_t r = 0; r < engine->rules.relations.count; r++) {
        const struct relation *rule = &engine->rules.relations.at[r];

        for (uint32_t w = 0; w < engine->rules.windows.count; w++) {
            list_clear(&out->lists[r][w]);
            out->follows[r][w] = w > 0;
            out->supports[r][w] =
                groups_support(engine->groups, item, rule->from_set, w);
            if (needs_all(rule->score))
                out->sessions[r][w] =
                    tenant_sessions(engine, item, rule->from_set, w);
        }
    }
}

static void begin_counts(struct engine *engine, uint32_t k)
{
    int is_resized = engine->counts_k != k;

    if (is_resized)
        free_lists(engine, &engine->counts);
    engine->counts_k = k;
    for (uint32_t r = 0; r < engine->rules.relations.count; r++)
        for (uint32_t w = 0; w < engine->rules.windows.count; w++) {
            if (is_resized)
                list_init(&engine->counts.lists[r][w], k);
            list_clear(&engine->counts.lists[r][w]);
            engine->counts.follows[r][w] = w > 0;
        }
}

static const struct row *row_of_item(struct engine *engine, uint32_t item)
{
    const struct row *row = groups_row(engine->groups, item);

    if (row == NULL || intern_id(engine->items, item).length == 0)
        return NULL;
    return row;
}

const struct row_lists *engine_lists(struct engine *engine, uint32_t item)
{
    const struct row *row = row_of_item(engine, item);

    if (row == NULL)
        return NULL;
    begin_lists(engine, &engine->lists, item);
    engine->lists.is_partial = row->cut_until != 0;
    collect(engine, row, &engine->lists, NULL);
    return &engine->lists;
}

const struct row_lists *engine_counts(struct engine *engine, uint32_t item,
                                      uint32_t k)
{
    const struct row *row = row_of_item(engine, item);

    if (row == NULL)
        return NULL;
    begin_counts(engine, k);
    collect(engine, row, NULL, &engine->counts);
    return &engine->counts;
}

const struct row_lists *engine_lists_and_counts(struct engine *engine,
                                                uint32_t item, uint32_t k,
                                                const struct row_lists **counts)
{
    const struct row *row = row_of_item(engine, item);

    if (row == NULL)
        return NULL;
    begin_lists(engine, &engine->lists, item);
    begin_counts(engine, k);
    engine->lists.is_partial = row->cut_until != 0;
    collect(engine, row, &engine->lists, &engine->counts);
    *counts = &engine->counts;
    return &engine->lists;
}

int engine_each_pair(struct engine *engine, uint32_t item,
                     engine_visit_pair *visit, void *context)
{
    const struct horizon *horizon = groups_horizon(engine->groups);
    const struct row *row = row_of_item(engine, item);

    if (row == NULL)
        return 0;
    for (uint32_t at = row_pairs_start(row); at < row->used;) {
        struct row_sums sums;
        uint32_t other = row->cells[at].other;

        at = row_sum_run(&sums, row, &engine->row_rules, horizon, at);
        visit(context, other, &sums);
    }
    return 1;
}

/* ---- what stands ---- */

struct groups *engine_groups(struct engine *engine)
{
    return engine->groups;
}

struct intern *engine_items(struct engine *engine)
{
    return engine->items;
}

const struct engine_stats *engine_stats(const struct engine *engine)
{
    return &engine->stats;
}

struct session_stats engine_session_stats(const struct engine *engine)
{
    struct session_stats sum = {0};

    for (uint32_t i = 0; i < engine->partitions_count; i++) {
        const struct session_stats *one;

        if (engine->partitions[i].sessions == NULL)
            continue;
        one = sessions_stats(engine->partitions[i].sessions);
        sum.opened += one->opened;
        sum.forgotten_full += one->forgotten_full;
        sum.pushed_out += one->pushed_out;
    }
    return sum;
}

uint64_t engine_sessions_open(const struct engine *engine)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < engine->partitions_count; i++)
        if (engine->partitions[i].sessions != NULL)
            sum += sessions_open(engine->partitions[i].sessions);
    return sum;
}

uint64_t engine_bytes(const struct engine *engine)
{
    uint64_t sum = groups_bytes(engine->groups) + intern_bytes(engine->items);

    for (uint32_t i = 0; i < engine->partitions_count; i++)
        if (engine->partitions[i].sessions != NULL)
            sum += sessions_bytes(engine->partitions[i].sessions);
    return sum;
}

void engine_check(struct engine *engine)
{
    for (uint32_t i = 0; i < engine->partitions_count; i++)
        if (engine->partitions[i].sessions != NULL)
            sessions_check(engine->partitions[i].sessions);
    groups_check(engine->groups);
    intern_check(engine->items);
}
