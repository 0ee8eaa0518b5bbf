/* keeper_world: an engine, rules and a log for starts and keepers on the
 * scripted store. */
#ifndef TERKAIT_KEEPER_WORLD_H
#define TERKAIT_KEEPER_WORLD_H

#include "engine_world.h"
#include "scripted_store.h"
#include "snapshot.h"

enum { OWNER = 0xabc, INTERVAL_MS = 5000 };

struct keeper_world {
    struct engine_rules engine_rules;
    struct engine *engine;
    struct keeper_rules rules;
    struct keeper_partition partitions[SCRIPT_PARTITIONS];
    struct keeper_log log;
    int64_t now_us, wall_ms;
};

/* Two partitions with the records 10 to 99; nobody has counted anything. */
static inline void world_begin(struct keeper_world *world)
{
    script_begin();
    *world = (struct keeper_world){.engine_rules = small_rules(),
                                   .rules = {.groups_count = SCRIPT_GROUPS,
                                             .interval_ms = INTERVAL_MS,
                                             .owner = OWNER,
                                             .sequence = 500,
                                             .who = "me",
                                             .fingerprint = "a=1\n~gap=5\n"},
                                   .now_us = 1000000,
                                   .wall_ms = 1700000000000};
    for (int i = 0; i < SCRIPT_PARTITIONS; i++)
        world->partitions[i] = (struct keeper_partition){10, 100, -1};
    world->log = (struct keeper_log){SCRIPT_PARTITIONS, world->partitions};
    world->engine_rules.groups_count = SCRIPT_GROUPS;
    world->engine = engine_new(&world->engine_rules);
}

static inline void world_end(struct keeper_world *world)
{
    engine_free(world->engine);
    script_end();
}

static inline struct store_token token_of(uint64_t epoch, uint64_t owner)
{
    return (struct store_token){epoch, owner};
}

static inline void set_tokens(struct store_token token)
{
    for (int i = 0; i < SCRIPT_KEYS; i++)
        script.keys[i].token = token;
}

static inline void put_marks(uint32_t group, int64_t first, int64_t second)
{
    struct standing *key = group_key(group);

    key->marks[0] = first;
    key->marks[1] = second;
    key->marks_count = 2;
}

/* An empty snapshot. */
static inline void put_snapshot(uint32_t partition, int64_t offset,
                                int64_t origin)
{
    struct store_manifest manifest = {
        .offset = offset, .origin = origin, .is_whole = 1};
    struct snapshot_body body = {.cut = {-1, -1, 0}};
    struct strbuf bytes = STRBUF_EMPTY;

    snapshot_pack(&bytes, &body);
    put_manifest(partition_key(partition), &manifest, &bytes);
    strbuf_deinit(&bytes);
}

/* What a process left that had counted both partitions up to 50. */
static inline void put_state(struct store_token token)
{
    set_tokens(token);
    for (uint32_t g = 0; g < SCRIPT_GROUPS; g++) {
        group_key(g)->id = (struct store_id){token.owner, 77};
        group_key(g)->time_ms = START_MS + g;
        group_key(g)->fingerprint = "a=1\n~gap=5\n";
        put_marks(g, 50, 50);
    }
    for (uint32_t p = 0; p < SCRIPT_PARTITIONS; p++) {
        put_snapshot(p, 50, 10);
        script.committed[p] = 50;
    }
}

/* Two items together, so that rows of two groups or one change. */
static inline void see_pair(struct keeper_world *world, uint32_t partition,
                            int64_t offset, const char *one, const char *other)
{
    char json[512];
    struct record record = {.bytes = json,
                            .partition = partition,
                            .offset = offset,
                            .stamp_ms = EVENT_NO_STAMP,
                            .now_ms = EVENT_NO_STAMP};

    snprintf(json, sizeof json,
             "{\"type\":\"page_view\",\"visitor\":\"v%lld\","
             "\"items\":[\"%s\",\"%s\"],\"ts\":%lld}",
             (long long)offset, one, other, (long long)START_MS + 100);
    record.length = strlen(json);
    assert_int_equal(engine_take(world->engine, &record), EVENT_ACCEPTED);
}

#endif
