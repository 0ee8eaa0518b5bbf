/* lookup: what terkait published, read back from Redis as an ad slot reads it,
 * for the commands that show it to a person. */
#ifndef TERKAIT_LOOKUP_H
#define TERKAIT_LOOKUP_H

#include "config.h"
#include "redis.h"

struct json_t;

struct lookup_entry {
    struct text id;
    struct text tenant; /* of hot items; else empty */
    double score;
    uint64_t count;
};

/* What stands at one key. */
struct lookup_list {
    int is_there;
    int is_partial;
    int64_t as_of_ms;
    uint64_t support;
    uint32_t count;
    struct lookup_entry *entries; /* owned; their ids are the document's */
    struct json_t *document;      /* owned */
};

/* Takes the JSON of a list. -1 when it is none of ours. */
int lookup_parse(struct lookup_list *list, struct text json,
                 struct err *err) MUST_CHECK;

/* Takes the hot items of the stats hash: `score` is how often a second. */
int lookup_parse_hot(struct lookup_list *list, struct text json,
                     struct err *err) MUST_CHECK;
void lookup_list_deinit(struct lookup_list *list);

/* The place of an id in the list, from 0; -1 when it is not in it. */
int lookup_find(const struct lookup_list *list, struct text id);

struct lookup_slot {
    uint32_t relation; /* index in the settings */
    uint32_t window;
    struct strbuf key;
    struct lookup_list list;
};

struct lookup {
    uint32_t count;
    struct lookup_slot at[RELATIONS_MAX * WINDOWS_MAX];
};

/* How long a person waits for Redis. */
enum { LOOKUP_TIMEOUT_MS = 5000 };

/* An item's lists by one MGET, relation by relation, window by window in the
 * order of the settings. `relation` and `window` are names that pick one each;
 * NULL: all. On -1 there is nothing to deinit. */
int lookup_related(struct lookup *lookup, struct redis *redis,
                   const struct config *config, struct text tenant,
                   struct text item, const char *relation, const char *window,
                   struct err *err) MUST_CHECK;

/* The popular lists of a tenant, window by window. */
int lookup_popular(struct lookup *lookup, struct redis *redis,
                   const struct config *config, struct text tenant,
                   struct err *err) MUST_CHECK;
void lookup_deinit(struct lookup *lookup);

/* How many of them are there. */
uint32_t lookup_found(const struct lookup *lookup);

/* redis_ask() in which an error reply is an error too. */
int lookup_ask(struct redis *redis, struct redis_reply **reply,
               const struct text *arguments, size_t count,
               struct err *err) MUST_CHECK;

#endif
