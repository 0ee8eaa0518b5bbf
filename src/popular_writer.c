#include "popular_writer.h"

#include "key.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* What is remembered of one key that stands, or was removed in the cycle
 * before. */
struct standing {
    uint64_t digest; /* 0: removed */
    uint64_t generation;
    int64_t written_us;
    uint32_t cycle; /* the latest in which the list was there; 0: not in use */
};

struct popular_writer {
    struct engine *engine;
    const struct sink *sink;
    const char *prefix;
    struct popular *popular;
    struct intern *keys;       /* numbers the keys */
    struct standing *standing; /* owned; by number */
    uint32_t standing_end;
    uint32_t cycle;
    uint64_t list_cursor;
    uint32_t gone_cursor;
    uint64_t written;
    struct strbuf key, value;
};

struct popular_writer *popular_writer_new(struct engine *engine,
                                          const struct sink *sink,
                                          const char *prefix)
{
    struct popular_writer *writer = mem_new(1, sizeof *writer);

    writer->engine = engine;
    writer->sink = sink;
    writer->prefix = prefix;
    writer->keys = intern_new();
    return writer;
}

void popular_writer_free(struct popular_writer *writer)
{
    if (writer == NULL)
        return;
    intern_free(writer->keys);
    free(writer->standing);
    strbuf_deinit(&writer->key);
    strbuf_deinit(&writer->value);
    free(writer);
}

void popular_writer_begin(struct popular_writer *writer,
                          struct popular *popular)
{
    writer->popular = popular;
    writer->cycle++;
    writer->list_cursor = 0;
    writer->gone_cursor = 1;
}

static struct text as_text(const struct strbuf *buf)
{
    return (struct text){buf->bytes, (uint32_t)buf->length};
}

/* The key's entry, made and held once when it is new. */
static struct standing *standing_of(struct popular_writer *writer,
                                    struct text key)
{
    struct text none = {"", 0};
    uint32_t number = intern_find(writer->keys, none, key);

    if (number == 0)
        number = intern_hold(writer->keys, none, key);
    if (number >= writer->standing_end) {
        uint32_t end = number + number / 2 + 64;

        writer->standing =
            mem_resize(writer->standing, end, sizeof *writer->standing);
        memset(writer->standing + writer->standing_end, 0,
               (end - writer->standing_end) * sizeof *writer->standing);
        writer->standing_end = end;
    }
    return &writer->standing[number];
}

static void write_list(struct popular_writer *writer,
                       const struct popular_list *one,
                       const struct popular_writer_turn *turn)
{
    const struct intern *items = engine_items(writer->engine);
    uint64_t digest = list_digest(one->list, &one->head, items);
    struct standing *standing;

    strbuf_clear(&writer->key);
    key_add_popular(&writer->key, writer->prefix, one->tenant, one->head.window,
                    one->head.category);
    standing = standing_of(writer, as_text(&writer->key));
    standing->cycle = writer->cycle;
    if (standing->digest == digest &&
        standing->generation == turn->generation &&
        turn->now_us - standing->written_us < turn->refresh_us)
        return;
    strbuf_clear(&writer->value);
    list_format(&writer->value, one->list, &one->head, items);
    writer->sink->put(writer->sink->self, as_text(&writer->key),
                      as_text(&writer->value), turn->ttl_ms);
    standing->digest = digest;
    standing->generation = turn->generation;
    standing->written_us = turn->now_us;
    writer->written++;
}

/* A removal is remembered for a cycle: a loss of the sink has it done again. */
static void remove_gone(struct popular_writer *writer, uint32_t number,
                        const struct popular_writer_turn *turn)
{
    struct standing *standing = &writer->standing[number];

    if (standing->cycle == 0 || standing->cycle == writer->cycle)
        return;
    if (standing->digest == 0 && standing->generation == turn->generation) {
        intern_drop(writer->keys, number);
        *standing = (struct standing){0};
        return;
    }
    writer->sink->remove(writer->sink->self, intern_id(writer->keys, number));
    standing->digest = 0;
    standing->generation = turn->generation;
}

int popular_writer_work(struct popular_writer *writer,
                        const struct popular_writer_turn *turn)
{
    const struct sink *sink = writer->sink;
    struct popular_list one;

    while (sink->room(sink->self) > 0) {
        if (popular_next(writer->popular, &one, &writer->list_cursor))
            write_list(writer, &one, turn);
        else if (writer->gone_cursor < writer->standing_end)
            remove_gone(writer, writer->gone_cursor++, turn);
        else
            return 1;
    }
    return 0;
}

int popular_writer_has(const struct popular_writer *writer, struct text key)
{
    uint32_t number = intern_find(writer->keys, (struct text){"", 0}, key);

    return number != 0 && writer->standing[number].digest != 0;
}

uint64_t popular_writer_written(const struct popular_writer *writer)
{
    return writer->written;
}
