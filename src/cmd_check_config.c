#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: terkait check-config [-c FILE] [-s KEY=VALUE]...\n"
    "\n"
    "Reads the settings as `terkait run` would and prints what is in force, "
    "and where\n"
    "each value came from: a file and line, -s, or the default. Passwords are "
    "masked.\n"
    "A setting that is wrong is named on stderr, with exit code 78.\n"
    "\n" CMD_SETTINGS_HELP "  -h, --help              this text\n"
    "\n"
    "  terkait check-config -c shop.conf\n"
    "  terkait check-config -s session.gap=45m -s window.1h.panes=6\n";

enum mode { MODE_CHECK, MODE_SAMPLE, MODE_TABLE, MODE_MAN, MODE_HELP };

static int finish(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_CODE_OK;
    fprintf(stderr, "terkait check-config: stdout: %s\n", strerror(errno));
    return EXIT_CODE_FAILED;
}

static int check(struct cmd_settings *settings)
{
    struct config *config;
    int code = cmd_settings_load(&config, settings);

    if (code != EXIT_CODE_OK)
        return code;
    config_print(config, stdout);
    config_free(config);
    return finish();
}

static void take(void *context, int option, const char *argument)
{
    enum mode *mode = context;

    (void)argument;
    *mode = (enum mode)option;
}

/* The last three are for whoever changes the table of settings. */
static int parse(enum mode *mode, struct cmd_settings *settings, int argc,
                 char **argv)
{
    static const struct option options[] = {
        CMD_SETTINGS_LONG,
        {"help", no_argument, NULL, 'h'},
        {"write-sample", no_argument, NULL, MODE_SAMPLE},
        {"write-table", no_argument, NULL, MODE_TABLE},
        {"write-man", no_argument, NULL, MODE_MAN},
        {NULL, 0, NULL, 0},
    };
    int code = cmd_options(settings, argc, argv, ":h" CMD_SETTINGS_SHORT,
                           options, take, mode);

    if (settings->wants_help)
        *mode = MODE_HELP;
    if (code == EXIT_CODE_OK && optind < argc)
        return cmd_usage(argv[0], "it takes no argument `%s`", argv[optind]);
    return code;
}

static void write_document(enum mode mode)
{
    switch (mode) {
    case MODE_CHECK:
        return;
    case MODE_HELP:
        fputs(help, stdout);
        return;
    case MODE_SAMPLE:
        config_write_sample(stdout);
        return;
    case MODE_TABLE:
        config_write_table(stdout);
        return;
    case MODE_MAN:
        config_write_man(stdout);
        return;
    }
}

int cmd_check_config(int argc, char **argv)
{
    struct cmd_settings settings = {0};
    enum mode mode = MODE_CHECK;
    int code = parse(&mode, &settings, argc, argv);

    if (code == EXIT_CODE_OK && mode == MODE_CHECK)
        return check(&settings);
    free(settings.overrides);
    if (code != EXIT_CODE_OK)
        return code;
    write_document(mode);
    return finish();
}
