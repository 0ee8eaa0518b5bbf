/* config_reload: what a new reading of the settings changes while the program
 * runs. The config in force stays where it is, so nobody who borrows it
 * notices; only what is marked SETTING_RELOAD moves over. */
#include "config.h"
#include "config_check.h"
#include "config_values.h"

#include <stdlib.h>
#include <string.h>

static int is_same(const struct setting *setting,
                   const struct config_value *left,
                   const struct config_value *right)
{
    if (left->count != right->count)
        return 0;
    if (left->count == 0)
        return 1;
    switch (setting->type) {
    case SETTING_DURATION:
    case SETTING_BYTES:
    case SETTING_INTEGER:
    case SETTING_WORD:
    case SETTING_WORDS:
        return left->number.whole == right->number.whole;
    case SETTING_REAL:
        return !(left->number.real < right->number.real ||
                 left->number.real > right->number.real);
    case SETTING_TEXT:
    case SETTING_NAMES:
    case SETTING_PROPERTIES:
        break;
    }
    for (size_t i = 0; i < left->count; i++)
        if (strcmp(left->texts[i].text, right->texts[i].text) != 0)
            return 0;
    return 1;
}

static void begin_name(struct strbuf *out)
{
    if (out->length > 0)
        strbuf_add_text(out, ", ");
}

static void add_value(struct strbuf *out, const struct setting *setting,
                      const struct config_value *value)
{
    if (value->count == 0)
        strbuf_add_text(out, "unset");
    else
        setting_add_text(out, setting, value->texts[0].text);
}

/* "lists.k 20 -> 5" */
static void take_value(struct strbuf *taken, const struct setting *setting,
                       const char *name, struct config_value *value,
                       struct config_value *fresh)
{
    struct config_value old = *value;

    begin_name(taken);
    setting_add_key(taken, setting, name);
    strbuf_add_char(taken, ' ');
    add_value(taken, setting, value);
    strbuf_add_text(taken, " -> ");
    add_value(taken, setting, fresh);
    *value = *fresh;
    *fresh = old;
}

static void compare_entries(struct config_changes *changes,
                            struct config_entry *entry,
                            struct config_entry *fresh)
{
    for (size_t i = 0; i < config_table_size; i++) {
        const struct setting *setting = &config_table[i];

        if (is_same(setting, &entry->values[i], &fresh->values[i]))
            continue;
        if (setting->flags & SETTING_RELOAD) {
            take_value(&changes->taken, setting, entry->name, &entry->values[i],
                       &fresh->values[i]);
            continue;
        }
        begin_name(&changes->left);
        setting_add_key(&changes->left, setting, entry->name);
    }
}

static struct config_entry *find_like(struct config_values *values,
                                      const struct config_entry *like)
{
    for (size_t i = 0; i < values->count; i++) {
        struct config_entry *one = &values->entries[i];

        if (strcmp(one->section, like->section) == 0 &&
            (like->name == NULL
                 ? one->name == NULL
                 : one->name != NULL && strcmp(one->name, like->name) == 0))
            return one;
    }
    return NULL;
}

static void add_entry(struct strbuf *left, const struct config_entry *entry)
{
    begin_name(left);
    strbuf_add_format(left, "%s.%s", entry->section, entry->name);
}

static void compare(struct config_changes *changes,
                    struct config_values *values, struct config_values *fresh)
{
    for (size_t i = 0; i < values->count; i++) {
        struct config_entry *like = find_like(fresh, &values->entries[i]);

        if (like != NULL)
            compare_entries(changes, &values->entries[i], like);
        else
            add_entry(&changes->left, &values->entries[i]);
    }
    for (size_t i = 0; i < fresh->count; i++)
        if (find_like(values, &fresh->entries[i]) == NULL)
            add_entry(&changes->left, &fresh->entries[i]);
}

static void take_relation(struct relation *relation,
                          const struct relations *fresh)
{
    for (uint32_t i = 0; i < fresh->count; i++) {
        const struct relation *one = &fresh->at[i];

        if (strcmp(one->name, relation->name) != 0)
            continue;
        relation->score = one->score;
        relation->k = one->k;
        relation->min_support = one->min_support;
    }
}

static void take_over(struct config *config, const struct config *fresh)
{
    struct engine_rules *engine = &config->engine;

    for (uint32_t i = 0; i < engine->relations.count; i++)
        take_relation(&engine->relations.at[i], &fresh->engine.relations);
    engine->damping = fresh->engine.damping;
    engine->popular_k = fresh->engine.popular_k;
    engine->popular_min_support = fresh->engine.popular_min_support;
    engine->row_pairs_max = fresh->engine.row_pairs_max;
    config->memory_max = fresh->memory_max;
    config->publish = fresh->publish;
    config->publish.prefix = config->redis.prefix;
    /* of the windows that stay in force */
    if (config_values_get(config->values, "lists", "ttl")->count == 0)
        config->publish.ttl_ms = config_default_ttl(config);
    config->log = fresh->log;
}

int config_reload(struct config *config, struct config_changes *changes,
                  const char *path, const char *const *overrides,
                  size_t overrides_count, struct err *err)
{
    struct config *fresh;

    *changes = (struct config_changes){STRBUF_EMPTY, STRBUF_EMPTY};
    if (config_load(&fresh, path, overrides, overrides_count, err) < 0)
        return -1;
    compare(changes, config->values, fresh->values);
    take_over(config, fresh);
    config_free(fresh);
    return 0;
}

void config_changes_deinit(struct config_changes *changes)
{
    strbuf_deinit(&changes->taken);
    strbuf_deinit(&changes->left);
}
