#include "log.h"

#include "clock.h"
#include "strbuf.h"
#include "utf8.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KINDS = 64 };

struct kind {
    const char *event;
    enum log_level level; /* of the latest line */
    int64_t period_start_us;
    uint64_t written;
    uint64_t suppressed;
};

static struct {
    pthread_mutex_t lock;
    enum log_level lowest;
    enum log_format format;
    struct kind kinds[KINDS];
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .lowest = LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level lowest, enum log_format format)
{
    pthread_mutex_lock(&logger.lock);
    logger.lowest = lowest;
    logger.format = format;
    pthread_mutex_unlock(&logger.lock);
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

static int is_over(const struct kind *kind, int64_t now_us)
{
    return now_us - kind->period_start_us > LOG_PERIOD_S * INT64_C(1000000);
}

/* Returns -1 when the line is to be swallowed, else how many were before. */
static int64_t admit(enum log_level level, const char *event)
{
    struct kind *kind = find_kind(event);
    int64_t now_us = clock_mono_us();
    uint64_t suppressed;

    kind->level = level;
    if (is_over(kind, now_us)) {
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
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7F || *c == '"' || *c == '=' || *c == '\\')
            return 0;
    return text[0] != '\0';
}

/* Control characters that JSON has an escape for are left to it. */
static void add_quoted(struct strbuf *line, const char *text)
{
    struct strbuf clean = STRBUF_EMPTY;
    size_t left = strlen(text);

    strbuf_reserve(&clean, left);
    while (left > 0) {
        size_t length = utf8_length(text, left);

        if (length == 0 ||
            ((unsigned char)*text >= ' ' && utf8_is_control(text)))
            strbuf_add_text(&clean, "\uFFFD");
        else
            strbuf_add(&clean, text, length);
        length += length == 0;
        text += length;
        left -= length;
    }
    strbuf_add_json(line, clean.bytes, clean.length);
    strbuf_deinit(&clean);
}

static void add_value(struct strbuf *line, const struct log_field *field)
{
    if (field->text == NULL)
        strbuf_add_int(line, field->number);
    else if (logger.format == LOG_FORMAT_TEXT && is_plain(field->text))
        strbuf_add_text(line, field->text);
    else
        add_quoted(line, field->text);
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

static void write_line(enum log_level level, const char *event,
                       const struct log_field *fields, size_t count,
                       int64_t suppressed)
{
    struct strbuf line = STRBUF_EMPTY;
    const struct log_field skipped = F_INT("suppressed", suppressed);

    add_head(&line, level, event);
    for (size_t i = 0; i < count; i++)
        add_field(&line, &fields[i]);
    if (suppressed > 0)
        add_field(&line, &skipped);
    strbuf_add_text(&line, logger.format == LOG_FORMAT_JSON ? "}\n" : "\n");
    fwrite(line.bytes, 1, line.length, stderr);
    strbuf_deinit(&line);
}

void log_write(enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    int64_t suppressed;

    pthread_mutex_lock(&logger.lock);
    if (level >= logger.lowest) {
        suppressed = admit(level, event);
        if (suppressed >= 0)
            write_line(level, event, fields, count, suppressed);
    }
    pthread_mutex_unlock(&logger.lock);
}

void log_settle(int is_end)
{
    int64_t now_us = clock_mono_us();

    pthread_mutex_lock(&logger.lock);
    for (size_t i = 0; i < KINDS; i++) {
        struct kind *kind = &logger.kinds[i];

        if (kind->suppressed == 0 || !(is_end || is_over(kind, now_us)))
            continue;
        write_line(kind->level, kind->event, NULL, 0,
                   (int64_t)kind->suppressed);
        kind->suppressed = 0;
    }
    pthread_mutex_unlock(&logger.lock);
}
