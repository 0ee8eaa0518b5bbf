#include "cmd.h"

#include "err.h"
#include "log.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int cmd_settings_option(struct cmd_settings *settings, int option,
                        const char *argument)
{
    if (option == 'c') {
        settings->path = argument;
        return 1;
    }
    if (option != 's')
        return 0;
    settings->overrides =
        mem_resize(settings->overrides, settings->overrides_count + 1,
                   sizeof settings->overrides[0]);
    settings->overrides[settings->overrides_count++] = argument;
    return 1;
}

int cmd_options(struct cmd_settings *settings, int argc, char **argv,
                const char *letters, const struct option *options,
                cmd_take *take, void *context)
{
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (option == '?')
            return cmd_usage(argv[0], "unknown option `%s`", argv[optind - 1]);
        if (option == ':')
            return cmd_usage(argv[0], "`%s` needs a value", argv[optind - 1]);
        if (option == 'h')
            settings->wants_help = 1;
        else if (!cmd_settings_option(settings, option, optarg))
            take(context, option, optarg);
    }
    return EXIT_CODE_OK;
}

int cmd_settings_load(struct config **config, struct cmd_settings *settings)
{
    struct err err = ERR_NONE;
    int failed = config_load(config, settings->path, settings->overrides,
                             settings->overrides_count, &err);

    free(settings->overrides);
    settings->overrides = NULL;
    settings->overrides_count = 0;
    if (failed) {
        fprintf(stderr, "terkait: %s\n", err.text);
        return EXIT_CODE_CONFIG;
    }
    log_setup((*config)->log.level, (*config)->log.format);
    return EXIT_CODE_OK;
}

int cmd_usage(const char *name, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "terkait %s: ", name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry `terkait %s --help`.\n", name);
    return EXIT_CODE_USAGE;
}
