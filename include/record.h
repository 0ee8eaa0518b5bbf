/* record: one record of a source partition, as the engine is given it. */
#ifndef TERKAIT_RECORD_H
#define TERKAIT_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* Bytes and key are somebody else's. Offsets rise within a partition and may
 * have gaps. Times are milliseconds since the epoch, EVENT_NO_STAMP (-1) for
 * none: `stamp_ms` is the record's own and stands in for an absent `ts`;
 * `now_ms` is what a future event is judged by (of a Kafka record its stamp
 * again, of a file's line the --now of the replay). */
struct record {
    const char *bytes;
    size_t length;
    uint32_t partition;
    int64_t offset;
    int64_t stamp_ms;
    int64_t now_ms;
    const char *key; /* of a Kafka record; NULL: none */
    size_t key_length;
};

#endif
