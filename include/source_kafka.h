/* source_kafka: all partitions of a topic, assigned by hand, in batches.
 *
 * Joins no consumer group. librdkafka keeps the connection; what it reports
 * of brokers away is logged and shown, and reading goes on by itself when they
 * are back. A topic that does not exist yet is waited for; partitions that are
 * added later are found within a minute. */
#ifndef TERKAIT_SOURCE_KAFKA_H
#define TERKAIT_SOURCE_KAFKA_H

#include "source.h"

struct source_kafka_rules {
    const char *brokers;
    const char *topic;
    const char *group;      /* for offsets committed; joins nothing */
    const char *const *set; /* "property=value" for librdkafka */
    size_t set_count;
    int64_t future_ms; /* for the warning about record stamps */
};

/* Borrows all texts for its life. -1 with the reason when a property is
 * refused; brokers that are away are no error. */
int source_kafka_open(struct source *source,
                      const struct source_kafka_rules *rules,
                      struct err *err) MUST_CHECK;

struct source_kafka_stats {
    uint64_t records;
    uint64_t bytes;
    uint64_t errors;
    uint32_t partitions; /* assigned now */
    int is_up;           /* at least one broker is connected */
};

void source_kafka_stats(const struct source *source,
                        struct source_kafka_stats *stats);

#endif
