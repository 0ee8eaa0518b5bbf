#include "config_check.h"

#include "mem.h"
#include "nearest.h"
#include "redis_url.h"

#include <stdlib.h>
#include <string.h>

enum { SWEEPS_MIN = 4 };

int config_check_topic(const char *text, struct err *err)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (text[length] != '\0' || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0)
        return err_set(err,
                       "`%.80s` is not a topic's name; allowed: 1 to 249 of "
                       "A-Z a-z 0-9 . _ -",
                       text);
    return 0;
}

int config_check_property(const char *text, struct err *err)
{
    size_t length = strcspn(text, "=");
    static const char reset[] = "auto.offset.reset";

    if (length == 0 || text[length] == '\0')
        return err_set(err, "librdkafka's properties are written "
                            "\"property=value\"");
    if (length == strlen(reset) && strncasecmp(text, reset, length) == 0)
        return err_set(err,
                       "%s cannot be set: a hole in the topic must be loud, "
                       "never skipped",
                       reset);
    return 0;
}

int config_check_redis_url(const char *text, struct err *err)
{
    struct err reason = ERR_NONE;
    struct redis_url url;
    const char *words;

    if (redis_url_parse(&url, text, &reason) == 0) {
        redis_url_deinit(&url);
        return 0;
    }
    words = strncmp(reason.text, "redis.url: ", 11) == 0 ? reason.text + 11
                                                         : reason.text;
    return err_set(err,
                   "%s; allowed: redis://[user:password@]host:port/db or "
                   "unix:///path",
                   words);
}

int config_check_prefix(const char *text, struct err *err)
{
    if (strpbrk(text, "{}") != NULL)
        return err_set(err,
                       "`%.80s` holds a brace; braces are Redis "
                       "Cluster's hash tag, which the keys set",
                       text);
    return 0;
}

int config_check_listen(const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    long port = 0;

    if (strcmp(text, "off") == 0)
        return 0;
    if (colon != NULL && colon[1] >= '0' && colon[1] <= '9')
        port = strtol(colon + 1, &end, 10);
    if (end == NULL || *end != '\0' || port < 1 || port > 65535)
        return err_set(err,
                       "`%.80s` is no address to listen on; allowed: off, "
                       "HOST:PORT or :PORT, with a port from 1 to 65535",
                       text);
    return 0;
}

static int is_needed(const struct setting *setting, const char *section)
{
    return strcmp(setting->section, section) == 0 &&
           setting->fallback == NULL && setting->otherwise == NULL;
}

int config_check_needed(const struct config_values *values, struct err *err)
{
    for (size_t i = 1; i < values->count; i++) {
        const struct config_entry *entry = &values->entries[i];

        for (size_t j = 0; j < config_table_size; j++)
            if (is_needed(&config_table[j], entry->section) &&
                entry->values[j].count == 0)
                return err_set(err, "%s: %s \"%s\" needs a `%s`", entry->where,
                               entry->section, entry->name,
                               config_table[j].key);
    }
    return 0;
}

/* Appends all names that are defined. */
static void add_names(struct strbuf *out, const struct config_values *values,
                      const char *section)
{
    const char *before = "";

    for (size_t i = 1; i < values->count; i++) {
        if (strcmp(values->entries[i].section, section) != 0)
            continue;
        strbuf_add_format(out, "%s%s", before, values->entries[i].name);
        before = ", ";
    }
}

/* "shop.conf:12: windows", but "-s windows". */
static const char *colon_behind(const char *where)
{
    return strcmp(where, "-s") == 0 ? "" : ":";
}

static int refuse_pick(const struct config_values *values, const char *section,
                       const struct config_text *pick, struct err *err)
{
    const char **names = mem_new(values->count, sizeof names[0]);
    struct strbuf text = STRBUF_EMPTY;
    const char *meant;
    size_t count = 0;

    for (size_t i = 1; i < values->count; i++)
        if (strcmp(values->entries[i].section, section) == 0)
            names[count++] = values->entries[i].name;
    meant = nearest_word(pick->text, names, count);
    strbuf_add_format(&text, "no %s `%s` is defined; defined: ", section,
                      pick->text);
    add_names(&text, values, section);
    if (meant != NULL)
        strbuf_add_format(&text, "; did you mean `%s`?", meant);
    err_set(err, "%s%s %ss: %s", pick->where, colon_behind(pick->where),
            section, text.bytes);
    strbuf_deinit(&text);
    free(names);
    return -1;
}

static int add_pick(const struct config_entry **picked, uint32_t *count,
                    uint32_t max, const struct config_entry *entry,
                    struct err *err)
{
    if (*count == max)
        return err_set(err,
                       "%s: %s \"%s\" is one too many: at most %u are in force",
                       entry->where, entry->section, entry->name, max);
    picked[(*count)++] = entry;
    return 0;
}

int config_pick(const struct config_entry **picked, uint32_t *count,
                uint32_t max, const struct config_values *values,
                const char *section, struct err *err)
{
    const char *key = strcmp(section, "window") == 0 ? "windows" : "relations";
    const struct config_value *picks = config_values_get(values, "", key);

    *count = 0;
    for (size_t i = 0; i < picks->count; i++) {
        const struct config_text *pick = &picks->texts[i];
        const struct config_entry *entry =
            config_values_find(values, section, pick->text);

        if (entry == NULL)
            return refuse_pick(values, section, pick, err);
        if (add_pick(picked, count, max, entry, err) < 0)
            return -1;
    }
    for (size_t i = 1; picks->count == 0 && i < values->count; i++)
        if (strcmp(values->entries[i].section, section) == 0 &&
            add_pick(picked, count, max, &values->entries[i], err) < 0)
            return -1;
    return 0;
}

/* "session.gap = 30m (default)" */
static void add_setting(struct strbuf *out, const struct config *config,
                        const char *section, const char *key, int64_t ms)
{
    const struct setting *setting = setting_find(section, key);
    const struct config_value *value =
        config_values_get(config->values, section, key);

    setting_add_key(out, setting, NULL);
    strbuf_add_text(out, " = ");
    config_add_duration(out, ms);
    strbuf_add_format(out, " (%s%s%s)", config_value_where(value),
                      value->count == 0 ? ": " : "",
                      value->count == 0 ? setting->otherwise : "");
}

static int check_lateness(const struct config *config, struct err *err)
{
    const struct session_rules *session = &config->engine.session;
    struct strbuf text = STRBUF_EMPTY;

    if (session->lateness_ms <= session->gap_ms)
        return 0;
    add_setting(&text, config, "events", "lateness", session->lateness_ms);
    strbuf_add_text(&text, " must be at most ");
    add_setting(&text, config, "session", "gap", session->gap_ms);
    err_set(err, "%s", text.bytes);
    strbuf_deinit(&text);
    return -1;
}

/* Refused records would come back as input, to be refused again. */
static int check_dead_letters(const struct config *config, struct err *err)
{
    const struct config_value *value =
        config_values_get(config->values, "events", "dead_letter_topic");

    if (strcmp(config->dead_letter_topic, config->kafka.topic) != 0)
        return 0;
    return err_set(err,
                   "events.dead_letter_topic = %s (%s) must be another topic "
                   "than kafka.topic",
                   config->dead_letter_topic, config_value_where(value));
}

static int check_ttl(const struct config *config, struct err *err)
{
    const struct publish_rules *publish = &config->publish;
    struct strbuf text = STRBUF_EMPTY;

    if (publish->ttl_ms / SWEEPS_MIN >= publish->sweep_ms)
        return 0;
    add_setting(&text, config, "lists", "ttl", publish->ttl_ms);
    strbuf_add_format(&text, " must be at least %d times ", SWEEPS_MIN);
    add_setting(&text, config, "lists", "sweep", publish->sweep_ms);
    err_set(err, "%s", text.bytes);
    strbuf_deinit(&text);
    return -1;
}

static int check_mode(const struct config *config, struct err *err)
{
    const struct config_value *mode =
        config_values_get(config->values, "shuffle", "mode");

    if (strcmp(config->shuffle.mode, "local") == 0)
        return 0;
    return err_set(err,
                   "%s%s shuffle.mode: `%s` is not in this version; allowed: "
                   "`local`",
                   config_value_where(mode),
                   colon_behind(config_value_where(mode)),
                   config->shuffle.mode);
}

/* "windows 1h (default), 5h (shop.conf:4): " in front. */
static int where_windows(const struct config *config, struct err *err)
{
    const struct windows *windows = &config->engine.windows;
    struct strbuf text = STRBUF_EMPTY;

    for (uint32_t i = 0; i < windows->count; i++) {
        const char *name = windows->at[i].name;
        const struct config_entry *entry =
            config_values_find(config->values, "window", name);
        const struct config_value *length =
            config_entry_get(entry, "window", "length");
        const struct config_value *panes =
            config_entry_get(entry, "window", "panes");

        strbuf_add_format(
            &text, "%s %s (%s)", i == 0 ? "windows" : ",", name,
            config_value_where(panes->layer > length->layer ? panes : length));
    }
    err_where(err, "%s", text.bytes);
    strbuf_deinit(&text);
    return -1;
}

int64_t config_default_ttl(const struct config *config)
{
    const struct windows *windows = &config->engine.windows;
    int64_t least_ms = SWEEPS_MIN * config->publish.sweep_ms;
    int64_t longest_ms = windows->at[windows->longest].length_ms;

    return longest_ms > least_ms ? longest_ms : least_ms;
}

int config_check_whole(struct config *config, struct err *err)
{
    struct windows *windows = &config->engine.windows;

    if (check_mode(config, err) < 0)
        return -1;
    relations_init(&config->engine.relations);
    if (windows_init(windows, err) < 0)
        return where_windows(config, err);
    if (config_values_get(config->values, "lists", "ttl")->count == 0)
        config->publish.ttl_ms = config_default_ttl(config);
    if (check_lateness(config, err) < 0 || check_ttl(config, err) < 0 ||
        check_dead_letters(config, err) < 0)
        return -1;
    return 0;
}

int config_is_unused(const struct setting *setting,
                     const struct config_value *value)
{
    struct setting_number fallback;

    if (!(setting->flags & SETTING_UNUSED) || value->count == 0)
        return 0;
    if (setting->type == SETTING_TEXT)
        return strcmp(value->texts[0].text, setting->fallback) != 0;
    return setting_parse(&fallback, setting, setting->fallback, NULL) == 0 &&
           fallback.whole != value->number.whole;
}
