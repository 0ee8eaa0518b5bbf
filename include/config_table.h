/* config_table: what can be set: one table of key, type, default, range, help.
 *
 * Everything that knows a setting's name, default or range reads it here: the
 * parser of files and of `-s`, check-config, conf/terkait.conf, the README. */
#ifndef TERKAIT_CONFIG_TABLE_H
#define TERKAIT_CONFIG_TABLE_H

#include "err.h"
#include "strbuf.h"

#include <stddef.h>
#include <stdint.h>

enum setting_type {
    SETTING_TEXT,      /* min and max are its length in bytes */
    SETTING_DURATION,  /* in ms */
    SETTING_BYTES,     /* "64k" */
    SETTING_INTEGER,   /* decimal digits */
    SETTING_REAL,      /* a decimal number, min and max whole */
    SETTING_WORD,      /* one of `words` */
    SETTING_WORDS,     /* a list of some of `words`, not empty */
    SETTING_NAMES,     /* a list of names of sections, not empty */
    SETTING_PROPERTIES /* a list of "property=value" */
};

enum {
    SETTING_SECRET = 1, /* never shown, nor echoed in an error */
    SETTING_RELOAD = 2, /* changes freely while the program runs */
    SETTING_UNUSED = 4  /* has no effect in this version yet */
};

struct setting {
    const char *section; /* "": outside of all */
    const char *key;
    const char *fallback;  /* the default, as it would be written */
    const char *otherwise; /* without one: what holds; NULL: must be set */
    const char *example;   /* for the sample file, where there is no default */
    const char *help;
    enum setting_type type;
    int64_t min, max;
    const char *const *words; /* NULL behind the last */
    /* What the range cannot say; -1 with the reason. May be NULL. */
    int (*check)(const char *text, struct err *err);
    unsigned flags;
};

extern const struct setting config_table[];
extern const size_t config_table_size;

struct config_section {
    const char *name;
    int is_titled; /* `window "24h" { ... }`, any number of them */
    const char *help;
};

/* In the order of the table. */
extern const struct config_section config_sections[];
extern const size_t config_sections_size;

/* The relations and windows that stand when a file defines none. */
struct config_default {
    const char *section, *name, *key;
    const char *text; /* as behind -s */
};
extern const struct config_default config_defaults[];
extern const size_t config_defaults_size;

/* NULL when there is none. */
const struct setting *setting_find(const char *section, const char *key);
const struct config_section *config_section_find(const char *name);

int setting_is_list(const struct setting *setting);

/* Appends what may be written: "1 to 1000", "`local` or `kafka`". */
void setting_add_allowed(struct strbuf *out, const struct setting *setting);

/* The same with what it is in front: "whole number, 1 to 1000". */
void setting_add_kind(struct strbuf *out, const struct setting *setting);

/* "session.gap", or "window.24h.panes" with a name. */
void setting_add_key(struct strbuf *out, const struct setting *setting,
                     const char *name);

#endif
