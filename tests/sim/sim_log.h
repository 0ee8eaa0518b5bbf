/* sim_log: the simulated topic. All records are made beforehand; they appear
 * one after another, and old ones go.
 *
 *     offset   oldest ... visible | to come
 *              (gaps anywhere, as control records leave them) */
#ifndef TERKAIT_SIM_LOG_H
#define TERKAIT_SIM_LOG_H

#include "event.h"
#include "record.h"
#include "rng.h"

#include <stdint.h>

enum {
    PARTITIONS_MAX = 3,
    RECORDS_MAX = 200, /* a partition */
    ITEMS = 7,         /* "i1" to "i7" */
    TENANTS = 2,       /* none, and "t1" */
    CATEGORIES = 3,    /* none, "c1", "c2" */
    ENTRIES_MAX = 4    /* of `items` */
};

/* What a record is: the decoder refuses all but the first. */
enum sim_kind { SIM_EVENT, SIM_NO_JSON, SIM_IGNORED, SIM_NO_CONSENT };

struct sim_record {
    enum sim_kind kind;
    enum event_type type;
    int64_t offset;
    int64_t stamp_ms;
    int64_t ts_ms;
    uint8_t visitor, tenant, session, category; /* 0: none but for visitor */
    uint8_t items_count;
    uint8_t items[ENTRIES_MAX];
    uint16_t length;
    char json[200];
};

struct sim_partition {
    int is_there;
    int is_anew; /* no more records come */
    uint32_t count;
    uint32_t visible; /* records that have appeared */
    int64_t oldest;   /* offset; what is below is gone */
    int64_t base;     /* where it began */
    int64_t tail;     /* offsets behind the last record that hold none */
    int64_t committed;
    struct sim_record at[RECORDS_MAX];
};

struct sim_log {
    uint32_t count; /* partitions that there will ever be */
    struct sim_partition partitions[PARTITIONS_MAX];
};

struct sim_log_shape {
    uint32_t partitions;
    uint32_t records; /* a partition, at most RECORDS_MAX */
    uint32_t visitors;
    uint32_t items;  /* at most ITEMS */
    int64_t step_ms; /* of event time between two records, about */
};

void sim_log_make(struct sim_log *log, const struct sim_log_shape *shape,
                  struct rng *rng);

/* One above the newest offset. */
int64_t sim_log_end(const struct sim_partition *partition);

/* The first visible record at `offset` or above; NULL: none yet. */
const struct sim_record *sim_log_find(const struct sim_partition *partition,
                                      int64_t offset);

#endif
