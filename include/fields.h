/* fields: a hash of Redis as it was read, by name: names and values are texts
 * from outside. Sorted by name. */
#ifndef TERKAIT_FIELDS_H
#define TERKAIT_FIELDS_H

#include "event.h"

#include <stddef.h>
#include <stdint.h>

struct field {
    struct text name, value; /* each with a NUL behind it */
};

/* Zero to begin with. */
struct fields {
    struct field *at; /* owned, and their texts */
    size_t count;
};

void fields_deinit(struct fields *fields); /* is empty again afterwards */

struct redis_reply;

/* All of HGETALL's answer, instead of what was there. */
void fields_take(struct fields *fields, const struct redis_reply *reply);

/* Copies both. A name that is there already gets the new value. */
void fields_put(struct fields *fields, struct text name, struct text value);

/* NULL when there is none. */
const struct field *fields_find(const struct fields *fields, const char *name);

/* 0 when there is none, or it is no whole number. */
int64_t fields_number(const struct fields *fields, const char *name);

/* Those whose names begin so and whose numbers are above 0, the largest first,
 * at most `most`; returns how many. */
size_t fields_rank(const struct fields *fields, const struct field **ranked,
                   size_t most, const char *begin);

#endif
