/* sink_redis: lists by SET, sorted sets by RESTORE. */
#include "sink_redis.h"

#include "clock.h"
#include "crc64.h"
#include "fence.h"
#include "log.h"
#include "mem.h"
#include "strbuf.h"
#include "zset_dump.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_LEAST_US   INT64_C(1000000)
#define PAUSE_MOST_US    INT64_C(10000000)
#define MISSING_LEAST_US INT64_C(60000000)

enum {
    COMMANDS_MAX = 4096,
    UNWRITTEN_MAX = 4 * 1024 * 1024,
    LIST_BYTES = 2048, /* of a list and its key, generously */
    PROBE_TTL_MS = 10000,
    NUMBER_BYTES = 20
};

/* Whether sorted sets can be written as dumps, as far as known. */
enum dumps { UNASKED, ASKED, TAKEN, NOT_TAKEN };

struct sink_redis {
    struct redis *redis;
    struct fence *fence; /* all commands go through it; owned */
    uint64_t awaited;    /* answers that will come here */

    struct crc64 crc;
    enum dumps dumps;
    uint64_t dumps_generation; /* that is true of */
    struct strbuf dump;        /* scratch */

    int64_t pause_us;       /* length of the latest pause */
    int64_t pause_until_us; /* no room until then */
    int is_refusing;        /* until the first write that is taken again */
    int64_t forget_at_us;   /* the generation rises then; 0: nothing to do */
    int64_t forgot_us;

    struct strbuf numbers; /* scratch */
    struct sink_redis_stats stats;
};

/* What was not written. */

static void forget_at(struct sink_redis *sink, int64_t at_us)
{
    if (sink->forget_at_us == 0 || at_us < sink->forget_at_us)
        sink->forget_at_us = at_us;
}

static void refuse(struct sink_redis *sink, const struct redis_reply *reply)
{
    int64_t now_us = clock_mono_us();

    sink->stats.refused++;
    if (sink->is_refusing && now_us < sink->pause_until_us)
        return;
    if (!sink->is_refusing)
        sink->pause_us = PAUSE_LEAST_US;
    else if (sink->pause_us < PAUSE_MOST_US / 2)
        sink->pause_us *= 2;
    else
        sink->pause_us = PAUSE_MOST_US;
    sink->is_refusing = 1;
    sink->pause_until_us = now_us + sink->pause_us;
    forget_at(sink, sink->pause_until_us);
    LOG(LOG_WARN, "redis_refused",
        F_TEXT("error", redis_reply_text(reply).bytes),
        F_INT("refused", sink->stats.refused),
        F_INT("pause_ms", sink->pause_us / 1000));
}

static void accept_again(struct sink_redis *sink)
{
    if (clock_mono_us() < sink->pause_until_us)
        return;
    sink->is_refusing = 0;
    LOG(LOG_INFO, "redis_accepts", F_INT("refused", sink->stats.refused));
}

/* 1 when the write was taken. A lost connection is not told here: its return
 * raises the generation. */
static int is_taken(struct sink_redis *sink, const struct redis_reply *reply)
{
    sink->awaited--;
    if (reply != NULL && redis_reply_kind(reply) == REDIS_ERROR)
        refuse(sink, reply);
    return reply != NULL && redis_reply_kind(reply) != REDIS_ERROR;
}

/* Only what takes memory shows that Redis accepts again: when it is full it
 * still removes and expires. */
static void on_stored(void *context, const struct redis_reply *reply)
{
    struct sink_redis *sink = context;

    if (is_taken(sink, reply) && sink->is_refusing)
        accept_again(sink);
}

static void on_removed(void *context, const struct redis_reply *reply)
{
    (void)is_taken(context, reply);
}

static void on_expired(void *context, const struct redis_reply *reply)
{
    struct sink_redis *sink = context;

    if (!is_taken(sink, reply) || redis_reply_number(reply) != 0)
        return;
    sink->stats.missing++;
    forget_at(sink,
              sink->forgot_us == 0 ? 1 : sink->forgot_us + MISSING_LEAST_US);
}

static void queue(struct sink_redis *sink, const struct text *arguments,
                  size_t count, redis_callback *callback)
{
    sink->awaited++;
    fence_send(sink->fence, arguments, count, callback, sink);
}

static struct text number_text(char *to, int64_t number)
{
    struct strbuf digits = {to, 0, NUMBER_BYTES + 1};

    strbuf_add_int(&digits, number);
    return (struct text){digits.bytes, (uint32_t)digits.length};
}

static void send_expire(struct sink_redis *sink, struct text key,
                        int64_t ttl_ms, redis_callback *callback)
{
    char digits[NUMBER_BYTES + 1];
    struct text arguments[] = {
        {"PEXPIRE", 7}, key, number_text(digits, ttl_ms)};

    queue(sink, arguments, 3, callback);
}

static void send_remove(struct sink_redis *sink, struct text key)
{
    struct text arguments[] = {{"DEL", 3}, key};

    queue(sink, arguments, 2, on_removed);
}

/* Are dumps taken? */

static const struct sink_member probe_members[] = {
    {{"sku-1", 5}, 70000}, {{"-5000", 5}, 2}, {{"17", 2}, 2}};
static const char *const probe_answer[] = {"-5000", "2",     "17",
                                           "2",     "sku-1", "70000"};

static int is_probe(const struct redis_reply *reply)
{
    if (redis_reply_count(reply) != 6)
        return 0;
    for (size_t i = 0; i < 6; i++) {
        struct text said = redis_reply_text(redis_reply_at(reply, i));

        if (said.length != strlen(probe_answer[i]) ||
            memcmp(said.bytes, probe_answer[i], said.length) != 0)
            return 0;
    }
    return 1;
}

static void on_probed(void *context, const struct redis_reply *reply)
{
    struct sink_redis *sink = context;

    sink->awaited--;
    if (reply == NULL || sink->dumps != ASKED)
        return;
    sink->dumps = is_probe(reply) ? TAKEN : NOT_TAKEN;
    if (sink->dumps == NOT_TAKEN)
        LOG(LOG_WARN, "redis_restore_refused",
            F_TEXT("instead", "sorted sets are written by ZADD"));
}

static int says(const struct redis_reply *reply, const char *word)
{
    return redis_reply_kind(reply) == REDIS_ERROR &&
           strncmp(redis_reply_text(reply).bytes, word, strlen(word)) == 0;
}

/* A Redis that is full, or another's by now, says nothing about dumps. */
static void on_probe_restored(void *context, const struct redis_reply *reply)
{
    struct sink_redis *sink = context;

    sink->awaited--;
    if (reply != NULL && (says(reply, "OOM") || says(reply, "FENCED")))
        sink->dumps = UNASKED;
}

static void on_probe_removed(void *context, const struct redis_reply *reply)
{
    (void)reply;
    ((struct sink_redis *)context)->awaited--;
}

/* In one script, so nobody sees the key; without a fence somebody may, and it
 * is gone by itself. */
static void ask_for_dumps(struct sink_redis *sink, struct text beside)
{
    struct strbuf name = STRBUF_EMPTY;
    struct text key;

    strbuf_add(&name, beside.bytes, beside.length);
    strbuf_add_text(&name, ":probe");
    key = (struct text){name.bytes, (uint32_t)name.length};
    strbuf_clear(&sink->dump);
    zset_dump(&sink->dump, &sink->crc, probe_members, 3);
    sink->awaited += 3;
    fence_join(sink->fence, 3);
    fence_put(sink->fence, FENCE_RESTORE, key,
              (struct text){sink->dump.bytes, (uint32_t)sink->dump.length},
              PROBE_TTL_MS, on_probe_restored, sink);
    fence_send(sink->fence,
               (struct text[]){
                   {"ZRANGE", 6}, key, {"0", 1}, {"-1", 2}, {"WITHSCORES", 10}},
               5, on_probed, sink);
    fence_send(sink->fence, (struct text[]){{"DEL", 3}, key}, 2,
               on_probe_removed, sink);
    strbuf_deinit(&name);
}

/* The seam. */

static uint32_t room(void *self)
{
    struct sink_redis *sink = self;
    size_t commands = fence_outstanding(sink->fence);
    size_t unwritten = redis_unwritten(sink->redis);
    size_t by_bytes;

    if (!redis_is_ready(sink->redis) || commands >= COMMANDS_MAX ||
        unwritten >= UNWRITTEN_MAX)
        return 0;
    if (sink->is_refusing && clock_mono_us() < sink->pause_until_us)
        return 0;
    by_bytes = (UNWRITTEN_MAX - unwritten) / LIST_BYTES + 1;
    commands = COMMANDS_MAX - commands;
    return (uint32_t)(by_bytes < commands ? by_bytes : commands);
}

static uint64_t generation(void *self)
{
    struct sink_redis *sink = self;

    if (sink->forget_at_us != 0) {
        int64_t now_us = clock_mono_us();

        if (now_us >= sink->forget_at_us) {
            sink->forget_at_us = 0;
            sink->forgot_us = now_us;
            sink->stats.forgotten++;
        }
    }
    return redis_generation(sink->redis) + sink->stats.forgotten;
}

/* Once for each generation. A write that is refused raises that, so a
 * connection that takes no dumps any more is noticed too. */
static int takes_dumps(struct sink_redis *sink, struct text key)
{
    uint64_t current = generation(sink);

    if (sink->dumps_generation != current) {
        sink->dumps_generation = current;
        sink->dumps = UNASKED;
    }
    if (sink->dumps == UNASKED) {
        sink->dumps = ASKED;
        ask_for_dumps(sink, key);
    }
    return sink->dumps == TAKEN;
}

/* Members come by falling counts. */
static int is_dumpable(const struct sink_member *members, uint32_t count)
{
    return count <= ZSET_DUMP_MEMBERS_MAX &&
           members[0].count <= ZSET_DUMP_COUNT_MAX;
}

static void put_dump(struct sink_redis *sink, struct text key,
                     const struct sink_member *members, uint32_t count,
                     int64_t ttl_ms)
{
    strbuf_clear(&sink->dump);
    zset_dump(&sink->dump, &sink->crc, members, count);
    sink->stats.dumped++;
    sink->awaited++;
    fence_put(sink->fence, FENCE_RESTORE, key,
              (struct text){sink->dump.bytes, (uint32_t)sink->dump.length},
              ttl_ms, on_stored, sink);
}

static void send_members(struct sink_redis *sink, struct text key,
                         const struct sink_member *members, uint32_t count)
{
    size_t words = 2 * (size_t)count + 2;
    struct text *arguments = mem_new(words, sizeof *arguments);

    strbuf_clear(&sink->numbers);
    strbuf_reserve(&sink->numbers, (size_t)count * NUMBER_BYTES);
    arguments[0] = (struct text){"ZADD", 4};
    arguments[1] = key;
    for (uint32_t i = 0; i < count; i++) {
        size_t start = sink->numbers.length;

        strbuf_add_uint(&sink->numbers, members[i].count);
        arguments[2 * i + 2] =
            (struct text){sink->numbers.bytes + start,
                          (uint32_t)(sink->numbers.length - start)};
        arguments[2 * i + 3] = members[i].id;
    }
    queue(sink, arguments, words, on_stored);
    free(arguments);
}

/* Redis asks a script whether there is memory only until it has written
 * something, so behind the DEL the ZADD is taken even when it is full. */
static void put_members(struct sink_redis *sink, struct text key,
                        const struct sink_member *members, uint32_t count,
                        int64_t ttl_ms)
{
    sink->stats.added++;
    fence_join(sink->fence, 3);
    send_remove(sink, key);
    send_members(sink, key, members, count);
    send_expire(sink, key, ttl_ms, on_removed);
}

/* All of these do nothing while the connection is away: its return raises the
 * generation, and everything is written anew. */

static void put(void *self, struct text key, struct text value, int64_t ttl_ms)
{
    struct sink_redis *sink = self;

    if (!redis_is_ready(sink->redis))
        return;
    sink->awaited++;
    fence_put(sink->fence, FENCE_SET, key, value, ttl_ms, on_stored, sink);
}

static void remove_key(void *self, struct text key)
{
    struct sink_redis *sink = self;

    if (redis_is_ready(sink->redis))
        send_remove(sink, key);
}

static void expire(void *self, struct text key, int64_t ttl_ms)
{
    struct sink_redis *sink = self;

    if (redis_is_ready(sink->redis))
        send_expire(sink, key, ttl_ms, on_expired);
}

static void put_counts(void *self, struct text key,
                       const struct sink_member *members, uint32_t count,
                       int64_t ttl_ms)
{
    struct sink_redis *sink = self;

    if (!redis_is_ready(sink->redis))
        return;
    if (count == 0)
        send_remove(sink, key);
    else if (takes_dumps(sink, key) && is_dumpable(members, count))
        put_dump(sink, key, members, count, ttl_ms);
    else
        put_members(sink, key, members, count, ttl_ms);
}

struct sink_redis *sink_redis_new(struct sink *sink, struct redis *redis)
{
    struct sink_redis *self = mem_new(1, sizeof *self);

    self->redis = redis;
    self->fence = fence_new(redis);
    crc64_init(&self->crc);
    *sink = (struct sink){.self = self,
                          .room = room,
                          .generation = generation,
                          .put = put,
                          .put_counts = put_counts,
                          .expire = expire,
                          .remove = remove_key};
    return self;
}

void sink_redis_free(struct sink_redis *sink)
{
    if (sink == NULL)
        return;
    fence_free(sink->fence);
    ASSERT(sink->awaited == 0);
    strbuf_deinit(&sink->dump);
    strbuf_deinit(&sink->numbers);
    free(sink);
}

void sink_redis_fence(struct sink_redis *sink, struct text key,
                      struct text token)
{
    fence_set(sink->fence, key, token);
}

void sink_redis_flush(struct sink_redis *sink)
{
    fence_flush(sink->fence);
}

size_t sink_redis_outstanding(const struct sink_redis *sink)
{
    return fence_outstanding(sink->fence);
}

const struct sink_redis_stats *sink_redis_stats(const struct sink_redis *sink)
{
    return &sink->stats;
}
