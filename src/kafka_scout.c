#include "kafka_scout.h"

#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PAUSE_CALM_MS = 20000,
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 2000,
    ANSWER_MS = 1000, /* to wait for an answer; bounds the time to stop, too */
    STOP_LOOK_MS = 50
};

struct kafka_scout {
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *answers; /* about settings */
    /* The thread's own: */
    int64_t back_off_ms;
    struct kafka_findings found;
    struct kafka_survey *survey; /* to be posted; or NULL */
    uint64_t surveyed;           /* how many were asked for when it began */

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under the lock: */
    int is_stopped;
    int is_hurried;
    int has_mail;
    struct kafka_findings mail;
    struct kafka_survey *mailed_survey; /* or NULL */
    uint64_t surveys_wanted;
};

void topic_settings_put(struct topic_settings *settings, const char *name,
                        const char *value)
{
    if (value == NULL)
        return;
    if (strcmp(name, "cleanup.policy") == 0)
        settings->is_compacted = strstr(value, "compact") != NULL;
    else if (strcmp(name, "message.timestamp.type") == 0)
        settings->is_stamped_by_broker = strcmp(value, "LogAppendTime") == 0;
    else if (strcmp(name, "message.timestamp.after.max.ms") == 0)
        settings->ahead_max_ms = strtoll(value, NULL, 10);
}

static int is_stopped(void *context)
{
    struct kafka_scout *self = context;
    int stopped;

    pthread_mutex_lock(&self->lock);
    stopped = self->is_stopped;
    pthread_mutex_unlock(&self->lock);
    return stopped;
}

static void request_settings(struct kafka_scout *self)
{
    rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(
        RD_KAFKA_RESOURCE_TOPIC, rd_kafka_topic_name(self->topic));
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(
        self->kafka, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);

    (void)rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS, NULL,
                                                    0);
    rd_kafka_DescribeConfigs(self->kafka, &wanted, 1, options, self->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(wanted);
}

/* NULL when the scout is stopped first. librdkafka always answers: a request
 * that times out is an answer too. */
static rd_kafka_event_t *await_settings(struct kafka_scout *self)
{
    rd_kafka_event_t *answer = NULL;

    while (answer == NULL && !is_stopped(self))
        answer = rd_kafka_queue_poll(self->answers, STOP_LOOK_MS);
    return answer;
}

static void take_settings(struct kafka_findings *found,
                          const rd_kafka_ConfigResource_t *resource)
{
    const rd_kafka_ConfigEntry_t **entries;
    size_t count;

    found->settings = (struct topic_settings){.ahead_max_ms = INT64_MAX};
    found->settings_state = TOPIC_SETTINGS_KNOWN;
    entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        topic_settings_put(&found->settings,
                           rd_kafka_ConfigEntry_name(entries[i]),
                           rd_kafka_ConfigEntry_value(entries[i]));
}

static int is_passing(rd_kafka_resp_err_t problem)
{
    return problem == RD_KAFKA_RESP_ERR__TRANSPORT ||
           problem == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           problem == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
           problem == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

static void judge_settings(struct kafka_scout *self, rd_kafka_event_t *answer)
{
    struct kafka_findings *found = &self->found;
    const rd_kafka_DescribeConfigs_result_t *result =
        rd_kafka_event_DescribeConfigs_result(answer);
    rd_kafka_resp_err_t problem = rd_kafka_event_error(answer);
    const char *words = rd_kafka_event_error_string(answer);
    const rd_kafka_ConfigResource_t **resources = NULL;
    size_t count = 0;

    if (result != NULL)
        resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) {
        problem = rd_kafka_ConfigResource_error(resources[0]);
        words = rd_kafka_ConfigResource_error_string(resources[0]);
    }
    found->settings_problem = ERR_NONE;
    if (problem == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) {
        take_settings(found, resources[0]);
        return;
    }
    err_set(&found->settings_problem, "%s",
            words != NULL ? words : rd_kafka_err2str(problem));
    if (!is_passing(problem))
        found->settings_state = TOPIC_SETTINGS_REFUSED;
}

static void look_at_settings(struct kafka_scout *self)
{
    rd_kafka_event_t *answer;

    request_settings(self);
    answer = await_settings(self);
    if (answer == NULL)
        return;
    judge_settings(self, answer);
    rd_kafka_event_destroy(answer);
}

static void look_at_topic(struct kafka_findings *found,
                          const rd_kafka_metadata_topic_t *topic)
{
    uint32_t count = (uint32_t)topic->partition_cnt;

    if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        err_set(&found->problem, "%s", rd_kafka_err2str(topic->err));
    if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
        topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        found->is_topic_known = 1;
    if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        found->partitions = count;
}

static void look(struct kafka_scout *self)
{
    struct kafka_findings *found = &self->found;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t problem =
        rd_kafka_metadata(self->kafka, 0, self->topic, &metadata, ANSWER_MS);

    found->problem = ERR_NONE;
    found->is_answered = problem == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!found->is_answered) {
        err_set(&found->problem, "%s", rd_kafka_err2str(problem));
        return;
    }
    if (metadata->topic_cnt == 1)
        look_at_topic(found, &metadata->topics[0]);
    rd_kafka_metadata_destroy(metadata);
    if (found->partitions > 0 &&
        found->settings_state == TOPIC_SETTINGS_UNKNOWN)
        look_at_settings(self);
}

static uint64_t surveys_wanted(struct kafka_scout *self)
{
    uint64_t wanted;

    pthread_mutex_lock(&self->lock);
    wanted = self->surveys_wanted;
    pthread_mutex_unlock(&self->lock);
    return wanted;
}

/* After a look that went well: the number of partitions is of now. */
static void look_closer(struct kafka_scout *self, uint64_t wanted)
{
    struct kafka_findings *found = &self->found;
    const struct kafka_survey_rules rules = {
        .kafka = self->kafka,
        .topic = rd_kafka_topic_name(self->topic),
        .partitions = found->partitions,
        .timeout_ms = ANSWER_MS,
        .is_stopped = is_stopped,
        .context = self,
    };

    found->survey_problem = ERR_NONE;
    if (wanted == self->surveyed || !found->is_answered ||
        found->problem.text[0] != '\0' || found->partitions == 0)
        return;
    self->survey = kafka_survey_new(&rules, &found->survey_problem);
    if (self->survey != NULL)
        self->surveyed = wanted;
}

static int is_calm(struct kafka_scout *self)
{
    return self->found.is_answered && self->found.partitions > 0 &&
           self->surveyed == surveys_wanted(self);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static int64_t next_pause_ms(struct kafka_scout *self)
{
    int64_t pause_ms = self->back_off_ms;

    self->back_off_ms = PAUSE_MIN_MS;
    if (is_calm(self))
        return PAUSE_CALM_MS;
    self->back_off_ms =
        pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
    return pause_ms;
}

/* Under the lock. A survey that was not wanted any more when it was done is
 * of no use to anybody. */
static void post_survey(struct kafka_scout *self)
{
    if (self->survey != NULL && self->surveyed == self->surveys_wanted) {
        ASSERT(self->mailed_survey == NULL);
        self->mailed_survey = self->survey;
    } else {
        kafka_survey_free(self->survey);
    }
    self->survey = NULL;
}

/* Posts what was found and sleeps. Returns 0 when the scout is to stop. */
static int post_and_rest(struct kafka_scout *self, int64_t pause_ms)
{
    struct timespec until = in_ms(pause_ms);
    int is_on;

    pthread_mutex_lock(&self->lock);
    self->mail = self->found;
    self->has_mail = 1;
    post_survey(self);
    while (!self->is_stopped && !self->is_hurried)
        if (pthread_cond_timedwait(&self->wake, &self->lock, &until) != 0)
            break;
    if (self->is_hurried)
        self->back_off_ms = PAUSE_MIN_MS;
    self->is_hurried = 0;
    is_on = !self->is_stopped;
    pthread_mutex_unlock(&self->lock);
    return is_on;
}

static void *patrol(void *context)
{
    struct kafka_scout *self = context;

    do {
        uint64_t wanted = surveys_wanted(self);

        look(self);
        look_closer(self, wanted);
    } while (post_and_rest(self, next_pause_ms(self)));
    return NULL;
}

/* Signals are the main thread's. */
static void start_thread(struct kafka_scout *self)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ASSERT(pthread_create(&self->thread, NULL, patrol, self) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct kafka_scout *kafka_scout_new(struct rd_kafka_s *kafka, const char *topic)
{
    struct kafka_scout *self = mem_new(1, sizeof *self);
    pthread_condattr_t attributes;

    self->kafka = kafka;
    self->topic = rd_kafka_topic_new(kafka, topic, NULL);
    ASSERT(self->topic != NULL);
    self->answers = rd_kafka_queue_new(kafka);
    self->back_off_ms = PAUSE_MIN_MS;
    self->surveys_wanted = 1;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&self->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    start_thread(self);
    return self;
}

void kafka_scout_free(struct kafka_scout *self)
{
    if (self == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_stopped = 1;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->wake);
    pthread_mutex_destroy(&self->lock);
    kafka_survey_free(self->mailed_survey);
    rd_kafka_queue_destroy(self->answers);
    rd_kafka_topic_destroy(self->topic);
    free(self);
}

int kafka_scout_news(struct kafka_scout *self, struct kafka_findings *out)
{
    int has_mail;

    pthread_mutex_lock(&self->lock);
    has_mail = self->has_mail;
    if (has_mail)
        *out = self->mail;
    self->has_mail = 0;
    pthread_mutex_unlock(&self->lock);
    return has_mail;
}

struct kafka_survey *kafka_scout_steal_survey(struct kafka_scout *self)
{
    struct kafka_survey *survey;

    pthread_mutex_lock(&self->lock);
    survey = self->mailed_survey;
    self->mailed_survey = NULL;
    pthread_mutex_unlock(&self->lock);
    return survey;
}

void kafka_scout_survey_again(struct kafka_scout *self)
{
    pthread_mutex_lock(&self->lock);
    kafka_survey_free(self->mailed_survey);
    self->mailed_survey = NULL;
    self->surveys_wanted++;
    self->is_hurried = 1;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
}

void kafka_scout_hurry(struct kafka_scout *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_hurried = 1;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
}
