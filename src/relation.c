#include "relation.h"

static uint8_t find_or_add_set(struct relations *relations, uint8_t mask)
{
    uint32_t i = 0;

    while (i < relations->sets_count && relations->sets[i] != mask)
        i++;
    if (i == relations->sets_count) {
        ASSERT(i < SETS_MAX);
        relations->sets[relations->sets_count++] = mask;
    }
    return (uint8_t)i;
}

void relations_init(struct relations *relations)
{
    ASSERT(relations->count <= RELATIONS_MAX);
    relations->sets_count = 0;
    for (uint32_t i = 0; i < relations->count; i++) {
        struct relation *relation = &relations->at[i];

        ASSERT(relation->from != 0 && relation->from <= ACTION_ALL);
        ASSERT(relation->to != 0 && relation->to <= ACTION_ALL);
        relation->from_set = find_or_add_set(relations, relation->from);
        relation->to_set = find_or_add_set(relations, relation->to);
    }
}

uint8_t relation_next_actions(uint8_t actions, enum event_type type)
{
    switch (type) {
    case EVENT_PAGE_VIEW:
        return actions | ACTION_VIEW;
    case EVENT_ADD_TO_CART:
        return actions | ACTION_CART;
    case EVENT_PURCHASE:
        return actions | ACTION_PURCHASE;
    case EVENT_REMOVE_FROM_CART:
        return actions & (uint8_t)~ACTION_CART;
    case EVENT_TYPES:
        break;
    }
    ASSERT(!"an event type");
    return actions;
}
