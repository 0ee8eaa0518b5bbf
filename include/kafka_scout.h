/* kafka_scout: a thread that asks Kafka what may take long to be answered: how
 * many partitions the topic has, what its settings are, whether brokers answer
 * at all, and, when it is asked for, a survey of the partitions. It leaves what
 * it found in a mailbox of one slot, so that the main loop never waits, and it
 * says nothing itself: the logger is the main loop's. The first findings that
 * name partitions come after settings were asked for.
 *
 * It looks every 20 seconds; while there are no brokers, no topic or no
 * survey, or when it is told to hurry, with a back-off from 100 ms to 2 s. */
#ifndef TERKAIT_KAFKA_SCOUT_H
#define TERKAIT_KAFKA_SCOUT_H

#include "err.h"
#include "kafka_survey.h"

#include <stdint.h>

struct rd_kafka_s; /* librdkafka's handle */

struct topic_settings {
    int is_compacted;
    int is_stamped_by_broker; /* message.timestamp.type=LogAppendTime */
    /* message.timestamp.after.max.ms; INT64_MAX where brokers have none */
    int64_t ahead_max_ms;
};

enum topic_settings_state {
    TOPIC_SETTINGS_UNKNOWN, /* not answered yet; asked again */
    TOPIC_SETTINGS_KNOWN,
    TOPIC_SETTINGS_REFUSED /* not supported or not allowed; asked no more */
};

struct kafka_findings {
    int is_answered;     /* a broker answered the latest look */
    int is_topic_known;  /* whether the topic exists was once answered */
    uint32_t partitions; /* at the latest answer; 0: no topic yet */
    struct err problem;  /* with brokers or topic, at the latest look */
    enum topic_settings_state settings_state;
    struct topic_settings settings;
    struct err settings_problem; /* why they are not known */
    struct err survey_problem;   /* why one that is wanted is not there */
};

struct kafka_scout;

/* Borrows both until it is freed. */
struct kafka_scout *kafka_scout_new(struct rd_kafka_s *kafka,
                                    const char *topic);
void kafka_scout_free(struct kafka_scout *scout); /* takes a second at most */

/* Returns 1 and the findings when there are some since the last call. */
int kafka_scout_news(struct kafka_scout *scout, struct kafka_findings *out);

/* A survey, begun after the latest was asked for (the first is, by itself);
 * the caller's from then on. NULL when it is not there yet, or was taken. */
struct kafka_survey *kafka_scout_steal_survey(struct kafka_scout *scout);

/* What was surveyed is void: once more. */
void kafka_scout_survey_again(struct kafka_scout *scout);

/* Brokers are missed: look at once, and again soon. */
void kafka_scout_hurry(struct kafka_scout *scout);

/* Puts one of the topic's settings, as brokers name it, into `settings`. */
void topic_settings_put(struct topic_settings *settings, const char *name,
                        const char *value);

#endif
