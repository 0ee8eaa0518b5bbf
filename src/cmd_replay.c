#include "cmd.h"

#include "clock.h"
#include "daemon.h"
#include "engine.h"
#include "print.h"
#include "rfc3339.h"
#include "source_file.h"
#include "store_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 2000, REDIS_MS = 5000 };

static const char help[] =
    "Usage: terkait replay [OPTION]... FILE...\n"
    "\n"
    "Feeds event files (one JSON object a line, \"-\" for standard input)\n"
    "through the same engine as `run`, as one partition, several files one\n"
    "after another. Writes to Redis, or prints.\n"
    "\n"
    "      --print=lists       print all lists, touch no Redis\n"
    "      --print=counts      print all counts above 0, touch no Redis\n"
    "      --now=TIME          what a future event is judged by: RFC 3339 or\n"
    "                          milliseconds (default: the clock at the start)\n"
    "      --stats             counters as `key value` lines on stderr\n"
    "      --no-progress       no progress display on a "
    "terminal\n" CMD_SETTINGS_HELP "      --help              this text\n"
    "\n"
    "Lines: relation TAB window TAB item TAB list, or\n"
    "       relation TAB window TAB item TAB other TAB count; sorted as "
    "bytes.\n"
    "Example: zcat day.gz | terkait replay --print=lists - | head\n";

enum print_what { PRINT_NOTHING, PRINT_LISTS, PRINT_COUNTS };

struct replay {
    struct cmd_settings settings;
    enum print_what print;
    int64_t now_ms;
    int wants_stats;
    int wants_progress;
    const struct config *config;
    struct source source;
    struct engine *engine;
    int64_t begun_us;
    int64_t swept_pane; /* coarse pane of the last look at all rows */
};

/* ---- what is shown ---- */

static void show_progress(void *context, int is_last)
{
    struct replay *replay = context;
    const struct engine_stats *stats = engine_stats(replay->engine);
    int64_t took_us = clock_mono_us() - replay->begun_us;
    uint64_t done = 0, all = 0, records = 0;

    if (!replay->wants_progress)
        return;
    for (int i = 0; i < EVENT_VERDICT_COUNT; i++)
        records += stats->verdicts[i];
    source_file_progress(&replay->source, &done, &all);
    fprintf(stderr, "\r\033[K%" PRIu64 " records, %.0f a second", records,
            took_us > 0 ? (double)records * 1e6 / (double)took_us : 0.0);
    if (all > 0)
        fprintf(stderr, ", %.0f %%", 100.0 * (double)done / (double)all);
    if (is_last)
        fputc('\n', stderr);
}

static void show_stats(const struct replay *replay)
{
    struct engine *engine = replay->engine;
    const struct engine_stats *stats = engine_stats(engine);
    const struct row_stats *rows = groups_stats(engine_groups(engine));
    struct session_stats sessions = engine_session_stats(engine);
    double took = (double)(clock_mono_us() - replay->begun_us) / 1e6;
    uint64_t records = 0;

    for (int i = 0; i < EVENT_VERDICT_COUNT; i++) {
        fprintf(stderr, "%s %" PRIu64 "\n", event_verdict_name(i),
                stats->verdicts[i]);
        records += stats->verdicts[i];
    }
    fprintf(stderr, "records %" PRIu64 "\n", records);
    fprintf(stderr, "item_events %" PRIu64 "\n", stats->item_events);
    fprintf(stderr, "pair_updates %" PRIu64 "\n", stats->pair_updates);
    fprintf(stderr, "stream_time_ms %" PRId64 "\n", engine_time(engine));
    fprintf(stderr, "sessions_opened %" PRIu64 "\n", sessions.opened);
    fprintf(stderr, "sessions_forgotten_full %" PRIu64 "\n",
            sessions.forgotten_full);
    fprintf(stderr, "items_pushed_out %" PRIu64 "\n", sessions.pushed_out);
    fprintf(stderr, "rows %" PRIu64 "\n", groups_rows(engine_groups(engine)));
    fprintf(stderr, "live_pair_panes %" PRIu64 "\n", rows->live);
    fprintf(stderr, "pairs_dropped %" PRIu64 "\n", rows->pairs_dropped);
    fprintf(stderr, "too_old %" PRIu64 "\n", rows->too_old);
    fprintf(stderr, "takebacks_unknown %" PRIu64 "\n", rows->takebacks_unknown);
    fprintf(stderr, "engine_bytes %" PRIu64 "\n", engine_bytes(engine));
    fprintf(stderr, "seconds %.3f\n", took);
    fprintf(stderr, "records_per_second %.0f\n", (double)records / took);
}

/* ---- the engine alone ---- */

/* Rows that time has emptied are let go now and then, so that a long replay
 * does not keep all it ever saw. */
static void sweep_rows(struct replay *replay)
{
    struct groups *groups = engine_groups(replay->engine);
    const struct windows *windows = &replay->config->engine.windows;
    int64_t coarse_ms =
        windows->fine_ms * windows->fine_per_pane[windows->count - 1];
    int64_t pane = engine_time(replay->engine) / coarse_ms;
    uint32_t end = intern_end(engine_items(replay->engine));

    if (pane == replay->swept_pane)
        return;
    replay->swept_pane = pane;
    for (uint32_t item = 1; item < end; item++) {
        const struct row *row = groups_row(groups, item);

        groups_trim(groups, item);
        if (row != NULL && row->used == 0)
            groups_release(groups, item);
    }
}

/* Nobody publishes, so nobody else drains what was touched. */
static void drain_touched(struct replay *replay)
{
    uint32_t item, pairs;

    while (groups_next_touched(engine_groups(replay->engine), &item, &pairs))
        ;
}

static int feed(struct replay *replay, struct err *err)
{
    struct source *source = &replay->source;
    static struct record records[BATCH];
    static enum event_verdict verdicts[BATCH];
    int64_t shown_us = replay->begun_us;

    while (source->state(source->self) != SOURCE_ENDED) {
        int count = source->poll(source->self, records, BATCH, 100, err);

        if (count < 0)
            return -1;
        engine_take_all(replay->engine, records, (uint32_t)count, verdicts);
        drain_touched(replay);
        sweep_rows(replay);
        if (clock_mono_us() - shown_us > 200000) {
            shown_us = clock_mono_us();
            show_progress(replay, 0);
        }
    }
    show_progress(replay, 1);
    return 0;
}

static int feed_and_print(struct replay *replay, struct err *err)
{
    if (feed(replay, err) < 0)
        return -1;
    if (replay->print == PRINT_LISTS)
        print_lists(replay->engine, stdout);
    else
        print_counts(replay->engine, stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, "cannot write to standard output");
    return 0;
}

/* Lists of a replay must not mix with those of a state that goes on. */
static int check_prefix(const struct config *config, struct err *err)
{
    struct redis *redis;
    int is_used;

    if (redis_open(&redis, config->redis.url, "replay", err) < 0)
        return -1;
    is_used = store_is_used(redis, config->redis.prefix, REDIS_MS, err);
    redis_close(redis);
    if (is_used > 0)
        return err_set(err,
                       "the prefix \"%s\" has the durable state of a `terkait "
                       "run`; choose another with -s redis.prefix=...",
                       config->redis.prefix);
    return is_used;
}

static int feed_redis(struct replay *replay, struct err *err)
{
    struct daemon_round round = {
        .engine = replay->engine,
        .source = &replay->source,
        .progress = show_progress,
        .context = replay,
    };
    struct daemon *daemon;
    int signals = daemon_signals(), result = -1;

    if (check_prefix(replay->config, err) == 0 &&
        daemon_open(&daemon, replay->config, signals, err) == 0) {
        if (daemon_run(daemon, &round, err) == DAEMON_DONE)
            result = 0;
        daemon_close(daemon);
    }
    close(signals);
    return result;
}

static int run(struct replay *replay, char **paths, int count, struct err *err)
{
    int result;

    if (source_file_open(&replay->source, (const char *const *)paths,
                         (size_t)count, replay->config->engine.event_bytes_max,
                         replay->now_ms, err) < 0)
        return -1;
    replay->engine = engine_new(&replay->config->engine);
    replay->begun_us = clock_mono_us();
    result = replay->print == PRINT_NOTHING ? feed_redis(replay, err)
                                            : feed_and_print(replay, err);
    if (result == 0 && replay->wants_stats)
        show_stats(replay);
    replay->source.free(replay->source.self);
    engine_free(replay->engine);
    return result;
}

/* ---- the command line ---- */

static int parse_now(int64_t *now_ms, const char *text)
{
    char *end;

    if (rfc3339_parse(now_ms, text, strlen(text)) == 0)
        return 0;
    *now_ms = strtoll(text, &end, 10);
    return *text == '\0' || *end != '\0' || *now_ms < 0 ? -1 : 0;
}

static int parse_print(enum print_what *print, const char *text)
{
    *print = strcmp(text, "lists") == 0    ? PRINT_LISTS
             : strcmp(text, "counts") == 0 ? PRINT_COUNTS
                                           : PRINT_NOTHING;
    return *print == PRINT_NOTHING ? -1 : 0;
}

enum { OPTION_NOW = 256, OPTION_PRINT, OPTION_STATS, OPTION_NO_PROGRESS };

/* Returns -1 to go on, else an exit code. */
static int take_option(struct replay *replay, int option)
{
    if (cmd_settings_option(&replay->settings, option, optarg))
        return -1;
    switch (option) {
    case OPTION_NOW:
        if (parse_now(&replay->now_ms, optarg) < 0)
            return cmd_usage("replay",
                             "--now takes RFC 3339 or milliseconds, not "
                             "\"%s\"",
                             optarg);
        return -1;
    case OPTION_PRINT:
        if (parse_print(&replay->print, optarg) < 0)
            return cmd_usage(
                "replay", "--print takes lists or counts, not \"%s\"", optarg);
        return -1;
    case OPTION_STATS:
        replay->wants_stats = 1;
        return -1;
    case OPTION_NO_PROGRESS:
        replay->wants_progress = 0;
        return -1;
    case 'h':
        fputs(help, stdout);
        return EXIT_CODE_OK;
    default:
        return cmd_usage("replay", "unknown option");
    }
}

static int parse(struct replay *replay, int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"now", required_argument, NULL, OPTION_NOW},
        {"print", required_argument, NULL, OPTION_PRINT},
        {"stats", no_argument, NULL, OPTION_STATS},
        {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
        {"help", no_argument, NULL, 'h'},
        {0}};
    int option, code;

    while ((option = getopt_long(argc, argv, CMD_SETTINGS_SHORT, options,
                                 NULL)) != -1) {
        code = take_option(replay, option);
        if (code >= 0)
            return code;
    }
    if (optind == argc)
        return cmd_usage("replay", "which files? (\"-\" is standard input)");
    return -1;
}

int cmd_replay(int argc, char **argv)
{
    struct replay replay = {
        .now_ms = clock_wall_ms(),
        .wants_progress = isatty(STDERR_FILENO),
        .swept_pane = -1,
    };
    struct err err = ERR_NONE;
    struct config *config;
    int code = parse(&replay, argc, argv);

    if (code >= 0) {
        free(replay.settings.overrides);
        return code;
    }
    code = cmd_settings_load(&config, &replay.settings);
    if (code != EXIT_CODE_OK)
        return code;
    replay.config = config;
    if (run(&replay, argv + optind, argc - optind, &err) < 0) {
        fprintf(stderr, "terkait replay: %s\n", err.text);
        code = EXIT_CODE_FAILED;
    }
    config_free(config);
    return code;
}
