#include "show.h"

#include "utf8.h"

#include <time.h>

size_t show_text(struct strbuf *out, struct text text)
{
    size_t columns = 0;

    for (size_t i = 0; i < text.length;) {
        const char *at = text.bytes + i;
        size_t length = utf8_length(at, text.length - i);

        if (length > 0 && !utf8_is_control(at)) {
            strbuf_add(out, at, length);
            i += length;
            columns++;
            continue;
        }
        for (size_t end = i + (length > 0 ? length : 1); i < end; i++)
            strbuf_add_format(out, "\\x%02X", (unsigned char)text.bytes[i]);
        columns += length > 1 ? 4 * length : 4;
    }
    return columns;
}

void show_padded(struct strbuf *out, struct text text, size_t width)
{
    for (size_t used = show_text(out, text); used < width; used++)
        strbuf_add_char(out, ' ');
}

size_t show_width(struct text text)
{
    struct strbuf out = STRBUF_EMPTY;
    size_t width = show_text(&out, text);

    strbuf_deinit(&out);
    return width;
}

void show_time(struct strbuf *out, int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    char text[32];
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        strbuf_add_format(out, "%lld ms", (long long)at_ms);
    else
        strbuf_add_text(out, text);
}

void show_age(struct strbuf *out, int64_t at_ms, int64_t now_ms)
{
    static const struct {
        int64_t until_s, unit_s;
        const char *name;
    } steps[] = {{120, 1, "s"},
                 {120 * 60, 60, "min"},
                 {48 * 3600, 3600, "h"},
                 {INT64_MAX, 86400, "d"}};
    int64_t age_s = (now_ms - at_ms) / 1000;
    int64_t size_s = age_s < 0 ? -age_s : age_s;
    size_t i = 0;

    if (size_s == 0) {
        strbuf_add_text(out, "now");
        return;
    }
    while (size_s >= steps[i].until_s)
        i++;
    strbuf_add_format(out, "%s%lld %s%s", age_s < 0 ? "in " : "",
                      (long long)(size_s / steps[i].unit_s), steps[i].name,
                      age_s < 0 ? "" : " ago");
}

void show_grouped(struct strbuf *out, int64_t number)
{
    struct strbuf digits = STRBUF_EMPTY;

    strbuf_add_int(&digits, number);
    for (size_t i = 0; i < digits.length; i++) {
        size_t left = digits.length - i;

        if (i > 0 && left % 3 == 0 && digits.bytes[i - 1] != '-')
            strbuf_add_char(out, ',');
        strbuf_add_char(out, digits.bytes[i]);
    }
    strbuf_deinit(&digits);
}

void show_bytes(struct strbuf *out, int64_t bytes)
{
    static const char *const units[] = {"B",  "kB", "MB", "GB",
                                        "TB", "PB", "EB"};
    double size = (double)bytes;
    size_t unit = 0;

    for (; size >= 999.5; size /= 1000)
        unit++;
    strbuf_add_format(out, unit > 0 && size < 9.95 ? "%.1f %s" : "%.0f %s",
                      size, units[unit]);
}

void show_span(struct strbuf *out, int64_t span_ms)
{
    static const struct {
        int64_t until_ms, unit_ms;
        const char *name;
    } steps[] = {{120000, 1000, "s"},
                 {120 * 60000, 60000, "min"},
                 {48 * INT64_C(3600000), 3600000, "h"},
                 {INT64_MAX, 86400000, "d"}};
    size_t i = 0;

    if (span_ms < 1000) {
        strbuf_add_format(out, "%lld ms", (long long)span_ms);
        return;
    }
    if (span_ms < 10000) {
        strbuf_add_format(out, "%lld.%lld s", (long long)(span_ms / 1000),
                          (long long)(span_ms / 100 % 10));
        return;
    }
    while (span_ms >= steps[i].until_ms)
        i++;
    strbuf_add_format(out, "%lld %s", (long long)(span_ms / steps[i].unit_ms),
                      steps[i].name);
}
