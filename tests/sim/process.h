/* process: one simulated process around the real engine, keeper and publisher:
 * what the daemon's loop and its supervisor do. */
#ifndef TERKAIT_SIM_PROCESS_H
#define TERKAIT_SIM_PROCESS_H

#include "world.h"

void process_start(struct process *process);
void process_kill(struct process *process, const char *why);

/* A small part of the main loop, drawn; or one whole turn of it. */
void process_step(struct process *process);
void process_turn(struct process *process);

/* It reads no more and makes all durable. */
void process_end(struct process *process);

/* It has heard of a new partition: begins another round, or ends. */
void process_grow(struct process *process);

/* All that is there has been read. */
int process_is_caught_up(const struct process *process);

/* Commits that have reached Kafka by now. */
void process_run_commits(struct world *world);

#endif
