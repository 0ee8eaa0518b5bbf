/* reload: SIGHUP. The settings are read again from where they came from, and
 * what may change while the program runs is in force at once. */
#ifndef TERKAIT_RELOAD_H
#define TERKAIT_RELOAD_H

#include "cmd.h"

struct reload {
    struct config *config; /* in force; borrowed */
    struct cmd_settings settings;
};

/* Copies where settings come from, before cmd_settings_load() frees it. */
void reload_init(struct reload *reload, const struct cmd_settings *settings);
void reload_deinit(struct reload *reload);

/* Takes a struct reload. Says in the log what it took over and what needs a
 * restart; a bad file is named there with its line, and changes nothing.
 * Returns 1 when anything is in force now that was not before. */
int reload_settings(void *context);

#endif
