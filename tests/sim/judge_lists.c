#include "judge_lists.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POPULAR_K = 3, COUNTS_K = 5, TEXT_BYTES = 1200 };

struct ranked {
    double score;
    int32_t count;
    uint32_t item; /* without its tenant; ids of one digit sort as numbers */
};

struct ranking {
    struct world *world;
    const struct sink_memory *sink;
    const struct tally *tally;
    uint32_t keys; /* that should be there */
    uint32_t count;
    struct ranked at[ENTITIES];
};

int entity_name(char *out, size_t size, uint32_t entity)
{
    uint32_t tenant = entity / (ITEMS + 1), item = entity % (ITEMS + 1);

    if (item == 0)
        return tenant == 0 ? snprintf(out, size, "%s", "")
                           : snprintf(out, size, "t%u", tenant);
    return tenant == 0 ? snprintf(out, size, "i%u", item)
                       : snprintf(out, size, "t%u/i%u", tenant, item);
}

static double score_of(const struct relation *rule, int32_t both, int32_t from,
                       int32_t to, int32_t all)
{
    double c = both, a = from > both ? from : both, b = to > both ? to : both;
    double n = all > a + b - c ? all : a + b - c;

    switch (rule->score) {
    case SCORE_COUNT:
        return c;
    case SCORE_JACCARD:
        return c / (a + b - c);
    case SCORE_CONDITIONAL:
        return c / a;
    case SCORE_LIFT:
        return c * n / (a * b);
    default:
        return c / sqrt((a + 20) * (b + 20));
    }
}

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->score < b->score || a->score > b->score)
        return a->score > b->score ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->item < b->item ? -1 : 1;
}

static void rank(struct ranking *ranking, uint32_t most)
{
    qsort(ranking->at, ranking->count, sizeof ranking->at[0], compare_ranked);
    if (ranking->count > most)
        ranking->count = most;
}

static void add_pair(struct ranking *ranking, uint32_t entity, uint32_t other,
                     uint32_t r, uint32_t w, int is_counts)
{
    const struct tally *tally = ranking->tally;
    const struct relation *rule = &ranking->world->relations.at[r];
    int32_t count = tally->pairs[entity][other][r][w];
    int32_t least = is_counts ? 1 : (int32_t)rule->min_support;
    uint32_t tenant = entity / (ITEMS + 1) * (ITEMS + 1);
    double score = count;

    if (count < least)
        return;
    if (!is_counts)
        score = score_of(rule, count, tally->from[entity][r][w],
                         tally->to[other][r][w], tally->from[tenant][r][w]);
    ranking->at[ranking->count++] =
        (struct ranked){score, count, other % (ITEMS + 1)};
}

static void rank_row(struct ranking *ranking, uint32_t entity, uint32_t r,
                     uint32_t w, int is_counts)
{
    ranking->count = 0;
    for (uint32_t other = 0; other < ENTITIES; other++)
        if (other != entity)
            add_pair(ranking, entity, other, r, w, is_counts);
    rank(ranking, is_counts ? COUNTS_K : ranking->world->relations.at[r].k);
}

/* The list as it should read, but for as_of: a '*' stands in its place. */
static void write_list(const struct ranking *ranking, char *out,
                       const char *head, uint32_t r, uint32_t w,
                       int32_t support, int is_partial)
{
    const struct world *world = ranking->world;
    int used =
        snprintf(out, TEXT_BYTES,
                 "{\"v\":1%s,\"relation\":\"%s\",\"window\":\"%s\",\"as_of\":*,"
                 "\"support\":%d,%s\"items\":[",
                 head, world->relations.at[r].name, world->windows.at[w].name,
                 support, is_partial ? "\"partial\":true," : "");

    for (uint32_t i = 0; i < ranking->count; i++)
        used += snprintf(out + used, (size_t)(TEXT_BYTES - used),
                         "%s{\"id\":\"i%u\",\"score\":%.4f,\"count\":%d}",
                         i > 0 ? "," : "", ranking->at[i].item,
                         ranking->at[i].score, ranking->at[i].count);
    snprintf(out + used, (size_t)(TEXT_BYTES - used), "]}");
}

static int fits(struct text found, const char *expected)
{
    uint32_t i = 0;

    for (; *expected != '\0'; expected++) {
        if (*expected == '*') {
            while (i < found.length && found.bytes[i] >= '0' &&
                   found.bytes[i] <= '9')
                i++;
        } else if (i == found.length || found.bytes[i++] != *expected) {
            return 0;
        }
    }
    return i == found.length;
}

static struct text text_of(const char *bytes)
{
    return (struct text){bytes, (uint32_t)strlen(bytes)};
}

static void expect_list(struct ranking *ranking, const char *key,
                        const char *expected)
{
    struct text found = {"", 0};
    int is_there = sink_memory_get(ranking->sink, &found, text_of(key));

    if (ranking->count == 0 && is_there)
        story_fail(&ranking->world->story, "%s should not be there: %.*s", key,
                   (int)found.length, found.bytes);
    if (ranking->count == 0)
        return;
    ranking->keys++;
    if (!is_there || !fits(found, expected))
        story_fail(&ranking->world->story, "%s is %.*s, not %s", key,
                   is_there ? (int)found.length : 7,
                   is_there ? found.bytes : "nothing", expected);
}

static void expect_counts(struct ranking *ranking, const char *key)
{
    const struct sink_member *found;
    uint32_t count = sink_memory_counts(ranking->sink, &found, text_of(key));

    ranking->keys += ranking->count > 0;
    for (uint32_t i = 0; i < ranking->count && count == ranking->count; i++)
        if (found[i].count != (uint64_t)ranking->at[i].count ||
            found[i].id.length != 2 ||
            found[i].id.bytes[1] != (char)('0' + ranking->at[i].item))
            story_fail(&ranking->world->story, "%s: member %u is %.*s of %llu",
                       key, i, (int)found[i].id.length, found[i].id.bytes,
                       (unsigned long long)found[i].count);
    if (count != ranking->count)
        story_fail(&ranking->world->story, "%s has %u members, not %u", key,
                   count, ranking->count);
}

static void judge_row(struct ranking *ranking, uint32_t entity, uint32_t r,
                      uint32_t w)
{
    const struct world *world = ranking->world;
    char item[16], head[48], key[120], expected[TEXT_BYTES];

    entity_name(item, sizeof item, entity);
    snprintf(key, sizeof key, "related:{%s}:%s:%s", item,
             world->relations.at[r].name, world->windows.at[w].name);
    snprintf(head, sizeof head, ",\"item\":\"i%u\"", entity % (ITEMS + 1));
    rank_row(ranking, entity, r, w, 0);
    write_list(ranking, expected, head, r, w,
               ranking->tally->from[entity][r][w],
               ranking->tally->is_partial[entity]);
    expect_list(ranking, key, expected);
    snprintf(key, sizeof key, "counts:{%s}:%s:%s", item,
             world->relations.at[r].name, world->windows.at[w].name);
    rank_row(ranking, entity, r, w, 1);
    expect_counts(ranking, key);
}

static void judge_popular(struct ranking *ranking, uint32_t tenant,
                          uint32_t category, uint32_t w)
{
    const struct tally *tally = ranking->tally;
    const char *window = ranking->world->windows.at[w].name;
    uint32_t base = tenant * (ITEMS + 1);
    char key[80], head[32] = "", expected[TEXT_BYTES];
    int used = snprintf(key, sizeof key, "popular:%s%s",
                        tenant == 0 ? "" : "t1/", window);

    if (category > 0) {
        snprintf(key + used, sizeof key - (size_t)used, ":c%u", category);
        snprintf(head, sizeof head, ",\"category\":\"c%u\"", category);
    }
    ranking->count = 0;
    for (uint32_t item = 1; item <= ITEMS; item++) {
        int32_t support = tally->from[base + item][0][w];

        if (support > 0 &&
            (category == 0 || tally->category[base + item] == category))
            ranking->at[ranking->count++] =
                (struct ranked){support, support, item};
    }
    rank(ranking, POPULAR_K);
    write_list(ranking, expected, head, 0, w, tally->from[base][0][w], 0);
    expect_list(ranking, key, expected);
}

void judge_lists(struct world *world, const struct sink_memory *sink,
                 const struct tally *tally)
{
    struct ranking ranking = {.world = world, .sink = sink, .tally = tally};

    for (uint32_t w = 0; w < world->windows.count; w++) {
        for (uint32_t r = 0; r < world->relations.count; r++)
            for (uint32_t e = 0; e < ENTITIES; e++)
                if (e % (ITEMS + 1) != 0)
                    judge_row(&ranking, e, r, w);
        for (uint32_t t = 0; t < TENANTS; t++)
            for (uint32_t c = 0; c < CATEGORIES; c++)
                judge_popular(&ranking, t, c, w);
    }
    if (sink_memory_keys(sink) != ranking.keys)
        story_fail(&world->story, "%zu keys are published, not %u",
                   sink_memory_keys(sink), ranking.keys);
}
