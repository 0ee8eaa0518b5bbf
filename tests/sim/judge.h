/* judge: what must hold in a simulated world, at any moment and at its end. */
#ifndef TERKAIT_SIM_JUDGE_H
#define TERKAIT_SIM_JUDGE_H

#include "world.h"

/* A group's durable rows are the recount up to its marks, each record once. */
void judge_group(struct world *world, uint32_t group);

/* A snapshot that stands is whole, and no group's stored marks are behind it.
 */
void judge_snapshot(struct world *world, uint32_t q, int64_t offset);

/* The furthest that a group's stored marks say of a partition; -1: none do. */
int64_t judge_highest_mark(const struct world *world, uint32_t q);

/* A start that refuses has a reason, and it is true. */
void judge_refusal(struct process *process);

/* A process that ends with 4 has met a larger token. */
void judge_taken_over(struct process *process);

/* After an orderly end all is durable; with that the settings may change. */
void judge_clean(struct process *process);
void judge_settings(struct world *world);

/* All is read and published: rows in memory, durable rows and lists. */
void judge_complete(struct process *process);

#endif
