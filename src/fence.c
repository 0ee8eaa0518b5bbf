/* fence: what is gathered stands in the words of the protocol already, keys
 * apart from arguments, so that sending is three copies. */
#include "fence.h"

#include "err.h"
#include "mem.h"
#include "resp.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

/* A batch holds Redis up for well below 2 ms. Arguments are those of single
 * commands: a sorted set's 50 members count for more than a list. */
enum {
    BATCH_COMMANDS = 100,
    BATCH_ARGUMENTS = 800,
    BATCH_BYTES = 128 * 1024,
    JOINED_MAX = 10,
    NUMBER_BYTES = 20,
    RUN_DIGITS = 3 /* of how many are in a run */
};

/* Answers with OK, and behind it number and reply of each command that said
 * something else. */
static const char script[] =
    "local token = redis.call('HGET', KEYS[1], 'token') "
    "if token ~= ARGV[1] then "
    "return redis.error_reply('FENCED the token at ' .. KEYS[1] .. ' is ' .. "
    "(token or 'gone')) end "
    "local run, keys, argv = redis.pcall, KEYS, ARGV "
    "local out, said, at, key = {{ok = 'OK'}}, 1, 2, 2 "
    "local function note(number, reply) "
    "out[said + 1] = number out[said + 2] = reply said = said + 2 end "
    "while key <= #keys do "
    "local kind, n = argv[at], tonumber(argv[at + 1]) "
    "if kind == '=SET' then "
    "local ttl, shift = argv[at + 2], at + 3 - key "
    "for i = key, key + n - 1 do "
    "local reply = run('PSETEX', keys[i], ttl, argv[i + shift]) "
    "if reply.err then note(i - 1, reply) end end "
    "key = key + n at = at + 3 + n "
    "elseif kind == '=RESTORE' then "
    "local ttl, shift = argv[at + 2], at + 3 - key "
    "for i = key, key + n - 1 do "
    "local reply = run('RESTORE', keys[i], ttl, argv[i + shift], 'REPLACE') "
    "if reply.err then note(i - 1, reply) end end "
    "key = key + n at = at + 3 + n "
    "else "
    "note(key - 1, run(kind, keys[key], unpack(argv, at + 2, at + 1 + n))) "
    "key = key + 1 at = at + 2 + n end end "
    "return out";

struct command {
    redis_callback *callback;
    void *context;
};

struct batch {
    struct fence *fence;
    int is_script;
    uint32_t count;
    struct command commands[];
};

/* The run that is being gathered. */
struct run {
    uint32_t count; /* 0: none */
    enum fence_put kind;
    int64_t ttl_ms;
    size_t digits; /* where its count stands in the arguments */
};

struct fence {
    struct redis *redis;
    struct strbuf key, token;
    struct strbuf head, keys, arguments; /* bulk strings */
    size_t words;                        /* in keys and arguments */
    size_t loose;                        /* words of single commands */
    struct run run;
    uint32_t joined; /* to be gathered before anything is sent */
    struct command commands[BATCH_COMMANDS];
    uint32_t count;     /* gathered */
    size_t outstanding; /* sent */
};

struct fence *fence_new(struct redis *redis)
{
    struct fence *fence = mem_new(1, sizeof *fence);

    fence->redis = redis;
    return fence;
}

static void clear_gathered(struct fence *fence)
{
    strbuf_clear(&fence->keys);
    strbuf_clear(&fence->arguments);
    fence->words = fence->loose = 0;
    fence->run.count = 0;
    fence->joined = 0;
    fence->count = 0;
}

static void drop_gathered(struct fence *fence)
{
    struct command commands[BATCH_COMMANDS];
    uint32_t count = fence->count;

    memcpy(commands, fence->commands, sizeof commands);
    clear_gathered(fence);
    for (uint32_t i = 0; i < count; i++)
        if (commands[i].callback != NULL)
            commands[i].callback(commands[i].context, NULL);
}

void fence_free(struct fence *fence)
{
    if (fence == NULL)
        return;
    drop_gathered(fence);
    ASSERT(fence->outstanding == 0);
    strbuf_deinit(&fence->key);
    strbuf_deinit(&fence->token);
    strbuf_deinit(&fence->head);
    strbuf_deinit(&fence->keys);
    strbuf_deinit(&fence->arguments);
    free(fence);
}

void fence_set(struct fence *fence, struct text key, struct text token)
{
    fence_flush(fence);
    strbuf_clear(&fence->key);
    strbuf_add(&fence->key, key.bytes, key.length);
    strbuf_clear(&fence->token);
    strbuf_add(&fence->token, token.bytes, token.length);
}

static int is_fenced(const struct fence *fence)
{
    return fence->key.length > 0;
}

/* ---- answers ---- */

static void tell(const struct command *command, const struct redis_reply *reply)
{
    if (command->callback != NULL)
        command->callback(command->context, reply);
}

/* `list`: OK, then number and reply of those that said something else. */
static void tell_each(const struct batch *batch, const struct redis_reply *list)
{
    size_t at = 1, said = redis_reply_count(list);

    for (uint32_t i = 0; i < batch->count; i++) {
        size_t own = 0;

        if (at + 1 < said &&
            redis_reply_number(redis_reply_at(list, at)) == (int64_t)i + 1) {
            own = at + 1;
            at += 2;
        }
        tell(&batch->commands[i], redis_reply_at(list, own));
    }
}

static void answer(void *context, const struct redis_reply *reply)
{
    struct batch *batch = context;

    batch->fence->outstanding -= batch->count;
    if (batch->is_script && reply != NULL &&
        redis_reply_kind(reply) == REDIS_ARRAY)
        tell_each(batch, reply);
    else
        for (uint32_t i = 0; i < batch->count; i++)
            tell(&batch->commands[i], reply);
    free(batch);
}

static struct batch *batch_new(struct fence *fence,
                               const struct command *commands, uint32_t count)
{
    struct batch *batch =
        mem_new(1, sizeof *batch + count * sizeof batch->commands[0]);

    batch->fence = fence;
    batch->is_script = is_fenced(fence);
    batch->count = count;
    memcpy(batch->commands, commands, count * sizeof batch->commands[0]);
    fence->outstanding += count;
    return batch;
}

/* ---- gathering ---- */

static struct text number_text(char *to, int64_t number)
{
    struct strbuf digits = {to, 0, NUMBER_BYTES + 1};

    strbuf_add_int(&digits, number);
    return (struct text){digits.bytes, (uint32_t)digits.length};
}

static void send_plain(struct fence *fence, const struct text *arguments,
                       size_t count, struct command command)
{
    if (redis_is_ready(fence->redis))
        redis_send(fence->redis, arguments, count, answer,
                   batch_new(fence, &command, 1));
    else
        tell(&command, NULL);
}

static void add_key(struct fence *fence, struct text key)
{
    resp_add_text(&fence->keys, key);
    fence->words++;
}

static void add_argument(struct fence *fence, struct text argument)
{
    resp_add_text(&fence->arguments, argument);
    fence->words++;
}

static void gathered(struct fence *fence, struct command command)
{
    fence->commands[fence->count++] = command;
    if (fence->joined > 0 && --fence->joined > 0)
        return;
    if (fence->count == BATCH_COMMANDS || fence->loose >= BATCH_ARGUMENTS ||
        fence->keys.length + fence->arguments.length >= BATCH_BYTES)
        fence_flush(fence);
}

void fence_join(struct fence *fence, uint32_t commands)
{
    ASSERT(commands > 0 && commands <= JOINED_MAX && fence->joined == 0);
    if (!is_fenced(fence))
        return;
    if (fence->count + commands > BATCH_COMMANDS)
        fence_flush(fence);
    fence->joined = commands;
}

void fence_send(struct fence *fence, const struct text *arguments, size_t count,
                redis_callback *callback, void *context)
{
    struct command command = {callback, context};
    char digits[NUMBER_BYTES + 1];

    ASSERT(count >= 2);
    if (!is_fenced(fence)) {
        send_plain(fence, arguments, count, command);
        return;
    }
    fence->run.count = 0;
    add_key(fence, arguments[1]);
    add_argument(fence, arguments[0]);
    add_argument(fence, number_text(digits, (int64_t)count - 2));
    for (size_t i = 2; i < count; i++)
        add_argument(fence, arguments[i]);
    fence->loose += count;
    gathered(fence, command);
}

static void put_plain(struct fence *fence, enum fence_put kind, struct text key,
                      struct text value, struct text ttl,
                      struct command command)
{
    const struct text set[] = {{"SET", 3}, key, value, {"PX", 2}, ttl};
    const struct text restore[] = {
        {"RESTORE", 7}, key, ttl, value, {"REPLACE", 7}};

    send_plain(fence, kind == FENCE_SET ? set : restore, 5, command);
}

/* The count is kept by count_in_run. */
static void start_run(struct fence *fence, enum fence_put kind, struct text ttl)
{
    static const struct text names[] = {{"=SET", 4}, {"=RESTORE", 8}};

    add_argument(fence, names[kind]);
    add_argument(fence, (struct text){"000", RUN_DIGITS});
    fence->run.digits = fence->arguments.length - RUN_DIGITS - 2;
    add_argument(fence, ttl);
}

static void count_in_run(struct fence *fence)
{
    char *digit = fence->arguments.bytes + fence->run.digits + RUN_DIGITS;
    uint32_t rest = ++fence->run.count;

    for (int i = 0; i < RUN_DIGITS; i++, rest /= 10)
        *--digit = (char)('0' + rest % 10);
}

void fence_put(struct fence *fence, enum fence_put kind, struct text key,
               struct text value, int64_t ttl_ms, redis_callback *callback,
               void *context)
{
    struct command command = {callback, context};
    struct run *run = &fence->run;
    char digits[NUMBER_BYTES + 1];

    if (!is_fenced(fence)) {
        put_plain(fence, kind, key, value, number_text(digits, ttl_ms),
                  command);
        return;
    }
    if (run->count == 0 || run->kind != kind || run->ttl_ms != ttl_ms) {
        *run = (struct run){.kind = kind, .ttl_ms = ttl_ms};
        start_run(fence, kind, number_text(digits, ttl_ms));
    }
    add_key(fence, key);
    add_argument(fence, value);
    count_in_run(fence);
    gathered(fence, command);
}

/* ---- sending ---- */

static struct text text_of(const struct strbuf *buf)
{
    return (struct text){buf->bytes, (uint32_t)buf->length};
}

/* EVAL script, number of keys, key of the token. */
static void write_head(struct fence *fence)
{
    char digits[NUMBER_BYTES + 1];

    strbuf_clear(&fence->head);
    resp_add_count(&fence->head, 5 + fence->words);
    resp_add_text(&fence->head, (struct text){"EVAL", 4});
    resp_add_text(&fence->head, (struct text){script, sizeof script - 1});
    resp_add_text(&fence->head, number_text(digits, (int64_t)fence->count + 1));
    resp_add_text(&fence->head, text_of(&fence->key));
    resp_add_text(&fence->keys, text_of(&fence->token));
}

void fence_flush(struct fence *fence)
{
    struct batch *batch;

    if (fence->count == 0)
        return;
    if (!redis_is_ready(fence->redis)) {
        drop_gathered(fence);
        return;
    }
    write_head(fence);
    batch = batch_new(fence, fence->commands, fence->count);
    redis_send_written(fence->redis,
                       (struct text[]){text_of(&fence->head),
                                       text_of(&fence->keys),
                                       text_of(&fence->arguments)},
                       3, answer, batch);
    clear_gathered(fence);
}

size_t fence_outstanding(const struct fence *fence)
{
    return fence->outstanding + fence->count;
}
