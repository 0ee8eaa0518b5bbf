#include "source_kafka.h"

#include "clock.h"
#include "event.h"
#include "kafka_client.h"
#include "kafka_offsets.h"
#include "kafka_scout.h"
#include "log.h"
#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>
#include <string.h>

enum {
    QUERY_MS = 500,
    ASSIGN_AGAIN_US = 1000000,
    SETTLE_US = 50000, /* from a stop to the next assignment */
    REASON_BYTES = 512,
    ISOLATION_BYTES = 32
};

struct kafka_source {
    struct source_kafka_rules rules;
    rd_kafka_t *kafka;
    rd_kafka_queue_t *queue;
    struct kafka_scout *scout;
    struct kafka_findings findings; /* the latest */
    struct kafka_survey *survey;    /* or NULL */
    struct kafka_offsets offsets;
    int is_begun;
    int is_assigned;    /* since it was begun */
    int64_t assign_us;  /* when the assignment is due (again); 0: it stands */
    int64_t stopped_us; /* 0: never */
    int64_t *committed; /* acknowledged, by partition; -1: none */
    uint32_t committed_count;
    rd_kafka_message_t **batch;
    size_t batch_count;
    size_t batch_capacity;
    struct source_kafka_stats stats;
    int is_missed;      /* brokers, and said so */
    struct err failure; /* what ended the reading */
    char isolation[ISOLATION_BYTES];
};

/* ---- partitions ---- */

/* The whole list anew, with the offsets wanted: what the queue still holds of
 * the former assignment is in order and is filtered by offset. */
static void assign(struct kafka_source *self)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)self->offsets.count);
    rd_kafka_resp_err_t problem;

    for (uint32_t i = 0; i < self->offsets.count; i++) {
        rd_kafka_topic_partition_list_add(list, self->rules.topic, (int32_t)i)
            ->offset = kafka_offsets_position(&self->offsets, i);
    }
    problem = rd_kafka_assign(self->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    self->assign_us = 0;
    self->is_assigned = 1;
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    self->stats.errors++;
    self->assign_us = clock_mono_us() + ASSIGN_AGAIN_US;
    LOG(LOG_WARN, "kafka_error", F_TEXT("error", rd_kafka_err2str(problem)),
        F_TEXT("at", "assign"));
}

static void assign_what_is_due(struct kafka_source *self)
{
    if (self->is_begun && self->assign_us != 0 &&
        clock_mono_us() >= self->assign_us)
        assign(self);
}

/* ---- what brokers and the scout report ---- */

static void set_up(struct kafka_source *self, int is_up, const char *reason)
{
    self->stats.is_up = is_up;
    if (!is_up && !self->is_missed)
        LOG(LOG_WARN, "kafka_away", F_TEXT("brokers", self->rules.brokers),
            F_TEXT("error", reason));
    if (is_up && self->is_missed)
        LOG(LOG_INFO, "kafka_back", F_TEXT("brokers", self->rules.brokers));
    self->is_missed = !is_up;
}

static int fail(struct kafka_source *self, const char *reason)
{
    return err_set(&self->failure, "topic %s: %s", self->rules.topic, reason);
}

static void on_error(rd_kafka_t *kafka, int code, const char *reason,
                     void *context)
{
    struct kafka_source *self = context;
    char words[REASON_BYTES];

    self->stats.errors++;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(kafka, words, sizeof words);
        fail(self, words);
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        set_up(self, 0, reason);
        kafka_scout_hurry(self->scout);
    } else {
        LOG(LOG_WARN, "kafka_error", F_TEXT("error", reason));
    }
}

static void acknowledge(struct kafka_source *self, uint32_t partition,
                        int64_t offset)
{
    uint32_t count = self->committed_count;

    if (partition >= count) {
        self->committed =
            mem_resize(self->committed, partition + 1, sizeof(int64_t));
        while (count <= partition)
            self->committed[count++] = -1;
        self->committed_count = count;
    }
    self->committed[partition] = offset;
}

static void on_commit(rd_kafka_t *kafka, rd_kafka_resp_err_t problem,
                      rd_kafka_topic_partition_list_t *offsets, void *context)
{
    struct kafka_source *self = context;

    (void)kafka;
    for (int i = 0; offsets != NULL && i < offsets->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &offsets->elems[i];

        if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
            problem = one->err;
        if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
            acknowledge(self, (uint32_t)one->partition, one->offset);
    }
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    self->stats.errors++;
    LOG(LOG_WARN, "kafka_error", F_TEXT("error", rd_kafka_err2str(problem)),
        F_TEXT("at", "commit"));
}

static void judge_settings(struct kafka_source *self,
                           const struct topic_settings *settings)
{
    if (settings->is_compacted)
        fail(self, "it is compacted, so events vanish from it before they are "
                   "counted; it needs cleanup.policy=delete");
    else if (!settings->is_stamped_by_broker &&
             settings->ahead_max_ms > self->rules.future_ms)
        LOG(LOG_WARN, "topic_stamps_unsafe", F_TEXT("topic", self->rules.topic),
            F_TEXT("means", "one producer with a wrong clock can move time "
                            "ahead, and good events are refused as late"),
            F_TEXT("set", "message.timestamp.type=LogAppendTime on the topic, "
                          "or message.timestamp.after.max.ms of at most "
                          "events.future"),
            F_INT("events_future_ms", self->rules.future_ms));
}

static void take_settings(struct kafka_source *self,
                          const struct kafka_findings *found)
{
    const char *problem = found->settings_problem.text;

    if (problem[0] != '\0' &&
        strcmp(problem, self->findings.settings_problem.text) != 0)
        LOG(LOG_WARN, "topic_settings_unknown",
            F_TEXT("topic", self->rules.topic), F_TEXT("error", problem),
            F_TEXT("means", "whether brokers stamp the records, and whether "
                            "the topic is compacted, is not checked"));
    if (found->settings_state == TOPIC_SETTINGS_KNOWN &&
        self->findings.settings_state != TOPIC_SETTINGS_KNOWN)
        judge_settings(self, &found->settings);
}

static void tell_survey_problem(const struct kafka_source *self,
                                const struct kafka_findings *found)
{
    const char *problem = found->survey_problem.text;

    if (problem[0] != '\0' &&
        strcmp(problem, self->findings.survey_problem.text) != 0)
        LOG(LOG_WARN, "kafka_survey_failed", F_TEXT("error", problem));
}

static void take_findings(struct kafka_source *self,
                          const struct kafka_findings *found)
{
    const char *problem = found->problem.text;

    set_up(self, found->is_answered, problem);
    if (found->is_answered && problem[0] != '\0' &&
        strcmp(problem, self->findings.problem.text) != 0)
        LOG(LOG_WARN, "kafka_topic_missing", F_TEXT("topic", self->rules.topic),
            F_TEXT("error", problem));
    take_settings(self, found);
    tell_survey_problem(self, found);
    self->findings = *found;
}

/* The survey first: findings are then at least as new, and a topic that must
 * not be read is known before what it holds is. */
static void take_news(struct kafka_source *self)
{
    struct kafka_findings found;

    if (self->survey == NULL)
        self->survey = kafka_scout_steal_survey(self->scout);
    if (kafka_scout_news(self->scout, &found))
        take_findings(self, &found);
}

/* ---- messages ---- */

/* The offset wanted is not there. When that cannot be confirmed, the
 * assignment is tried again in a while. */
static void lose_offset(struct kafka_source *self,
                        const rd_kafka_message_t *message)
{
    int64_t wanted =
        kafka_offsets_position(&self->offsets, (uint32_t)message->partition);
    const struct kafka_survey_rules rules = {
        .kafka = self->kafka,
        .topic = self->rules.topic,
        .first = (uint32_t)message->partition,
        .partitions = 1,
        .timeout_ms = QUERY_MS,
    };
    struct source_kafka_partition is;

    self->stats.errors++;
    if (kafka_survey_ends(&is, &rules, NULL) < 0 ||
        (wanted >= is.oldest && wanted <= is.end)) {
        self->assign_us = clock_mono_us() + ASSIGN_AGAIN_US;
        LOG(LOG_WARN, "kafka_error", F_TEXT("at", "fetch"),
            F_TEXT("error", rd_kafka_message_errstr(message)),
            F_INT("partition", message->partition), F_INT("wanted", wanted));
        return;
    }
    err_set(&self->failure,
            "topic %s, partition %d: offset %lld is wanted and does not exist; "
            "the oldest record there is %lld, the next will be %lld",
            self->rules.topic, (int)message->partition, (long long)wanted,
            (long long)is.oldest, (long long)is.end);
}

static void take_event(struct kafka_source *self,
                       const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        kafka_offsets_reach_end(&self->offsets, (uint32_t)message->partition,
                                message->offset);
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        lose_offset(self, message);
        break;
    case RD_KAFKA_RESP_ERR__BAD_MSG: /* librdkafka skips all of these */
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
        err_set(&self->failure,
                "topic %s, partition %d: records at offset %lld cannot be "
                "decoded: %s",
                self->rules.topic, (int)message->partition,
                (long long)message->offset, rd_kafka_message_errstr(message));
        break;
    default:
        self->stats.errors++;
        LOG(LOG_WARN, "kafka_error", F_INT("partition", message->partition),
            F_TEXT("error", rd_kafka_message_errstr(message)));
    }
}

static int64_t stamp_of(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t stamp_ms = rd_kafka_message_timestamp(message, &type);

    if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || stamp_ms < 0)
        return EVENT_NO_STAMP;
    return stamp_ms;
}

/* Returns 1 when the message is a record to hand over. */
static uint32_t take_message(struct kafka_source *self, struct record *out,
                             const rd_kafka_message_t *message)
{
    uint32_t partition = (uint32_t)message->partition;

    if (!self->is_assigned || partition >= self->offsets.count)
        return 0;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        take_event(self, message);
        return 0;
    }
    if (!kafka_offsets_take(&self->offsets, partition, message->offset))
        return 0;
    self->stats.records++;
    self->stats.bytes += message->len;
    *out = (struct record){.bytes = message->len > 0 ? message->payload : "",
                           .length = message->len,
                           .partition = partition,
                           .offset = message->offset,
                           .stamp_ms = stamp_of(message),
                           .key = message->key,
                           .key_length = message->key_len};
    out->now_ms = out->stamp_ms;
    return 1;
}

static void release_batch(struct kafka_source *self)
{
    for (size_t i = 0; i < self->batch_count; i++)
        rd_kafka_message_destroy(self->batch[i]);
    self->batch_count = 0;
}

static size_t fetch(struct kafka_source *self, size_t max, int64_t wait_ms)
{
    ssize_t got = rd_kafka_consume_batch_queue(
        self->queue, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms,
        self->batch + self->batch_count, max);

    if (got > 0)
        self->batch_count += (size_t)got;
    return got > 0 ? (size_t)got : 0;
}

/* librdkafka waits its whole time for a batch that is not full, so the wait is
 * for one message, and what stands behind it is taken as it is. */
static void fill_batch(struct kafka_source *self, uint32_t max,
                       int64_t timeout_ms)
{
    if (max > self->batch_capacity) {
        self->batch = mem_resize(self->batch, max, sizeof(void *));
        self->batch_capacity = max;
    }
    if (fetch(self, max, 0) > 0 || timeout_ms <= 0)
        return;
    if (fetch(self, 1, timeout_ms) > 0 && max > 1)
        fetch(self, max - 1, 0);
}

/* ---- the source ---- */

static int kafka_poll(void *source, struct record *out, uint32_t max,
                      int64_t timeout_ms, struct err *err)
{
    struct kafka_source *self = source;
    uint32_t count = 0;

    ASSERT(max > 0);
    release_batch(self);
    take_news(self);
    assign_what_is_due(self);
    fill_batch(self, max, timeout_ms);
    for (size_t i = 0; i < self->batch_count; i++)
        count += take_message(self, &out[count], self->batch[i]);
    if (count > 0 && !self->stats.is_up)
        set_up(self, 1, "");
    if (self->failure.text[0] != '\0')
        return err_set(err, "%s", self->failure.text);
    return (int)count;
}

static int is_topic_missing(const struct kafka_source *self)
{
    return self->findings.is_topic_known && self->findings.partitions == 0;
}

static enum source_state kafka_state(void *source)
{
    const struct kafka_source *self = source;

    if (!self->is_begun)
        return is_topic_missing(self) ? SOURCE_CAUGHT_UP : SOURCE_READING;
    return kafka_offsets_are_at_end(&self->offsets) ? SOURCE_CAUGHT_UP
                                                    : SOURCE_READING;
}

/* -1 when it is not known yet. */
static int64_t partition_end(const struct kafka_source *self, uint32_t number)
{
    int64_t oldest, end;

    if (rd_kafka_get_watermark_offsets(self->kafka, self->rules.topic,
                                       (int32_t)number, &oldest,
                                       &end) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    return end;
}

static int64_t kafka_lag(void *source)
{
    const struct kafka_source *self = source;
    int64_t all = 0;

    if (!self->is_begun)
        return is_topic_missing(self) ? 0 : -1;
    for (uint32_t i = 0; i < self->offsets.count; i++) {
        int64_t lag =
            kafka_offsets_lag(&self->offsets, i, partition_end(self, i));

        if (lag < 0)
            return -1;
        all += lag;
    }
    return all;
}

static void kafka_free(void *source)
{
    struct kafka_source *self = source;

    release_batch(self);
    kafka_scout_free(self->scout);
    rd_kafka_queue_destroy(self->queue);
    if (!kafka_client_destroy(self->kafka))
        return;
    kafka_offsets_deinit(&self->offsets);
    kafka_survey_free(self->survey);
    free(self->committed);
    free(self->batch);
    free(self);
}

static rd_kafka_t *open_handle(struct kafka_source *self, struct err *err)
{
    char reason[REASON_BYTES];
    rd_kafka_conf_t *conf;
    rd_kafka_t *kafka;

    if (kafka_client_configure(&conf, &self->rules, err) < 0)
        return NULL;
    rd_kafka_conf_set_opaque(conf, self);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (kafka == NULL) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka: %s", reason);
        return NULL;
    }
    rd_kafka_set_log_queue(kafka, NULL);
    rd_kafka_poll_set_consumer(kafka);
    return kafka;
}

static void note_isolation(struct kafka_source *self)
{
    size_t bytes = sizeof self->isolation;

    ASSERT(rd_kafka_conf_get(rd_kafka_conf(self->kafka), "isolation.level",
                             self->isolation, &bytes) == RD_KAFKA_CONF_OK);
}

int source_kafka_open(struct source *source,
                      const struct source_kafka_rules *rules, struct err *err)
{
    struct kafka_source *self = mem_new(1, sizeof *self);

    self->rules = *rules;
    self->kafka = open_handle(self, err);
    if (self->kafka == NULL) {
        free(self);
        return -1;
    }
    note_isolation(self);
    self->queue = rd_kafka_queue_get_consumer(self->kafka);
    ASSERT(self->queue != NULL);
    self->scout = kafka_scout_new(self->kafka, rules->topic);
    *source = (struct source){.self = self,
                              .poll = kafka_poll,
                              .state = kafka_state,
                              .lag = kafka_lag,
                              .free = kafka_free};
    return 0;
}

int source_kafka_survey(const struct source *source,
                        struct source_kafka_survey *out)
{
    const struct kafka_source *self = source->self;

    if (self->survey == NULL || self->failure.text[0] != '\0')
        return 0;
    *out = (struct source_kafka_survey){.cluster = self->survey->cluster,
                                        .topic = self->rules.topic,
                                        .count = self->survey->count,
                                        .at = self->survey->at};
    return 1;
}

void source_kafka_survey_again(struct source *source)
{
    struct kafka_source *self = source->self;

    kafka_survey_free(self->survey);
    self->survey = NULL;
    kafka_scout_survey_again(self->scout);
}

void source_kafka_begin(struct source *source, const int64_t *offsets,
                        uint32_t count)
{
    struct kafka_source *self = source->self;

    if (self->is_begun)
        source_kafka_stop(source);
    kafka_offsets_begin(&self->offsets, offsets, count);
    self->is_begun = 1;
    self->stats.partitions = count;
    self->assign_us = clock_mono_us();
    if (self->stopped_us != 0 && self->assign_us < self->stopped_us + SETTLE_US)
        self->assign_us = self->stopped_us + SETTLE_US;
    LOG(LOG_INFO, "kafka_partitions", F_TEXT("topic", self->rules.topic),
        F_INT("partitions", count));
}

void source_kafka_stop(struct source *source)
{
    struct kafka_source *self = source->self;

    if (!self->is_begun)
        return;
    self->is_begun = 0;
    self->is_assigned = 0;
    self->stopped_us = clock_mono_us();
    self->stats.partitions = 0;
    rd_kafka_assign(self->kafka, NULL);
}

int source_kafka_has_grown(const struct source *source)
{
    const struct kafka_source *self = source->self;

    return self->is_begun && self->findings.partitions > self->offsets.count;
}

const char *source_kafka_isolation(const struct source *source)
{
    return ((const struct kafka_source *)source->self)->isolation;
}

int source_kafka_commit(const struct source *source, uint32_t partition,
                        int64_t offset, struct err *err)
{
    struct kafka_source *self = source->self;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t problem;

    rd_kafka_topic_partition_list_add(list, self->rules.topic,
                                      (int32_t)partition)
        ->offset = offset;
    problem = rd_kafka_commit(self->kafka, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return err_set(err, "topic %s, partition %u: commit: %s", self->rules.topic,
                   (unsigned)partition, rd_kafka_err2str(problem));
}

int64_t source_kafka_committed(const struct source *source, uint32_t partition)
{
    const struct kafka_source *self = source->self;

    return partition < self->committed_count ? self->committed[partition] : -1;
}

void source_kafka_place(const struct source *source, uint32_t partition,
                        int64_t *end, int64_t *lag)
{
    const struct kafka_source *self = source->self;

    *end = partition_end(self, partition);
    *lag = kafka_offsets_lag(&self->offsets, partition, *end);
}

void source_kafka_stats(const struct source *source,
                        struct source_kafka_stats *stats)
{
    *stats = ((const struct kafka_source *)source->self)->stats;
}
