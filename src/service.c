#include "service.h"

#include "clock.h"
#include "cmd.h"
#include "daemon.h"
#include "dead_letters.h"
#include "engine.h"
#include "http.h"
#include "keeper.h"
#include "log.h"
#include "mem.h"
#include "observer.h"
#include "source_kafka.h"
#include "store_check.h"
#include "store_redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    COUNTING_RULES = 1, /* rises when the program counts otherwise */
    IDLE_MS = 20,
    CHECK_MS = 5000, /* for Redis to say what it is */
    OVER_MS = 200,   /* pause before a start over, doubling */
    OVER_MAX_MS = 5000,
    LETTERS_MS = 2000 /* for dead letters, when it was no orderly end */
};

struct service {
    const struct config *config;
    const struct service_options *options;
    struct daemon *daemon;
    struct dead_letters *letters; /* or NULL */
    struct source source;
    struct store store;
    struct store_redis *store_redis;
    struct engine *engine;
    struct keeper *keeper;
    struct strbuf fingerprint;
    char who[128];
    uint64_t owner;
    uint64_t sequence;   /* ids and names given by earlier rounds */
    uint32_t partitions; /* of this round */
    int is_checked;      /* Redis said what it is */
    int has_waited;      /* for Redis or Kafka, and said so */
};

/* ---- the fingerprint ---- */

static void add_actions(struct strbuf *out, uint8_t actions)
{
    static const char *const names[] = {"view", "cart", "purchase"};
    const char *between = "";

    for (uint32_t i = 0; i < 3; i++) {
        if ((actions >> i & 1) == 0)
            continue;
        strbuf_add_format(out, "%s%s", between, names[i]);
        between = ",";
    }
}

void service_fingerprint(struct strbuf *out, const struct config *config,
                         const char *cluster, const char *isolation)
{
    const struct engine_rules *rules = &config->engine;

    strbuf_add_format(out, "counting rules=%d\n", COUNTING_RULES);
    strbuf_add_format(out, "kafka cluster=%s\nkafka.topic=%s\n", cluster,
                      config->kafka.topic);
    strbuf_add_format(out, "isolation.level=%s\n", isolation);
    strbuf_add_format(out, "state.groups=%" PRIu32 "\n", rules->groups_count);
    for (uint32_t i = 0; i < rules->relations.count; i++) {
        const struct relation *one = &rules->relations.at[i];

        strbuf_add_format(out, "relation %" PRIu32 "=%s from ", i + 1,
                          one->name);
        add_actions(out, one->from);
        strbuf_add_text(out, " to ");
        add_actions(out, one->to);
        strbuf_add_char(out, '\n');
    }
    for (uint32_t i = 0; i < rules->windows.count; i++) {
        const struct window *one = &rules->windows.at[i];

        strbuf_add_format(out,
                          "window %" PRIu32 "=%s of %" PRId64 "ms in %" PRId64
                          " panes\n",
                          i + 1, one->name, one->length_ms, one->panes);
    }
    strbuf_add_format(out, "~session.gap=%" PRId64 "ms\n",
                      rules->session.gap_ms);
    strbuf_add_format(out, "~session.max_items=%" PRIu32 "\n",
                      rules->session.items_max);
    strbuf_add_format(out, "~session.max_open=%" PRIu64 "\n",
                      rules->session.open_max);
    strbuf_add_format(out, "~events.lateness=%" PRId64 "ms\n",
                      rules->session.lateness_ms);
    strbuf_add_format(out, "~events.future=%" PRId64 "ms\n",
                      rules->session.future_ms);
    strbuf_add_format(out, "~events.max_bytes=%" PRIu64 "\n",
                      rules->event_bytes_max);
}

/* ---- seams to Kafka ---- */

static void commit(void *self, uint32_t partition, int64_t offset)
{
    struct service *service = self;
    struct err err = ERR_NONE;

    if (source_kafka_commit(&service->source, partition, offset, &err) < 0)
        LOG(LOG_WARN, "commit_failed", F_INT("partition", partition),
            F_TEXT("error", err.text));
}

static int64_t committed(void *self, uint32_t partition)
{
    struct service *service = self;

    return source_kafka_committed(&service->source, partition);
}

static void begin(void *context)
{
    struct service *service = context;
    int64_t *offsets = mem_new(service->partitions, sizeof *offsets);
    const struct keeper_stats *stats =
        keeper_stats(service->keeper, clock_mono_us());

    for (uint32_t i = 0; i < service->partitions; i++)
        offsets[i] = keeper_offset(service->keeper, i);
    source_kafka_begin(&service->source, offsets, service->partitions);
    if (stats->accepted_loss > 0)
        LOG(LOG_WARN, "loss_accepted",
            F_INT("partitions", stats->accepted_loss),
            F_TEXT("given_up", keeper_given_up(service->keeper)));
    LOG(LOG_INFO, "counting", F_INT("partitions", service->partitions),
        F_INT("rows_loaded", stats->loaded_rows));
    free(offsets);
}

static int has_grown(void *context)
{
    struct service *service = context;

    return source_kafka_has_grown(&service->source);
}

/* ---- waiting for the world ---- */

static int wait_a_little(struct service *service, const char *what)
{
    struct record none;
    struct err err = ERR_NONE;

    if (!service->has_waited) {
        service->has_waited = 1;
        LOG(LOG_INFO, "waiting", F_TEXT("for", what));
        daemon_wait_for(service->daemon, what);
    }
    if (service->source.poll(service->source.self, &none, 1, 0, &err) < 0) {
        LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
        return EXIT_CODE_FAILED;
    }
    return daemon_idle(service->daemon, IDLE_MS) ? EXIT_CODE_OK : -1;
}

/* These return -1 to go on, else an exit code. */
static int wait_for_redis(struct service *service)
{
    struct redis *redis = store_redis_connection(service->store_redis);
    struct err err = ERR_NONE, warning = ERR_NONE;
    int code = -1;

    service->has_waited = 0;
    while (code < 0 && !service->store.is_ready(service->store.self)) {
        service->store.pump(service->store.self, clock_mono_us());
        if (!service->store.is_ready(service->store.self))
            code = wait_a_little(service, "redis");
    }
    if (code >= 0 || service->is_checked)
        return code;
    if (store_check(redis, &warning, CHECK_MS, &err) < 0) {
        if (!redis_is_ready(redis)) {
            LOG(LOG_WARN, "redis_not_checked", F_TEXT("error", err.text));
            return wait_for_redis(service);
        }
        LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
        return EXIT_CODE_FAILED;
    }
    if (warning.text[0] != '\0')
        LOG(LOG_WARN, "redis_unsafe", F_TEXT("means", warning.text));
    service->is_checked = 1;
    return -1;
}

static int wait_for_kafka(struct service *service,
                          struct source_kafka_survey *survey)
{
    int code = -1;

    if (service->has_waited) /* for Redis: what was asked before is old */
        source_kafka_survey_again(&service->source);
    service->has_waited = 0;
    while (code < 0 && !source_kafka_survey(&service->source, survey))
        code = wait_a_little(service, "kafka");
    return code;
}

/* ---- a round ---- */

static struct keeper *make_keeper(struct service *service,
                                  const struct source_kafka_survey *survey,
                                  const struct keeper_commits *commits)
{
    struct keeper_partition *partitions =
        mem_new(survey->count, sizeof *partitions);
    struct keeper_log log = {survey->count, partitions};
    struct keeper_rules rules = {
        .groups_count = service->config->engine.groups_count,
        .interval_ms = service->config->state.checkpoint_interval_ms,
        .owner = service->owner,
        .sequence = service->sequence,
        .who = service->who,
        .accept_loss = service->options->accept_loss,
        .is_new = service->options->is_new,
    };
    struct keeper *keeper;

    for (uint32_t i = 0; i < survey->count; i++)
        partitions[i] = (struct keeper_partition){
            survey->at[i].oldest, survey->at[i].end, survey->at[i].committed};
    strbuf_clear(&service->fingerprint);
    service_fingerprint(&service->fingerprint, service->config, survey->cluster,
                        source_kafka_isolation(&service->source));
    rules.fingerprint = service->fingerprint.bytes;
    keeper =
        keeper_new(&rules, service->engine, &service->store, commits, &log);
    free(partitions);
    return keeper;
}

static enum daemon_end run_round(struct service *service,
                                 const struct source_kafka_survey *survey,
                                 struct err *err)
{
    const struct keeper_commits commits = {service, commit, committed};
    struct daemon_round round = {
        .source = &service->source,
        .kafka = &service->source,
        .begin = begin,
        .has_grown = has_grown,
        .context = service,
    };
    enum daemon_end end;

    service->engine = engine_new(&service->config->engine);
    service->keeper = make_keeper(service, survey, &commits);
    service->partitions = survey->count;
    round.engine = service->engine;
    round.letters = service->letters;
    round.keeper = service->keeper;
    round.store = service->store_redis;
    end = daemon_run(service->daemon, &round, err);
    source_kafka_stop(&service->source);
    store_redis_close(service->store_redis); /* no answer comes after that */
    service->store_redis = NULL;
    service->sequence = keeper_sequence(service->keeper);
    keeper_free(service->keeper);
    if (end != DAEMON_DONE || MEM_IS_WATCHED)
        engine_free(service->engine);
    return end; /* the process ends, and a million rows go with it at once */
}

/* Returns -1 for another round, else an exit code. */
static int after_round(struct service *service, enum daemon_end end,
                       const struct err *err, int64_t *pause_ms)
{
    switch (end) {
    case DAEMON_DONE:
        return EXIT_CODE_OK;
    case DAEMON_START_OVER:
        LOG(LOG_WARN, "start_over", F_TEXT("because", err->text),
            F_INT("pause_ms", *pause_ms));
        if (daemon_idle(service->daemon, *pause_ms))
            return EXIT_CODE_OK;
        *pause_ms = 2 * *pause_ms < OVER_MAX_MS ? 2 * *pause_ms : OVER_MAX_MS;
        source_kafka_survey_again(&service->source);
        return -1;
    case DAEMON_TAKEN_OVER:
        LOG(LOG_ERROR, "taken_over", F_TEXT("by", err->text));
        return EXIT_CODE_TAKEN_OVER;
    case DAEMON_MISFIT:
        LOG(LOG_ERROR, "settings_misfit", F_TEXT("error", err->text));
        return EXIT_CODE_CONFIG;
    case DAEMON_REFUSED:
        LOG(LOG_ERROR, "start_refused", F_TEXT("error", err->text));
        return EXIT_CODE_FAILED;
    case DAEMON_FAILED:
        break;
    }
    LOG(LOG_ERROR, "failed", F_TEXT("error", err->text));
    return EXIT_CODE_FAILED;
}

static int run_rounds(struct service *service)
{
    int64_t pause_ms = OVER_MS;
    int code = -1;

    while (code < 0) {
        struct source_kafka_survey survey;
        struct err err = ERR_NONE;
        int64_t begun_us = clock_mono_us();

        if (store_redis_open(&service->store_redis, &service->store,
                             service->config->redis.url,
                             service->config->redis.prefix, &err) < 0) {
            LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
            return EXIT_CODE_FAILED;
        }
        code = wait_for_redis(service);
        if (code < 0)
            code = wait_for_kafka(service, &survey);
        if (code < 0)
            code = after_round(service, run_round(service, &survey, &err), &err,
                               &pause_ms);
        store_redis_close(service->store_redis);
        service->store_redis = NULL;
        if (clock_mono_us() - begun_us > OVER_MAX_MS * INT64_C(1000))
            pause_ms = OVER_MS;
    }
    return code;
}

/* ---- the process ---- */

static void make_identity(struct service *service)
{
    char host[64] = "?";

    gethostname(host, sizeof host - 1);
    snprintf(service->who, sizeof service->who, "host %s pid %ld", host,
             (long)getpid());
    while (service->owner == 0)
        if (getrandom(&service->owner, sizeof service->owner, 0) < 0)
            ASSERT(!"random numbers");
}

static int open_letters(struct service *service, struct err *err)
{
    const struct config *config = service->config;
    const struct dead_letters_rules rules = {
        .brokers = config->kafka.brokers,
        .topic = config->dead_letter_topic,
        .from = config->kafka.topic,
        .set = (const char *const *)config->kafka.set,
        .set_count = config->kafka.set_count,
    };

    if (rules.topic[0] == '\0')
        return 0;
    return dead_letters_open(&service->letters, &rules, err);
}

/* NULL when it is off. */
static struct http *open_http(const struct service *service)
{
    struct observer *observer = daemon_observer(service->daemon);
    const struct http_rules rules = {
        .listen = service->config->http.listen,
        .token = service->config->http.token,
        .board = observer_board(observer),
        .inquiry = observer_inquiry(observer),
    };

    return strcmp(rules.listen, "off") == 0 ? NULL : http_open(&rules);
}

int service_run(const struct config *config,
                const struct service_options *options, int signals)
{
    struct service service = {.config = config, .options = options};
    struct source_kafka_rules rules = {
        .brokers = config->kafka.brokers,
        .topic = config->kafka.topic,
        .group = config->kafka.group,
        .set = (const char *const *)config->kafka.set,
        .set_count = config->kafka.set_count,
        .future_ms = config->engine.session.future_ms,
        .memory_max = config->memory_max,
    };
    struct http *http;
    struct err err = ERR_NONE;
    int code = EXIT_CODE_FAILED;

    make_identity(&service);
    if (source_kafka_open(&service.source, &rules, &err) < 0) {
        LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
        return EXIT_CODE_CONFIG;
    }
    if (open_letters(&service, &err) < 0) {
        LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
        code = EXIT_CODE_CONFIG;
    } else if (daemon_open(&service.daemon, config, signals, &err) < 0) {
        LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
    } else {
        daemon_set_reload(service.daemon, options->reload,
                          options->reload_context);
        http = open_http(&service);
        code = run_rounds(&service);
        http_close(http);
        daemon_close(service.daemon);
    }
    if (service.letters != NULL)
        dead_letters_flush(service.letters, LETTERS_MS);
    dead_letters_close(service.letters);
    service.source.free(service.source.self);
    strbuf_deinit(&service.fingerprint);
    return code;
}
