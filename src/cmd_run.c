#include "cmd.h"

#include "daemon.h"
#include "reload.h"
#include "service.h"

#include <stdio.h>
#include <unistd.h>

static const char help[] =
    "Usage: terkait run [OPTION]...\n"
    "\n"
    "The daemon: reads events from Kafka, counts which items occur together,\n"
    "and keeps the lists of related items in Redis fresh, until SIGTERM.\n"
    "\n"
    "      --new               begin where this prefix has no state of its "
    "own\n"
    "      --accept-loss       go on though something was lost, which it "
    "tells\n" CMD_SETTINGS_HELP "      --help              this text\n"
    "\n"
    "It says what it does on stderr, a line each. SIGTERM or SIGINT: stops\n"
    "reading, makes all durable, publishes what is waiting, ends; a second\n"
    "one leaves at once. A second `run` on the same prefix takes over.\n"
    "\n"
    "Exit codes: 0 ended in order, 1 failed or refused, 2 usage, 4 another\n"
    "process took over (do not restart), 78 configuration.\n"
    "Example: terkait run -c /etc/terkait/terkait.conf -s log.level=debug\n";

enum { OPTION_ACCEPT_LOSS = 256, OPTION_NEW };

/* Returns -1 to go on, else an exit code. */
static int take_option(struct cmd_settings *settings,
                       struct service_options *service, int option)
{
    if (cmd_settings_option(settings, option, optarg))
        return -1;
    switch (option) {
    case OPTION_ACCEPT_LOSS:
        service->accept_loss = 1;
        return -1;
    case OPTION_NEW:
        service->is_new = 1;
        return -1;
    case 'h':
        fputs(help, stdout);
        return EXIT_CODE_OK;
    default:
        return cmd_usage("run", "unknown option");
    }
}

int cmd_run(int argc, char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"accept-loss", no_argument, NULL, OPTION_ACCEPT_LOSS},
        {"new", no_argument, NULL, OPTION_NEW},
        {"help", no_argument, NULL, 'h'},
        {0}};
    struct cmd_settings settings = {0};
    struct reload reload;
    struct service_options service = {.reload = reload_settings,
                                      .reload_context = &reload};
    struct config *config;
    int option, code, signals;

    while ((option = getopt_long(argc, argv, CMD_SETTINGS_SHORT, options,
                                 NULL)) != -1) {
        code = take_option(&settings, &service, option);
        if (code >= 0)
            return code;
    }
    if (optind < argc)
        return cmd_usage("run", "what is \"%s\"?", argv[optind]);
    reload_init(&reload, &settings);
    code = cmd_settings_load(&config, &settings);
    if (code != EXIT_CODE_OK) {
        reload_deinit(&reload);
        return code;
    }
    reload.config = config;
    config_warn_unused(config);
    signals = daemon_signals();
    LOG(LOG_INFO, "started", F_TEXT("version", TERKAIT_VERSION),
        F_TEXT("topic", config->kafka.topic),
        F_TEXT("brokers", config->kafka.brokers),
        F_TEXT("prefix", config->redis.prefix));
    code = service_run(config, &service, signals);
    LOG(LOG_INFO, "stopped", F_INT("code", code));
    close(signals);
    reload_deinit(&reload);
    config_free(config);
    return code;
}
