#include "daemon.h"

#include "clock.h"
#include "mem.h"
#include "memory_guard.h"
#include "notify.h"
#include "observer.h"
#include "publish.h"
#include "redis.h"
#include "sink_redis.h"
#include "store_format.h"
#include "upkeep.h"

#include <poll.h>
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
    FLUSH_US = 10000000,    /* after a stop */
    LISTS_US = 3000000,     /* of it for lists when all else is done */
    LETTERS_MS = 2000,      /* of it for dead letters */
    AWAY_US = 60000000      /* nothing made durable for that long: stop
                               reading, Kafka keeps it better than memory */
};

struct daemon {
    const struct config *config;
    struct redis *redis;
    struct sink sink;
    struct sink_redis *sink_redis;
    struct observer *observer;
    struct upkeep *upkeep;
    struct memory_guard *memory;
    struct notify *notify;
    int (*reload)(void *context); /* NULL: nothing is read again */
    void *reload_context;
    struct record *records;       /* BATCH; owned */
    enum event_verdict *verdicts; /* of these; owned */
    int signals;
    int is_stopping; /* signals seen */
    int64_t now_us;
    const char *waits_for; /* between rounds; or "" */
    /* of the round */
    const struct daemon_round *round;
    struct publish *publish;
    int has_begun; /* reading and publishing */
    int is_ended;  /* the source has no more */
    int is_behind;
    int64_t read_us;      /* when records were last looked for and taken */
    int64_t pause_us;     /* the longest time from that to the next look */
    int held;             /* not reading: STATUS_HELD_BY_*, together */
    int has_work;         /* the publisher asked to come back at once */
    int64_t input_us;     /* when the latest record came */
    int64_t caught_up_us; /* when the latest backlog ended */
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

/* What stands in the configuration now is told to those who have copied it. */
static void retune(struct daemon *daemon)
{
    if (daemon->publish == NULL)
        return;
    engine_retune(daemon->round->engine, &daemon->config->engine);
    upkeep_retune(daemon->upkeep);
}

static void read_settings_again(struct daemon *daemon)
{
    if (daemon->reload == NULL || daemon->is_stopping)
        return;
    notify_reloading(daemon->notify, clock_mono_us());
    if (daemon->reload(daemon->reload_context))
        retune(daemon);
    notify_reloaded(daemon->notify);
}

static void note_stop(struct daemon *daemon, uint32_t signal)
{
    daemon->is_stopping++;
    LOG(LOG_INFO, "stopping", F_INT("signal", signal),
        F_INT("count", daemon->is_stopping));
    if (daemon->is_stopping > 1)
        _exit(1);
    notify_stopping(daemon->notify);
}

static void take_signals(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            read_settings_again(daemon);
        else
            note_stop(daemon, info.ssi_signo);
    }
}

/* ---- input ---- */

static void judge_backlog(struct daemon *daemon)
{
    const struct source *source = daemon->round->source;
    enum source_state state = source->state(source->self);
    int64_t lag = source->lag(source->self);
    int was_behind = daemon->is_behind;

    daemon->is_ended = state == SOURCE_ENDED;
    daemon->is_behind =
        state == SOURCE_READING && (lag < 0 || lag > BEHIND_RECORDS);
    if (was_behind && !daemon->is_behind)
        daemon->caught_up_us = daemon->now_us;
}

static void hold(struct daemon *daemon, int by, int is_so, const char *because)
{
    if (is_so == ((daemon->held & by) != 0))
        return;
    daemon->held ^= by;
    LOG(LOG_WARN, is_so ? "reading_held" : "reading_resumed",
        F_TEXT("because", because));
}

/* While the store is away memory runs ahead of it, but not without end. */
static void judge_hold(struct daemon *daemon)
{
    struct keeper *keeper = daemon->round->keeper;
    int64_t interval_us = daemon->config->state.checkpoint_interval_ms * 1000;
    int is_away =
        keeper != NULL && keeper_stats(keeper, daemon->now_us)->oldest_us >
                              2 * (AWAY_US + interval_us);

    hold(daemon, STATUS_HELD_BY_STATE, is_away,
         is_away ? "nothing became durable for a while"
                 : "checkpoints are acknowledged again");
}

static void bound_memory(struct daemon *daemon)
{
    int is_full;

    memory_guard_turn(daemon->memory, daemon->now_us, !daemon->has_begun);
    is_full = memory_guard_is_holding(daemon->memory);
    hold(daemon, STATUS_HELD_BY_MEMORY, is_full,
         is_full ? "memory.max is reached" : "there is room in memory again");
}

static void take_records(struct daemon *daemon, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += ENGINE_BATCH) {
        uint32_t part = count - i < ENGINE_BATCH ? count - i : ENGINE_BATCH;

        engine_take_all(daemon->round->engine, daemon->records + i, part,
                        daemon->verdicts + i);
        observer_take(daemon->observer, daemon->records + i,
                      daemon->verdicts + i, part);
    }
    for (uint32_t i = 0; daemon->round->letters != NULL && i < count; i++)
        dead_letters_take(daemon->round->letters, &daemon->records[i],
                          daemon->verdicts[i]);
}

/* Waiting for records is none, nor is what comes before the first look. */
static void note_pause(struct daemon *daemon)
{
    int64_t pause_us = clock_mono_us() - daemon->read_us;

    if (daemon->read_us > 0 && pause_us > daemon->pause_us)
        daemon->pause_us = pause_us;
}

static int read_records(struct daemon *daemon, struct err *err)
{
    const struct source *source = daemon->round->source;
    int64_t wait_ms = daemon->has_work ? 0 : WAIT_MS;
    int count;

    if (daemon->is_ended)
        return 0;
    if (daemon->held) {
        poll(NULL, 0, WAIT_MS);
        daemon->now_us = clock_mono_us();
        return 0;
    }
    note_pause(daemon);
    count =
        source->poll(source->self, daemon->records,
                     memory_guard_batch(daemon->memory, BATCH), wait_ms, err);
    if (count > 0) {
        take_records(daemon, (uint32_t)count);
        memory_guard_took(daemon->memory, (uint32_t)count);
    }
    daemon->now_us = clock_mono_us();
    if (daemon->has_begun)
        daemon->read_us = daemon->now_us;
    if (count > 0)
        daemon->input_us = daemon->now_us;
    judge_backlog(daemon);
    return count;
}

/* ---- output ---- */

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
        .freshness = observer_freshness(daemon->observer),
    };

    do {
        daemon->has_work = publish_work(daemon->publish, &turn);
        turn.now_us = clock_mono_us();
    } while (daemon->has_work && turn.now_us < until_us);
    daemon->now_us = turn.now_us;
}

/* Lists wait while Redis has no room for the state. */
static void write_lists(struct daemon *daemon)
{
    const struct upkeep_turn turn = {
        .now_us = daemon->now_us,
        .is_counting = daemon->has_begun,
        .is_behind = daemon->is_behind,
    };

    daemon->has_work = 0;
    upkeep_work(daemon->upkeep, &turn);
    if (daemon->has_begun && upkeep_may_publish(daemon->upkeep))
        publish_slice(daemon);
    sink_redis_flush(daemon->sink_redis);
}

static void say_status(struct daemon *daemon)
{
    struct strbuf line = STRBUF_EMPTY;

    if (!daemon->has_begun)
        strbuf_add_text(&line, "loads the state");
    else
        observer_add_line(daemon->observer, &line);
    notify_status(daemon->notify, line.bytes);
    strbuf_deinit(&line);
}

/* 1: a second has passed. */
static int observe(struct daemon *daemon, int is_last)
{
    const struct observer_turn turn = {
        .now_us = daemon->now_us,
        .waits_for = daemon->waits_for,
        .janitor = upkeep_janitor(daemon->upkeep),
        .pressure = (int)upkeep_pressure(daemon->upkeep),
        .is_held = daemon->held,
        .pause_us = daemon->pause_us,
        .has_begun = daemon->has_begun,
        .is_stopping = daemon->is_stopping,
        .is_last = is_last,
    };

    return observer_turn(daemon->observer, &turn);
}

static void tell(struct daemon *daemon, int is_last)
{
    const struct daemon_round *round = daemon->round;

    if (!observe(daemon, is_last))
        return;
    if (round->progress != NULL)
        round->progress(round->context, is_last);
    judge_hold(daemon);
    say_status(daemon);
    log_settle(0);
}

/* ---- the loop ---- */

/* What the keeper's phase means for the round; DAEMON_DONE: go on. A load waits
 * for memory as reading does. */
static enum daemon_end keep(struct daemon *daemon)
{
    struct keeper *keeper = daemon->round->keeper;

    if (keeper == NULL ||
        (!daemon->has_begun && daemon->held & STATUS_HELD_BY_MEMORY))
        return DAEMON_DONE;
    switch (keeper_work(keeper, daemon->now_us, clock_wall_ms())) {
    case KEEPER_STARTING:
    case KEEPER_RUNNING:
        return DAEMON_DONE;
    case KEEPER_START_OVER:
        return DAEMON_START_OVER;
    case KEEPER_TAKEN_OVER:
        return DAEMON_TAKEN_OVER;
    case KEEPER_REFUSED:
        return DAEMON_REFUSED;
    case KEEPER_MISFIT:
        return DAEMON_MISFIT;
    }
    ASSERT(!"a phase");
    return DAEMON_FAILED;
}

/* Lists are written only while this process owns the state: one of its tokens
 * stands for all, for a start takes all of them. */
static void set_fence(struct daemon *daemon)
{
    struct strbuf key = STRBUF_EMPTY, token = STRBUF_EMPTY;

    strbuf_add_text(&key, daemon->config->redis.prefix);
    strbuf_add_text(&key, "state:{p0}:token");
    store_format_add_token(&token, keeper_token(daemon->round->keeper));
    sink_redis_fence(daemon->sink_redis,
                     (struct text){key.bytes, (uint32_t)key.length},
                     (struct text){token.bytes, (uint32_t)token.length});
    strbuf_deinit(&key);
    strbuf_deinit(&token);
}

static void begin_when_ready(struct daemon *daemon)
{
    const struct daemon_round *round = daemon->round;

    if (daemon->has_begun ||
        (round->keeper != NULL && !keeper_is_running(round->keeper)))
        return;
    daemon->has_begun = 1;
    daemon->input_us = daemon->now_us;
    if (round->begin != NULL)
        round->begin(round->context);
    if (round->keeper != NULL)
        set_fence(daemon);
    publish_adopt(daemon->publish);
    notify_ready(daemon->notify);
}

/* Everything that was touched is written, and Redis has answered. */
static int is_published(const struct daemon *daemon)
{
    return (publish_is_settled(daemon->publish) ||
            !upkeep_may_publish(daemon->upkeep)) &&
           sink_redis_outstanding(daemon->sink_redis) == 0;
}

static void turn_outside(struct daemon *daemon)
{
    redis_pump(daemon->redis, clock_mono_us(), 0);
    daemon->now_us = clock_mono_us();
    take_signals(daemon);
    notify_beat(daemon->notify, daemon->now_us);
    bound_memory(daemon);
    write_lists(daemon);
    if (daemon->round->letters != NULL)
        dead_letters_work(daemon->round->letters);
    tell(daemon, 0);
}

static enum daemon_end loop(struct daemon *daemon, struct err *err)
{
    const struct daemon_round *round = daemon->round;

    while (!daemon->is_stopping) {
        enum daemon_end end;

        if (read_records(daemon, err) < 0)
            return DAEMON_FAILED;
        end = keep(daemon);
        if (end != DAEMON_DONE)
            return end;
        begin_when_ready(daemon);
        turn_outside(daemon);
        if (daemon->has_begun && daemon->is_ended && is_published(daemon))
            break;
        if (daemon->has_begun && round->has_grown != NULL &&
            round->has_grown(round->context))
            return DAEMON_START_OVER;
    }
    return DAEMON_DONE;
}

static int is_flushed(const struct daemon *daemon, int64_t lists_us)
{
    const struct keeper *keeper = daemon->round->keeper;

    if (keeper != NULL && !keeper_is_clean(keeper))
        return 0;
    return is_published(daemon) || !redis_is_ready(daemon->redis) ||
           (keeper != NULL && daemon->now_us >= lists_us);
}

/* Durable state first; lists as far as time allows: what is missing the next
 * start brings. */
static enum daemon_end flush(struct daemon *daemon)
{
    int64_t until_us = clock_mono_us() + FLUSH_US;
    enum daemon_end end = DAEMON_DONE;

    if (!daemon->has_begun)
        return DAEMON_DONE;
    if (daemon->round->keeper != NULL)
        keeper_end(daemon->round->keeper);
    while (end == DAEMON_DONE && daemon->now_us < until_us &&
           !is_flushed(daemon, until_us - FLUSH_US + LISTS_US)) {
        end = keep(daemon);
        turn_outside(daemon);
        redis_pump(daemon->redis, daemon->now_us, daemon->has_work ? 0 : 1);
    }
    if (end != DAEMON_DONE)
        return end;
    if (daemon->round->keeper != NULL)
        LOG(LOG_INFO, "state_kept",
            F_TEXT("clean",
                   keeper_is_clean(daemon->round->keeper) ? "yes" : "no"));
    if (daemon->round->letters != NULL)
        dead_letters_flush(daemon->round->letters, LETTERS_MS);
    tell(daemon, 1);
    while (redis_outstanding(daemon->redis) > 0 && daemon->now_us < until_us) {
        redis_pump(daemon->redis, daemon->now_us, 10);
        daemon->now_us = clock_mono_us();
    }
    return DAEMON_DONE;
}

static void observe_round(struct daemon *daemon)
{
    const struct daemon_round *round = daemon->round;
    const struct status_parts parts = {
        .engine = round->engine,
        .publish = daemon->publish,
        .sink = daemon->sink_redis,
        .source = round->source,
        .kafka = round->kafka,
        .letters = round->letters,
        .keeper = round->keeper,
    };

    daemon->waits_for = "";
    observer_begin(daemon->observer, &parts);
}

static void begin_round(struct daemon *daemon, const struct daemon_round *round)
{
    const struct config *config = daemon->config;
    struct upkeep_round upkeep = {
        .engine = round->engine,
        .rules = &config->publish,
        .store = round->store,
        .checkpoint_us = config->state.checkpoint_interval_ms * 1000,
    };

    daemon->round = round;
    daemon->publish =
        publish_new(&config->publish, round->engine, &daemon->sink);
    observe_round(daemon);
    upkeep.publish = daemon->publish;
    upkeep_begin(daemon->upkeep, &upkeep);
    memory_guard_begin(daemon->memory, round->engine, daemon->publish);
    daemon->has_begun = daemon->is_ended = daemon->is_behind = 0;
    daemon->held = daemon->has_work = 0;
    daemon->read_us = 0;
    daemon->caught_up_us = 0;
    daemon->now_us = daemon->input_us = clock_mono_us();
}

enum daemon_end daemon_run(struct daemon *daemon,
                           const struct daemon_round *round, struct err *err)
{
    enum daemon_end end;

    begin_round(daemon, round);
    end = loop(daemon, err);
    if (end == DAEMON_DONE || end == DAEMON_FAILED) {
        enum daemon_end last = flush(daemon);

        end = end == DAEMON_DONE ? last : end;
    }
    if (end != DAEMON_DONE && end != DAEMON_FAILED && round->keeper != NULL)
        err_set(err, "%s", keeper_reason(round->keeper));
    memory_guard_end(daemon->memory);
    upkeep_end(daemon->upkeep);
    observer_end(daemon->observer);
    publish_free(daemon->publish);
    daemon->publish = NULL;
    return end;
}

/* ---- life ---- */

int daemon_open(struct daemon **out, const struct config *config, int signals,
                struct err *err)
{
    struct daemon *daemon = mem_new(1, sizeof *daemon);

    daemon->config = config;
    daemon->signals = signals;
    if (redis_open(&daemon->redis, config->redis.url, "lists", err) < 0) {
        free(daemon);
        return -1;
    }
    daemon->sink_redis = sink_redis_new(&daemon->sink, daemon->redis);
    daemon->observer = observer_new(config, daemon->redis);
    daemon->waits_for = "";
    daemon->upkeep =
        upkeep_new(daemon->redis, &daemon->sink, config->redis.prefix);
    daemon->memory = memory_guard_new(&config->memory_max);
    daemon->notify = notify_from_environment();
    daemon->records = mem_new(BATCH, sizeof *daemon->records);
    daemon->verdicts = mem_new(BATCH, sizeof *daemon->verdicts);
    *out = daemon;
    return 0;
}

void daemon_close(struct daemon *daemon)
{
    if (daemon == NULL)
        return;
    redis_close(daemon->redis);
    upkeep_free(daemon->upkeep);
    memory_guard_free(daemon->memory);
    notify_free(daemon->notify);
    sink_redis_free(daemon->sink_redis);
    observer_free(daemon->observer);
    free(daemon->records);
    free(daemon->verdicts);
    free(daemon);
}

void daemon_set_reload(struct daemon *daemon, int (*reload)(void *context),
                       void *context)
{
    daemon->reload = reload;
    daemon->reload_context = context;
}

void daemon_wait_for(struct daemon *daemon, const char *what)
{
    char text[64];

    daemon->waits_for = what;
    snprintf(text, sizeof text, "waits for %s", what);
    notify_status(daemon->notify, text);
}

struct observer *daemon_observer(struct daemon *daemon)
{
    return daemon->observer;
}

int daemon_idle(struct daemon *daemon, int64_t wait_ms)
{
    struct pollfd descriptor = {.fd = daemon->signals, .events = POLLIN};

    redis_pump(daemon->redis, clock_mono_us(), 0);
    poll(&descriptor, 1, (int)wait_ms);
    daemon->now_us = clock_mono_us();
    take_signals(daemon);
    notify_beat(daemon->notify, daemon->now_us);
    if (observe(daemon, 0))
        log_settle(0);
    return daemon->is_stopping != 0;
}
