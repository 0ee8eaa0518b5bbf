#include "dead_letters.h"

#include "log.h"
#include "mem.h"
#include "sink_kafka.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of the user's, which win. A queue that is bounded; records larger
 * than the default's 1 MB, for a broker may take them; small batches, for a
 * topic whose max.message.bytes is small refuses a large one whole. */
static const char *const ours[] = {
    "queue.buffering.max.kbytes=32768",
    "message.timeout.ms=300000",
    "message.max.bytes=33554432",
    "batch.size=65536",
};

enum { OURS = sizeof ours / sizeof ours[0] };

struct dead_letters {
    struct sink_kafka *sink;
    const char *from;
    uint64_t refused; /* by the queue */
    uint64_t left;    /* behind, at the end */
    uint64_t told;    /* losses that were told of */
    struct err problem;
};

int dead_letters_open(struct dead_letters **out,
                      const struct dead_letters_rules *rules, struct err *err)
{
    struct dead_letters *letters = mem_new(1, sizeof *letters);
    size_t count = OURS + rules->set_count;
    const char **set = mem_new(count, sizeof *set);
    int result;

    memcpy(set, ours, sizeof ours);
    for (size_t i = 0; i < rules->set_count; i++)
        set[OURS + i] = rules->set[i];
    letters->from = rules->from;
    result = sink_kafka_open(&letters->sink, rules->brokers, rules->topic, set,
                             count, err);
    free(set);
    if (result < 0) {
        free(letters);
        return err_where(err, "dead letters");
    }
    *out = letters;
    return 0;
}

void dead_letters_close(struct dead_letters *letters)
{
    if (letters == NULL)
        return;
    sink_kafka_close(letters->sink);
    free(letters);
}

static struct text text_of(const char *words)
{
    return (struct text){words, (uint32_t)strlen(words)};
}

void dead_letters_take(struct dead_letters *letters,
                       const struct record *record, enum event_verdict verdict)
{
    const struct text key = {record->key, (uint32_t)record->key_length};
    const struct text value = {record->bytes, (uint32_t)record->length};
    char partition[16], offset[24];
    struct err err = ERR_NONE;

    if (!event_is_refused(verdict))
        return;
    snprintf(partition, sizeof partition, "%" PRIu32, record->partition);
    snprintf(offset, sizeof offset, "%" PRId64, record->offset);
    const struct sink_kafka_header headers[] = {
        {"reason", text_of(event_verdict_name(verdict))},
        {"topic", text_of(letters->from)},
        {"partition", text_of(partition)},
        {"offset", text_of(offset)},
    };

    if (sink_kafka_try(letters->sink, key, value, headers,
                       sizeof headers / sizeof headers[0], &err) == 0)
        return;
    letters->refused++;
    letters->problem = err;
}

struct dead_letters_stats dead_letters_stats(const struct dead_letters *letters)
{
    return (struct dead_letters_stats){
        .sent = sink_kafka_delivered(letters->sink),
        .lost =
            letters->refused + letters->left + sink_kafka_failed(letters->sink),
    };
}

/* The queue's word first: what brokers say is older. */
static void tell(struct dead_letters *letters)
{
    uint64_t lost = dead_letters_stats(letters).lost;
    const char *why = letters->problem.text;

    if (lost == letters->told)
        return;
    LOG(LOG_WARN, "dead_letters_lost",
        F_TEXT("error",
               why[0] != '\0' ? why : sink_kafka_problem(letters->sink)),
        F_INT("lost", lost));
    letters->told = lost;
    letters->problem = ERR_NONE;
}

void dead_letters_work(struct dead_letters *letters)
{
    sink_kafka_pump(letters->sink);
    tell(letters);
}

void dead_letters_flush(struct dead_letters *letters, int64_t timeout_ms)
{
    struct err err = ERR_NONE;

    if (letters->left > 0 ||
        sink_kafka_flush(letters->sink, timeout_ms, &err) == 0)
        return;
    letters->left = sink_kafka_outstanding(letters->sink);
    if (letters->left > 0)
        letters->problem = err;
    tell(letters);
}
