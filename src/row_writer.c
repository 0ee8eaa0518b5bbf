#include "row_writer.h"

#include "key.h"
#include "mem.h"

#include <stdlib.h>

struct row_writer {
    struct engine *engine;
    const struct sink *sink;
    struct published_store *store;
    struct row_writer_rules rules;
    uint32_t relations, windows;
    struct strbuf key, value;
    struct sink_member *members; /* counts_max; owned */
    struct row_writer_stats stats;
};

struct row_writer *row_writer_new(struct engine *engine,
                                  const struct sink *sink,
                                  struct published_store *store,
                                  const struct row_writer_rules *rules)
{
    struct row_writer *writer = mem_new(1, sizeof *writer);

    writer->engine = engine;
    writer->sink = sink;
    writer->store = store;
    writer->rules = *rules;
    writer->relations = engine_rules(engine)->relations.count;
    writer->windows = engine_rules(engine)->windows.count;
    writer->members = mem_new(rules->counts_max + 1, sizeof *writer->members);
    return writer;
}

void row_writer_free(struct row_writer *writer)
{
    if (writer == NULL)
        return;
    strbuf_deinit(&writer->key);
    strbuf_deinit(&writer->value);
    free(writer->members);
    free(writer);
}

void row_writer_retune(struct row_writer *writer,
                       const struct row_writer_rules *rules)
{
    const char *prefix = writer->rules.prefix;

    writer->rules = *rules;
    writer->rules.prefix = prefix;
    free(writer->members);
    writer->members = mem_new(rules->counts_max + 1, sizeof *writer->members);
}

const struct row_writer_stats *row_writer_stats(const struct row_writer *writer)
{
    return &writer->stats;
}

static struct text as_text(const struct strbuf *buf)
{
    return (struct text){buf->bytes, (uint32_t)buf->length};
}

static void make_key(struct row_writer *writer, uint32_t item, uint32_t r,
                     uint32_t w, int is_counts)
{
    const struct engine_rules *rules = engine_rules(writer->engine);
    const struct intern *items = engine_items(writer->engine);
    struct text tenant = intern_tenant(items, item);
    struct text id = intern_id(items, item);

    strbuf_clear(&writer->key);
    (is_counts ? key_add_counts : key_add_related)(
        &writer->key, writer->rules.prefix, tenant, id,
        rules->relations.at[r].name, rules->windows.at[w].name);
}

static uint64_t digest_before(const struct published *published, uint32_t at)
{
    return published->digests == NULL ? 0 : published->digests[at];
}

/* ---- lists ---- */

static void write_list(struct row_writer *writer, uint32_t item, uint32_t r,
                       uint32_t w, const struct list *list,
                       const struct list_head *head)
{
    const struct sink *sink = writer->sink;

    make_key(writer, item, r, w, 0);
    if (list->count == 0) {
        sink->remove(sink->self, as_text(&writer->key));
        writer->stats.lists_deleted++;
        return;
    }
    strbuf_clear(&writer->value);
    list_format(&writer->value, list, head, engine_items(writer->engine));
    sink->put(sink->self, as_text(&writer->key), as_text(&writer->value),
              writer->rules.ttl_ms);
    writer->stats.lists_written++;
}

static int is_to_write(enum look look, uint64_t before, uint64_t digest)
{
    switch (look) {
    case LOOK_URGENT:
        return before != digest && !list_same_order(before, digest);
    case LOOK_ALL:
        return before != digest;
    case LOOK_REFRESH:
        return before != digest || digest != 0;
    case LOOK_ANEW:
        return 1;
    }
    return 1;
}

/* Returns 1 when the list differs and was left for later. */
static int look_at_list(struct row_writer *writer, struct published *published,
                        const struct row_lists *lists, uint32_t item,
                        uint32_t r, uint32_t w, enum look look)
{
    const struct engine_rules *rules = engine_rules(writer->engine);
    struct list_head head = {
        .item = item,
        .relation = rules->relations.at[r].name,
        .window = rules->windows.at[w].name,
        .as_of_ms = engine_time(writer->engine),
        .support = lists->supports[r][w],
        .is_partial = lists->is_partial,
    };
    const struct list *list = &lists->lists[r][w];
    uint64_t digest = list_digest(list, &head, engine_items(writer->engine));
    uint32_t at = r * writer->windows + w;
    uint64_t before = digest_before(published, at);

    if (!is_to_write(look, before, digest)) {
        writer->stats.lists_unchanged += before == digest;
        return before != digest;
    }
    write_list(writer, item, r, w, list, &head);
    if (before != digest)
        published_digests(writer->store, published)[at] = digest;
    return 0;
}

int row_writer_lists(struct row_writer *writer, uint32_t item,
                     const struct row_lists *lists, enum look look)
{
    struct published *published = published_at(writer->store, item);
    int is_left = 0;

    for (uint32_t r = 0; r < writer->relations; r++)
        for (uint32_t w = 0; w < writer->windows; w++)
            is_left |= look_at_list(writer, published, lists, item, r, w, look);
    return is_left;
}

/* ---- counts ---- */

static void write_counts(struct row_writer *writer, uint32_t item, uint32_t r,
                         uint32_t w, const struct list *list)
{
    const struct sink *sink = writer->sink;
    const struct intern *items = engine_items(writer->engine);

    for (uint32_t i = 0; i < list->count; i++)
        writer->members[i] = (struct sink_member){
            intern_id(items, list->entries[i].item), list->entries[i].count};
    make_key(writer, item, r, w, 1);
    sink->put_counts(sink->self, as_text(&writer->key), writer->members,
                     list->count, writer->rules.ttl_ms);
    writer->stats.counts_written++;
}

static void look_at_counts(struct row_writer *writer,
                           struct published *published, const struct list *list,
                           uint32_t item, uint32_t r, uint32_t w)
{
    uint64_t digest = list_counts_digest(list, engine_items(writer->engine));
    uint32_t at = (writer->relations + r) * writer->windows + w;
    uint64_t before = digest_before(published, at);

    if (before == digest && !published->is_counts_anew)
        return;
    write_counts(writer, item, r, w, list);
    if (before != digest)
        published_digests(writer->store, published)[at] = digest;
}

void row_writer_counts(struct row_writer *writer, uint32_t item,
                       const struct row_lists *counts, uint32_t due)
{
    struct published *published = published_at(writer->store, item);

    for (uint32_t r = 0; r < writer->relations; r++)
        for (uint32_t w = 0; w < writer->windows; w++)
            if (due >> r & 1)
                look_at_counts(writer, published, &counts->lists[r][w], item, r,
                               w);
    if (due != (1u << writer->relations) - 1)
        return;
    published->is_counts_anew = 0;
    published->counts_pane =
        (uint32_t)groups_horizon(engine_groups(writer->engine))->fine_pane;
}
