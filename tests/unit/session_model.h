/* session_model: the contract's words on sessions, relations and contributions,
 * done the slow and plain way: every pair that stands is written down with the
 * two memberships it is of. */
#ifndef TERKAIT_SESSION_MODEL_H
#define TERKAIT_SESSION_MODEL_H

#include "session.h"

#include "unit.h"

enum {
    MODEL_ITEMS_MAX = 8, /* of a session */
    MODEL_SESSIONS_MAX = 16,
    MODEL_PAIRS_MAX = 4096,
    MODEL_OUT_MAX = 8192
};

enum model_kind { MODEL_PAIR, MODEL_FROM, MODEL_TO, MODEL_N };

/* Tenants, visitors and items are numbers from 1; 0: none. */
struct model_contribution {
    enum model_kind kind;
    int relation;
    int tenant;
    int item;
    int other;
    int sign;
    int64_t pane;
};

struct model_event {
    enum event_type type;
    int64_t ts_ms;
    int64_t stamp_ms;
    int tenant;
    int visitor;
    int session;
    int items[4];
    int items_count;
};

struct model_membership {
    int64_t id; /* 0: not a member */
    int64_t pane;
};

struct model_item {
    int item;
    uint8_t actions;
    int64_t arrival; /* of its latest event */
    struct model_membership from[RELATIONS_MAX];
    struct model_membership to[RELATIONS_MAX];
};

struct model_pair {
    int relation;
    int x; /* in row x */
    int y;
    int64_t x_membership;
    int64_t y_membership;
    int64_t pane;
};

struct model_session {
    int tenant;
    int visitor;
    int id;
    int64_t last_ts_ms;
    int64_t arrival;
    int items_count;
    struct model_item items[MODEL_ITEMS_MAX];
    int is_counted[RELATIONS_MAX];
    int pairs_count;
    struct model_pair pairs[MODEL_PAIRS_MAX];
};

struct model {
    const struct session_rules *rules;
    const struct relations *relations;
    int64_t fine_ms;
    int64_t partition_time_ms;
    int64_t arrivals;
    int64_t memberships;
    int sessions_count;
    struct model_session sessions[MODEL_SESSIONS_MAX];
    int out_count;
    struct model_contribution out[MODEL_OUT_MAX];
    uint64_t opened, forgotten_full, pushed_out;
};

static inline void model_init(struct model *model,
                              const struct session_rules *rules,
                              const struct relations *relations,
                              int64_t fine_ms)
{
    memset(model, 0, sizeof *model);
    model->rules = rules;
    model->relations = relations;
    model->fine_ms = fine_ms;
    model->partition_time_ms = -1;
}

static inline void model_emit(struct model *model,
                              struct model_contribution one)
{
    assert_true(model->out_count < MODEL_OUT_MAX);
    model->out[model->out_count++] = one;
}

/* ---- pairs and memberships ---- */

/* What the session, item and event at hand are. */
struct model_step {
    struct model *model;
    struct model_session *session;
    struct model_item *item;
    int64_t pane;
    int relation;
};

static inline void model_add_pair(const struct model_step *step, int x,
                                  int64_t x_membership, int y,
                                  int64_t y_membership)
{
    struct model_session *session = step->session;

    assert_true(session->pairs_count < MODEL_PAIRS_MAX);
    session->pairs[session->pairs_count++] = (struct model_pair){
        step->relation, x, y, x_membership, y_membership, step->pane};
    model_emit(step->model, (struct model_contribution){
                                MODEL_PAIR, step->relation, session->tenant, x,
                                y, 1, step->pane});
}

static inline void model_take_back(const struct model_step *step,
                                   int64_t membership)
{
    struct model_session *session = step->session;
    int kept = 0;

    for (int i = 0; i < session->pairs_count; i++) {
        struct model_pair pair = session->pairs[i];

        if (pair.relation != step->relation ||
            (pair.x_membership != membership &&
             pair.y_membership != membership)) {
            session->pairs[kept++] = pair;
            continue;
        }
        model_emit(step->model, (struct model_contribution){
                                    MODEL_PAIR, pair.relation, session->tenant,
                                    pair.x, pair.y, -1, pair.pane});
    }
    session->pairs_count = kept;
}

static inline void model_support(const struct model_step *step,
                                 enum model_kind kind, int sign, int64_t pane)
{
    model_emit(step->model, (struct model_contribution){
                                kind, step->relation, step->session->tenant,
                                step->item->item, 0, sign, pane});
}

static inline void model_begin_from(const struct model_step *step)
{
    struct model_session *session = step->session;

    step->item->from[step->relation] =
        (struct model_membership){++step->model->memberships, step->pane};
    model_support(step, MODEL_FROM, 1, step->pane);
    if (session->is_counted[step->relation])
        return;
    session->is_counted[step->relation] = 1;
    model_emit(step->model, (struct model_contribution){MODEL_N, step->relation,
                                                        session->tenant, 0, 0,
                                                        1, step->pane});
}

static inline void model_begin_to(const struct model_step *step)
{
    struct model_item *y = step->item;
    int r = step->relation;

    y->to[r] =
        (struct model_membership){++step->model->memberships, step->pane};
    model_support(step, MODEL_TO, 1, step->pane);
    for (int i = 0; i < step->session->items_count; i++) {
        struct model_item *x = &step->session->items[i];

        if (x == y || x->from[r].id == 0)
            continue;
        model_add_pair(step, x->item, x->from[r].id, y->item, y->to[r].id);
    }
}

/* Of a symmetric relation the one membership is kept in `from`. */
static inline void model_begin_symmetric(const struct model_step *step)
{
    struct model_item *x = step->item;
    int r = step->relation;

    model_begin_from(step);
    model_support(step, MODEL_TO, 1, step->pane);
    for (int i = 0; i < step->session->items_count; i++) {
        struct model_item *y = &step->session->items[i];

        if (x == y || y->from[r].id == 0)
            continue;
        model_add_pair(step, x->item, x->from[r].id, y->item, y->from[r].id);
        model_add_pair(step, y->item, y->from[r].id, x->item, x->from[r].id);
    }
}

static inline void model_end(const struct model_step *step,
                             enum model_kind kind)
{
    struct model_membership *ended = kind == MODEL_FROM
                                         ? &step->item->from[step->relation]
                                         : &step->item->to[step->relation];

    model_support(step, kind, -1, ended->pane);
    model_take_back(step, ended->id);
    ended->id = 0;
}

static inline void model_relate(struct model_step *step, int relation,
                                uint8_t before, uint8_t after)
{
    const struct relation *rule = &step->model->relations->at[relation];
    int symmetric = rule->from == rule->to;
    int was_from = (before & rule->from) != 0,
        is_from = (after & rule->from) != 0;
    int was_to = (before & rule->to) != 0, is_to = (after & rule->to) != 0;

    step->relation = relation;
    if (symmetric && !was_from && is_from)
        model_begin_symmetric(step);
    if (!symmetric && !was_from && is_from)
        model_begin_from(step);
    if (!symmetric && !was_to && is_to)
        model_begin_to(step);
    if (symmetric && was_from && !is_from)
        model_support(step, MODEL_TO, -1, step->item->from[relation].pane);
    if (was_from && !is_from)
        model_end(step, MODEL_FROM);
    if (!symmetric && was_to && !is_to)
        model_end(step, MODEL_TO);
}

/* ---- items ---- */

static inline struct model_item *model_find(struct model_session *session,
                                            int item)
{
    for (int i = 0; i < session->items_count; i++)
        if (session->items[i].item == item)
            return &session->items[i];
    return NULL;
}

static inline void model_push_out(struct model *model,
                                  struct model_session *session)
{
    int oldest = 0, kept = 0, item;

    for (int i = 1; i < session->items_count; i++)
        if (session->items[i].arrival < session->items[oldest].arrival)
            oldest = i;
    item = session->items[oldest].item;
    session->items[oldest] = session->items[--session->items_count];
    for (int i = 0; i < session->pairs_count; i++)
        if (session->pairs[i].x != item && session->pairs[i].y != item)
            session->pairs[kept++] = session->pairs[i];
    session->pairs_count = kept;
    model->pushed_out++;
}

static inline uint8_t model_actions(uint8_t actions, enum event_type type)
{
    switch (type) {
    case EVENT_PAGE_VIEW:
        return actions | ACTION_VIEW;
    case EVENT_PURCHASE:
        return actions | ACTION_PURCHASE;
    case EVENT_ADD_TO_CART:
        return actions | ACTION_CART;
    default:
        return actions & (ACTION_VIEW | ACTION_PURCHASE);
    }
}

static inline void model_take_entry(struct model *model,
                                    struct model_session *session,
                                    const struct model_event *event, int id)
{
    struct model_step step = {.model = model, .session = session};
    struct model_item *item = model_find(session, id);
    uint8_t before;

    if (item == NULL && event->type == EVENT_REMOVE_FROM_CART)
        return;
    if (item == NULL) {
        if (session->items_count == (int)model->rules->items_max)
            model_push_out(model, session);
        item = &session->items[session->items_count++];
        *item = (struct model_item){.item = id};
    }
    item->arrival = ++model->arrivals;
    before = item->actions;
    item->actions = model_actions(before, event->type);
    step.item = item;
    step.pane = event->ts_ms / model->fine_ms;
    for (uint32_t r = 0; r < model->relations->count; r++)
        model_relate(&step, (int)r, before, item->actions);
}

/* ---- sessions ---- */

static inline void model_forget(struct model *model, int at)
{
    model->sessions[at] = model->sessions[--model->sessions_count];
}

static inline int model_oldest(const struct model *model)
{
    int oldest = 0;

    for (int i = 1; i < model->sessions_count; i++)
        if (model->sessions[i].arrival < model->sessions[oldest].arrival)
            oldest = i;
    return oldest;
}

static inline void model_make_room(struct model *model)
{
    while (model->sessions_count > 0) {
        int oldest = model_oldest(model);

        if (model->sessions[oldest].last_ts_ms + model->rules->gap_ms >=
            model->partition_time_ms - model->rules->lateness_ms)
            break;
        model_forget(model, oldest);
    }
    if (model->sessions_count >= (int)model->rules->open_max) {
        model_forget(model, model_oldest(model));
        model->forgotten_full++;
    }
}

static inline struct model_session *model_join(struct model *model,
                                               const struct model_event *event)
{
    struct model_session *session;
    int at = 0;

    while (at < model->sessions_count &&
           (model->sessions[at].visitor != event->visitor ||
            model->sessions[at].tenant != event->tenant))
        at++;
    session = &model->sessions[at];
    if (at < model->sessions_count &&
        (event->ts_ms > session->last_ts_ms + model->rules->gap_ms ||
         (event->session != 0 && session->id != 0 &&
          session->id != event->session))) {
        model_forget(model, at);
        at = model->sessions_count;
    }
    if (at == model->sessions_count) {
        model_make_room(model);
        assert_true(model->sessions_count < MODEL_SESSIONS_MAX);
        session = &model->sessions[model->sessions_count++];
        memset(session, 0, offsetof(struct model_session, pairs));
        session->tenant = event->tenant;
        session->visitor = event->visitor;
        model->opened++;
    }
    if (session->id == 0)
        session->id = event->session;
    if (event->ts_ms > session->last_ts_ms)
        session->last_ts_ms = event->ts_ms;
    session->arrival = ++model->arrivals;
    return session;
}

/* Fills model->out. */
static inline enum event_verdict model_take(struct model *model,
                                            const struct model_event *event)
{
    struct model_session *session;

    model->out_count = 0;
    if (event->stamp_ms != -1 &&
        event->ts_ms > event->stamp_ms + model->rules->future_ms)
        return EVENT_FUTURE;
    if (model->partition_time_ms >= 0 &&
        event->ts_ms < model->partition_time_ms - model->rules->lateness_ms)
        return EVENT_LATE;
    if (event->ts_ms > model->partition_time_ms)
        model->partition_time_ms = event->ts_ms;
    session = model_join(model, event);
    for (int i = 0; i < event->items_count; i++)
        model_take_entry(model, session, event, event->items[i]);
    return EVENT_ACCEPTED;
}

#endif
