#include "print.h"

#include "key.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct item_key {
    char *key; /* owned; NULL: the number is not in use, or a tenant's */
    uint32_t item;
};

struct pair {
    uint32_t other;
    struct row_sums sums;
};

struct print {
    struct engine *engine;
    struct item_key *keys; /* sorted */
    uint32_t keys_count;
    uint32_t *rank; /* by item: its place in `keys` */
    struct strbuf text[RELATIONS_MAX][WINDOWS_MAX];
    struct pair *pairs; /* of the row at hand */
    uint32_t pairs_count, pairs_room;
};

static int compare_keys(const void *a, const void *b)
{
    const struct item_key *left = a, *right = b;

    return strcmp(left->key, right->key);
}

static void sort_keys(struct print *print)
{
    const struct intern *items = engine_items(print->engine);
    uint32_t end = intern_end(items);

    print->keys = mem_new(end, sizeof *print->keys);
    print->rank = mem_new(end, sizeof *print->rank);
    for (uint32_t item = 1; item < end; item++) {
        struct text id = intern_id(items, item);
        char key[KEY_ITEM_BYTES_MAX];

        if (id.length == 0)
            continue;
        print->keys[print->keys_count++] = (struct item_key){
            mem_dup(key, key_write_item(key, intern_tenant(items, item), id)),
            item};
    }
    qsort(print->keys, print->keys_count, sizeof *print->keys, compare_keys);
    for (uint32_t i = 0; i < print->keys_count; i++)
        print->rank[print->keys[i].item] = i;
}

static void begin_line(struct strbuf *out, const struct relation *relation,
                       const struct window *window, const char *key)
{
    strbuf_add_text(out, relation->name);
    strbuf_add_char(out, '\t');
    strbuf_add_text(out, window->name);
    strbuf_add_char(out, '\t');
    strbuf_add_text(out, key);
    strbuf_add_char(out, '\t');
}

static void add_lists(struct print *print, const struct item_key *key)
{
    const struct engine_rules *rules = engine_rules(print->engine);
    const struct row_lists *lists = engine_lists(print->engine, key->item);

    for (uint32_t r = 0; lists != NULL && r < rules->relations.count; r++)
        for (uint32_t w = 0; w < rules->windows.count; w++) {
            struct list_head head = {
                .item = key->item,
                .relation = rules->relations.at[r].name,
                .window = rules->windows.at[w].name,
                .as_of_ms = engine_time(print->engine),
                .support = lists->supports[r][w],
                .is_partial = lists->is_partial,
            };

            if (lists->lists[r][w].count == 0)
                continue;
            begin_line(&print->text[r][w], &rules->relations.at[r],
                       &rules->windows.at[w], key->key);
            list_format(&print->text[r][w], &lists->lists[r][w], &head,
                        engine_items(print->engine));
            strbuf_add_char(&print->text[r][w], '\n');
        }
}

static void add_pair(void *context, uint32_t other, const struct row_sums *sums)
{
    struct print *print = context;

    if (print->pairs_count == print->pairs_room) {
        print->pairs_room = 2 * print->pairs_room + 64;
        print->pairs =
            mem_resize(print->pairs, print->pairs_room, sizeof *print->pairs);
    }
    /* The rank stands in for the number, so that pairs sort by key. */
    print->pairs[print->pairs_count++] =
        (struct pair){print->rank[other], *sums};
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;

    return left->other < right->other ? -1 : left->other > right->other;
}

static void add_count_lines(struct print *print, const struct item_key *key,
                            const struct pair *pair)
{
    const struct engine_rules *rules = engine_rules(print->engine);

    for (uint32_t r = 0; r < rules->relations.count; r++)
        for (uint32_t w = 0; w < rules->windows.count; w++) {
            struct strbuf *out = &print->text[r][w];

            if ((pair->sums.seen >> r & 1) == 0 || pair->sums.at[r][w] == 0)
                continue;
            begin_line(out, &rules->relations.at[r], &rules->windows.at[w],
                       key->key);
            strbuf_add_text(out, print->keys[pair->other].key);
            strbuf_add_char(out, '\t');
            strbuf_add_uint(out, pair->sums.at[r][w]);
            strbuf_add_char(out, '\n');
        }
}

static void add_counts(struct print *print, const struct item_key *key)
{
    print->pairs_count = 0;
    engine_each_pair(print->engine, key->item, add_pair, print);
    if (print->pairs_count > 1)
        qsort(print->pairs, print->pairs_count, sizeof *print->pairs,
              compare_pairs);
    for (uint32_t i = 0; i < print->pairs_count; i++)
        add_count_lines(print, key, &print->pairs[i]);
}

/* Prints what was collected, by the names of relations and windows. */
static void write_sorted(struct print *print, FILE *out)
{
    const struct engine_rules *rules = engine_rules(print->engine);
    uint32_t count = rules->relations.count * rules->windows.count;

    for (uint32_t done = 0; done < count; done++) {
        struct strbuf *first = NULL;

        for (uint32_t i = 0; i < count; i++) {
            struct strbuf *text =
                &print
                     ->text[i / rules->windows.count][i % rules->windows.count];

            if (text->length > 0 &&
                (first == NULL || strcmp(text->bytes, first->bytes) < 0))
                first = text;
        }
        if (first == NULL)
            return;
        fwrite(first->bytes, 1, first->length, out);
        strbuf_deinit(first);
    }
}

static void print_all(struct engine *engine, FILE *out,
                      void (*add)(struct print *print,
                                  const struct item_key *key))
{
    struct print print = {.engine = engine};

    sort_keys(&print);
    for (uint32_t i = 0; i < print.keys_count; i++)
        add(&print, &print.keys[i]);
    write_sorted(&print, out);
    for (uint32_t i = 0; i < print.keys_count; i++)
        free(print.keys[i].key);
    free(print.keys);
    free(print.rank);
    free(print.pairs);
}

void print_lists(struct engine *engine, FILE *out)
{
    print_all(engine, out, add_lists);
}

void print_counts(struct engine *engine, FILE *out)
{
    print_all(engine, out, add_counts);
}
