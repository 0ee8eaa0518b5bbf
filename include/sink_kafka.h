/* sink_kafka: records to a Kafka topic, keyed, partitioned by murmur2 as
 * Java's clients do (an empty key too; no key: any partition). */
#ifndef TERKAIT_SINK_KAFKA_H
#define TERKAIT_SINK_KAFKA_H

#include "err.h"
#include "event.h"

#include <stddef.h>
#include <stdint.h>

struct sink_kafka;

int sink_kafka_open(struct sink_kafka **sink, const char *brokers,
                    const char *topic, const char *const *set, size_t set_count,
                    struct err *err) MUST_CHECK;

/* Queues one record; waits while the queue is full. `stamp_ms` -1: now. */
int sink_kafka_send(struct sink_kafka *sink, struct text key, struct text value,
                    int64_t stamp_ms, struct err *err) MUST_CHECK;

struct sink_kafka_header {
    const char *name;
    struct text value;
};

/* The same with headers and without waiting, stamped now: -1 when the queue is
 * full, or it cannot be sent at all; nothing is queued then. */
int sink_kafka_try(struct sink_kafka *sink, struct text key, struct text value,
                   const struct sink_kafka_header *headers, size_t count,
                   struct err *err) MUST_CHECK;

/* Takes what brokers answered, without waiting. Not needed beside
 * sink_kafka_send, which does. */
void sink_kafka_pump(struct sink_kafka *sink);

/* Queued or on their way. */
uint64_t sink_kafka_outstanding(const struct sink_kafka *sink);

/* Waits until all are delivered; -1 when some could not be. */
int sink_kafka_flush(struct sink_kafka *sink, int64_t timeout_ms,
                     struct err *err) MUST_CHECK;
void sink_kafka_close(struct sink_kafka *sink);

uint64_t sink_kafka_delivered(const struct sink_kafka *sink);
uint64_t sink_kafka_failed(const struct sink_kafka *sink);

/* Why the latest that failed did; empty: none has. */
const char *sink_kafka_problem(const struct sink_kafka *sink);

#endif
