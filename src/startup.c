#include "startup.h"

#include "err.h"
#include "mem.h"
#include "startup_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 32 };

/* A step sends `count` requests, some at a time, and is over when all are
 * answered. */
struct startup_step {
    uint32_t (*count)(const struct startup *startup);
    void (*send)(struct startup *startup, uint32_t index);
    void (*end)(struct startup *startup);
};

/* ---- endings ---- */

void startup_finish(struct startup *startup, enum keeper_phase phase)
{
    if (startup->phase == KEEPER_STARTING)
        startup->phase = phase;
}

void startup_taken_over(struct startup *startup, struct text who)
{
    err_set(&startup->reason, "another process owns this prefix: %.*s",
            (int)who.length, who.bytes);
    startup_finish(startup, KEEPER_TAKEN_OVER);
}

int startup_receive(struct startup *startup, const struct store_answer *answer)
{
    startup->pending--;
    if (startup->phase != KEEPER_STARTING)
        return 0;
    if (answer->outcome == STORE_UNKNOWN && answer->is_foreign) {
        err_set(&startup->reason, "%s", answer->problem);
        startup_finish(startup, KEEPER_REFUSED);
        return 0;
    }
    if (answer->outcome == STORE_UNKNOWN || answer->outcome == STORE_MISSING) {
        err_set(&startup->reason, "%s",
                answer->problem != NULL ? answer->problem
                                        : "the store did not answer");
        startup_finish(startup, KEEPER_START_OVER);
        return 0;
    }
    return 1;
}

void startup_refuse_loss(struct startup *startup, uint32_t lost,
                         const struct err *words)
{
    if (lost > 1)
        err_set(&startup->reason, "%s (and %" PRIu32 " more partitions)",
                words->text, lost - 1);
    else
        err_set(&startup->reason, "%s", words->text);
    startup_finish(startup, KEEPER_REFUSED);
}

void startup_check_clean(struct startup *startup)
{
    if (!startup->view.is_soft || startup_was_clean(&startup->view))
        return;
    err_set(&startup->reason,
            "%s; that may change only after a clean stop (SIGTERM): start "
            "with the old value and stop once, or choose a new redis.prefix",
            startup->soft.text);
    startup_finish(startup, KEEPER_MISFIT);
}

struct text startup_fingerprint(const struct startup *startup)
{
    return (struct text){startup->rules.fingerprint,
                         (uint32_t)strlen(startup->rules.fingerprint)};
}

struct store_key startup_key(const struct startup *startup, uint32_t index)
{
    uint32_t groups = startup->rules.groups_count;

    return index < groups ? (struct store_key){STORE_GROUP, index}
                          : (struct store_key){STORE_PARTITION, index - groups};
}

void startup_grow_slots(struct startup *startup, uint32_t count)
{
    if (count <= startup->slots_count)
        return;
    startup->slots = mem_resize(startup->slots, count, sizeof *startup->slots);
    for (uint32_t i = 0; i < count; i++)
        startup->slots[i] = (struct startup_slot){startup, i};
    startup->slots_count = count;
}

/* ---- the steps ---- */

static uint32_t keys_count(const struct startup *startup)
{
    return startup->rules.groups_count + startup->view.partitions_count;
}

static uint32_t groups_count(const struct startup *startup)
{
    return startup->rules.groups_count;
}

static uint32_t partitions_count(const struct startup *startup)
{
    return startup->view.partitions_count;
}

static uint32_t none(const struct startup *startup)
{
    (void)startup;
    return 0;
}

static const struct startup_step steps[] = {
    {partitions_count, startup_send_manifests, NULL},
    {keys_count, startup_send_look, startup_end_survey},
    {keys_count, startup_send_take, NULL},
    {groups_count, startup_send_load, NULL},
    {partitions_count, startup_send_choice, NULL},
    {startup_chunks, startup_send_chunk, startup_end_chunks},
    {keys_count, startup_send_ask, startup_end_ask},
    {partitions_count, startup_send_settle_partition, NULL},
    {groups_count, startup_send_settle_group, NULL},
    {none, NULL, NULL}, /* until the commits are acknowledged */
};

enum { STEPS = sizeof steps / sizeof steps[0] };

/* Settling sends a request for some of its indexes only, and counts itself. */
static int counts_itself(const struct startup_step *step)
{
    return step->send == startup_send_settle_partition ||
           step->send == startup_send_settle_group;
}

static void send_more(struct startup *startup)
{
    const struct startup_step *step = startup->step;
    uint32_t count = step->count(startup);

    startup_grow_slots(startup, count);
    while (startup->phase == KEEPER_STARTING && startup->next < count &&
           startup->pending < WINDOW) {
        startup->pending += !counts_itself(step);
        step->send(startup, startup->next++);
    }
}

static int is_step_over(struct startup *startup)
{
    return startup->pending == 0 &&
           startup->next == startup->step->count(startup);
}

static void end_step(struct startup *startup)
{
    if (startup->step->end != NULL)
        startup->step->end(startup);
    startup->step++;
    startup->next = 0;
}

enum keeper_phase startup_work(struct startup *startup, int64_t wall_ms)
{
    startup->wall_ms = wall_ms;
    while (startup->phase == KEEPER_STARTING) {
        if (startup->step == &steps[STEPS - 1]) {
            if (startup_is_committed(startup)) {
                startup_set_floors(startup);
                startup_finish(startup, KEEPER_RUNNING);
            }
            break;
        }
        send_more(startup);
        if (startup->phase != KEEPER_STARTING || !is_step_over(startup))
            break;
        end_step(startup);
    }
    if (startup->phase != KEEPER_STARTING && startup->pending > 0)
        return KEEPER_STARTING; /* answers still come to these slots */
    return startup->phase;
}

/* ---- the module's face ---- */

struct startup *startup_new(const struct keeper_rules *rules,
                            struct engine *engine, const struct store *store,
                            const struct keeper_commits *commits,
                            const struct keeper_log *log)
{
    struct startup *startup = mem_new(1, sizeof *startup);

    startup->rules = *rules;
    startup->view.rules = &startup->rules;
    startup->sequence = rules->sequence;
    startup->engine = engine;
    startup->store = store;
    startup->commits = commits;
    startup->view.partitions_count = log->count;
    startup->view.partitions =
        mem_new(log->count, sizeof *startup->view.partitions);
    for (uint32_t i = 0; i < log->count; i++)
        startup->view.partitions[i].log = log->at[i];
    startup->view.groups =
        mem_new(rules->groups_count, sizeof *startup->view.groups);
    for (uint32_t g = 0; g < rules->groups_count; g++)
        startup->view.groups[g].marks = mem_new(log->count, sizeof(int64_t));
    startup_grow_slots(startup, keys_count(startup));
    startup->step = steps;
    startup->time_ms = -1;
    startup->commit_ms = INT64_MIN / 2;
    return startup;
}

void startup_free(struct startup *startup)
{
    if (startup == NULL)
        return;
    for (uint32_t i = 0; i < startup->view.partitions_count; i++) {
        free(startup->view.partitions[i].seen);
        free(startup->view.partitions[i].bytes);
        free(startup->view.partitions[i].body.chunks);
    }
    for (uint32_t g = 0; g < startup->rules.groups_count; g++)
        free(startup->view.groups[g].marks);
    free(startup->view.partitions);
    free(startup->view.groups);
    free(startup->slots);
    free(startup);
}

const char *startup_reason(const struct startup *startup)
{
    return startup->reason.text;
}

struct store_token startup_token(const struct startup *startup)
{
    return startup->token;
}

uint64_t startup_sequence(const struct startup *startup)
{
    return startup->sequence;
}

const struct startup_group *startup_group(const struct startup *startup,
                                          uint32_t group)
{
    return &startup->view.groups[group];
}

const struct startup_partition *startup_partition(const struct startup *startup,
                                                  uint32_t partition)
{
    return &startup->view.partitions[partition];
}

uint64_t startup_accepted(const struct startup *startup)
{
    return startup->accepted;
}

const char *startup_given_up(const struct startup *startup)
{
    return startup->given_up.text;
}
