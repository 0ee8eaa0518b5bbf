#include "config_value.h"

#include "config.h"
#include "config_check.h"
#include "mem.h"
#include "nearest.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* From large to small. */
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
static const struct unit sizes[] = {
    {"g", 1 << 30},
    {"m", 1 << 20},
    {"k", 1 << 10},
    {"", 1},
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* Decimal digits at the start of the text, UINT64_MAX for what is beyond it;
 * returns what follows, NULL when there are none. */
static const char *parse_digits(uint64_t *number, const char *text)
{
    const char *c = text;

    *number = 0;
    for (; isdigit((unsigned char)*c); c++) {
        uint64_t digit = (uint64_t)(*c - '0');

        if (*number > (UINT64_MAX - digit) / 10)
            *number = UINT64_MAX;
        else
            *number = *number * 10 + digit;
    }
    return c > text ? c : NULL;
}

static int parse_with_unit(uint64_t *number, const char *text,
                           const struct unit *units, size_t count)
{
    const char *rest = parse_digits(number, text);

    for (size_t i = 0; rest != NULL && i < count; i++) {
        if (strcmp(rest, units[i].name) != 0)
            continue;
        if (*number > INT64_MAX / units[i].factor)
            return -1;
        *number *= units[i].factor;
        return 0;
    }
    return -1;
}

int config_parse_duration(int64_t *ms, const char *text)
{
    uint64_t number = 0;

    if (strcmp(text, "0") != 0 &&
        parse_with_unit(&number, text, durations, LENGTH(durations)) < 0)
        return -1;
    *ms = (int64_t)number;
    return 0;
}

int config_parse_bytes(uint64_t *bytes, const char *text)
{
    uint64_t number;

    if (parse_with_unit(&number, text, sizes, LENGTH(sizes)) < 0)
        return -1;
    *bytes = number;
    return 0;
}

static void add_with_unit(struct strbuf *out, uint64_t number,
                          const struct unit *units, size_t count)
{
    size_t i = 0;

    while (i + 1 < count && (number == 0 || number % units[i].factor != 0))
        i++;
    strbuf_add_uint(out, number / units[i].factor);
    strbuf_add_text(out, units[i].name);
}

void config_add_duration(struct strbuf *out, int64_t ms)
{
    if (ms == 0)
        strbuf_add_text(out, "0s");
    else
        add_with_unit(out, (uint64_t)ms, durations, LENGTH(durations));
}

void config_add_bytes(struct strbuf *out, uint64_t bytes)
{
    add_with_unit(out, bytes, sizes, LENGTH(sizes));
}

int config_is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && length <= NAME_BYTES_MAX && name[length] == '\0';
}

static void add_words(struct strbuf *out, const struct setting *setting)
{
    for (size_t i = 0; setting->words[i] != NULL; i++)
        strbuf_add_format(out, "%s`%s`", i == 0 ? "" : ", ", setting->words[i]);
}

static void add_range(struct strbuf *out, const struct setting *setting)
{
    if (setting->type == SETTING_DURATION) {
        config_add_duration(out, setting->min);
        strbuf_add_text(out, " to ");
        config_add_duration(out, setting->max);
        return;
    }
    if (setting->type == SETTING_BYTES) {
        config_add_bytes(out, (uint64_t)setting->min);
        strbuf_add_text(out, " to ");
        config_add_bytes(out, (uint64_t)setting->max);
        return;
    }
    strbuf_add_format(out, "%lld to %lld", (long long)setting->min,
                      (long long)setting->max);
}

void setting_add_allowed(struct strbuf *out, const struct setting *setting)
{
    switch (setting->type) {
    case SETTING_TEXT:
        strbuf_add_text(out, "a text of ");
        add_range(out, setting);
        strbuf_add_text(out, " bytes");
        return;
    case SETTING_DURATION:
    case SETTING_BYTES:
    case SETTING_INTEGER:
    case SETTING_REAL:
        add_range(out, setting);
        return;
    case SETTING_WORD:
        strbuf_add_text(out, "one of ");
        add_words(out, setting);
        return;
    case SETTING_WORDS:
        strbuf_add_text(out, "a list of ");
        add_words(out, setting);
        return;
    case SETTING_NAMES:
        strbuf_add_text(out, "a list of names");
        return;
    case SETTING_PROPERTIES:
        strbuf_add_text(out, "a list of \"property=value\"");
        return;
    }
}

static const char *unit_word(const struct setting *setting)
{
    switch (setting->type) {
    case SETTING_DURATION:
        return "time";
    case SETTING_BYTES:
        return "size";
    case SETTING_INTEGER:
        return "whole number";
    case SETTING_REAL:
        return "number";
    case SETTING_TEXT:
    case SETTING_WORD:
    case SETTING_WORDS:
    case SETTING_NAMES:
    case SETTING_PROPERTIES:
        break;
    }
    return NULL;
}

void setting_add_kind(struct strbuf *out, const struct setting *setting)
{
    if (unit_word(setting) != NULL)
        strbuf_add_format(out, "%s, ", unit_word(setting));
    setting_add_allowed(out, setting);
}

int setting_is_list(const struct setting *setting)
{
    return setting->type == SETTING_WORDS || setting->type == SETTING_NAMES ||
           setting->type == SETTING_PROPERTIES;
}

void setting_add_key(struct strbuf *out, const struct setting *setting,
                     const char *name)
{
    if (setting->section[0] != '\0')
        strbuf_add_format(out, "%s.", setting->section);
    if (name != NULL)
        strbuf_add_format(out, "%s.", name);
    strbuf_add_text(out, setting->key);
}

static size_t count_words(const struct setting *setting)
{
    size_t count = 0;

    while (setting->words[count] != NULL)
        count++;
    return count;
}

/* "`12x` is not a whole number; allowed: 1 to 1000". */
static int refuse(const struct setting *setting, const char *text,
                  const char *what, struct err *err)
{
    struct strbuf reason = STRBUF_EMPTY;
    const char *meant = NULL;

    if (setting->flags & SETTING_SECRET)
        strbuf_add_format(&reason, "it is %s; allowed: ", what);
    else
        strbuf_add_format(&reason, "`%.80s` is %s; allowed: ", text, what);
    setting_add_allowed(&reason, setting);
    if (setting->words != NULL)
        meant = nearest_word(text, setting->words, count_words(setting));
    if (meant != NULL)
        strbuf_add_format(&reason, "; did you mean `%s`?", meant);
    err_set(err, "%s", reason.bytes);
    strbuf_deinit(&reason);
    return -1;
}

static int parse_real(double *real, const char *text)
{
    char *end;

    if (text[0] == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return -1;
    *real = strtod(text, &end);
    return *end == '\0' && isfinite(*real) ? 0 : -1;
}

static int parse_count(int64_t *count, const char *text)
{
    uint64_t number;
    const char *rest = parse_digits(&number, text);

    if (rest == NULL || *rest != '\0')
        return -1;
    *count = number > INT64_MAX ? INT64_MAX : (int64_t)number;
    return 0;
}

static int parse_size(int64_t *bytes, const char *text)
{
    uint64_t number;

    if (config_parse_bytes(&number, text) < 0)
        return -1;
    *bytes = (int64_t)number;
    return 0;
}

static int parse_word(int64_t *place, const struct setting *setting,
                      const char *text)
{
    for (size_t i = 0; setting->words[i] != NULL; i++) {
        if (strcmp(setting->words[i], text) != 0)
            continue;
        *place = (int64_t)i;
        return 0;
    }
    return -1;
}

/* -1: not of the type. */
static int parse_type(struct setting_number *number,
                      const struct setting *setting, const char *text)
{
    switch (setting->type) {
    case SETTING_DURATION:
        return config_parse_duration(&number->whole, text);
    case SETTING_BYTES:
        return parse_size(&number->whole, text);
    case SETTING_INTEGER:
        return parse_count(&number->whole, text);
    case SETTING_REAL:
        return parse_real(&number->real, text);
    case SETTING_WORD:
    case SETTING_WORDS:
        return parse_word(&number->whole, setting, text);
    case SETTING_NAMES:
        return config_is_name(text) ? 0 : -1;
    case SETTING_TEXT:
    case SETTING_PROPERTIES:
        break;
    }
    return 0;
}

static const char *not_of_type(enum setting_type type)
{
    switch (type) {
    case SETTING_DURATION:
        return "not a duration (like 100ms 5s 30m 24h 7d)";
    case SETTING_BYTES:
        return "not a size (bytes, or like 64k 512m 4g)";
    case SETTING_INTEGER:
        return "not a whole number";
    case SETTING_REAL:
        return "not a number";
    case SETTING_NAMES:
        return "not a name (1 to 32 of a-z 0-9 _)";
    case SETTING_TEXT:
    case SETTING_WORD:
    case SETTING_WORDS:
    case SETTING_PROPERTIES:
        break;
    }
    return "not known";
}

static int is_in_range(const struct setting_number *number,
                       const struct setting *setting)
{
    switch (setting->type) {
    case SETTING_DURATION:
    case SETTING_BYTES:
    case SETTING_INTEGER:
        return number->whole >= setting->min && number->whole <= setting->max;
    case SETTING_REAL:
        return number->real >= (double)setting->min &&
               number->real <= (double)setting->max;
    case SETTING_TEXT:
    case SETTING_WORD:
    case SETTING_WORDS:
    case SETTING_NAMES:
    case SETTING_PROPERTIES:
        break;
    }
    return 1;
}

static int check_text(const struct setting *setting, const char *text,
                      struct err *err)
{
    size_t length = strlen(text);

    for (const char *c = text; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            return err_set(err, "holds a control character");
    if (setting->type != SETTING_TEXT)
        return 0;
    if (length == 0 && setting->min > 0)
        return refuse(setting, text, "empty", err);
    if ((int64_t)length > setting->max)
        return refuse(setting, text, "too long", err);
    return 0;
}

int setting_parse(struct setting_number *number, const struct setting *setting,
                  const char *text, struct err *err)
{
    *number = (struct setting_number){0};
    if (check_text(setting, text, err) < 0)
        return -1;
    if (parse_type(number, setting, text) < 0)
        return refuse(setting, text, not_of_type(setting->type), err);
    if (!is_in_range(number, setting))
        return refuse(setting, text, "out of range", err);
    if (setting->check == NULL ||
        (setting->type == SETTING_TEXT && text[0] == '\0'))
        return 0;
    return setting->check(text, err);
}

/* redis://user:secret@host -> redis://user:***@host */
static void add_masked_url(struct strbuf *out, const char *text)
{
    const char *login = strstr(text, "://");
    const char *at = strrchr(text, '@');
    const char *colon;

    login = login != NULL ? login + 3 : text;
    colon = at != NULL && at > login ? memchr(login, ':', (size_t)(at - login))
                                     : NULL;
    if (colon == NULL) {
        strbuf_add_text(out, text);
        return;
    }
    strbuf_add(out, text, (size_t)(colon + 1 - text));
    strbuf_add_text(out, "***");
    strbuf_add_text(out, at);
}

/* Of librdkafka's properties those that hold a secret. */
static int is_secret_property(const char *text)
{
    static const char *const marks[] = {"password", "secret", ".pem", "jaas",
                                        "oauthbearer.config"};
    size_t name_length = strcspn(text, "=");
    char *name = mem_dup(text, name_length);
    int found = 0;

    for (size_t i = 0; i < LENGTH(marks); i++)
        found |= strcasestr(name, marks[i]) != NULL;
    free(name);
    return found;
}

static void add_masked(struct strbuf *out, const struct setting *setting,
                       const char *text)
{
    if (setting->type == SETTING_PROPERTIES && is_secret_property(text)) {
        strbuf_add(out, text, strcspn(text, "="));
        strbuf_add_text(out, "=***");
    } else if (!(setting->flags & SETTING_SECRET) || text[0] == '\0') {
        strbuf_add_text(out, text);
    } else if (setting->check == config_check_redis_url) {
        add_masked_url(out, text);
    } else {
        strbuf_add_text(out, "***");
    }
}

void setting_add_text(struct strbuf *out, const struct setting *setting,
                      const char *text)
{
    struct strbuf shown = STRBUF_EMPTY;

    add_masked(&shown, setting, text);
    if (setting->type == SETTING_TEXT || setting->type == SETTING_PROPERTIES)
        strbuf_add_json(out, shown.bytes, shown.length);
    else
        strbuf_add(out, shown.bytes, shown.length);
    strbuf_deinit(&shown);
}
