/* cmd_explain: why one item is, or is not, in another's list.
 *
 * Everything comes from the public keys, so some numbers may not be there to
 * be known: those are said to be unknown. */
#include "cmd_redis.h"
#include "key.h"
#include "lookup.h"
#include "mem.h"
#include "score.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: terkait explain A B [OPTION]...\n"
    "\n"
    "Tells for each relation and window why item B is in the list of item A, "
    "or is not:\n"
    "c, the sessions with both; n_a and n_b, those with A and with B; N, all "
    "sessions; and\n"
    "the score that comes of them. It reads what is published, so a number "
    "that no list\n"
    "tells is unknown.\n"
    "\n"
    "  -t, --tenant=TENANT     whose items they are\n" CMD_SETTINGS_HELP
    "  -h, --help              this text\n"
    "\n"
    "Exit code 1 when nothing is published for A.\n"
    "\n"
    "  terkait explain kopi-gayo-250g filter-v60\n";

#define UNKNOWN INT64_C(-1)

struct question {
    struct text a, b, tenant;
};

/* What Redis says of A and B, by relation * windows + window. */
struct evidence {
    const struct config *config;
    struct lookup a, b, popular;
};

/* One relation and window. `most` is the highest that c can be. */
struct facts {
    const struct relation *relation;
    const struct lookup_list *list; /* of A */
    int64_t both, most, from, to, all;
    int place; /* of B in the list, from 0; -1: not in it */
};

static void take(void *context, int option, const char *argument)
{
    struct question *question = context;

    (void)option; /* there is only one */
    question->tenant = cmd_redis_text(argument);
}

static int take_arguments(void *context, int argc, char **argv)
{
    struct question *question = context;
    int code;

    if (argc - optind != 2)
        return cmd_usage(argv[0], "it takes two items, A and B");
    question->a = cmd_redis_text(argv[optind]);
    question->b = cmd_redis_text(argv[optind + 1]);
    if (strcmp(argv[optind], argv[optind + 1]) == 0)
        return cmd_usage(argv[0], "an item is never in its own list");
    code = cmd_redis_check_item(argv[0], question->a);
    if (code == EXIT_CODE_OK)
        code = cmd_redis_check_item(argv[0], question->b);
    if (code == EXIT_CODE_OK)
        code = cmd_redis_check_tenant(argv[0], question->tenant);
    return code;
}

/* Gathering. */

static const struct lookup_list *list_at(const struct lookup *lookup,
                                         const struct config *config,
                                         uint32_t relation, uint32_t window)
{
    return &lookup->at[relation * config->engine.windows.count + window].list;
}

/* A from-support for this set: any list of a relation from it tells. */
static int64_t support_of(const struct evidence *evidence,
                          const struct lookup *item, struct text id,
                          uint8_t set, uint32_t window)
{
    const struct relations *relations = &evidence->config->engine.relations;
    const struct lookup_list *popular = &evidence->popular.at[window].list;
    int place;

    for (uint32_t r = 0; r < relations->count; r++) {
        const struct lookup_list *list =
            list_at(item, evidence->config, r, window);

        if (relations->at[r].from_set == set && list->is_there)
            return (int64_t)list->support;
    }
    place = lookup_find(popular, id);
    if (relations->at[0].from_set == set && place >= 0)
        return (int64_t)popular->entries[place].count;
    return UNKNOWN;
}

/* c as the sorted set has it. It is in the order of counts, so what it has no
 * room for is no more than its first. */
static void take_counts(struct facts *facts, const struct redis_reply *reply,
                        struct text b, uint32_t counts_max)
{
    size_t elements = redis_reply_count(reply);

    for (size_t i = 0; i + 1 < elements; i += 2) {
        struct text id = redis_reply_text(redis_reply_at(reply, i));
        struct text count = redis_reply_text(redis_reply_at(reply, i + 1));

        if (i == 0)
            facts->most = strtoll(count.bytes, NULL, 10);
        if (id.length == b.length && memcmp(id.bytes, b.bytes, b.length) == 0)
            facts->both = strtoll(count.bytes, NULL, 10);
    }
    if (facts->both == UNKNOWN && counts_max > 0 && elements > 0 &&
        elements / 2 < counts_max)
        facts->both = 0;
    if (elements / 2 < counts_max)
        facts->most = UNKNOWN;
}

static int read_counts(struct facts *facts, const struct evidence *evidence,
                       const struct question *question, uint32_t window,
                       struct redis *redis, struct err *err)
{
    const struct config *config = evidence->config;
    struct strbuf key = STRBUF_EMPTY;
    struct redis_reply *reply = NULL;
    int result;

    key_add_counts(&key, config->redis.prefix, question->tenant, question->a,
                   facts->relation->name,
                   config->engine.windows.at[window].name);
    result = lookup_ask(redis, &reply,
                        (struct text[]){{"ZRANGE", 6},
                                        {key.bytes, (uint32_t)key.length},
                                        {"0", 1},
                                        {"-1", 2},
                                        {"WITHSCORES", 10}},
                        5, err);
    if (result == 0)
        take_counts(facts, reply, question->b, config->publish.counts_max);
    redis_reply_free(reply);
    strbuf_deinit(&key);
    return result;
}

static int gather(struct facts *facts, const struct evidence *evidence,
                  const struct question *question, uint32_t relation,
                  uint32_t window, struct redis *redis, struct err *err)
{
    const struct relations *relations = &evidence->config->engine.relations;
    const struct relation *one = &relations->at[relation];
    const struct lookup_list *popular = &evidence->popular.at[window].list;
    const struct lookup_list *list =
        list_at(&evidence->a, evidence->config, relation, window);

    *facts =
        (struct facts){.relation = one,
                       .list = list,
                       .both = UNKNOWN,
                       .most = UNKNOWN,
                       .from = support_of(evidence, &evidence->a, question->a,
                                          one->from_set, window),
                       .to = support_of(evidence, &evidence->b, question->b,
                                        one->to_set, window),
                       .all = UNKNOWN,
                       .place = lookup_find(list, question->b)};
    if (popular->is_there && one->from_set == relations->at[0].from_set)
        facts->all = (int64_t)popular->support;
    if (read_counts(facts, evidence, question, window, redis, err) != 0)
        return -1;
    if (facts->place >= 0)
        facts->both = (int64_t)list->entries[facts->place].count;
    return 0;
}

/* Telling. */

static int is_score_known(const struct facts *facts)
{
    enum score score = facts->relation->score;
    int needs_from = score != SCORE_COUNT;
    int needs_to = needs_from && score != SCORE_CONDITIONAL;
    int needs_all = score == SCORE_LIFT || score == SCORE_LLR;

    return facts->both > 0 && (!needs_from || facts->from != UNKNOWN) &&
           (!needs_to || facts->to != UNKNOWN) &&
           (!needs_all || facts->all != UNKNOWN);
}

static uint64_t or_zero(int64_t number)
{
    return number != UNKNOWN ? (uint64_t)number : 0;
}

static struct score_input input_of(const struct facts *facts)
{
    return (struct score_input){
        .both = or_zero(facts->both),
        .from = or_zero(facts->from),
        .to = or_zero(facts->to),
        .all = or_zero(facts->all),
    };
}

static void add_number(struct strbuf *out, const char *name, int64_t number)
{
    strbuf_add_text(out, name);
    if (number == UNKNOWN)
        strbuf_add_text(out, " unknown");
    else
        strbuf_add_format(out, " = %lld", (long long)number);
}

static void add_numbers(struct strbuf *out, const struct facts *facts,
                        double damping)
{
    char formula[256];

    strbuf_add_text(out, "        ");
    add_number(out, "c", facts->both);
    if (facts->both == UNKNOWN && facts->most != UNKNOWN)
        strbuf_add_format(out, " (at most %lld)", (long long)facts->most);
    add_number(out, ", n_a", facts->from);
    add_number(out, ", n_b", facts->to);
    add_number(out, ", N", facts->all);
    strbuf_add_char(out, '\n');
    if (!is_score_known(facts))
        return;
    score_explain(formula, sizeof formula, facts->relation->score,
                  input_of(facts), damping);
    strbuf_add_format(out, "        %s: %s\n",
                      score_name(facts->relation->score), formula);
}

/* Why a pair that may be counted often enough does not stand in the list. */
static void add_outranked(struct strbuf *out, const struct facts *facts,
                          double damping)
{
    const struct lookup_list *list = facts->list;
    const struct lookup_entry *last;

    if (facts->both == UNKNOWN)
        strbuf_add_format(out, "together in fewer than %u, or ",
                          (unsigned)facts->relation->min_support);
    if (list->count < facts->relation->k) {
        strbuf_add_text(out, "the list has not followed yet\n");
        return;
    }
    last = &list->entries[list->count - 1];
    strbuf_add_format(out, "behind the %u that fill it; the last, ",
                      (unsigned)list->count);
    show_text(out, last->id);
    strbuf_add_format(out, ", has score %.4f", last->score);
    if (is_score_known(facts))
        strbuf_add_format(
            out, ", this %.4f",
            score_compute(facts->relation->score, input_of(facts), damping));
    strbuf_add_char(out, '\n');
}

static void add_absence(struct strbuf *out, const struct facts *facts,
                        double damping)
{
    int64_t least = facts->relation->min_support;
    int64_t most = facts->both != UNKNOWN ? facts->both : facts->most;

    if (facts->both == 0)
        strbuf_add_text(out, "never together here\n");
    else if (most != UNKNOWN && most < least)
        strbuf_add_format(out, "together in %s%lld, min_support is %lld\n",
                          facts->both == UNKNOWN ? "at most " : "",
                          (long long)most, (long long)least);
    else if (facts->both != UNKNOWN || facts->list->count > 0)
        add_outranked(out, facts, damping);
    else
        strbuf_add_text(out, "nothing is published for the first item\n");
}

static void add_facts(struct strbuf *out, const struct facts *facts,
                      const char *window, double damping)
{
    strbuf_add_format(out, "  %-4s  ", window);
    if (facts->place >= 0) {
        const struct lookup_entry *entry = &facts->list->entries[facts->place];

        strbuf_add_format(out, "rank %d of %u: score %.4f\n", facts->place + 1,
                          (unsigned)facts->list->count, entry->score);
    } else {
        strbuf_add_text(out, "not in the list: ");
        add_absence(out, facts, damping);
    }
    if (facts->list->is_partial)
        strbuf_add_text(out, "        partial: the first item's weakest pairs "
                             "were cut\n");
    add_numbers(out, facts, damping);
}

static int add_all(struct strbuf *out, const struct evidence *evidence,
                   const struct question *question, struct redis *redis,
                   struct err *err)
{
    const struct engine_rules *rules = &evidence->config->engine;

    for (uint32_t r = 0; r < rules->relations.count; r++) {
        strbuf_add_format(out, "\n%s\n", rules->relations.at[r].name);
        for (uint32_t w = 0; w < rules->windows.count; w++) {
            struct facts facts;

            if (gather(&facts, evidence, question, r, w, redis, err) != 0)
                return -1;
            add_facts(out, &facts, rules->windows.at[w].name, rules->damping);
        }
    }
    return 0;
}

static int explain(const struct evidence *evidence,
                   const struct question *question, struct redis *redis)
{
    struct strbuf out = STRBUF_EMPTY;
    struct err err = ERR_NONE;
    int code;

    strbuf_add_text(&out, "B = ");
    show_text(&out, question->b);
    strbuf_add_text(&out, " in the lists of A = ");
    show_text(&out, question->a);
    strbuf_add_char(&out, '\n');
    if (add_all(&out, evidence, question, redis, &err) != 0) {
        strbuf_deinit(&out);
        return cmd_redis_fail("explain", &err);
    }
    code = cmd_redis_print("explain", &out);
    if (code != EXIT_CODE_OK || lookup_found(&evidence->a) > 0)
        return code;
    fprintf(stderr, "terkait explain: no list is published for A; read: %s\n",
            evidence->a.at[0].key.bytes);
    return EXIT_CODE_FAILED;
}

static int read_lists(struct evidence *evidence,
                      const struct question *question, struct redis *redis,
                      struct err *err)
{
    const struct config *config = evidence->config;

    if (lookup_related(&evidence->a, redis, config, question->tenant,
                       question->a, NULL, NULL, err) != 0 ||
        lookup_related(&evidence->b, redis, config, question->tenant,
                       question->b, NULL, NULL, err) != 0)
        return -1;
    return lookup_popular(&evidence->popular, redis, config, question->tenant,
                          err);
}

static int run(const struct config *config, struct redis *redis,
               const void *context)
{
    const struct question *question = context;
    struct evidence *evidence = mem_new(1, sizeof *evidence);
    struct err err = ERR_NONE;
    int code;

    evidence->config = config;
    if (read_lists(evidence, question, redis, &err) == 0)
        code = explain(evidence, question, redis);
    else
        code = cmd_redis_fail("explain", &err);
    lookup_deinit(&evidence->a);
    lookup_deinit(&evidence->b);
    lookup_deinit(&evidence->popular);
    free(evidence);
    return code;
}

int cmd_explain(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"tenant", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static const struct cmd_redis command = {
        .help = help,
        .letters = ":h" CMD_SETTINGS_SHORT "t:",
        .options = options,
        .take = take,
        .take_arguments = take_arguments,
        .body = run,
    };
    struct question question = {0};

    return cmd_redis_main(&command, &question, argc, argv);
}
