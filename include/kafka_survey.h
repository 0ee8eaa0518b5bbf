/* kafka_survey: one look at all that a start must know of a topic: the
 * cluster's id, and of every partition its oldest record, its end and the
 * offset that our group committed. Blocks; it is the scout's. */
#ifndef TERKAIT_KAFKA_SURVEY_H
#define TERKAIT_KAFKA_SURVEY_H

#include "err.h"
#include "source_kafka.h"

struct rd_kafka_s;

struct kafka_survey {
    char *cluster;                     /* owned */
    struct source_kafka_partition *at; /* owned */
    uint32_t count;
};

struct kafka_survey_rules {
    struct rd_kafka_s *kafka;
    const char *topic;
    uint32_t first; /* partition */
    uint32_t partitions;
    int timeout_ms; /* for each answer */
    /* Whether to give up, looked at between any two answers; or NULL. */
    int (*is_stopped)(void *context);
    void *context;
};

/* NULL when a single answer is missing. */
struct kafka_survey *kafka_survey_new(const struct kafka_survey_rules *rules,
                                      struct err *err) MUST_CHECK;
/* Fills in `oldest` and `end` of these partitions. */
int kafka_survey_ends(struct source_kafka_partition *at,
                      const struct kafka_survey_rules *rules,
                      struct err *err) MUST_CHECK;

void kafka_survey_free(struct kafka_survey *survey);

#endif
