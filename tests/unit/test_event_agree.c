/* Our scanner with jansson behind it against jansson alone, over records by
 * chance: some 25 seconds of them, fewer where others want the machine as well.
 * AGREE_SEED, AGREE_RECORDS and AGREE_SECONDS choose others and more. */
#include "unit.h"

#include "../fuzz/event_agree.h"
#include "../fuzz/event_maker.h"

#include <inttypes.h>
#include <time.h>

#ifdef __SANITIZE_ADDRESS__
enum { RECORDS = 200000 };
#else
enum { RECORDS = 2000000 };
#endif

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static int64_t draw_stamp(struct rng *rng)
{
    static const int64_t stamps[] = {EVENT_NO_STAMP, 0, 1718000000000,
                                     INT64_MAX};

    return stamps[rng_below(rng, 4)];
}

static void show(const struct agree *agree)
{
    print_message("# %" PRIu64 " records agree, %" PRIu64 " scanned;",
                  agree->records, agree->taken);
    for (int i = 0; i < EVENT_VERDICT_COUNT; i++)
        if (agree->verdicts[i] > 0)
            print_message(" %s %" PRIu64 "/%" PRIu64,
                          event_verdict_name((enum event_verdict)i),
                          agree->scans[i], agree->verdicts[i]);
    print_message("\n");
}

/* All that can come from a record by itself has come, and most of it by way
 * of the scanner: else the agreement would be jansson's with itself. */
static void assert_is_broad(const struct agree *agree)
{
    assert_true(agree->taken > agree->records / 2);
    for (int i = EVENT_JSON; i <= EVENT_TENANT; i++)
        assert_true(agree->verdicts[i] > agree->records / 2000);
    for (int i = EVENT_TYPE; i <= EVENT_TENANT; i++)
        assert_true(agree->scans[i] > agree->verdicts[i] / 2);
    assert_true(agree->scans[EVENT_ACCEPTED] > agree->records / 5);
    assert_int_equal(agree->scans[EVENT_JSON], 0);
}

static void test_agrees_with_jansson(void **state)
{
    uint64_t records = setting("AGREE_RECORDS", RECORDS);
    struct agree *agree = agree_new();
    struct strbuf record = STRBUF_EMPTY;
    time_t end = time(NULL) + (time_t)setting("AGREE_SECONDS", 45);
    struct rng rng;

    (void)state;
    rng_init(&rng, setting("AGREE_SEED", 20240610));
    for (uint64_t i = 0; i < records && time(NULL) < end; i++) {
        int64_t stamp_ms = draw_stamp(&rng);

        maker_make(&record, &rng);
        assert_true(agree_on(agree, record.bytes, record.length, stamp_ms));
    }
    show(agree);
    assert_is_broad(agree);
    strbuf_deinit(&record);
    agree_free(agree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_jansson),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
