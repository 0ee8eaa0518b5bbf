/* judge_lists: every published key against the recount, and nothing beside. */
#ifndef TERKAIT_SIM_JUDGE_LISTS_H
#define TERKAIT_SIM_JUDGE_LISTS_H

#include "world.h"

/* "i3", "t1/i3", "t1", "": as an item stands in keys. Returns the length. */
int entity_name(char *out, size_t size, uint32_t entity);

void judge_lists(struct world *world, const struct sink_memory *sink,
                 const struct tally *tally);

#endif
