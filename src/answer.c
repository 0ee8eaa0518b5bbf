#include "answer.h"

#include "score.h"

#include <inttypes.h>

static void add_member(struct strbuf *out, const char *before, const char *name,
                       struct text text)
{
    strbuf_add_format(out, "%s\"%s\":", before, name);
    strbuf_add_json(out, text.bytes, text.length);
}

static const char *bool_text(int is_so)
{
    return is_so ? "true" : "false";
}

static int64_t as_of(const struct engine *engine)
{
    return engine_time(engine) >= 0 ? engine_time(engine) : 0;
}

/* ---- an item's lists ---- */

static void add_list(struct strbuf *out, const struct engine_rules *rules,
                     const struct intern *items, const struct row_lists *lists,
                     uint32_t r, uint32_t w)
{
    const struct list *list = &lists->lists[r][w];

    strbuf_add_format(out,
                      "{\"relation\":\"%s\",\"window\":\"%s\",\"support\":%u,"
                      "\"partial\":%s,\"items\":[",
                      rules->relations.at[r].name, rules->windows.at[w].name,
                      (unsigned)lists->supports[r][w],
                      bool_text(lists->is_partial));
    for (uint32_t i = 0; i < list->count; i++) {
        const struct list_entry *entry = &list->entries[i];

        add_member(out, i > 0 ? ",{" : "{", "id",
                   intern_id(items, entry->item));
        strbuf_add_format(out, ",\"score\":%.17g,\"count\":%" PRIu32 "}",
                          entry->score, entry->count);
    }
    strbuf_add_text(out, "]}");
}

static enum inquiry_outcome answer_related(struct engine *engine, uint32_t item,
                                           struct strbuf *out)
{
    const struct engine_rules *rules = engine_rules(engine);
    const struct intern *items = engine_items(engine);
    const struct row_lists *lists = engine_lists(engine, item);
    const char *between = "";

    if (lists == NULL)
        return INQUIRY_UNKNOWN;
    add_member(out, "{", "tenant", intern_tenant(items, item));
    add_member(out, ",", "item", intern_id(items, item));
    add_member(out, ",", "category",
               groups_category(engine_groups(engine), item));
    strbuf_add_format(out, ",\"as_of\":%" PRId64 ",\"lists\":[", as_of(engine));
    for (uint32_t r = 0; r < rules->relations.count; r++)
        for (uint32_t w = 0; w < rules->windows.count; w++) {
            strbuf_add_text(out, between);
            add_list(out, rules, items, lists, r, w);
            between = ",";
        }
    strbuf_add_text(out, "]}");
    return INQUIRY_ANSWERED;
}

/* ---- why an item is in another's list ---- */

/* One relation and window of the pair. */
struct facts {
    struct score_input input;
    double score;
    uint32_t before; /* others that stand before it, in a list without end */
    const struct list *list;
};

struct pair {
    struct engine *engine;
    const struct engine_rules *rules;
    const struct row_lists *lists; /* of a */
    uint32_t a, b;                 /* b may be 0: not known */
    struct facts facts[RELATIONS_MAX][WINDOWS_MAX];
};

/* Support of an item that may be none. */
static uint32_t support_of(struct engine *engine, uint32_t item, uint32_t set,
                           uint32_t window)
{
    if (item == 0)
        return 0;
    return groups_support(engine_groups(engine), item, set, window);
}

static double score_of(const struct pair *pair, uint32_t r,
                       struct score_input input)
{
    if (input.both == 0)
        return 0;
    return score_compute(pair->rules->relations.at[r].score, input,
                         pair->rules->damping);
}

static void find_pair(void *context, uint32_t other,
                      const struct row_sums *sums)
{
    struct pair *pair = context;

    if (other != pair->b)
        return;
    for (uint32_t r = 0; r < pair->rules->relations.count; r++)
        for (uint32_t w = 0; w < pair->rules->windows.count; w++)
            if (sums->seen >> r & 1)
                pair->facts[r][w].input.both = sums->at[r][w];
}

/* In list order: score, then count, then id. */
static int stands_before(const struct pair *pair, double score, uint32_t count,
                         uint32_t other, const struct facts *facts)
{
    const struct intern *items = engine_items(pair->engine);

    if (score > facts->score || score < facts->score)
        return score > facts->score;
    if (count != facts->input.both)
        return count > facts->input.both;
    return intern_compare_ids(items, other, pair->b) < 0;
}

/* One other of the row: does it stand before b? */
static void rank_other(struct pair *pair, uint32_t other,
                       const struct row_sums *sums, uint32_t r, uint32_t w)
{
    const struct relation *rule = &pair->rules->relations.at[r];
    struct facts *facts = &pair->facts[r][w];
    struct score_input input = facts->input;

    if (sums->at[r][w] < rule->min_support)
        return;
    input.both = sums->at[r][w];
    input.to = support_of(pair->engine, other, rule->to_set, w);
    facts->before += (uint32_t)stands_before(pair, score_of(pair, r, input),
                                             sums->at[r][w], other, facts);
}

static void rank_all(void *context, uint32_t other, const struct row_sums *sums)
{
    struct pair *pair = context;

    for (uint32_t r = 0; r < pair->rules->relations.count; r++)
        for (uint32_t w = 0; w < pair->rules->windows.count; w++)
            if (other != pair->b && sums->seen >> r & 1)
                rank_other(pair, other, sums, r, w);
}

static void gather(struct pair *pair)
{
    struct intern *items = engine_items(pair->engine);
    uint32_t all =
        intern_find(items, intern_tenant(items, pair->a), (struct text){"", 0});

    engine_each_pair(pair->engine, pair->a, find_pair, pair);
    for (uint32_t r = 0; r < pair->rules->relations.count; r++) {
        const struct relation *rule = &pair->rules->relations.at[r];

        for (uint32_t w = 0; w < pair->rules->windows.count; w++) {
            struct facts *facts = &pair->facts[r][w];

            facts->input.from = pair->lists->supports[r][w];
            facts->input.to =
                support_of(pair->engine, pair->b, rule->to_set, w);
            facts->input.all = support_of(pair->engine, all, rule->from_set, w);
            facts->score = score_of(pair, r, facts->input);
            facts->list = &pair->lists->lists[r][w];
        }
    }
    engine_each_pair(pair->engine, pair->a, rank_all, pair);
}

static void add_numbers(struct strbuf *out, const struct pair *pair,
                        const struct facts *facts, const struct relation *rule)
{
    char formula[256] = "";

    if (facts->input.both > 0)
        score_explain(formula, sizeof formula, rule->score, facts->input,
                      pair->rules->damping);
    strbuf_add_format(out,
                      ",\"c\":%" PRIu64 ",\"n_a\":%" PRIu64 ",\"n_b\":%" PRIu64
                      ",\"N\":%" PRIu64 ",\"score_name\":\"%s\",\"score\":"
                      "%.17g,\"formula\":\"%s\"",
                      facts->input.both, facts->input.from, facts->input.to,
                      facts->input.all, score_name(rule->score), facts->score,
                      formula);
}

static void add_reason(struct strbuf *out, const struct facts *facts,
                       const struct relation *rule)
{
    uint64_t c = facts->input.both;

    if (c == 0)
        strbuf_add_text(out, ",\"reason\":\"never_together\",\"message\":"
                             "\"never together here\"}");
    else if (c < rule->min_support)
        strbuf_add_format(out,
                          ",\"reason\":\"below_min_support\",\"message\":"
                          "\"together in %" PRIu64 ", min_support is %" PRIu32
                          "\"}",
                          c, rule->min_support);
    else if (facts->before < rule->k)
        strbuf_add_format(out,
                          ",\"reason\":\"listed\",\"message\":\"rank %" PRIu32
                          " of %" PRIu32 "\"}",
                          facts->before + 1, facts->list->count);
    else
        strbuf_add_format(
            out,
            ",\"reason\":\"outranked\",\"message\":\"behind the %" PRIu32
            " that fill the list, of which the last has score %.4f\"}",
            facts->list->count,
            facts->list->entries[facts->list->count - 1].score);
}

static void add_answer(struct strbuf *out, const struct pair *pair, uint32_t r,
                       uint32_t w)
{
    const struct relation *rule = &pair->rules->relations.at[r];
    const struct facts *facts = &pair->facts[r][w];
    int is_ranked = facts->input.both >= rule->min_support;

    strbuf_add_format(out, "{\"relation\":\"%s\",\"window\":\"%s\"", rule->name,
                      pair->rules->windows.at[w].name);
    add_numbers(out, pair, facts, rule);
    strbuf_add_text(out, ",\"rank\":");
    if (is_ranked)
        strbuf_add_uint(out, facts->before + 1);
    else
        strbuf_add_text(out, "null");
    strbuf_add_format(out,
                      ",\"listed\":%s,\"list_length\":%" PRIu32
                      ",\"k\":%" PRIu32 ",\"min_support\":%" PRIu32,
                      bool_text(is_ranked && facts->before < rule->k),
                      facts->list->count, rule->k, rule->min_support);
    add_reason(out, facts, rule);
}

static enum inquiry_outcome
answer_explain(struct engine *engine, uint32_t a,
               const struct inquiry_question *question, struct strbuf *out)
{
    struct pair pair = {
        .engine = engine,
        .rules = engine_rules(engine),
        .lists = engine_lists(engine, a),
        .a = a,
        .b = intern_find(engine_items(engine), question->tenant, question->b)};
    const char *between = "";

    if (pair.lists == NULL)
        return INQUIRY_UNKNOWN;
    gather(&pair);
    add_member(out, "{", "tenant", question->tenant);
    add_member(out, ",", "a", question->a);
    add_member(out, ",", "b", question->b);
    strbuf_add_format(out,
                      ",\"as_of\":%" PRId64 ",\"partial\":%s,\"answers\":[",
                      as_of(engine), bool_text(pair.lists->is_partial));
    for (uint32_t r = 0; r < pair.rules->relations.count; r++)
        for (uint32_t w = 0; w < pair.rules->windows.count; w++) {
            strbuf_add_text(out, between);
            add_answer(out, &pair, r, w);
            between = ",";
        }
    strbuf_add_text(out, "]}");
    return INQUIRY_ANSWERED;
}

enum inquiry_outcome answer_question(struct engine *engine,
                                     const struct inquiry_question *question,
                                     struct strbuf *out)
{
    uint32_t item =
        intern_find(engine_items(engine), question->tenant, question->a);

    if (item == 0)
        return INQUIRY_UNKNOWN;
    switch (question->kind) {
    case INQUIRY_RELATED:
        return answer_related(engine, item, out);
    case INQUIRY_EXPLAIN:
        return answer_explain(engine, item, question, out);
    }
    ASSERT(!"a kind");
    return INQUIRY_UNKNOWN;
}
