/* cmd_stats: the hash that dashboards read, once. */
#include "clock.h"
#include "cmd_redis.h"
#include "fields.h"
#include "lookup.h"
#include "show.h"
#include "stats_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: terkait stats [OPTION]...\n"
    "\n"
    "Shows what the running terkait tells of itself in Redis, in groups: "
    "totals since it\n"
    "started, rates, lag, stream time, freshness, memory. It is renewed each "
    "second.\n"
    "`man terkait` says what each is, as does --explain.\n"
    "\n"
    "      --json              one JSON object on one line, sorted by name\n"
    "      --explain           what each field is, beside its "
    "value\n" CMD_SETTINGS_HELP "  -h, --help              this text\n"
    "\n"
    "Exit code 1 when there are none.\n";

enum mode { MODE_LINES, MODE_JSON, MODE_EXPLAIN, MODE_TABLE, MODE_MAN };

static void take(void *context, int option, const char *argument)
{
    enum mode *mode = context;

    (void)argument;
    *mode = (enum mode)option;
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

static void add_line(struct strbuf *out, const struct field *field,
                     const char *what, size_t name_width, size_t value_width)
{
    show_padded(out, field->name, name_width + 2);
    if (what != NULL) {
        show_padded(out, field->value, value_width + 2);
        strbuf_add_text(out, what);
    } else {
        show_text(out, field->value);
        add_time(out, field);
    }
    strbuf_add_char(out, '\n');
}

struct widths {
    size_t name, value;
};

static struct widths measure(const struct fields *fields)
{
    struct widths widths = {0};

    for (size_t i = 0; i < fields->count; i++) {
        size_t name = show_width(fields->at[i].name);
        size_t value = show_width(fields->at[i].value);

        widths.name = name > widths.name ? name : widths.name;
        widths.value = value > widths.value ? value : widths.value;
    }
    return widths;
}

static int is_known(const struct field *field)
{
    for (size_t i = 0; i < stats_table_count(); i++)
        if (strcmp(stats_table_at(i).name, field->name.bytes) == 0)
            return 1;
    return 0;
}

static void add_group(struct strbuf *out, const char *title)
{
    strbuf_add_format(out, "%s# %s\n", out->length > 0 ? "\n" : "", title);
}

/* By groups; what a newer or older terkait wrote beside them comes last. */
static void add_lines(struct strbuf *out, const struct fields *fields,
                      int is_explained)
{
    struct widths widths = measure(fields);
    const char *group = "";

    for (size_t i = 0; i < stats_table_count(); i++) {
        struct stats_entry entry = stats_table_at(i);
        const struct field *field = fields_find(fields, entry.name);

        if (field == NULL)
            continue;
        if (strcmp(group, entry.group) != 0)
            add_group(out, entry.group);
        group = entry.group;
        add_line(out, field, is_explained ? entry.help : NULL, widths.name,
                 widths.value);
    }
    group = "";
    for (size_t i = 0; i < fields->count; i++) {
        if (is_known(&fields->at[i]))
            continue;
        if (group[0] == '\0')
            add_group(out, group = "Of another version");
        add_line(out, &fields->at[i], NULL, widths.name, widths.value);
    }
}

static void add_json(struct strbuf *out, const struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];

        strbuf_add_char(out, i == 0 ? '{' : ',');
        strbuf_add_json(out, field->name.bytes, field->name.length);
        strbuf_add_char(out, ':');
        if (is_number(field->value))
            strbuf_add(out, field->value.bytes, field->value.length);
        else
            strbuf_add_json(out, field->value.bytes, field->value.length);
    }
    strbuf_add_text(out, "}\n");
}

static int print(const struct redis_reply *reply, enum mode mode)
{
    struct strbuf out = STRBUF_EMPTY;
    struct fields fields = {0};

    fields_take(&fields, reply);
    if (mode == MODE_JSON)
        add_json(&out, &fields);
    else
        add_lines(&out, &fields, mode == MODE_EXPLAIN);
    fields_deinit(&fields);
    return cmd_redis_print("stats", &out);
}

/* For whoever changes the fields. */
static int write_document(enum mode mode)
{
    if (mode == MODE_TABLE)
        stats_write_table(stdout);
    else
        stats_write_man(stdout);
    return EXIT_CODE_OK;
}

static int run(const struct config *config, struct redis *redis,
               const void *context)
{
    const enum mode *mode = context;
    struct err err = ERR_NONE;
    struct redis_reply *reply = NULL;
    struct strbuf key = STRBUF_EMPTY;
    int code = EXIT_CODE_FAILED;

    if (*mode == MODE_TABLE || *mode == MODE_MAN)
        return write_document(*mode);
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
        code = print(reply, *mode);
    redis_reply_free(reply);
    strbuf_deinit(&key);
    return code;
}

int cmd_stats(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"json", no_argument, NULL, MODE_JSON},
        {"explain", no_argument, NULL, MODE_EXPLAIN},
        {"help", no_argument, NULL, 'h'},
        {"write-table", no_argument, NULL, MODE_TABLE},
        {"write-man", no_argument, NULL, MODE_MAN},
        {NULL, 0, NULL, 0},
    };
    static const struct cmd_redis command = {
        .help = help,
        .letters = ":h" CMD_SETTINGS_SHORT,
        .options = options,
        .take = take,
        .body = run,
    };
    enum mode mode = MODE_LINES;

    return cmd_redis_main(&command, &mode, argc, argv);
}
