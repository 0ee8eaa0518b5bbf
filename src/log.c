#include "log.h"

#include "clock.h"
#include "strbuf.h"

#include <stdio.h>
#include <string.h>

enum { KINDS = 64 };

struct kind {
    const char *event;
    int64_t period_start_us;
    uint64_t written;
    uint64_t suppressed;
};

static struct {
    enum log_level lowest;
    enum log_format format;
    struct kind kinds[KINDS];
} logger = {.lowest = LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level lowest, enum log_format format)
{
    logger.lowest = lowest;
    logger.format = format;
}

/* Event names are literals, few, and compared as text; the last slot is shared
 * by all that come after the table is full. */
static struct kind *find_kind(const char *event)
{
    size_t i = 0;

    while (i < KINDS - 1 && logger.kinds[i].event != NULL &&
           strcmp(logger.kinds[i].event, event) != 0)
        i++;
    if (logger.kinds[i].event == NULL)
        logger.kinds[i].event = event;
    return &logger.kinds[i];
}

/* Returns -1 when the line is to be swallowed, else how many were before. */
static int64_t admit(const char *event)
{
    struct kind *kind = find_kind(event);
    int64_t now_us = clock_mono_us();
    uint64_t suppressed;

    if (now_us - kind->period_start_us > LOG_PERIOD_S * INT64_C(1000000)) {
        kind->period_start_us = now_us;
        kind->written = 0;
    }
    if (kind->written >= LOG_BURST) {
        kind->suppressed++;
        return -1;
    }
    suppressed = kind->suppressed;
    kind->suppressed = 0;
    kind->written++;
    return (int64_t)suppressed;
}

static int is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c == '"' || *c == '=' || *c == '\\')
            return 0;
    return text[0] != '\0';
}

static void add_value(struct strbuf *line, const struct log_field *field)
{
    if (field->text == NULL)
        strbuf_add_int(line, field->number);
    else if (logger.format == LOG_FORMAT_TEXT && is_plain(field->text))
        strbuf_add_text(line, field->text);
    else
        strbuf_add_json(line, field->text, strlen(field->text));
}

static void add_field(struct strbuf *line, const struct log_field *field)
{
    if (logger.format == LOG_FORMAT_JSON) {
        strbuf_add_char(line, ',');
        strbuf_add_json(line, field->key, strlen(field->key));
        strbuf_add_char(line, ':');
    } else {
        strbuf_add_format(line, " %s=", field->key);
    }
    add_value(line, field);
}

static void add_head(struct strbuf *line, enum log_level level,
                     const char *event)
{
    long long now_ms = clock_wall_ms();

    if (logger.format == LOG_FORMAT_JSON)
        strbuf_add_format(line,
                          "{\"level\":\"%s\",\"event\":\"%s\",\"at_ms\":%lld",
                          level_names[level], event, now_ms);
    else
        strbuf_add_format(line, "%s event=%s at_ms=%lld", level_names[level],
                          event, now_ms);
}

void log_write(enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    struct strbuf line = STRBUF_EMPTY;
    struct log_field skipped = F_INT("suppressed", 0);

    if (level < logger.lowest)
        return;
    skipped.number = admit(event);
    if (skipped.number < 0)
        return;
    add_head(&line, level, event);
    for (size_t i = 0; i < count; i++)
        add_field(&line, &fields[i]);
    if (skipped.number > 0)
        add_field(&line, &skipped);
    strbuf_add_text(&line, logger.format == LOG_FORMAT_JSON ? "}\n" : "\n");
    fwrite(line.bytes, 1, line.length, stderr);
    strbuf_deinit(&line);
}
