#include "keeper.h"

#include "checkpoint.h"
#include "err.h"
#include "group_state.h"
#include "mem.h"
#include "mutant.h"
#include "pace.h"
#include "snapshot.h"
#include "startup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN_FLIGHT_MAX = 16,        /* checkpoints sent and not answered */
    LOOKS_MAX = 64,            /* groups considered a call */
    TURN_BYTES = 64 * 1024,    /* no more is cut in a call that has so much */
    STRETCH = 10,              /* intervals in which all is written */
    DELTA_BYTES = 1024 * 1024, /* a delta that large does not wait */
    LOG_BYTES_MIN = 64 * 1024, /* a log that small never makes a base */
    LOG_PART = 2,              /* a log grows to that part of its base */
    IDLE_US = 60000000,        /* a group at rest asks for its head */
    ASK_AGAIN_US = 100000
};

struct group {
    struct keeper *keeper;
    uint32_t number;
    struct checkpoint checkpoint;
    int is_busy;  /* a request is in flight */
    int was_base; /* what was sent */
    uint64_t sent_bytes;
    uint64_t base_bytes; /* of what stands; 0: none yet */
    uint64_t log_bytes;
    uint64_t base_weight; /* groups_weight() when that was packed or loaded */
    int64_t weighed_us;
    int64_t *durable; /* marks of what stands; owned, by partition */
    int64_t *sent;    /* marks of what was sent; owned */
    int64_t due_us;
    int64_t cut_us;
    int64_t answered_us;
    int64_t kept_us; /* when all of it was durable, or some became so */
    int64_t ask_us;
};

struct keeper {
    struct keeper_rules rules;
    struct engine *engine;
    const struct store *store;
    const struct keeper_commits *commits;
    enum keeper_phase phase;
    struct err reason;
    struct err given_up;
    struct startup *startup;
    struct store_token token;
    uint64_t sequence;
    uint32_t partitions_count;
    struct group *groups; /* owned */
    struct snapshot **snapshots;
    int64_t *offsets; /* where reading begins */
    uint32_t next_group;
    uint32_t in_flight;
    struct pace pace;
    uint64_t turn_bytes; /* cut in this call */
    uint64_t generation;
    int is_ending;
    int64_t now_us;
    struct strbuf body;
    struct keeper_stats stats;
};

static struct text as_text(const char *text)
{
    return (struct text){text, (uint32_t)strlen(text)};
}

static void taken_over(void *context, struct text by)
{
    struct keeper *keeper = context;

    if (keeper->phase != KEEPER_RUNNING)
        return;
    err_set(&keeper->reason, "another process took over: %.*s", (int)by.length,
            by.bytes);
    keeper->phase = KEEPER_TAKEN_OVER;
}

/* ---- a group's checkpoints ---- */

static int64_t mark_now(const struct group *group, uint32_t partition)
{
    struct engine *engine = group->keeper->engine;

    return groups_mark(engine_groups(engine), group->number, partition,
                       engine_position(engine, partition));
}

static int has_moved(const struct group *group)
{
    for (uint32_t i = 0; i < group->keeper->partitions_count; i++)
        if (mark_now(group, i) != group->durable[i])
            return 1;
    return 0;
}

static void note_bytes(struct group *group)
{
    struct keeper *keeper = group->keeper;

    keeper->pace.all_bytes += group->sent_bytes;
    if (group->was_base) {
        keeper->pace.all_bytes -= group->base_bytes + group->log_bytes;
        group->base_bytes = group->sent_bytes;
        group->log_bytes = 0;
    } else {
        group->log_bytes += group->sent_bytes;
    }
}

static void keep_answer(struct group *group, enum checkpoint_verdict verdict)
{
    struct keeper *keeper = group->keeper;
    struct groups *groups = engine_groups(keeper->engine);

    switch (verdict) {
    case CHECKPOINT_LANDED:
        groups_cut_landed(groups, group->number);
        group->kept_us = keeper->now_us;
        memcpy(group->durable, group->sent,
               keeper->partitions_count * sizeof *group->durable);
        note_bytes(group);
        keeper->stats.checkpoints++;
        keeper->stats.took_us = keeper->now_us - group->cut_us;
        if (group->was_base)
            keeper->stats.bases++;
        keeper->stats.bytes += group->sent_bytes;
        break;
    case CHECKPOINT_ROLLED_BACK:
        keeper->stats.rolled_back++;
        groups_cut_lost(groups, group->number);
        break;
    case CHECKPOINT_LOST:
        groups_cut_lost(groups, group->number);
        break;
    case CHECKPOINT_OVERTAKEN:
    case CHECKPOINT_UNKNOWN:
        break;
    }
}

static void checkpoint_answered(void *context,
                                const struct store_answer *answer)
{
    struct group *group = context;

    group->is_busy = 0;
    group->keeper->in_flight--;
    group->answered_us = group->keeper->now_us;
    keep_answer(group, checkpoint_answer(&group->checkpoint, answer->outcome));
}

static void head_answered(void *context, const struct store_answer *answer)
{
    struct group *group = context;
    struct keeper *keeper = group->keeper;
    enum checkpoint_verdict verdict =
        checkpoint_judge(&group->checkpoint, answer);

    group->is_busy = 0;
    keeper->in_flight--;
    if (verdict == CHECKPOINT_OVERTAKEN) {
        taken_over(keeper, answer->head.who);
        return;
    }
    if (verdict == CHECKPOINT_UNKNOWN)
        return;
    group->answered_us = keeper->now_us;
    keep_answer(group, verdict);
    if (answer->is_at_odds)
        group->checkpoint.needs_base = 1;
    if (verdict == CHECKPOINT_ROLLED_BACK)
        for (uint32_t i = 0; i < keeper->partitions_count; i++)
            group->durable[i] =
                i < answer->head.marks.count ? answer->head.marks.at[i] : -1;
}

static void ask_for_head(struct group *group)
{
    struct keeper *keeper = group->keeper;
    struct store_key key = {STORE_GROUP, group->number};

    if (keeper->now_us < group->ask_us)
        return;
    group->ask_us = keeper->now_us + ASK_AGAIN_US;
    group->is_busy = 1;
    keeper->in_flight++;
    keeper->stats.in_doubt++;
    keeper->store->take(keeper->store->self, key, keeper->token,
                        as_text(keeper->rules.who), head_answered, group);
}

/* Time takes cells away, which is no change: rows of half the size are a base.
 */
static int has_shrunk(struct group *group)
{
    const struct groups *groups = engine_groups(group->keeper->engine);

    if (group->base_bytes < LOG_BYTES_MIN / 16 ||
        group->keeper->now_us - group->weighed_us < IDLE_US)
        return 0;
    group->weighed_us = group->keeper->now_us;
    return groups_weight(groups, group->number) < group->base_weight / 2;
}

/* What a delta will be is guessed: a cell is packed in about six bytes. */
static int wants_base(struct group *group)
{
    struct groups *groups = engine_groups(group->keeper->engine);
    uint64_t room = group->base_bytes / LOG_PART;
    uint64_t delta = groups_changed(groups, group->number).bytes * 6 / 10;

    return group->checkpoint.needs_base || has_shrunk(group) ||
           group->log_bytes + delta >
               (room > LOG_BYTES_MIN ? room : LOG_BYTES_MIN);
}

static void pack_body(struct group *group)
{
    struct keeper *keeper = group->keeper;
    struct groups *groups = engine_groups(keeper->engine);
    int has_rows = groups_changed(groups, group->number).rows > 0;

    group->was_base = wants_base(group);
    strbuf_clear(&keeper->body);
    groups_cut(groups, group->number);
    if (group->was_base) {
        group->base_weight = groups_weight(groups, group->number);
        group_state_pack_base(&keeper->body, groups, group->number);
    } else if (has_rows) {
        group_state_pack_cut(&keeper->body, groups, group->number);
    }
    group->sent_bytes = keeper->body.length;
}

static void send_checkpoint(struct group *group)
{
    struct keeper *keeper = group->keeper;
    struct store_checkpoint one = {
        .token = keeper->token,
        .builds_on = group->checkpoint.stands,
        .id = {keeper->token.owner, ++keeper->sequence},
        .time_ms = engine_time(keeper->engine),
        .fingerprint = as_text(keeper->rules.fingerprint),
    };

    pack_body(group);
    for (uint32_t i = 0; i < keeper->partitions_count; i++)
        group->sent[i] = mark_now(group, i);
    one.marks = (struct store_marks){keeper->partitions_count, group->sent};
    one.is_base = group->was_base;
    one.body = (struct text){keeper->body.bytes, (uint32_t)keeper->body.length};
    checkpoint_send(&group->checkpoint, one.id);
    group->is_busy = 1;
    group->cut_us = keeper->now_us;
    group->due_us = keeper->now_us + keeper->rules.interval_ms * 1000;
    keeper->in_flight++;
    if (MUTANT(CUT_CLEARED))
        groups_cut_landed(engine_groups(keeper->engine), group->number);
    keeper->store->checkpoint(keeper->store->self, group->number, &one,
                              checkpoint_answered, group);
}

/* 0: it is due, and others were cut just now. */
static int work_group(struct group *group)
{
    struct keeper *keeper = group->keeper;
    struct groups_change changed;
    int has_news, is_due;

    if (group->is_busy)
        return 1;
    if (group->checkpoint.phase == CHECKPOINT_IN_DOUBT) {
        ask_for_head(group);
        return 1;
    }
    changed = groups_changed(engine_groups(keeper->engine), group->number);
    has_news =
        changed.rows > 0 || group->checkpoint.needs_base || has_moved(group);
    if (!has_news)
        group->kept_us = keeper->now_us;
    is_due = has_news && (keeper->now_us >= group->due_us ||
                          keeper->is_ending || changed.bytes >= DELTA_BYTES);
    if (!is_due && !MUTANT(NO_IDLE_LOOK) &&
        keeper->now_us - group->answered_us >= IDLE_US)
        checkpoint_doubt(&group->checkpoint);
    if (!is_due)
        return 1;
    if (!pace_allows(&keeper->pace, keeper->now_us) && !keeper->is_ending)
        return 0;
    send_checkpoint(group);
    pace_note(&keeper->pace, keeper->now_us, group->sent_bytes);
    keeper->turn_bytes += group->sent_bytes;
    return 1;
}

static void work_groups(struct keeper *keeper)
{
    uint32_t looks = LOOKS_MAX;

    keeper->turn_bytes = 0;
    if (looks > keeper->rules.groups_count)
        looks = keeper->rules.groups_count;
    while (looks-- > 0 && keeper->turn_bytes < TURN_BYTES &&
           keeper->in_flight < IN_FLIGHT_MAX) {
        if (!work_group(&keeper->groups[keeper->next_group]))
            break;
        keeper->next_group =
            (keeper->next_group + 1) % keeper->rules.groups_count;
    }
}

/* ---- partitions' snapshots ---- */

static uint64_t next_sequence(void *context)
{
    struct keeper *keeper = context;

    return ++keeper->sequence;
}

static void stood(void *context, uint32_t partition, int64_t offset)
{
    struct keeper *keeper = context;

    keeper->stats.snapshots++;
    keeper->commits->commit(keeper->commits->self, partition, offset);
}

/* Every group's durable mark has reached this. */
static int64_t durable_offset(const struct keeper *keeper, uint32_t partition)
{
    int64_t low = INT64_MAX;

    for (uint32_t g = 0; g < keeper->rules.groups_count; g++)
        if (keeper->groups[g].durable[partition] < low)
            low = keeper->groups[g].durable[partition];
    return low;
}

static int is_group_clean(const struct group *group)
{
    struct groups *groups = engine_groups(group->keeper->engine);

    return !group->is_busy && group->checkpoint.phase == CHECKPOINT_STANDING &&
           !group->checkpoint.needs_base &&
           groups_changed(groups, group->number).rows == 0 && !has_moved(group);
}

static void work_snapshots(struct keeper *keeper)
{
    for (uint32_t i = 0; i < keeper->partitions_count; i++) {
        struct snapshot_turn turn = {
            .now_us = keeper->now_us,
            .position = engine_position(keeper->engine, i),
            .durable = snapshot_is_waiting(keeper->snapshots[i])
                           ? durable_offset(keeper, i)
                           : -1,
            .is_urgent = keeper->is_ending,
        };

        snapshot_work(keeper->snapshots[i], &turn);
    }
}

/* ---- life ---- */

struct keeper *keeper_new(const struct keeper_rules *rules,
                          struct engine *engine, const struct store *store,
                          const struct keeper_commits *commits,
                          const struct keeper_log *log)
{
    struct keeper *keeper = mem_new(1, sizeof *keeper);

    ASSERT(rules->owner != 0);
    keeper->rules = *rules;
    keeper->engine = engine;
    keeper->store = store;
    keeper->commits = commits;
    keeper->partitions_count = log->count;
    keeper->generation = store->generation(store->self);
    pace_init(&keeper->pace, STRETCH * rules->interval_ms * 1000);
    keeper->startup = startup_new(rules, engine, store, commits, log);
    return keeper;
}

void keeper_free(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    startup_free(keeper->startup);
    for (uint32_t g = 0; keeper->groups && g < keeper->rules.groups_count;
         g++) {
        free(keeper->groups[g].durable);
        free(keeper->groups[g].sent);
    }
    for (uint32_t i = 0; keeper->snapshots && i < keeper->partitions_count; i++)
        snapshot_free(keeper->snapshots[i]);
    free(keeper->groups);
    free(keeper->snapshots);
    free(keeper->offsets);
    strbuf_deinit(&keeper->body);
    free(keeper);
}

/* Spread over the interval, so that they do not all come at once; groups at
 * rest ask for their heads in turn, so a process that was overtaken hears of it
 * soon from one of them. */
static void begin_group(struct keeper *keeper, uint32_t number)
{
    const struct startup_group *loaded = startup_group(keeper->startup, number);
    struct group *group = &keeper->groups[number];
    int64_t interval_us = keeper->rules.interval_ms * 1000;
    size_t bytes = keeper->partitions_count * sizeof *group->durable;

    group->keeper = keeper;
    group->number = number;
    checkpoint_begin(&group->checkpoint, loaded->id);
    group->kept_us = keeper->now_us;
    group->durable = mem_new(1, bytes);
    group->sent = mem_new(1, bytes);
    memcpy(group->durable, loaded->marks, bytes);
    group->base_bytes = loaded->base_bytes;
    group->base_weight = groups_weight(engine_groups(keeper->engine), number);
    group->log_bytes = loaded->log_bytes;
    keeper->pace.all_bytes += loaded->base_bytes + loaded->log_bytes;
    group->answered_us =
        keeper->now_us - IDLE_US * (int64_t)number / keeper->rules.groups_count;
    group->due_us = keeper->now_us +
                    interval_us * (int64_t)number / keeper->rules.groups_count;
}

static void begin_partition(struct keeper *keeper, uint32_t number)
{
    const struct startup_partition *loaded =
        startup_partition(keeper->startup, number);
    struct snapshot_rules rules = {
        .partition = number,
        .interval_ms = keeper->rules.interval_ms,
        .token = keeper->token,
        .who = as_text(keeper->rules.who),
        .fingerprint = as_text(keeper->rules.fingerprint),
        .store = keeper->store,
        .sessions = engine_sessions(keeper->engine, number),
        .sequence = next_sequence,
        .stood = stood,
        .overtaken = taken_over,
        .context = keeper,
    };

    /* A snapshot may have stood when its process died before the commit. */
    if (loaded->log.committed != loaded->offset &&
        keeper->commits->committed(keeper->commits->self, number) !=
            loaded->offset)
        keeper->commits->commit(keeper->commits->self, number, loaded->offset);
    keeper->offsets[number] = loaded->offset;
    keeper->snapshots[number] =
        snapshot_new(&rules, loaded->offset, loaded->origin, &loaded->body);
}

static void begin_running(struct keeper *keeper)
{
    keeper->token = startup_token(keeper->startup);
    keeper->sequence = startup_sequence(keeper->startup);
    keeper->stats.accepted_loss = startup_accepted(keeper->startup);
    err_set(&keeper->given_up, "%s", startup_given_up(keeper->startup));
    keeper->groups =
        mem_new(keeper->rules.groups_count, sizeof *keeper->groups);
    keeper->snapshots =
        mem_new(keeper->partitions_count, sizeof *keeper->snapshots);
    keeper->offsets =
        mem_new(keeper->partitions_count, sizeof *keeper->offsets);
    for (uint32_t g = 0; g < keeper->rules.groups_count; g++)
        begin_group(keeper, g);
    for (uint32_t i = 0; i < keeper->partitions_count; i++)
        begin_partition(keeper, i);
    keeper->stats.loaded_rows = groups_rows(engine_groups(keeper->engine));
    startup_free(keeper->startup);
    keeper->startup = NULL;
}

static void work_startup(struct keeper *keeper, int64_t wall_ms)
{
    keeper->phase = startup_work(keeper->startup, wall_ms);
    if (keeper->phase == KEEPER_RUNNING)
        begin_running(keeper);
    else if (keeper->phase != KEEPER_STARTING)
        err_set(&keeper->reason, "%s", startup_reason(keeper->startup));
}

/* The store may have lost its memory, even while the start waited for no answer
 * of it: every key is asked for before it is written again. */
static void follow_store(struct keeper *keeper)
{
    uint64_t generation = keeper->store->generation(keeper->store->self);

    if (generation == keeper->generation)
        return;
    keeper->generation = generation;
    if (MUTANT(NO_REREAD))
        return;
    for (uint32_t g = 0; g < keeper->rules.groups_count; g++)
        checkpoint_doubt(&keeper->groups[g].checkpoint);
    for (uint32_t i = 0; i < keeper->partitions_count; i++)
        snapshot_doubt(keeper->snapshots[i]);
}

enum keeper_phase keeper_work(struct keeper *keeper, int64_t now_us,
                              int64_t wall_ms)
{
    keeper->now_us = now_us;
    keeper->store->pump(keeper->store->self, now_us);
    if (!keeper->store->is_ready(keeper->store->self))
        return keeper->phase;
    if (keeper->phase == KEEPER_STARTING)
        work_startup(keeper, wall_ms);
    if (keeper->phase == KEEPER_RUNNING)
        follow_store(keeper);
    if (keeper->phase == KEEPER_RUNNING)
        work_groups(keeper);
    if (keeper->phase == KEEPER_RUNNING)
        work_snapshots(keeper);
    return keeper->phase;
}

int keeper_is_running(const struct keeper *keeper)
{
    return keeper->phase == KEEPER_RUNNING;
}

struct store_token keeper_token(const struct keeper *keeper)
{
    return keeper->token;
}

const char *keeper_reason(const struct keeper *keeper)
{
    return keeper->reason.text;
}

int64_t keeper_offset(const struct keeper *keeper, uint32_t partition)
{
    ASSERT(keeper->offsets != NULL && partition < keeper->partitions_count);
    return keeper->offsets[partition] + MUTANT(REPLAY_OFF_BY_ONE);
}

uint64_t keeper_sequence(const struct keeper *keeper)
{
    return keeper->startup != NULL ? startup_sequence(keeper->startup)
                                   : keeper->sequence;
}

const char *keeper_given_up(const struct keeper *keeper)
{
    return keeper->given_up.text;
}

void keeper_end(struct keeper *keeper)
{
    keeper->is_ending = 1;
}

int keeper_is_clean(const struct keeper *keeper)
{
    if (keeper->phase != KEEPER_RUNNING)
        return 0;
    for (uint32_t g = 0; g < keeper->rules.groups_count; g++)
        if (!is_group_clean(&keeper->groups[g]))
            return 0;
    for (uint32_t i = 0; i < keeper->partitions_count; i++)
        if (snapshot_is_busy(keeper->snapshots[i]) ||
            snapshot_offset(keeper->snapshots[i]) !=
                engine_position(keeper->engine, i))
            return 0;
    return 1;
}

const struct keeper_stats *keeper_stats(struct keeper *keeper, int64_t now_us)
{
    keeper->stats.oldest_us = 0;
    for (uint32_t g = 0; keeper->groups && g < keeper->rules.groups_count;
         g++) {
        int64_t age_us = now_us - keeper->groups[g].kept_us;

        if (age_us > keeper->stats.oldest_us)
            keeper->stats.oldest_us = age_us;
    }
    return &keeper->stats;
}
