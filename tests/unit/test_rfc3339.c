#include "rfc3339.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { REFUSED = -1 };

struct example {
    const char *text;
    int64_t ms; /* REFUSED when it is none */
};

static int64_t parse(const char *text)
{
    int64_t ms = 4711;

    if (rfc3339_parse(&ms, text, strlen(text)) == 0)
        return ms;
    assert_int_equal(ms, 4711);
    return REFUSED;
}

static void check(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t ms = parse(examples[i].text);

        if (ms != examples[i].ms)
            fail_msg("\"%s\" is %lld, not %lld", examples[i].text,
                     (long long)ms, (long long)examples[i].ms);
    }
}

#define CHECK(examples) check(examples, sizeof(examples) / sizeof(examples)[0])

static void test_reads_dates_and_times(void **state)
{
    static const struct example examples[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-06-10T06:13:20Z", 1718000000000},
        {"2024-06-10t06:13:20z", 1718000000000},
        {"2024-06-10 06:13:20Z", 1718000000000},
        {"2023-12-31T23:59:59Z", 1704067199000},
        {"2024-02-29T12:34:56Z", 1709210096000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"2100-03-01T00:00:00Z", 4107542400000},
        {"9999-12-31T23:59:59.999Z", RFC3339_MAX_MS},
    };

    (void)state;
    CHECK(examples);
}

static void test_knows_the_length_of_months(void **state)
{
    static const struct example examples[] = {
        {"2023-02-28T00:00:00Z", 1677542400000},
        {"2023-02-29T00:00:00Z", REFUSED},
        {"2024-02-30T00:00:00Z", REFUSED},
        {"2100-02-29T00:00:00Z", REFUSED},
        {"2024-04-30T00:00:00Z", 1714435200000},
        {"2024-04-31T00:00:00Z", REFUSED},
        {"2024-06-31T00:00:00Z", REFUSED},
        {"2024-09-31T00:00:00Z", REFUSED},
        {"2024-11-31T00:00:00Z", REFUSED},
        {"2024-12-31T00:00:00Z", 1735603200000},
        {"2024-12-32T00:00:00Z", REFUSED},
        {"2024-01-00T00:00:00Z", REFUSED},
        {"2024-00-01T00:00:00Z", REFUSED},
        {"2024-13-01T00:00:00Z", REFUSED},
    };

    (void)state;
    CHECK(examples);
}

static void test_counts_every_day(void **state)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t ms = 0;

    (void)state;
    for (int year = 1970; year < 2410; year++) {
        int leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);

        for (int month = 1; month <= 12; month++) {
            char text[64];

            snprintf(text, sizeof text, "%04d-%02d-01T00:00:00Z", year, month);
            assert_int_equal(parse(text), ms);
            ms += (days[month - 1] + (month == 2 && leap)) * INT64_C(86400000);
        }
    }
}

static void test_refuses_hours_and_seconds_that_are_none(void **state)
{
    static const struct example examples[] = {
        {"1970-01-01T23:59:59Z", 86399000}, {"1970-01-01T24:00:00Z", REFUSED},
        {"1970-01-01T00:60:00Z", REFUSED},  {"1970-01-01T00:00:60Z", REFUSED},
        {"1972-06-30T23:59:60Z", REFUSED},  {"1970-01-01T00:00:61Z", REFUSED},
    };

    (void)state;
    CHECK(examples);
}

static void test_cuts_fractions(void **state)
{
    static const struct example examples[] = {
        {"1970-01-01T00:00:01.5Z", 1500},
        {"1970-01-01T00:00:01.05Z", 1050},
        {"1970-01-01T00:00:01.007Z", 1007},
        {"1970-01-01T00:00:01.0079Z", 1007},
        {"1970-01-01T00:00:01.999999999999999999999999Z", 1999},
        {"1970-01-01T00:00:01.000Z", 1000},
        {"1970-01-01T00:00:01.25+00:00", 1250},
        {"1970-01-01T00:00:01.Z", REFUSED},
        {"1970-01-01T00:00:01.", REFUSED},
        {"1970-01-01T00:00:01,5Z", REFUSED},
        {"1970-01-01T00:00:01.5.5Z", REFUSED},
    };

    (void)state;
    CHECK(examples);
}

static void test_reckons_offsets(void **state)
{
    static const struct example examples[] = {
        {"2024-06-10T13:13:20+07:00", 1718000000000},
        {"2024-06-10T00:43:20-05:30", 1718000000000},
        {"2024-06-10T06:13:20+00:00", 1718000000000},
        {"2024-06-10T06:13:20-00:00", 1718000000000},
        {"1970-01-02T00:00:00+23:59", 60000},
        {"1970-01-01T00:00:00-23:59", 86340000},
        {"1970-01-01T00:00:00+24:00", REFUSED},
        {"1970-01-01T00:00:00-24:00", REFUSED},
        {"1970-01-01T00:00:00-01:60", REFUSED},
        {"1970-01-01T00:00:00-0100", REFUSED},
        {"1970-01-01T00:00:00-01", REFUSED},
        {"1970-01-01T00:00:00-1:00", REFUSED},
        {"1970-01-01T00:00:00-01:0", REFUSED},
    };

    (void)state;
    CHECK(examples);
}

static void test_keeps_to_1970_until_9999_in_utc(void **state)
{
    static const struct example examples[] = {
        {"1969-12-31T23:59:59.999Z", REFUSED},
        {"1969-12-31T23:30:00-01:00", 1800000},
        {"1970-01-01T00:30:00+01:00", REFUSED},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T00:59:59.999+01:00", REFUSED},
        {"1900-01-01T00:00:00Z", REFUSED},
        {"0000-01-01T00:00:00Z", REFUSED},
        {"0000-02-29T00:00:00-23:59", REFUSED},
        {"9999-12-31T23:59:59.999-00:01", REFUSED},
        {"9999-12-31T23:59:59.999+00:01", RFC3339_MAX_MS - 60000},
    };

    (void)state;
    CHECK(examples);
}

static void test_refuses_what_is_no_time(void **state)
{
    static const struct example examples[] = {
        {"", REFUSED},
        {"Z", REFUSED},
        {"now", REFUSED},
        {"1718000000", REFUSED},
        {"2024-06-10", REFUSED},
        {"2024-06-10T06:13:20", REFUSED},
        {"2024-06-10T06:13Z", REFUSED},
        {"2024-06-10T06:13:Z", REFUSED},
        {"2024-06-10_06:13:20Z", REFUSED},
        {"2024-06-10  06:13:20Z", REFUSED},
        {"2024-06-10T06:13:20 Z", REFUSED},
        {" 2024-06-10T06:13:20Z", REFUSED},
        {"2024-06-10T06:13:20Z ", REFUSED},
        {"2024-06-10T06:13:20ZZ", REFUSED},
        {"2024-06-10T06:13:20+07:00Z", REFUSED},
        {"2024/06/10T06:13:20Z", REFUSED},
        {"2024-06-10T06-13-20Z", REFUSED},
        {"20240610T061320Z", REFUSED},
        {"2024-6-10T06:13:20Z", REFUSED},
        {"024-06-10T06:13:20Z", REFUSED},
        {"12024-06-10T06:13:20Z", REFUSED},
        {"-2024-06-10T06:13:20Z", REFUSED},
        {"+2024-06-10T06:13:20Z", REFUSED},
        {"2024-06-1OT06:13:20Z", REFUSED},
        {"2024-06-10T 6:13:20Z", REFUSED},
    };

    (void)state;
    CHECK(examples);
}

/* Each character is changed for its neighbours in ASCII: none but a digit for a
 * digit, in its bounds, is right. */
static void test_takes_nothing_for_a_digit(void **state)
{
    static const char text[] = "2024-06-10T06:13:20.123+07:00";

    (void)state;
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char changed[sizeof text];

        memcpy(changed, text, sizeof text);
        changed[at] = '0' - 1;
        assert_int_equal(parse(changed), REFUSED);
        changed[at] = '9' + 1;
        assert_true(parse(changed) == REFUSED || text[at] == ':');
    }
}

static void test_takes_the_length_at_its_word(void **state)
{
    static const char text[] = "2024-06-10T06:13:20.5Z\0Z";
    int64_t ms;

    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        int result = rfc3339_parse(&ms, text, length);

        assert_int_equal(result, length == 22 ? 0 : -1);
    }
}

static void test_refuses_nul_bytes(void **state)
{
    static const char nul_for_fraction[] = "2024-06-10T06:13:20\0Z";
    char text[] = "2024-06-10T06:13:20.5+07:00";
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char former = text[i];

        text[i] = '\0';
        assert_int_equal(rfc3339_parse(&ms, text, sizeof text - 1), -1);
        text[i] = former;
    }
    assert_int_equal(rfc3339_parse(&ms, nul_for_fraction, 21), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_dates_and_times),
        cmocka_unit_test(test_knows_the_length_of_months),
        cmocka_unit_test(test_counts_every_day),
        cmocka_unit_test(test_refuses_hours_and_seconds_that_are_none),
        cmocka_unit_test(test_cuts_fractions),
        cmocka_unit_test(test_reckons_offsets),
        cmocka_unit_test(test_keeps_to_1970_until_9999_in_utc),
        cmocka_unit_test(test_refuses_what_is_no_time),
        cmocka_unit_test(test_takes_nothing_for_a_digit),
        cmocka_unit_test(test_takes_the_length_at_its_word),
        cmocka_unit_test(test_refuses_nul_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
