/* cmd_redis: what the commands that read Redis share. */
#ifndef TERKAIT_CMD_REDIS_H
#define TERKAIT_CMD_REDIS_H

#include "cmd.h"
#include "err.h"
#include "redis.h"
#include "strbuf.h"

/* What a command does once its settings are read; connects when it asks.
 * Returns an exit code. */
typedef int cmd_redis_body(const struct config *config, struct redis *redis,
                           const void *context);

struct cmd_redis {
    const char *help;
    const char *letters; /* as cmd_options() wants them */
    const struct option *options;
    cmd_take *take;
    /* The arguments, argv[optind] and on; returns an exit code. NULL: none. */
    int (*take_arguments)(void *context, int argc, char **argv);
    cmd_redis_body *body;
};

/* The whole command: takes its command line into `context`, then prints the
 * help, or loads the settings, opens Redis, runs `body`, closes. Returns an
 * exit code. */
int cmd_redis_main(const struct cmd_redis *command, void *context, int argc,
                   char **argv);

/* Writes `out` to stdout, then frees it. Returns an exit code. */
int cmd_redis_print(const char *name, struct strbuf *out);

/* Says on stderr what failed; returns EXIT_CODE_FAILED. */
int cmd_redis_fail(const char *name, const struct err *err);

struct text cmd_redis_text(const char *argument);

/* Say what is wrong with an item or tenant of the command line. */
int cmd_redis_check_item(const char *name, struct text item);
int cmd_redis_check_tenant(const char *name, struct text tenant);

#endif
