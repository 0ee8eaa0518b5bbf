/* clock: the two clocks. Read once a turn by the main loop and handed down;
 * the engine never reads one. */
#ifndef TERKAIT_CLOCK_H
#define TERKAIT_CLOCK_H

#include <stdint.h>

/* Monotonic, in microseconds from an arbitrary start. */
int64_t clock_mono_us(void);

/* Milliseconds since the epoch, as the machine's clock has it. */
int64_t clock_wall_ms(void);

#endif
