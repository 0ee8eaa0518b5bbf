#include "kafka_survey.h"

#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>
#include <string.h>

static int fail(const struct kafka_survey_rules *rules, const char *what,
                rd_kafka_resp_err_t problem, struct err *err)
{
    return err_set(err, "topic %s: %s: %s", rules->topic, what,
                   rd_kafka_err2str(problem));
}

static int ask_cluster(struct kafka_survey *survey,
                       const struct kafka_survey_rules *rules, struct err *err)
{
    char *id = rd_kafka_clusterid(rules->kafka, rules->timeout_ms);

    if (id == NULL)
        return fail(rules, "the cluster's id", RD_KAFKA_RESP_ERR__TIMED_OUT,
                    err);
    survey->cluster = mem_dup(id, strlen(id));
    rd_kafka_mem_free(rules->kafka, id);
    return 0;
}

static int ask_ends(struct kafka_survey *survey,
                    const struct kafka_survey_rules *rules, struct err *err)
{
    for (uint32_t i = 0; i < survey->count; i++) {
        struct source_kafka_partition *one = &survey->at[i];
        rd_kafka_resp_err_t problem;

        if (rules->is_stopped(rules->context))
            return fail(rules, "survey", RD_KAFKA_RESP_ERR__DESTROY, err);
        problem = rd_kafka_query_watermark_offsets(
            rules->kafka, rules->topic, (int32_t)i, &one->oldest, &one->end,
            rules->timeout_ms);
        if (problem != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fail(rules, "oldest and end offset", problem, err);
            return err_where(err, "partition %u", (unsigned)i);
        }
    }
    return 0;
}

static int take_committed(struct kafka_survey *survey,
                          const rd_kafka_topic_partition_list_t *list,
                          const struct kafka_survey_rules *rules,
                          struct err *err)
{
    for (uint32_t i = 0; i < survey->count; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];

        if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fail(rules, "committed offset", one->err, err);
            return err_where(err, "partition %u", (unsigned)i);
        }
        survey->at[i].committed = one->offset >= 0 ? one->offset : -1;
    }
    return 0;
}

static int ask_committed(struct kafka_survey *survey,
                         const struct kafka_survey_rules *rules,
                         struct err *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)survey->count);
    rd_kafka_resp_err_t problem;
    int result;

    for (uint32_t i = 0; i < survey->count; i++)
        rd_kafka_topic_partition_list_add(list, rules->topic, (int32_t)i);
    problem = rd_kafka_committed(rules->kafka, list, rules->timeout_ms);
    result = problem == RD_KAFKA_RESP_ERR_NO_ERROR
                 ? take_committed(survey, list, rules, err)
                 : fail(rules, "committed offsets", problem, err);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

struct kafka_survey *kafka_survey_new(const struct kafka_survey_rules *rules,
                                      struct err *err)
{
    struct kafka_survey *survey = mem_new(1, sizeof *survey);

    ASSERT(rules->partitions > 0);
    survey->count = rules->partitions;
    survey->at = mem_new(survey->count, sizeof *survey->at);
    if (ask_cluster(survey, rules, err) == 0 &&
        ask_committed(survey, rules, err) == 0 &&
        ask_ends(survey, rules, err) == 0)
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
