#include "cmd.h"

#include "daemon.h"
#include "engine.h"
#include "source_kafka.h"

#include <stdio.h>
#include <unistd.h>

static const char help[] =
    "Usage: terkait run [OPTION]...\n"
    "\n"
    "The daemon: reads events from Kafka, counts which items occur together,\n"
    "and keeps the lists of related items in Redis fresh, until SIGTERM.\n"
    "\n" CMD_SETTINGS_HELP "      --help              this text\n"
    "\n"
    "It says what it does on stderr, a line each. SIGTERM or SIGINT: stops\n"
    "reading, publishes what is waiting, ends; a second one leaves at once.\n"
    "\n"
    "Exit codes: 0 ended in order, 1 failed, 2 usage, 78 configuration.\n"
    "Example: terkait run -c /etc/terkait/terkait.conf -s log.level=debug\n";

static int run_engine(const struct config *config, int signals, struct err *err)
{
    struct source_kafka_rules rules = {
        .brokers = config->kafka.brokers,
        .topic = config->kafka.topic,
        .group = config->kafka.group,
        .set = (const char *const *)config->kafka.set,
        .set_count = config->kafka.set_count,
        .future_ms = config->engine.session.future_ms,
    };
    struct source source;
    struct daemon_parts parts = {.config = config, .source = &source};
    int result;

    if (source_kafka_open(&source, &rules, err) < 0)
        return -1;
    parts.kafka = &source;
    parts.engine = engine_new(&config->engine);
    LOG(LOG_INFO, "started", F_TEXT("version", TERKAIT_VERSION),
        F_TEXT("topic", config->kafka.topic),
        F_TEXT("brokers", config->kafka.brokers),
        F_TEXT("prefix", config->redis.prefix));
    result = daemon_run(&parts, signals, err);
    source.free(source.self);
    engine_free(parts.engine);
    return result;
}

int cmd_run(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG, {"help", no_argument, NULL, 'h'}, {0}};
    struct cmd_settings settings = {0};
    struct err err = ERR_NONE;
    struct config *config;
    int option, code, signals;

    while ((option = getopt_long(argc, argv, CMD_SETTINGS_SHORT, options,
                                 NULL)) != -1) {
        if (cmd_settings_option(&settings, option, optarg))
            continue;
        if (option != 'h')
            return cmd_usage("run", "unknown option");
        fputs(help, stdout);
        return EXIT_CODE_OK;
    }
    if (optind < argc)
        return cmd_usage("run", "what is \"%s\"?", argv[optind]);
    code = cmd_settings_load(&config, &settings);
    if (code != EXIT_CODE_OK)
        return code;
    log_setup(config->log.level, config->log.format);
    config_warn_unused(config);
    signals = daemon_signals();
    if (run_engine(config, signals, &err) < 0) {
        LOG(LOG_ERROR, "failed", F_TEXT("error", err.text));
        code = EXIT_CODE_FAILED;
    } else {
        LOG(LOG_INFO, "stopped", F_INT("code", 0));
    }
    close(signals);
    config_free(config);
    return code;
}
