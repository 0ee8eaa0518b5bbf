#include "cli.h"

#include "cmd.h"
#include "nearest.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"run", cmd_run, "the daemon: events from Kafka, lists to Redis"},
    {"replay", cmd_replay, "the same over event files, to Redis or stdout"},
    {"simulate", cmd_simulate, "a marketplace's events, to stdout or Kafka"},
    {"related", cmd_related, "an item's lists, for people"},
    {"explain", cmd_explain, "why one item is, or is not, in another's list"},
    {"stats", cmd_stats, "what the daemon says of itself"},
    {"top", cmd_top, "the same as it goes: rates, lag, hot items"},
    {"check-config", cmd_check_config,
     "check the settings, show what is in force and whence"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void print_help(FILE *out)
{
    fputs("terkait: related items from a stream of shop events\n"
          "\n"
          "Usage: terkait COMMAND [OPTION]...\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-13s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "`terkait help COMMAND` tells more of one; `terkait --version` "
          "which this is.\n",
          out);
}

static int print_version(void)
{
    puts("terkait " TERKAIT_VERSION);
    return EXIT_CODE_OK;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS + 1];
    const char *meant;

    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    names[COMMANDS] = "help";
    meant = nearest_word(name, names, COMMANDS + 1);
    fprintf(stderr, "terkait: unknown command `%s`", name);
    if (meant != NULL)
        fprintf(stderr, "; did you mean `%s`?", meant);
    fprintf(stderr, "\nTry `terkait --help`.\n");
    return EXIT_CODE_USAGE;
}

static int show_help(const char *name)
{
    const struct command *command;
    char own_name[32], option[] = "--help";
    char *arguments[] = {own_name, option, NULL};

    if (name == NULL) {
        print_help(stdout);
        return EXIT_CODE_OK;
    }
    command = find(name);
    if (command == NULL)
        return unknown(name);
    snprintf(own_name, sizeof own_name, "%s", command->name);
    return command->run(2, arguments);
}

static int asks_version(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--version") == 0)
            return 1;
    return argc > 1 && strcmp(argv[1], "-V") == 0;
}

int cli_main(int argc, char **argv)
{
    const struct command *command;

    if (asks_version(argc, argv))
        return print_version();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_CODE_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return show_help(NULL);
    if (strcmp(argv[1], "help") == 0)
        return show_help(argv[2]);
    command = find(argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1)
                           : unknown(argv[1]);
}
