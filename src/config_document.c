/* config_document: conf/terkait.conf and the README's table, from the table.
 */
#include "config.h"
#include "config_value.h"

#include <string.h>

enum { COLUMNS = 80 };

static const char head[] =
    "# terkait.conf: every setting, with its default.\n"
    "#\n"
    "#     terkait check-config -c terkait.conf    # is it right?\n"
    "#     terkait run -c terkait.conf\n"
    "#\n"
    "# Every line here says what holds without it: keep what you change. "
    "Times are\n"
    "# written 100ms 5s 30m 24h 7d, sizes as bytes or 64k 512m 4g, lists {a, "
    "b}. A\n"
    "# text with blanks or any of , = + # { } ( ) needs quotes; ${VAR:-this} "
    "is VAR\n"
    "# of the environment, or `this`. `-s section.key=value` wins over the "
    "file.\n"
    "#\n"
    "# Made by `terkait check-config --write-sample`.\n";

/* A comment, broken at blanks. */
static void write_wrapped(FILE *out, const char *indent, const char *text)
{
    size_t room = COLUMNS - strlen(indent) - 2;

    while (*text != '\0') {
        size_t length = strlen(text);

        if (length > room) {
            length = room;
            while (length > 0 && text[length] != ' ')
                length--;
        }
        if (length == 0)
            length = strcspn(text, " ");
        fprintf(out, "%s# %.*s\n", indent, (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

static void write_help(FILE *out, const char *indent,
                       const struct setting *setting)
{
    struct strbuf text = STRBUF_EMPTY;

    if (config_section_find(setting->section)->is_titled)
        strbuf_add_format(&text, "`%s`: ", setting->key);
    strbuf_add_text(&text, setting->help);
    if (setting->flags & SETTING_UNUSED)
        strbuf_add_text(&text, " No effect in this version yet.");
    if (setting->type != SETTING_TEXT && setting->type != SETTING_PROPERTIES) {
        strbuf_add_text(&text, " (");
        setting_add_kind(&text, setting);
        strbuf_add_char(&text, ')');
    }
    write_wrapped(out, indent, text.bytes);
    strbuf_deinit(&text);
}

static void write_setting(FILE *out, const char *indent,
                          const struct setting *setting)
{
    struct strbuf text = STRBUF_EMPTY;

    write_help(out, indent, setting);
    if (setting->fallback != NULL) {
        setting_add_text(&text, setting, setting->fallback);
        fprintf(out, "%s%s = %s\n", indent, setting->key, text.bytes);
    } else {
        fprintf(out, "%s# Not set: %s.\n", indent, setting->otherwise);
        fprintf(out, "%s# %s = %s\n", indent, setting->key, setting->example);
    }
    strbuf_deinit(&text);
}

static void write_settings(FILE *out, const char *indent, const char *section)
{
    int is_first = 1;

    for (size_t i = 0; i < config_table_size; i++) {
        if (strcmp(config_table[i].section, section) != 0)
            continue;
        if (!is_first)
            fputc('\n', out);
        is_first = 0;
        write_setting(out, indent, &config_table[i]);
    }
}

static void write_default(FILE *out, const struct config_default *one)
{
    const struct setting *setting = setting_find(one->section, one->key);

    fprintf(out, "    %s = %s", one->key, setting_is_list(setting) ? "{" : "");
    for (const char *c = one->text; *c != '\0'; c++)
        fprintf(out, *c == ',' ? ", " : "%c", *c);
    fprintf(out, "%s\n", setting_is_list(setting) ? "}" : "");
}

static void write_titled(FILE *out, const char *section)
{
    const char *name = NULL;

    for (size_t i = 0; i < config_table_size; i++) {
        const struct setting *setting = &config_table[i];

        if (strcmp(setting->section, section) != 0)
            continue;
        write_help(out, "", setting);
        if (setting->otherwise != NULL)
            fprintf(out, "#     Not set: %s.\n", setting->otherwise);
    }
    for (size_t i = 0; i < config_defaults_size; i++) {
        const struct config_default *one = &config_defaults[i];

        if (strcmp(one->section, section) != 0)
            continue;
        if (name == NULL || strcmp(name, one->name) != 0)
            fprintf(out, "%s%s \"%s\" {\n", name != NULL ? "}\n" : "", section,
                    one->name);
        name = one->name;
        write_default(out, one);
    }
    fprintf(out, "}\n");
}

void config_write_sample(FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; i < config_sections_size; i++) {
        const struct config_section *section = &config_sections[i];

        fputc('\n', out);
        write_wrapped(out, "", section->help);
        if (section->is_titled) {
            write_titled(out, section->name);
        } else if (section->name[0] == '\0') {
            write_settings(out, "", section->name);
        } else {
            fprintf(out, "%s {\n", section->name);
            write_settings(out, "    ", section->name);
            fprintf(out, "}\n");
        }
    }
}

/* A cell of a Markdown table. */
static void add_cell(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *text);
    }
}

static void add_default_cell(struct strbuf *out, const struct setting *setting)
{
    if (setting->fallback == NULL)
        add_cell(out, setting->otherwise != NULL ? setting->otherwise
                                                 : "must be given");
    else if (setting->fallback[0] == '\0')
        strbuf_add_text(out, "empty");
    else
        strbuf_add_format(out, "`%s`", setting->fallback);
}

static void write_row(FILE *out, const struct setting *setting)
{
    struct strbuf row = STRBUF_EMPTY;

    strbuf_add_text(&row, "| `");
    setting_add_key(&row, setting,
                    config_section_find(setting->section)->is_titled ? "NAME"
                                                                     : NULL);
    strbuf_add_text(&row, "` | ");
    add_default_cell(&row, setting);
    strbuf_add_text(&row, " | ");
    setting_add_kind(&row, setting);
    strbuf_add_text(&row, " | ");
    add_cell(&row, setting->help);
    if (setting->flags & SETTING_UNUSED)
        strbuf_add_text(&row, " *No effect in this version yet.*");
    fprintf(out, "%s |\n", row.bytes);
    strbuf_deinit(&row);
}

void config_write_table(FILE *out)
{
    fputs("| setting | default | allowed | what it does |\n"
          "|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < config_table_size; i++)
        write_row(out, &config_table[i]);
}
