/* config_file: settings from a file in libconfuse's syntax.
 *
 * libconfuse knows names and braces; every value comes to us as text, by a
 * callback, and goes the way that -s goes. Its options are made from the
 * table. The only file that knows libconfuse. */
#include "config_values.h"
#include "mem.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* libconfuse has no word for a caller's context, but hands a "simple" value's
 * address back with its option. */
struct slot {
    void *unused; /* what libconfuse writes there */
    const struct setting *setting;
    struct reader *reader;
};

struct reader {
    const char *path;
    struct config_values *values;
    struct err *err;
    int is_at_end;      /* the mark was read */
    struct slot *slots; /* owned; by place in the table */
    cfg_opt_t *options; /* owned; a row for each section */
};

/* Put behind the file's text: libconfuse takes the end of a file for the end
 * of any section or comment that was left open. */
#define END_MARK "end_of_file__"

static struct reader *reader_of(const cfg_t *cfg)
{
    for (cfg_opt_t *option = cfg->opts; option->name != NULL; option++)
        if (option->type == CFGT_PTR)
            return ((struct slot *)(void *)option->simple_value.ptr)->reader;
    err_bug(__FILE__, __LINE__, "a section without settings");
}

static struct config_origin origin_of(const cfg_t *cfg)
{
    return (struct config_origin){
        .layer = CONFIG_FILE, .file = reader_of(cfg)->path, .line = cfg->line};
}

static int take_value(cfg_t *cfg, cfg_opt_t *option, const char *text,
                      void *result)
{
    struct slot *slot = (struct slot *)(void *)option->simple_value.ptr;
    struct reader *reader = slot->reader;
    const struct setting *setting = slot->setting;
    const struct config_origin origin = origin_of(cfg);
    int is_first = (option->flags & CFGF_RESET) != 0;

    *(void **)result = NULL;
    option->flags &= ~CFGF_RESET;
    if (!setting_is_list(setting) || is_first)
        return config_values_set(reader->values, setting, cfg->title, text,
                                 &origin, reader->err);
    return config_values_add(reader->values, setting, cfg->title, text, &origin,
                             reader->err);
}

static int take_end(cfg_t *cfg, cfg_opt_t *option, const char *text,
                    void *result)
{
    (void)option;
    (void)text;
    *(const char **)result = END_MARK;
    reader_of(cfg)->is_at_end = 1;
    return 0;
}

static void add_typed(struct strbuf *out, const cfg_t *cfg, const char *key)
{
    if (strcmp(cfg->name, "root") != 0)
        strbuf_add_format(out, "%s.", cfg->name);
    if (cfg->title != NULL)
        strbuf_add_format(out, "%s.", cfg->title);
    strbuf_add_text(out, key);
}

static const char *hint_for(const char *format)
{
    if (strstr(format, "unexpected token") != NULL)
        return " (a text with blanks or any of , = + # { } ( ) needs quotes)";
    if (strstr(format, "premature end") != NULL)
        return " (is a brace or a quote left open?)";
    return "";
}

static void unknown_key(const cfg_t *cfg, const char *key, struct err *err)
{
    struct strbuf typed = STRBUF_EMPTY;

    if (strcmp(key, END_MARK) == 0) {
        err_set(err, "the brace of `%s%s%s` is left open", cfg->name,
                cfg->title != NULL ? " " : "",
                cfg->title != NULL ? cfg->title : "");
        return;
    }
    add_typed(&typed, cfg, key);
    config_unknown(typed.bytes, err);
    strbuf_deinit(&typed);
}

static void take_error(cfg_t *cfg, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void take_error(cfg_t *cfg, const char *format, va_list arguments)
{
    const struct reader *reader = reader_of(cfg);
    char text[256];

    if (reader->err->text[0] != '\0')
        return;
    if (strstr(format, "no such option") != NULL) {
        unknown_key(cfg, va_arg(arguments, const char *), reader->err);
    } else if (strstr(format, "duplicate title") != NULL) {
        err_set(reader->err, "`%.80s` is defined already",
                va_arg(arguments, const char *));
    } else {
        vsnprintf(text, sizeof text, format, arguments);
        err_set(reader->err, "%s%s", text, hint_for(format));
    }
    err_where(reader->err, "%s:%d", reader->path, cfg->line);
}

static cfg_opt_t option_of(const struct setting *setting, struct slot *slot)
{
    cfg_opt_t option =
        CFG_PTR_CB(setting->key, NULL, CFGF_NONE, take_value, NULL);

    option.flags = setting_is_list(setting) ? CFGF_LIST : CFGF_NONE;
    option.simple_value.ptr = &slot->unused;
    return option;
}

/* The settings of one section; returns how many. What follows is zero. */
static size_t fill_options(cfg_opt_t *options, struct slot *slots,
                           const char *section)
{
    size_t count = 0;

    for (size_t i = 0; i < config_table_size; i++)
        if (strcmp(config_table[i].section, section) == 0)
            options[count++] = option_of(&config_table[i], &slots[i]);
    return count;
}

static size_t row_width(void)
{
    return config_table_size + config_sections_size + 2;
}

static cfg_t *make_grammar(struct reader *reader)
{
    const cfg_opt_t end = CFG_STR_CB(END_MARK, NULL, CFGF_NODEFAULT, take_end);
    size_t count = fill_options(reader->options, reader->slots, "");

    for (size_t i = 1; i < config_sections_size; i++) {
        cfg_opt_t *inner = reader->options + i * row_width();
        cfg_opt_t section = CFG_SEC(config_sections[i].name, inner, CFGF_NONE);

        if (config_sections[i].is_titled)
            section.flags = CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES;
        fill_options(inner, reader->slots, config_sections[i].name);
        reader->options[count++] = section;
    }
    reader->options[count] = end;
    return cfg_init(reader->options, CFGF_NONE);
}

/* `windows = {}` reaches no callback: it shows by a reset that nothing undid.
 */
static int check_empty(const struct reader *reader, const cfg_opt_t *option)
{
    const int assigned = CFGF_LIST | CFGF_MODIFIED | CFGF_RESET;
    const struct slot *slot =
        (const struct slot *)(const void *)option->simple_value.ptr;
    struct strbuf key = STRBUF_EMPTY;

    if (option->type != CFGT_PTR || (option->flags & assigned) != assigned ||
        slot->setting->type == SETTING_PROPERTIES)
        return 0;
    setting_add_key(&key, slot->setting, NULL);
    err_set(reader->err, "%s: %s: the list is empty", reader->path, key.bytes);
    strbuf_deinit(&key);
    return -1;
}

/* What no callback has told: sections without a setting, empty lists. */
static int walk(const struct reader *reader, cfg_t *cfg)
{
    const struct config_origin origin = origin_of(cfg);

    if (cfg->title != NULL &&
        config_values_define(reader->values, cfg->name, cfg->title, &origin,
                             reader->err) < 0)
        return err_where(reader->err, "%s:%d", origin.file, origin.line);
    for (cfg_opt_t *option = cfg->opts; option->name != NULL; option++) {
        if (check_empty(reader, option) < 0)
            return -1;
        for (unsigned i = 0; option->type == CFGT_SEC && i < option->nvalues;
             i++)
            if (walk(reader, option->values[i]->section) < 0)
                return -1;
    }
    return 0;
}

static int parse(struct reader *reader, FILE *file)
{
    cfg_t *cfg = make_grammar(reader);
    int failed = 0;

    ASSERT(cfg != NULL);
    cfg_set_error_function(cfg, take_error);
    if (cfg_parse_fp(cfg, file) != CFG_SUCCESS)
        failed = err_set(reader->err, "%s:%d: is not understood", reader->path,
                         cfg->line);
    else if (!reader->is_at_end)
        failed =
            err_set(reader->err, "%s: a comment is left open", reader->path);
    else
        failed = walk(reader, cfg);
    cfg_free(cfg);
    return failed;
}

static int parse_text(const struct strbuf *text, const char *path,
                      struct config_values *values, struct err *err)
{
    struct reader reader = {
        .path = path,
        .values = values,
        .err = err,
        .slots = mem_new(config_table_size, sizeof reader.slots[0]),
        .options = mem_new(config_sections_size * row_width(),
                           sizeof reader.options[0]),
    };
    FILE *file = fmemopen(text->bytes, text->length, "r");
    int failed;

    ASSERT(file != NULL);
    for (size_t i = 0; i < config_table_size; i++)
        reader.slots[i] =
            (struct slot){.setting = &config_table[i], .reader = &reader};
    failed = parse(&reader, file);
    fclose(file);
    free(reader.slots);
    free(reader.options);
    return failed;
}

static int read_text(struct strbuf *text, const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    char chunk[4096];
    size_t length;
    int failed = 0;

    if (file == NULL)
        return err_set(err, "%s: %s", path, strerror(errno));
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
        strbuf_add(text, chunk, length);
    if (ferror(file))
        failed = err_set(err, "%s: %s", path, strerror(errno));
    else if (text->length > 0 &&
             memchr(text->bytes, '\0', text->length) != NULL)
        failed = err_set(err, "%s: is no text: it holds a NUL", path);
    fclose(file);
    return failed;
}

int config_values_file(struct config_values *values, const char *path,
                       struct err *err)
{
    struct strbuf text = STRBUF_EMPTY;
    int failed = read_text(&text, path, err);

    if (!failed) {
        strbuf_add_text(&text, "\n" END_MARK " = x\n");
        failed = parse_text(&text, path, values, err);
    }
    strbuf_deinit(&text);
    return failed;
}
