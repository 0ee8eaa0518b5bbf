#include "lookup.h"

#include "key.h"
#include "mem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void lookup_list_deinit(struct lookup_list *list)
{
    json_decref(list->document);
    free(list->entries);
    *list = (struct lookup_list){0};
}

static struct text string_text(const json_t *string)
{
    return (struct text){json_string_value(string),
                         (uint32_t)json_string_length(string)};
}

static int take_entry(struct lookup_entry *entry, const json_t *value)
{
    const json_t *id = json_object_get(value, "id");
    const json_t *score = json_object_get(value, "score");
    const json_t *count = json_object_get(value, "count");

    if (!json_is_string(id) || !json_is_number(score) ||
        !json_is_integer(count))
        return -1;
    entry->id = string_text(id);
    entry->score = json_number_value(score);
    entry->count = (uint64_t)json_integer_value(count);
    return 0;
}

static int take_document(struct lookup_list *list, const json_t *root)
{
    const json_t *items = json_object_get(root, "items");
    const json_t *as_of = json_object_get(root, "as_of");
    const json_t *support = json_object_get(root, "support");
    size_t count = json_array_size(items);

    if (json_integer_value(json_object_get(root, "v")) != 1 ||
        !json_is_array(items) || !json_is_integer(as_of) ||
        !json_is_integer(support) || count > LIST_ITEMS_MAX)
        return -1;
    list->as_of_ms = json_integer_value(as_of);
    list->support = (uint64_t)json_integer_value(support);
    list->is_partial = json_is_true(json_object_get(root, "partial"));
    list->entries = mem_new(count, sizeof *list->entries);
    for (; list->count < count; list->count++)
        if (take_entry(&list->entries[list->count],
                       json_array_get(items, list->count)) != 0)
            return -1;
    list->is_there = 1;
    return 0;
}

int lookup_parse(struct lookup_list *list, struct text json, struct err *err)
{
    json_error_t where;

    *list = (struct lookup_list){0};
    list->document = json_loadb(json.bytes, json.length, 0, &where);
    if (list->document != NULL && take_document(list, list->document) == 0)
        return 0;
    lookup_list_deinit(list);
    return err_set(err, "what stands there is no list of version 1");
}

static int take_hot(struct lookup_list *list, const json_t *root)
{
    size_t count = json_array_size(root);

    if (!json_is_array(root) || count > LIST_ITEMS_MAX)
        return -1;
    list->entries = mem_new(count, sizeof *list->entries);
    for (; list->count < count; list->count++) {
        const json_t *one = json_array_get(root, list->count);
        const json_t *item = json_object_get(one, "item");
        const json_t *rate = json_object_get(one, "per_second");

        if (!json_is_string(item) || !json_is_number(rate))
            return -1;
        list->entries[list->count] = (struct lookup_entry){
            .id = string_text(item),
            .tenant = string_text(json_object_get(one, "tenant")),
            .score = json_number_value(rate),
        };
    }
    list->is_there = 1;
    return 0;
}

int lookup_parse_hot(struct lookup_list *list, struct text json,
                     struct err *err)
{
    json_error_t where;

    *list = (struct lookup_list){0};
    list->document = json_loadb(json.bytes, json.length, 0, &where);
    if (list->document != NULL && take_hot(list, list->document) == 0)
        return 0;
    lookup_list_deinit(list);
    return err_set(err, "what stands there are no hot items");
}

int lookup_find(const struct lookup_list *list, struct text id)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->entries[i].id.length == id.length &&
            memcmp(list->entries[i].id.bytes, id.bytes, id.length) == 0)
            return (int)i;
    return -1;
}

int lookup_ask(struct redis *redis, struct redis_reply **reply,
               const struct text *arguments, size_t count, struct err *err)
{
    if (redis_ask(redis, reply, arguments, count, LOOKUP_TIMEOUT_MS, err) != 0)
        return -1;
    if (redis_reply_kind(*reply) != REDIS_ERROR)
        return 0;
    err_set(err, "Redis refuses %.*s: %s", (int)arguments[0].length,
            arguments[0].bytes, redis_reply_text(*reply).bytes);
    redis_reply_free(*reply);
    *reply = NULL;
    return -1;
}

static int take_replies(struct lookup *lookup, const struct redis_reply *reply,
                        struct err *err)
{
    for (uint32_t i = 0; i < lookup->count; i++) {
        const struct redis_reply *one = redis_reply_at(reply, i);
        struct lookup_slot *slot = &lookup->at[i];

        if (redis_reply_kind(one) == REDIS_TEXT &&
            lookup_parse(&slot->list, redis_reply_text(one), err) != 0)
            return err_where(err, "%s", slot->key.bytes);
    }
    return 0;
}

/* By one MGET, whatever the keys are; deinits on failure. */
static int read_slots(struct lookup *lookup, struct redis *redis,
                      struct err *err)
{
    struct text arguments[1 + RELATIONS_MAX * WINDOWS_MAX] = {{"MGET", 4}};
    struct redis_reply *reply = NULL;
    int result;

    for (uint32_t i = 0; i < lookup->count; i++)
        arguments[i + 1] = (struct text){lookup->at[i].key.bytes,
                                         (uint32_t)lookup->at[i].key.length};
    result = lookup_ask(redis, &reply, arguments, lookup->count + 1, err);
    if (result == 0)
        result = take_replies(lookup, reply, err);
    redis_reply_free(reply);
    if (result != 0)
        lookup_deinit(lookup);
    return result;
}

static struct lookup_slot *add_slot(struct lookup *lookup, uint32_t relation,
                                    uint32_t window)
{
    struct lookup_slot *slot = &lookup->at[lookup->count++];

    *slot = (struct lookup_slot){.relation = relation, .window = window};
    return slot;
}

static int is_picked(const char *picked, const char *name)
{
    return picked == NULL || strcmp(picked, name) == 0;
}

int lookup_related(struct lookup *lookup, struct redis *redis,
                   const struct config *config, struct text tenant,
                   struct text item, const char *relation, const char *window,
                   struct err *err)
{
    const struct relations *relations = &config->engine.relations;
    const struct windows *windows = &config->engine.windows;

    lookup->count = 0;
    for (uint32_t r = 0; r < relations->count; r++)
        for (uint32_t w = 0; w < windows->count; w++)
            if (is_picked(relation, relations->at[r].name) &&
                is_picked(window, windows->at[w].name))
                key_add_related(&add_slot(lookup, r, w)->key,
                                config->redis.prefix, tenant, item,
                                relations->at[r].name, windows->at[w].name);
    return read_slots(lookup, redis, err);
}

int lookup_popular(struct lookup *lookup, struct redis *redis,
                   const struct config *config, struct text tenant,
                   struct err *err)
{
    const struct windows *windows = &config->engine.windows;

    lookup->count = 0;
    for (uint32_t w = 0; w < windows->count; w++)
        key_add_popular(&add_slot(lookup, 0, w)->key, config->redis.prefix,
                        tenant, windows->at[w].name, (struct text){"", 0});
    return read_slots(lookup, redis, err);
}

void lookup_deinit(struct lookup *lookup)
{
    for (uint32_t i = 0; i < lookup->count; i++) {
        strbuf_deinit(&lookup->at[i].key);
        lookup_list_deinit(&lookup->at[i].list);
    }
    lookup->count = 0;
}

uint32_t lookup_found(const struct lookup *lookup)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < lookup->count; i++)
        found += lookup->at[i].list.is_there != 0;
    return found;
}
