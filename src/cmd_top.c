/* cmd_top: the hash that dashboards read, as it goes: a screen, or lines. */
#include "clock.h"
#include "cmd_redis.h"
#include "key.h"
#include "redis_url.h"
#include "terminal.h"
#include "top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_US = 1000000, TURN_MS = 50 };

static const char help[] =
    "Usage: terkait top [OPTION]...\n"
    "\n"
    "Shows how the running terkait does, from Redis, each second: rates, lag, "
    "freshness,\n"
    "refusals, memory, Kafka, Redis, hot items. On a terminal a screen (q or "
    "Ctrl-C\n"
    "ends), else a line a second. While Redis is away it says so and waits.\n"
    "\n"
    "      --lines             lines on a terminal too\n"
    "  -n, --count=N           end after N seconds\n" CMD_SETTINGS_HELP
    "  -h, --help              this text\n"
    "\n"
    "NO_COLOR in the environment: no colours.\n";

struct wish {
    const char *count; /* as typed */
    int64_t ticks;     /* 0: without end */
    int has_lines;
};

/* A tick asks once; it is shown when the answer is there, or none came. */
struct watch {
    const struct config *config;
    struct redis *redis;
    struct top *top;
    struct terminal *terminal; /* NULL: lines */
    struct strbuf stats_key, popular_key;
    int64_t tick_us; /* when the present one began */
    int64_t shown;
    int is_asked;    /* in this tick */
    int is_answered; /* and not shown yet */
    int is_pending;  /* not shown in this tick */
    int has_colours, has_unicode;
};

static void take(void *context, int option, const char *argument)
{
    struct wish *wish = context;

    if (option == 'n')
        wish->count = argument;
    else
        wish->has_lines = 1;
}

static int take_arguments(void *context, int argc, char **argv)
{
    struct wish *wish = context;
    char *end;

    if (optind < argc)
        return cmd_usage(argv[0], "it takes no argument `%s`", argv[optind]);
    if (wish->count == NULL)
        return EXIT_CODE_OK;
    errno = 0;
    wish->ticks = strtoll(wish->count, &end, 10);
    if (errno != 0 || end == wish->count || *end != '\0' || wish->ticks < 1)
        return cmd_usage(argv[0], "--count: `%s` is no number above 0",
                         wish->count);
    return EXIT_CODE_OK;
}

/* ---- asking ---- */

static void on_stats(void *context, const struct redis_reply *reply)
{
    struct watch *watch = context;
    struct fields fields = {0};

    if (reply == NULL || redis_reply_kind(reply) == REDIS_ERROR) {
        top_take_silence(watch->top, clock_wall_ms());
        return;
    }
    fields_take(&fields, reply);
    top_take_stats(watch->top, &fields, clock_wall_ms());
}

/* The last answer of a tick. */
static void on_popular(void *context, const struct redis_reply *reply)
{
    struct watch *watch = context;
    struct lookup_list list = {0};
    struct err err = ERR_NONE;

    if (reply == NULL)
        return;
    if (redis_reply_kind(reply) == REDIS_TEXT &&
        lookup_parse(&list, redis_reply_text(reply), &err) != 0)
        list = (struct lookup_list){0};
    top_take_popular(watch->top, &list,
                     watch->config->engine.windows.at[0].name);
    watch->is_answered = 1;
}

static void ask(struct watch *watch)
{
    const struct text stats[] = {
        {"HGETALL", 7},
        {watch->stats_key.bytes, (uint32_t)watch->stats_key.length}};
    const struct text popular[] = {
        {"GET", 3},
        {watch->popular_key.bytes, (uint32_t)watch->popular_key.length}};

    redis_send(watch->redis, stats, 2, on_stats, watch);
    redis_send(watch->redis, popular, 2, on_popular, watch);
    watch->is_asked = 1;
}

/* ---- showing ---- */

static int show_screen(struct watch *watch)
{
    struct strbuf rows = STRBUF_EMPTY;
    uint32_t columns, count;
    struct canvas *canvas;
    int result;

    terminal_size(watch->terminal, &columns, &count);
    canvas = canvas_new(columns, count);
    top_draw(watch->top, canvas, clock_wall_ms(), watch->has_unicode);
    canvas_render(canvas, &rows, watch->has_colours);
    result = terminal_show(watch->terminal, &rows);
    strbuf_deinit(&rows);
    canvas_free(canvas);
    return result;
}

static int show_line(struct watch *watch)
{
    struct strbuf out = STRBUF_EMPTY;
    size_t written;

    if (watch->shown % TOP_LINES_A_HEADER == 0)
        top_add_header(&out);
    top_add_line(watch->top, &out, clock_wall_ms());
    written = fwrite(out.bytes, 1, out.length, stdout);
    strbuf_deinit(&out);
    return written > 0 && fflush(stdout) == 0 ? 0 : -1;
}

static int show(struct watch *watch)
{
    int result =
        watch->terminal != NULL ? show_screen(watch) : show_line(watch);

    watch->shown++;
    watch->is_pending = watch->is_answered = 0;
    return result;
}

/* ---- the loop ---- */

/* Returns -1 when nobody sees it any more. */
static int turn(struct watch *watch, int64_t now_us)
{
    redis_pump(watch->redis, now_us, 0);
    if (now_us - watch->tick_us >= TICK_US) {
        if (watch->is_pending) {
            top_take_silence(watch->top, clock_wall_ms());
            if (show(watch) != 0)
                return -1;
        }
        watch->tick_us += TICK_US;
        if (now_us - watch->tick_us >= TICK_US) /* was stopped for a while */
            watch->tick_us = now_us;
        watch->is_pending = 1;
        watch->is_asked = 0;
    }
    if (watch->is_pending && !watch->is_asked && redis_is_ready(watch->redis) &&
        redis_outstanding(watch->redis) == 0)
        ask(watch);
    return watch->is_answered ? show(watch) : 0;
}

static enum terminal_event rest(struct watch *watch)
{
    int descriptor = redis_descriptor(watch->redis);

    if (watch->terminal != NULL)
        return terminal_wait(watch->terminal, descriptor, TURN_MS);
    redis_pump(watch->redis, clock_mono_us(), TURN_MS);
    return TERMINAL_NOTHING;
}

static int watch_on(struct watch *watch, int64_t ticks)
{
    enum terminal_event event = TERMINAL_NOTHING;

    watch->tick_us = clock_mono_us();
    watch->is_pending = 1;
    while (ticks == 0 || watch->shown < ticks) {
        if (turn(watch, clock_mono_us()) != 0)
            return -1;
        event = rest(watch);
        if (event == TERMINAL_END)
            return 0;
        if (event == TERMINAL_RESIZED && show_screen(watch) != 0)
            return -1;
    }
    return 0;
}

static int watch_terminal(struct watch *watch, int64_t ticks)
{
    struct err err = ERR_NONE;
    int result;

    if (terminal_open(&watch->terminal, &err) != 0)
        return cmd_redis_fail("top", &err);
    result = show_screen(watch);
    if (result == 0)
        result = watch_on(watch, ticks);
    terminal_close(watch->terminal);
    return result == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int watch_lines(struct watch *watch, int64_t ticks)
{
    if (watch_on(watch, ticks) == 0)
        return EXIT_CODE_OK;
    fprintf(stderr, "terkait top: stdout: %s\n", strerror(errno));
    return EXIT_CODE_FAILED;
}

static int run(const struct config *config, struct redis *redis,
               const void *context)
{
    const struct wish *wish = context;
    struct watch watch = {.config = config, .redis = redis};
    struct redis_url url;
    struct err err = ERR_NONE;
    int code;

    if (redis_url_parse(&url, config->redis.url, &err) != 0)
        return cmd_redis_fail("top", &err);
    watch.top = top_new(url.address, config->redis.prefix);
    log_setup(LOG_ERROR, config->log.format); /* it is shown instead */
    watch.has_colours = terminal_has_colours();
    watch.has_unicode = terminal_has_unicode();
    strbuf_add_format(&watch.stats_key, "%sstats", config->redis.prefix);
    key_add_popular(&watch.popular_key, config->redis.prefix,
                    (struct text){"", 0}, config->engine.windows.at[0].name,
                    (struct text){"", 0});
    if (!wish->has_lines && terminal_is_there())
        code = watch_terminal(&watch, wish->ticks);
    else
        code = watch_lines(&watch, wish->ticks);
    strbuf_deinit(&watch.stats_key);
    strbuf_deinit(&watch.popular_key);
    top_free(watch.top);
    redis_url_deinit(&url);
    return code;
}

int cmd_top(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"lines", no_argument, NULL, 'l'},
        {"count", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static const struct cmd_redis command = {
        .help = help,
        .letters = ":h" CMD_SETTINGS_SHORT "n:",
        .options = options,
        .take = take,
        .take_arguments = take_arguments,
        .body = run,
    };
    struct wish wish = {0};

    return cmd_redis_main(&command, &wish, argc, argv);
}
