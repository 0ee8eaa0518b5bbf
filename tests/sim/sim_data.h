/* sim_data: what the simulated store holds, and what its scripts do to it. A
 * copy of the struct is a copy of the whole: texts and arrays in it live in the
 * arena and are never changed. */
#ifndef TERKAIT_SIM_DATA_H
#define TERKAIT_SIM_DATA_H

#include "arena.h"
#include "sim_log.h"
#include "store.h"

enum { SIM_GROUPS = 4, MANIFESTS_MAX = 16, MINUTE_MS = 60000 };

/* A base or a delta, and between which ids it leads. */
struct sim_part {
    struct text body;
    struct store_id from, to;
};

struct sim_group {
    int is_there;
    struct store_token token;
    struct text who;
    struct store_id id;
    struct store_marks marks;
    int64_t time_ms;
    struct text fingerprint;
    struct sim_part base;
    uint32_t log_count;
    const struct sim_part *log;
};

struct sim_manifest {
    int64_t offset, origin, stored_ms;
    struct text fingerprint, body;
    uint32_t names_count;
    const struct text *names;
};

struct sim_chunk {
    struct text name, body;
};

struct sim_shelf {
    int is_there;
    struct store_token token;
    struct text who;
    uint32_t manifests_count;
    struct sim_manifest manifests[MANIFESTS_MAX]; /* newest first */
    uint32_t chunks_count;
    const struct sim_chunk *chunks;
};

struct sim_data {
    struct sim_group groups[SIM_GROUPS];
    struct sim_shelf shelves[PARTITIONS_MAX];
};

/* Each is one script: whole or not at all. Texts and arrays handed in are in
 * the arena already. */
enum store_outcome data_take(struct sim_data *data, struct store_key key,
                             struct store_token token, struct text who);
enum store_outcome data_checkpoint(struct sim_data *data, struct arena *arena,
                                   uint32_t group,
                                   const struct store_checkpoint *checkpoint);
enum store_outcome data_stage(struct sim_data *data, struct arena *arena,
                              uint32_t partition, struct store_token token,
                              struct sim_chunk chunk);
enum store_outcome data_snapshot(struct sim_data *data, struct arena *arena,
                                 uint32_t partition,
                                 const struct store_snapshot *snapshot,
                                 int64_t now_ms);

struct store_token data_token(const struct sim_data *data,
                              struct store_key key);
struct store_head data_head(const struct sim_data *data, struct store_key key);
int data_is_at_odds(const struct sim_group *group);
const struct sim_chunk *data_chunk(const struct sim_shelf *shelf,
                                   struct text name);
int data_is_whole(const struct sim_shelf *shelf,
                  const struct sim_manifest *manifest);

/* The key becomes what it is in `from`. */
void data_copy_key(struct sim_data *data, const struct sim_data *from,
                   struct store_key key);

#endif
