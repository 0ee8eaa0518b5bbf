/* config_check: what a range cannot say: of one text, and across settings. */
#ifndef TERKAIT_CONFIG_CHECK_H
#define TERKAIT_CONFIG_CHECK_H

#include "config.h"
#include "config_values.h"
#include "err.h"

/* For the table's `check`: -1 with the reason; the text is not empty. */
int config_check_topic(const char *text, struct err *err);
int config_check_property(const char *text, struct err *err);
int config_check_redis_url(const char *text, struct err *err);
int config_check_prefix(const char *text, struct err *err);
int config_check_listen(const char *text, struct err *err);

/* Each relation and window has what it cannot do without. */
int config_check_needed(const struct config_values *values,
                        struct err *err) MUST_CHECK;

/* The entries of "relation" or "window" in force, in their order: those that
 * `relations` or `windows` name, else all. `picked` has room for `max`. */
int config_pick(const struct config_entry **picked, uint32_t *count,
                uint32_t max, const struct config_values *values,
                const char *section, struct err *err) MUST_CHECK;

/* lists.ttl when nobody set it: the longest window, but never so short that a
 * check would blame a setting that nobody made. */
int64_t config_default_ttl(const struct config *config);

/* What spans several keys. All fields are filled, but the windows and the
 * relations are initialised here, and the default of lists.ttl. */
int config_check_whole(struct config *config, struct err *err) MUST_CHECK;

/* True of a setting that was changed and has no effect in this version yet. */
int config_is_unused(const struct setting *setting,
                     const struct config_value *value);

#endif
