#include "sim_data.h"

#include "err.h"
#include "mutant.h"

#include <string.h>

static int same_token(struct store_token left, struct store_token right)
{
    return MUTANT(TOKEN_UNCHECKED) || store_token_compare(left, right) == 0;
}

/* ---- heads and tokens ---- */

struct store_token data_token(const struct sim_data *data, struct store_key key)
{
    return key.kind == STORE_GROUP ? data->groups[key.number].token
                                   : data->shelves[key.number].token;
}

struct store_head data_head(const struct sim_data *data, struct store_key key)
{
    const struct sim_group *group = &data->groups[key.number];
    const struct sim_shelf *shelf = &data->shelves[key.number];

    if (key.kind == STORE_GROUP)
        return (struct store_head){
            .is_there = group->is_there,
            .token = group->token,
            .who = group->who,
            .id = group->id,
            .marks = group->marks,
            .time_ms = group->is_there ? group->time_ms : -1,
            .fingerprint = group->fingerprint,
        };
    return (struct store_head){
        .is_there = shelf->is_there,
        .token = shelf->token,
        .who = shelf->who,
        .time_ms = -1,
        .fingerprint = shelf->manifests_count > 0
                           ? shelf->manifests[0].fingerprint
                           : (struct text){"", 0},
    };
}

enum store_outcome data_take(struct sim_data *data, struct store_key key,
                             struct store_token token, struct text who)
{
    struct sim_group *group = &data->groups[key.number];
    struct sim_shelf *shelf = &data->shelves[key.number];

    if (store_token_compare(data_token(data, key), token) > 0)
        return STORE_REFUSED;
    if (key.kind == STORE_GROUP) {
        if (!group->is_there)
            group->time_ms = -1;
        group->is_there = 1;
        group->token = token;
        group->who = who;
    } else {
        shelf->is_there = 1;
        shelf->token = token;
        shelf->who = who;
    }
    return STORE_DONE;
}

/* ---- groups ---- */

int data_is_at_odds(const struct sim_group *group)
{
    struct store_id at = group->base.to;

    for (uint32_t i = 0; i < group->log_count; i++) {
        if (!store_id_equal(group->log[i].from, at))
            return 1;
        at = group->log[i].to;
    }
    return !store_id_equal(at, group->id);
}

static void append(struct sim_group *group, struct arena *arena,
                   struct sim_part part)
{
    struct sim_part *log =
        arena_take(arena, (group->log_count + 1) * sizeof *log);

    if (group->log_count > 0)
        memcpy(log, group->log, group->log_count * sizeof *log);
    log[group->log_count++] = part;
    group->log = log;
}

enum store_outcome data_checkpoint(struct sim_data *data, struct arena *arena,
                                   uint32_t number,
                                   const struct store_checkpoint *checkpoint)
{
    struct sim_group *group = &data->groups[number];
    struct sim_part part = {checkpoint->body, checkpoint->builds_on,
                            checkpoint->id};

    if (!same_token(group->token, checkpoint->token))
        return STORE_REFUSED;
    if (!MUTANT(ID_UNCHECKED) &&
        !store_id_equal(group->id, checkpoint->builds_on))
        return STORE_REFUSED;
    if (MUTANT(ID_UNCHECKED))
        part.from = group->id;
    if (checkpoint->is_base) {
        group->base = part;
        group->log_count = 0;
    } else {
        append(group, arena, part);
    }
    group->is_there = 1;
    group->id = checkpoint->id;
    if (!MUTANT(MARKS_APART))
        group->marks = checkpoint->marks;
    group->time_ms = checkpoint->time_ms;
    group->fingerprint = checkpoint->fingerprint;
    return STORE_DONE;
}

/* ---- snapshots ---- */

const struct sim_chunk *data_chunk(const struct sim_shelf *shelf,
                                   struct text name)
{
    for (uint32_t i = 0; i < shelf->chunks_count; i++)
        if (text_equal(shelf->chunks[i].name, name))
            return &shelf->chunks[i];
    return NULL;
}

int data_is_whole(const struct sim_shelf *shelf,
                  const struct sim_manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->names_count; i++)
        if (data_chunk(shelf, manifest->names[i]) == NULL)
            return 0;
    return 1;
}

enum store_outcome data_stage(struct sim_data *data, struct arena *arena,
                              uint32_t partition, struct store_token token,
                              struct sim_chunk chunk)
{
    struct sim_shelf *shelf = &data->shelves[partition];
    struct sim_chunk *chunks;

    if (!same_token(shelf->token, token))
        return STORE_REFUSED;
    if (data_chunk(shelf, chunk.name) != NULL)
        return STORE_DONE;
    chunks = arena_take(arena, (shelf->chunks_count + 1) * sizeof *chunks);
    if (shelf->chunks_count > 0)
        memcpy(chunks, shelf->chunks, shelf->chunks_count * sizeof *chunks);
    chunks[shelf->chunks_count++] = chunk;
    shelf->chunks = chunks;
    return STORE_DONE;
}

/* Which of the manifests, newest first, stay; `made` is that just written. The
 * oldest that is not a minute old yet is the next that will be. */
static void keep_manifests(struct sim_shelf *shelf, int64_t made,
                           int64_t choice, int64_t now_ms)
{
    uint32_t kept = 0, heir = MANIFESTS_MAX;
    int has_old = 0, has_choice = 0;

    for (uint32_t i = 0; i < shelf->manifests_count; i++)
        if (now_ms - shelf->manifests[i].stored_ms < MINUTE_MS)
            heir = i;
    for (uint32_t i = 0; i < shelf->manifests_count; i++) {
        struct sim_manifest one = shelf->manifests[i];
        int is_old = !has_old && now_ms - one.stored_ms >= MINUTE_MS;
        int is_choice = !has_choice && one.offset <= choice;

        has_old |= is_old;
        has_choice |= is_choice;
        if (i < 3 || is_old || is_choice || one.offset == made ||
            (i == heir && !MUTANT(HEIR_DROPPED)))
            shelf->manifests[kept++] = one;
    }
    shelf->manifests_count = kept;
}

static int is_named(const struct sim_shelf *shelf, struct text name)
{
    for (uint32_t i = 0; i < shelf->manifests_count; i++)
        for (uint32_t k = 0; k < shelf->manifests[i].names_count; k++)
            if (text_equal(shelf->manifests[i].names[k], name))
                return 1;
    return 0;
}

static void drop_chunks(struct sim_shelf *shelf, struct arena *arena)
{
    struct sim_chunk *kept =
        arena_take(arena, shelf->chunks_count * sizeof *kept);
    uint32_t count = 0;

    for (uint32_t i = 0; i < shelf->chunks_count; i++)
        if (is_named(shelf, shelf->chunks[i].name))
            kept[count++] = shelf->chunks[i];
    shelf->chunks = kept;
    shelf->chunks_count = count;
}

static void add_manifest(struct sim_shelf *shelf, struct sim_manifest one)
{
    uint32_t at = shelf->manifests_count++;

    ASSERT(shelf->manifests_count <= MANIFESTS_MAX);
    for (; at > 0 && shelf->manifests[at - 1].offset < one.offset; at--)
        shelf->manifests[at] = shelf->manifests[at - 1];
    shelf->manifests[at] = one;
}

static int stands_whole(const struct sim_shelf *shelf, int64_t offset)
{
    for (uint32_t i = 0; i < shelf->manifests_count; i++)
        if (shelf->manifests[i].offset == offset)
            return data_is_whole(shelf, &shelf->manifests[i]);
    return 0;
}

static void remove_manifest(struct sim_shelf *shelf, int64_t offset)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < shelf->manifests_count; i++)
        if (shelf->manifests[i].offset != offset)
            shelf->manifests[kept++] = shelf->manifests[i];
    shelf->manifests_count = kept;
}

enum store_outcome data_snapshot(struct sim_data *data, struct arena *arena,
                                 uint32_t partition,
                                 const struct store_snapshot *snapshot,
                                 int64_t now_ms)
{
    struct sim_shelf *shelf = &data->shelves[partition];
    struct sim_manifest one = {snapshot->offset, snapshot->origin,
                               now_ms,           snapshot->fingerprint,
                               snapshot->body,   snapshot->chunks_count,
                               snapshot->chunks};

    if (!same_token(shelf->token, snapshot->token))
        return STORE_REFUSED;
    if (!snapshot->is_only && stands_whole(shelf, snapshot->offset))
        return STORE_DONE;
    if (!MUTANT(CHUNKS_UNCHECKED) && !data_is_whole(shelf, &one))
        return STORE_MISSING;
    if (snapshot->is_only)
        shelf->manifests_count = 0;
    remove_manifest(shelf, snapshot->offset);
    add_manifest(shelf, one);
    keep_manifests(shelf, snapshot->offset, snapshot->choice, now_ms);
    drop_chunks(shelf, arena);
    return STORE_DONE;
}

void data_copy_key(struct sim_data *data, const struct sim_data *from,
                   struct store_key key)
{
    if (key.kind == STORE_GROUP)
        data->groups[key.number] = from->groups[key.number];
    else
        data->shelves[key.number] = from->shelves[key.number];
}
