/* kafka_properties: librdkafka's properties, set from a table of ours and from
 * the user's kafka.set. An error names the property, never its value. */
#ifndef TERKAIT_KAFKA_PROPERTIES_H
#define TERKAIT_KAFKA_PROPERTIES_H

#include "err.h"

#include <stddef.h>

struct rd_kafka_conf_s;

struct kafka_property {
    const char *name;
    const char *value;
};

/* Borrowed; an empty one is { NULL, 0 }. */
struct kafka_properties {
    const struct kafka_property *at;
    size_t count;
};

#define KAFKA_PROPERTIES(table)                                                \
    ((struct kafka_properties){(table), sizeof(table) / sizeof(table)[0]})

int kafka_properties_set(struct rd_kafka_conf_s *conf,
                         struct kafka_properties properties,
                         struct err *err) MUST_CHECK;

/* Each of `set` is "property=value"; one that is among `fixed` is refused. */
int kafka_properties_set_users(struct rd_kafka_conf_s *conf,
                               const char *const *set, size_t count,
                               struct kafka_properties fixed,
                               struct err *err) MUST_CHECK;

#endif
