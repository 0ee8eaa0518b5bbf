/* config_option: settings as one text: "section.key=value" behind -s, lists
 * with commas, and what was probably meant by a key that is none. */
#include "config_values.h"
#include "mem.h"
#include "nearest.h"

#include <stdlib.h>
#include <string.h>

/* "window.1h.panes" in three parts; a missing one is NULL. */
struct key_parts {
    char *copy; /* owned; the parts lie in it */
    const char *section, *name, *key;
};

static void split_key(struct key_parts *parts, const char *typed)
{
    char *first, *last;

    *parts = (struct key_parts){.copy = mem_dup_text(typed), .section = ""};
    parts->key = parts->copy;
    first = strchr(parts->copy, '.');
    if (first == NULL)
        return;
    *first = '\0';
    parts->section = parts->copy;
    parts->key = first + 1;
    last = strrchr(first + 1, '.');
    if (last == NULL)
        return;
    *last = '\0';
    parts->name = first + 1;
    parts->key = last + 1;
}

/* NULL when there is none, or its section wants a name and has none, or the
 * other way round. */
static const struct setting *find_setting(const struct key_parts *parts)
{
    const struct config_section *section = config_section_find(parts->section);

    if (section == NULL || section->is_titled != (parts->name != NULL))
        return NULL;
    return setting_find(parts->section, parts->key);
}

static void add_candidate(struct strbuf *words, const struct setting *setting,
                          const char *name)
{
    const struct config_section *section =
        config_section_find(setting->section);

    if (!section->is_titled)
        name = NULL;
    else if (name == NULL)
        name = "NAME";
    setting_add_key(words, setting, name);
    strbuf_add_char(words, '\0');
}

/* The nearest of all keys, and of the names of sections when what was typed
 * has no dot. Appends it; returns 0 when none is near. */
static int add_nearest(struct strbuf *out, const char *typed, const char *name)
{
    size_t count = 0;
    const char **words =
        mem_new(config_table_size + config_sections_size, sizeof words[0]);
    struct strbuf texts = STRBUF_EMPTY;
    const char *found;

    for (size_t i = 0; i < config_table_size; i++)
        add_candidate(&texts, &config_table[i], name);
    for (const char *text = texts.bytes; text < texts.bytes + texts.length;
         text += strlen(text) + 1)
        words[count++] = text;
    for (size_t i = 1; strchr(typed, '.') == NULL && i < config_sections_size;
         i++)
        words[count++] = config_sections[i].name;
    found = nearest_word(typed, words, count);
    if (found != NULL)
        strbuf_add_format(out, "; did you mean `%s`?", found);
    strbuf_deinit(&texts);
    free(words);
    return found != NULL;
}

/* A key without its section, or behind a wrong one. */
static int add_same_key(struct strbuf *out, const struct key_parts *parts)
{
    const struct setting *found = NULL;

    for (size_t i = config_table_size; i-- > 0;) {
        const struct setting *setting = &config_table[i];

        if (strcmp(setting->key, parts->key) == 0 &&
            (found == NULL ||
             !config_section_find(setting->section)->is_titled))
            found = setting;
    }
    if (found == NULL)
        return 0;
    strbuf_add_text(out, "; did you mean `");
    setting_add_key(out, found,
                    config_section_find(found->section)->is_titled
                        ? (parts->name != NULL ? parts->name : "NAME")
                        : NULL);
    strbuf_add_text(out, "`?");
    return 1;
}

static void add_keys_of(struct strbuf *out, const char *section)
{
    const char *before = "";

    if (section[0] == '\0' || config_section_find(section) == NULL)
        return;
    strbuf_add_format(out, "; `%s` has: ", section);
    for (size_t i = 0; i < config_table_size; i++) {
        if (strcmp(config_table[i].section, section) != 0)
            continue;
        strbuf_add_format(out, "%s%s", before, config_table[i].key);
        before = ", ";
    }
}

int config_unknown(const char *typed, struct err *err)
{
    struct strbuf hint = STRBUF_EMPTY;
    struct key_parts parts;

    split_key(&parts, typed);
    strbuf_add_text(&hint, "");
    if (!add_nearest(&hint, typed, parts.name) && !add_same_key(&hint, &parts))
        add_keys_of(&hint, parts.section);
    err_set(err, "unknown setting `%.80s`%s", typed, hint.bytes);
    strbuf_deinit(&hint);
    free(parts.copy);
    return -1;
}

/* Cuts blanks, and one pair of braces, off both ends. */
static char *trim(char *text, int has_braces)
{
    size_t length;

    text += strspn(text, " ");
    length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
    if (!has_braces || length < 2 || text[0] != '{' || text[length - 1] != '}')
        return text;
    text[length - 1] = '\0';
    return trim(text + 1, 0);
}

int config_values_list(struct config_values *values,
                       const struct setting *setting, const char *name,
                       const char *text, const struct config_origin *origin,
                       struct err *err)
{
    char *copy = mem_dup_text(text);
    char *rest = trim(copy, 1);
    char *element;
    int failed = 0, is_first = 1;

    while (!failed && (element = strsep(&rest, ",")) != NULL) {
        element = trim(element, 0);
        if (is_first)
            failed =
                config_values_set(values, setting, name, element, origin, err);
        else
            failed =
                config_values_add(values, setting, name, element, origin, err);
        is_first = 0;
    }
    free(copy);
    return failed;
}

static int put_option(struct config_values *values,
                      const struct setting *setting, const char *name,
                      const char *text, struct err *err)
{
    const struct config_origin origin = {.layer = CONFIG_OPTION};

    if (setting->type == SETTING_PROPERTIES)
        return config_values_add(values, setting, name, text, &origin, err);
    if (setting_is_list(setting))
        return config_values_list(values, setting, name, text, &origin, err);
    return config_values_set(values, setting, name, text, &origin, err);
}

int config_values_option(struct config_values *values, const char *text,
                         struct err *err)
{
    size_t length = strcspn(text, "=");
    char *typed = mem_dup(text, length);
    const struct setting *setting;
    struct key_parts parts;
    int failed;

    split_key(&parts, typed);
    setting = find_setting(&parts);
    if (setting == NULL) {
        config_unknown(typed, err);
        failed = err_where(err, "-s %.80s", typed);
    } else if (text[length] == '\0') {
        failed = err_set(err, "-s %.80s: a value is missing: %.80s=VALUE",
                         typed, typed);
    } else {
        failed =
            put_option(values, setting, parts.name, text + length + 1, err);
    }
    free(parts.copy);
    free(typed);
    return failed;
}
