#include "store_redis.h"

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "store_answer.h"
#include "store_command.h"
#include "store_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELOAD_US INT64_C(1000000)

enum { SHA_BYTES = 40 };

struct request {
    struct store_redis *store;
    struct request *next; /* among those that could not be sent */
    enum store_call call;
    struct store_key key;
    store_done *done;
    void *context;
    int64_t begun_us;
};

struct script {
    struct store_redis *store;
    enum store_call call;
    char sha[SHA_BYTES];
};

struct store_redis {
    struct redis *redis;
    char *prefix;
    struct script scripts[STORE_SCRIPTS];
    uint64_t loaded_generation; /* connection they were loaded on; 0: none */
    uint64_t asked_generation;  /* connection they were last sent on */
    uint32_t loads;             /* under way */
    int is_load_refused;
    int64_t reload_us; /* not again before */
    int64_t now_us;    /* of the latest pump */

    struct request *unsent; /* answered by the next pump, oldest first */
    struct request **unsent_end;
    size_t awaited;
    int is_closing;

    struct store_command command; /* the next one */
    size_t keys;                  /* in it */
    struct store_reader reader;
    struct store_redis_stats stats;
};

static struct text text_of(const char *text)
{
    return (struct text){text, (uint32_t)strlen(text)};
}

static void add_key(struct store_redis *store, struct store_key key,
                    const char *suffix, struct text name)
{
    struct strbuf *bytes = &store->command.bytes;
    size_t start = bytes->length;

    strbuf_add_text(bytes, store->prefix);
    strbuf_add_text(bytes, key.kind == STORE_GROUP ? "state:{g" : "state:{p");
    strbuf_add_uint(bytes, key.number);
    strbuf_add_text(bytes, suffix);
    strbuf_add(bytes, name.bytes, name.length);
    store_command_add_written(&store->command, start);
    store->keys++;
}

/* Where the name of the script and the number of keys go is known at the end
 * only. */
enum { COMMAND_FRONT = 3 };

static struct store_command *command_begin(struct store_redis *store)
{
    struct store_command *command = &store->command;

    store_command_begin(command);
    store->keys = 0;
    for (int i = 0; i < COMMAND_FRONT; i++)
        store_command_add(command, (struct text){"", 0});
    return command;
}

/* Requests. */

static void load_scripts(struct store_redis *store);

static int is_ready(void *self)
{
    const struct store_redis *store = self;

    return redis_is_ready(store->redis) &&
           store->loaded_generation == redis_generation(store->redis);
}

static uint64_t generation(void *self)
{
    const struct store_redis *store = self;

    return redis_generation(store->redis);
}

static void count_answer(struct store_redis *store,
                         const struct request *request,
                         const struct store_answer *answer)
{
    int64_t took_us = clock_mono_us() - request->begun_us;

    if (answer->outcome == STORE_UNKNOWN)
        store->stats.by_call[request->call].unknown++;
    else if (answer->outcome != STORE_DONE)
        store->stats.by_call[request->call].refused++;
    if (answer->problem != NULL && strstr(answer->problem, "OOM ") != NULL)
        store->stats.full++;
    if (took_us > store->stats.by_call[request->call].slowest_us)
        store->stats.by_call[request->call].slowest_us = took_us;
}

static void finish(struct request *request, const struct store_answer *answer)
{
    count_answer(request->store, request, answer);
    request->done(request->context, answer);
    free(request);
}

static int is_no_script(const struct redis_reply *reply)
{
    static const char word[] = "NOSCRIPT";
    struct text said;

    if (reply == NULL || redis_reply_kind(reply) != REDIS_ERROR)
        return 0;
    said = redis_reply_text(reply);
    return said.length >= sizeof word - 1 &&
           memcmp(said.bytes, word, sizeof word - 1) == 0;
}

static void on_reply(void *context, const struct redis_reply *reply)
{
    struct request *request = context;
    struct store_redis *store = request->store;
    struct store_answer answer = {.outcome = STORE_UNKNOWN};

    store->awaited--;
    if (is_no_script(reply) && store->loads == 0) {
        store->stats.reloads++;
        load_scripts(store);
    }
    store_reader_read(&store->reader, &answer, request->call, request->key,
                      reply);
    finish(request, &answer);
}

static void keep_unsent(struct store_redis *store, struct request *request)
{
    if (store->is_closing) {
        free(request);
        return;
    }
    *store->unsent_end = request;
    store->unsent_end = &request->next;
}

static void answer_unsent(struct store_redis *store)
{
    struct request *request = store->unsent;

    store->unsent = NULL;
    store->unsent_end = &store->unsent;
    while (request != NULL) {
        struct request *next = request->next;
        struct store_answer answer = {.outcome = STORE_UNKNOWN};

        store_reader_refuse(&store->reader, &answer, request->call,
                            request->key, "there is no connection");
        finish(request, &answer);
        request = next;
    }
}

/* Sends store->command, `skip` of whose front arguments are not used. */
static void send_request(struct store_redis *store, enum store_call call,
                         struct store_key key, size_t skip, store_done *done,
                         void *context)
{
    struct store_command *command = &store->command;
    struct request *request = mem_new(1, sizeof *request);
    uint64_t bytes = store_command_finish(command);

    *request = (struct request){store, NULL,    call,           key,
                                done,  context, clock_mono_us()};
    store->stats.by_call[call].requests++;
    if (!is_ready(store)) {
        keep_unsent(store, request);
        return;
    }
    store->stats.by_call[call].bytes += bytes;
    store->awaited++;
    redis_send(store->redis, command->texts + skip, command->count - skip,
               on_reply, request);
}

static void send_script(struct store_redis *store, enum store_call call,
                        struct store_key key, store_done *done, void *context)
{
    struct store_command *command = &store->command;
    char digits[STORE_NUMBER_DIGITS + 1];
    int length = snprintf(digits, sizeof digits, "%zu", store->keys);

    command->texts[0] = text_of("EVALSHA");
    command->texts[1] = (struct text){store->scripts[call].sha, SHA_BYTES};
    command->texts[2] = (struct text){digits, (uint32_t)length};
    send_request(store, call, key, 0, done, context);
}

/* The scripts. */

static void note_load(struct store_redis *store)
{
    if (store->loads > 0)
        return;
    if (!store->is_load_refused)
        store->loaded_generation = store->asked_generation;
    else
        store->reload_us = store->now_us + RELOAD_US;
}

static void on_loaded(void *context, const struct redis_reply *reply)
{
    struct script *script = context;
    struct store_redis *store = script->store;
    struct text said = {"", 0};

    store->loads--;
    if (reply != NULL)
        said = redis_reply_text(reply);
    if (reply != NULL && redis_reply_kind(reply) == REDIS_TEXT &&
        said.length == SHA_BYTES) {
        memcpy(script->sha, said.bytes, SHA_BYTES);
    } else {
        store->is_load_refused = 1;
        if (reply != NULL)
            LOG(LOG_WARN, "store_script_refused",
                F_TEXT("script", store_call_name(script->call)),
                F_TEXT("error", said.bytes));
    }
    note_load(store);
}

static void load_scripts(struct store_redis *store)
{
    struct strbuf source = STRBUF_EMPTY;

    store->asked_generation = redis_generation(store->redis);
    store->is_load_refused = 0;
    store->loads = STORE_SCRIPTS;
    for (int i = 0; i < STORE_SCRIPTS; i++) {
        struct text words[] = {{"SCRIPT", 6}, {"LOAD", 4}, {NULL, 0}};

        strbuf_clear(&source);
        store_script_add(&source, (enum store_call)i);
        words[2] = (struct text){source.bytes, (uint32_t)source.length};
        redis_send(store->redis, words, 3, on_loaded, &store->scripts[i]);
    }
    strbuf_deinit(&source);
}

static void pump(void *self, int64_t now_us)
{
    struct store_redis *store = self;

    store->now_us = now_us;
    answer_unsent(store);
    redis_pump(store->redis, now_us, 0);
    if (!redis_is_ready(store->redis) || is_ready(store) || store->loads > 0)
        return;
    if (store->asked_generation != redis_generation(store->redis) ||
        now_us >= store->reload_us)
        load_scripts(store);
}

/* The seam. */

static struct text no_name(void)
{
    return (struct text){"", 0};
}

static void add_head_keys(struct store_redis *store, struct store_key key)
{
    if (key.kind == STORE_PARTITION) {
        add_key(store, key, "}:token", no_name());
        return;
    }
    add_key(store, key, "}:head", no_name());
    add_key(store, key, "}:base", no_name());
    add_key(store, key, "}:log", no_name());
}

static void look(void *self, struct store_key key, store_done *done,
                 void *context)
{
    command_begin(self);
    add_head_keys(self, key);
    send_script(self, STORE_CALL_LOOK, key, done, context);
}

static void take(void *self, struct store_key key, struct store_token token,
                 struct text who, store_done *done, void *context)
{
    struct store_command *command = command_begin(self);

    add_head_keys(self, key);
    store_command_add_token(command, token);
    store_command_add(command, who);
    send_script(self, STORE_CALL_TAKE, key, done, context);
}

/* Nobody waits for the answers to these: EXEC brings them all. */
static void send_load_parts(struct store_redis *store)
{
    const struct text *keys = &store->command.texts[COMMAND_FRONT];
    struct text fields[2 + STORE_HEAD_STORED] = {{"HMGET", 5}, keys[0]};
    struct text multi[] = {{"MULTI", 5}};
    struct text get[] = {{"GET", 3}, keys[1]};
    struct text range[] = {{"LRANGE", 6}, keys[2], {"0", 1}, {"-1", 2}};

    for (int i = 0; i < STORE_HEAD_STORED; i++)
        fields[2 + i] = text_of(store_head_names[i]);
    redis_send(store->redis, multi, 1, NULL, NULL);
    redis_send(store->redis, fields, 2 + STORE_HEAD_STORED, NULL, NULL);
    redis_send(store->redis, get, 2, NULL, NULL);
    redis_send(store->redis, range, 4, NULL, NULL);
}

static void load(void *self, uint32_t group, store_done *done, void *context)
{
    struct store_redis *store = self;
    struct store_key key = {STORE_GROUP, group};
    struct store_command *command = command_begin(store);

    add_head_keys(store, key);
    store_command_finish(command);
    if (is_ready(store))
        send_load_parts(store);
    command->texts[0] = text_of("EXEC");
    command->count = 1;
    send_request(store, STORE_CALL_LOAD, key, 0, done, context);
}

static void checkpoint(void *self, uint32_t group,
                       const struct store_checkpoint *checkpoint,
                       store_done *done, void *context)
{
    struct store_key key = {STORE_GROUP, group};
    struct store_command *command = command_begin(self);
    struct strbuf *bytes = &command->bytes;
    size_t start;

    ASSERT(!store_id_equal(checkpoint->id, checkpoint->builds_on));
    add_head_keys(self, key);
    store_command_add_token(command, checkpoint->token);
    store_command_add_id(command, checkpoint->builds_on);
    store_command_add_id(command, checkpoint->id);
    start = bytes->length;
    store_format_add_marks(bytes, checkpoint->marks);
    store_command_add_written(command, start);
    start = bytes->length;
    strbuf_add_int(bytes, checkpoint->time_ms);
    store_command_add_written(command, start);
    store_command_add(command, checkpoint->fingerprint);
    store_command_add(command, text_of(checkpoint->is_base ? "1" : "0"));
    start = bytes->length;
    if (checkpoint->is_base)
        store_format_add_base(bytes, checkpoint);
    else
        store_format_add_delta(bytes, checkpoint);
    store_command_add_written(command, start);
    send_script(self, STORE_CALL_CHECKPOINT, key, done, context);
}

static void manifests(void *self, uint32_t partition, store_done *done,
                      void *context)
{
    struct store_key key = {STORE_PARTITION, partition};

    command_begin(self);
    add_key(self, key, "}:token", no_name());
    add_key(self, key, "}:snapshots", no_name());
    send_script(self, STORE_CALL_MANIFESTS, key, done, context);
}

static void add_chunk_keys(struct store_redis *store, struct store_key key,
                           const struct text *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(names[i].length > 0);
        add_key(store, key, "}:chunk:", names[i]);
    }
}

static void chunks(void *self, uint32_t partition, const struct text *names,
                   uint32_t count, store_done *done, void *context)
{
    struct store_redis *store = self;
    struct store_key key = {STORE_PARTITION, partition};
    struct store_command *command = command_begin(store);

    ASSERT(count > 0);
    add_chunk_keys(store, key, names, count);
    command->texts[COMMAND_FRONT - 1] = text_of("MGET");
    send_request(store, STORE_CALL_CHUNKS, key, COMMAND_FRONT - 1, done,
                 context);
}

static void stage(void *self, uint32_t partition, struct store_token token,
                  struct text name, struct text body, store_done *done,
                  void *context)
{
    struct store_key key = {STORE_PARTITION, partition};
    struct store_command *command = command_begin(self);
    size_t start;

    add_key(self, key, "}:token", no_name());
    add_key(self, key, "}:chunks", no_name());
    add_chunk_keys(self, key, &name, 1);
    store_command_add_token(command, token);
    store_command_add(command, name);
    start = command->bytes.length;
    strbuf_add_char(&command->bytes, STORE_FORMAT_VERSION);
    strbuf_add(&command->bytes, body.bytes, body.length);
    store_command_add_written(command, start);
    send_script(self, STORE_CALL_STAGE, key, done, context);
}

static void snapshot(void *self, uint32_t partition,
                     const struct store_snapshot *snapshot, store_done *done,
                     void *context)
{
    struct store_key key = {STORE_PARTITION, partition};
    struct store_command *command = command_begin(self);
    size_t start;

    ASSERT(snapshot->offset >= 0);
    add_key(self, key, "}:token", no_name());
    add_key(self, key, "}:snapshots", no_name());
    add_key(self, key, "}:chunks", no_name());
    add_chunk_keys(self, key, snapshot->chunks, snapshot->chunks_count);
    store_command_add_token(command, snapshot->token);
    store_command_add_offset(command, snapshot->offset);
    store_command_add_offset(command, snapshot->choice);
    store_command_add(command, text_of(snapshot->is_only ? "1" : "0"));
    store_command_add(command, snapshot->fingerprint);
    start = command->bytes.length;
    store_format_add_manifest(&command->bytes, snapshot);
    store_command_add_written(command, start);
    send_script(self, STORE_CALL_SNAPSHOT, key, done, context);
}

int store_redis_open(struct store_redis **self, struct store *store,
                     const char *url, const char *prefix, struct err *err)
{
    struct redis *redis;
    struct store_redis *made;

    if (redis_open(&redis, url, "state", err) != 0)
        return -1;
    made = mem_new(1, sizeof *made);
    made->redis = redis;
    made->prefix = mem_dup_text(prefix);
    made->unsent_end = &made->unsent;
    for (int i = 0; i < STORE_SCRIPTS; i++)
        made->scripts[i] =
            (struct script){.store = made, .call = (enum store_call)i};
    *self = made;
    *store = (struct store){.self = made,
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
                            .snapshot = snapshot};
    return 0;
}

void store_redis_close(struct store_redis *self)
{
    if (self == NULL)
        return;
    self->is_closing = 1;
    answer_unsent(self);
    redis_close(self->redis);
    ASSERT(self->awaited == 0);
    store_reader_deinit(&self->reader);
    store_command_deinit(&self->command);
    free(self->prefix);
    free(self);
}

struct redis *store_redis_connection(struct store_redis *self)
{
    return self->redis;
}

const struct store_redis_stats *
store_redis_stats(const struct store_redis *self)
{
    return &self->stats;
}
