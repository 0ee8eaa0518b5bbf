#include "contribution.h"

#include "mem.h"

#include <stdlib.h>

void contributions_init(struct contributions *list)
{
    *list = (struct contributions){0};
}

void contributions_deinit(struct contributions *list)
{
    free(list->at);
    contributions_init(list);
}

void contributions_add(struct contributions *list, struct contribution one)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        list->at = mem_resize(list->at, list->capacity, sizeof *list->at);
    }
    list->at[list->count++] = one;
}
