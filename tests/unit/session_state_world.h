/* session_state_world: sessions of a partition with all that stands around
 * them, and cuts of them as lists of chunks. */
#ifndef TERKAIT_SESSION_STATE_WORLD_H
#define TERKAIT_SESSION_STATE_WORLD_H

#include "session_state.h"

#include "pack.h"
#include "rng.h"
#include "unit.h"

enum { CHUNKS_MAX = 4096 };

static struct session_rules rules;
static struct relations relations;
static struct windows windows;

/* Sessions of one partition, with all that stands around them. */
struct side {
    struct intern *items;
    struct sessions *sessions;
    struct contributions out;
    int64_t offset;
};

static inline void open_side(struct side *side)
{
    *side = (struct side){.items = intern_new()};
    side->sessions = sessions_new(&rules, &relations, &windows, side->items);
    contributions_init(&side->out);
}

static inline void close_side(struct side *side)
{
    sessions_check(side->sessions);
    sessions_free(side->sessions);
    contributions_deinit(&side->out);
    assert_int_equal(intern_count(side->items), 0);
    intern_free(side->items);
}

static inline void use_rules(void)
{
    struct err err = ERR_NONE;

    rules = (struct session_rules){1000, 500, 300000, 4, 100};
    relations = (struct relations){
        .count = 2,
        .at = {{.from = 7, .to = 7}, {.from = ACTION_VIEW, .to = ACTION_CART}}};
    relations_init(&relations);
    windows = (struct windows){.count = 1, .at = {{"w", 60000, 600}}};
    assert_int_equal(windows_init(&windows, &err), 0);
}

struct told {
    const char *tenant;
    const char *visitor;
    const char *session;
    enum event_type type;
    const char *item;
    int64_t ts_ms;
};

static inline enum event_verdict take(struct side *side, struct told told)
{
    struct event event = {.type = told.type,
                          .ts_ms = told.ts_ms,
                          .visitor = text_of(told.visitor),
                          .tenant = text_of(told.tenant),
                          .session = text_of(told.session),
                          .items_count = 1,
                          .items = {text_of(told.item)}};

    side->out.count = 0;
    sessions_drop_leaving(side->sessions);
    return sessions_take(side->sessions, &side->out, &event, EVENT_NO_STAMP,
                         side->offset++);
}

static inline void view(struct side *side, const char *visitor,
                        const char *item, int64_t ts_ms)
{
    assert_int_equal(take(side, (struct told){"", visitor, "", EVENT_PAGE_VIEW,
                                              item, ts_ms}),
                     EVENT_ACCEPTED);
}

/* ---- cuts as chunks ---- */

struct chunks {
    struct strbuf at[CHUNKS_MAX];
    uint32_t count;
    uint64_t sessions;
    struct session_cut cut;
};

static struct chunks saved, again;

static inline void clear_chunks(struct chunks *chunks)
{
    for (uint32_t i = 0; i < chunks->count; i++)
        strbuf_deinit(&chunks->at[i]);
    *chunks = (struct chunks){0};
}

/* Returns 1 when that was the last. */
static inline int cut_more(struct chunks *chunks, struct side *side,
                           size_t bytes)
{
    struct strbuf *chunk = &chunks->at[chunks->count];
    uint64_t before = chunks->sessions;
    int is_last =
        sessions_cut_next(side->sessions, chunk, bytes, &chunks->sessions);

    assert_int_equal(chunk->length > 0, chunks->sessions > before);
    chunks->count += chunk->length > 0;
    assert_true(chunks->count < CHUNKS_MAX);
    return is_last;
}

static inline void cut_all(struct chunks *chunks, struct side *side,
                           int64_t since)
{
    sessions_cut_begin(side->sessions, &chunks->cut, since);
    while (!cut_more(chunks, side, 64))
        ;
}

static inline void load_chunks(struct side *side, const struct chunks *chunks)
{
    struct err err = ERR_NONE;

    for (uint32_t i = 0; i < chunks->count; i++)
        if (sessions_load(side->sessions, chunks->at[i].bytes,
                          chunks->at[i].length, &err) < 0)
            fail_msg("%s", err.text);
    if (sessions_load_end(side->sessions, &chunks->cut, &err) < 0)
        fail_msg("%s", err.text);
    sessions_check(side->sessions);
}

/* All that two sides would write is alike. */
static inline void assert_same(struct side *a, struct side *b)
{
    struct chunks left = {0};

    cut_all(&left, a, 0);
    clear_chunks(&again);
    cut_all(&again, b, 0);
    assert_memory_equal(&left.cut, &again.cut, sizeof left.cut);
    assert_int_equal(left.count, again.count);
    for (uint32_t i = 0; i < left.count; i++) {
        assert_int_equal(left.at[i].length, again.at[i].length);
        assert_memory_equal(left.at[i].bytes, again.at[i].bytes,
                            left.at[i].length);
    }
    clear_chunks(&left);
    clear_chunks(&again);
}

#endif
