/* sink_memory: keys in a table of chains that doubles when it is full. */
#include "sink_memory.h"

#include "err.h"
#include "hash.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_LEAST = 64 };

struct entry {
    struct entry *next; /* in its bucket */
    char *key;          /* owned */
    uint32_t key_length;
    char *value; /* owned; NULL: a sorted set */
    uint32_t value_length;
    uint32_t count;
    struct sink_member *members; /* owned, with their ids behind */
    int64_t expires_ms;
};

struct sink_memory {
    struct entry **buckets; /* owned; `capacity` is a power of two */
    size_t capacity;
    size_t used;
    int64_t now_ms;
    uint64_t generation;
    uint32_t room;
    int is_away;
    struct sink_memory_stats stats;
};

static int same_text(struct text a, struct text b)
{
    return a.length == b.length &&
           (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static struct text key_of(const struct entry *entry)
{
    return (struct text){entry->key, entry->key_length};
}

/* The table. */

static struct entry **bucket_of(const struct sink_memory *sink, struct text key)
{
    uint64_t hash = hash_bytes(key.bytes, key.length, 0);

    return &sink->buckets[hash & (sink->capacity - 1)];
}

/* Where the entry hangs, or would: *result is NULL then. */
static struct entry **find(const struct sink_memory *sink, struct text key)
{
    struct entry **at = bucket_of(sink, key);

    while (*at != NULL && !same_text(key_of(*at), key))
        at = &(*at)->next;
    return at;
}

static void grow(struct sink_memory *sink)
{
    struct entry **former = sink->buckets;
    size_t count = sink->capacity;

    sink->capacity *= 2;
    sink->buckets = mem_new(sink->capacity, sizeof(struct entry *));
    for (size_t i = 0; i < count; i++) {
        struct entry *next;

        for (struct entry *entry = former[i]; entry != NULL; entry = next) {
            struct entry **bucket = bucket_of(sink, key_of(entry));

            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(former);
}

static void entry_clear(struct entry *entry)
{
    free(entry->value);
    free(entry->members);
    entry->value = NULL;
    entry->members = NULL;
    entry->value_length = 0;
    entry->count = 0;
}

static struct entry *find_or_make(struct sink_memory *sink, struct text key)
{
    struct entry **at = find(sink, key);
    struct entry *entry = *at;

    if (entry != NULL)
        return entry;
    if (sink->used == sink->capacity) {
        grow(sink);
        at = find(sink, key);
    }
    entry = *at = mem_new(1, sizeof *entry);
    entry->key = mem_dup(key.bytes, key.length);
    entry->key_length = key.length;
    sink->used++;
    return entry;
}

static void drop(struct sink_memory *sink, struct entry **at)
{
    struct entry *entry = *at;

    *at = entry->next;
    entry_clear(entry);
    free(entry->key);
    free(entry);
    sink->used--;
}

/* Sorted sets. */

static int compare_members(const void *left, const void *right)
{
    const struct sink_member *a = left, *b = right;

    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return text_compare(a->id, b->id);
}

static struct sink_member *copy_members(const struct sink_member *members,
                                        uint32_t count)
{
    size_t bytes = 0;
    struct sink_member *copy;
    char *ids;

    for (uint32_t i = 0; i < count; i++)
        bytes += members[i].id.length;
    copy = mem_new(1, count * sizeof *copy + bytes);
    ids = (char *)(copy + count);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(ids, members[i].id.bytes, members[i].id.length);
        copy[i].id = (struct text){ids, members[i].id.length};
        copy[i].count = members[i].count;
        ids += members[i].id.length;
    }
    qsort(copy, count, sizeof *copy, compare_members);
    return copy;
}

static const struct sink_member *find_member(const struct entry *entry,
                                             struct text id)
{
    for (uint32_t i = 0; i < entry->count; i++)
        if (same_text(entry->members[i].id, id))
            return &entry->members[i];
    return NULL;
}

static void note_difference(struct sink_memory *sink, const struct entry *entry,
                            const struct sink_member *members, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct sink_member *known = find_member(entry, members[i].id);

        kept += known != NULL;
        sink->stats.members_set +=
            known == NULL || known->count != members[i].count;
    }
    sink->stats.members_cut += entry->count - kept;
}

/* The seam. */

static uint32_t room(void *self)
{
    const struct sink_memory *sink = self;

    return sink->is_away ? 0 : sink->room;
}

static uint64_t generation(void *self)
{
    return ((const struct sink_memory *)self)->generation;
}

/* Counts a call; 0 when it is lost. */
static int admit(struct sink_memory *sink)
{
    if (sink->is_away) {
        sink->stats.lost++;
        return 0;
    }
    if (sink->room == 0)
        sink->stats.over_room++;
    else if (sink->room != UINT32_MAX)
        sink->room--;
    return 1;
}

static void put(void *self, struct text key, struct text value, int64_t ttl_ms)
{
    struct sink_memory *sink = self;
    struct entry *entry;

    if (!admit(sink))
        return;
    sink->stats.puts++;
    entry = find_or_make(sink, key);
    entry_clear(entry);
    entry->value = mem_dup(value.bytes, value.length);
    entry->value_length = value.length;
    entry->expires_ms = sink->now_ms + ttl_ms;
}

static void put_counts(void *self, struct text key,
                       const struct sink_member *members, uint32_t count,
                       int64_t ttl_ms)
{
    struct sink_memory *sink = self;
    struct entry *entry;

    if (!admit(sink))
        return;
    sink->stats.put_counts++;
    entry = find_or_make(sink, key);
    note_difference(sink, entry, members, count);
    entry_clear(entry);
    entry->expires_ms = sink->now_ms + ttl_ms;
    entry->count = count;
    if (count == 0)
        drop(sink, find(sink, key));
    else
        entry->members = copy_members(members, count);
}

static void expire(void *self, struct text key, int64_t ttl_ms)
{
    struct sink_memory *sink = self;
    struct entry *entry = *find(sink, key);

    if (!admit(sink))
        return;
    sink->stats.expires++;
    if (entry != NULL)
        entry->expires_ms = sink->now_ms + ttl_ms;
}

static void remove_key(void *self, struct text key)
{
    struct sink_memory *sink = self;
    struct entry **at = find(sink, key);

    if (!admit(sink))
        return;
    sink->stats.removes++;
    if (*at != NULL)
        drop(sink, at);
}

struct sink_memory *sink_memory_new(struct sink *sink)
{
    struct sink_memory *self = mem_new(1, sizeof *self);

    self->capacity = BUCKETS_LEAST;
    self->buckets = mem_new(BUCKETS_LEAST, sizeof(struct entry *));
    self->generation = 1;
    self->room = UINT32_MAX;
    *sink = (struct sink){.self = self,
                          .room = room,
                          .generation = generation,
                          .put = put,
                          .put_counts = put_counts,
                          .expire = expire,
                          .remove = remove_key};
    return self;
}

/* Drops what expires by `now_ms`. */
static void drop_expired(struct sink_memory *sink, int64_t now_ms)
{
    for (size_t i = 0; i < sink->capacity; i++) {
        struct entry **at = &sink->buckets[i];

        while (*at != NULL) {
            if ((*at)->expires_ms <= now_ms)
                drop(sink, at);
            else
                at = &(*at)->next;
        }
    }
}

void sink_memory_clear(struct sink_memory *sink)
{
    drop_expired(sink, INT64_MAX);
}

void sink_memory_free(struct sink_memory *sink)
{
    if (sink == NULL)
        return;
    sink_memory_clear(sink);
    free(sink->buckets);
    free(sink);
}

void sink_memory_advance(struct sink_memory *sink, int64_t now_ms)
{
    ASSERT(now_ms >= sink->now_ms);
    sink->now_ms = now_ms;
    drop_expired(sink, now_ms);
}

void sink_memory_set_away(struct sink_memory *sink, int is_away)
{
    if (sink->is_away && !is_away)
        sink->generation++;
    sink->is_away = is_away;
}

void sink_memory_bump(struct sink_memory *sink)
{
    sink->generation++;
}

void sink_memory_set_room(struct sink_memory *sink, uint32_t calls)
{
    sink->room = calls;
}

int sink_memory_get(const struct sink_memory *sink, struct text *value,
                    struct text key)
{
    const struct entry *entry = *find(sink, key);

    if (entry == NULL || entry->value == NULL)
        return 0;
    *value = (struct text){entry->value, entry->value_length};
    return 1;
}

uint32_t sink_memory_counts(const struct sink_memory *sink,
                            const struct sink_member **members, struct text key)
{
    const struct entry *entry = *find(sink, key);

    *members = entry != NULL ? entry->members : NULL;
    return entry != NULL ? entry->count : 0;
}

int64_t sink_memory_ttl_ms(const struct sink_memory *sink, struct text key)
{
    const struct entry *entry = *find(sink, key);

    return entry != NULL ? entry->expires_ms - sink->now_ms : -1;
}

static int compare_keys(const void *left, const void *right)
{
    return text_compare(*(const struct text *)left,
                        *(const struct text *)right);
}

void sink_memory_each(const struct sink_memory *sink, sink_memory_visit *visit,
                      void *context)
{
    struct text *keys = mem_new(sink->used, sizeof *keys);
    size_t count = 0;

    for (size_t i = 0; i < sink->capacity; i++)
        for (const struct entry *entry = sink->buckets[i]; entry != NULL;
             entry = entry->next)
            keys[count++] = key_of(entry);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++)
        visit(context, keys[i]);
    free(keys);
}

size_t sink_memory_keys(const struct sink_memory *sink)
{
    return sink->used;
}

const struct sink_memory_stats *
sink_memory_stats(const struct sink_memory *sink)
{
    return &sink->stats;
}
