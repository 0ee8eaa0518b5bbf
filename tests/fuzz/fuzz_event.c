/* Any bytes as a record's value: no crash, and a good event is within its
 * bounds. For libFuzzer, or any main() that calls the function below. */
#include "event.h"

#include "err.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_decoder *decoder;
    static struct event event;
    enum event_verdict verdict;

    if (decoder == NULL)
        decoder = event_decoder_new(65536);
    verdict = event_decode(decoder, &event, (const char *)data, size, 0);
    ASSERT((unsigned)verdict < EVENT_VERDICT_COUNT);
    ASSERT(verdict != EVENT_FUTURE && verdict != EVENT_LATE);
    if (verdict == EVENT_ACCEPTED)
        event_check(&event);
    return 0;
}
