/* config_print: the settings in force, for check-config. */
#include "config.h"
#include "config_check.h"
#include "config_values.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_WIDTH_MAX = 36 };

struct line {
    struct strbuf key, value, where;
};

struct lines {
    struct line *at; /* owned */
    size_t count;
};

static struct line *add_line(struct lines *lines, const struct setting *setting,
                             const char *name)
{
    struct line *line;

    lines->at = mem_resize(lines->at, lines->count + 1, sizeof lines->at[0]);
    line = &lines->at[lines->count++];
    *line = (struct line){0};
    setting_add_key(&line->key, setting, name);
    return line;
}

static void add_list(struct strbuf *out, const struct setting *setting,
                     const struct config_value *value)
{
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < value->count; i++) {
        strbuf_add_text(out, i > 0 ? ", " : "");
        setting_add_text(out, setting, value->texts[i].text);
    }
    strbuf_add_char(out, '}');
}

static void add_properties(struct lines *lines, const struct setting *setting,
                           const struct config_value *value)
{
    for (size_t i = 0; i < value->count; i++) {
        struct line *line = add_line(lines, setting, NULL);

        setting_add_text(&line->value, setting, value->texts[i].text);
        strbuf_add_text(&line->where, value->texts[i].where);
    }
}

/* The text of a setting of a window or relation, or of a section. */
static const char *text_of(const struct config *config, const char *section,
                           const char *name, const char *key)
{
    const struct config_entry *entry =
        config_values_find(config->values, name != NULL ? section : "", name);

    return config_entry_get(entry, section, key)->texts[0].text;
}

static void add_names(struct strbuf *out, const struct config *config,
                      int is_windows)
{
    const struct windows *windows = &config->engine.windows;
    const struct relations *relations = &config->engine.relations;
    uint32_t count = is_windows ? windows->count : relations->count;

    for (uint32_t i = 0; i < count; i++)
        strbuf_add_format(out, "%s%s", i > 0 ? ", " : "{",
                          is_windows ? windows->at[i].name
                                     : relations->at[i].name);
    strbuf_add_char(out, '}');
}

/* As the longest window is written, when it is that. */
static void add_default_ttl(struct strbuf *out, const struct config *config)
{
    const struct windows *windows = &config->engine.windows;
    const struct window *longest = &windows->at[windows->longest];

    if (config->publish.ttl_ms == longest->length_ms)
        strbuf_add_text(out,
                        text_of(config, "window", longest->name, "length"));
    else
        config_add_duration(out, config->publish.ttl_ms);
}

/* What holds for a setting that nobody set and that has no default. */
static void add_otherwise(struct line *line, const struct config *config,
                          const struct setting *setting)
{
    if (strcmp(setting->section, "lists") == 0)
        add_default_ttl(&line->value, config);
    else if (strcmp(setting->section, "relation") == 0)
        strbuf_add_text(&line->value,
                        text_of(config, "lists", NULL, setting->key));
    else
        add_names(&line->value, config, strcmp(setting->key, "windows") == 0);
    strbuf_add_format(&line->where, "default: %s", setting->otherwise);
}

static void add_value(struct lines *lines, const struct config *config,
                      const struct config_entry *entry, size_t place)
{
    const struct setting *setting = &config_table[place];
    const struct config_value *value = &entry->values[place];
    struct line *line;

    if (setting->type == SETTING_PROPERTIES) {
        add_properties(lines, setting, value);
        return;
    }
    line = add_line(lines, setting, entry->name);
    if (value->count == 0) {
        add_otherwise(line, config, setting);
        return;
    }
    if (setting_is_list(setting))
        add_list(&line->value, setting, value);
    else
        setting_add_text(&line->value, setting, value->texts[0].text);
    strbuf_add_text(&line->where, config_value_where(value));
    if (config_is_unused(setting, value))
        strbuf_add_text(&line->where, " (no effect in this version yet)");
}

static void add_entry(struct lines *lines, const struct config *config,
                      const char *section, const char *name)
{
    const struct config_entry *entry =
        config_values_find(config->values, section, name);

    for (size_t i = 0; i < config_table_size; i++)
        if (strcmp(config_table[i].section, section) == 0)
            add_value(lines, config, entry, i);
}

static void add_section(struct lines *lines, const struct config *config,
                        const struct config_section *section)
{
    if (!section->is_titled)
        add_entry(lines, config, section->name, NULL);
    else if (strcmp(section->name, "window") == 0)
        for (uint32_t i = 0; i < config->engine.windows.count; i++)
            add_entry(lines, config, section->name,
                      config->engine.windows.at[i].name);
    else
        for (uint32_t i = 0; i < config->engine.relations.count; i++)
            add_entry(lines, config, section->name,
                      config->engine.relations.at[i].name);
}

static int is_new_section(const struct line *before, const struct line *line)
{
    size_t length = strcspn(line->key.bytes, ".") + 1;

    return strchr(line->key.bytes, '.') != NULL &&
           strncmp(before->key.bytes, line->key.bytes, length) != 0;
}

static void print_lines(const struct lines *lines, FILE *out)
{
    size_t key_width = 0, value_width = 0;

    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->at[i];

        if (line->key.length > key_width)
            key_width = line->key.length;
        if (line->value.length > value_width &&
            line->value.length <= VALUE_WIDTH_MAX)
            value_width = line->value.length;
    }
    for (size_t i = 0; i < lines->count; i++)
        fprintf(out, "%s%-*s = %-*s  # %s\n",
                i > 0 && is_new_section(&lines->at[i - 1], &lines->at[i]) ? "\n"
                                                                          : "",
                (int)key_width, lines->at[i].key.bytes, (int)value_width,
                lines->at[i].value.bytes, lines->at[i].where.bytes);
}

void config_print(const struct config *config, FILE *out)
{
    struct lines lines = {0};

    for (size_t i = 0; i < config_sections_size; i++)
        add_section(&lines, config, &config_sections[i]);
    print_lines(&lines, out);
    for (size_t i = 0; i < lines.count; i++) {
        strbuf_deinit(&lines.at[i].key);
        strbuf_deinit(&lines.at[i].value);
        strbuf_deinit(&lines.at[i].where);
    }
    free(lines.at);
}
