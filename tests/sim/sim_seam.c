/* The seam of store.h: requests go out, answers come from within pump. */
#include "sim_request.h"

#include <string.h>

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
             sim_call_name(request->call), sim_store_key_name(request->key));
    request->done(request->done_context, &answer);
    memset(marks, 0x77, sizeof marks);
}

static struct request *first_answer(const struct sim_client *client)
{
    struct request *first = NULL;

    for (struct request *one = client->store->requests; one != NULL;
         one = one->next)
        if (one->client == client->number &&
            sim_request_is_awaited(client->store, one) &&
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

    request->run_us =
        store->now_us + sim_store_up_to(store, network->latency_us);
    if (request->run_us < *last)
        request->run_us = *last;
    request->answer_us =
        request->run_us + sim_store_up_to(store, network->latency_us);
    if (!client->is_ready || happens(store, network->never)) {
        request->is_lost = 1;
        request->run_us = INT64_MAX;
        request->answer_us = client->is_ready ? timeout_us : store->now_us;
    } else if (happens(store, network->late)) {
        request->is_lost = 1;
        request->run_us = timeout_us + sim_store_up_to(store, network->late_us);
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
            sim_request_is_awaited(client->store, one))
            story_fail(client->store->story,
                       "P%u sends a second %s on %s while one is in flight",
                       client->number, sim_call_name(call),
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
