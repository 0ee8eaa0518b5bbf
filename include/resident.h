/* resident: how much memory the process has. */
#ifndef TERKAIT_RESIDENT_H
#define TERKAIT_RESIDENT_H

#include <stdint.h>

/* Bytes of resident memory, as the system counts them; 0: it does not say. */
uint64_t resident_bytes(void);

#endif
