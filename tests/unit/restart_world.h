/* restart_world: an engine that never stops, and one that is checkpointed,
 * killed and loaded again, over the same random records.
 *
 * Durable state is kept here as the protocol has it: of a group a base, deltas,
 * marks and T; of a partition snapshots, each standing only when every group's
 * marks have reached it. */
#ifndef TERKAIT_RESTART_WORLD_H
#define TERKAIT_RESTART_WORLD_H

#include "engine_world.h"
#include "group_state.h"
#include "rng.h"
#include "session_state.h"

enum {
    PARTITIONS = 3,
    GROUPS = 5,
    LOG_MAX = 4096,
    DELTAS_MAX = 64,
    CHUNKS_MAX = 256
};

struct logged {
    char json[512];
    int64_t offset;
};

struct log {
    struct logged at[LOG_MAX];
    uint32_t count;
    uint32_t next; /* that the engine that stops has not taken yet */
};

struct durable_group {
    struct strbuf parts[DELTAS_MAX]; /* a base and deltas */
    uint32_t count;
    int64_t marks[PARTITIONS]; /* -1: none */
    int64_t time_ms;
};

struct pending {
    int is_there;
    int is_base;
    struct strbuf body;
    int64_t marks[PARTITIONS];
    int64_t time_ms;
};

struct snapshot {
    int64_t offset;
    struct session_cut cut;
    struct strbuf chunks[CHUNKS_MAX];
    uint32_t count;
};

struct world {
    struct rng rng;
    struct engine_rules rules;
    struct engine *steady;
    struct engine *mortal;
    struct log logs[PARTITIONS];
    int64_t now_ms;
    struct durable_group groups[GROUPS];
    struct pending pending[GROUPS];
    struct snapshot stands[PARTITIONS]; /* offset 0, no chunks: the first */
    struct snapshot newer[PARTITIONS];  /* being made; offset -1: none */
    int is_cut_whole[PARTITIONS];
    uint32_t crashes, landed, lost, snapshots, compared;
};

static struct world world;

static inline uint32_t draw(uint32_t bound)
{
    return rng_below(&world.rng, bound);
}

/* ---- records ---- */

static inline void add_items(char *out, size_t room)
{
    static const char *const items[] = {
        "a",       "b", "c", "kopi-gayo-250g", "ab", "d", "kopi-gayo-500g",
        "\xc3\xa9"};
    uint32_t count = 1 + draw(3);

    snprintf(out, room, "[");
    for (uint32_t i = 0; i < count; i++)
        snprintf(out + strlen(out), room - strlen(out), "%s\"%s\"",
                 i > 0 ? "," : "", items[draw(COUNT(items))]);
    snprintf(out + strlen(out), room - strlen(out), "]");
}

static inline int64_t draw_time(void)
{
    uint32_t dice = draw(60);

    world.now_ms += dice == 0 ? draw(70000) : dice < 5 ? draw(3000) : draw(60);
    return START_MS + world.now_ms - draw(600);
}

static inline void write_record(char *json, size_t room, uint32_t partition)
{
    static const char *const types[] = {"page_view", "page_view", "add_to_cart",
                                        "remove_from_cart", "purchase"};
    char items[128], more[128] = "";

    add_items(items, sizeof items);
    if (draw(4) == 0)
        snprintf(more, sizeof more, ",\"category\":\"c%u\"", draw(3));
    if (draw(6) == 0)
        snprintf(more + strlen(more), sizeof more - strlen(more),
                 ",\"session\":\"s%u\"", draw(2));
    if (draw(3) == 0)
        snprintf(more + strlen(more), sizeof more - strlen(more),
                 ",\"tenant\":\"%s\"", draw(2) ? "toko" : "warung/ibu");
    snprintf(json, room,
             "{\"type\":\"%s\",\"visitor\":\"v%u-%u\",\"items\":%s,"
             "\"ts\":%lld%s}",
             types[draw(COUNT(types))], partition, draw(4), items,
             (long long)draw_time(), more);
    if (draw(30) == 0)
        json[draw((uint32_t)strlen(json))] = '!';
}

static inline void give(struct engine *engine, uint32_t partition,
                        const struct logged *one)
{
    struct record record = {.bytes = one->json,
                            .length = strlen(one->json),
                            .partition = partition,
                            .offset = one->offset,
                            .stamp_ms = -1,
                            .now_ms = -1};

    engine_take(engine, &record);
}

static inline void make_record(void)
{
    uint32_t partition = draw(PARTITIONS);
    struct log *log = &world.logs[partition];
    struct logged *one = &log->at[log->count];

    if (log->count == LOG_MAX)
        return;
    one->offset = log->count == 0 ? draw(3)
                                  : log->at[log->count - 1].offset + 1 +
                                        (draw(5) == 0 ? draw(4) : 0);
    write_record(one->json, sizeof one->json, partition);
    log->count++;
    give(world.steady, partition, one);
}

static inline void take_record(void)
{
    uint32_t partition = draw(PARTITIONS);
    struct log *log = &world.logs[partition];

    if (log->next < log->count)
        give(world.mortal, partition, &log->at[log->next++]);
}

/* What the publisher does: drains, and frees rows that are empty. */
static inline void tidy(struct engine *engine)
{
    struct groups *groups = engine_groups(engine);
    uint32_t item, pairs;

    while (groups_next_touched(groups, &item, &pairs))
        ;
    for (item = 1; item < intern_end(engine_items(engine)); item++)
        if (groups_row(groups, item) != NULL)
            groups_release(groups, item);
}

/* ---- groups made durable ---- */

static inline void cut_group(uint32_t g)
{
    struct groups *groups = engine_groups(world.mortal);
    struct pending *pending = &world.pending[g];

    if (pending->is_there)
        return;
    pending->is_there = 1;
    pending->is_base = draw(4) == 0 || world.groups[g].count == DELTAS_MAX;
    pending->time_ms = engine_time(world.mortal);
    for (uint32_t p = 0; p < PARTITIONS; p++)
        pending->marks[p] =
            groups_mark(groups, g, p, engine_position(world.mortal, p));
    groups_cut(groups, g);
    assert_int_equal(groups_changed(groups, g).rows, 0);
    strbuf_clear(&pending->body);
    if (pending->is_base)
        group_state_pack_base(&pending->body, groups, g);
    else
        group_state_pack_cut(&pending->body, groups, g);
}

static inline void store_group(uint32_t g)
{
    struct pending *pending = &world.pending[g];
    struct durable_group *group = &world.groups[g];
    struct strbuf *part;

    while (pending->is_base && group->count > 0)
        strbuf_clear(&group->parts[--group->count]);
    part = &group->parts[group->count++];
    strbuf_clear(part);
    strbuf_add(part, pending->body.bytes, pending->body.length);
    memcpy(group->marks, pending->marks, sizeof group->marks);
    group->time_ms = pending->time_ms;
}

static inline void answer_group(uint32_t g)
{
    struct groups *groups = engine_groups(world.mortal);

    if (!world.pending[g].is_there)
        return;
    world.pending[g].is_there = 0;
    if (draw(3) > 0) {
        store_group(g);
        groups_cut_landed(groups, g);
        world.landed++;
    } else {
        groups_cut_lost(groups, g);
        world.lost++;
    }
}

/* ---- snapshots of sessions ---- */

static inline int64_t durable_mark(uint32_t p)
{
    int64_t least = INT64_MAX;

    for (uint32_t g = 0; g < GROUPS; g++)
        if (world.groups[g].marks[p] < least)
            least = world.groups[g].marks[p];
    return least < 0 ? 0 : least;
}

static inline void copy_chunks(struct snapshot *to, const struct snapshot *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        strbuf_clear(&to->chunks[i]);
        strbuf_add(&to->chunks[i], from->chunks[i].bytes,
                   from->chunks[i].length);
    }
    to->count = from->count;
}

static inline void begin_snapshot(uint32_t p)
{
    struct snapshot *newer = &world.newer[p];
    struct snapshot *stands = &world.stands[p];
    int is_all = stands->count > CHUNKS_MAX / 2 || draw(4) == 0;

    newer->count = 0;
    if (!is_all)
        copy_chunks(newer, stands);
    newer->offset = engine_position(world.mortal, p);
    if (newer->offset < 0)
        return;
    world.is_cut_whole[p] = 0;
    sessions_cut_begin(engine_sessions(world.mortal, p), &newer->cut,
                       is_all ? 0 : stands->offset);
}

static inline void work_snapshot(uint32_t p)
{
    struct snapshot *newer = &world.newer[p];
    uint64_t count = 0;

    if (newer->offset < 0) {
        begin_snapshot(p);
    } else if (!world.is_cut_whole[p]) {
        struct strbuf *chunk = &newer->chunks[newer->count++];

        assert_true(newer->count < CHUNKS_MAX);
        strbuf_clear(chunk);
        world.is_cut_whole[p] = sessions_cut_next(
            engine_sessions(world.mortal, p), chunk, draw(200), &count);
        if (chunk->length == 0)
            newer->count--;
        assert_int_equal(count == 0, chunk->length == 0);
    } else if (durable_mark(p) >= newer->offset) {
        struct snapshot *stands = &world.stands[p];

        copy_chunks(stands, newer);
        stands->cut = newer->cut;
        stands->offset = newer->offset;
        newer->offset = -1;
        world.snapshots++;
    }
}

/* ---- a crash and a start ---- */

static inline void load_groups(void)
{
    struct groups *groups = engine_groups(world.mortal);
    struct err err = ERR_NONE;

    for (uint32_t g = 0; g < GROUPS; g++) {
        struct durable_group *group = &world.groups[g];

        if (group->count > 0)
            engine_set_time(world.mortal, group->time_ms);
        for (uint32_t i = 0; i < group->count; i++)
            if (group_state_unpack(groups, g, group->parts[i].bytes,
                                   group->parts[i].length, &err) < 0)
                fail_msg("group %u, part %u: %s", g, i, err.text);
        for (uint32_t p = 0; p < PARTITIONS; p++)
            groups_set_floor(groups, g, p,
                             group->marks[p] < 0 ? 0 : group->marks[p]);
        assert_int_equal(groups_changed(groups, g).rows, 0);
    }
}

static inline void load_sessions(uint32_t p)
{
    struct sessions *sessions = engine_sessions(world.mortal, p);
    struct snapshot *stands = &world.stands[p];
    struct log *log = &world.logs[p];
    struct err err = ERR_NONE;

    for (uint32_t i = 0; i < stands->count; i++)
        if (sessions_load(sessions, stands->chunks[i].bytes,
                          stands->chunks[i].length, &err) < 0)
            fail_msg("partition %u, chunk %u: %s", p, i, err.text);
    if (sessions_load_end(sessions, &stands->cut, &err) < 0)
        fail_msg("partition %u: %s", p, err.text);
    sessions_check(sessions);
    engine_set_position(world.mortal, p, stands->offset);
    for (log->next = 0; log->next < log->count; log->next++)
        if (log->at[log->next].offset >= stands->offset)
            break;
}

static inline void crash(void)
{
    engine_free(world.mortal);
    world.mortal = engine_new(&world.rules);
    world.crashes++;
    load_groups();
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        load_sessions(p);
        world.newer[p].offset = -1;
    }
    for (uint32_t g = 0; g < GROUPS; g++)
        world.pending[g].is_there = 0;
    engine_check(world.mortal);
}

/* Everything durable, to the last record. */
static inline void settle(void)
{
    for (uint32_t g = 0; g < GROUPS; g++) {
        answer_group(g);
        cut_group(g);
        world.pending[g].is_there = 0;
        store_group(g);
        groups_cut_landed(engine_groups(world.mortal), g);
    }
    for (uint32_t p = 0; p < PARTITIONS; p++)
        while (world.stands[p].offset < engine_position(world.mortal, p))
            work_snapshot(p);
}

/* ---- the two are alike ---- */

static inline void catch_up(void)
{
    for (uint32_t p = 0; p < PARTITIONS; p++)
        for (struct log *log = &world.logs[p]; log->next < log->count;)
            give(world.mortal, p, &log->at[log->next++]);
}

static inline uint32_t twin_of(uint32_t item)
{
    const struct intern *items = engine_items(world.steady);

    return intern_find(engine_items(world.mortal), intern_tenant(items, item),
                       intern_id(items, item));
}

static inline void add_lists(struct strbuf *out, struct engine *engine,
                             uint32_t item, const struct row_lists *lists)
{
    for (uint32_t r = 0; r < world.rules.relations.count; r++)
        for (uint32_t w = 0; w < world.rules.windows.count; w++) {
            struct list_head head = {.item = item,
                                     .relation = "",
                                     .window = "",
                                     .support = lists->supports[r][w],
                                     .is_partial = lists->is_partial};

            list_format(out, &lists->lists[r][w], &head, engine_items(engine));
        }
}

/* All that can be asked about an item, as text. */
static inline void describe(struct strbuf *out, struct engine *engine,
                            uint32_t item)
{
    struct groups *groups = engine_groups(engine);
    struct text category = groups_category(groups, item);

    strbuf_clear(out);
    for (uint32_t set = 0; set < world.rules.relations.sets_count; set++)
        for (uint32_t w = 0; w < world.rules.windows.count; w++)
            strbuf_add_format(out, "%u ", groups_support(groups, item, set, w));
    strbuf_add_format(out, "%.*s %lld ", (int)category.length, category.bytes,
                      (long long)groups_category_ms(groups, item));
    if (engine_lists(engine, item) != NULL)
        add_lists(out, engine, item, engine_lists(engine, item));
    if (engine_counts(engine, item, 20) != NULL)
        add_lists(out, engine, item, engine_counts(engine, item, 20));
}

static inline int has_content(struct engine *engine, uint32_t item)
{
    struct groups *groups = engine_groups(engine);

    return item != 0 && groups_row(groups, item) != NULL &&
           (groups_row(groups, item)->used > 0 ||
            groups_category_number(groups, item) != 0);
}

static inline void compare_rows(void)
{
    struct strbuf steady = STRBUF_EMPTY, mortal = STRBUF_EMPTY;
    uint32_t rows[2] = {0};

    for (uint32_t i = 1; i < intern_end(engine_items(world.mortal)); i++)
        rows[1] += (uint32_t)has_content(world.mortal, i);
    for (uint32_t i = 1; i < intern_end(engine_items(world.steady)); i++) {
        if (!has_content(world.steady, i))
            continue;
        rows[0]++;
        assert_true(has_content(world.mortal, twin_of(i)));
        describe(&steady, world.steady, i);
        describe(&mortal, world.mortal, twin_of(i));
        assert_string_equal(steady.bytes, mortal.bytes);
    }
    assert_int_equal(rows[0], rows[1]);
    strbuf_deinit(&steady);
    strbuf_deinit(&mortal);
}

/* Packed bytes are a function of what they stand for alone. */
static inline void compare_packed(void)
{
    struct strbuf steady = STRBUF_EMPTY, mortal = STRBUF_EMPTY;

    for (uint32_t g = 0; g < GROUPS; g++) {
        strbuf_clear(&steady);
        strbuf_clear(&mortal);
        group_state_pack_base(&steady, engine_groups(world.steady), g);
        group_state_pack_base(&mortal, engine_groups(world.mortal), g);
        assert_int_equal(steady.length, mortal.length);
        assert_memory_equal(steady.bytes, mortal.bytes, steady.length);
    }
    strbuf_deinit(&steady);
    strbuf_deinit(&mortal);
}

static inline void cut_whole(struct strbuf *out, struct engine *engine,
                             uint32_t p, struct session_cut *cut)
{
    struct sessions *sessions = engine_sessions(engine, p);
    uint64_t count = 0;

    strbuf_clear(out);
    sessions_cut_begin(sessions, cut, 0);
    while (!sessions_cut_next(sessions, out, 100, &count))
        ;
    assert_int_equal(count, cut->open);
}

static inline void compare_sessions(uint32_t p)
{
    struct strbuf steady = STRBUF_EMPTY, mortal = STRBUF_EMPTY;
    struct session_cut cuts[2];

    if (world.newer[p].offset >= 0)
        return;
    cut_whole(&steady, world.steady, p, &cuts[0]);
    cut_whole(&mortal, world.mortal, p, &cuts[1]);
    assert_int_equal(cuts[0].partition_time_ms, cuts[1].partition_time_ms);
    assert_int_equal(cuts[0].oldest, cuts[1].oldest);
    assert_int_equal(cuts[0].open, cuts[1].open);
    assert_int_equal(steady.length, mortal.length);
    if (steady.length > 0)
        assert_memory_equal(steady.bytes, mortal.bytes, steady.length);
    strbuf_deinit(&steady);
    strbuf_deinit(&mortal);
}

static inline void compare(void)
{
    catch_up();
    world.compared++;
    assert_int_equal(engine_time(world.steady), engine_time(world.mortal));
    for (uint32_t p = 0; p < PARTITIONS; p++)
        compare_sessions(p);
    compare_rows();
    compare_packed();
    engine_check(world.mortal);
    engine_check(world.steady);
}

#endif
