/* cli: the first word of the command line, and what needs none. */
#ifndef TERKAIT_CLI_H
#define TERKAIT_CLI_H

/* Runs one subcommand; returns the exit code. `--version` anywhere before a
 * `--` prints the version instead. */
int cli_main(int argc, char **argv);

#endif
