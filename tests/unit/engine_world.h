/* engine_world: an engine with small windows and a way to write records down.
 * Single quotes stand for double quotes in their JSON. */
#ifndef TERKAIT_ENGINE_WORLD_H
#define TERKAIT_ENGINE_WORLD_H

#include "engine.h"

#include "unit.h"

#define START_MS INT64_C(1718000000000)

/* Windows of 1 s in 10 panes and 1 min in 6; relations also_viewed and
 * viewed_then_carted; lists of 3, from 1 session on; no damping. */
static inline struct engine_rules small_rules(void)
{
    struct engine_rules rules = {
        .relations = {.count = 2,
                      .at = {{.name = "also_viewed", .from = 7, .to = 7},
                             {.name = "viewed_then_carted",
                              .from = ACTION_VIEW,
                              .to = ACTION_CART | ACTION_PURCHASE}}},
        .windows = {.count = 2, .at = {{"1s", 1000, 10}, {"1m", 60000, 6}}},
        .session = {1000, 500, 300000, 50, 1000},
        .event_bytes_max = 65536,
        .row_pairs_max = 100,
        .groups_count = 16,
        .popular_k = 3,
        .popular_min_support = 1,
    };
    struct err err = ERR_NONE;

    for (uint32_t r = 0; r < rules.relations.count; r++) {
        rules.relations.at[r].score = SCORE_COSINE;
        rules.relations.at[r].k = 3;
        rules.relations.at[r].min_support = 1;
    }
    relations_init(&rules.relations);
    assert_int_equal(windows_init(&rules.windows, &err), 0);
    return rules;
}

static inline enum event_verdict take_json(struct engine *engine,
                                           uint32_t partition, int64_t stamp_ms,
                                           const char *json)
{
    static int64_t offset;
    char bytes[1024];
    struct record record = {.bytes = bytes,
                            .length = strlen(json),
                            .partition = partition,
                            .offset = offset++,
                            .stamp_ms = stamp_ms,
                            .now_ms = stamp_ms};

    assert_true(record.length < sizeof bytes);
    for (size_t i = 0; i < record.length; i++)
        bytes[i] = json[i] == '\'' ? '"' : json[i];
    return engine_take(engine, &record);
}

/* A record with its event time `at_ms` after START_MS; `more` is further
 * fields, beginning with a comma. */
static inline void take_event(struct engine *engine, int64_t at_ms,
                              const char *type, const char *visitor,
                              const char *item, const char *more)
{
    char json[512];

    snprintf(json, sizeof json,
             "{'type':'%s','visitor':'%s','item':'%s','ts':%lld%s}", type,
             visitor, item, (long long)(START_MS + at_ms), more);
    assert_int_equal(take_json(engine, 0, EVENT_NO_STAMP, json),
                     EVENT_ACCEPTED);
    engine_check(engine);
}

static inline uint32_t item_of(struct engine *engine, const char *tenant,
                               const char *id)
{
    return intern_find(engine_items(engine), text_of(tenant), text_of(id));
}

/* "b 0.5000 2, c 0.4000 1" */
static inline void write_list(struct strbuf *out, struct engine *engine,
                              const struct list *list)
{
    strbuf_clear(out);
    strbuf_add_text(out, "");
    for (uint32_t i = 0; i < list->count; i++) {
        struct text id = intern_id(engine_items(engine), list->entries[i].item);

        strbuf_add_format(out, "%s%.*s %.4f %u", i == 0 ? "" : ", ",
                          (int)id.length, id.bytes, list->entries[i].score,
                          list->entries[i].count);
    }
}

static inline void assert_list(struct engine *engine, const struct list *list,
                               const char *wanted)
{
    struct strbuf got = STRBUF_EMPTY;

    write_list(&got, engine, list);
    assert_string_equal(got.bytes, wanted);
    strbuf_deinit(&got);
}

#endif
