/* sink_redis: lists by SET, sorted sets by what differs.
 *
 *     put_counts:  ZRANGE key  ...answer...  ZREM gone, ZADD changed, PEXPIRE
 *
 * Between the question and its answer the wanted members wait in a table by
 * key. Whatever is called for that key meanwhile changes what waits, so calls
 * take effect in their order and a comparison is never with a state that later
 * commands have passed by. */
#include "sink_redis.h"

#include "clock.h"
#include "fence.h"
#include "hash.h"
#include "log.h"
#include "mem.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_LEAST_US   INT64_C(1000000)
#define PAUSE_MOST_US    INT64_C(10000000)
#define MISSING_LEAST_US INT64_C(60000000)

enum {
    COMMANDS_MAX = 4096,
    UNWRITTEN_MAX = 4 * 1024 * 1024,
    LIST_BYTES = 2048, /* of a list and its key, generously */
    FOLLOWING_MAX = 3, /* commands that follow one ZRANGE */
    BUCKETS = 1024,
    NUMBER_BYTES = 20
};

struct wanted {
    struct text id;
    uint64_t count;
    int stands; /* in Redis already, with this count */
};

struct pending {
    struct sink_redis *sink;
    struct pending *next; /* in its bucket */
    char *key;            /* owned */
    uint32_t key_length;
    uint32_t count;
    struct wanted *members; /* owned, with the ids behind; by id */
    int64_t ttl_ms;
};

struct sink_redis {
    struct redis *redis;
    struct fence *fence; /* all commands go through it; owned */
    struct pending *buckets[BUCKETS];
    uint32_t pending;
    uint64_t awaited; /* answers that will come here */

    int64_t pause_us;       /* length of the latest pause */
    int64_t pause_until_us; /* no room until then */
    int is_refusing;        /* until the first write that is taken again */
    int64_t forget_at_us;   /* the generation rises then; 0: nothing to do */
    int64_t forgot_us;

    struct text *arguments; /* owned; scratch */
    size_t arguments_capacity;
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
                        int64_t ttl_ms)
{
    char digits[NUMBER_BYTES + 1];
    struct text arguments[] = {
        {"PEXPIRE", 7}, key, number_text(digits, ttl_ms)};

    queue(sink, arguments, 3, on_expired);
}

static void send_remove(struct sink_redis *sink, struct text key)
{
    struct text arguments[] = {{"DEL", 3}, key};

    queue(sink, arguments, 2, on_removed);
}

/* What waits for the answer to its ZRANGE. */

static struct pending **find_pending(struct sink_redis *sink, struct text key)
{
    uint64_t hash = hash_bytes(key.bytes, key.length, 0);
    struct pending **at = &sink->buckets[hash % BUCKETS];

    while (*at != NULL && ((*at)->key_length != key.length ||
                           memcmp((*at)->key, key.bytes, key.length) != 0))
        at = &(*at)->next;
    return at;
}

/* Out of the table: the answer finds nothing to do any more. */
static void unlink_pending(struct sink_redis *sink, struct text key)
{
    struct pending **at = find_pending(sink, key);
    struct pending *pending = *at;

    if (pending == NULL)
        return;
    *at = pending->next;
    free(pending->members);
    pending->members = NULL;
}

static int compare_ids(const void *left, const void *right)
{
    return text_compare(((const struct wanted *)left)->id,
                        ((const struct wanted *)right)->id);
}

static struct wanted *copy_members(const struct sink_member *members,
                                   uint32_t count)
{
    size_t bytes = 0;
    struct wanted *copy;
    char *ids;

    for (uint32_t i = 0; i < count; i++)
        bytes += members[i].id.length;
    copy = mem_new(1, count * sizeof *copy + bytes);
    ids = (char *)(copy + count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = members[i].id.length;

        memcpy(ids, members[i].id.bytes, length);
        copy[i].id = (struct text){ids, length};
        copy[i].count = members[i].count;
        ids += length;
    }
    qsort(copy, count, sizeof *copy, compare_ids);
    return copy;
}

/* The answer. */

static int has_count(struct text score, uint64_t count)
{
    char digits[NUMBER_BYTES + 1];
    struct text wanted = number_text(digits, (int64_t)count);

    return score.length == wanted.length &&
           memcmp(score.bytes, wanted.bytes, wanted.length) == 0;
}

static void argument_reserve(struct sink_redis *sink, size_t count)
{
    if (count <= sink->arguments_capacity)
        return;
    sink->arguments =
        mem_resize(sink->arguments, count * 2, sizeof *sink->arguments);
    sink->arguments_capacity = count * 2;
}

/* Marks what stands and removes what should not. Members go before others
 * come: a set that is over 128 for a moment is kept the dear way for good. */
static void remove_gone(struct sink_redis *sink, struct pending *pending,
                        struct text key, const struct redis_reply *reply)
{
    size_t elements = redis_reply_count(reply), used = 2;

    argument_reserve(sink, elements / 2 + 2);
    sink->arguments[0] = (struct text){"ZREM", 4};
    sink->arguments[1] = key;
    for (size_t i = 0; i + 1 < elements; i += 2) {
        struct text score = redis_reply_text(redis_reply_at(reply, i + 1));
        struct wanted probe = {.id =
                                   redis_reply_text(redis_reply_at(reply, i))};
        struct wanted *known = bsearch(&probe, pending->members, pending->count,
                                       sizeof probe, compare_ids);

        if (known == NULL)
            sink->arguments[used++] = probe.id;
        else
            known->stands = has_count(score, known->count);
    }
    sink->stats.counts_cut += used - 2;
    if (used > 2)
        queue(sink, sink->arguments, used, on_removed);
}

static void add_changed(struct sink_redis *sink, const struct pending *pending,
                        struct text key)
{
    size_t used = 2;

    argument_reserve(sink, 2 * (size_t)pending->count + 2);
    strbuf_clear(&sink->numbers);
    strbuf_reserve(&sink->numbers, (size_t)pending->count * NUMBER_BYTES);
    sink->arguments[0] = (struct text){"ZADD", 4};
    sink->arguments[1] = key;
    for (uint32_t i = 0; i < pending->count; i++) {
        size_t start = sink->numbers.length;

        if (pending->members[i].stands)
            continue;
        strbuf_add_uint(&sink->numbers, pending->members[i].count);
        sink->arguments[used++] =
            (struct text){sink->numbers.bytes + start,
                          (uint32_t)(sink->numbers.length - start)};
        sink->arguments[used++] = pending->members[i].id;
    }
    sink->stats.counts_set += (used - 2) / 2;
    if (used > 2)
        queue(sink, sink->arguments, used, on_stored);
}

static int is_wrong_type(const struct redis_reply *reply)
{
    struct text said = redis_reply_text(reply);

    return redis_reply_kind(reply) == REDIS_ERROR && said.length >= 9 &&
           memcmp(said.bytes, "WRONGTYPE", 9) == 0;
}

static void write_difference(struct sink_redis *sink, struct pending *pending,
                             struct text key, const struct redis_reply *reply)
{
    if (is_wrong_type(reply)) {
        send_remove(sink, key); /* not ours; else it would be in the way */
    } else if (redis_reply_kind(reply) == REDIS_ERROR) {
        refuse(sink, reply);
        return;
    }
    remove_gone(sink, pending, key, reply);
    add_changed(sink, pending, key);
    send_expire(sink, key, pending->ttl_ms);
}

static void on_counts(void *context, const struct redis_reply *reply)
{
    struct pending *pending = context;
    struct sink_redis *sink = pending->sink;

    sink->awaited--;
    sink->pending--;
    if (pending->members != NULL) {
        struct text key = {pending->key, pending->key_length};

        *find_pending(sink, key) = pending->next;
        if (reply != NULL)
            write_difference(sink, pending, key, reply);
    }
    free(pending->members);
    free(pending->key);
    free(pending);
}

/* The seam. */

static uint32_t room(void *self)
{
    struct sink_redis *sink = self;
    size_t commands =
        fence_outstanding(sink->fence) + sink->pending * (size_t)FOLLOWING_MAX;
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

/* All of these do nothing while the connection is away: its return raises the
 * generation, and everything is written anew. */

static void put(void *self, struct text key, struct text value, int64_t ttl_ms)
{
    struct sink_redis *sink = self;
    char digits[NUMBER_BYTES + 1];
    struct text arguments[] = {
        {"SET", 3}, key, value, {"PX", 2}, number_text(digits, ttl_ms)};

    if (!redis_is_ready(sink->redis))
        return;
    if (sink->pending > 0)
        unlink_pending(sink, key);
    queue(sink, arguments, 5, on_stored);
}

static void remove_key(void *self, struct text key)
{
    struct sink_redis *sink = self;

    if (!redis_is_ready(sink->redis))
        return;
    if (sink->pending > 0)
        unlink_pending(sink, key);
    send_remove(sink, key);
}

static void expire(void *self, struct text key, int64_t ttl_ms)
{
    struct sink_redis *sink = self;
    struct pending *pending =
        sink->pending > 0 ? *find_pending(sink, key) : NULL;

    if (!redis_is_ready(sink->redis))
        return;
    if (pending != NULL)
        pending->ttl_ms = ttl_ms;
    else
        send_expire(sink, key, ttl_ms);
}

static void ask_counts(struct sink_redis *sink, struct pending *pending)
{
    struct text arguments[] = {{"ZRANGE", 6},
                               {pending->key, pending->key_length},
                               {"0", 1},
                               {"-1", 2},
                               {"WITHSCORES", 10}};

    sink->awaited++;
    sink->pending++;
    fence_send(sink->fence, arguments, 5, on_counts, pending);
}

static void put_counts(void *self, struct text key,
                       const struct sink_member *members, uint32_t count,
                       int64_t ttl_ms)
{
    struct sink_redis *sink = self;
    struct pending **at, *pending;

    if (count == 0) {
        remove_key(self, key);
        return;
    }
    if (!redis_is_ready(sink->redis))
        return;
    sink->stats.counts_put++;
    at = find_pending(sink, key);
    pending = *at;
    if (pending == NULL) {
        pending = *at = mem_new(1, sizeof *pending);
        pending->sink = sink;
        pending->key = mem_dup(key.bytes, key.length);
        pending->key_length = key.length;
        ask_counts(sink, pending);
    }
    free(pending->members);
    pending->members = copy_members(members, count);
    pending->count = count;
    pending->ttl_ms = ttl_ms;
}

struct sink_redis *sink_redis_new(struct sink *sink, struct redis *redis)
{
    struct sink_redis *self = mem_new(1, sizeof *self);

    self->redis = redis;
    self->fence = fence_new(redis);
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
    free(sink->arguments);
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
