#include "kafka_properties.h"

#include "mem.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>
#include <string.h>

enum { REASON_BYTES = 512 };

static int set_one(rd_kafka_conf_t *conf, const char *name, const char *value,
                   struct err *err)
{
    char reason[REASON_BYTES];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) ==
        RD_KAFKA_CONF_OK)
        return 0;
    return err_set(err, "%s", reason);
}

int kafka_properties_set(struct rd_kafka_conf_s *conf,
                         struct kafka_properties properties, struct err *err)
{
    for (size_t i = 0; i < properties.count; i++)
        if (set_one(conf, properties.at[i].name, properties.at[i].value, err) <
            0)
            return -1;
    return 0;
}

static int set_users(rd_kafka_conf_t *conf, const char *property,
                     struct kafka_properties fixed, struct err *err)
{
    const char *equals = strchr(property, '=');
    char *name;
    int result = 0;

    if (equals == NULL)
        return err_set(err, "kafka.set \"%s\": property=value is wanted",
                       property);
    name = mem_dup(property, (size_t)(equals - property));
    for (size_t i = 0; i < fixed.count; i++)
        if (strcmp(name, fixed.at[i].name) == 0)
            result = err_set(err, "is always %s here", fixed.at[i].value);
    if (result == 0)
        result = set_one(conf, name, equals + 1, err);
    if (result < 0)
        err_where(err, "kafka.set \"%s\"", name);
    free(name);
    return result;
}

int kafka_properties_set_users(struct rd_kafka_conf_s *conf,
                               const char *const *set, size_t count,
                               struct kafka_properties fixed, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (set_users(conf, set[i], fixed, err) < 0)
            return -1;
    return 0;
}
