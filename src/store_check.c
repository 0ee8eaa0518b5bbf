#include "store_check.h"

#include "strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_LEAST = 6, GROUPS_ASKED = 256, PARTITIONS_ASKED = 64 };

/* The value of "name:value\r\n" in what INFO says; empty: it does not say. */
static struct text find_value(struct text info, const char *name)
{
    size_t length = strlen(name);
    const char *at = info.bytes, *end = info.bytes + info.length;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line_end != NULL ? line_end : end;

        if ((size_t)(stop - at) > length && memcmp(at, name, length) == 0 &&
            at[length] == ':') {
            at += length + 1;
            if (stop > at && stop[-1] == '\r')
                stop--;
            return (struct text){at, (uint32_t)(stop - at)};
        }
        at = stop + 1;
    }
    return (struct text){"", 0};
}

static int begins_with(struct text text, const char *word)
{
    size_t length = strlen(word);

    return text.length >= length && memcmp(text.bytes, word, length) == 0;
}

/* The first warning wins in a struct err; here each is added. */
static void warn(struct err *warning, const char *words)
{
    size_t length = strlen(warning->text);

    snprintf(warning->text + length, sizeof warning->text - length, "%s%s",
             length > 0 ? "; " : "", words);
}

static int check_version(struct text info, struct err *warning, struct err *err)
{
    struct text version = find_value(info, "redis_version");

    if (version.length == 0) {
        warn(warning, "Redis does not tell its version (6.0 is needed)");
        return 0;
    }
    if (strtol(version.bytes, NULL, 10) >= VERSION_LEAST)
        return 0;
    return err_set(err, "Redis is %.*s, at least %d.0 is needed",
                   (int)version.length, version.bytes, VERSION_LEAST);
}

static int check_eviction(struct text info, struct err *warning,
                          struct err *err)
{
    struct text policy = find_value(info, "maxmemory_policy");

    if (policy.length == 0)
        warn(warning, "Redis does not tell its maxmemory-policy (an allkeys-* "
                      "one would delete state)");
    if (!begins_with(policy, "allkeys-"))
        return 0;
    return err_set(err,
                   "Redis has maxmemory-policy %.*s and so may delete state "
                   "at any time; noeviction or a volatile-* one is needed",
                   (int)policy.length, policy.bytes);
}

static void check_aof(struct text info, struct err *warning)
{
    struct text aof = find_value(info, "aof_enabled");

    if (aof.length == 0)
        warn(warning, "Redis does not tell whether it keeps an append-only "
                      "file");
    else if (aof.bytes[0] == '0')
        warn(warning,
             "Redis keeps no append-only file (appendonly no): what it had not "
             "saved is lost when it ends");
}

static int check_info(struct text info, struct err *warning, struct err *err)
{
    if (check_version(info, warning, err) != 0 ||
        check_eviction(info, warning, err) != 0)
        return -1;
    check_aof(info, warning);
    return 0;
}

int store_check(struct redis *redis, struct err *warning, int64_t timeout_ms,
                struct err *err)
{
    static const struct text words[] = {{"INFO", 4}};
    struct redis_reply *reply;
    struct text said;
    int result = 0;

    *warning = ERR_NONE;
    if (redis_ask(redis, &reply, words, 1, timeout_ms, err) != 0)
        return -1;
    said = redis_reply_text(reply);
    if (redis_reply_kind(reply) == REDIS_ERROR)
        err_set(warning,
                "Redis does not tell its version, maxmemory-policy and "
                "whether it keeps an append-only file: %.*s",
                (int)said.length, said.bytes);
    else
        result = check_info(said, warning, err);
    redis_reply_free(reply);
    return result;
}

/* Whether a prefix is used. */

static void add_heads(struct text *words, struct strbuf *bytes,
                      const char *prefix)
{
    size_t starts[GROUPS_ASKED + PARTITIONS_ASKED + 1];

    for (int i = 0; i < GROUPS_ASKED + PARTITIONS_ASKED; i++) {
        starts[i] = bytes->length;
        if (i < GROUPS_ASKED)
            strbuf_add_format(bytes, "%sstate:{g%d}:head", prefix, i);
        else
            strbuf_add_format(bytes, "%sstate:{p%d}:token", prefix,
                              i - GROUPS_ASKED);
    }
    starts[GROUPS_ASKED + PARTITIONS_ASKED] = bytes->length;
    for (int i = 0; i < GROUPS_ASKED + PARTITIONS_ASKED; i++)
        words[i] = (struct text){bytes->bytes + starts[i],
                                 (uint32_t)(starts[i + 1] - starts[i])};
}

int store_is_used(struct redis *redis, const char *prefix, int64_t timeout_ms,
                  struct err *err)
{
    struct text words[1 + GROUPS_ASKED + PARTITIONS_ASKED] = {{"EXISTS", 6}};
    struct strbuf bytes = STRBUF_EMPTY;
    struct redis_reply *reply;
    struct text said;
    int result;

    add_heads(words + 1, &bytes, prefix);
    result = redis_ask(redis, &reply, words, sizeof words / sizeof *words,
                       timeout_ms, err);
    strbuf_deinit(&bytes);
    if (result != 0)
        return -1;
    said = redis_reply_text(reply);
    if (redis_reply_kind(reply) == REDIS_NUMBER)
        result = redis_reply_number(reply) > 0;
    else
        result = err_set(err, "Redis: %.*s", (int)said.length, said.bytes);
    redis_reply_free(reply);
    return result;
}
