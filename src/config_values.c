#include "config_values.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static char *where_text(const struct config_origin *origin)
{
    struct strbuf where = STRBUF_EMPTY;

    if (origin->layer == CONFIG_FILE)
        strbuf_add_format(&where, "%s:%d", origin->file, origin->line);
    else
        strbuf_add_text(&where,
                        origin->layer == CONFIG_OPTION ? "-s" : "default");
    return where.bytes;
}

static void add_entry(struct config_values *values, const char *section,
                      const char *name, const struct config_origin *origin)
{
    struct config_entry *entry;

    values->entries = mem_resize(values->entries, values->count + 1,
                                 sizeof values->entries[0]);
    entry = &values->entries[values->count++];
    *entry = (struct config_entry){
        .section = section,
        .name = name != NULL ? mem_dup_text(name) : NULL,
        .where = where_text(origin),
        .values = mem_new(config_table_size, sizeof entry->values[0]),
    };
}

struct config_values *config_values_new(void)
{
    struct config_values *values = mem_new(1, sizeof *values);
    const struct config_origin origin = {.layer = CONFIG_DEFAULT};

    add_entry(values, "", NULL, &origin);
    return values;
}

static void clear(struct config_value *value)
{
    for (size_t i = 0; i < value->count; i++) {
        free(value->texts[i].text);
        free(value->texts[i].where);
    }
    free(value->texts);
    *value = (struct config_value){0};
}

void config_values_free(struct config_values *values)
{
    if (values == NULL)
        return;
    for (size_t i = 0; i < values->count; i++) {
        for (size_t j = 0; j < config_table_size; j++)
            clear(&values->entries[i].values[j]);
        free(values->entries[i].values);
        free(values->entries[i].name);
        free(values->entries[i].where);
    }
    free(values->entries);
    free(values);
}

static struct config_entry *find_entry(const struct config_values *values,
                                       const char *section, const char *name)
{
    for (size_t i = 1; name != NULL && i < values->count; i++) {
        struct config_entry *entry = &values->entries[i];

        if (strcmp(entry->section, section) == 0 &&
            strcmp(entry->name, name) == 0)
            return entry;
    }
    return name == NULL ? &values->entries[0] : NULL;
}

const struct config_entry *config_values_find(const struct config_values *from,
                                              const char *section,
                                              const char *name)
{
    return find_entry(from, section, name);
}

int config_values_where(struct err *err, const struct config_origin *origin,
                        const struct setting *setting, const char *name)
{
    struct strbuf key = STRBUF_EMPTY;
    char *where = where_text(origin);

    setting_add_key(&key, setting, name);
    if (origin->layer == CONFIG_FILE)
        err_where(err, "%s: %s", where, key.bytes);
    else
        err_where(err, "%s %s", where, key.bytes);
    free(where);
    strbuf_deinit(&key);
    return -1;
}

int config_values_define(struct config_values *values, const char *section,
                         const char *name, const struct config_origin *origin,
                         struct err *err)
{
    if (find_entry(values, section, name) != NULL)
        return 0;
    if (!config_is_name(name))
        return err_set(err,
                       "`%.80s` is not a name for a %s; allowed: 1 to 32 of "
                       "a-z 0-9 _",
                       name, section);
    add_entry(values, config_section_find(section)->name, name, origin);
    return 0;
}

static int find_text(size_t *place, const struct config_value *value,
                     const struct setting *setting, const char *text)
{
    size_t length = strlen(text) + 1;

    if (setting->type == SETTING_PROPERTIES)
        length = strcspn(text, "=") + 1;
    for (*place = 0; *place < value->count; ++*place)
        if (strncmp(value->texts[*place].text, text, length) == 0)
            return 1;
    return 0;
}

static void put_text(struct config_value *value, size_t place, const char *text,
                     const struct config_origin *origin)
{
    if (place == value->count) {
        value->texts =
            mem_resize(value->texts, value->count + 1, sizeof value->texts[0]);
        value->count++;
    } else {
        free(value->texts[place].text);
        free(value->texts[place].where);
    }
    value->texts[place] = (struct config_text){.text = mem_dup_text(text),
                                               .where = where_text(origin)};
}

static int add_text(struct config_value *value, const struct setting *setting,
                    const char *text, const struct config_origin *origin,
                    struct err *err)
{
    struct setting_number number;
    size_t place;

    if (setting_parse(&number, setting, text, err) < 0)
        return -1;
    if (find_text(&place, value, setting, text) &&
        !(setting->type == SETTING_PROPERTIES &&
          origin->layer == CONFIG_OPTION))
        return err_set(err, "`%.*s` stands there twice",
                       (int)strcspn(text, "="), text);
    put_text(value, place, text, origin);
    value->layer = origin->layer;
    if (setting->type == SETTING_WORDS)
        value->number.whole |= INT64_C(1) << number.whole;
    else
        value->number = number;
    return 0;
}

/* The place to write to; NULL when the name of the entry is none. */
static struct config_value *
slot(struct config_values *values, const struct setting *setting,
     const char *name, const struct config_origin *origin, struct err *err)
{
    struct config_entry *entry;

    if (name != NULL &&
        config_values_define(values, setting->section, name, origin, err) < 0)
        return NULL;
    entry = find_entry(values, setting->section, name);
    return &entry->values[setting - config_table];
}

int config_values_set(struct config_values *values,
                      const struct setting *setting, const char *name,
                      const char *text, const struct config_origin *origin,
                      struct err *err)
{
    struct config_value *value = slot(values, setting, name, origin, err);

    if (value == NULL)
        return config_values_where(err, origin, setting, name);
    if (value->layer == origin->layer && origin->layer == CONFIG_FILE) {
        err_set(err, "is set already at %s", config_value_where(value));
        return config_values_where(err, origin, setting, name);
    }
    clear(value);
    if (add_text(value, setting, text, origin, err) < 0)
        return config_values_where(err, origin, setting, name);
    return 0;
}

int config_values_add(struct config_values *values,
                      const struct setting *setting, const char *name,
                      const char *text, const struct config_origin *origin,
                      struct err *err)
{
    struct config_value *value = slot(values, setting, name, origin, err);

    if (value == NULL || add_text(value, setting, text, origin, err) < 0)
        return config_values_where(err, origin, setting, name);
    return 0;
}

static int has_entry(const struct config_values *values, const char *section)
{
    for (size_t i = 1; i < values->count; i++)
        if (strcmp(values->entries[i].section, section) == 0)
            return 1;
    return 0;
}

static void default_entries(struct config_values *values, const char *section)
{
    for (size_t i = 0; i < config_defaults_size; i++) {
        const struct config_default *one = &config_defaults[i];
        const struct config_origin origin = {.layer = CONFIG_DEFAULT};
        struct err err = ERR_NONE;

        if (strcmp(one->section, section) != 0)
            continue;
        if (config_values_list(values, setting_find(section, one->key),
                               one->name, one->text, &origin, &err) < 0)
            err_bug(__FILE__, __LINE__, err.text);
    }
}

void config_values_default(struct config_values *values)
{
    const struct config_origin origin = {.layer = CONFIG_DEFAULT};
    struct err err = ERR_NONE;

    for (size_t i = 0; i < config_sections_size; i++)
        if (config_sections[i].is_titled &&
            !has_entry(values, config_sections[i].name))
            default_entries(values, config_sections[i].name);
    for (size_t i = 0; i < config_table_size; i++) {
        const struct setting *setting = &config_table[i];

        if (values->entries[0].values[i].layer != CONFIG_UNSET ||
            setting->fallback == NULL)
            continue;
        if (config_values_set(values, setting, NULL, setting->fallback, &origin,
                              &err) < 0)
            err_bug(__FILE__, __LINE__, err.text);
    }
}

const struct config_value *config_entry_get(const struct config_entry *entry,
                                            const char *section,
                                            const char *key)
{
    const struct setting *setting = setting_find(section, key);

    ASSERT(setting != NULL);
    return &entry->values[setting - config_table];
}

const struct config_value *config_values_get(const struct config_values *from,
                                             const char *section,
                                             const char *key)
{
    return config_entry_get(&from->entries[0], section, key);
}

const char *config_value_where(const struct config_value *value)
{
    return value->count > 0 ? value->texts[0].where : "default";
}
