#include "err.h"
#include "mutant.h"
#include "startup_inside.h"

#include <stdlib.h>
#include <string.h>

enum { COMMIT_AGAIN_MS = 3000 };

/* ---- take ---- */

static void take_answered(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;

    if (!startup_receive(slot->startup, answer))
        return;
    if (answer->outcome == STORE_REFUSED)
        startup_taken_over(slot->startup, answer->head.who);
}

void startup_send_take(struct startup *startup, uint32_t index)
{
    struct text who = {startup->rules.who,
                       (uint32_t)strlen(startup->rules.who)};

    startup->store->take(startup->store->self, startup_key(startup, index),
                         startup->token, who, take_answered,
                         &startup->slots[index]);
}

/* ---- ask again, and judge ---- */

static void asked(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;
    struct startup *startup = slot->startup;
    int order;

    if (!startup_receive(startup, answer) || MUTANT(TOKENS_NOT_ASKED_AGAIN))
        return;
    order = store_token_compare(answer->head.token, startup->token);
    if (order > 0) {
        startup_taken_over(startup, answer->head.who);
    } else if (order < 0) {
        err_set(&startup->reason, "Redis lost a token during the start");
        startup_finish(startup, KEEPER_START_OVER);
    }
}

void startup_send_ask(struct startup *startup, uint32_t index)
{
    startup->store->look(startup->store->self, startup_key(startup, index),
                         asked, &startup->slots[index]);
}

/* Returns 1 when it may go on. The log was looked at before the tokens were
 * taken: what it lacks may have come since, so a loss is believed only by a
 * start that found all tokens its process's own. */
static int judge_loss(struct startup *startup)
{
    struct err words = ERR_NONE;
    uint32_t lost = startup_judge(&startup->view, &words);
    int is_beyond = startup->beyond.text[0] != '\0';

    if (lost == 0 && !is_beyond)
        return 1;
    if (startup->is_others) {
        err_set(&startup->reason, "another process may have counted on since "
                                  "the topic was looked at");
        startup_finish(startup, KEEPER_START_OVER);
        return 0;
    }
    if (lost > 0 && startup->rules.accept_loss && !is_beyond) {
        startup->given_up = words;
        return 1;
    }
    startup_refuse_loss(startup, lost, is_beyond ? &startup->beyond : &words);
    return 0;
}

void startup_end_ask(struct startup *startup)
{
    if (!judge_loss(startup))
        return;
    startup_check_clean(startup);
    if (startup->phase == KEEPER_STARTING)
        startup->accepted = startup_plan(&startup->view);
}

/* ---- settle ---- */

static void settled(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;

    if (!startup_receive(slot->startup, answer))
        return;
    if (answer->outcome == STORE_REFUSED)
        startup_finish(slot->startup, KEEPER_START_OVER);
}

void startup_send_settle_partition(struct startup *startup, uint32_t index)
{
    struct startup_partition *partition = &startup->view.partitions[index];
    struct snapshot_body *body = &partition->body;
    struct strbuf bytes = STRBUF_EMPTY;
    struct store_snapshot one = {
        .token = startup->token,
        .offset = partition->offset,
        .origin = partition->origin,
        .choice = partition->offset,
        .is_only = partition->plan != PLAN_NEW,
    };

    if (partition->plan == PLAN_KEEP)
        return;
    if (partition->plan != PLAN_REWRITE) {
        free(body->chunks);
        *body = (struct snapshot_body){.cut = {-1, -1, 0}};
    }
    one.chunks = body->chunks;
    one.chunks_count = body->chunks_count;
    one.fingerprint = startup_fingerprint(startup);
    snapshot_pack(&bytes, body);
    one.body = (struct text){bytes.bytes, (uint32_t)bytes.length};
    startup->pending++;
    startup->store->snapshot(startup->store->self, index, &one, settled,
                             &startup->slots[index]);
    strbuf_deinit(&bytes);
}

void startup_send_settle_group(struct startup *startup, uint32_t index)
{
    struct startup_group *group = &startup->view.groups[index];
    struct store_checkpoint one = {
        .token = startup->token,
        .builds_on = group->id,
        .id = {startup->rules.owner, 0},
        .marks = {startup->view.partitions_count, group->marks},
        .time_ms = startup->time_ms,
    };

    if (!group->is_to_write)
        return;
    one.id.sequence = ++startup->sequence;
    group->id = one.id;
    one.fingerprint = startup_fingerprint(startup);
    startup->pending++;
    startup->store->checkpoint(startup->store->self, index, &one, settled,
                               &startup->slots[index]);
}

/* A partition that Kafka knows no offset of gets one before it is counted. */
int startup_is_committed(struct startup *startup)
{
    const struct keeper_commits *commits = startup->commits;
    int is_time = startup->wall_ms - startup->commit_ms >= COMMIT_AGAIN_MS ||
                  startup->wall_ms < startup->commit_ms;
    int all = 1;

    for (uint32_t i = 0; i < startup->view.partitions_count; i++) {
        struct startup_partition *partition = &startup->view.partitions[i];

        if ((partition->log.committed >= 0 && partition->plan != PLAN_LOSS) ||
            commits->committed(commits->self, i) == partition->offset)
            continue;
        all = 0;
        if (is_time)
            commits->commit(commits->self, i, partition->offset);
    }
    if (is_time)
        startup->commit_ms = startup->wall_ms;
    return all;
}

void startup_set_floors(struct startup *startup)
{
    struct groups *groups = engine_groups(startup->engine);

    for (uint32_t i = 0; i < startup->view.partitions_count; i++) {
        const struct startup_partition *partition =
            &startup->view.partitions[i];

        engine_set_position(startup->engine, i, partition->offset);
        for (uint32_t g = 0; g < startup->rules.groups_count; g++) {
            int64_t *mark = &startup->view.groups[g].marks[i];

            if (*mark < 0)
                *mark = partition->origin;
            if (!MUTANT(FLOORS_IGNORED))
                groups_set_floor(groups, g, i, *mark);
        }
    }
}
