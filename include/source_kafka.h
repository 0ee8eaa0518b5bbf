/* source_kafka: all partitions of a topic, assigned by hand, in batches.
 *
 * Joins no consumer group. librdkafka keeps the connection; what it reports
 * of brokers away is logged and shown, and reading goes on by itself when they
 * are back. A topic that does not exist yet is waited for.
 *
 *     kafka_scout (a thread) -- partitions, settings, surveys --+
 *                                                               v
 *     librdkafka's queue ----> owned? offset >= next? ----> records
 *
 * It does not begin by itself: whoever knows where to begin first asks what
 * there is, and may stop and begin elsewhere at any time.
 *
 *     survey --> begin --> records ... --> stop --> survey again --> begin
 *
 * From a begin to the next stop, what is handed over of each partition is all
 * from the offset given on, without a hole: an offset that is gone, or a batch
 * that cannot be decoded, ends the reading with words. Partitions added later
 * are noticed within a minute (source_kafka_has_grown) and not read. */
#ifndef TERKAIT_SOURCE_KAFKA_H
#define TERKAIT_SOURCE_KAFKA_H

#include "source.h"

struct source_kafka_rules {
    const char *brokers;
    const char *topic;
    const char *group;      /* for offsets committed; joins nothing */
    const char *const *set; /* "property=value" for librdkafka */
    size_t set_count;
    int64_t future_ms;   /* for the warning about record stamps */
    uint64_t memory_max; /* bytes of the process, 0: no bound */
};

/* Borrows all texts for its life. -1 with the reason when a property is
 * refused; brokers that are away are no error.
 *
 * A poll while nothing is begun hands over nothing, and is needed all the same:
 * it logs, and takes acknowledgements. A poll fails, and so does every one
 * after it, when an offset wanted does not exist (with the numbers), when
 * records cannot be decoded, when the topic is compacted, and on an error that
 * librdkafka calls fatal. Closing takes 5 s at most; what hangs longer in
 * librdkafka is left to the end of the process. */
int source_kafka_open(struct source *source,
                      const struct source_kafka_rules *rules,
                      struct err *err) MUST_CHECK;

struct source_kafka_partition {
    int64_t oldest;    /* offset of the oldest record */
    int64_t end;       /* one above the newest that can be read */
    int64_t committed; /* of our group; -1: none */
};

struct source_kafka_survey {
    const char *cluster; /* its id */
    const char *topic;
    uint32_t count;                          /* partitions, 1 or more */
    const struct source_kafka_partition *at; /* by partition */
};

/* What the topic holds, all of it of one time, asked for after the latest call
 * of source_kafka_survey_again (the first is asked for by itself). 1 when it is
 * known, good until that call; 0 while it is not: brokers or the topic are
 * away, or a partition does not answer, or a poll failed. It is asked for again
 * and again; polls bring it, and log why it does not come. Never waits. */
int source_kafka_survey(const struct source *source,
                        struct source_kafka_survey *out);
void source_kafka_survey_again(struct source *source);

/* Reads partitions 0 to count - 1 from these offsets on, in place of what was
 * being read. */
void source_kafka_begin(struct source *source, const int64_t *offsets,
                        uint32_t count);

/* Reads nothing any more; what is queued is dropped. Commits are still sent
 * and acknowledged. */
void source_kafka_stop(struct source *source);

/* The topic has more partitions than are being read. */
int source_kafka_has_grown(const struct source *source);

/* The isolation.level in force: which records there are depends on it. */
const char *source_kafka_isolation(const struct source *source);

/* Commits `offset` as the next needed of a partition, without waiting; polls
 * bring the answer. -1 when it cannot even be sent. */
int source_kafka_commit(const struct source *source, uint32_t partition,
                        int64_t offset, struct err *err) MUST_CHECK;

/* The latest offset of the partition whose commit, by this process, the broker
 * acknowledged; -1 when none was. */
int64_t source_kafka_committed(const struct source *source, uint32_t partition);

/* Of a partition being read, as far as it is known, else -1: one above its
 * newest record; records from where reading stands to there. */
void source_kafka_place(const struct source *source, uint32_t partition,
                        int64_t *end, int64_t *lag);

struct source_kafka_stats {
    uint64_t records;
    uint64_t bytes;
    uint64_t errors;
    uint32_t partitions; /* being read */
    int is_up;           /* a broker answered, and none is missed since */
};

void source_kafka_stats(const struct source *source,
                        struct source_kafka_stats *stats);

#endif
