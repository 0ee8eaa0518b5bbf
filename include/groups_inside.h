/* groups_inside: what groups.c and groups_durable.c share. */
#ifndef TERKAIT_GROUPS_INSIDE_H
#define TERKAIT_GROUPS_INSIDE_H

#include "group_floors.h"
#include "groups.h"
#include "ring.h"

#define TOUCHED_SUPPORT (UINT32_C(1) << 31)
#define SUPPORTS_STALE  INT64_C(-1)

/* What is not durable of a row. */
enum { IS_CHANGED = 1, IS_IN_CUT = 2 };

/* Packed bytes of a row and of a cell, about. */
enum { ROW_BYTES = 40, CELL_BYTES = 10 };

/* Touched rows that are asked for before their turn. */
enum { AHEAD = 8 };

/* A row and what is kept beside it. */
struct holding {
    struct row row;
    int64_t category_ts_ms;
    uint32_t category;   /* in groups.categories, 0: none */
    uint32_t touched;    /* relations, or TOUCHED_SUPPORT; 0: not queued */
    int64_t supports_at; /* fine pane of `supports`, or SUPPORTS_STALE */
    uint32_t place;      /* in its group's rows */
    uint16_t group;
    uint8_t state;       /* IS_CHANGED, IS_IN_CUT */
    uint32_t tick;       /* when it was last touched */
    uint32_t supports[]; /* [set][window] */
};

struct items {
    uint32_t *at; /* owned */
    uint32_t count;
    uint32_t capacity;
};

struct group {
    struct items rows;
    struct items changed; /* those that are IS_CHANGED */
    struct items cut;     /* those that are IS_IN_CUT */
    uint64_t changed_bytes;
};

struct groups {
    struct row_rules rules;
    uint32_t count;
    struct horizon horizon;
    struct intern *categories;
    struct holding **holdings; /* owned; by item number, NULL: none */
    uint32_t holdings_end;
    uint64_t rows;
    struct ring touched; /* items whose rows were changed */
    uint64_t touches;    /* entries ever pushed there */
    struct group *at;    /* owned; `count` of them */
    int is_noting;       /* changes are noted */
    struct group_floors floors;
    struct row_stats stats;
};

/* (groups.c) */
void items_add(struct items *items, uint32_t item);
struct holding *holding_make(struct groups *groups, uint32_t item,
                             uint32_t group);
void holding_note_change(struct groups *groups, struct holding *holding,
                         uint32_t item);
void holding_touch(struct groups *groups, struct holding *holding,
                   uint32_t item, uint32_t what);
void groups_begin_noting(struct groups *groups);

static inline struct holding *holding_find(const struct groups *groups,
                                           uint32_t item)
{
    return item < groups->holdings_end ? groups->holdings[item] : NULL;
}

#endif
