#include "config.h"

#include "config_check.h"
#include "config_values.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static int64_t whole(const struct config *config, const char *section,
                     const char *key)
{
    return config_values_get(config->values, section, key)->number.whole;
}

static uint32_t count(const struct config *config, const char *section,
                      const char *key)
{
    return (uint32_t)whole(config, section, key);
}

static char *dup(const struct config *config, const char *section,
                 const char *key)
{
    const struct config_value *value =
        config_values_get(config->values, section, key);

    return mem_dup_text(value->texts[0].text);
}

static void fill_kafka(struct config *config)
{
    const struct config_value *set =
        config_values_get(config->values, "kafka", "set");

    config->kafka.brokers = dup(config, "kafka", "brokers");
    config->kafka.topic = dup(config, "kafka", "topic");
    config->kafka.group = dup(config, "kafka", "group");
    config->kafka.set = mem_new(set->count, sizeof config->kafka.set[0]);
    config->kafka.set_count = set->count;
    for (size_t i = 0; i < set->count; i++)
        config->kafka.set[i] = mem_dup_text(set->texts[i].text);
    config->dead_letter_topic = dup(config, "events", "dead_letter_topic");
}

static void fill_engine(struct config *config)
{
    struct engine_rules *engine = &config->engine;

    engine->session = (struct session_rules){
        .gap_ms = whole(config, "session", "gap"),
        .lateness_ms = whole(config, "events", "lateness"),
        .future_ms = whole(config, "events", "future"),
        .items_max = count(config, "session", "max_items"),
        .open_max = (uint64_t)whole(config, "session", "max_open"),
    };
    engine->event_bytes_max = (uint64_t)whole(config, "events", "max_bytes");
    engine->row_pairs_max = count(config, "row", "max_pairs");
    engine->groups_count = count(config, "state", "groups");
    engine->damping =
        config_values_get(config->values, "lists", "damping")->number.real;
    engine->popular_k = count(config, "lists", "k");
    engine->popular_min_support = count(config, "lists", "min_support");
}

static void fill_rest(struct config *config)
{
    config->redis.url = dup(config, "redis", "url");
    config->redis.prefix = dup(config, "redis", "prefix");
    config->publish = (struct publish_rules){
        .prefix = config->redis.prefix,
        .ttl_ms = whole(config, "lists", "ttl"),
        .settle_ms = whole(config, "lists", "settle"),
        .sweep_ms = whole(config, "lists", "sweep"),
        .interval_ms = whole(config, "publish", "interval"),
        .counts_refresh_ms = whole(config, "counts", "refresh"),
        .counts_max = count(config, "counts", "max"),
    };
    config->state.checkpoint_interval_ms =
        whole(config, "state", "checkpoint_interval");
    config->memory_max = (uint64_t)whole(config, "memory", "max");
    config->threads = count(config, "engine", "threads");
    config->shuffle.mode = dup(config, "shuffle", "mode");
    config->shuffle.topic = dup(config, "shuffle", "topic");
    config->shuffle.supports_topic = dup(config, "shuffle", "supports_topic");
    config->http.listen = dup(config, "http", "listen");
    config->http.token = dup(config, "http", "token");
    config->log.level = (enum log_level)whole(config, "log", "level");
    config->log.format = (enum log_format)whole(config, "log", "format");
}

static int64_t own_or_lists(const struct config *config,
                            const struct config_entry *entry, const char *key)
{
    const struct config_value *own = config_entry_get(entry, "relation", key);

    return own->count > 0 ? own->number.whole : whole(config, "lists", key);
}

static void fill_relations(struct config *config,
                           const struct config_entry *const *picked)
{
    struct relations *relations = &config->engine.relations;

    for (uint32_t i = 0; i < relations->count; i++) {
        const struct config_entry *entry = picked[i];
        struct relation *relation = &relations->at[i];

        snprintf(relation->name, sizeof relation->name, "%s", entry->name);
        relation->from =
            (uint8_t)config_entry_get(entry, "relation", "from")->number.whole;
        relation->to =
            (uint8_t)config_entry_get(entry, "relation", "to")->number.whole;
        relation->score = (enum score)own_or_lists(config, entry, "score");
        relation->k = (uint32_t)own_or_lists(config, entry, "k");
        relation->min_support =
            (uint32_t)own_or_lists(config, entry, "min_support");
    }
}

static void fill_windows(struct config *config,
                         const struct config_entry *const *picked)
{
    struct windows *windows = &config->engine.windows;

    for (uint32_t i = 0; i < windows->count; i++) {
        const struct config_entry *entry = picked[i];
        struct window *window = &windows->at[i];

        snprintf(window->name, sizeof window->name, "%s", entry->name);
        window->length_ms =
            config_entry_get(entry, "window", "length")->number.whole;
        window->panes =
            config_entry_get(entry, "window", "panes")->number.whole;
    }
}

static int fill(struct config *config, struct err *err)
{
    const struct config_entry *relations[RELATIONS_MAX];
    const struct config_entry *windows[WINDOWS_MAX];

    fill_kafka(config);
    fill_engine(config);
    fill_rest(config);
    if (config_check_needed(config->values, err) < 0 ||
        config_pick(relations, &config->engine.relations.count, RELATIONS_MAX,
                    config->values, "relation", err) < 0 ||
        config_pick(windows, &config->engine.windows.count, WINDOWS_MAX,
                    config->values, "window", err) < 0)
        return -1;
    fill_relations(config, relations);
    fill_windows(config, windows);
    return config_check_whole(config, err);
}

static int read_all(struct config_values *values, const char *path,
                    const char *const *overrides, size_t overrides_count,
                    struct err *err)
{
    if (path != NULL && config_values_file(values, path, err) < 0)
        return -1;
    config_values_default(values);
    for (size_t i = 0; i < overrides_count; i++)
        if (config_values_option(values, overrides[i], err) < 0)
            return -1;
    return 0;
}

int config_load(struct config **config, const char *path,
                const char *const *overrides, size_t overrides_count,
                struct err *err)
{
    struct config *made = mem_new(1, sizeof *made);

    made->values = config_values_new();
    if (read_all(made->values, path, overrides, overrides_count, err) < 0 ||
        fill(made, err) < 0) {
        config_free(made);
        return -1;
    }
    *config = made;
    return 0;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->kafka.set_count; i++)
        free(config->kafka.set[i]);
    free(config->kafka.set);
    free(config->kafka.brokers);
    free(config->kafka.topic);
    free(config->kafka.group);
    free(config->dead_letter_topic);
    free(config->redis.url);
    free(config->redis.prefix);
    free(config->shuffle.mode);
    free(config->shuffle.topic);
    free(config->shuffle.supports_topic);
    free(config->http.listen);
    free(config->http.token);
    config_values_free(config->values);
    free(config);
}

int config_warn_unused(const struct config *config)
{
    int found = 0;

    for (size_t i = 0; i < config_table_size; i++) {
        const struct setting *setting = &config_table[i];
        const struct config_value *value =
            &config->values->entries[0].values[i];
        struct strbuf key = STRBUF_EMPTY;

        if (!config_is_unused(setting, value))
            continue;
        setting_add_key(&key, setting, NULL);
        LOG(LOG_WARN, "setting_without_effect", F_TEXT("key", key.bytes),
            F_TEXT("from", config_value_where(value)),
            F_TEXT("why", "not in this version yet"));
        strbuf_deinit(&key);
        found++;
    }
    return found;
}
