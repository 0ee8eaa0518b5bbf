/* dead_letters: refused records, copied to a Kafka topic for people to look at.
 *
 *     key, value   as they were
 *     headers      reason, topic, partition, offset
 *
 * The main job comes first: nothing here waits, and what cannot be sent is
 * lost, counted, and told of: the queue is full (32 MB), the topic does not
 * exist, a broker refuses the record (its size), or does not take it in five
 * minutes of trying.
 *
 * After a crash the records behind the last checkpoints are read again, and
 * those that are refused are sent again; so are those behind the snapshot that
 * a start begins at. Whoever reads the topic tells a repetition by its headers
 * `topic`, `partition` and `offset`. */
#ifndef TERKAIT_DEAD_LETTERS_H
#define TERKAIT_DEAD_LETTERS_H

#include "err.h"
#include "event.h"
#include "record.h"

#include <stddef.h>
#include <stdint.h>

struct dead_letters;

struct dead_letters_rules {
    const char *brokers;
    const char *topic;      /* that they go to */
    const char *from;       /* the topic they came from */
    const char *const *set; /* "property=value" for librdkafka */
    size_t set_count;
};

/* Borrows `from` for its life. -1 when librdkafka refuses a property; brokers
 * or a topic that are not there are no error. */
int dead_letters_open(struct dead_letters **letters,
                      const struct dead_letters_rules *rules,
                      struct err *err) MUST_CHECK;

/* Frees; what is not delivered by now is lost, uncounted. NULL is nothing. */
void dead_letters_close(struct dead_letters *letters);

/* One record and what became of it: it is copied when event_is_refused. */
void dead_letters_take(struct dead_letters *letters,
                       const struct record *record, enum event_verdict verdict);

/* Takes answers and tells of losses, without waiting: once a turn. */
void dead_letters_work(struct dead_letters *letters);

/* The last: waits for what is on its way, once, and tells of what is lost. */
void dead_letters_flush(struct dead_letters *letters, int64_t timeout_ms);

struct dead_letters_stats {
    uint64_t sent; /* a broker has them */
    uint64_t lost;
};
struct dead_letters_stats
dead_letters_stats(const struct dead_letters *letters);

#endif
