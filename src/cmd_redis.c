#include "cmd_redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(const struct cmd_redis *command, void *context,
                 struct cmd_settings *settings, int argc, char **argv)
{
    int code = cmd_options(settings, argc, argv, command->letters,
                           command->options, command->take, context);

    if (code != EXIT_CODE_OK || settings->wants_help)
        return code;
    if (command->take_arguments != NULL)
        return command->take_arguments(context, argc, argv);
    if (optind < argc)
        return cmd_usage(argv[0], "it takes no argument `%s`", argv[optind]);
    return EXIT_CODE_OK;
}

static int run(const struct cmd_redis *command, const void *context,
               const char *name, struct cmd_settings *settings)
{
    struct err err = ERR_NONE;
    struct config *config;
    struct redis *redis;
    int code = cmd_settings_load(&config, settings);

    if (code != EXIT_CODE_OK)
        return code;
    if (redis_open(&redis, config->redis.url, name, &err) == 0) {
        code = command->body(config, redis, context);
        redis_close(redis);
    } else {
        cmd_redis_fail(name, &err);
        code = EXIT_CODE_CONFIG;
    }
    config_free(config);
    return code;
}

int cmd_redis_main(const struct cmd_redis *command, void *context, int argc,
                   char **argv)
{
    struct cmd_settings settings = {0};
    int code = parse(command, context, &settings, argc, argv);

    if (code == EXIT_CODE_OK && !settings.wants_help)
        return run(command, context, argv[0], &settings);
    free(settings.overrides);
    if (code == EXIT_CODE_OK)
        fputs(command->help, stdout);
    return code;
}

int cmd_redis_print(const char *name, struct strbuf *out)
{
    size_t written = fwrite(out->bytes, 1, out->length, stdout);
    int failed = written != out->length || fflush(stdout) != 0;

    strbuf_deinit(out);
    if (!failed)
        return EXIT_CODE_OK;
    fprintf(stderr, "terkait %s: stdout: %s\n", name, strerror(errno));
    return EXIT_CODE_FAILED;
}

int cmd_redis_fail(const char *name, const struct err *err)
{
    fprintf(stderr, "terkait %s: %s\n", name, err->text);
    return EXIT_CODE_FAILED;
}

struct text cmd_redis_text(const char *argument)
{
    size_t length = strlen(argument);

    return (struct text){argument,
                         length < UINT32_MAX ? (uint32_t)length : UINT32_MAX};
}

int cmd_redis_check_item(const char *name, struct text item)
{
    if (item.length >= 1 && item.length <= EVENT_ID_BYTES_MAX)
        return EXIT_CODE_OK;
    return cmd_usage(name, "an item has 1 to %d bytes", EVENT_ID_BYTES_MAX);
}

int cmd_redis_check_tenant(const char *name, struct text tenant)
{
    if (tenant.length <= EVENT_TENANT_BYTES_MAX)
        return EXIT_CODE_OK;
    return cmd_usage(name, "a tenant has at most %d bytes",
                     EVENT_TENANT_BYTES_MAX);
}
