#include "sink_kafka.h"

#include "kafka_client.h"
#include "kafka_properties.h"
#include "log.h"
#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SENDS_A_POLL = 256, FULL_POLL_MS = 100, REASON_BYTES = 512 };

struct sink_kafka {
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topic;
    uint64_t sent;
    uint64_t delivered;  /* of these */
    uint64_t failed;     /* of these */
    uint32_t unpolled;   /* sends since the last poll */
    int is_missed;       /* brokers, and said so */
    struct err failure;  /* why the first that failed did */
    const char *problem; /* why the latest did */
};

/* The user's may replace them. Sending twice after an error is less harm than
 * the fatal desynchronisation of idempotent producers before 2.3.0. */
static const struct kafka_property defaults[] = {
    {"client.id", "terkait"},         {"compression.codec", "lz4"},
    {"enable.idempotence", "false"},  {"linger.ms", "5"},
    {"message.timeout.ms", "60000"},  {"reconnect.backoff.max.ms", "1000"},
    {"socket.nagle.disable", "true"},
};

/* A visitor's partition must be the one that Java's clients choose; the
 * logger belongs to one thread. */
static const struct kafka_property fixed[] = {
    {"partitioner", "murmur2_random"},
    {"log.queue", "true"},
};

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message,
                        void *context)
{
    struct sink_kafka *sink = context;

    (void)kafka;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        sink->delivered++;
        sink->is_missed = 0;
        return;
    }
    sink->failed++;
    sink->problem = rd_kafka_err2str(message->err);
    err_set(&sink->failure, "%s", sink->problem);
}

static void on_error(rd_kafka_t *kafka, int code, const char *reason,
                     void *context)
{
    struct sink_kafka *sink = context;

    (void)kafka;
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        LOG(LOG_DEBUG, "kafka_error", F_TEXT("error", reason));
        return;
    }
    if (!sink->is_missed)
        LOG(LOG_WARN, "kafka_away", F_TEXT("error", reason));
    sink->is_missed = 1;
}

/* The facilities FAIL and ERROR repeat what on_error() is told; CONFWARN tells
 * of properties that are meant for consumers. */
static void on_log(const rd_kafka_t *kafka, int level, const char *facility,
                   const char *text)
{
    static const char *const quiet[] = {"FAIL", "ERROR", "CONFWARN"};
    enum log_level ours = level <= 4 ? LOG_WARN : LOG_DEBUG;

    (void)kafka;
    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++)
        if (strcmp(facility, quiet[i]) == 0)
            ours = LOG_DEBUG;
    LOG(ours, "kafka_log", F_TEXT("facility", facility), F_TEXT("text", text));
}

static rd_kafka_conf_t *configure(struct sink_kafka *sink, const char *brokers,
                                  const char *const *set, size_t set_count,
                                  struct err *err)
{
    const struct kafka_property ours[] = {{"bootstrap.servers", brokers}};
    const struct kafka_properties none = {NULL, 0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set_opaque(conf, sink);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (kafka_properties_set(conf, KAFKA_PROPERTIES(defaults), err) < 0)
        goto free_conf;
    if (kafka_properties_set(conf, KAFKA_PROPERTIES(ours), err) < 0)
        goto free_conf;
    if (kafka_properties_set_users(conf, set, set_count, none, err) < 0)
        goto free_conf;
    if (kafka_properties_set(conf, KAFKA_PROPERTIES(fixed), err) < 0)
        goto free_conf;
    return conf;

free_conf:
    rd_kafka_conf_destroy(conf);
    return NULL;
}

int sink_kafka_open(struct sink_kafka **out, const char *brokers,
                    const char *topic, const char *const *set, size_t set_count,
                    struct err *err)
{
    struct sink_kafka *sink = mem_new(1, sizeof *sink);
    rd_kafka_conf_t *conf = configure(sink, brokers, set, set_count, err);
    char reason[REASON_BYTES];

    if (conf == NULL)
        goto free_sink;
    sink->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (sink->kafka == NULL) {
        err_set(err, "%s", reason);
        rd_kafka_conf_destroy(conf);
        goto free_sink;
    }
    rd_kafka_set_log_queue(sink->kafka, NULL);
    sink->problem = "";
    sink->topic = rd_kafka_topic_new(sink->kafka, topic, NULL);
    if (sink->topic == NULL) {
        err_set(err, "topic %s: %s", topic,
                rd_kafka_err2str(rd_kafka_last_error()));
        goto destroy_kafka;
    }
    *out = sink;
    return 0;

destroy_kafka:
    rd_kafka_destroy(sink->kafka);
free_sink:
    free(sink);
    return -1;
}

/* Takes the headers, which may be NULL, when all went well. */
static rd_kafka_resp_err_t produce(struct sink_kafka *sink, struct text key,
                                   struct text value, int64_t stamp_ms,
                                   rd_kafka_headers_t *headers)
{
    /* Stamp 0 is "now" there. The copy is made before the call returns. */
    rd_kafka_resp_err_t problem = rd_kafka_producev(
        sink->kafka, RD_KAFKA_V_RKT(sink->topic),
        RD_KAFKA_V_KEY((const void *)key.bytes, key.length),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value.bytes, value.length),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_TIMESTAMP(stamp_ms < 0 ? 0 : stamp_ms), RD_KAFKA_V_END);

    sink->sent += problem == RD_KAFKA_RESP_ERR_NO_ERROR;
    return problem;
}

int sink_kafka_send(struct sink_kafka *sink, struct text key, struct text value,
                    int64_t stamp_ms, struct err *err)
{
    rd_kafka_resp_err_t problem = produce(sink, key, value, stamp_ms, NULL);

    while (problem == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_poll(sink->kafka, FULL_POLL_MS);
        problem = produce(sink, key, value, stamp_ms, NULL);
    }
    if (++sink->unpolled >= SENDS_A_POLL) {
        rd_kafka_poll(sink->kafka, 0);
        sink->unpolled = 0;
    }
    if (problem != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err_set(err, "topic %s: %s", rd_kafka_topic_name(sink->topic),
                       rd_kafka_err2str(problem));
    return 0;
}

int sink_kafka_try(struct sink_kafka *sink, struct text key, struct text value,
                   const struct sink_kafka_header *headers, size_t count,
                   struct err *err)
{
    rd_kafka_headers_t *all = rd_kafka_headers_new(count);
    rd_kafka_resp_err_t problem = RD_KAFKA_RESP_ERR_NO_ERROR;

    for (size_t i = 0; i < count && problem == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        problem = rd_kafka_header_add(all, headers[i].name, -1,
                                      headers[i].value.bytes,
                                      (ssize_t)headers[i].value.length);
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
        problem = produce(sink, key, value, -1, all);
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    rd_kafka_headers_destroy(all);
    return err_set(err, "topic %s: %s", rd_kafka_topic_name(sink->topic),
                   rd_kafka_err2str(problem));
}

void sink_kafka_pump(struct sink_kafka *sink)
{
    rd_kafka_poll(sink->kafka, 0);
}

uint64_t sink_kafka_outstanding(const struct sink_kafka *sink)
{
    return sink->sent - sink->delivered - sink->failed;
}

int sink_kafka_flush(struct sink_kafka *sink, int64_t timeout_ms,
                     struct err *err)
{
    const char *topic = rd_kafka_topic_name(sink->topic);
    int waits_ms = timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;

    if (rd_kafka_flush(sink->kafka, waits_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err_set(err, "topic %s: %llu records were not delivered in time",
                       topic, (unsigned long long)sink_kafka_outstanding(sink));
    if (sink->failed > 0)
        return err_set(err, "topic %s: %llu records were not delivered: %s",
                       topic, (unsigned long long)sink->failed,
                       sink->failure.text);
    return 0;
}

void sink_kafka_close(struct sink_kafka *sink)
{
    if (sink == NULL)
        return;
    rd_kafka_purge(sink->kafka,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_topic_destroy(sink->topic);
    if (kafka_client_destroy(sink->kafka))
        free(sink);
}

uint64_t sink_kafka_delivered(const struct sink_kafka *sink)
{
    return sink->delivered;
}

uint64_t sink_kafka_failed(const struct sink_kafka *sink)
{
    return sink->failed;
}

const char *sink_kafka_problem(const struct sink_kafka *sink)
{
    return sink->problem;
}
