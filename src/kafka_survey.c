#include "kafka_survey.h"

#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>

static int fail(const char *topic, const char *what,
                rd_kafka_resp_err_t problem, struct err *err)
{
    return err_set(err, "topic %s: %s: %s", topic, what,
                   rd_kafka_err2str(problem));
}

static int is_stopped(const struct kafka_survey_rules *rules, struct err *err)
{
    if (rules->is_stopped == NULL || !rules->is_stopped(rules->context))
        return 0;
    err_set(err, "topic %s: stopped", rules->topic);
    return 1;
}

static rd_kafka_topic_partition_list_t *
list_partitions(const struct kafka_survey_rules *rules, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)rules->partitions);

    for (uint32_t i = 0; i < rules->partitions; i++)
        rd_kafka_topic_partition_list_add(list, rules->topic,
                                          (int32_t)(rules->first + i))
            ->offset = offset;
    return list;
}

typedef void take_offset(struct source_kafka_partition *one, int64_t offset);

/* Takes the list. */
static int finish_list(struct source_kafka_partition *at,
                       rd_kafka_topic_partition_list_t *list,
                       rd_kafka_resp_err_t problem, take_offset *take,
                       const char *what, struct err *err)
{
    const char *topic = list->elems[0].topic;
    int result = 0;

    if (problem != RD_KAFKA_RESP_ERR_NO_ERROR)
        result = fail(topic, what, problem, err);
    for (int i = 0; result == 0 && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];

        take(&at[i], one->offset);
        if (one->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        fail(topic, what, one->err, err);
        result = err_where(err, "partition %d", (int)one->partition);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static void take_oldest(struct source_kafka_partition *one, int64_t offset)
{
    one->oldest = offset;
}

static void take_end(struct source_kafka_partition *one, int64_t offset)
{
    one->end = offset;
}

static void take_committed(struct source_kafka_partition *one, int64_t offset)
{
    one->committed = offset >= 0 ? offset : -1;
}

/* Times that stand for the oldest record and the end, in the protocol.
 * rd_kafka_query_watermark_offsets() would ask the same, but does not keep to
 * its time-out while a leader is away. */
static int ask_offsets(struct source_kafka_partition *at,
                       const struct kafka_survey_rules *rules,
                       int64_t stands_for, take_offset *take, const char *what,
                       struct err *err)
{
    rd_kafka_topic_partition_list_t *list = list_partitions(rules, stands_for);
    rd_kafka_resp_err_t problem =
        rd_kafka_offsets_for_times(rules->kafka, list, rules->timeout_ms);

    return finish_list(at, list, problem, take, what, err);
}

int kafka_survey_ends(struct source_kafka_partition *at,
                      const struct kafka_survey_rules *rules, struct err *err)
{
    if (ask_offsets(at, rules, RD_KAFKA_OFFSET_BEGINNING, take_oldest,
                    "oldest offset", err) < 0)
        return -1;
    if (is_stopped(rules, err))
        return -1;
    if (ask_offsets(at, rules, RD_KAFKA_OFFSET_END, take_end, "end offset",
                    err) < 0)
        return -1;
    for (uint32_t i = 0; i < rules->partitions; i++)
        if (at[i].oldest < 0 || at[i].end < at[i].oldest)
            return err_set(err,
                           "topic %s, partition %u: from %lld to %lld makes "
                           "no sense",
                           rules->topic, (unsigned)(rules->first + i),
                           (long long)at[i].oldest, (long long)at[i].end);
    return 0;
}

static int ask_committed(struct kafka_survey *survey,
                         const struct kafka_survey_rules *rules,
                         struct err *err)
{
    rd_kafka_topic_partition_list_t *list =
        list_partitions(rules, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t problem =
        rd_kafka_committed(rules->kafka, list, rules->timeout_ms);

    return finish_list(survey->at, list, problem, take_committed,
                       "committed offset", err);
}

static int ask_cluster(struct kafka_survey *survey,
                       const struct kafka_survey_rules *rules, struct err *err)
{
    char *id = rd_kafka_clusterid(rules->kafka, rules->timeout_ms);

    if (id == NULL)
        return fail(rules->topic, "the cluster's id",
                    RD_KAFKA_RESP_ERR__TIMED_OUT, err);
    survey->cluster = mem_dup_text(id);
    rd_kafka_mem_free(rules->kafka, id);
    return 0;
}

static int ask_all(struct kafka_survey *survey,
                   const struct kafka_survey_rules *rules, struct err *err)
{
    if (ask_cluster(survey, rules, err) < 0)
        return -1;
    if (is_stopped(rules, err))
        return -1;
    if (ask_committed(survey, rules, err) < 0)
        return -1;
    if (is_stopped(rules, err))
        return -1;
    return kafka_survey_ends(survey->at, rules, err);
}

struct kafka_survey *kafka_survey_new(const struct kafka_survey_rules *rules,
                                      struct err *err)
{
    struct kafka_survey *survey = mem_new(1, sizeof *survey);

    ASSERT(rules->partitions > 0);
    survey->count = rules->partitions;
    survey->at = mem_new(survey->count, sizeof *survey->at);
    if (ask_all(survey, rules, err) == 0)
        return survey;
    kafka_survey_free(survey);
    return NULL;
}

void kafka_survey_free(struct kafka_survey *survey)
{
    if (survey == NULL)
        return;
    free(survey->cluster);
    free(survey->at);
    free(survey);
}
