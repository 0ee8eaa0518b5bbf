#include "cmd.h"

#include "clock.h"
#include "mem.h"
#include "rfc3339.h"
#include "simulate.h"
#include "sink_kafka.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_UP_LINES = 1024, /* between two looks at signals and the clock */
    PROGRESS_US = 200000,
    FLUSH_MS = 120000,
    OUTPUT_BYTES = 1 << 18
};

static const char help_head[] =
    "Usage: terkait simulate [OPTION]...\n"
    "\n"
    "A seeded marketplace: page views, carts and purchases as JSON lines on\n"
    "standard output, or to Kafka keyed by visitor. The same options give the\n"
    "same bytes on any machine. Items were made to go together in pairs;\n"
    "--truth tells which, so that lists can be held against it.\n"
    "\n"
    "      --truth             print the planted pairs, `item TAB other`, "
    "sorted,\n"
    "                          and make no events\n"
    "      --kafka             send to Kafka (brokers and topic of the "
    "settings)\n"
    "      --brokers=LIST      these brokers instead; implies --kafka\n"
    "      --topic=NAME        this topic instead; implies --kafka\n"
    "      --stamps=WHAT       record timestamps: now (default: brokers keep\n"
    "                          the records) or event (that of sending in the\n"
    "                          simulation; old ones may be deleted at once)\n"
    "      --pace              send in real time, event times from now on\n"
    "      --progress          show progress, where stderr is a terminal;\n"
    "                          the default unless stdout is one as well\n"
    "      --no-progress       show none\n" CMD_SETTINGS_HELP
    "  -h, --help              this text\n"
    "\n"
    "The marketplace (in brackets: the default; shares are parts of one):\n";

static const char help_tail[] =
    "\n"
    "  terkait simulate -n 5\n"
    "  terkait simulate --seed=7 --tenants=3 | terkait replay --print=lists -\n"
    "  terkait simulate --kafka --pace --count=0 --rate=500   until Ctrl-C\n";

/* What a rule's text becomes. A count of lines may be 0: without end. */
enum kind {
    KIND_LINES,
    KIND_SEED,
    KIND_NUMBER,
    KIND_REAL,
    KIND_TIME,
    KIND_DURATION
};

struct rule {
    const char *name;
    enum kind kind;
    size_t place; /* in struct simulate_rules */
    const char *help;
};

#define RULE(name, kind, field, help)                                          \
    {                                                                          \
        name, kind, offsetof(struct simulate_rules, field), help               \
    }

static const struct rule rules_table[] = {
    RULE("count", KIND_LINES, events, "lines in all; 0: without end (-n N)"),
    RULE("seed", KIND_SEED, seed, "another seed, another marketplace"),
    RULE("start", KIND_TIME, start_ms,
         "of event time: RFC 3339, milliseconds, or now"),
    RULE("rate", KIND_REAL, rate, "lines a second of event time, off peak"),
    RULE("peak", KIND_REAL, peak,
         "times the rate at the height of the campaign; 1: none"),
    RULE("peak-after", KIND_DURATION, peak_after_ms,
         "from the start to that height"),
    RULE("peak-ramp", KIND_DURATION, peak_ramp_ms,
         "how long the way up takes, and the way down"),
    RULE("catalogue", KIND_NUMBER, items, "items"),
    RULE("sellers", KIND_NUMBER, sellers, "from one-person shops to big ones"),
    RULE("tenants", KIND_NUMBER, tenants, "0: events name none"),
    RULE("zipf", KIND_REAL, zipf, "exponent of the items' popularity"),
    RULE("cart", KIND_REAL, share_cart,
         "share of views put into the cart, if not yet in it"),
    RULE("remove", KIND_REAL, share_remove, "share of these taken out again"),
    RULE("purchase", KIND_REAL, share_purchase, "share of carts bought"),
    RULE("multi", KIND_REAL, share_multi,
         "share of purchases sent as one event with `items`"),
    RULE("bots", KIND_REAL, share_bots, "share of visits that are bots'"),
    RULE("repeats", KIND_REAL, share_repeats, "share of lines sent twice"),
    RULE("disorder", KIND_REAL, share_disorder,
         "share of lines held back by up to a minute"),
    RULE("malformed", KIND_REAL, share_malformed,
         "share of lines to be refused, or ignored"),
    RULE("session-ids", KIND_REAL, share_session_ids,
         "share of visits with a session id of the sender"),
    RULE("integer-ids", KIND_REAL, share_integer_ids,
         "share of visitors whose id is a number"),
    RULE("text-times", KIND_REAL, share_text_times,
         "share of visits with RFC 3339 times"),
    RULE("second-times", KIND_REAL, share_second_times,
         "share of visits with times in seconds"),
};

enum { RULES = sizeof rules_table / sizeof rules_table[0] };

struct command {
    struct cmd_settings settings;
    struct simulate_rules rules;
    int tells_truth;
    int uses_kafka;
    const char *brokers;
    const char *topic;
    int stamps_event;
    int is_paced;
    int has_start;
    int shows_progress;
};

/* Where lines go: Kafka, or standard output when `sink` is NULL. */
struct output {
    struct sink_kafka *sink;
    const struct command *command;
    sigset_t signals;
    uint64_t lines;
    int64_t begun_us;
    int64_t shown_us;
};

/* ---- the way out ---- */

static int flush_stdout(struct err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, "standard output: %s", strerror(errno));
    return 0;
}

static int send_line(struct output *output, struct text line,
                     struct text visitor, int64_t ts_ms, struct err *err)
{
    output->lines++;
    if (output->sink != NULL)
        return sink_kafka_send(output->sink, visitor, line,
                               output->command->stamps_event ? ts_ms : -1, err);
    if (fwrite_unlocked(line.bytes, 1, line.length, stdout) == line.length &&
        putc_unlocked('\n', stdout) != EOF)
        return 0;
    return err_set(err, "standard output: %s", strerror(errno));
}

static void show_progress(struct output *output, int is_last)
{
    const struct command *command = output->command;
    int64_t now_us = clock_mono_us();
    int64_t took_us = now_us - output->begun_us;

    if (!command->shows_progress ||
        (!is_last && now_us - output->shown_us < PROGRESS_US))
        return;
    output->shown_us = now_us;
    fprintf(stderr, "\r\033[K%" PRIu64 " lines, %.0f a second", output->lines,
            took_us > 0 ? (double)output->lines * 1e6 / (double)took_us : 0.0);
    if (command->rules.events != UINT64_MAX && command->rules.events > 0)
        fprintf(stderr, ", %.0f %%",
                100.0 * (double)output->lines / (double)command->rules.events);
    if (is_last)
        fputc('\n', stderr);
}

/* Waits for a signal that asks to stop; returns 1 when one came. */
static int is_stopped(const struct output *output, int64_t wait_ms)
{
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    return sigtimedwait(&output->signals, NULL, &wait) > 0;
}

/* Waits until it is time for the line; returns 1 when asked to stop. */
static int pace(struct output *output, int64_t ts_ms, struct err *err)
{
    int64_t now_ms = clock_wall_ms();

    while (now_ms < ts_ms) {
        if (output->sink == NULL && flush_stdout(err) < 0)
            return 1;
        show_progress(output, 0);
        if (is_stopped(output, ts_ms - now_ms))
            return 1;
        now_ms = clock_wall_ms();
    }
    return 0;
}

/* What need not be done for every line. Returns 1 when it is time to stop. */
static int look_up(struct output *output)
{
    if (output->lines % LOOK_UP_LINES != 0)
        return 0;
    show_progress(output, 0);
    if (output->sink != NULL && sink_kafka_failed(output->sink) > 0)
        return 1;
    return is_stopped(output, 0);
}

static int send_all(struct output *output, struct simulate *simulate,
                    struct err *err)
{
    struct text line, visitor;
    int64_t ts_ms;

    while (simulate_next(simulate, &line, &visitor, &ts_ms)) {
        if (output->command->is_paced && pace(output, ts_ms, err))
            break;
        if (send_line(output, line, visitor, ts_ms, err) < 0)
            return -1;
        if (look_up(output))
            break;
    }
    return err->text[0] == '\0' ? 0 : -1;
}

/* ---- the two jobs ---- */

static int tell_truth(const struct command *command, struct err *err)
{
    struct simulate *simulate = simulate_new(&command->rules);
    struct strbuf truth = STRBUF_EMPTY;

    simulate_truth(simulate, &truth);
    if (truth.length > 0)
        fwrite(truth.bytes, 1, truth.length, stdout);
    strbuf_deinit(&truth);
    simulate_free(simulate);
    return flush_stdout(err);
}

/* Signals are held up from here until everything is sent; a second one, while
 * the rest is being flushed, ends the program at once. */
static int make_events(const struct command *command, struct sink_kafka *sink,
                       struct err *err)
{
    struct output output = {.sink = sink, .command = command};
    struct simulate *simulate = simulate_new(&command->rules);
    int result;

    sigemptyset(&output.signals);
    sigaddset(&output.signals, SIGINT);
    sigaddset(&output.signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &output.signals, NULL);
    output.begun_us = clock_mono_us();
    result = send_all(&output, simulate, err);
    sigprocmask(SIG_UNBLOCK, &output.signals, NULL);
    if (result == 0)
        result = sink != NULL ? sink_kafka_flush(sink, FLUSH_MS, err)
                              : flush_stdout(err);
    show_progress(&output, 1);
    simulate_free(simulate);
    return result;
}

static int make_events_for_kafka(const struct command *command,
                                 const struct config *config, struct err *err)
{
    const char *brokers =
        command->brokers != NULL ? command->brokers : config->kafka.brokers;
    const char *topic =
        command->topic != NULL ? command->topic : config->kafka.topic;
    struct sink_kafka *sink;
    int result;

    if (sink_kafka_open(&sink, brokers, topic,
                        (const char *const *)config->kafka.set,
                        config->kafka.set_count, err) < 0)
        return -1;
    result = make_events(command, sink, err);
    sink_kafka_close(sink);
    return result;
}

/* ---- the command line ---- */

enum {
    OPTION_TRUTH = 256,
    OPTION_KAFKA,
    OPTION_BROKERS,
    OPTION_TOPIC,
    OPTION_STAMPS,
    OPTION_PACE,
    OPTION_PROGRESS,
    OPTION_NO_PROGRESS,
    OPTION_RULE /* and one more for each rule */
};

static void print_default(const struct rule *rule)
{
    const void *place = (const char *)&simulate_defaults + rule->place;

    switch (rule->kind) {
    case KIND_LINES:
    case KIND_SEED:
        printf(" [%" PRIu64 "]\n", *(const uint64_t *)place);
        break;
    case KIND_NUMBER:
        printf(" [%" PRIu32 "]\n", *(const uint32_t *)place);
        break;
    case KIND_REAL:
        printf(" [%g]\n", *(const double *)place);
        break;
    case KIND_TIME:
        printf("\n%26s[2025-12-12T19:00:00+07:00, the evening of 12.12]\n", "");
        break;
    case KIND_DURATION:
        printf(" [%" PRId64 "m]\n", *(const int64_t *)place / 60000);
        break;
    }
}

static void print_help(void)
{
    static const char *const arguments[] = {
        [KIND_LINES] = "N", [KIND_SEED] = "N",    [KIND_NUMBER] = "N",
        [KIND_REAL] = "X",  [KIND_TIME] = "TIME", [KIND_DURATION] = "TIME",
    };

    fputs(help_head, stdout);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules_table[i];
        int width = 17 - (int)strlen(rule->name);

        printf("      --%s=%-*s%s", rule->name, width, arguments[rule->kind],
               rule->help);
        print_default(rule);
    }
    fputs(help_tail, stdout);
}

static int parse_uint(uint64_t *number, const char *text, uint64_t most)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return -1;
    return *number > most ? -1 : 0;
}

static int parse_real(double *number, const char *text)
{
    char *end;

    *number = strtod(text, &end);
    return end == text || *end != '\0' || *number != *number ? -1 : 0;
}

static int parse_time(int64_t *time_ms, const char *text)
{
    uint64_t number;

    if (strcmp(text, "now") == 0) {
        *time_ms = clock_wall_ms();
        return 0;
    }
    if (rfc3339_parse(time_ms, text, strlen(text)) == 0)
        return 0;
    if (parse_uint(&number, text, INT64_MAX) < 0)
        return -1;
    *time_ms = (int64_t)number;
    return 0;
}

static int parse_lines(uint64_t *lines, const char *text)
{
    if (parse_uint(lines, text, UINT64_MAX) < 0)
        return -1;
    if (*lines == 0)
        *lines = UINT64_MAX;
    return 0;
}

static int set_rule(struct simulate_rules *rules, const struct rule *rule,
                    const char *text)
{
    void *place = (char *)rules + rule->place;
    uint64_t number;

    switch (rule->kind) {
    case KIND_LINES:
        return parse_lines(place, text);
    case KIND_SEED:
        return parse_uint(place, text, UINT64_MAX);
    case KIND_NUMBER:
        if (parse_uint(&number, text, UINT32_MAX) < 0)
            return -1;
        *(uint32_t *)place = (uint32_t)number;
        return 0;
    case KIND_REAL:
        return parse_real(place, text);
    case KIND_TIME:
        return parse_time(place, text);
    case KIND_DURATION:
        return config_parse_duration(place, text);
    }
    return -1;
}

static int take_rule(struct command *command, size_t which, const char *text)
{
    const struct rule *rule = &rules_table[which];

    if (rule->kind == KIND_TIME)
        command->has_start = 1;
    if (set_rule(&command->rules, rule, text) < 0)
        return cmd_usage("simulate", "--%s: \"%s\" will not do", rule->name,
                         text);
    return -1;
}

static int take_stamps(struct command *command, const char *text)
{
    command->stamps_event = strcmp(text, "event") == 0;
    if (command->stamps_event || strcmp(text, "now") == 0)
        return -1;
    return cmd_usage("simulate", "--stamps takes now or event, not \"%s\"",
                     text);
}

/* Returns -1 to go on, else an exit code. */
static int take_option(struct command *command, int option, char **argv)
{
    if (cmd_settings_option(&command->settings, option, optarg))
        return -1;
    if (option >= OPTION_RULE)
        return take_rule(command, (size_t)(option - OPTION_RULE), optarg);
    switch (option) {
    case 'n':
        return take_rule(command, 0, optarg);
    case 'h':
        print_help();
        return EXIT_CODE_OK;
    case ':':
        return cmd_usage("simulate", "`%s` needs a value", argv[optind - 1]);
    case OPTION_TRUTH:
        command->tells_truth = 1;
        return -1;
    case OPTION_BROKERS:
        command->brokers = optarg;
        command->uses_kafka = 1;
        return -1;
    case OPTION_TOPIC:
        command->topic = optarg;
        command->uses_kafka = 1;
        return -1;
    case OPTION_KAFKA:
        command->uses_kafka = 1;
        return -1;
    case OPTION_STAMPS:
        return take_stamps(command, optarg);
    case OPTION_PACE:
        command->is_paced = 1;
        return -1;
    case OPTION_PROGRESS:
    case OPTION_NO_PROGRESS:
        command->shows_progress =
            option == OPTION_PROGRESS && isatty(STDERR_FILENO);
        return -1;
    default:
        return cmd_usage("simulate", "unknown option `%s`", argv[optind - 1]);
    }
}

/* The options of the table behind those of the command itself. */
static void fill_options(struct option *options)
{
    static const struct option own[] = {
        CMD_SETTINGS_LONG,
        {"truth", no_argument, NULL, OPTION_TRUTH},
        {"kafka", no_argument, NULL, OPTION_KAFKA},
        {"brokers", required_argument, NULL, OPTION_BROKERS},
        {"topic", required_argument, NULL, OPTION_TOPIC},
        {"stamps", required_argument, NULL, OPTION_STAMPS},
        {"pace", no_argument, NULL, OPTION_PACE},
        {"progress", no_argument, NULL, OPTION_PROGRESS},
        {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
        {"help", no_argument, NULL, 'h'},
    };

    memcpy(options, own, sizeof own);
    options += sizeof own / sizeof own[0];
    for (int i = 0; i < RULES; i++)
        options[i] = (struct option){rules_table[i].name, required_argument,
                                     NULL, OPTION_RULE + i};
}

static int check(struct command *command)
{
    struct err err = ERR_NONE;

    if (command->is_paced && command->has_start)
        return cmd_usage("simulate", "--pace starts now: leave out --start");
    if (command->is_paced)
        command->rules.start_ms = clock_wall_ms();
    if (simulate_rules_check(&command->rules, &err) < 0)
        return cmd_usage("simulate", "%s", err.text);
    return -1;
}

static int parse(struct command *command, int argc, char **argv)
{
    struct option options[RULES + 16] = {{0}};
    int option, code;

    fill_options(options);
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":hn:" CMD_SETTINGS_SHORT, options,
                                 NULL)) != -1) {
        code = take_option(command, option, argv);
        if (code >= 0)
            return code;
    }
    if (optind < argc)
        return cmd_usage("simulate", "it takes no argument `%s`", argv[optind]);
    return check(command);
}

int cmd_simulate(int argc, char **argv)
{
    struct command command = {
        .rules = simulate_defaults,
        .shows_progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO),
    };
    struct err err = ERR_NONE;
    struct config *config;
    int code = parse(&command, argc, argv), result;

    if (code >= 0) {
        free(command.settings.overrides);
        return code;
    }
    code = cmd_settings_load(&config, &command.settings);
    if (code != EXIT_CODE_OK)
        return code;
    setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
    if (command.tells_truth)
        result = tell_truth(&command, &err);
    else if (command.uses_kafka)
        result = make_events_for_kafka(&command, config, &err);
    else
        result = make_events(&command, NULL, &err);
    if (result < 0) {
        fprintf(stderr, "terkait simulate: %s\n", err.text);
        code = EXIT_CODE_FAILED;
    }
    config_free(config);
    return code;
}
