/* Any bytes as a record's value: no crash, a good event is within its bounds,
 * and our scanner with jansson behind it says what jansson alone says.
 * For libFuzzer, which is given a maker of events beside its own mutations. */
#include "event.h"

#include "err.h"
#include "event_agree.h"
#include "event_maker.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
                               unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

static struct agree *agree;

static void tell(void)
{
    fprintf(stderr,
            "counted: %" PRIu64 " records, of which the scanner took %" PRIu64
            " and %" PRIu64 " were accepted\n",
            agree->records, agree->taken, agree->verdicts[EVENT_ACCEPTED]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (agree == NULL) {
        agree = agree_new();
        atexit(tell);
    }
    ASSERT(agree_on(agree, data, size, 0));
    return 0;
}

/* Half of the inputs are made anew or damaged by us. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
                               unsigned seed)
{
    struct strbuf record = STRBUF_EMPTY;
    struct rng rng;
    uint32_t dice;

    rng_init(&rng, seed);
    dice = rng_below(&rng, 6);
    if (dice > 2)
        return LLVMFuzzerMutate(data, size, size_max);
    strbuf_add(&record, data, size);
    if (dice > 0)
        maker_make(&record, &rng);
    else
        maker_damage(&record, &rng);
    size = record.length < size_max ? record.length : size_max;
    memcpy(data, record.bytes, size);
    strbuf_deinit(&record);
    return size;
}
