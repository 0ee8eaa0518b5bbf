#include "recount.h"

#include "mem.h"

#include <string.h>

enum { SESSIONS_MAX = 64, SESSION_ITEMS = 16, VIEW = 1, CART = 2, BOUGHT = 4 };

/* A membership: since which event of the session, and at what time. */
struct member {
    int is;
    uint32_t order;
    int64_t ts_ms;
};

struct naive_item {
    uint8_t item;
    uint8_t actions;
    struct member from[SIM_RELATIONS], to[SIM_RELATIONS];
};

/* Items stand in the order of their latest event's arrival. */
struct naive_session {
    uint8_t tenant, visitor, id;
    int64_t last_ms;
    uint32_t orders;
    uint8_t is_counted[SIM_RELATIONS];
    uint32_t items_count;
    struct naive_item items[SESSION_ITEMS];
};

/* Sessions stand in the order of their latest event's arrival. */
struct naive {
    struct recount *out;
    const struct relations *relations;
    const struct session_rules *rules;
    const struct sim_record *record;
    int64_t time_ms; /* P; -1: none */
    uint32_t count;
    struct naive_session at[SESSIONS_MAX];
};

static uint8_t entity(uint8_t tenant, uint8_t item)
{
    return (uint8_t)(tenant * (ITEMS + 1) + item);
}

static void count(struct naive *naive, enum count_kind kind, uint8_t row,
                  uint8_t other, uint32_t relation, int sign, int64_t ts_ms)
{
    struct recount *out = naive->out;
    uint8_t tenant = naive->record->tenant;

    if (out->count == out->room) {
        out->room = 2 * out->room + 256;
        out->at = mem_resize(out->at, out->room, sizeof *out->at);
    }
    out->at[out->count++] =
        (struct counted){naive->record->offset, ts_ms,
                         (uint8_t)kind,         entity(tenant, row),
                         entity(tenant, other), (uint8_t)relation,
                         (int8_t)sign};
}

static void leave(struct naive *naive, uint32_t index)
{
    naive->count--;
    memmove(&naive->at[index], &naive->at[index + 1],
            (naive->count - index) * sizeof naive->at[0]);
}

static struct naive_session *arrive(struct naive *naive, uint32_t index)
{
    struct naive_session held = naive->at[index];

    leave(naive, index);
    naive->at[naive->count] = held;
    return &naive->at[naive->count++];
}

static uint32_t find_session(const struct naive *naive)
{
    uint32_t i = 0;

    while (i < naive->count && (naive->at[i].tenant != naive->record->tenant ||
                                naive->at[i].visitor != naive->record->visitor))
        i++;
    return i;
}

static int is_over(const struct naive *naive,
                   const struct naive_session *session)
{
    const struct sim_record *e = naive->record;

    return e->ts_ms > session->last_ms + naive->rules->gap_ms ||
           (e->session != 0 && session->id != 0 && e->session != session->id);
}

static struct naive_session *open_session(struct naive *naive)
{
    int64_t bound = naive->time_ms - naive->rules->lateness_ms;
    struct naive_session *session;

    while (naive->count > 0 &&
           naive->at[0].last_ms + naive->rules->gap_ms < bound)
        leave(naive, 0);
    while (naive->count >= naive->rules->open_max)
        leave(naive, 0);
    session = &naive->at[naive->count++];
    memset(session, 0, sizeof *session);
    session->tenant = naive->record->tenant;
    session->visitor = naive->record->visitor;
    session->last_ms = naive->record->ts_ms;
    return session;
}

static struct naive_session *session_of(struct naive *naive)
{
    uint32_t index = find_session(naive);
    struct naive_session *session;

    if (index < naive->count && is_over(naive, &naive->at[index])) {
        leave(naive, index);
        index = naive->count;
    }
    session = index < naive->count ? arrive(naive, index) : open_session(naive);
    if (session->id == 0)
        session->id = naive->record->session;
    if (naive->record->ts_ms > session->last_ms)
        session->last_ms = naive->record->ts_ms;
    return session;
}

static uint8_t actions_after(uint8_t actions, enum event_type type)
{
    switch (type) {
    case EVENT_PAGE_VIEW:
        return actions | VIEW;
    case EVENT_ADD_TO_CART:
        return actions | CART;
    case EVENT_PURCHASE:
        return actions | BOUGHT;
    default:
        return actions & (uint8_t)~CART;
    }
}

/* The item at the new end of the session; NULL: it does not hold it. */
static struct naive_item *item_of(struct naive *naive,
                                  struct naive_session *session, uint8_t item)
{
    uint32_t i = 0, last;
    struct naive_item held = {.item = item};

    while (i < session->items_count && session->items[i].item != item)
        i++;
    if (i < session->items_count)
        held = session->items[i];
    else if (naive->record->type == EVENT_REMOVE_FROM_CART)
        return NULL;
    else if (session->items_count == naive->rules->items_max)
        i = 0;
    if (i == session->items_count)
        session->items_count++;
    last = session->items_count - 1;
    memmove(&session->items[i], &session->items[i + 1],
            (last - i) * sizeof held);
    session->items[last] = held;
    return &session->items[last];
}

static void begin_from(struct naive *naive, struct naive_session *session,
                       struct naive_item *x, uint32_t r)
{
    int64_t ts_ms = naive->record->ts_ms;

    x->from[r] = (struct member){1, session->orders, ts_ms};
    count(naive, COUNT_FROM, x->item, 0, r, 1, ts_ms);
    if (session->is_counted[r])
        return;
    session->is_counted[r] = 1;
    count(naive, COUNT_FROM, 0, 0, r, 1, ts_ms);
}

static void begin_to(struct naive *naive, struct naive_session *session,
                     struct naive_item *y, uint32_t r)
{
    int64_t ts_ms = naive->record->ts_ms;
    int symmetric = naive->relations->at[r].from == naive->relations->at[r].to;

    y->to[r] = (struct member){1, session->orders, ts_ms};
    count(naive, COUNT_TO, y->item, 0, r, 1, ts_ms);
    for (uint32_t i = 0; i < session->items_count; i++) {
        struct naive_item *x = &session->items[i];

        if (x == y || !x->from[r].is)
            continue;
        count(naive, COUNT_PAIR, x->item, y->item, r, 1, ts_ms);
        if (symmetric)
            count(naive, COUNT_PAIR, y->item, x->item, r, 1, ts_ms);
    }
}

/* Pair (x, y) is taken back, if it was ever made. */
static void take_back(struct naive *naive, const struct naive_item *x,
                      const struct naive_item *y, uint32_t r)
{
    const struct relation *rule = &naive->relations->at[r];
    int64_t ts_ms = y->to[r].ts_ms;

    if (!x->from[r].is || !y->to[r].is)
        return;
    if (rule->from == rule->to && x->from[r].order > y->to[r].order)
        ts_ms = x->from[r].ts_ms;
    else if (x->from[r].order >= y->to[r].order)
        return;
    count(naive, COUNT_PAIR, x->item, y->item, r, -1, ts_ms);
}

static void end_members(struct naive *naive, struct naive_session *session,
                        struct naive_item *item, uint32_t r, int from, int to)
{
    for (uint32_t i = 0; i < session->items_count; i++) {
        struct naive_item *other = &session->items[i];

        if (other == item)
            continue;
        if (from)
            take_back(naive, item, other, r);
        if (to)
            take_back(naive, other, item, r);
    }
    if (from)
        count(naive, COUNT_FROM, item->item, 0, r, -1, item->from[r].ts_ms);
    if (to)
        count(naive, COUNT_TO, item->item, 0, r, -1, item->to[r].ts_ms);
    item->from[r].is = item->from[r].is && !from;
    item->to[r].is = item->to[r].is && !to;
}

static void take_item(struct naive *naive, struct naive_session *session,
                      uint8_t name)
{
    struct naive_item *item = item_of(naive, session, name);

    if (item == NULL)
        return;
    item->actions = actions_after(item->actions, naive->record->type);
    session->orders++;
    for (uint32_t r = 0; r < naive->relations->count; r++) {
        int from = (item->actions & naive->relations->at[r].from) != 0;
        int to = (item->actions & naive->relations->at[r].to) != 0;

        if (from && !item->from[r].is)
            begin_from(naive, session, item, r);
        if (to && !item->to[r].is)
            begin_to(naive, session, item, r);
        end_members(naive, session, item, r, !from && item->from[r].is,
                    !to && item->to[r].is);
    }
}

static void take_record(struct naive *naive)
{
    const struct sim_record *e = naive->record;
    struct naive_session *session;

    if (e->kind != SIM_EVENT)
        return;
    if (e->stamp_ms != EVENT_NO_STAMP &&
        e->ts_ms > e->stamp_ms + naive->rules->future_ms)
        return;
    if (naive->time_ms >= 0 &&
        e->ts_ms < naive->time_ms - naive->rules->lateness_ms)
        return;
    if (e->ts_ms > naive->time_ms)
        naive->time_ms = e->ts_ms;
    naive->out->accepted[naive->out->accepted_count++] = e;
    session = session_of(naive);
    for (uint32_t i = 0; i < e->items_count; i++)
        take_item(naive, session, e->items[i]);
}

/* What a start does that finds more than the settings now allow. */
static void begin_era(struct naive *naive, const struct session_rules *rules)
{
    naive->rules = rules;
    while (naive->count > rules->open_max)
        leave(naive, 0);
    for (uint32_t i = 0; i < naive->count; i++) {
        struct naive_session *session = &naive->at[i];
        uint32_t over = session->items_count > rules->items_max
                            ? session->items_count - rules->items_max
                            : 0;

        session->items_count -= over;
        memmove(&session->items[0], &session->items[over],
                session->items_count * sizeof session->items[0]);
    }
}

void recount_make(struct recount *recount, const struct sim_partition *from,
                  const struct relations *relations, const struct eras *eras,
                  int64_t born)
{
    static struct naive naive;
    uint32_t era = 0;

    recount->count = recount->accepted_count = 0;
    naive.count = 0;
    naive.out = recount;
    naive.relations = relations;
    naive.rules = NULL;
    naive.time_ms = -1;
    for (uint32_t i = 0; i < from->count; i++) {
        naive.record = &from->at[i];
        if (naive.record->offset < born)
            continue;
        while (era + 1 < eras->count &&
               eras->at[era + 1].since <= naive.record->offset)
            era++;
        if (naive.rules != &eras->at[era].rules)
            begin_era(&naive, &eras->at[era].rules);
        take_record(&naive);
    }
}

static int is_in(const struct windows *windows, uint32_t window, int64_t ts_ms,
                 int64_t time_ms)
{
    int64_t pane_ms = windows->at[window].length_ms / windows->at[window].panes;
    int64_t age = time_ms / pane_ms - ts_ms / pane_ms;

    return age >= 0 && age < windows->at[window].panes;
}

static void tally_one(struct tally *tally, const struct counted *one,
                      uint32_t window)
{
    int32_t *at = &tally->pairs[one->row][one->other][one->relation][window];

    if (one->kind == COUNT_FROM)
        at = &tally->from[one->row][one->relation][window];
    if (one->kind == COUNT_TO)
        at = &tally->to[one->row][one->relation][window];
    *at += one->sign;
}

static void tally_category(struct tally *tally, const struct sim_record *e)
{
    for (uint32_t i = 0; e->category != 0 && i < e->items_count; i++) {
        uint8_t item = entity(e->tenant, e->items[i]);

        if (tally->category[item] != 0 &&
            (e->ts_ms < tally->category_ms[item] ||
             (e->ts_ms == tally->category_ms[item] &&
              e->category <= tally->category[item])))
            continue;
        tally->category[item] = e->category;
        tally->category_ms[item] = e->ts_ms;
    }
}

int64_t recount_tally(struct tally *tally, const struct recount *recount,
                      const struct windows *windows, int64_t mark,
                      int64_t time_ms)
{
    int64_t latest_ms = -1;

    for (uint32_t i = 0; i < recount->accepted_count; i++) {
        const struct sim_record *e = recount->accepted[i];

        if (e->offset >= mark)
            break;
        if (e->ts_ms > latest_ms)
            latest_ms = e->ts_ms;
        tally_category(tally, e);
    }
    for (uint32_t i = 0; i < recount->count; i++) {
        const struct counted *one = &recount->at[i];

        for (uint32_t w = 0; one->offset < mark && w < windows->count; w++)
            if (is_in(windows, w, one->ts_ms, time_ms))
                tally_one(tally, one, w);
    }
    return latest_ms;
}
