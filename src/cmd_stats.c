/* cmd_stats: the hash that dashboards read, once. */
#include "clock.h"
#include "cmd_redis.h"
#include "lookup.h"
#include "mem.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: terkait stats [OPTION]...\n"
    "\n"
    "Shows what the running terkait tells of itself in Redis, sorted by name: "
    "totals since\n"
    "it started, rates, lag, stream time, freshness, memory. It is renewed "
    "each second.\n"
    "\n"
    "      --json              one JSON object on one line\n" CMD_SETTINGS_HELP
    "  -h, --help              this text\n"
    "\n"
    "Exit code 1 when there are none.\n";

struct wish {
    int is_json;
};

struct field {
    struct text name, value;
};

static void take(void *context, int option, const char *argument)
{
    struct wish *wish = context;

    (void)option; /* there is only one */
    (void)argument;
    wish->is_json = 1;
}

/* A number that JSON takes as it stands: no leading zero, no exponent. */
static int is_number(struct text value)
{
    uint32_t i = value.length > 0 && value.bytes[0] == '-';
    uint32_t start = i, points = 0;

    for (; i < value.length; i++) {
        if (value.bytes[i] == '.' && i > start && points == 0)
            points++;
        else if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return 0;
    }
    if (i == start || value.bytes[i - 1] == '.')
        return 0;
    return value.bytes[start] != '0' || i == start + 1 ||
           value.bytes[start + 1] == '.';
}

static int ends_with(struct text name, const char *ending)
{
    size_t length = strlen(ending);

    return name.length >= length &&
           memcmp(name.bytes + name.length - length, ending, length) == 0;
}

/* Times are shown as such too; 0 is none yet. */
static void add_time(struct strbuf *out, const struct field *field)
{
    int64_t at_ms;

    if (!ends_with(field->name, "_at_ms") &&
        !ends_with(field->name, "_time_ms"))
        return;
    if (!is_number(field->value))
        return;
    at_ms = strtoll(field->value.bytes, NULL, 10);
    if (at_ms <= 0)
        return;
    strbuf_add_text(out, "  ");
    show_time(out, at_ms);
    strbuf_add_text(out, " (");
    show_age(out, at_ms, clock_wall_ms());
    strbuf_add_char(out, ')');
}

static void add_lines(struct strbuf *out, const struct field *fields,
                      size_t count)
{
    size_t width = 0;

    for (size_t i = 0; i < count; i++) {
        size_t columns = show_width(fields[i].name);

        width = columns > width ? columns : width;
    }
    for (size_t i = 0; i < count; i++) {
        show_padded(out, fields[i].name, width + 2);
        show_text(out, fields[i].value);
        add_time(out, &fields[i]);
        strbuf_add_char(out, '\n');
    }
}

static void add_json(struct strbuf *out, const struct field *fields,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text value = fields[i].value;

        strbuf_add_char(out, i == 0 ? '{' : ',');
        strbuf_add_json(out, fields[i].name.bytes, fields[i].name.length);
        strbuf_add_char(out, ':');
        if (is_number(value))
            strbuf_add(out, value.bytes, value.length);
        else
            strbuf_add_json(out, value.bytes, value.length);
    }
    strbuf_add_text(out, "}\n");
}

static int compare_fields(const void *left, const void *right)
{
    struct text a = ((const struct field *)left)->name;
    struct text b = ((const struct field *)right)->name;
    int order =
        memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length);

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int print(const struct redis_reply *reply, int is_json)
{
    struct strbuf out = STRBUF_EMPTY;
    size_t count = redis_reply_count(reply) / 2;
    struct field *fields = mem_new(count, sizeof *fields);

    for (size_t i = 0; i < count; i++) {
        fields[i].name = redis_reply_text(redis_reply_at(reply, 2 * i));
        fields[i].value = redis_reply_text(redis_reply_at(reply, 2 * i + 1));
    }
    qsort(fields, count, sizeof *fields, compare_fields);
    if (is_json)
        add_json(&out, fields, count);
    else
        add_lines(&out, fields, count);
    free(fields);
    return cmd_redis_print("stats", &out);
}

static int run(const struct config *config, struct redis *redis,
               const void *context)
{
    const struct wish *wish = context;
    struct err err = ERR_NONE;
    struct redis_reply *reply = NULL;
    struct strbuf key = STRBUF_EMPTY;
    int code = EXIT_CODE_FAILED;

    strbuf_add_format(&key, "%sstats", config->redis.prefix);
    if (lookup_ask(
            redis, &reply,
            (struct text[]){{"HGETALL", 7}, {key.bytes, (uint32_t)key.length}},
            2, &err) != 0)
        code = cmd_redis_fail("stats", &err);
    else if (redis_reply_count(reply) == 0)
        fprintf(stderr,
                "terkait stats: nothing at %s: is `terkait run` at work on "
                "this Redis, with this redis.prefix?\n",
                key.bytes);
    else
        code = print(reply, wish->is_json);
    redis_reply_free(reply);
    strbuf_deinit(&key);
    return code;
}

int cmd_stats(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static const struct cmd_redis command = {
        .help = help,
        .letters = ":h" CMD_SETTINGS_SHORT,
        .options = options,
        .take = take,
        .body = run,
    };
    struct wish wish = {0};

    return cmd_redis_main(&command, &wish, argc, argv);
}
