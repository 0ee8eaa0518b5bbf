/* config_values: every setting's text, and where it was written.
 *
 * Three layers write, each over the one before: defaults, the file, options
 * (`-s`). Relations and windows are entries by name, in the order in which
 * they were first named:
 *
 *     entry ""                  kafka.brokers, session.gap, ...
 *     entry relation also_viewed    from, to, score, k, min_support
 *     entry window 24h              length, panes */
#ifndef TERKAIT_CONFIG_VALUES_H
#define TERKAIT_CONFIG_VALUES_H

#include "config_value.h"

#include <stddef.h>

enum config_layer { CONFIG_UNSET, CONFIG_DEFAULT, CONFIG_FILE, CONFIG_OPTION };

struct config_origin {
    enum config_layer layer;
    const char *file; /* NULL but of CONFIG_FILE */
    int line;
};

/* One text; a list has several, a scalar one. */
struct config_text {
    char *text;  /* owned, as it was written */
    char *where; /* owned: "shop.conf:12", "-s", "default" */
};

struct config_value {
    enum config_layer layer; /* the last that wrote */
    struct config_text *texts;
    size_t count;
    struct setting_number number; /* of a scalar; SETTING_WORDS: a bit each */
};

struct config_entry {
    const char *section;         /* "": all sections without names */
    char *name;                  /* owned; NULL for the entry "" */
    char *where;                 /* owned; where it was first named */
    struct config_value *values; /* owned; by place in the table */
};

struct config_values {
    struct config_entry *entries; /* owned; the first is "" */
    size_t count;
};

struct config_values *config_values_new(void);
void config_values_free(struct config_values *values);

/* Sets a scalar, or replaces a list by its first element. -1 with where and
 * why; so too when the same layer, but for options, has set it before. */
int config_values_set(struct config_values *values,
                      const struct setting *setting, const char *name,
                      const char *text, const struct config_origin *origin,
                      struct err *err) MUST_CHECK;

/* Adds to a list what is not in it; of a property an option replaces the old
 * value. */
int config_values_add(struct config_values *values,
                      const struct setting *setting, const char *name,
                      const char *text, const struct config_origin *origin,
                      struct err *err) MUST_CHECK;

/* Replaces a list by "a,b" or "{a, b}"; adds one property. */
int config_values_list(struct config_values *values,
                       const struct setting *setting, const char *name,
                       const char *text, const struct config_origin *origin,
                       struct err *err) MUST_CHECK;

/* As -s takes it: "session.gap=30m", "window.1h.panes=12", "windows=1h,24h",
 * "kafka.set=linger.ms=5". */
int config_values_option(struct config_values *values, const char *text,
                         struct err *err) MUST_CHECK;

/* Reads a file (libconfuse syntax) into the file's layer. */
int config_values_file(struct config_values *values, const char *path,
                       struct err *err) MUST_CHECK;

/* All that is not set yet and has a default; windows and relations only when
 * none is defined. */
void config_values_default(struct config_values *values);

/* Makes sure that there is such an entry. -1: the name is none. */
int config_values_define(struct config_values *values, const char *section,
                         const char *name, const struct config_origin *origin,
                         struct err *err) MUST_CHECK;

/* NULL when it is not defined. */
const struct config_entry *config_values_find(const struct config_values *from,
                                              const char *section,
                                              const char *name);

/* A value of an entry; never NULL, its layer may be CONFIG_UNSET. */
const struct config_value *config_entry_get(const struct config_entry *entry,
                                            const char *section,
                                            const char *key);

/* A value of the entry "". */
const struct config_value *config_values_get(const struct config_values *from,
                                             const char *section,
                                             const char *key);

/* "shop.conf:12", "-s", "default". */
const char *config_value_where(const struct config_value *value);

/* "shop.conf:12: session.gap: " or "-s session.gap: " in front. Returns -1. */
int config_values_where(struct err *err, const struct config_origin *origin,
                        const struct setting *setting, const char *name);

/* "unknown setting `session.gapp`; did you mean `session.gap`?", of a key or
 * the name of a section. Returns -1. */
int config_unknown(const char *typed, struct err *err);

#endif
