/* The store behind the network: what arrives runs. */
#include "sim_store.h"

#include "mutant.h"
#include "sim_request.h"

#include <stdio.h>
#include <string.h>

const char *sim_call_name(enum call call)
{
    static const char *const names[] = {
        [CALL_LOOK] = "look",        [CALL_TAKE] = "take",
        [CALL_LOAD] = "load",        [CALL_CHECKPOINT] = "checkpoint",
        [CALL_MARKS] = "marks",      [CALL_MANIFESTS] = "manifests",
        [CALL_CHUNKS] = "chunks",    [CALL_STAGE] = "stage",
        [CALL_SNAPSHOT] = "snapshot"};

    return names[call];
}

static const char *const outcome_names[] = {[STORE_DONE] = "done",
                                            [STORE_REFUSED] = "refused",
                                            [STORE_MISSING] = "missing",
                                            [STORE_UNKNOWN] = "unknown"};

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
         sim_call_name(request->call), request->client,
         sim_store_key_name(request->key), what,
         outcome_names[request->answer.outcome], note);
}

static void run(struct sim_store *store, struct request *request)
{
    request->has_run = 1;
    if (is_write(request) && store->now_us < store->network.full_until_us) {
        request->answer.outcome = STORE_UNKNOWN;
        TELL(store->story, "store: %s of P%u on %s: full",
             sim_call_name(request->call), request->client,
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

int64_t sim_store_up_to(struct sim_store *store, int64_t most_us)
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
        request->run_us += sim_store_up_to(store, store->network.late_us);
}

static void give_up(struct sim_store *store, struct request *request)
{
    request->is_lost = 1;
    request->answer_us = store->now_us;
    orphan(store, request);
}

int sim_request_is_awaited(const struct sim_store *store,
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
        if (one->client == number && sim_request_is_awaited(store, one))
            give_up(store, one);
}

void sim_store_forget(struct sim_store *store, uint32_t number, int is_dead)
{
    for (struct request *one = store->requests; one != NULL; one = one->next) {
        if (one->client != number || !sim_request_is_awaited(store, one))
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
            one->run_us = store->now_us + sim_store_up_to(store, 1000000);
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
