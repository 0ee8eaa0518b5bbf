/* store_world: a private Redis, stores on it, and calls that wait for their
 * answers. An answer stands until the next call. */
#ifndef TERKAIT_STORE_WORLD_H
#define TERKAIT_STORE_WORLD_H

#include "clock.h"
#include "hash.h"
#include "mem.h"
#include "private_redis.h"
#include "store_redis.h"
#include "unit.h"

#define PREFIX "t:"

static struct private_redis server;
static int is_missing;
static struct redis *control; /* for words of the test's own */

#define NEED_SERVER()                                                          \
    do {                                                                       \
        if (is_missing) {                                                      \
            print_message("no redis-server here: skipped\n");                  \
            skip();                                                            \
        }                                                                      \
        assert_true(server.pid != 0);                                          \
        words("FLUSHALL");                                                     \
    } while (0)

enum { ARENA_BYTES = 8 * 1024 * 1024, KEPT_MAX = 64 };

/* An answer, copied. */
struct got {
    int count; /* answers that came */
    struct store_answer answer;
    int64_t marks[KEPT_MAX];
    struct text parts[KEPT_MAX];
    struct store_manifest manifests[KEPT_MAX];
    size_t used;
    char arena[ARENA_BYTES];
};

static inline struct text keep(struct got *got, struct text text)
{
    char *to = got->arena + got->used;

    assert_true(got->used + text.length < ARENA_BYTES);
    if (text.length > 0)
        memcpy(to, text.bytes, text.length);
    got->used += text.length;
    return (struct text){to, text.length};
}

static inline void on_answer(void *context, const struct store_answer *answer)
{
    struct got *got = context;
    struct store_answer *kept = &got->answer;

    got->count++;
    got->used = 0;
    *kept = *answer;
    kept->head.who = keep(got, answer->head.who);
    kept->head.fingerprint = keep(got, answer->head.fingerprint);
    for (uint32_t i = 0; i < answer->head.marks.count; i++)
        got->marks[i] = answer->head.marks.at[i];
    kept->head.marks.at = got->marks;
    kept->base = keep(got, answer->base);
    for (uint32_t i = 0; i < answer->parts_count; i++)
        got->parts[i] = keep(got, answer->parts[i]);
    kept->parts = got->parts;
    for (uint32_t i = 0; i < answer->manifests_count; i++) {
        got->manifests[i] = answer->manifests[i];
        got->manifests[i].fingerprint =
            keep(got, answer->manifests[i].fingerprint);
        got->manifests[i].body = keep(got, answer->manifests[i].body);
    }
    kept->manifests = got->manifests;
    if (answer->problem != NULL)
        kept->problem =
            keep(got, (struct text){answer->problem,
                                    (uint32_t)strlen(answer->problem) + 1})
                .bytes;
}

static struct got got;

/* One store: a process. */
struct world {
    struct store store;
    struct store_redis *redis;
};

static inline void world_pump(struct world *world)
{
    world->store.pump(world->store.self, clock_mono_us());
}

static inline int world_is_ready(struct world *world)
{
    return world->store.is_ready(world->store.self);
}

static inline void world_wait(struct world *world)
{
    int64_t end_us = clock_mono_us() + 20000000;

    while (!world_is_ready(world) && clock_mono_us() < end_us) {
        world_pump(world);
        usleep(100);
    }
    assert_true(world_is_ready(world));
}

static inline void world_open(struct world *world)
{
    struct err err = ERR_NONE;

    if (store_redis_open(&world->redis, &world->store, server.url, PREFIX,
                         &err) != 0)
        fail_msg("%s", err.text);
}

static inline void world_up(struct world *world)
{
    world_open(world);
    world_wait(world);
}

static inline void world_down(struct world *world)
{
    store_redis_close(world->redis);
}

static inline const struct store_answer *await(struct world *world)
{
    int64_t end_us = clock_mono_us() + 30000000;

    while (got.count == 0 && clock_mono_us() < end_us) {
        world_pump(world);
        if (got.count == 0)
            usleep(50);
    }
    assert_int_equal(got.count, 1);
    return &got.answer;
}

static inline const struct store_answer *look(struct world *world,
                                              struct store_key key)
{
    got.count = 0;
    world->store.look(world->store.self, key, on_answer, &got);
    return await(world);
}

static inline const struct store_answer *
take(struct world *world, struct store_key key, struct store_token token)
{
    got.count = 0;
    world->store.take(world->store.self, key, token, text_of("host:1"),
                      on_answer, &got);
    return await(world);
}

static inline const struct store_answer *load(struct world *world,
                                              uint32_t group)
{
    got.count = 0;
    world->store.load(world->store.self, group, on_answer, &got);
    return await(world);
}

static inline const struct store_answer *
checkpoint(struct world *world, uint32_t group,
           const struct store_checkpoint *what)
{
    got.count = 0;
    world->store.checkpoint(world->store.self, group, what, on_answer, &got);
    return await(world);
}

static inline const struct store_answer *manifests(struct world *world,
                                                   uint32_t partition)
{
    got.count = 0;
    world->store.manifests(world->store.self, partition, on_answer, &got);
    return await(world);
}

static inline const struct store_answer *
stage(struct world *world, uint32_t partition, struct store_token token,
      const char *name, const char *body)
{
    got.count = 0;
    world->store.stage(world->store.self, partition, token, text_of(name),
                       text_of(body), on_answer, &got);
    return await(world);
}

static inline const struct store_answer *
snapshot(struct world *world, uint32_t partition,
         const struct store_snapshot *what)
{
    got.count = 0;
    world->store.snapshot(world->store.self, partition, what, on_answer, &got);
    return await(world);
}

static inline const struct store_answer *chunks(struct world *world,
                                                uint32_t partition,
                                                const struct text *names,
                                                uint32_t count)
{
    got.count = 0;
    world->store.chunks(world->store.self, partition, names, count, on_answer,
                        &got);
    return await(world);
}

/* Words to Redis itself. */

static inline struct redis_reply *ask(const struct text *arguments,
                                      size_t count)
{
    struct err err = ERR_NONE;
    struct redis_reply *reply;

    if (redis_ask(control, &reply, arguments, count, 20000, &err) != 0)
        fail_msg("%s", err.text);
    return reply;
}

/* Separated by blanks; answers of numbers, or the length of an array. */
static inline int64_t words(const char *line)
{
    char *copy = mem_dup_text(line), *save = NULL;
    struct text arguments[16];
    size_t count = 0;
    struct redis_reply *reply;
    int64_t result;

    for (char *at = strtok_r(copy, " ", &save); at != NULL;
         at = strtok_r(NULL, " ", &save))
        arguments[count++] = text_of(at);
    reply = ask(arguments, count);
    if (redis_reply_kind(reply) == REDIS_ERROR)
        fail_msg("%s: %s", line, redis_reply_text(reply).bytes);
    result = redis_reply_kind(reply) == REDIS_ARRAY
                 ? (int64_t)redis_reply_count(reply)
                 : redis_reply_number(reply);
    redis_reply_free(reply);
    free(copy);
    return result;
}

/* Of all that Redis holds: equal when nothing changed. */
static inline uint64_t digest(void)
{
    struct text all[] = {{"KEYS", 4}, {"*", 1}};
    struct redis_reply *keys = ask(all, 2);
    uint64_t sum = 1;

    for (size_t i = 0; i < redis_reply_count(keys); i++) {
        struct text key = redis_reply_text(redis_reply_at(keys, i));
        struct text dump[] = {{"DUMP", 4}, key};
        struct redis_reply *value = ask(dump, 2);
        struct text bytes = redis_reply_text(value);

        sum += hash_bytes(key.bytes, key.length,
                          hash_bytes(bytes.bytes, bytes.length, 0));
        redis_reply_free(value);
    }
    redis_reply_free(keys);
    return sum;
}

#define assert_outcome(is, wanted)                                             \
    do {                                                                       \
        const struct store_answer *answer_ = (is);                             \
        if (answer_->outcome != (wanted))                                      \
            fail_msg("outcome %d: %s", (int)answer_->outcome,                  \
                     answer_->problem != NULL ? answer_->problem : "-");       \
    } while (0)

static inline void assert_problem(const struct store_answer *answer,
                                  const char *word)
{
    assert_non_null(answer->problem);
    if (strstr(answer->problem, word) == NULL)
        fail_msg("\"%s\" has no \"%s\"", answer->problem, word);
}

static inline int set_up_server(void **state)
{
    struct err err = ERR_NONE;

    (void)state;
    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    return is_missing ? 0 : redis_open(&control, server.url, "control", &err);
}

static inline int tear_down_server(void **state)
{
    (void)state;
    redis_close(control);
    private_redis_end(&server);
    return 0;
}

#endif
