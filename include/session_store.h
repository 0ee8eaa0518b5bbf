/* session_store: where the open sessions of a partition are kept: compact
 * blocks, a table by (tenant, visitor), and the order of arrival.
 *
 * One allocation a session:
 *
 *     | struct session | items_room item records | tenant visitor session id |
 *
 * Items stand in the order of their latest event's arrival. An item record is
 * 4-byte words: the item, the fine pane (modulo 2^32) in which each set's
 * membership began, then 16-bit arrival numbers of those begins, then the
 * actions: 24 bytes with the three default sets. */
#ifndef TERKAIT_SESSION_STORE_H
#define TERKAIT_SESSION_STORE_H

#include "event.h"

#include <stdint.h>

struct session {
    struct session *older; /* in the order of arrival */
    struct session *newer;
    int64_t last_ts_ms;
    uint32_t hash;
    uint32_t arrival_low; /* 48 bits in two parts: session_arrival */
    uint16_t arrival_high;
    uint16_t items_count;
    uint16_t items_room;
    uint16_t sequence; /* of the latest begin of a membership */
    uint8_t counted; /* sets that N has counted this session for, a bit each */
    uint8_t tenant_length;
    uint8_t visitor_length;
    uint8_t id_length;
    uint32_t records[];
};

struct session_store {
    uint32_t sets;          /* memberships in an item record */
    uint32_t stride;        /* words of an item record */
    struct session **slots; /* owned; open addressing, a power of two */
    uint64_t slots_count;
    uint64_t count;
    struct session *oldest;
    struct session *newest;
    uint64_t bytes; /* of all blocks */
};

void session_store_init(struct session_store *store, uint32_t sets);

/* Frees all sessions; whatever their records name is the caller's affair. */
void session_store_deinit(struct session_store *store);

/* NULL when the visitor has none. `hash` is session_store_hash's. */
struct session *session_store_find(const struct session_store *store,
                                   uint32_t hash, struct text tenant,
                                   struct text visitor);
uint32_t session_store_hash(struct text tenant, struct text visitor);

/* It will be looked for soon: asks for its slot, then for its block. */
void session_store_ask(const struct session_store *store, uint32_t hash);
void session_store_ask_block(const struct session_store *store, uint32_t hash);

/* A new, empty session at the new end; the visitor has none. */
struct session *session_store_add(struct session_store *store, uint32_t hash,
                                  struct text tenant, struct text visitor,
                                  struct text id);
void session_store_remove(struct session_store *store, struct session *session);

/* The offset of the session's latest event; rising along the order. */
#define SESSION_ARRIVAL_END (INT64_C(1) << 48)

static inline int64_t session_arrival(const struct session *session)
{
    return (int64_t)session->arrival_high << 32 | session->arrival_low;
}

static inline void session_set_arrival(struct session *session, int64_t arrival)
{
    session->arrival_low = (uint32_t)arrival;
    session->arrival_high = (uint16_t)(arrival >> 32);
}

/* Brings the order of all sessions in line with their arrivals. */
void session_store_sort(struct session_store *store);

/* Moves the session to the new end of the order. */
void session_store_touch(struct session_store *store, struct session *session);

/* Moves the session to a block with other room or session id; the old pointer
 * is dead. */
struct session *session_store_rebuild(struct session_store *store,
                                      struct session *session, uint32_t room,
                                      struct text id);

struct text session_tenant(const struct session_store *store,
                           struct session *session);
struct text session_visitor(const struct session_store *store,
                            struct session *session);
struct text session_id(const struct session_store *store,
                       struct session *session);

uint64_t session_store_bytes(const struct session_store *store);
void session_store_check(const struct session_store *store);

/* ---- item records ---- */

static inline uint32_t *session_record(const struct session_store *store,
                                       struct session *session, uint32_t index)
{
    return session->records + (uint64_t)index * store->stride;
}

static inline uint16_t *record_orders(const struct session_store *store,
                                      uint32_t *record)
{
    return (uint16_t *)(record + 1 + store->sets);
}

static inline uint8_t *record_actions(const struct session_store *store,
                                      uint32_t *record)
{
    return (uint8_t *)(record_orders(store, record) + store->sets);
}

#endif
