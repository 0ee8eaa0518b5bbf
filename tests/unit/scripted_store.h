/* scripted_store: a store whose requests wait until the test serves them (they
 * run, and are answered), runs them (the answer stays away), or answers them
 * (whatever it likes, and they never run). One for the whole test program;
 * beside it, commits to the log. */
#ifndef TERKAIT_SCRIPTED_STORE_H
#define TERKAIT_SCRIPTED_STORE_H

#include "keeper.h"
#include "mem.h"
#include "store.h"
#include "strbuf.h"

#include "unit.h"

enum {
    SCRIPT_GROUPS = 4,
    SCRIPT_PARTITIONS = 2,
    SCRIPT_KEYS = SCRIPT_GROUPS + SCRIPT_PARTITIONS,
    SCRIPT_REQUESTS = 4096,
    SCRIPT_MANIFESTS = 8,
    SCRIPT_PARTS = 64
};

enum script_call {
    SCRIPT_LOOK,
    SCRIPT_TAKE,
    SCRIPT_LOAD,
    SCRIPT_CHECKPOINT,
    SCRIPT_READ_MANIFESTS,
    SCRIPT_CHUNKS,
    SCRIPT_STAGE,
    SCRIPT_SNAPSHOT
};

struct request {
    enum script_call call;
    struct store_key key;
    store_done *done;
    void *context;
    int is_answered;
    struct store_token token;
    char *text; /* name of a chunk, or whose the token is; owned */
    struct strbuf body;
    int64_t marks[SCRIPT_PARTITIONS];
    struct store_checkpoint checkpoint;
    struct store_snapshot snapshot;
    char *names[SCRIPT_PARTS]; /* owned */
};

/* What stands under a key. */
struct standing {
    struct store_token token;
    struct store_id id;
    int64_t time_ms;
    int64_t marks[SCRIPT_PARTITIONS];
    uint32_t marks_count;
    const char *fingerprint;
    struct strbuf parts[SCRIPT_PARTS]; /* a base, if any, and deltas */
    uint32_t parts_count;
    int has_base, is_at_odds;
    struct store_manifest manifests[SCRIPT_MANIFESTS]; /* newest first */
    struct strbuf bodies[SCRIPT_MANIFESTS];
    uint32_t manifests_count;
};

struct script {
    struct store store;
    struct request at[SCRIPT_REQUESTS];
    uint32_t count;
    uint64_t generation;
    int is_away;
    struct standing keys[SCRIPT_KEYS];
    char *staged[SCRIPT_REQUESTS]; /* names of chunks that stand; owned */
    struct strbuf contents[SCRIPT_REQUESTS];
    uint32_t staged_count;
    struct keeper_commits commits;
    int64_t committed[SCRIPT_PARTITIONS];
    uint32_t commits_count;
    int commits_are_lost;
};

static struct script script;

static inline struct standing *standing_of(struct store_key key)
{
    uint32_t at =
        key.kind == STORE_GROUP ? key.number : SCRIPT_GROUPS + key.number;

    assert_true(at < SCRIPT_KEYS);
    return &script.keys[at];
}

static inline struct standing *group_key(uint32_t number)
{
    return standing_of((struct store_key){STORE_GROUP, number});
}

static inline struct standing *partition_key(uint32_t number)
{
    return standing_of((struct store_key){STORE_PARTITION, number});
}

/* ---- the seam ---- */

static inline struct request *ask(enum script_call call, struct store_key key,
                                  store_done *done, void *context)
{
    struct request *request = &script.at[script.count++];

    assert_true(script.count < SCRIPT_REQUESTS);
    *request = (struct request){
        .call = call, .key = key, .done = done, .context = context};
    return request;
}

static inline char *dup_text(struct text text)
{
    return mem_dup(text.bytes, text.length);
}

static inline void script_pump(void *self, int64_t now_us)
{
    (void)self;
    (void)now_us;
}

static inline int script_is_ready(void *self)
{
    return !((struct script *)self)->is_away;
}

static inline uint64_t script_generation(void *self)
{
    return ((struct script *)self)->generation;
}

static inline void script_look(void *self, struct store_key key,
                               store_done *done, void *context)
{
    (void)self;
    ask(SCRIPT_LOOK, key, done, context);
}

static inline void script_take(void *self, struct store_key key,
                               struct store_token token, struct text who,
                               store_done *done, void *context)
{
    struct request *request = ask(SCRIPT_TAKE, key, done, context);

    (void)self;
    request->token = token;
    request->text = dup_text(who);
}

static inline void script_load(void *self, uint32_t group, store_done *done,
                               void *context)
{
    (void)self;
    ask(SCRIPT_LOAD, (struct store_key){STORE_GROUP, group}, done, context);
}

static inline void script_checkpoint(void *self, uint32_t group,
                                     const struct store_checkpoint *one,
                                     store_done *done, void *context)
{
    struct request *request =
        ask(SCRIPT_CHECKPOINT, (struct store_key){STORE_GROUP, group}, done,
            context);

    (void)self;
    request->token = one->token;
    request->checkpoint = *one;
    strbuf_add(&request->body, one->body.bytes, one->body.length);
    assert_true(one->marks.count <= SCRIPT_PARTITIONS);
    memcpy(request->marks, one->marks.at,
           one->marks.count * sizeof *request->marks);
}

static inline void script_manifests(void *self, uint32_t partition,
                                    store_done *done, void *context)
{
    (void)self;
    ask(SCRIPT_READ_MANIFESTS, (struct store_key){STORE_PARTITION, partition},
        done, context);
}

static inline void script_chunks(void *self, uint32_t partition,
                                 const struct text *names, uint32_t count,
                                 store_done *done, void *context)
{
    struct request *request =
        ask(SCRIPT_CHUNKS, (struct store_key){STORE_PARTITION, partition}, done,
            context);

    (void)self;
    assert_int_equal(count, 1);
    request->text = dup_text(names[0]);
}

static inline void script_stage(void *self, uint32_t partition,
                                struct store_token token, struct text name,
                                struct text body, store_done *done,
                                void *context)
{
    struct request *request =
        ask(SCRIPT_STAGE, (struct store_key){STORE_PARTITION, partition}, done,
            context);

    (void)self;
    request->token = token;
    request->text = dup_text(name);
    strbuf_add(&request->body, body.bytes, body.length);
}

static inline void script_snapshot(void *self, uint32_t partition,
                                   const struct store_snapshot *one,
                                   store_done *done, void *context)
{
    struct request *request =
        ask(SCRIPT_SNAPSHOT, (struct store_key){STORE_PARTITION, partition},
            done, context);

    (void)self;
    request->token = one->token;
    request->snapshot = *one;
    strbuf_add(&request->body, one->body.bytes, one->body.length);
    assert_true(one->chunks_count <= SCRIPT_PARTS);
    for (uint32_t i = 0; i < one->chunks_count; i++)
        request->names[i] = dup_text(one->chunks[i]);
}

static inline void script_commit(void *self, uint32_t partition, int64_t offset)
{
    (void)self;
    script.commits_count++;
    if (!script.commits_are_lost)
        script.committed[partition] = offset;
}

static inline int64_t script_committed(void *self, uint32_t partition)
{
    (void)self;
    return script.committed[partition];
}

/* ---- life ---- */

static inline void script_begin(void)
{
    script =
        (struct script){.store = {.self = &script,
                                  .pump = script_pump,
                                  .is_ready = script_is_ready,
                                  .generation = script_generation,
                                  .look = script_look,
                                  .take = script_take,
                                  .load = script_load,
                                  .checkpoint = script_checkpoint,
                                  .manifests = script_manifests,
                                  .chunks = script_chunks,
                                  .stage = script_stage,
                                  .snapshot = script_snapshot},
                        .commits = {&script, script_commit, script_committed}};
    for (int i = 0; i < SCRIPT_PARTITIONS; i++)
        script.committed[i] = -1;
    for (int i = 0; i < SCRIPT_KEYS; i++)
        script.keys[i].time_ms = -1;
}

static inline void free_standing(struct standing *standing)
{
    for (int i = 0; i < SCRIPT_PARTS; i++)
        strbuf_deinit(&standing->parts[i]);
    for (int i = 0; i < SCRIPT_MANIFESTS; i++)
        strbuf_deinit(&standing->bodies[i]);
}

static inline void script_end(void)
{
    for (uint32_t i = 0; i < script.count; i++) {
        free(script.at[i].text);
        strbuf_deinit(&script.at[i].body);
        for (int j = 0; j < SCRIPT_PARTS; j++)
            free(script.at[i].names[j]);
    }
    for (uint32_t i = 0; i < script.staged_count; i++) {
        free(script.staged[i]);
        strbuf_deinit(&script.contents[i]);
    }
    for (int i = 0; i < SCRIPT_KEYS; i++)
        free_standing(&script.keys[i]);
}

/* ---- what requests do ---- */

static inline int find_chunk(const char *name)
{
    for (uint32_t i = 0; i < script.staged_count; i++)
        if (strcmp(script.staged[i], name) == 0)
            return (int)i;
    return -1;
}

static inline void lose_chunks(void)
{
    for (uint32_t i = 0; i < script.staged_count; i++)
        strcpy(script.staged[i], "");
}

/* What is under the key's parts is that of this body. */
static inline void put_part(struct standing *key, int is_base,
                            const struct strbuf *body)
{
    if (is_base) {
        for (uint32_t i = 0; i < key->parts_count; i++)
            strbuf_clear(&key->parts[i]);
        key->parts_count = 0;
        key->has_base = 1;
    }
    assert_true(key->parts_count < SCRIPT_PARTS);
    strbuf_clear(&key->parts[key->parts_count]);
    strbuf_add(&key->parts[key->parts_count++], body->bytes, body->length);
}

static inline enum store_outcome run_checkpoint(const struct request *request)
{
    const struct store_checkpoint *one = &request->checkpoint;
    struct standing *key = standing_of(request->key);

    if (store_token_compare(key->token, one->token) != 0 ||
        !store_id_equal(key->id, one->builds_on))
        return STORE_REFUSED;
    key->id = one->id;
    key->time_ms = one->time_ms;
    key->marks_count = one->marks.count;
    memcpy(key->marks, request->marks, sizeof key->marks);
    put_part(key, one->is_base, &request->body);
    return STORE_DONE;
}

/* Puts it where its offset belongs, in place of one of the same. */
static inline void put_manifest(struct standing *key,
                                const struct store_manifest *one,
                                const struct strbuf *body)
{
    uint32_t at = 0;

    while (at < key->manifests_count && key->manifests[at].offset > one->offset)
        at++;
    if (at == key->manifests_count || key->manifests[at].offset < one->offset) {
        assert_true(key->manifests_count < SCRIPT_MANIFESTS);
        strbuf_deinit(&key->bodies[key->manifests_count]);
        memmove(key->manifests + at + 1, key->manifests + at,
                (key->manifests_count - at) * sizeof *key->manifests);
        memmove(key->bodies + at + 1, key->bodies + at,
                (key->manifests_count - at) * sizeof *key->bodies);
        key->bodies[at] = STRBUF_EMPTY;
        key->manifests_count++;
    }
    key->manifests[at] = *one;
    strbuf_clear(&key->bodies[at]);
    strbuf_add(&key->bodies[at], body->bytes, body->length);
}

static inline enum store_outcome run_snapshot(const struct request *request)
{
    const struct store_snapshot *one = &request->snapshot;
    struct standing *key = standing_of(request->key);
    struct store_manifest manifest = {
        .offset = one->offset, .origin = one->origin, .is_whole = 1};

    if (store_token_compare(key->token, one->token) != 0)
        return STORE_REFUSED;
    for (uint32_t i = 0; i < one->chunks_count; i++)
        if (find_chunk(request->names[i]) < 0)
            return STORE_MISSING;
    if (one->is_only)
        key->manifests_count = 0;
    if (key->manifests_count == SCRIPT_MANIFESTS)
        key->manifests_count--;
    put_manifest(key, &manifest, &request->body);
    return STORE_DONE;
}

static inline enum store_outcome run_stage(const struct request *request)
{
    if (store_token_compare(standing_of(request->key)->token, request->token) !=
        0)
        return STORE_REFUSED;
    script.staged[script.staged_count] = mem_dup_text(request->text);
    strbuf_add(&script.contents[script.staged_count++], request->body.bytes,
               request->body.length);
    return STORE_DONE;
}

/* The request runs; no answer comes. */
static inline enum store_outcome run(const struct request *request)
{
    struct standing *key = standing_of(request->key);

    switch (request->call) {
    case SCRIPT_TAKE:
        if (store_token_compare(key->token, request->token) > 0)
            return STORE_REFUSED;
        key->token = request->token;
        return STORE_DONE;
    case SCRIPT_CHECKPOINT:
        return run_checkpoint(request);
    case SCRIPT_STAGE:
        return run_stage(request);
    case SCRIPT_SNAPSHOT:
        return run_snapshot(request);
    case SCRIPT_CHUNKS:
        return find_chunk(request->text) < 0 ? STORE_MISSING : STORE_DONE;
    case SCRIPT_LOOK:
    case SCRIPT_LOAD:
    case SCRIPT_READ_MANIFESTS:
        break;
    }
    return STORE_DONE;
}

/* ---- answers ---- */

static inline struct text text_in(const struct strbuf *buf)
{
    return (struct text){buf->bytes, (uint32_t)buf->length};
}

static inline void fill_answer(struct store_answer *answer, struct text *parts,
                               const struct request *request)
{
    struct standing *key = standing_of(request->key);
    int first = key->has_base;

    answer->head = (struct store_head){
        .is_there = key->token.epoch != 0,
        .token = key->token,
        .who = text_of("host other pid 1"),
        .id = key->id,
        .marks = {key->marks_count, key->marks},
        .time_ms = key->time_ms,
        .fingerprint =
            text_of(key->fingerprint == NULL ? "" : key->fingerprint),
    };
    answer->is_at_odds = key->is_at_odds;
    for (uint32_t i = 0; i < key->parts_count; i++)
        parts[i] = text_in(&key->parts[i]);
    if (first)
        answer->base = parts[0];
    answer->parts = parts + first;
    answer->parts_count = key->parts_count - (uint32_t)first;
    for (uint32_t i = 0; i < key->manifests_count; i++) {
        key->manifests[i].body = text_in(&key->bodies[i]);
        if (key->manifests[i].fingerprint.bytes == NULL)
            key->manifests[i].fingerprint = text_of("");
    }
    answer->manifests = key->manifests;
    answer->manifests_count = key->manifests_count;
}

static inline void answer(struct request *request, enum store_outcome outcome)
{
    struct text parts[SCRIPT_PARTS] = {{"", 0}};
    struct store_answer one = {.outcome = outcome, .base = {"", 0}};

    assert_false(request->is_answered);
    request->is_answered = 1;
    if (outcome != STORE_UNKNOWN)
        fill_answer(&one, parts, request);
    if (request->call == SCRIPT_CHUNKS && outcome == STORE_DONE) {
        parts[0] = text_in(&script.contents[find_chunk(request->text)]);
        one.parts = parts;
        one.parts_count = 1;
    }
    request->done(request->context, &one);
}

static inline void serve(struct request *request)
{
    answer(request, run(request));
}

/* ---- what waits ---- */

/* The oldest that waits; NULL: none does. */
static inline struct request *waiting(void)
{
    for (uint32_t i = 0; i < script.count; i++)
        if (!script.at[i].is_answered)
            return &script.at[i];
    return NULL;
}

/* The same of one kind, which must be there. */
static inline struct request *waiting_for(enum script_call call)
{
    for (uint32_t i = 0; i < script.count; i++)
        if (!script.at[i].is_answered && script.at[i].call == call)
            return &script.at[i];
    fail_msg("no request of kind %d waits", (int)call);
    return NULL;
}

static inline uint32_t count_waiting(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < script.count; i++)
        count += !script.at[i].is_answered;
    return count;
}

/* How many of that kind were ever asked for. */
static inline uint32_t count_calls(enum script_call call)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < script.count; i++)
        count += script.at[i].call == call;
    return count;
}

static inline void serve_all(void)
{
    while (waiting() != NULL)
        serve(waiting());
}

static inline void give_up_all(void)
{
    while (waiting() != NULL)
        answer(waiting(), STORE_UNKNOWN);
}

#endif
