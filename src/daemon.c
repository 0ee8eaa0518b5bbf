#include "daemon.h"

#include "clock.h"
#include "publish.h"
#include "redis.h"
#include "sink_redis.h"
#include "status.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    BATCH = 2000,           /* records a turn */
    WAIT_MS = 5,            /* for the first record of a turn */
    SLICE_US = 4000,        /* of publishing a turn */
    SLICE_ROWS = 32,        /* looked at between two looks at the clock */
    STILL_US = 1000000,     /* no input for that long: it is still */
    BEHIND_RECORDS = 20000, /* known and not read: a backlog */
    FLUSH_US = 5000000,     /* publishing after a stop */
    STATUS_US = 1000000
};

struct daemon {
    const struct daemon_parts *parts;
    struct redis *redis;
    struct sink sink;
    struct sink_redis *sink_redis;
    struct publish *publish;
    struct status *status;
    struct record *records; /* BATCH */
    int signals;
    int is_stopping; /* signals seen */
    int is_ended;    /* the source has no more */
    int is_behind;
    int has_work; /* the publisher asked to come back at once */
    int64_t now_us;
    int64_t input_us;     /* when the latest record came */
    int64_t caught_up_us; /* when the latest backlog ended */
    int64_t status_us;
};

int daemon_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void take_signals(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            continue;
        daemon->is_stopping++;
        LOG(LOG_INFO, "stopping", F_INT("signal", info.ssi_signo),
            F_INT("count", daemon->is_stopping));
        if (daemon->is_stopping > 1)
            _exit(1);
    }
}

static void judge_backlog(struct daemon *daemon)
{
    const struct source *source = daemon->parts->source;
    enum source_state state = source->state(source->self);
    int64_t lag = source->lag(source->self);
    int was_behind = daemon->is_behind;

    daemon->is_ended = state == SOURCE_ENDED;
    daemon->is_behind =
        state == SOURCE_READING && (lag < 0 || lag > BEHIND_RECORDS);
    if (was_behind && !daemon->is_behind)
        daemon->caught_up_us = daemon->now_us;
}

static int read_records(struct daemon *daemon, struct err *err)
{
    const struct source *source = daemon->parts->source;
    int64_t wait_ms = daemon->has_work ? 0 : WAIT_MS;
    int count;

    if (daemon->is_ended)
        return 0;
    count = source->poll(source->self, daemon->records, BATCH, wait_ms, err);
    for (int i = 0; i < count; i++)
        engine_take(daemon->parts->engine, &daemon->records[i]);
    daemon->now_us = clock_mono_us();
    if (count > 0)
        daemon->input_us = daemon->now_us;
    judge_backlog(daemon);
    return count;
}

static int is_still(const struct daemon *daemon)
{
    return daemon->is_ended || daemon->is_stopping ||
           daemon->now_us - daemon->input_us >= STILL_US ||
           (!daemon->is_behind && daemon->caught_up_us > 0 &&
            daemon->now_us - daemon->caught_up_us < STILL_US);
}

static void publish_slice(struct daemon *daemon)
{
    int64_t until_us = daemon->now_us + SLICE_US;
    struct publish_turn turn = {
        .now_us = daemon->now_us,
        .rows = SLICE_ROWS,
        .is_behind = daemon->is_behind,
        .is_still = is_still(daemon),
    };

    do {
        daemon->has_work = publish_work(daemon->publish, &turn);
        turn.now_us = clock_mono_us();
    } while (daemon->has_work && turn.now_us < until_us);
    daemon->now_us = turn.now_us;
}

static void tell(struct daemon *daemon, int is_last)
{
    const struct daemon_parts *parts = daemon->parts;
    struct status_parts from = {
        .engine = parts->engine,
        .publish = daemon->publish,
        .redis = daemon->redis,
        .sink = daemon->sink_redis,
        .source = parts->source,
        .kafka = parts->kafka,
    };

    if (!is_last && daemon->now_us - daemon->status_us < STATUS_US)
        return;
    daemon->status_us = daemon->now_us;
    status_collect(daemon->status, &from, daemon->now_us, clock_wall_ms());
    status_send(daemon->status, daemon->redis, parts->config->redis.prefix);
    if (parts->progress != NULL)
        parts->progress(parts->progress_context, is_last);
}

/* Everything that was touched is written, and Redis has answered. */
static int is_published(const struct daemon *daemon)
{
    return publish_is_settled(daemon->publish) &&
           redis_outstanding(daemon->redis) == 0;
}

static void turn_without_input(struct daemon *daemon)
{
    redis_pump(daemon->redis, clock_mono_us(), daemon->has_work ? 0 : 1);
    daemon->now_us = clock_mono_us();
    take_signals(daemon);
    publish_slice(daemon);
    tell(daemon, 0);
}

/* What is waiting is written; what only a sweep would bring is left to the
 * next start. */
static void flush(struct daemon *daemon)
{
    int64_t until_us = clock_mono_us() + FLUSH_US;

    do
        turn_without_input(daemon);
    while (daemon->now_us < until_us && redis_is_ready(daemon->redis) &&
           !is_published(daemon));
    tell(daemon, 1);
    while (redis_outstanding(daemon->redis) > 0 && daemon->now_us < until_us) {
        redis_pump(daemon->redis, daemon->now_us, 10);
        daemon->now_us = clock_mono_us();
    }
}

static int loop(struct daemon *daemon, struct err *err)
{
    while (!daemon->is_stopping) {
        if (read_records(daemon, err) < 0)
            return -1;
        turn_without_input(daemon);
        if (daemon->is_ended && is_published(daemon))
            break;
    }
    return 0;
}

int daemon_run(const struct daemon_parts *parts, int signals, struct err *err)
{
    struct daemon daemon = {.parts = parts, .signals = signals};
    int result;

    if (redis_open(&daemon.redis, parts->config->redis.url, "lists", err) < 0)
        return -1;
    daemon.sink_redis = sink_redis_new(&daemon.sink, daemon.redis);
    daemon.publish =
        publish_new(&parts->config->publish, parts->engine, &daemon.sink);
    daemon.status = status_new(clock_wall_ms());
    daemon.records = calloc(BATCH, sizeof *daemon.records);
    ASSERT(daemon.records != NULL);
    daemon.now_us = daemon.input_us = clock_mono_us();
    result = loop(&daemon, err);
    flush(&daemon);
    redis_close(daemon.redis);
    publish_free(daemon.publish);
    sink_redis_free(daemon.sink_redis);
    status_free(daemon.status);
    free(daemon.records);
    return result;
}
