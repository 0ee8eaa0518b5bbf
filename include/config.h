/* config: the settings: one table of key, type, default, range and help.
 *
 * The table drives the parser of files (libconfuse) and of `-s`, the defaults,
 * check-config, conf/terkait.conf and the README's table. A wrong key, type or
 * range is an error with file, line and what was probably meant. */
#ifndef TERKAIT_CONFIG_H
#define TERKAIT_CONFIG_H

#include "engine.h"
#include "err.h"
#include "log.h"
#include "publish.h"
#include "strbuf.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct config_values;

struct config {
    struct {
        char *brokers, *topic, *group;
        char **set; /* "property=value" */
        size_t set_count;
    } kafka;
    char *dead_letter_topic;      /* "" = none */
    struct engine_rules engine;   /* windows and relations initialised */
    struct publish_rules publish; /* prefix points at redis.prefix */
    struct {
        char *url, *prefix;
    } redis;
    struct {
        int64_t checkpoint_interval_ms;
    } state;
    uint64_t memory_max; /* bytes; 0: no bound */
    uint32_t threads;
    struct {
        char *mode, *topic, *supports_topic;
    } shuffle;
    struct {
        char *listen, *token;
    } http;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
    struct config_values *values; /* each text, and where it was written */
};

/* Loads the file (NULL: none), the defaults of what it leaves open, then the
 * overrides ("section.key=value") in their order, and checks what spans several
 * keys. -1 with the whole message. config_free() on success only. */
int config_load(struct config **config, const char *path,
                const char *const *overrides, size_t overrides_count,
                struct err *err) MUST_CHECK;
void config_free(struct config *config);

/* What a reload found changed, as texts for people. */
struct config_changes {
    struct strbuf taken; /* "lists.k 20 -> 5, lists.score cosine -> llr" */
    struct strbuf left;  /* "kafka.topic, window.1h": need a restart */
};

/* Loads all again; what may change while the program runs is taken over into
 * `config`, which else stays as it is: whatever was borrowed from it still
 * stands. -1 as config_load: nothing changed. `changes` is written whole. */
int config_reload(struct config *config, struct config_changes *changes,
                  const char *path, const char *const *overrides,
                  size_t overrides_count, struct err *err) MUST_CHECK;
void config_changes_deinit(struct config_changes *changes);

/* Every setting in force, `key = value   # where it came from`. Secrets
 * (password in redis.url, http.token) are masked. */
void config_print(const struct config *config, FILE *out);

/* Logs each setting that was set to other than its default and has no effect
 * in this version yet; returns how many. */
int config_warn_unused(const struct config *config);

/* The documents made from the table; tests hold the files against them. */
void config_write_sample(FILE *out); /* conf/terkait.conf */
void config_write_table(FILE *out);  /* the README's table, Markdown */
void config_write_man(FILE *out);    /* man/terkait.conf.5, mdoc */

/* "50ms", "5s", "30m", "24h", "7d" and bytes "64k", "512m", "4g". -1 when it
 * is none. Zero is "0s" or "0". */
int config_parse_duration(int64_t *ms, const char *text);
int config_parse_bytes(uint64_t *bytes, const char *text);

#endif
