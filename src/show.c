#include "show.h"

#include <time.h>

static int is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* Bytes of the character at `at`; 0 when it is not to be shown. Overlong forms
 * and surrogates are not: nobody prints them alike. */
static size_t character_bytes(const unsigned char *at, size_t left)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;

    if (length == 1)
        return at[0] >= 0x20 && at[0] != 0x7F;
    if (at[0] < 0xC2 || at[0] > 0xF4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (!is_continuation(at[i]))
            return 0;
    if ((at[0] == 0xC2 && at[1] < 0xA0) || (at[0] == 0xE0 && at[1] < 0xA0) ||
        (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF0 && at[1] < 0x90) ||
        (at[0] == 0xF4 && at[1] > 0x8F))
        return 0;
    return length;
}

size_t show_text(struct strbuf *out, struct text text)
{
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    size_t columns = 0;

    for (size_t i = 0; i < text.length;) {
        size_t length = character_bytes(bytes + i, text.length - i);

        if (length == 0) {
            strbuf_add_format(out, "\\x%02X", bytes[i++]);
            columns += 4;
        } else {
            strbuf_add(out, bytes + i, length);
            i += length;
            columns++;
        }
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
