#include "session.h"

#include "err.h"
#include "mem.h"
#include "membership.h"
#include "mutant.h"
#include "session_body.h"
#include "session_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- coming and going ---- */

static void let_go(struct sessions *sessions, uint32_t item)
{
    if (sessions->leaving_count == sessions->leaving_room) {
        sessions->leaving_room = 2 * sessions->leaving_room + 64;
        sessions->leaving = mem_resize(
            sessions->leaving, sessions->leaving_room, sizeof(uint32_t));
    }
    sessions->leaving[sessions->leaving_count++] = item;
}

void sessions_drop_leaving(struct sessions *sessions)
{
    for (uint32_t i = 0; i < sessions->leaving_count; i++)
        intern_drop(sessions->items, sessions->leaving[i]);
    sessions->leaving_count = 0;
}

/* Before anything of it changes. */
static void spare(struct sessions *sessions, struct session *session)
{
    if (sessions->cutting.next != NULL)
        sessions_spill(sessions, session);
}

void sessions_forget(struct sessions *sessions, struct session *session)
{
    spare(sessions, session);
    for (uint32_t i = 0; i < session->items_count; i++)
        let_go(sessions, session_record(&sessions->store, session, i)[0]);
    session_store_remove(&sessions->store, session);
}

/* Makes room for one more session. */
static void forget_old(struct sessions *sessions)
{
    const struct session_rules *rules = sessions->rules;
    int64_t bound = sessions->partition_time_ms - rules->lateness_ms;
    struct session_store *store = &sessions->store;

    if (MUTANT(FORGOTTEN_EARLY))
        bound = sessions->partition_time_ms;
    while (store->oldest != NULL &&
           store->oldest->last_ts_ms + rules->gap_ms < bound)
        sessions_forget(sessions, store->oldest);
    if (store->count >= rules->open_max) {
        sessions_forget(sessions, store->oldest);
        sessions->stats.forgotten_full++;
    }
}

static int starts_anew(const struct sessions *sessions, struct session *session,
                       const struct event *event)
{
    struct text id = session_id(&sessions->store, session);

    if (event->ts_ms > session->last_ts_ms + sessions->rules->gap_ms)
        return 1;
    return event->session.length > 0 && id.length > 0 &&
           (id.length != event->session.length ||
            memcmp(id.bytes, event->session.bytes, id.length) != 0);
}

/* The session the event joins, at the new end of the order. */
static struct session *join(struct sessions *sessions,
                            const struct event *event, int64_t offset)
{
    struct session_store *store = &sessions->store;
    uint32_t hash = session_store_hash(event->tenant, event->visitor);
    struct session *session =
        session_store_find(store, hash, event->tenant, event->visitor);

    if (session != NULL && starts_anew(sessions, session, event)) {
        sessions_forget(sessions, session);
        session = NULL;
    }
    if (session == NULL) {
        forget_old(sessions);
        sessions->stats.opened++;
        session = session_store_add(store, hash, event->tenant, event->visitor,
                                    event->session);
        session->last_ts_ms = event->ts_ms;
        session_set_arrival(session, offset);
        return session;
    }
    spare(sessions, session);
    if (session->id_length == 0 && event->session.length > 0)
        session = session_store_rebuild(store, session, session->items_room,
                                        event->session);
    session_store_touch(store, session);
    session_set_arrival(session, offset);
    if (event->ts_ms > session->last_ts_ms)
        session->last_ts_ms = event->ts_ms;
    return session;
}

/* ---- one entry of an event ---- */

static void push_out_oldest(struct sessions *sessions, struct session *session)
{
    struct session_store *store = &sessions->store;

    let_go(sessions, session_record(store, session, 0)[0]);
    session->items_count--;
    memmove(session->records, session_record(store, session, 1),
            (size_t)session->items_count * store->stride * 4);
    sessions->stats.pushed_out++;
}

/* Most sessions that go on see three items. */
static uint32_t next_room(uint32_t room)
{
    return room < 3 ? 3 : room + 1 + room / 4;
}

/* Puts a new item at the new end; the session holds it from now on. */
static struct session *add_item(struct sessions *sessions,
                                struct session *session, uint32_t item)
{
    struct session_store *store = &sessions->store;
    uint32_t *record;

    if (session->items_count == sessions->rules->items_max)
        push_out_oldest(sessions, session);
    if (session->items_count == session->items_room)
        session = session_store_rebuild(store, session,
                                        next_room(session->items_room),
                                        session_id(store, session));
    record = session_record(store, session, session->items_count++);
    memset(record, 0, (size_t)store->stride * 4);
    record[0] = item;
    return session;
}

/* One above the item's index; 0 when it is not there. */
static uint32_t find_item(const struct session_store *store,
                          struct session *session, uint32_t item)
{
    uint32_t index = session->items_count;

    while (index > 0 && session_record(store, session, index - 1)[0] != item)
        index--;
    return index;
}

static void move_to_end(const struct session_store *store,
                        struct session *session, uint32_t index)
{
    uint32_t held[2 + 2 * SETS_MAX];
    size_t bytes = (size_t)store->stride * 4;
    uint32_t last = session->items_count - 1u;

    ASSERT(bytes <= sizeof held);
    if (index == last)
        return;
    memcpy(held, session_record(store, session, index), bytes);
    memmove(session_record(store, session, index),
            session_record(store, session, index + 1), (last - index) * bytes);
    memcpy(session_record(store, session, last), held, bytes);
}

/* A session's first member of a set: one more session for N. */
static void count_session(struct sessions *sessions, struct session *session,
                          struct contributions *out, uint8_t begins,
                          int64_t fine_pane)
{
    struct text tenant = session_tenant(&sessions->store, session);
    uint8_t news = begins & sessions->from_sets & (uint8_t)~session->counted;
    uint32_t row;

    if (news == 0)
        return;
    session->counted |= news;
    row = intern_hold(sessions->items, tenant, (struct text){"", 0});
    let_go(sessions, row);
    for (uint32_t set = 0; set < sessions->relations->sets_count; set++)
        if (news >> set & 1)
            contributions_add(
                out, (struct contribution){row, 0, (uint8_t)set, 1, fine_pane});
}

static void change_actions(struct sessions *sessions, struct session *session,
                           struct contributions *out, const struct event *event)
{
    struct membership_change change = {
        .store = &sessions->store,
        .relations = sessions->relations,
        .session = session,
        .record = session_record(&sessions->store, session,
                                 session->items_count - 1u),
        .fine_pane = window_fine_pane(sessions->windows, event->ts_ms),
    };
    uint8_t before = *record_actions(change.store, change.record);

    change.after = relation_next_actions(before, event->type);
    if (change.after == before)
        return;
    count_session(sessions, session, out, membership_begins(&change),
                  change.fine_pane);
    membership_apply(&change, out);
}

static struct session *take_entry(struct sessions *sessions,
                                  struct session *session,
                                  struct contributions *out,
                                  const struct event *event, struct text id)
{
    uint32_t item = intern_hold(sessions->items, event->tenant, id);
    uint32_t found = find_item(&sessions->store, session, item);

    if (found == 0 && event->type != EVENT_REMOVE_FROM_CART) {
        session = add_item(sessions, session, item);
    } else {
        let_go(sessions, item); /* the session holds it already, or does not */
        if (found == 0)
            return session;
        move_to_end(&sessions->store, session, found - 1);
    }
    change_actions(sessions, session, out, event);
    return session;
}

/* ---- the module's face ---- */

struct sessions *sessions_new(const struct session_rules *rules,
                              const struct relations *relations,
                              const struct windows *windows,
                              struct intern *items)
{
    struct sessions *sessions = mem_new(1, sizeof *sessions);

    ASSERT(rules->items_max >= 1 && rules->items_max <= SESSION_ITEMS_MAX);
    ASSERT(rules->open_max >= 1);
    sessions->rules = rules;
    sessions->relations = relations;
    sessions->windows = windows;
    sessions->items = items;
    sessions->partition_time_ms = -1;
    session_store_init(&sessions->store, relations->sets_count);
    for (uint32_t i = 0; i < relations->count; i++)
        sessions->from_sets |= (uint8_t)(1u << relations->at[i].from_set);
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    sessions_cut_abandon(sessions);
    while (sessions->store.oldest != NULL)
        sessions_forget(sessions, sessions->store.oldest);
    sessions_drop_leaving(sessions);
    session_store_deinit(&sessions->store);
    strbuf_deinit(&sessions->cutting.spill);
    strbuf_deinit(&sessions->cutting.piece);
    free(sessions->leaving);
    free(sessions);
}

enum event_verdict sessions_take(struct sessions *sessions,
                                 struct contributions *out,
                                 const struct event *event, int64_t stamp_ms,
                                 int64_t offset)
{
    const struct session_rules *rules = sessions->rules;
    struct session *session;

    ASSERT(offset >= 0 && offset < SESSION_ARRIVAL_END);
    if (stamp_ms != EVENT_NO_STAMP &&
        event->ts_ms - stamp_ms > rules->future_ms)
        return EVENT_FUTURE;
    if (event->ts_ms < sessions->partition_time_ms - rules->lateness_ms)
        return EVENT_LATE;
    if (event->ts_ms > sessions->partition_time_ms)
        sessions->partition_time_ms = event->ts_ms;
    session = join(sessions, event, offset);
    for (uint32_t i = 0; i < event->items_count; i++)
        session = take_entry(sessions, session, out, event, event->items[i]);
    return EVENT_ACCEPTED;
}

uint32_t sessions_ask(const struct sessions *sessions,
                      const struct event *event)
{
    uint32_t hash = session_store_hash(event->tenant, event->visitor);

    session_store_ask(&sessions->store, hash);
    return hash;
}

void sessions_ask_block(const struct sessions *sessions, uint32_t hash)
{
    session_store_ask_block(&sessions->store, hash);
}

int64_t sessions_partition_time(const struct sessions *sessions)
{
    return sessions->partition_time_ms;
}

uint64_t sessions_open(const struct sessions *sessions)
{
    return sessions->store.count;
}

uint64_t sessions_bytes(const struct sessions *sessions)
{
    return session_store_bytes(&sessions->store) +
           sessions->cutting.spill.capacity + sessions->cutting.piece.capacity +
           sessions->leaving_room * sizeof(uint32_t);
}

const struct session_stats *sessions_stats(const struct sessions *sessions)
{
    return &sessions->stats;
}

void sessions_check(const struct sessions *sessions)
{
    const struct session_store *store = &sessions->store;

    session_store_check(store);
    ASSERT(store->count <= sessions->rules->open_max);
    for (struct session *session = store->oldest; session != NULL;
         session = session->newer) {
        ASSERT(session->items_count <= sessions->rules->items_max);
        ASSERT(session->last_ts_ms <= sessions->partition_time_ms);
        ASSERT(session->older == NULL ||
               session_arrival(session->older) < session_arrival(session));
        for (uint32_t i = 0; i < session->items_count; i++) {
            uint32_t *record = session_record(store, session, i);

            ASSERT(intern_id(sessions->items, record[0]).length > 0);
            ASSERT(*record_actions(store, record) <= ACTION_ALL);
            ASSERT(find_item(store, session, record[0]) == i + 1);
        }
    }
}
