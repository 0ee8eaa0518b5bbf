#include "kafka_client.h"

#include "kafka_properties.h"
#include "log.h"
#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DESTROY_S = 3, QUEUE_KBYTES = 65536, QUEUE_KBYTES_LEAST = 1024 };

static const struct kafka_property defaults[] = {
    {"client.id", "terkait"},         {"fetch.min.bytes", "1"},
    {"fetch.wait.max.ms", "10"},      {"reconnect.backoff.max.ms", "1000"},
    {"socket.nagle.disable", "true"},
};

/* A hole must be loud, offsets are committed by hand, the end of a partition
 * is how CAUGHT_UP is known, and the logger belongs to one thread. */
static const struct kafka_property fixed[] = {
    {"auto.offset.reset", "error"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof", "true"},
    {"log.queue", "true"},
};

/* What was fetched ahead is at most an eighth of the memory there is. */
static const char *queue_kbytes(char *text, size_t size, uint64_t memory_max)
{
    uint64_t kbytes = memory_max / 8 / 1024;

    if (memory_max == 0 || kbytes > QUEUE_KBYTES)
        kbytes = QUEUE_KBYTES;
    if (kbytes < QUEUE_KBYTES_LEAST)
        kbytes = QUEUE_KBYTES_LEAST;
    snprintf(text, size, "%" PRIu64, kbytes);
    return text;
}

/* 0 to 2: beyond repair, 3: error, 4: warning, 5 and 6: notice, 7: debug. The
 * facilities FAIL and ERROR repeat what the error callback is told. */
static void on_log(const rd_kafka_t *kafka, int level, const char *facility,
                   const char *text)
{
    enum log_level ours = level <= 4   ? LOG_WARN
                          : level <= 6 ? LOG_INFO
                                       : LOG_DEBUG;

    (void)kafka;
    if (strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0)
        ours = LOG_DEBUG;
    LOG(ours, "kafka_log", F_TEXT("facility", facility), F_TEXT("text", text));
}

int kafka_client_configure(struct rd_kafka_conf_s **out,
                           const struct source_kafka_rules *rules,
                           struct err *err)
{
    char kbytes[24];
    const struct kafka_property ours[] = {
        {"bootstrap.servers", rules->brokers},
        {"group.id", rules->group},
        {"queued.max.messages.kbytes",
         queue_kbytes(kbytes, sizeof kbytes, rules->memory_max)}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set_log_cb(conf, on_log);
    if (kafka_properties_set(conf, KAFKA_PROPERTIES(defaults), err) < 0)
        goto free_conf;
    if (kafka_properties_set(conf, KAFKA_PROPERTIES(ours), err) < 0)
        goto free_conf;
    if (kafka_properties_set_users(conf, rules->set, rules->set_count,
                                   KAFKA_PROPERTIES(fixed), err) < 0)
        goto free_conf;
    if (kafka_properties_set(conf, KAFKA_PROPERTIES(fixed), err) < 0)
        goto free_conf;
    *out = conf;
    return 0;

free_conf:
    rd_kafka_conf_destroy(conf);
    return -1;
}

/* Whoever is second to let go of it frees it. */
struct ending {
    rd_kafka_t *kafka;
    pthread_mutex_t lock;
    pthread_cond_t done;
    int is_done;
    int is_left;
};

static void free_ending(struct ending *ending)
{
    pthread_cond_destroy(&ending->done);
    pthread_mutex_destroy(&ending->lock);
    free(ending);
}

static void *destroy(void *context)
{
    struct ending *ending = context;
    int is_left;

    rd_kafka_destroy_flags(ending->kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    pthread_mutex_lock(&ending->lock);
    ending->is_done = 1;
    is_left = ending->is_left;
    pthread_cond_signal(&ending->done);
    pthread_mutex_unlock(&ending->lock);
    if (is_left)
        free_ending(ending);
    return NULL;
}

static int await_end(struct ending *ending)
{
    struct timespec until;
    int is_done;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DESTROY_S;
    pthread_mutex_lock(&ending->lock);
    while (!ending->is_done)
        if (pthread_cond_timedwait(&ending->done, &ending->lock, &until) != 0)
            break;
    is_done = ending->is_done;
    ending->is_left = !is_done;
    pthread_mutex_unlock(&ending->lock);
    return is_done;
}

int kafka_client_destroy(struct rd_kafka_s *kafka)
{
    struct ending *ending = mem_new(1, sizeof *ending);
    pthread_t thread;

    ending->kafka = kafka;
    pthread_mutex_init(&ending->lock, NULL);
    pthread_cond_init(&ending->done, NULL);
    ASSERT(pthread_create(&thread, NULL, destroy, ending) == 0);
    if (!await_end(ending)) {
        pthread_detach(thread);
        LOG(LOG_WARN, "kafka_close_hangs", F_INT("waited_s", DESTROY_S));
        return 0;
    }
    pthread_join(thread, NULL);
    free_ending(ending);
    return 1;
}
