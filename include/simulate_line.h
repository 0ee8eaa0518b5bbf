/* simulate_line: one simulated event as a line of JSON. */
#ifndef TERKAIT_SIMULATE_LINE_H
#define TERKAIT_SIMULATE_LINE_H

#include "event.h"
#include "simulate_catalogue.h"
#include "simulate_visit.h"
#include "strbuf.h"

#include <stdint.h>

enum { LINE_VISITOR_BYTES = 20 };

struct line_event {
    enum event_type type;
    int64_t ts_ms;
    uint64_t id;
    uint64_t session;    /* 0: none */
    struct text visitor; /* of line_write_visitor() */
    struct text tenant;  /* length 0: none */
    const uint32_t *items;
    uint32_t items_count; /* 0: `items[0]` alone, as `item` */
    uint8_t visitor_is_integer;
    uint8_t time;    /* enum visit_time */
    uint8_t channel; /* any number */
};

/* The visitor's id as a record's key; returns its length. `key` differs by
 * visitor; an integer visitor's is `number`, moved to look like an account. */
uint32_t line_write_visitor(char out[LINE_VISITOR_BYTES], uint64_t number,
                            uint64_t key, int is_integer);

/* Appends the line, without newline. */
void line_add(struct strbuf *out, const struct line_event *event,
              const struct catalogue *catalogue);

#endif
