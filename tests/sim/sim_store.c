#include "sim_store.h"

#include "err.h"
#include "mem.h"
#include "mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum call {
    CALL_LOOK,
    CALL_TAKE,
    CALL_LOAD,
    CALL_CHECKPOINT,
    CALL_MARKS, /* a mutant's second command */
    CALL_MANIFESTS,
    CALL_CHUNKS,
    CALL_STAGE,
    CALL_SNAPSHOT
};

static const char *const call_names[] = {
    [CALL_LOOK] = "look",        [CALL_TAKE] = "take",
    [CALL_LOAD] = "load",        [CALL_CHECKPOINT] = "checkpoint",
    [CALL_MARKS] = "marks",      [CALL_MANIFESTS] = "manifests",
    [CALL_CHUNKS] = "chunks",    [CALL_STAGE] = "stage",
    [CALL_SNAPSHOT] = "snapshot"};

static const char *const outcome_names[] = {[STORE_DONE] = "done",
                                            [STORE_REFUSED] = "refused",
                                            [STORE_MISSING] = "missing",
                                            [STORE_UNKNOWN] = "unknown"};

struct request {
    struct request *next;
    enum call call;
    uint32_t client;
    uint32_t incarnation;
    struct store_key key;
    struct store_token token;
    struct text who;
    struct store_checkpoint checkpoint;
    struct store_snapshot snapshot;
    struct sim_chunk chunk;
    const struct text *names;
    uint32_t names_count;
    store_done *done;
    void *done_context;
    int64_t run_us;    /* INT64_MAX: never */
    int64_t answer_us; /* not before it ran, unless it is lost */
    int is_lost;       /* the answer is UNKNOWN, whatever happens */
    int has_run;
    int is_answered; /* or nobody waits */
    struct store_answer answer;
};

const char *sim_store_key_name(struct store_key key)
{
    static const char *const names[2][SIM_GROUPS] = {{"g0", "g1", "g2", "g3"},
                                                     {"p0", "p1", "p2", "p3"}};

    return names[key.kind][key.number];
}

/* ---- what a request makes of the data ---- */

static void answer_load(struct sim_store *store, struct request *request)
{
    const struct sim_group *group = &store->data.groups[request->key.number];
    struct store_answer *answer = &request->answer;
    struct text *parts =
        arena_take(store->arena, group->log_count * sizeof *parts);

    for (uint32_t i = 0; i < group->log_count; i++)
        parts[i] = group->log[i].body;
    answer->base = group->base.body;
    answer->parts = parts;
    answer->parts_count = group->log_count;
    answer->is_at_odds = data_is_at_odds(group);
}

static void answer_manifests(struct sim_store *store, struct request *request)
{
    const struct sim_shelf *shelf = &store->data.shelves[request->key.number];
    struct store_manifest *all =
        arena_take(store->arena, MANIFESTS_MAX * sizeof *all);

    for (uint32_t i = 0; i < shelf->manifests_count; i++) {
        const struct sim_manifest *one = &shelf->manifests[i];

        all[i] = (struct store_manifest){
            .offset = one->offset,
            .origin = one->origin,
            .age_ms = store->now_us / 1000 - one->stored_ms,
            .fingerprint = one->fingerprint,
            .body = one->body,
            .is_whole = data_is_whole(shelf, one),
        };
    }
    request->answer.manifests = all;
    request->answer.manifests_count = shelf->manifests_count;
}

static enum store_outcome answer_chunks(struct sim_store *store,
                                        struct request *request)
{
    const struct sim_shelf *shelf = &store->data.shelves[request->key.number];
    struct text *parts =
        arena_take(store->arena, request->names_count * sizeof *parts);

    for (uint32_t i = 0; i < request->names_count; i++) {
        const struct sim_chunk *chunk = data_chunk(shelf, request->names[i]);

        if (chunk == NULL)
            return STORE_MISSING;
        parts[i] = chunk->body;
    }
    request->answer.parts = parts;
    request->answer.parts_count = request->names_count;
    return STORE_DONE;
}

/* Counting of a partition begins (again, when nothing is known of it). */
static void note_birth(struct sim_store *store, const struct request *request)
{
    uint32_t q = request->key.number;
    const struct store_token *owner = &store->data.shelves[q].token;

    if (store_token_compare(*owner, request->token) != 0 ||
        store->data.shelves[q].manifests_count > 0)
        return;
    for (uint32_t g = 0; g < SIM_GROUPS; g++)
        if (store->data.groups[g].marks.count > q &&
            store->data.groups[g].marks.at[q] >= 0)
            return;
    store->born[q] = request->snapshot.origin;
    TELL(store->story, "p%u: counting begins at %lld", q,
         (long long)store->born[q]);
}

static void send_marks(struct sim_store *store, const struct request *from)
{
    struct request *request = arena_take(store->arena, sizeof *request);

    *request = *from;
    request->next = NULL;
    request->call = CALL_MARKS;
    request->run_us = store->now_us + rng_below(store->rng, 20000);
    request->is_answered = 1;
    request->has_run = 0;
    *store->last = request;
    store->last = &request->next;
}

static enum store_outcome run_checkpoint(struct sim_store *store,
                                         const struct request *request)
{
    enum store_outcome outcome = data_checkpoint(
        &store->data, store->arena, request->key.number, &request->checkpoint);

    if (outcome == STORE_DONE && MUTANT(MARKS_APART))
        send_marks(store, request);
    return outcome;
}

/* Somebody else's doing, as all processes but that one see it. */
static void stir(struct sim_store *store, const struct request *by)
{
    const struct sim_client *client = &store->clients[by->client];

    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (i != by->client || client->incarnation != by->incarnation)
            store->stirred[i]++;
}

static enum store_outcome run_script(struct sim_store *store,
                                     struct request *request)
{
    switch (request->call) {
    case CALL_LOOK:
        return STORE_DONE;
    case CALL_TAKE:
        return data_take(&store->data, request->key, request->token,
                         request->who);
    case CALL_LOAD:
        answer_load(store, request);
        return STORE_DONE;
    case CALL_CHECKPOINT:
        return run_checkpoint(store, request);
    case CALL_MARKS:
        store->data.groups[request->key.number].marks =
            request->checkpoint.marks;
        return STORE_DONE;
    case CALL_MANIFESTS:
        answer_manifests(store, request);
        return STORE_DONE;
    case CALL_CHUNKS:
        return answer_chunks(store, request);
    case CALL_STAGE:
        return data_stage(&store->data, store->arena, request->key.number,
                          request->token, request->chunk);
    case CALL_SNAPSHOT:
        note_birth(store, request);
        return data_snapshot(&store->data, store->arena, request->key.number,
                             &request->snapshot, store->now_us / 1000);
    }
    return STORE_UNKNOWN;
}

static int is_write(const struct request *request)
{
    return request->call == CALL_TAKE || request->call == CALL_CHECKPOINT ||
           request->call == CALL_STAGE || request->call == CALL_SNAPSHOT;
}

static void tell_run(const struct sim_store *store,
                     const struct request *request)
{
    const struct sim_client *client = &store->clients[request->client];
    const char *note = client->incarnation != request->incarnation
                           ? " (sender is gone)"
                       : request->is_answered ? " (given up on)"
                       : request->is_lost     ? " (answer lost)"
                                              : "";
    char what[64] = "";

    if (request->call == CALL_CHECKPOINT)
        snprintf(
            what, sizeof what, " %s #%llu on #%llu, marks %lld %lld",
            request->checkpoint.is_base ? "base" : "delta",
            (unsigned long long)(request->checkpoint.id.sequence & 0xfffff),
            (unsigned long long)(request->checkpoint.builds_on.sequence &
                                 0xfffff),
            (long long)request->checkpoint.marks.at[0],
            (long long)(request->checkpoint.marks.count > 1
                            ? request->checkpoint.marks.at[1]
                            : -1));
    if (request->call == CALL_SNAPSHOT)
        snprintf(what, sizeof what, " at %lld, %u chunks",
                 (long long)request->snapshot.offset,
                 request->snapshot.chunks_count);
    if (request->call == CALL_STAGE)
        snprintf(what, sizeof what, " %.*s", (int)request->chunk.name.length,
                 request->chunk.name.bytes);
    TELL(store->story, "store: %s of P%u on %s%s: %s%s",
         call_names[request->call], request->client,
         sim_store_key_name(request->key), what,
         outcome_names[request->answer.outcome], note);
}

static void run(struct sim_store *store, struct request *request)
{
    request->has_run = 1;
    if (is_write(request) && store->now_us < store->network.full_until_us) {
        request->answer.outcome = STORE_UNKNOWN;
        TELL(store->story, "store: %s of P%u on %s: full",
             call_names[request->call], request->client,
             sim_store_key_name(request->key));
        return;
    }
    request->answer.outcome = run_script(store, request);
    request->answer.head = data_head(&store->data, request->key);
    if (store->story->is_told)
        tell_run(store, request);
    if (is_write(request) && request->answer.outcome == STORE_DONE)
        stir(store, request);
    if (request->call == CALL_CHECKPOINT &&
        request->answer.outcome == STORE_DONE)
        store->landed(store->context, request->key.number);
    if (request->call == CALL_SNAPSHOT && request->answer.outcome == STORE_DONE)
        store->stands(store->context, request->key.number,
                      request->snapshot.offset);
}

/* ---- the network ---- */

static void discard(struct sim_store *store)
{
    struct request **at = &store->requests;

    while (*at != NULL) {
        if ((*at)->is_answered &&
            ((*at)->has_run || (*at)->run_us == INT64_MAX))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    store->last = at;
}

static struct request *first_due(const struct sim_store *store)
{
    struct request *first = NULL;

    for (struct request *one = store->requests; one != NULL; one = one->next)
        if (!one->has_run && one->run_us <= store->now_us &&
            (first == NULL || one->run_us < first->run_us))
            first = one;
    return first;
}

void sim_store_run(struct sim_store *store, int64_t now_us)
{
    struct request *request;

    store->now_us = now_us;
    while ((request = first_due(store)) != NULL)
        run(store, request);
    discard(store);
}

static int64_t up_to(struct sim_store *store, int64_t most_us)
{
    return most_us <= 0 ? 0 : rng_below(store->rng, (uint32_t)most_us);
}

/* On its way and given up on: it runs in its time, late, or never. */
static void orphan(struct sim_store *store, struct request *request)
{
    uint32_t fate = rng_below(store->rng, 4);

    if (request->has_run || request->run_us == INT64_MAX)
        return;
    if (fate == 0)
        request->run_us = INT64_MAX;
    if (fate == 1)
        request->run_us += up_to(store, store->network.late_us);
}

static void give_up(struct sim_store *store, struct request *request)
{
    request->is_lost = 1;
    request->answer_us = store->now_us;
    orphan(store, request);
}

static int is_awaited(const struct sim_store *store,
                      const struct request *request)
{
    return !request->is_answered &&
           store->clients[request->client].incarnation == request->incarnation;
}

void sim_store_break(struct sim_store *store, uint32_t number, int64_t away_us)
{
    struct sim_client *client = &store->clients[number];

    TELL(store->story, "P%u: connection breaks for %.3f s", number,
         (double)away_us / 1e6);
    client->is_ready = 0;
    client->ready_us = store->now_us + away_us;
    for (struct request *one = store->requests; one != NULL; one = one->next)
        if (one->client == number && is_awaited(store, one))
            give_up(store, one);
}

void sim_store_forget(struct sim_store *store, uint32_t number, int is_dead)
{
    for (struct request *one = store->requests; one != NULL; one = one->next) {
        if (one->client != number || !is_awaited(store, one))
            continue;
        one->is_answered = 1;
        if (is_dead)
            orphan(store, one);
    }
    store->clients[number].incarnation++;
}

void sim_store_calm(struct sim_store *store)
{
    store->network.lost_reply = store->network.late = store->network.never = 0;
    store->network.full_until_us = 0;
    for (struct request *one = store->requests; one != NULL; one = one->next)
        if (!one->has_run && one->run_us != INT64_MAX &&
            one->run_us > store->now_us + 1000000)
            one->run_us = store->now_us + up_to(store, 1000000);
}

/* ---- the seam ---- */

/* What the answer points to dies with the call: it is a copy, spoilt after. */
static void deliver(struct sim_store *store, struct request *request)
{
    struct store_answer answer = {.outcome = STORE_UNKNOWN, .head.time_ms = -1};
    int64_t marks[PARTITIONS_MAX];

    request->is_answered = 1;
    if (!request->is_lost)
        answer = request->answer;
    if (answer.outcome == STORE_UNKNOWN)
        answer =
            (struct store_answer){.outcome = STORE_UNKNOWN, .head.time_ms = -1};
    for (uint32_t i = 0; i < answer.head.marks.count; i++)
        marks[i] = answer.head.marks.at[i];
    answer.head.marks.at = marks;
    if (request->is_lost)
        TELL(store->story, "P%u: %s on %s: unknown", request->client,
             call_names[request->call], sim_store_key_name(request->key));
    request->done(request->done_context, &answer);
    memset(marks, 0x77, sizeof marks);
}

static struct request *first_answer(const struct sim_client *client)
{
    struct request *first = NULL;

    for (struct request *one = client->store->requests; one != NULL;
         one = one->next)
        if (one->client == client->number && is_awaited(client->store, one) &&
            one->answer_us <= client->store->now_us &&
            (one->has_run || one->is_lost) &&
            (first == NULL || one->answer_us < first->answer_us))
            first = one;
    return first;
}

static void pump(void *self, int64_t now_us)
{
    struct sim_client *client = self;
    struct request *request;

    (void)now_us;
    while ((request = first_answer(client)) != NULL)
        deliver(client->store, request);
    if (!client->is_ready && client->store->now_us >= client->ready_us) {
        client->is_ready = 1;
        client->generation++;
        TELL(client->store->story, "P%u: connected again", client->number);
    }
}

static int is_ready(void *self)
{
    return ((const struct sim_client *)self)->is_ready;
}

static uint64_t generation(void *self)
{
    return ((const struct sim_client *)self)->generation;
}

static int happens(struct sim_store *store, uint32_t thousandths)
{
    return thousandths > 0 && rng_below(store->rng, 1000) < thousandths;
}

static void draw_fate(struct sim_client *client, struct request *request)
{
    struct sim_store *store = client->store;
    const struct sim_network *network = &store->network;
    int64_t *last = &client->last_us[request->key.kind][request->key.number];
    int64_t timeout_us = store->now_us + network->timeout_us;

    request->run_us = store->now_us + up_to(store, network->latency_us);
    if (request->run_us < *last)
        request->run_us = *last;
    request->answer_us = request->run_us + up_to(store, network->latency_us);
    if (!client->is_ready || happens(store, network->never)) {
        request->is_lost = 1;
        request->run_us = INT64_MAX;
        request->answer_us = client->is_ready ? timeout_us : store->now_us;
    } else if (happens(store, network->late)) {
        request->is_lost = 1;
        request->run_us = timeout_us + up_to(store, network->late_us);
        request->answer_us = timeout_us;
    } else {
        *last = request->run_us;
        if (happens(store, network->lost_reply)) {
            request->is_lost = 1;
            request->answer_us =
                request->run_us > timeout_us ? request->run_us : timeout_us;
        }
    }
}

static struct request *send(struct sim_client *client, enum call call,
                            struct store_key key, store_done *done,
                            void *context)
{
    struct sim_store *store = client->store;
    struct request *request = arena_take(store->arena, sizeof *request);

    request->call = call;
    request->client = client->number;
    request->incarnation = client->incarnation;
    request->key = key;
    request->done = done;
    request->done_context = context;
    draw_fate(client, request);
    *store->last = request;
    store->last = &request->next;
    return request;
}

static void look(void *self, struct store_key key, store_done *done,
                 void *context)
{
    send(self, CALL_LOOK, key, done, context);
}

static void take(void *self, struct store_key key, struct store_token token,
                 struct text who, store_done *done, void *context)
{
    struct sim_client *client = self;
    struct request *request = send(client, CALL_TAKE, key, done, context);

    request->token = token;
    request->who = arena_text(client->store->arena, who);
}

static void load(void *self, uint32_t group, store_done *done, void *context)
{
    send(self, CALL_LOAD, (struct store_key){STORE_GROUP, group}, done,
         context);
}

static void check_one_in_flight(const struct sim_client *client, enum call call,
                                struct store_key key)
{
    for (struct request *one = client->store->requests; one != NULL;
         one = one->next)
        if (one->client == client->number && one->call == call &&
            one->key.kind == key.kind && one->key.number == key.number &&
            is_awaited(client->store, one))
            story_fail(client->store->story,
                       "P%u sends a second %s on %s while one is in flight",
                       client->number, call_names[call],
                       sim_store_key_name(key));
}

static void note_id(struct sim_client *client, struct store_id id)
{
    struct sim_store *store = client->store;
    struct used_id *used;

    for (used = store->ids; used != NULL; used = used->next)
        if (store_id_equal(used->id, id))
            story_fail(store->story, "P%u uses checkpoint id #%llu twice",
                       client->number, (unsigned long long)id.sequence);
    used = arena_take(store->arena, sizeof *used);
    *used = (struct used_id){store->ids, id};
    store->ids = used;
}

static void checkpoint(void *self, uint32_t group,
                       const struct store_checkpoint *checkpoint,
                       store_done *done, void *context)
{
    struct sim_client *client = self;
    struct arena *arena = client->store->arena;
    struct store_key key = {STORE_GROUP, group};
    struct request *request;

    check_one_in_flight(client, CALL_CHECKPOINT, key);
    note_id(client, checkpoint->id);
    request = send(client, CALL_CHECKPOINT, key, done, context);
    request->token = checkpoint->token;
    request->checkpoint = *checkpoint;
    request->checkpoint.marks.at =
        arena_copy(arena, checkpoint->marks.at,
                   checkpoint->marks.count * sizeof *checkpoint->marks.at);
    request->checkpoint.fingerprint =
        arena_text(arena, checkpoint->fingerprint);
    request->checkpoint.body = arena_text(arena, checkpoint->body);
}

static void manifests(void *self, uint32_t partition, store_done *done,
                      void *context)
{
    send(self, CALL_MANIFESTS, (struct store_key){STORE_PARTITION, partition},
         done, context);
}

static const struct text *copy_names(struct arena *arena,
                                     const struct text *names, uint32_t count)
{
    struct text *copy = arena_take(arena, count * sizeof *copy);

    for (uint32_t i = 0; i < count; i++)
        copy[i] = arena_text(arena, names[i]);
    return copy;
}

static void chunks(void *self, uint32_t partition, const struct text *names,
                   uint32_t count, store_done *done, void *context)
{
    struct sim_client *client = self;
    struct request *request =
        send(client, CALL_CHUNKS,
             (struct store_key){STORE_PARTITION, partition}, done, context);

    request->names = copy_names(client->store->arena, names, count);
    request->names_count = count;
}

/* A name stands for one content for ever. */
static void note_name(struct sim_client *client, uint32_t partition,
                      struct sim_chunk chunk)
{
    struct sim_store *store = client->store;
    struct used_name *used;

    for (used = store->names; used != NULL; used = used->next)
        if (used->partition == partition &&
            text_equal(used->chunk.name, chunk.name)) {
            if (text_equal(used->chunk.body, chunk.body))
                return;
            story_fail(
                store->story, "P%u uses chunk name %.*s for other content",
                client->number, (int)chunk.name.length, chunk.name.bytes);
        }
    used = arena_take(store->arena, sizeof *used);
    *used = (struct used_name){store->names, partition, chunk};
    store->names = used;
}

static void stage(void *self, uint32_t partition, struct store_token token,
                  struct text name, struct text body, store_done *done,
                  void *context)
{
    struct sim_client *client = self;
    struct arena *arena = client->store->arena;
    struct store_key key = {STORE_PARTITION, partition};
    struct request *request = send(client, CALL_STAGE, key, done, context);

    request->token = token;
    request->chunk =
        (struct sim_chunk){arena_text(arena, name), arena_text(arena, body)};
    note_name(client, partition, request->chunk);
}

static void snapshot(void *self, uint32_t partition,
                     const struct store_snapshot *snapshot, store_done *done,
                     void *context)
{
    struct sim_client *client = self;
    struct arena *arena = client->store->arena;
    struct store_key key = {STORE_PARTITION, partition};
    struct request *request;

    check_one_in_flight(client, CALL_SNAPSHOT, key);
    request = send(client, CALL_SNAPSHOT, key, done, context);
    request->token = snapshot->token;
    request->snapshot = *snapshot;
    request->snapshot.fingerprint = arena_text(arena, snapshot->fingerprint);
    request->snapshot.body = arena_text(arena, snapshot->body);
    request->snapshot.chunks =
        copy_names(arena, snapshot->chunks, snapshot->chunks_count);
}

void sim_store_init(struct sim_store *store, struct story *story,
                    struct rng *rng, struct arena *arena)
{
    memset(store, 0, sizeof *store);
    store->story = story;
    store->rng = rng;
    store->arena = arena;
    store->last = &store->requests;
    for (uint32_t g = 0; g < SIM_GROUPS; g++)
        store->data.groups[g].time_ms = -1;
    for (uint32_t q = 0; q < PARTITIONS_MAX; q++)
        store->born[q] = -1;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        store->clients[i] =
            (struct sim_client){.store = store, .number = i, .generation = 1};
}

void sim_store_open(struct sim_store *store, uint32_t number,
                    struct store *seam)
{
    struct sim_client *client = &store->clients[number];

    client->incarnation++;
    client->is_ready = 1;
    memset(client->last_us, 0, sizeof client->last_us);
    *seam = (struct store){
        .self = client,
        .pump = pump,
        .is_ready = is_ready,
        .generation = generation,
        .look = look,
        .take = take,
        .load = load,
        .checkpoint = checkpoint,
        .manifests = manifests,
        .chunks = chunks,
        .stage = stage,
        .snapshot = snapshot,
    };
}
