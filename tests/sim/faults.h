/* faults: what goes wrong in a simulated world, one at a time. */
#ifndef TERKAIT_SIM_FAULTS_H
#define TERKAIT_SIM_FAULTS_H

#include "world.h"

/* Faults of the network that are there all the time. */
void faults_set_network(struct world *world);

/* One of the kinds that the plan has; nothing when it cannot be now. */
void faults_strike(struct world *world);

#endif
