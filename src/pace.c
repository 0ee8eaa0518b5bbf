#include "pace.h"

void pace_init(struct pace *pace, int64_t stretch_us)
{
    *pace = (struct pace){.stretch_us = stretch_us};
}

void pace_note(struct pace *pace, int64_t now_us, uint64_t bytes)
{
    double us = (double)bytes / PACE_BYTES_PER_US;
    double share_us = 0;

    if (pace->all_bytes > 0)
        share_us =
            (double)pace->stretch_us * (double)bytes / (double)pace->all_bytes;
    if (pace->all_bytes > 0 && us > share_us)
        us = share_us;
    if (pace->until_us < now_us)
        pace->until_us = now_us;
    pace->until_us += (int64_t)us;
}
