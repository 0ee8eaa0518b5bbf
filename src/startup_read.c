#include "err.h"
#include "fingerprint.h"
#include "group_state.h"
#include "mem.h"
#include "mutant.h"
#include "session_state.h"
#include "startup_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- survey ---- */

static void check_fingerprint(struct startup *startup, struct text stands)
{
    struct text wanted = startup_fingerprint(startup);
    struct err words = ERR_NONE;

    if (stands.length == 0)
        return;
    switch (fingerprint_compare(stands, wanted, &words)) {
    case FINGERPRINT_SAME:
        startup->has_same = 1;
        break;
    case FINGERPRINT_SOFT:
        startup->view.is_soft = 1;
        startup->soft = words;
        break;
    case FINGERPRINT_MISFIT:
        err_set(&startup->reason,
                "the durable state was counted under other settings: %s; set "
                "the old value, or choose a new redis.prefix",
                words.text);
        startup_finish(startup, KEEPER_MISFIT);
        break;
    }
}

static void see_manifests(struct startup *startup, uint32_t index,
                          const struct store_answer *answer)
{
    struct startup_partition *partition = &startup->view.partitions[index];

    partition->seen = mem_resize(partition->seen, answer->manifests_count,
                                 sizeof *partition->seen);
    partition->seen_count = answer->manifests_count;
    for (uint32_t i = 0; i < answer->manifests_count; i++) {
        const struct store_manifest *one = &answer->manifests[i];

        partition->seen[i] =
            (struct manifest_seen){one->offset, one->origin, one->is_whole};
        check_fingerprint(startup, one->fingerprint);
    }
}

static void manifests_answered(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;

    if (startup_receive(slot->startup, answer))
        see_manifests(slot->startup, slot->index, answer);
}

void startup_send_manifests(struct startup *startup, uint32_t index)
{
    startup->store->manifests(startup->store->self, index, manifests_answered,
                              &startup->slots[index]);
}

/* A topic made anew with fewer partitions would leave marks nobody reads. */
static void keep_marks(struct startup *startup, uint32_t index,
                       const struct store_head *head)
{
    struct startup_group *group = &startup->view.groups[index];
    uint32_t count = startup->view.partitions_count;

    for (uint32_t i = 0; i < count; i++)
        group->marks[i] = i < head->marks.count ? head->marks.at[i] : -1;
    for (uint32_t i = count; i < head->marks.count; i++)
        if (head->marks.at[i] >= 0)
            err_set(&startup->beyond,
                    "partition %" PRIu32 " was counted up to offset %" PRId64
                    ", and the topic has %" PRIu32 " partitions: was it made "
                    "anew? choose a new redis.prefix",
                    i, head->marks.at[i], count);
}

static void keep_head(struct startup *startup, uint32_t index,
                      const struct store_head *head)
{
    struct startup_group *group = &startup->view.groups[index];

    group->id = head->id;
    group->has_fingerprint = head->fingerprint.length > 0;
    keep_marks(startup, index, head);
    if (head->time_ms > startup->time_ms)
        startup->time_ms = head->time_ms;
}

static void look_answered(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;
    struct startup *startup = slot->startup;
    const struct store_head *head = &answer->head;

    if (!startup_receive(startup, answer))
        return;
    if (head->token.owner != startup->rules.owner)
        startup->is_others = 1;
    if (head->token.epoch > startup->highest_epoch)
        startup->highest_epoch = head->token.epoch;
    check_fingerprint(startup, head->fingerprint);
    if (slot->index < startup->rules.groups_count)
        keep_head(startup, slot->index, head);
}

void startup_send_look(struct startup *startup, uint32_t index)
{
    startup->store->look(startup->store->self, startup_key(startup, index),
                         look_answered, &startup->slots[index]);
}

/* What this process has owned since before it looked, nobody else has moved.
 * Else the log may have grown since it was looked at: that is judged when the
 * tokens are taken, and in a start that begins after it. */
static void judge_survey(struct startup *startup)
{
    struct err words = ERR_NONE;
    uint32_t lost = startup_judge(&startup->view, &words);

    if (lost == 0 || startup->rules.accept_loss)
        return;
    if (!startup->is_others || !startup_is_doubtful(&startup->view))
        startup_refuse_loss(startup, lost, &words);
}

/* Before any token is taken: what can be known to be wrong already. */
void startup_end_survey(struct startup *startup)
{
    judge_survey(startup);
    /* Where some of it stands under our settings already, somebody changes it
     * at this moment, and what was read is of two moments. */
    if (!startup->has_same)
        startup_check_clean(startup);
    startup->view.is_soft = 0; /* said anew of what is loaded */
    startup->token.epoch =
        startup->wall_ms > 0 ? (uint64_t)startup->wall_ms : 1;
    if (startup->token.epoch <= startup->highest_epoch)
        startup->token.epoch = startup->highest_epoch + 1;
    startup->token.owner = startup->rules.owner;
}

/* ---- load ---- */

static int unpack_part(struct startup *startup, uint32_t group,
                       struct text part, struct err *err)
{
    if (part.length == 0)
        return 0;
    return group_state_unpack(engine_groups(startup->engine), group, part.bytes,
                              part.length, err);
}

static int unpack_group(struct startup *startup, uint32_t group,
                        const struct store_answer *answer, struct err *err)
{
    if (answer->is_at_odds)
        return err_set(err, "head, base and log do not fit together");
    if (unpack_part(startup, group, answer->base, err) < 0)
        return -1;
    startup->view.groups[group].base_bytes = answer->base.length;
    startup->view.groups[group].log_bytes = 0;
    for (uint32_t i = 0; i < answer->parts_count; i++) {
        if (unpack_part(startup, group, answer->parts[i], err) < 0)
            return -1;
        startup->view.groups[group].log_bytes += answer->parts[i].length;
    }
    return 0;
}

static void load_answered(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;
    struct startup *startup = slot->startup;

    if (!startup_receive(startup, answer))
        return;
    /* Somebody owned it and counted on between the look and the take. */
    if (!store_id_equal(startup->view.groups[slot->index].id, answer->head.id))
        startup->is_others = 1;
    check_fingerprint(startup, answer->head.fingerprint);
    keep_head(startup, slot->index, &answer->head);
    if (startup->time_ms >= 0 && !MUTANT(STREAM_TIME_LOST))
        engine_set_time(startup->engine, startup->time_ms);
    if (unpack_group(startup, slot->index, answer, &startup->reason) < 0) {
        err_where(&startup->reason, "state of group %" PRIu32, slot->index);
        startup_finish(startup, KEEPER_REFUSED);
    }
}

void startup_send_load(struct startup *startup, uint32_t index)
{
    startup->store->load(startup->store->self, index, load_answered,
                         &startup->slots[index]);
}

/* ---- choose ---- */

static void keep_body(struct startup *startup,
                      struct startup_partition *partition,
                      const struct store_manifest *manifest)
{
    free(partition->bytes);
    free(partition->body.chunks);
    partition->bytes = mem_dup(manifest->body.bytes, manifest->body.length);
    if (snapshot_unpack(&partition->body, partition->bytes,
                        manifest->body.length, &startup->reason) < 0)
        startup_finish(startup, KEEPER_REFUSED);
}

static void choice_answered(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;
    struct startup *startup = slot->startup;
    struct startup_partition *partition =
        &startup->view.partitions[slot->index];
    int64_t offset;

    if (!startup_receive(startup, answer))
        return;
    see_manifests(startup, slot->index, answer);
    offset = startup_fitting(&startup->view, slot->index);
    for (uint32_t i = 0; i < answer->manifests_count; i++)
        if (answer->manifests[i].offset == offset)
            keep_body(startup, partition, &answer->manifests[i]);
}

void startup_send_choice(struct startup *startup, uint32_t index)
{
    startup->store->manifests(startup->store->self, index, choice_answered,
                              &startup->slots[index]);
}

/* ---- chunks ---- */

uint32_t startup_chunks(const struct startup *startup)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < startup->view.partitions_count; i++)
        count += startup->view.partitions[i].body.chunks_count;
    return count;
}

static uint32_t partition_of_chunk(const struct startup *startup,
                                   uint32_t *index)
{
    uint32_t partition = 0;

    while (*index >= startup->view.partitions[partition].body.chunks_count)
        *index -= startup->view.partitions[partition++].body.chunks_count;
    return partition;
}

static void chunk_answered(void *context, const struct store_answer *answer)
{
    struct startup_slot *slot = context;
    struct startup *startup = slot->startup;
    uint32_t index = slot->index;
    uint32_t partition = partition_of_chunk(startup, &index);

    if (!startup_receive(startup, answer))
        return;
    if (sessions_load(engine_sessions(startup->engine, partition),
                      answer->parts[0].bytes, answer->parts[0].length,
                      &startup->reason) < 0) {
        err_where(&startup->reason, "sessions of partition %" PRIu32,
                  partition);
        startup_finish(startup, KEEPER_REFUSED);
    }
}

void startup_send_chunk(struct startup *startup, uint32_t index)
{
    uint32_t within = index;
    uint32_t partition = partition_of_chunk(startup, &within);
    const struct snapshot_body *body =
        &startup->view.partitions[partition].body;

    startup->store->chunks(startup->store->self, partition,
                           &body->chunks[within], 1, chunk_answered,
                           &startup->slots[index]);
}

void startup_end_chunks(struct startup *startup)
{
    for (uint32_t i = 0; i < startup->view.partitions_count; i++) {
        struct startup_partition *partition = &startup->view.partitions[i];

        if (partition->bytes == NULL)
            continue;
        if (sessions_load_end(engine_sessions(startup->engine, i),
                              &partition->body.cut, &startup->reason) < 0) {
            err_where(&startup->reason, "sessions of partition %" PRIu32, i);
            startup_finish(startup, KEEPER_REFUSED);
            return;
        }
    }
}
