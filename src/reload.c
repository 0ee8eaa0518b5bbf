#include "reload.h"

#include "log.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

void reload_init(struct reload *reload, const struct cmd_settings *settings)
{
    size_t count = settings->overrides_count;

    *reload = (struct reload){.settings = *settings};
    reload->settings.overrides =
        mem_new(count, sizeof reload->settings.overrides[0]);
    if (count > 0)
        memcpy(reload->settings.overrides, settings->overrides,
               count * sizeof reload->settings.overrides[0]);
}

void reload_deinit(struct reload *reload)
{
    free(reload->settings.overrides);
    reload->settings = (struct cmd_settings){0};
}

static int tell(const struct config_changes *changes)
{
    if (changes->taken.length > 0)
        LOG(LOG_INFO, "reloaded", F_TEXT("changed", changes->taken.bytes));
    else
        LOG(LOG_INFO, "reloaded", F_TEXT("changed", "nothing"));
    if (changes->left.length > 0)
        LOG(LOG_WARN, "reload_incomplete",
            F_TEXT("settings", changes->left.bytes),
            F_TEXT("means", "needs a restart"));
    return changes->taken.length > 0;
}

int reload_settings(void *context)
{
    struct reload *reload = context;
    struct config *config = reload->config;
    struct config_changes changes;
    struct err err = ERR_NONE;
    int is_new;

    if (config_reload(config, &changes, reload->settings.path,
                      reload->settings.overrides,
                      reload->settings.overrides_count, &err) < 0) {
        LOG(LOG_ERROR, "reload_failed", F_TEXT("error", err.text),
            F_TEXT("means", "the settings stay as they were"));
        config_changes_deinit(&changes);
        return 0;
    }
    log_setup(config->log.level, config->log.format);
    is_new = tell(&changes);
    config_changes_deinit(&changes);
    return is_new;
}
