#include "membership.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>

/* The change with what follows from it; sets are a bit each. */
struct step {
    const struct membership_change *change;
    struct contributions *out;
    uint8_t began;
    uint8_t ended;
};

static uint8_t sets_of(const struct relations *relations, uint8_t actions)
{
    uint8_t sets = 0;

    for (uint32_t set = 0; set < relations->sets_count; set++)
        if (actions & relations->sets[set])
            sets |= (uint8_t)(1u << set);
    return sets;
}

static uint8_t sets_before(const struct membership_change *change)
{
    return sets_of(change->relations,
                   *record_actions(change->store, change->record));
}

uint8_t membership_begins(const struct membership_change *change)
{
    return sets_of(change->relations, change->after) &
           (uint8_t)~sets_before(change);
}

static uint8_t membership_ends(const struct membership_change *change)
{
    return sets_before(change) &
           (uint8_t)~sets_of(change->relations, change->after);
}

static int has(uint8_t sets, uint32_t set)
{
    return sets >> set & 1;
}

static int is_member(const struct step *step, uint32_t *record, uint32_t set)
{
    uint8_t actions = *record_actions(step->change->store, record);

    return (actions & step->change->relations->sets[set]) != 0;
}

static uint16_t order_of(const struct step *step, uint32_t *record,
                         uint32_t set)
{
    return record_orders(step->change->store, record)[set];
}

/* When a membership began. A record keeps the low half of the pane's number:
 * the pane meant is the one nearest to that of the event at hand. */
static int64_t pane_of(const struct step *step, const uint32_t *record,
                       uint32_t set)
{
    int64_t near = step->change->fine_pane;

    return near + (int32_t)(record[1 + set] - (uint32_t)near);
}

static void add_pair(const struct step *step, const uint32_t *item,
                     const uint32_t *other, uint32_t relation, int sign,
                     int64_t fine_pane)
{
    contributions_add(
        step->out, (struct contribution){item[0], other[0], (uint8_t)relation,
                                         (int8_t)sign, fine_pane});
}

static void pair_symmetric(const struct step *step, uint32_t relation,
                           uint32_t *other)
{
    uint32_t *item = step->change->record;
    uint32_t set = step->change->relations->at[relation].from_set;
    int sign = has(step->began, set) ? 1 : -1;
    uint32_t *later = item;
    int64_t pane;

    if (!has(step->began | step->ended, set) || !is_member(step, other, set))
        return;
    if (order_of(step, other, set) > order_of(step, item, set))
        later = other;
    pane = pane_of(step, later, set);
    add_pair(step, item, other, relation, sign, pane);
    add_pair(step, other, item, relation, sign, pane);
}

/* The pair in the row of `from`: it exists when the from-membership began
 * before the to-membership. */
static void pair_directed(const struct step *step, uint32_t relation,
                          uint32_t *from, uint32_t *to, int sign)
{
    const struct relation *rule = &step->change->relations->at[relation];

    if (order_of(step, from, rule->from_set) < order_of(step, to, rule->to_set))
        add_pair(step, from, to, relation, sign,
                 pane_of(step, to, rule->to_set));
}

static void relate_directed(const struct step *step, uint32_t relation,
                            uint32_t *other)
{
    const struct relation *rule = &step->change->relations->at[relation];
    uint32_t *item = step->change->record;

    if (is_member(step, other, rule->from_set)) {
        if (has(step->began, rule->to_set))
            pair_directed(step, relation, other, item, 1);
        if (has(step->ended, rule->to_set))
            pair_directed(step, relation, other, item, -1);
    }
    if (has(step->ended, rule->from_set) &&
        is_member(step, other, rule->to_set))
        pair_directed(step, relation, item, other, -1);
}

static void relate(const struct step *step, uint32_t relation)
{
    const struct membership_change *change = step->change;
    int symmetric = relation_is_symmetric(&change->relations->at[relation]);

    for (uint32_t i = 0; i < change->session->items_count; i++) {
        uint32_t *other = session_record(change->store, change->session, i);

        if (other == change->record)
            continue;
        if (symmetric)
            pair_symmetric(step, relation, other);
        else
            relate_directed(step, relation, other);
    }
}

static void add_supports(const struct step *step)
{
    const struct membership_change *change = step->change;

    for (uint32_t set = 0; set < change->relations->sets_count; set++) {
        int sign = has(step->began, set) - has(step->ended, set);

        if (sign != 0)
            contributions_add(
                step->out, (struct contribution){
                               change->record[0], 0, (uint8_t)set, (int8_t)sign,
                               pane_of(step, change->record, set)});
    }
}

static void remember_begins(const struct step *step)
{
    const struct membership_change *change = step->change;

    change->session->sequence++;
    for (uint32_t set = 0; set < change->relations->sets_count; set++) {
        if (!has(step->began, set))
            continue;
        change->record[1 + set] = (uint32_t)change->fine_pane;
        record_orders(change->store, change->record)[set] =
            change->session->sequence;
    }
}

/* Arrival numbers that have run to the end of 16 bits are dealt anew in their
 * order: each becomes the rank of its value among those in use. */
static void renumber(const struct session_store *store, struct session *session)
{
    uint16_t *ranks = mem_new(UINT16_MAX + 1, sizeof *ranks);
    uint16_t highest = 0;

    for (uint32_t i = 0; i < session->items_count; i++)
        for (uint32_t set = 0; set < store->sets; set++)
            ranks[record_orders(store,
                                session_record(store, session, i))[set]] = 1;
    for (uint32_t order = 0; order <= UINT16_MAX; order++)
        if (ranks[order] != 0)
            ranks[order] = ++highest;
    for (uint32_t i = 0; i < session->items_count; i++) {
        uint16_t *orders =
            record_orders(store, session_record(store, session, i));

        for (uint32_t set = 0; set < store->sets; set++)
            orders[set] = ranks[orders[set]];
    }
    session->sequence = highest;
    free(ranks);
}

void membership_apply(const struct membership_change *change,
                      struct contributions *out)
{
    struct step step = {change, out, membership_begins(change),
                        membership_ends(change)};

    if (step.began != 0) {
        if (change->session->sequence == UINT16_MAX)
            renumber(change->store, change->session);
        remember_begins(&step);
    }
    if ((step.began | step.ended) != 0)
        for (uint32_t i = 0; i < change->relations->count; i++)
            relate(&step, i);
    add_supports(&step);
    *record_actions(change->store, change->record) = change->after;
}
