/* recount: what should stand, counted anew and naively from the records: the
 * rules of sessions, relations and windows written down a second time, with
 * nothing of the product but the settings' structs. */
#ifndef TERKAIT_SIM_RECOUNT_H
#define TERKAIT_SIM_RECOUNT_H

#include "relation.h"
#include "session.h"
#include "sim_log.h"
#include "window.h"

#include <stdint.h>

enum {
    ENTITIES = TENANTS * (ITEMS + 1), /* item 0 stands for its tenant */
    SIM_RELATIONS = 3,
    SIM_WINDOWS = 2,
    ERAS_MAX = 4
};

/* The rules of sessions from an offset on. */
struct era {
    int64_t since;
    struct session_rules rules;
};

struct eras {
    uint32_t count;
    struct era at[ERAS_MAX];
};

/* One +1 or -1, as the contract words it. */
enum count_kind { COUNT_PAIR, COUNT_FROM, COUNT_TO };

struct counted {
    int64_t offset;
    int64_t ts_ms;
    uint8_t kind;
    uint8_t row, other; /* entities */
    uint8_t relation;
    int8_t sign;
};

struct recount {
    uint32_t count;
    uint32_t room;
    struct counted *at; /* owned */
    uint32_t accepted_count;
    const struct sim_record *accepted[RECORDS_MAX];
};

/* Of one partition, from offset `born` on. Call again at will. */
void recount_make(struct recount *recount, const struct sim_partition *from,
                  const struct relations *relations, const struct eras *eras,
                  int64_t born);

/* Counts that stand in rows, as plain numbers. */
struct tally {
    int32_t pairs[ENTITIES][ENTITIES][SIM_RELATIONS][SIM_WINDOWS];
    int32_t from[ENTITIES][SIM_RELATIONS][SIM_WINDOWS]; /* N of a tenant too */
    int32_t to[ENTITIES][SIM_RELATIONS][SIM_WINDOWS];
    uint8_t category[ENTITIES];
    uint8_t is_partial[ENTITIES]; /* the row says so: pairs may be missing */
    int64_t category_ms[ENTITIES];
};

/* Adds what the records below `mark` count for the windows that end at
 * time_ms. Answers the latest time accepted below it, -1 for none. */
int64_t recount_tally(struct tally *tally, const struct recount *recount,
                      const struct windows *windows, int64_t mark,
                      int64_t time_ms);

#endif
