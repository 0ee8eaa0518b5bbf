#include "fence.h"

#include "err.h"
#include "mem.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

/* A batch holds Redis up for well below 2 ms: a sorted set's 50 members count
 * for more than a list. */
enum {
    BATCH_COMMANDS = 100,
    BATCH_ARGUMENTS = 200,
    BATCH_BYTES = 128 * 1024,
    NUMBER_BYTES = 12
};

static const char script[] =
    "local token = redis.call('HGET', KEYS[1], 'token') "
    "if token ~= ARGV[1] then "
    "return redis.error_reply('FENCED the token at ' .. KEYS[1] .. ' is ' .. "
    "(token or 'gone')) end "
    "local out, at = {}, 2 "
    "for i = 2, #KEYS do "
    "local n = tonumber(ARGV[at + 1]) "
    "out[i - 1] = "
    "redis.pcall(ARGV[at], KEYS[i], unpack(ARGV, at + 2, at + 1 + n)) "
    "at = at + 2 + n end "
    "return out";

struct command {
    redis_callback *callback;
    void *context;
};

struct batch {
    struct fence *fence;
    int is_script; /* its reply is a list of replies */
    uint32_t count;
    struct command commands[];
};

/* Where a piece of the gathered bytes is. */
struct piece {
    size_t start;
    uint32_t length;
};

struct pieces {
    struct piece *at; /* owned */
    size_t count, room;
};

struct fence {
    struct redis *redis;
    struct strbuf key, token;
    struct strbuf bytes; /* of all pieces */
    struct pieces keys, arguments;
    struct command commands[BATCH_COMMANDS];
    uint32_t count;     /* gathered */
    size_t outstanding; /* sent */
    struct text *texts; /* owned; scratch */
    size_t texts_room;
};

struct fence *fence_new(struct redis *redis)
{
    struct fence *fence = mem_new(1, sizeof *fence);

    fence->redis = redis;
    return fence;
}

static void drop_gathered(struct fence *fence)
{
    struct command commands[BATCH_COMMANDS];
    uint32_t count = fence->count;

    memcpy(commands, fence->commands, sizeof commands);
    fence->count = 0;
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
    strbuf_deinit(&fence->bytes);
    free(fence->keys.at);
    free(fence->arguments.at);
    free(fence->texts);
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

/* ---- answers ---- */

static void answer(void *context, const struct redis_reply *reply)
{
    struct batch *batch = context;
    int is_list = batch->is_script && reply != NULL &&
                  redis_reply_kind(reply) == REDIS_ARRAY;

    batch->fence->outstanding -= batch->count;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->commands[i];

        if (command->callback != NULL)
            command->callback(command->context,
                              is_list ? redis_reply_at(reply, i) : reply);
    }
    free(batch);
}

/* ---- gathering ---- */

static void add_piece(struct fence *fence, struct pieces *pieces,
                      struct text text)
{
    if (pieces->count == pieces->room) {
        pieces->room = 2 * pieces->room + 64;
        pieces->at = mem_resize(pieces->at, pieces->room, sizeof *pieces->at);
    }
    pieces->at[pieces->count++] =
        (struct piece){fence->bytes.length, text.length};
    strbuf_add(&fence->bytes, text.bytes, text.length);
}

static void add_number(struct fence *fence, size_t number)
{
    char digits[NUMBER_BYTES];
    struct strbuf text = {digits, 0, sizeof digits};

    strbuf_add_uint(&text, number);
    add_piece(fence, &fence->arguments,
              (struct text){text.bytes, (uint32_t)text.length});
}

void fence_send(struct fence *fence, const struct text *arguments, size_t count,
                redis_callback *callback, void *context)
{
    struct command command = {callback, context};

    ASSERT(count >= 2);
    if (fence->count == 0) {
        strbuf_clear(&fence->bytes);
        fence->keys.count = fence->arguments.count = 0;
    }
    add_piece(fence, &fence->keys, arguments[1]);
    add_piece(fence, &fence->arguments, arguments[0]);
    add_number(fence, count - 2);
    for (size_t i = 2; i < count; i++)
        add_piece(fence, &fence->arguments, arguments[i]);
    fence->commands[fence->count++] = command;
    if (fence->count == BATCH_COMMANDS || fence->key.length == 0 ||
        fence->arguments.count >= BATCH_ARGUMENTS ||
        fence->bytes.length >= BATCH_BYTES)
        fence_flush(fence);
}

/* ---- sending ---- */

static struct text text_of(const struct fence *fence, struct piece piece)
{
    return (struct text){fence->bytes.bytes + piece.start, piece.length};
}

static struct text *texts(struct fence *fence, size_t count)
{
    if (count > fence->texts_room) {
        fence->texts_room = 2 * count;
        fence->texts =
            mem_resize(fence->texts, fence->texts_room, sizeof *fence->texts);
    }
    return fence->texts;
}

/* Without a fence there is one command: name, key, arguments. */
static size_t lay_out_plain(struct fence *fence)
{
    struct text *out = texts(fence, fence->arguments.count);
    size_t used = 0;

    out[used++] = text_of(fence, fence->arguments.at[0]);
    out[used++] = text_of(fence, fence->keys.at[0]);
    for (size_t i = 2; i < fence->arguments.count; i++)
        out[used++] = text_of(fence, fence->arguments.at[i]);
    return used;
}

static size_t lay_out_script(struct fence *fence, struct text keys_count)
{
    struct text *out =
        texts(fence, 5 + fence->keys.count + fence->arguments.count);
    size_t used = 0;

    out[used++] = (struct text){"EVAL", 4};
    out[used++] = (struct text){script, sizeof script - 1};
    out[used++] = keys_count;
    out[used++] = (struct text){fence->key.bytes, (uint32_t)fence->key.length};
    for (size_t i = 0; i < fence->keys.count; i++)
        out[used++] = text_of(fence, fence->keys.at[i]);
    out[used++] =
        (struct text){fence->token.bytes, (uint32_t)fence->token.length};
    for (size_t i = 0; i < fence->arguments.count; i++)
        out[used++] = text_of(fence, fence->arguments.at[i]);
    return used;
}

void fence_flush(struct fence *fence)
{
    char digits[NUMBER_BYTES];
    struct strbuf number = {digits, 0, sizeof digits};
    struct batch *batch;
    size_t used;

    if (fence->count == 0)
        return;
    if (!redis_is_ready(fence->redis)) {
        drop_gathered(fence);
        return;
    }
    if (fence->key.length == 0) {
        used = lay_out_plain(fence);
    } else {
        strbuf_add_uint(&number, fence->keys.count + 1);
        used = lay_out_script(
            fence, (struct text){number.bytes, (uint32_t)number.length});
    }
    batch =
        mem_new(1, sizeof *batch + fence->count * sizeof batch->commands[0]);
    batch->fence = fence;
    batch->is_script = fence->key.length > 0;
    batch->count = fence->count;
    memcpy(batch->commands, fence->commands,
           fence->count * sizeof batch->commands[0]);
    fence->outstanding += fence->count;
    fence->count = 0;
    redis_send(fence->redis, fence->texts, used, answer, batch);
}

size_t fence_outstanding(const struct fence *fence)
{
    return fence->outstanding + fence->count;
}
