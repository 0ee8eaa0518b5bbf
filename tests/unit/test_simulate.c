#include "simulate.h"

#include "hash.h"
#include "mem.h"

#include <jansson.h>

#include "unit.h"

#define SESSION_GAP_MS INT64_C(1800000)
#define PINNED_DIGEST  UINT64_C(0x90c6ee771d68d2a9)

/* Of sound lines only, unless a test wants others. */
static struct simulate_rules sound_rules(uint64_t events)
{
    struct simulate_rules rules = simulate_defaults;

    rules.events = events;
    rules.share_malformed = 0;
    return rules;
}

/* A hash over all lines, their keys and their times. */
static uint64_t digest(const struct simulate_rules *rules)
{
    struct simulate *simulate = simulate_new(rules);
    struct text line, visitor;
    uint64_t hash = 0;
    int64_t ts_ms;

    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        hash = hash_bytes(line.bytes, line.length, hash);
        hash =
            hash_bytes(visitor.bytes, visitor.length, hash ^ (uint64_t)ts_ms);
    }
    simulate_free(simulate);
    return hash;
}

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
    struct simulate_rules rules = simulate_defaults;
    uint64_t first;

    (void)state;
    rules.events = 20000;
    rules.share_malformed = 0.02;
    first = digest(&rules);
    assert_true(digest(&rules) == first);
    rules.seed++;
    assert_true(digest(&rules) != first);
}

/* Whoever changes what the simulation makes, changes this number too; a
 * machine or compiler must not. */
static void test_the_bytes_are_the_same_on_any_machine(void **state)
{
    struct simulate_rules rules = simulate_defaults;

    (void)state;
    rules.share_malformed = 0.02;
    rules.tenants = 3;
    assert_int_equal(digest(&rules), PINNED_DIGEST);
}

/* What a stream is made of. */
struct survey {
    uint64_t lines, types[EVENT_TYPES];
    uint64_t second_times, text_times, session_ids, integer_ids;
    uint64_t orders, bytes, disorder;
    int64_t first_ms, last_ms;
};

static void survey_line(struct survey *survey, const char *line)
{
    json_t *root = json_loads(line, 0, NULL);
    const json_t *ts = json_object_get(root, "ts");

    assert_non_null(root);
    assert_non_null(ts);
    survey->text_times += json_is_string(ts);
    survey->second_times +=
        json_is_integer(ts) && json_integer_value(ts) < 100000000000;
    survey->session_ids += json_object_get(root, "session") != NULL;
    survey->integer_ids += json_is_integer(json_object_get(root, "visitor"));
    survey->orders += json_is_array(json_object_get(root, "items"));
    json_decref(root);
}

static void survey_event(struct survey *survey, const struct event *event,
                         struct text visitor, int64_t ts_ms)
{
    assert_int_equal(event->visitor.length, visitor.length);
    assert_memory_equal(event->visitor.bytes, visitor.bytes, visitor.length);
    assert_true(event->ts_ms <= ts_ms);
    assert_true(event->ts_ms > ts_ms - 66000);
    survey->types[event->type]++;
    survey->disorder += event->ts_ms < ts_ms - 6000;
}

/* Reads a sound stream to its end; every line must be accepted. */
static void survey_all(struct survey *survey,
                       const struct simulate_rules *rules)
{
    struct event_decoder *decoder = event_decoder_new(65536);
    struct simulate *simulate = simulate_new(rules);
    struct text line, visitor;
    struct event event;
    int64_t ts_ms;

    memset(survey, 0, sizeof *survey);
    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        char *text = mem_dup(line.bytes, line.length);

        assert_int_equal(event_decode(decoder, &event, line.bytes, line.length,
                                      EVENT_NO_STAMP),
                         EVENT_ACCEPTED);
        survey_event(survey, &event, visitor, ts_ms);
        survey_line(survey, text);
        if (survey->lines++ == 0)
            survey->first_ms = ts_ms;
        assert_true(ts_ms >= survey->last_ms);
        survey->last_ms = ts_ms;
        survey->bytes += line.length;
        free(text);
    }
    simulate_free(simulate);
    event_decoder_free(decoder);
}

static void assert_share(uint64_t part, uint64_t whole, double share,
                         double give)
{
    double seen = (double)part / (double)whole;

    if (seen < share - give || seen > share + give)
        fail_msg("%.4f, not %.4f", seen, share);
}

static void test_shares_are_kept(void **state)
{
    struct simulate_rules rules = sound_rules(200000);
    struct survey survey;
    uint64_t carts, views;

    (void)state;
    rules.share_bots = 0; /* they fill no cart */
    rules.share_repeats = 0;
    survey_all(&survey, &rules);
    views = survey.types[EVENT_PAGE_VIEW];
    carts = survey.types[EVENT_ADD_TO_CART];
    assert_int_equal(survey.lines, 200000);
    assert_share(carts, views, 0.14, 0.02);
    assert_share(survey.types[EVENT_REMOVE_FROM_CART], carts, 0.2, 0.03);
    assert_true(survey.types[EVENT_PURCHASE] > carts / 6);
    assert_true(survey.orders > survey.types[EVENT_PURCHASE] / 4);
    assert_true(survey.orders < survey.types[EVENT_PURCHASE] * 3 / 4);
    assert_share(survey.text_times, survey.lines, 0.15, 0.02);
    assert_share(survey.second_times, survey.lines, 0.1, 0.02);
    assert_share(survey.session_ids, survey.lines, 0.3, 0.03);
    assert_share(survey.integer_ids, survey.lines, 0.2, 0.03);
    assert_share(survey.disorder, survey.lines, 0.018, 0.004);
    assert_in_range(survey.bytes / survey.lines, 180, 250);
}

static void test_nothing_is_held_back_unless_asked(void **state)
{
    struct simulate_rules rules = sound_rules(20000);
    struct survey survey;

    (void)state;
    rules.share_disorder = 0;
    rules.share_repeats = 0;
    survey_all(&survey, &rules);
    assert_int_equal(survey.disorder, 0);
}

/* Lines that stand among those before them; ids of events differ otherwise. */
static uint64_t count_repeats(const struct simulate_rules *rules)
{
    struct simulate *simulate = simulate_new(rules);
    json_t *seen = json_object();
    struct text line, visitor;
    uint64_t repeats = 0;
    char key[32];
    int64_t ts_ms;

    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        snprintf(key, sizeof key, "%016llx",
                 (unsigned long long)hash_bytes(line.bytes, line.length, 0));
        repeats += json_object_get(seen, key) != NULL;
        json_object_set_new(seen, key, json_true());
    }
    json_decref(seen);
    simulate_free(simulate);
    return repeats;
}

static void test_lines_are_repeated_as_asked(void **state)
{
    struct simulate_rules rules = sound_rules(50000);

    (void)state;
    rules.share_repeats = 0.05;
    assert_share(count_repeats(&rules), rules.events, 0.0476, 0.004);
    rules.share_repeats = 0;
    assert_int_equal(count_repeats(&rules), 0);
}

static void test_malformed_lines_are_refused_for_every_reason(void **state)
{
    struct event_decoder *decoder = event_decoder_new(65536);
    struct simulate_rules rules = sound_rules(20000);
    uint64_t verdicts[EVENT_VERDICT_COUNT] = {0}, refused = 0;
    struct simulate *simulate;
    struct text line, visitor;
    struct event event;
    int64_t ts_ms;

    (void)state;
    rules.share_malformed = 0.05;
    simulate = simulate_new(&rules);
    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        enum event_verdict verdict = event_decode(decoder, &event, line.bytes,
                                                  line.length, EVENT_NO_STAMP);

        assert_true(visitor.length > 0);
        if (verdict == EVENT_ACCEPTED && event.ts_ms > ts_ms + 300000)
            verdict = EVENT_FUTURE;
        if (verdict == EVENT_ACCEPTED && event.ts_ms < ts_ms - 600000)
            verdict = EVENT_LATE;
        verdicts[verdict]++;
        refused += verdict != EVENT_ACCEPTED;
    }
    for (int i = 0; i < EVENT_VERDICT_COUNT; i++)
        assert_true(verdicts[i] > 0);
    assert_share(refused, rules.events, 0.05, 0.006);
    simulate_free(simulate);
    event_decoder_free(decoder);
}

/* Per visitor: the time of the latest event, and events of the open session. */
struct open_sessions {
    json_t *visitors;
    uint32_t lengths[100000];
    uint32_t count;
};

static void count_event(struct open_sessions *open, const struct event *event)
{
    char *visitor = mem_dup(event->visitor.bytes, event->visitor.length);
    json_t *entry = json_object_get(open->visitors, visitor);
    int64_t last_ms = json_integer_value(json_array_get(entry, 0));
    json_int_t session = json_integer_value(json_array_get(entry, 1));

    if (entry == NULL || event->ts_ms > last_ms + SESSION_GAP_MS) {
        assert_true(open->count < COUNT(open->lengths));
        session = open->count++;
        last_ms = 0;
    }
    if (event->ts_ms > last_ms)
        last_ms = event->ts_ms;
    open->lengths[session]++;
    json_object_set_new(open->visitors, visitor,
                        json_pack("[I,I]", (json_int_t)last_ms, session));
    free(visitor);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void test_sessions_are_short_with_a_long_tail(void **state)
{
    struct open_sessions *open = mem_new(1, sizeof *open);
    struct simulate_rules rules = sound_rules(100000);
    struct event_decoder *decoder = event_decoder_new(65536);
    struct simulate *simulate = simulate_new(&rules);
    struct text line, visitor;
    struct event event;
    int64_t ts_ms;

    (void)state;
    open->visitors = json_object();
    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        assert_int_equal(event_decode(decoder, &event, line.bytes, line.length,
                                      EVENT_NO_STAMP),
                         EVENT_ACCEPTED);
        count_event(open, &event);
    }
    qsort(open->lengths, open->count, sizeof open->lengths[0], compare_numbers);
    assert_in_range(open->lengths[open->count / 2], 2, 4);
    assert_in_range(open->lengths[open->count / 100 * 99], 20, 100);
    assert_true(open->lengths[open->count - 1] > 150); /* bots */
    json_decref(open->visitors);
    free(open);
    simulate_free(simulate);
    event_decoder_free(decoder);
}

static void test_lines_come_at_the_rate(void **state)
{
    struct simulate_rules rules = sound_rules(30001);
    struct survey survey;

    (void)state;
    rules.rate = 300;
    rules.start_ms = INT64_C(1700000000000);
    survey_all(&survey, &rules);
    assert_int_equal(survey.first_ms, rules.start_ms);
    assert_in_range(survey.last_ms - survey.first_ms, 99990, 100010);
}

/* Lines in each minute, with a campaign's height in the tenth. */
static void test_a_campaign_raises_the_rate(void **state)
{
    struct simulate_rules rules = sound_rules(100000);
    uint64_t minutes[20] = {0};
    struct simulate *simulate;
    struct text line, visitor;
    int64_t ts_ms;

    (void)state;
    rules.rate = 10;
    rules.peak = 30;
    rules.peak_after_ms = 10 * 60000;
    rules.peak_ramp_ms = 5 * 60000;
    simulate = simulate_new(&rules);
    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        int64_t minute = (ts_ms - rules.start_ms) / 60000;

        if (minute < 20)
            minutes[minute]++;
    }
    assert_in_range(minutes[2], 599, 601);
    assert_in_range(minutes[9], 15000, 18000);
    assert_in_range(minutes[10], 15000, 18000);
    assert_in_range(minutes[7], 8000, 11000);
    assert_in_range(minutes[17], 599, 601);
    simulate_free(simulate);
}

static void test_tenants_are_named_when_there_are_some(void **state)
{
    struct simulate_rules rules = sound_rules(5000);
    struct event_decoder *decoder = event_decoder_new(65536);
    struct text line, visitor;
    struct event event;
    int64_t ts_ms;

    (void)state;
    for (uint32_t tenants = 0; tenants < 4; tenants++) {
        struct simulate *simulate;
        json_t *names = json_object();

        rules.tenants = tenants;
        simulate = simulate_new(&rules);
        while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
            char *name;

            assert_int_equal(event_decode(decoder, &event, line.bytes,
                                          line.length, EVENT_NO_STAMP),
                             EVENT_ACCEPTED);
            assert_int_equal(event.tenant.length > 0, tenants > 0);
            name = mem_dup(event.tenant.bytes, event.tenant.length);
            json_object_set_new(names, name, json_true());
            free(name);
        }
        assert_int_equal(json_object_size(names), tenants > 0 ? tenants : 1);
        json_decref(names);
        simulate_free(simulate);
    }
    event_decoder_free(decoder);
}

/* The planted pairs as `item TAB other` keys, and the items as keys. */
static void read_truth(json_t *pairs, json_t *items, struct simulate *simulate)
{
    struct strbuf truth = STRBUF_EMPTY;
    const char *before = "";

    simulate_truth(simulate, &truth);
    for (char *line = strtok(truth.bytes, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        char *tab = strchr(line, '\t');

        assert_non_null(tab);
        assert_true(strcmp(before, line) < 0);
        before = line;
        json_object_set_new(pairs, line, json_true());
        *tab = '\0';
        json_object_set_new(items, line, json_true());
        *tab = '\t';
    }
    strbuf_deinit(&truth);
}

static void test_the_truth_is_sorted_and_mutual(void **state)
{
    struct simulate_rules rules = sound_rules(0);
    struct simulate *simulate = simulate_new(&rules);
    json_t *pairs = json_object(), *items = json_object(), *value;
    const char *pair;

    (void)state;
    read_truth(pairs, items, simulate);
    assert_int_equal(json_object_size(items), rules.items);
    assert_int_equal(json_object_size(pairs), 4 * rules.items);
    json_object_foreach(pairs, pair, value)
    {
        const char *tab = strchr(pair, '\t');
        char turned[300];

        snprintf(turned, sizeof turned, "%s\t%.*s", tab + 1, (int)(tab - pair),
                 pair);
        assert_non_null(json_object_get(pairs, turned));
    }
    json_decref(pairs);
    json_decref(items);
    simulate_free(simulate);
}

/* What a visitor looks at next is mostly a partner of what came before; all
 * items of events are of the catalogue. */
static void test_visitors_follow_the_truth(void **state)
{
    struct simulate_rules rules = sound_rules(50000);
    struct event_decoder *decoder = event_decoder_new(65536);
    struct simulate *simulate = simulate_new(&rules);
    json_t *pairs = json_object(), *items = json_object();
    json_t *last = json_object();
    struct text line, visitor;
    uint64_t steps = 0, planted = 0;
    struct event event;
    int64_t ts_ms;

    (void)state;
    read_truth(pairs, items, simulate);
    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        char who[EVENT_ID_BYTES_MAX + 1], what[EVENT_ID_BYTES_MAX + 1];
        const char *before;
        char pair[300];

        assert_int_equal(event_decode(decoder, &event, line.bytes, line.length,
                                      EVENT_NO_STAMP),
                         EVENT_ACCEPTED);
        snprintf(who, sizeof who, "%.*s", (int)visitor.length, visitor.bytes);
        snprintf(what, sizeof what, "%.*s", (int)event.items[0].length,
                 event.items[0].bytes);
        assert_non_null(json_object_get(items, what));
        if (event.type != EVENT_PAGE_VIEW)
            continue;
        before = json_string_value(json_object_get(last, who));
        snprintf(pair, sizeof pair, "%s\t%s", before ? before : "", what);
        steps += before != NULL;
        planted += json_object_get(pairs, pair) != NULL;
        json_object_set_new(last, who, json_string(what));
    }
    assert_true(planted > steps / 2);
    json_decref(pairs);
    json_decref(items);
    json_decref(last);
    simulate_free(simulate);
    event_decoder_free(decoder);
}

static void test_rules_out_of_range_are_named(void **state)
{
    static const struct {
        size_t place;
        double value;
        const char *names;
    } wrong[] = {
        {offsetof(struct simulate_rules, rate), 0, "rate"},
        {offsetof(struct simulate_rules, rate), 1e9, "rate"},
        {offsetof(struct simulate_rules, peak), 0.5, "peak"},
        {offsetof(struct simulate_rules, zipf), -1, "Zipf"},
        {offsetof(struct simulate_rules, share_cart), 1.1, "cart"},
        {offsetof(struct simulate_rules, share_disorder), 0.95, "disorder"},
        {offsetof(struct simulate_rules, share_text_times), 0.95, "together"},
    };
    struct simulate_rules rules;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct err err = ERR_NONE;

        rules = simulate_defaults;
        memcpy((char *)&rules + wrong[i].place, &wrong[i].value,
               sizeof wrong[i].value);
        assert_int_equal(simulate_rules_check(&rules, &err), -1);
        assert_non_null(strstr(err.text, wrong[i].names));
    }
    rules = simulate_defaults;
    rules.items = 0;
    assert_int_equal(simulate_rules_check(&rules, NULL), -1);
    rules = simulate_defaults;
    rules.start_ms = -1;
    assert_int_equal(simulate_rules_check(&rules, NULL), -1);
    assert_int_equal(simulate_rules_check(&simulate_defaults, NULL), 0);
}

static void test_the_smallest_marketplace_works(void **state)
{
    struct simulate_rules rules = sound_rules(3000);
    struct survey survey;

    (void)state;
    rules.items = 1;
    rules.sellers = 1;
    rules.rate = 0.01;
    rules.share_bots = 1;
    rules.share_disorder = 0;
    rules.share_repeats = 0;
    survey_all(&survey, &rules);
    assert_int_equal(survey.types[EVENT_PAGE_VIEW], 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(test_the_bytes_are_the_same_on_any_machine),
        cmocka_unit_test(test_shares_are_kept),
        cmocka_unit_test(test_nothing_is_held_back_unless_asked),
        cmocka_unit_test(test_lines_are_repeated_as_asked),
        cmocka_unit_test(test_malformed_lines_are_refused_for_every_reason),
        cmocka_unit_test(test_sessions_are_short_with_a_long_tail),
        cmocka_unit_test(test_lines_come_at_the_rate),
        cmocka_unit_test(test_a_campaign_raises_the_rate),
        cmocka_unit_test(test_tenants_are_named_when_there_are_some),
        cmocka_unit_test(test_the_truth_is_sorted_and_mutual),
        cmocka_unit_test(test_visitors_follow_the_truth),
        cmocka_unit_test(test_rules_out_of_range_are_named),
        cmocka_unit_test(test_the_smallest_marketplace_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
