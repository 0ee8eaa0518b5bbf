#include "janitor.h"

#include "err.h"
#include "key.h"
#include "log.h"
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOW_COUNT = 100, /* keys Redis looks at in one step */
    SLOW_US = 50000,  /* between two: 2,000 keys a second */
    FAST_COUNT = 500,
    FAST_US = 20000,
    AGAIN_US = 1000000, /* after an error */
    JUDGED_MAX = 25,    /* keys a turn: a row may have to be scored for each */
    CURSOR_BYTES = 24
};

struct janitor {
    struct redis *redis;
    const struct sink *sink;
    const char *prefix;
    struct strbuf pattern;
    enum janitor_task task;
    int is_busy;
    int is_asking; /* a SCAN is on its way */
    int is_stale;  /* its answer is of a pass that was given up */
    char cursor[CURSOR_BYTES];
    int64_t next_us;
    int64_t now_us;

    /* what was found and not judged yet: a length in bytes, then the key */
    struct strbuf found;
    size_t found_at;
    struct strbuf scratch;
    struct janitor_stats stats;
};

/* What MATCH would take as a sign stands for itself. */
static void add_pattern(struct strbuf *out, const char *prefix)
{
    for (; *prefix != '\0'; prefix++) {
        if (strchr("*?[]^-\\", *prefix) != NULL)
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *prefix);
    }
    strbuf_add_char(out, '*');
}

struct janitor *janitor_new(struct redis *redis, const struct sink *sink,
                            const char *prefix)
{
    struct janitor *janitor = mem_new(1, sizeof *janitor);

    janitor->redis = redis;
    janitor->sink = sink;
    janitor->prefix = prefix;
    add_pattern(&janitor->pattern, prefix);
    return janitor;
}

void janitor_free(struct janitor *janitor)
{
    if (janitor == NULL)
        return;
    ASSERT(!janitor->is_asking);
    strbuf_deinit(&janitor->pattern);
    strbuf_deinit(&janitor->found);
    strbuf_deinit(&janitor->scratch);
    free(janitor);
}

static void start_over(struct janitor *janitor)
{
    memcpy(janitor->cursor, "0", 2);
    strbuf_clear(&janitor->found);
    janitor->found_at = 0;
}

void janitor_begin(struct janitor *janitor, enum janitor_task task)
{
    janitor->task = task;
    janitor->is_busy = 1;
    janitor->is_stale = janitor->is_asking;
    janitor->next_us = 0;
    start_over(janitor);
}

void janitor_stop(struct janitor *janitor)
{
    janitor->is_busy = 0;
    janitor->is_stale = janitor->is_asking;
    start_over(janitor);
}

int janitor_is_busy(const struct janitor *janitor)
{
    return janitor->is_busy;
}

/* ---- keys found ---- */

static void keep(struct janitor *janitor, struct text key)
{
    strbuf_add(&janitor->found, (const char *)&key.length, sizeof key.length);
    strbuf_add(&janitor->found, key.bytes, key.length);
}

/* A cursor is of one Redis: after a loss it may be another. */
static void on_scanned(void *context, const struct redis_reply *reply)
{
    struct janitor *janitor = context;
    const struct redis_reply *keys;
    struct text cursor;

    janitor->is_asking = 0;
    if (janitor->is_stale || reply == NULL) {
        janitor->is_stale = 0;
        start_over(janitor);
        return;
    }
    if (redis_reply_kind(reply) != REDIS_ARRAY ||
        redis_reply_count(reply) != 2) {
        LOG(LOG_WARN, "janitor_refused",
            F_TEXT("error", redis_reply_kind(reply) == REDIS_ERROR
                                ? redis_reply_text(reply).bytes
                                : "no answer to a SCAN"));
        janitor->next_us = janitor->now_us + AGAIN_US;
        return;
    }
    cursor = redis_reply_text(redis_reply_at(reply, 0));
    keys = redis_reply_at(reply, 1);
    snprintf(janitor->cursor, sizeof janitor->cursor, "%.*s",
             (int)cursor.length, cursor.bytes);
    for (size_t i = 0; i < redis_reply_count(keys); i++)
        keep(janitor, redis_reply_text(redis_reply_at(keys, i)));
    if (strcmp(janitor->cursor, "0") == 0)
        janitor->cursor[0] = '\0';
}

static void ask(struct janitor *janitor)
{
    int is_slow = janitor->task == JANITOR_LEFTOVERS;
    char count[CURSOR_BYTES];
    struct text words[] = {
        {"SCAN", 4},
        {janitor->cursor, (uint32_t)strlen(janitor->cursor)},
        {"MATCH", 5},
        {janitor->pattern.bytes, (uint32_t)janitor->pattern.length},
        {"COUNT", 5},
        {count, 0}};

    words[5].length = (uint32_t)snprintf(count, sizeof count, "%d",
                                         is_slow ? SLOW_COUNT : FAST_COUNT);
    janitor->is_asking = 1;
    janitor->next_us = janitor->now_us + (is_slow ? SLOW_US : FAST_US);
    redis_send(janitor->redis, words, 6, on_scanned, janitor);
}

/* ---- what stands behind a key ---- */

static int is_named(struct text text, const char *name)
{
    return strlen(name) == text.length &&
           memcmp(name, text.bytes, text.length) == 0;
}

/* Their places in the settings; -1: there is no such one. */
static int find_relation(const struct engine_rules *rules, struct text name)
{
    for (uint32_t r = 0; r < rules->relations.count; r++)
        if (is_named(name, rules->relations.at[r].name))
            return (int)r;
    return -1;
}

static int find_window(const struct engine_rules *rules, struct text name)
{
    for (uint32_t w = 0; w < rules->windows.count; w++)
        if (is_named(name, rules->windows.at[w].name))
            return (int)w;
    return -1;
}

/* What the publisher has written it deletes itself. What it has not, and will
 * not, is left over. */
static int is_list_due(const struct janitor_turn *turn, uint32_t item,
                       uint32_t relation, uint32_t window)
{
    const struct row_lists *lists;

    if (publish_has_list(turn->publish, item, relation, window))
        return 1;
    lists = engine_lists(turn->engine, item);
    return lists != NULL && lists->lists[relation][window].count > 0;
}

static int is_counts_due(const struct janitor_turn *turn, uint32_t item,
                         uint32_t relation, uint32_t window)
{
    const struct row_lists *counts;

    if (turn->counts_max == 0)
        return 0;
    counts = engine_counts(turn->engine, item, turn->counts_max);
    return counts != NULL && counts->lists[relation][window].count > 0;
}

static int is_row_key_due(const struct janitor_turn *turn,
                          const struct key *key)
{
    const struct engine_rules *rules = engine_rules(turn->engine);
    int relation = find_relation(rules, key->relation);
    int window = find_window(rules, key->window);
    uint32_t item =
        intern_find(engine_items(turn->engine), key->tenant, key->id);

    if (relation < 0 || window < 0 || item == 0)
        return 0;
    return (key->kind == KEY_RELATED ? is_list_due : is_counts_due)(
        turn, item, (uint32_t)relation, (uint32_t)window);
}

static int is_to_go(struct janitor *janitor, const struct janitor_turn *turn,
                    struct text bytes)
{
    struct key key;

    strbuf_clear(&janitor->scratch);
    key = key_parse(strbuf_reserve(&janitor->scratch, bytes.length + 1), bytes,
                    janitor->prefix);
    if (key.kind == KEY_FOREIGN)
        return 0;
    if (janitor->task == JANITOR_LISTS)
        return 1;
    if (janitor->task == JANITOR_COUNTS)
        return key.kind == KEY_COUNTS;
    if (key.kind == KEY_POPULAR)
        return !publish_has_popular(turn->publish, bytes);
    return !is_row_key_due(turn, &key);
}

static void judge(struct janitor *janitor, const struct janitor_turn *turn)
{
    for (int i = 0; i < JUDGED_MAX && janitor->found_at < janitor->found.length;
         i++) {
        const char *at = janitor->found.bytes + janitor->found_at;
        struct text key = {at + sizeof key.length, 0};

        memcpy(&key.length, at, sizeof key.length);
        janitor->found_at += sizeof key.length + key.length;
        if (!is_to_go(janitor, turn, key))
            continue;
        janitor->sink->remove(janitor->sink->self, key);
        if (janitor->task == JANITOR_LEFTOVERS)
            janitor->stats.removed++;
        else
            janitor->stats.given_up++;
    }
}

/* ---- the pass ---- */

static void finish(struct janitor *janitor)
{
    janitor->is_busy = 0;
    if (janitor->task != JANITOR_LEFTOVERS)
        return;
    janitor->stats.passes++;
    LOG(LOG_INFO, "janitor_done", F_INT("passes", janitor->stats.passes),
        F_INT("removed", janitor->stats.removed));
}

void janitor_work(struct janitor *janitor, const struct janitor_turn *turn)
{
    janitor->now_us = turn->now_us;
    if (!janitor->is_busy || janitor->is_asking ||
        !redis_is_ready(janitor->redis))
        return;
    if (janitor->found_at < janitor->found.length) {
        judge(janitor, turn);
        return;
    }
    strbuf_clear(&janitor->found);
    janitor->found_at = 0;
    if (janitor->cursor[0] == '\0')
        finish(janitor);
    else if (turn->now_us >= janitor->next_us)
        ask(janitor);
}

const struct janitor_stats *janitor_stats(const struct janitor *janitor)
{
    return &janitor->stats;
}
