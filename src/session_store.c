#include "session_store.h"

#include "err.h"
#include "hash.h"
#include "mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 64 };

/* ---- blocks ---- */

static char *session_text(const struct session_store *store,
                          struct session *session)
{
    return (char *)session_record(store, session, session->items_room);
}

struct text session_id(const struct session_store *store,
                       struct session *session)
{
    return (struct text){session_text(store, session) + session->tenant_length +
                             session->visitor_length,
                         session->id_length};
}

static size_t block_bytes(const struct session_store *store,
                          const struct session *session)
{
    return offsetof(struct session, records) +
           (size_t)session->items_room * store->stride * 4 +
           session->tenant_length + session->visitor_length +
           session->id_length;
}

struct text session_tenant(const struct session_store *store,
                           struct session *session)
{
    return (struct text){session_text(store, session), session->tenant_length};
}

struct text session_visitor(const struct session_store *store,
                            struct session *session)
{
    return (struct text){session_text(store, session) + session->tenant_length,
                         session->visitor_length};
}

static void copy_text(char *out, struct text text)
{
    if (text.length > 0)
        memcpy(out, text.bytes, text.length);
}

/* A block with the head of `like` but other room and session id; its item
 * records and links are the caller's to fill. */
static struct session *block_new(struct session_store *store,
                                 const struct session *like, uint32_t room,
                                 struct text tenant, struct text visitor,
                                 struct text id)
{
    struct session head = *like, *session;
    char *text;

    head.items_room = (uint16_t)room;
    head.tenant_length = (uint8_t)tenant.length;
    head.visitor_length = (uint8_t)visitor.length;
    head.id_length = (uint8_t)id.length;
    session = mem_new(1, block_bytes(store, &head));
    memcpy(session, &head, offsetof(struct session, records));
    text = session_text(store, session);
    copy_text(text, tenant);
    copy_text(text + tenant.length, visitor);
    copy_text(text + tenant.length + visitor.length, id);
    store->bytes += block_bytes(store, session);
    return session;
}

static void block_free(struct session_store *store, struct session *session)
{
    store->bytes -= block_bytes(store, session);
    free(session);
}

/* ---- the order of arrival ---- */

static void unlink_session(struct session_store *store, struct session *session)
{
    if (session->older != NULL)
        session->older->newer = session->newer;
    else
        store->oldest = session->newer;
    if (session->newer != NULL)
        session->newer->older = session->older;
    else
        store->newest = session->older;
}

static void link_newest(struct session_store *store, struct session *session)
{
    session->older = store->newest;
    session->newer = NULL;
    if (store->newest != NULL)
        store->newest->newer = session;
    else
        store->oldest = session;
    store->newest = session;
}

/* ---- the table by tenant and visitor ---- */

uint32_t session_store_hash(struct text tenant, struct text visitor)
{
    uint64_t seed =
        tenant.length == 0 ? 0 : hash_bytes(tenant.bytes, tenant.length, 0);

    return (uint32_t)hash_bytes(visitor.bytes, visitor.length, seed);
}

static int is_of(const struct session_store *store, struct session *session,
                 struct text tenant, struct text visitor)
{
    const char *text = session_text(store, session);

    return session->tenant_length == tenant.length &&
           session->visitor_length == visitor.length &&
           memcmp(text + tenant.length, visitor.bytes, visitor.length) == 0 &&
           (tenant.length == 0 ||
            memcmp(text, tenant.bytes, tenant.length) == 0);
}

static uint64_t find_slot(const struct session_store *store, uint32_t hash,
                          struct text tenant, struct text visitor)
{
    uint64_t mask = store->slots_count - 1;
    uint64_t at = hash & mask;

    while (store->slots[at] != NULL &&
           (store->slots[at]->hash != hash ||
            !is_of(store, store->slots[at], tenant, visitor)))
        at = (at + 1) & mask;
    return at;
}

static uint64_t slot_of(const struct session_store *store,
                        const struct session *session)
{
    uint64_t at = session->hash & (store->slots_count - 1);

    while (store->slots[at] != session)
        at = (at + 1) & (store->slots_count - 1);
    return at;
}

static void grow_slots(struct session_store *store)
{
    struct session **old = store->slots;
    uint64_t old_count = store->slots_count;
    uint64_t mask = 2 * old_count - 1;

    store->slots_count = 2 * old_count;
    store->slots = mem_new(store->slots_count, sizeof(void *));
    for (uint64_t i = 0; i < old_count; i++) {
        uint64_t at;

        if (old[i] == NULL)
            continue;
        at = old[i]->hash & mask;
        while (store->slots[at] != NULL)
            at = (at + 1) & mask;
        store->slots[at] = old[i];
    }
    free(old);
}

/* As in intern.c: Knuth 6.4, algorithm R. */
static void remove_slot(struct session_store *store, uint64_t at)
{
    uint64_t mask = store->slots_count - 1;
    uint64_t next = (at + 1) & mask;

    for (; store->slots[next] != NULL; next = (next + 1) & mask) {
        uint64_t home = store->slots[next]->hash;

        if (((next - home) & mask) >= ((next - at) & mask)) {
            store->slots[at] = store->slots[next];
            at = next;
        }
    }
    store->slots[at] = NULL;
}

/* ---- the module's face ---- */

void session_store_init(struct session_store *store, uint32_t sets)
{
    *store = (struct session_store){.sets = sets, .slots_count = SLOTS_MIN};
    store->stride = (4 + 4 * sets + 2 * sets + 1 + 3) / 4;
    store->slots = mem_new(SLOTS_MIN, sizeof(void *));
}

void session_store_deinit(struct session_store *store)
{
    while (store->oldest != NULL)
        session_store_remove(store, store->oldest);
    free(store->slots);
    store->slots = NULL;
}

struct session *session_store_find(const struct session_store *store,
                                   uint32_t hash, struct text tenant,
                                   struct text visitor)
{
    return store->slots[find_slot(store, hash, tenant, visitor)];
}

void session_store_ask(const struct session_store *store, uint32_t hash)
{
    __builtin_prefetch(&store->slots[hash & (store->slots_count - 1)]);
}

void session_store_ask_block(const struct session_store *store, uint32_t hash)
{
    const char *block =
        (const char *)store->slots[hash & (store->slots_count - 1)];

    if (block == NULL)
        return;
    __builtin_prefetch(block, 1);
    __builtin_prefetch(block + 64, 1);
    __builtin_prefetch(block + 128, 1);
}

struct session *session_store_add(struct session_store *store, uint32_t hash,
                                  struct text tenant, struct text visitor,
                                  struct text id)
{
    struct session head = {.hash = hash};
    struct session *session;

    if (4 * (store->count + 1) > 3 * store->slots_count)
        grow_slots(store);
    session = block_new(store, &head, 1, tenant, visitor, id);
    store->slots[find_slot(store, hash, tenant, visitor)] = session;
    link_newest(store, session);
    store->count++;
    return session;
}

void session_store_remove(struct session_store *store, struct session *session)
{
    remove_slot(store, slot_of(store, session));
    unlink_session(store, session);
    store->count--;
    block_free(store, session);
}

void session_store_touch(struct session_store *store, struct session *session)
{
    unlink_session(store, session);
    link_newest(store, session);
}

struct session *session_store_rebuild(struct session_store *store,
                                      struct session *old, uint32_t room,
                                      struct text id)
{
    struct session *session =
        block_new(store, old, room, session_tenant(store, old),
                  session_visitor(store, old), id);

    memcpy(session->records, old->records,
           (size_t)old->items_count * store->stride * 4);
    store->slots[slot_of(store, old)] = session;
    if (old->older != NULL)
        old->older->newer = session;
    else
        store->oldest = session;
    if (old->newer != NULL)
        old->newer->older = session;
    else
        store->newest = session;
    block_free(store, old);
    return session;
}

static int compare_arrivals(const void *a, const void *b)
{
    int64_t left = session_arrival(*(struct session *const *)a);
    int64_t right = session_arrival(*(struct session *const *)b);

    return left < right ? -1 : left > right;
}

void session_store_sort(struct session_store *store)
{
    struct session **all = mem_new(store->count, sizeof(void *));
    uint64_t count = 0;

    for (struct session *one = store->oldest; one != NULL; one = one->newer)
        all[count++] = one;
    qsort(all, count, sizeof(void *), compare_arrivals);
    store->oldest = store->newest = NULL;
    for (uint64_t i = 0; i < count; i++)
        link_newest(store, all[i]);
    free(all);
}

uint64_t session_store_bytes(const struct session_store *store)
{
    return store->bytes + store->slots_count * sizeof(void *);
}

void session_store_check(const struct session_store *store)
{
    uint64_t count = 0, bytes = 0;
    const struct session *older = NULL;

    for (struct session *session = store->oldest; session != NULL;
         session = session->newer) {
        ASSERT(session->older == older);
        ASSERT(store->slots[slot_of(store, session)] == session);
        ASSERT(session->visitor_length > 0);
        ASSERT(session->items_count <= session->items_room);
        bytes += block_bytes(store, session);
        older = session;
        count++;
    }
    ASSERT(older == store->newest);
    ASSERT(count == store->count && bytes == store->bytes);
}
