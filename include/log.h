/* log: one line an occurrence, `level event=name key=value ...`, to stderr,
 * from any thread.
 *
 *     LOG(LOG_WARN, "redis_lost", F_TEXT("error", err.text),
 *         F_INT("retry_ms", delay));
 *
 * Values with spaces, quotes or characters beyond ASCII are quoted; what is no
 * UTF-8 or would be obeyed by a terminal becomes U+FFFD. The same fields make a
 * JSON line when the format is json. Each event name is limited to LOG_BURST
 * lines in LOG_PERIOD_S seconds; the next line that passes says how many it
 * `suppressed`, log_settle() when none does. The event path counts and does not
 * log. A visitor id is never a field. The only mutable global of the program
 * lives here. */
#ifndef TERKAIT_LOG_H
#define TERKAIT_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { LOG_BURST = 10, LOG_PERIOD_S = 10 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_field {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

#define F_TEXT(k, t)                                                           \
    {                                                                          \
        .key = (k), .text = (t)                                                \
    }
#define F_INT(k, n)                                                            \
    {                                                                          \
        .key = (k), .number = (int64_t)(n)                                     \
    }

void log_setup(enum log_level lowest, enum log_format format);

void log_write(enum log_level level, const char *event,
               const struct log_field *fields, size_t count);

/* Tells of what was suppressed and is not told yet, of each name whose period
 * is over; at the end of the program (`is_end`) of all. */
void log_settle(int is_end);

#define LOG(level, event, ...)                                                 \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},       \
              sizeof((const struct log_field[]){__VA_ARGS__}) /                \
                  sizeof(struct log_field))

#endif
