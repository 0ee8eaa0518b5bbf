#include "rfc3339.h"

struct cursor {
    const char *at;
    const char *end;
};

static int take_char(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return 0;
    cursor->at++;
    return 1;
}

/* 0 to 9; -1 when there is none. */
static int take_digit(struct cursor *cursor)
{
    if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9')
        return -1;
    return *cursor->at++ - '0';
}

static int take_number(struct cursor *cursor, int digits, int low, int high,
                       int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++) {
        int digit = take_digit(cursor);

        if (digit < 0)
            return -1;
        *number = *number * 10 + digit;
    }
    return *number >= low && *number <= high ? 0 : -1;
}

/* "hh:mm", in minutes. */
static int take_hour_minute(struct cursor *cursor, int *minutes)
{
    int hour, minute;

    if (take_number(cursor, 2, 0, 23, &hour) != 0 || !take_char(cursor, ':') ||
        take_number(cursor, 2, 0, 59, &minute) != 0)
        return -1;
    *minutes = hour * 60 + minute;
    return 0;
}

static int is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static int leap_years_until(int year)
{
    return year / 4 - year / 100 + year / 400;
}

/* Since 1970-01-01; only its sign means anything before that. */
static int days_since_epoch(int year, int month, int day)
{
    static const int before[] = {0,   31,  59,  90,  120, 151,
                                 181, 212, 243, 273, 304, 334};

    return (year - 1970) * 365 + leap_years_until(year - 1) -
           leap_years_until(1969) + before[month - 1] +
           (month > 2 && is_leap(year)) + day - 1;
}

static int take_date(struct cursor *cursor, int *days)
{
    int year, month, day;

    if (take_number(cursor, 4, 0, 9999, &year) != 0 ||
        !take_char(cursor, '-') || take_number(cursor, 2, 1, 12, &month) != 0 ||
        !take_char(cursor, '-') ||
        take_number(cursor, 2, 1, days_in_month(year, month), &day) != 0)
        return -1;
    *days = days_since_epoch(year, month, day);
    return 0;
}

/* The digits behind a point, cut to milliseconds; no point is none. */
static int take_fraction(struct cursor *cursor, int *ms)
{
    int weight = 100, digit;

    *ms = 0;
    if (!take_char(cursor, '.'))
        return 0;
    if ((digit = take_digit(cursor)) < 0)
        return -1;
    do {
        *ms += digit * weight;
        weight /= 10;
    } while ((digit = take_digit(cursor)) >= 0);
    return 0;
}

static int take_time(struct cursor *cursor, int *ms_of_day)
{
    int minutes, second, ms;

    if (take_hour_minute(cursor, &minutes) != 0 || !take_char(cursor, ':') ||
        take_number(cursor, 2, 0, 59, &second) != 0 ||
        take_fraction(cursor, &ms) != 0)
        return -1;
    *ms_of_day = (minutes * 60 + second) * 1000 + ms;
    return 0;
}

/* Minutes that local time is ahead of UTC. */
static int take_offset(struct cursor *cursor, int *minutes)
{
    int is_behind;

    *minutes = 0;
    if (take_char(cursor, 'Z') || take_char(cursor, 'z'))
        return 0;
    is_behind = take_char(cursor, '-');
    if ((!is_behind && !take_char(cursor, '+')) ||
        take_hour_minute(cursor, minutes) != 0)
        return -1;
    if (is_behind)
        *minutes = -*minutes;
    return 0;
}

static int take_between(struct cursor *cursor)
{
    return take_char(cursor, 'T') || take_char(cursor, ' ') ||
           take_char(cursor, 't');
}

int rfc3339_parse(int64_t *ts_ms, const char *text, size_t length)
{
    struct cursor cursor = {text, text + length};
    int days, ms_of_day, offset_min;
    int64_t ms;

    if (take_date(&cursor, &days) != 0 || !take_between(&cursor) ||
        take_time(&cursor, &ms_of_day) != 0 ||
        take_offset(&cursor, &offset_min) != 0 || cursor.at != cursor.end)
        return -1;
    ms = (int64_t)days * 86400000 + ms_of_day - (int64_t)offset_min * 60000;
    if (ms < 0 || ms > RFC3339_MAX_MS)
        return -1;
    *ts_ms = ms;
    return 0;
}
