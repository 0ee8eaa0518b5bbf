#include "simulate_damage.h"

#include "unit.h"

enum { EVENT_BYTES_MAX = 65536 };

#define NOW_MS  INT64_C(1765540800000)
#define HOUR_MS INT64_C(3600000)

/* What a decoder, and its judge of times, makes of one kind of damage. */
static enum event_verdict judge(struct event_decoder *decoder,
                                struct text tenant, uint32_t kind)
{
    static const uint32_t item = 0;
    struct catalogue_rules rules = {24, 3, 2, 1};
    struct line_event damaged = {.ts_ms = NOW_MS,
                                 .visitor = text_of("budi"),
                                 .tenant = tenant,
                                 .items = &item};
    struct strbuf line = STRBUF_EMPTY;
    struct catalogue *catalogue;
    enum event_verdict verdict;
    struct event event;
    struct rng rng;

    rng_init(&rng, 1);
    catalogue = catalogue_new(&rng, &rules);
    damage_add_line(&line, &damaged, catalogue, kind);
    assert_null(memchr(line.bytes, '\n', line.length));
    verdict =
        event_decode(decoder, &event, line.bytes, line.length, EVENT_NO_STAMP);
    if (verdict == EVENT_ACCEPTED && event.ts_ms > NOW_MS + HOUR_MS)
        verdict = EVENT_FUTURE;
    else if (verdict == EVENT_ACCEPTED && event.ts_ms < NOW_MS - HOUR_MS)
        verdict = EVENT_LATE;
    strbuf_deinit(&line);
    catalogue_free(catalogue);
    return verdict;
}

static void test_each_kind_is_refused_for_its_reason(void **state)
{
    struct event_decoder *decoder = event_decoder_new(EVENT_BYTES_MAX);

    (void)state;
    for (uint32_t kind = 0; kind < damage_kinds(); kind++) {
        enum event_verdict wanted = damage_verdict(kind);

        if (judge(decoder, NO_TEXT, kind) != wanted ||
            judge(decoder, text_of("warung"), kind) != wanted)
            fail_msg("kind %u is not refused as %s", kind,
                     event_verdict_name(wanted));
    }
    event_decoder_free(decoder);
}

static void test_every_reason_has_a_kind(void **state)
{
    int has_kind[EVENT_VERDICT_COUNT] = {0};

    (void)state;
    for (uint32_t kind = 0; kind < damage_kinds(); kind++)
        has_kind[damage_verdict(kind)] = 1;
    assert_false(has_kind[EVENT_ACCEPTED]);
    for (int i = EVENT_ACCEPTED + 1; i < EVENT_VERDICT_COUNT; i++)
        assert_true(has_kind[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_is_refused_for_its_reason),
        cmocka_unit_test(test_every_reason_has_a_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
