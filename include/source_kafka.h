/* source_kafka: all partitions of a topic, assigned by hand, in batches.
 *
 * Joins no consumer group. librdkafka keeps the connection; what it reports
 * of brokers away is logged and shown, and reading goes on by itself when they
 * are back. A topic that does not exist yet is waited for; partitions that are
 * added later are found within a minute.
 *
 *     kafka_scout (a thread) -- partitions, settings --+
 *                                                      v
 *     librdkafka's queue ----> owned? offset >= next? ----> records
 *
 * What was read is a prefix of each partition without a hole: an offset that
 * is gone, or a batch that cannot be decoded, ends the reading with words. */
#ifndef TERKAIT_SOURCE_KAFKA_H
#define TERKAIT_SOURCE_KAFKA_H

#include "source.h"

/* A start offset: the oldest record there is. */
#define SOURCE_KAFKA_BEGINNING INT64_C(-2)

struct source_kafka_rules {
    const char *brokers;
    const char *topic;
    const char *group;      /* for offsets committed; joins nothing */
    const char *const *set; /* "property=value" for librdkafka */
    size_t set_count;
    int64_t future_ms; /* for the warning about record stamps */
    /* Where to begin with a partition, asked once for each, when it is found
     * first; an offset or SOURCE_KAFKA_BEGINNING. NULL: at the beginning. */
    int64_t (*start_offset)(void *context, uint32_t partition);
    void *start_context;
};

/* Borrows all texts for its life. -1 with the reason when a property is
 * refused; brokers that are away are no error.
 *
 * A poll fails, and so does every one after it, when an offset wanted does not
 * exist (with the numbers), when records cannot be decoded, when the topic is
 * compacted, and on an error that librdkafka calls fatal. Closing takes 5 s at
 * most; what hangs longer in librdkafka is left to the end of the process. */
int source_kafka_open(struct source *source,
                      const struct source_kafka_rules *rules,
                      struct err *err) MUST_CHECK;

/* Commits `offset` as the next needed of a partition, without waiting; polls
 * bring the answer. -1 when it cannot even be sent. */
int source_kafka_commit(const struct source *source, uint32_t partition,
                        int64_t offset, struct err *err) MUST_CHECK;

/* The latest offset of the partition whose commit the broker acknowledged; -1
 * when none was. */
int64_t source_kafka_committed(const struct source *source, uint32_t partition);

struct source_kafka_stats {
    uint64_t records;
    uint64_t bytes;
    uint64_t errors;
    uint32_t partitions; /* assigned now */
    int is_up;           /* a broker answered, and none is missed since */
};

void source_kafka_stats(const struct source *source,
                        struct source_kafka_stats *stats);

#endif
