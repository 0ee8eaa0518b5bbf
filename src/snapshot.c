#include "snapshot.h"

#include "err.h"
#include "mem.h"
#include "mutant.h"
#include "pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 128 * 1024, /* of a chunk, about */
    STALE_SESSIONS = 1000,    /* in chunks, that never mind */
    CHUNKS_MAX = 512,         /* of one snapshot, before all is written anew */
    LOOK_US = 60000000,       /* a partition at rest reads its manifests */
    ASK_AGAIN_US = 100000
};

#define BODY_VERSION 1

enum phase { RESTING, STAGING, WAITING };

struct names {
    char **at; /* owned, each too */
    uint32_t count;
};

struct snapshot {
    struct snapshot_rules rules;
    enum phase phase;
    int is_busy;
    int is_in_doubt;
    int needs_all; /* the next one writes every session */
    int is_all_staged;
    int64_t offset; /* of the one that stands */
    int64_t origin;
    struct names chunks; /* of the one that stands */
    uint64_t written;    /* sessions in these */
    int64_t cut_offset;  /* of the one being made */
    struct session_cut cut;
    struct names staged; /* all chunks of the one being made */
    uint64_t staged_written;
    struct strbuf piece; /* being staged; empty: none */
    char *piece_name;    /* owned */
    int64_t due_us, look_us, ask_us;
    int64_t now_us;
};

/* ---- bodies of manifests ---- */

void snapshot_pack(struct strbuf *out, const struct snapshot_body *body)
{
    pack_add_uint(out, BODY_VERSION);
    pack_add_int(out, body->cut.partition_time_ms);
    pack_add_int(out, body->cut.oldest);
    pack_add_uint(out, body->cut.open);
    pack_add_uint(out, body->written);
    pack_add_uint(out, body->chunks_count);
    for (uint32_t i = 0; i < body->chunks_count; i++)
        pack_add_bytes(out, body->chunks[i].bytes, body->chunks[i].length);
}

static int read_body(struct snapshot_body *body, struct unpack *from)
{
    body->cut.partition_time_ms = unpack_int(from);
    body->cut.oldest = unpack_int(from);
    body->cut.open = unpack_uint(from);
    body->written = unpack_uint(from);
    body->chunks_count = (uint32_t)unpack_uint(from);
    if (body->chunks_count > (size_t)(from->end - from->at))
        return -1;
    body->chunks = mem_new(body->chunks_count, sizeof *body->chunks);
    for (uint32_t i = 0; i < body->chunks_count; i++) {
        size_t length;
        const char *bytes = unpack_bytes(from, &length);

        body->chunks[i] = (struct text){bytes, (uint32_t)length};
    }
    return unpack_is_done(from) ? 0 : -1;
}

int snapshot_unpack(struct snapshot_body *body, const void *bytes,
                    size_t length, struct err *err)
{
    struct unpack from = unpack_begin(bytes, length);
    uint64_t version = unpack_uint(&from);

    *body = (struct snapshot_body){0};
    if (version != BODY_VERSION)
        return err_set(err, "a snapshot of version %llu; this program knows %d",
                       (unsigned long long)version, BODY_VERSION);
    if (read_body(body, &from) < 0) {
        free(body->chunks);
        body->chunks = NULL;
        return err_set(err, "a snapshot's manifest is damaged");
    }
    if (MUTANT(PARTITION_TIME_LOST))
        body->cut.partition_time_ms = -1;
    return 0;
}

/* ---- names ---- */

static void names_clear(struct names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
    *names = (struct names){0};
}

/* Steals the name. */
static void names_add(struct names *names, char *name)
{
    names->at = mem_resize(names->at, names->count + 1, sizeof *names->at);
    names->at[names->count++] = name;
}

static void names_copy(struct names *to, const struct names *from)
{
    names_clear(to);
    for (uint32_t i = 0; i < from->count; i++)
        names_add(to, mem_dup_text(from->at[i]));
}

static struct text *names_as_texts(const struct names *names)
{
    struct text *texts = mem_new(names->count, sizeof *texts);

    for (uint32_t i = 0; i < names->count; i++)
        texts[i] = (struct text){names->at[i], (uint32_t)strlen(names->at[i])};
    return texts;
}

static char *new_name(const struct snapshot *snapshot)
{
    const struct snapshot_rules *rules = &snapshot->rules;
    char name[64];

    snprintf(name, sizeof name, "%016llx-%llu",
             (unsigned long long)rules->token.owner,
             (unsigned long long)rules->sequence(rules->context));
    return mem_dup_text(name);
}

/* ---- life ---- */

struct snapshot *snapshot_new(const struct snapshot_rules *rules,
                              int64_t offset, int64_t origin,
                              const struct snapshot_body *body)
{
    struct snapshot *snapshot = mem_new(1, sizeof *snapshot);

    snapshot->rules = *rules;
    snapshot->offset = offset;
    snapshot->origin = origin;
    snapshot->due_us = INT64_MIN / 2;
    for (uint32_t i = 0; body != NULL && i < body->chunks_count; i++)
        names_add(&snapshot->chunks,
                  mem_dup(body->chunks[i].bytes, body->chunks[i].length));
    snapshot->written = body == NULL ? 0 : body->written;
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    names_clear(&snapshot->chunks);
    names_clear(&snapshot->staged);
    strbuf_deinit(&snapshot->piece);
    free(snapshot->piece_name);
    free(snapshot);
}

int64_t snapshot_offset(const struct snapshot *snapshot)
{
    return snapshot->offset;
}

int snapshot_is_waiting(const struct snapshot *snapshot)
{
    return snapshot->phase == WAITING;
}

int snapshot_is_busy(const struct snapshot *snapshot)
{
    return snapshot->is_busy || snapshot->is_in_doubt ||
           snapshot->phase != RESTING || snapshot->needs_all;
}

void snapshot_doubt(struct snapshot *snapshot)
{
    snapshot->is_in_doubt = 1;
    snapshot->look_us = INT64_MIN;
}

/* ---- trouble ---- */

static void took(void *context, const struct store_answer *answer)
{
    struct snapshot *snapshot = context;
    const struct snapshot_rules *rules = &snapshot->rules;

    snapshot->is_busy = 0;
    if (answer->outcome == STORE_DONE)
        snapshot->is_in_doubt = 0;
    else if (answer->outcome == STORE_REFUSED)
        rules->overtaken(rules->context, answer->head.who);
}

static void take_again(struct snapshot *snapshot)
{
    const struct snapshot_rules *rules = &snapshot->rules;
    struct store_key key = {STORE_PARTITION, rules->partition};

    if (snapshot->now_us < snapshot->ask_us)
        return;
    snapshot->ask_us = snapshot->now_us + ASK_AGAIN_US;
    snapshot->is_busy = 1;
    rules->store->take(rules->store->self, key, rules->token, rules->who, took,
                       snapshot);
}

/* ---- at rest: does it still stand? ---- */

static void looked(void *context, const struct store_answer *answer)
{
    struct snapshot *snapshot = context;

    snapshot->is_busy = 0;
    if (answer->outcome != STORE_DONE) {
        snapshot_doubt(snapshot);
        return;
    }
    if (answer->manifests_count == 0 || !answer->manifests[0].is_whole ||
        answer->manifests[0].offset != snapshot->offset)
        snapshot->needs_all = 1;
}

static void look(struct snapshot *snapshot)
{
    const struct snapshot_rules *rules = &snapshot->rules;

    snapshot->look_us = snapshot->now_us + LOOK_US;
    snapshot->is_busy = 1;
    rules->store->manifests(rules->store->self, rules->partition, looked,
                            snapshot);
}

/* ---- making one ---- */

static void begin(struct snapshot *snapshot, const struct snapshot_turn *turn)
{
    struct sessions *sessions = snapshot->rules.sessions;
    int64_t since = snapshot->offset;
    int is_stale =
        snapshot->chunks.count > CHUNKS_MAX ||
        snapshot->written > 2 * sessions_open(sessions) + STALE_SESSIONS;

    names_clear(&snapshot->staged);
    snapshot->staged_written = 0;
    if (snapshot->needs_all || is_stale) {
        since = 0;
    } else {
        names_copy(&snapshot->staged, &snapshot->chunks);
        snapshot->staged_written = snapshot->written;
    }
    snapshot->needs_all = 0;
    snapshot->is_all_staged = 0;
    snapshot->cut_offset = turn->position;
    sessions_cut_begin(sessions, &snapshot->cut, since);
    snapshot->phase = STAGING;
    snapshot->due_us = turn->now_us + snapshot->rules.interval_ms * 1000;
}

static void finish_piece(struct snapshot *snapshot)
{
    strbuf_clear(&snapshot->piece);
    names_add(&snapshot->staged, snapshot->piece_name);
    snapshot->piece_name = NULL;
    if (snapshot->is_all_staged)
        snapshot->phase = WAITING;
}

static void staged(void *context, const struct store_answer *answer)
{
    struct snapshot *snapshot = context;

    snapshot->is_busy = 0;
    if (answer->outcome == STORE_DONE)
        finish_piece(snapshot);
    else
        snapshot_doubt(snapshot);
}

static void stage(struct snapshot *snapshot)
{
    const struct snapshot_rules *rules = &snapshot->rules;
    struct text name, body;

    if (snapshot->piece.length == 0 && !snapshot->is_all_staged)
        snapshot->is_all_staged =
            sessions_cut_next(rules->sessions, &snapshot->piece, PIECE_BYTES,
                              &snapshot->staged_written);
    if (snapshot->piece.length == 0) {
        if (snapshot->is_all_staged)
            snapshot->phase = WAITING;
        return;
    }
    if (snapshot->piece_name == NULL)
        snapshot->piece_name = new_name(snapshot);
    name = (struct text){snapshot->piece_name,
                         (uint32_t)strlen(snapshot->piece_name)};
    body =
        (struct text){snapshot->piece.bytes, (uint32_t)snapshot->piece.length};
    snapshot->is_busy = 1;
    rules->store->stage(rules->store->self, rules->partition, rules->token,
                        name, body, staged, snapshot);
}

static void stand(struct snapshot *snapshot)
{
    const struct snapshot_rules *rules = &snapshot->rules;

    snapshot->phase = RESTING;
    snapshot->offset = snapshot->cut_offset;
    snapshot->written = snapshot->staged_written;
    names_clear(&snapshot->chunks);
    snapshot->chunks = snapshot->staged;
    snapshot->staged = (struct names){0};
    snapshot->look_us = snapshot->now_us + LOOK_US;
    rules->stood(rules->context, rules->partition, snapshot->offset);
}

static void written(void *context, const struct store_answer *answer)
{
    struct snapshot *snapshot = context;

    snapshot->is_busy = 0;
    if (answer->outcome == STORE_DONE) {
        stand(snapshot);
    } else if (answer->outcome == STORE_MISSING) {
        snapshot->phase = RESTING;
        snapshot->needs_all = 1;
        snapshot->due_us = snapshot->now_us;
    } else {
        snapshot_doubt(snapshot);
    }
}

static void write_manifest(struct snapshot *snapshot, int64_t durable)
{
    const struct snapshot_rules *rules = &snapshot->rules;
    struct text *names = names_as_texts(&snapshot->staged);
    struct snapshot_body body = {snapshot->cut, snapshot->staged_written,
                                 snapshot->staged.count, names};
    struct strbuf bytes = STRBUF_EMPTY;
    struct store_snapshot one = {
        .token = rules->token,
        .offset = snapshot->cut_offset,
        .origin = snapshot->origin,
        .fingerprint = rules->fingerprint,
        .chunks = names,
        .chunks_count = snapshot->staged.count,
        .choice = durable,
    };

    snapshot_pack(&bytes, &body);
    one.body = (struct text){bytes.bytes, (uint32_t)bytes.length};
    snapshot->is_busy = 1;
    rules->store->snapshot(rules->store->self, rules->partition, &one, written,
                           snapshot);
    strbuf_deinit(&bytes);
    free(names);
}

static void rest(struct snapshot *snapshot, const struct snapshot_turn *turn)
{
    int has_news = turn->position > snapshot->offset || snapshot->needs_all;

    if (snapshot->look_us == 0)
        snapshot->look_us = turn->now_us + LOOK_US;
    if (turn->now_us >= snapshot->look_us && !MUTANT(NO_IDLE_LOOK))
        look(snapshot);
    else if (has_news && (turn->is_urgent || turn->now_us >= snapshot->due_us))
        begin(snapshot, turn);
}

void snapshot_work(struct snapshot *snapshot, const struct snapshot_turn *turn)
{
    snapshot->now_us = turn->now_us;
    if (snapshot->is_busy)
        return;
    if (snapshot->is_in_doubt)
        take_again(snapshot);
    else if (snapshot->phase == RESTING)
        rest(snapshot, turn);
    else if (snapshot->phase == STAGING)
        stage(snapshot);
    else if (turn->durable >= snapshot->cut_offset || MUTANT(SNAPSHOT_EARLY))
        write_manifest(snapshot, turn->durable);
}
