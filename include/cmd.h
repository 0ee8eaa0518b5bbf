/* cmd: the subcommands, and what their command lines share.
 *
 * Each cmd_NAME(argc, argv) gets argv[0] = its name, parses with getopt_long,
 * prints its own help on --help, and returns an exit code. cli.c holds the
 * table of them. */
#ifndef TERKAIT_CMD_H
#define TERKAIT_CMD_H

#include "config.h"

#include <getopt.h>
#include <stddef.h>

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_TAKEN_OVER = 4, /* another process owns the prefix now */
    EXIT_CODE_CONFIG = 78     /* sysexits.h EX_CONFIG */
};

int cmd_run(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_related(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_check_config(int argc, char **argv);

/* -c FILE and -s KEY=VALUE, common to most commands. Zero to begin with. */
struct cmd_settings {
    const char *path;
    const char **overrides; /* owned */
    size_t overrides_count;
    int wants_help; /* -h */
};

/* To put into a command's options, and their help lines. */
#define CMD_SETTINGS_SHORT "c:s:"
#define CMD_SETTINGS_LONG                                                      \
    {"config", required_argument, NULL, 'c'},                                  \
    {                                                                          \
        "set", required_argument, NULL, 's'                                    \
    }
#define CMD_SETTINGS_HELP                                                      \
    "  -c, --config=FILE       settings file (none is read without it)\n"      \
    "  -s, --set=KEY=VALUE     one setting, wins over the file; repeatable\n"

/* Takes 'c' and 's'; returns 1 when the option was one of them. */
int cmd_settings_option(struct cmd_settings *settings, int option,
                        const char *argument);

/* One option of a command's own: what stands for it in `options`, its value. */
typedef void cmd_take(void *context, int option, const char *argument);

/* Goes through the options: -c, -s and -h into `settings`, all others to
 * `take`. `letters` begins with ":h" CMD_SETTINGS_SHORT. Returns an exit code;
 * then argv[optind] is the first argument that is no option. */
int cmd_options(struct cmd_settings *settings, int argc, char **argv,
                const char *letters, const struct option *options,
                cmd_take *take, void *context);

/* Loads the configuration; on failure prints why and returns the exit code,
 * else EXIT_CODE_OK. Frees what `settings` owns either way. */
int cmd_settings_load(struct config **config, struct cmd_settings *settings);

/* Prints "terkait NAME: message" and a hint at --help to stderr; returns
 * EXIT_CODE_USAGE. */
int cmd_usage(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
