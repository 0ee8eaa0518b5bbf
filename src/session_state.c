#include "session_state.h"

#include "err.h"
#include "mem.h"
#include "mutant.h"
#include "pack.h"
#include "session_body.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A chunk is pieces one behind another, each of them
 *
 *     version | length | records | seal
 *
 * and a record
 *
 *     tenant visitor id | last_ts arrival sequence counted
 *     | number of items | each: id actions
 *     |                   and of each set it is a member of: pane order
 *
 * A pane is kept as its distance to that of last_ts. */
enum { VERSION = 1, LENGTH_BYTES = 4 };

#define TS_MAX_MS INT64_C(253402300799999) /* the last ms of the year 9999 */

static int is_member(const struct sessions *sessions, uint8_t actions,
                     uint32_t set)
{
    return (actions & sessions->relations->sets[set]) != 0;
}

static uint32_t pane_bits(const struct sessions *sessions, int64_t ts_ms)
{
    return (uint32_t)window_fine_pane(sessions->windows, ts_ms);
}

/* ---- writing a record ---- */

static void add_text(struct strbuf *out, struct text text)
{
    pack_add_bytes(out, text.bytes, text.length);
}

static void add_item(struct strbuf *out, const struct sessions *sessions,
                     struct session *session, uint32_t index)
{
    const struct session_store *store = &sessions->store;
    uint32_t *record = session_record(store, session, index);
    uint8_t actions = *record_actions(store, record);
    uint32_t last = pane_bits(sessions, session->last_ts_ms);

    add_text(out, intern_id(sessions->items, record[0]));
    pack_add_uint(out, actions);
    for (uint32_t set = 0; set < store->sets; set++) {
        if (!is_member(sessions, actions, set))
            continue;
        pack_add_int(out, (int32_t)(last - record[1 + set]));
        pack_add_uint(out, record_orders(store, record)[set]);
    }
}

static void add_record(struct strbuf *out, const struct sessions *sessions,
                       struct session *session)
{
    const struct session_store *store = &sessions->store;

    add_text(out, session_tenant(store, session));
    add_text(out, session_visitor(store, session));
    add_text(out, session_id(store, session));
    pack_add_uint(out, (uint64_t)session->last_ts_ms);
    pack_add_uint(out, (uint64_t)session_arrival(session));
    pack_add_uint(out, session->sequence);
    pack_add_uint(out, session->counted);
    pack_add_uint(out, session->items_count);
    for (uint32_t i = 0; i < session->items_count; i++)
        add_item(out, sessions, session, i);
}

/* ---- a cut ---- */

static struct session *within_cut(const struct session_cutting *cutting,
                                  struct session *session)
{
    return session != NULL && session_arrival(session) >= cutting->since
               ? session
               : NULL;
}

void sessions_cut_begin(struct sessions *sessions, struct session_cut *cut,
                        int64_t since)
{
    struct session_cutting *cutting = &sessions->cutting;
    const struct session_store *store = &sessions->store;

    ASSERT(!cutting->is_open);
    *cut = (struct session_cut){
        .partition_time_ms = sessions->partition_time_ms,
        .oldest = store->oldest == NULL ? -1 : session_arrival(store->oldest),
        .open = store->count,
    };
    cutting->is_open = 1;
    cutting->since = since;
    cutting->next = within_cut(cutting, store->newest);
}

void sessions_cut_abandon(struct sessions *sessions)
{
    struct session_cutting *cutting = &sessions->cutting;

    cutting->is_open = 0;
    cutting->next = NULL;
    cutting->spill_read = 0;
    strbuf_deinit(&cutting->spill);
    strbuf_deinit(&cutting->piece);
}

void sessions_spill(struct sessions *sessions, struct session *session)
{
    struct session_cutting *cutting = &sessions->cutting;
    struct strbuf *spill = &cutting->spill;
    int64_t arrival = session_arrival(session);
    size_t start = spill->length;
    uint32_t length = 0;

    if (arrival < cutting->since || arrival > session_arrival(cutting->next))
        return;
    if (session == cutting->next)
        cutting->next = within_cut(cutting, session->older);
    if (MUTANT(CUT_NOT_WRITTEN_FIRST))
        return;
    strbuf_add(spill, &length, LENGTH_BYTES);
    add_record(spill, sessions, session);
    length = (uint32_t)(spill->length - start - LENGTH_BYTES);
    memcpy(spill->bytes + start, &length, LENGTH_BYTES);
}

/* Takes one record out of the spill. */
static void take_spilled(struct session_cutting *cutting)
{
    const char *bytes = cutting->spill.bytes + cutting->spill_read;
    uint32_t length;

    memcpy(&length, bytes, LENGTH_BYTES);
    strbuf_add(&cutting->piece, bytes + LENGTH_BYTES, length);
    cutting->spill_read += LENGTH_BYTES + length;
    if (cutting->spill_read < cutting->spill.length)
        return;
    cutting->spill_read = 0;
    strbuf_clear(&cutting->spill);
}

static void take_next(struct sessions *sessions)
{
    struct session_cutting *cutting = &sessions->cutting;
    struct session *session = cutting->next;

    add_record(&cutting->piece, sessions, session);
    cutting->next = within_cut(cutting, session->older);
}

static int has_more(const struct session_cutting *cutting)
{
    return cutting->spill.length > 0 || cutting->next != NULL;
}

static void add_piece(struct strbuf *out, const struct strbuf *piece)
{
    size_t start = out->length;

    pack_add_uint(out, VERSION);
    pack_add_bytes(out, piece->bytes, piece->length);
    pack_add_seal(out, start);
}

int sessions_cut_next(struct sessions *sessions, struct strbuf *out,
                      size_t bytes, uint64_t *count)
{
    struct session_cutting *cutting = &sessions->cutting;

    ASSERT(cutting->is_open);
    strbuf_clear(&cutting->piece);
    while (has_more(cutting) &&
           (cutting->piece.length == 0 || cutting->piece.length < bytes)) {
        if (cutting->spill.length > 0)
            take_spilled(cutting);
        else
            take_next(sessions);
        ++*count;
    }
    if (cutting->piece.length > 0)
        add_piece(out, &cutting->piece);
    if (has_more(cutting))
        return 0;
    sessions_cut_abandon(sessions);
    return 1;
}

/* ---- reading a record ---- */

struct saved_item {
    struct text id;
    uint8_t actions;
    uint32_t panes[SETS_MAX];
    uint16_t orders[SETS_MAX];
};

struct saved_session {
    struct text tenant;
    struct text visitor;
    struct text id;
    int64_t last_ts_ms;
    int64_t arrival;
    uint16_t sequence;
    uint8_t counted;
    uint32_t items_count;
    struct saved_item *items; /* SESSION_ITEMS_MAX; owned by the load */
};

static struct text read_text(struct unpack *from, uint32_t min, uint32_t max)
{
    size_t length;
    const char *bytes = unpack_bytes(from, &length);

    if (length < min || length > max)
        from->is_broken = 1;
    return from->is_broken ? (struct text){"", 0}
                           : (struct text){bytes, (uint32_t)length};
}

static uint64_t read_up_to(struct unpack *from, uint64_t max)
{
    uint64_t number = unpack_uint(from);

    if (number > max)
        from->is_broken = 1;
    return from->is_broken ? 0 : number;
}

static int32_t read_distance(struct unpack *from)
{
    int64_t distance = unpack_int(from);

    if (distance < INT32_MIN || distance > INT32_MAX)
        from->is_broken = 1;
    return from->is_broken ? 0 : (int32_t)distance;
}

static void read_item(struct saved_item *item, struct unpack *from,
                      const struct sessions *sessions,
                      const struct saved_session *saved)
{
    uint32_t last = pane_bits(sessions, saved->last_ts_ms);

    *item = (struct saved_item){.id = read_text(from, 1, EVENT_ID_BYTES_MAX)};
    item->actions = (uint8_t)read_up_to(from, ACTION_ALL);
    for (uint32_t set = 0; set < sessions->relations->sets_count; set++) {
        if (!is_member(sessions, item->actions, set))
            continue;
        item->panes[set] = last - (uint32_t)read_distance(from);
        item->orders[set] = (uint16_t)read_up_to(from, saved->sequence);
    }
}

static void read_record(struct saved_session *saved, struct unpack *from,
                        const struct sessions *sessions)
{
    uint32_t sets = sessions->relations->sets_count;

    saved->tenant = read_text(from, 0, EVENT_TENANT_BYTES_MAX);
    saved->visitor = read_text(from, 1, EVENT_ID_BYTES_MAX);
    saved->id = read_text(from, 0, EVENT_ID_BYTES_MAX);
    saved->last_ts_ms = (int64_t)read_up_to(from, TS_MAX_MS);
    saved->arrival = (int64_t)read_up_to(from, SESSION_ARRIVAL_END - 1);
    saved->sequence = (uint16_t)read_up_to(from, UINT16_MAX);
    saved->counted = (uint8_t)read_up_to(from, (1u << sets) - 1);
    saved->items_count = (uint32_t)read_up_to(from, SESSION_ITEMS_MAX);
    for (uint32_t i = 0; i < saved->items_count && !from->is_broken; i++)
        read_item(&saved->items[i], from, sessions, saved);
}

/* ---- a record becomes a session ---- */

static void fill_item(struct sessions *sessions, uint32_t *record,
                      const struct saved_item *item, struct text tenant)
{
    const struct session_store *store = &sessions->store;

    record[0] = intern_hold(sessions->items, tenant, item->id);
    *record_actions(store, record) = item->actions;
    for (uint32_t set = 0; set < store->sets; set++) {
        record[1 + set] = item->panes[set];
        record_orders(store, record)[set] = item->orders[set];
    }
}

static int has_twin(const struct session_store *store, struct session *session)
{
    for (uint32_t i = 1; i < session->items_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (session_record(store, session, i)[0] ==
                session_record(store, session, j)[0])
                return 1;
    return 0;
}

/* Of more items than a session may have by now the oldest have left. */
static int build(struct sessions *sessions, const struct saved_session *saved,
                 uint32_t hash)
{
    struct session_store *store = &sessions->store;
    uint32_t items_max = sessions->rules->items_max;
    uint32_t first =
        saved->items_count > items_max ? saved->items_count - items_max : 0;
    struct session *session = session_store_add(store, hash, saved->tenant,
                                                saved->visitor, saved->id);

    if (saved->items_count - first > 1)
        session = session_store_rebuild(store, session,
                                        saved->items_count - first, saved->id);
    session->last_ts_ms = saved->last_ts_ms;
    session_set_arrival(session, saved->arrival);
    session->sequence = saved->sequence;
    session->counted = saved->counted;
    for (uint32_t i = first; i < saved->items_count; i++)
        fill_item(sessions,
                  session_record(store, session, session->items_count++),
                  &saved->items[i], saved->tenant);
    if (!has_twin(store, session))
        return 0;
    sessions_forget(sessions, session);
    return -1;
}

static int load_one(struct sessions *sessions,
                    const struct saved_session *saved)
{
    struct session_store *store = &sessions->store;
    uint32_t hash = session_store_hash(saved->tenant, saved->visitor);
    struct session *old =
        session_store_find(store, hash, saved->tenant, saved->visitor);

    if (old != NULL && session_arrival(old) >= saved->arrival)
        return 0;
    if (old != NULL)
        sessions_forget(sessions, old);
    return build(sessions, saved, hash);
}

static int load_records(struct sessions *sessions, struct unpack from,
                        struct saved_item *items)
{
    struct saved_session saved = {.items = items};

    while (unpack_left(&from) > 0) {
        read_record(&saved, &from, sessions);
        if (from.is_broken || load_one(sessions, &saved) < 0)
            return -1;
    }
    return 0;
}

/* The records of the next piece of a chunk. */
static int read_piece(struct unpack *records, struct unpack *from,
                      struct err *err)
{
    struct unpack whole = *from;
    uint64_t version = unpack_uint(from);
    size_t length;
    const char *bytes;

    if (version != VERSION && !from->is_broken)
        return err_set(err,
                       "sessions in version %" PRIu64
                       ", of which this program knows nothing",
                       version);
    bytes = unpack_bytes(from, &length);
    if (from->is_broken || unpack_left(from) < PACK_SEAL_BYTES)
        return err_set(err, "sessions are cut short");
    from->at += PACK_SEAL_BYTES;
    whole.end = from->at;
    unpack_seal(&whole);
    if (whole.is_broken)
        return err_set(err, "sessions are damaged");
    *records = unpack_begin(bytes, length);
    return 0;
}

int sessions_load(struct sessions *sessions, const void *bytes, size_t length,
                  struct err *err)
{
    struct unpack from = unpack_begin(bytes, length), records;
    struct saved_item *items = mem_new(SESSION_ITEMS_MAX, sizeof *items);
    int result = 0;

    ASSERT(sessions->partition_time_ms < 0);
    while (result == 0 && unpack_left(&from) > 0) {
        result = read_piece(&records, &from, err);
        if (result == 0 && load_records(sessions, records, items) < 0)
            result = err_set(err, "sessions are damaged within their seal");
    }
    sessions_drop_leaving(sessions);
    free(items);
    return result;
}

/* Between the arrivals none is twice, and no event is later than P. */
static int check_loaded(const struct sessions *sessions,
                        const struct session_cut *cut, struct err *err)
{
    const struct session_store *store = &sessions->store;

    if (store->count != cut->open)
        return err_set(
            err, "%" PRIu64 " sessions were open, and %" PRIu64 " are there",
            cut->open, store->count);
    for (const struct session *one = store->oldest; one != NULL;
         one = one->newer)
        if (one->last_ts_ms > cut->partition_time_ms ||
            (one->older != NULL &&
             session_arrival(one->older) >= session_arrival(one)))
            return err_set(err, "sessions and their manifest do not fit");
    return 0;
}

int sessions_load_end(struct sessions *sessions, const struct session_cut *cut,
                      struct err *err)
{
    struct session_store *store = &sessions->store;

    session_store_sort(store);
    while (store->oldest != NULL &&
           (cut->oldest < 0 || session_arrival(store->oldest) < cut->oldest))
        sessions_forget(sessions, store->oldest);
    if (check_loaded(sessions, cut, err) < 0)
        return -1;
    sessions->partition_time_ms = cut->partition_time_ms;
    while (store->count > sessions->rules->open_max) {
        sessions_forget(sessions, store->oldest);
        sessions->stats.forgotten_full++;
    }
    sessions_drop_leaving(sessions);
    return 0;
}
