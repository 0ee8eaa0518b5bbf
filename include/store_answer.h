/* store_answer: what Redis replied to a call of store_redis, as store.h has
 * it. */
#ifndef TERKAIT_STORE_ANSWER_H
#define TERKAIT_STORE_ANSWER_H

#include "redis.h"
#include "store.h"
#include "store_scripts.h"

/* Memory that answers point into, used again for the next. Zero to begin
 * with. */
struct store_reader {
    int64_t *marks;
    struct text *parts;
    struct store_manifest *manifests;
    struct strbuf problem;
};

void store_reader_deinit(struct store_reader *reader);

/* Fills `answer`, which points into the reader and the reply. `reply` is NULL
 * when none came. Whatever is not a whole and sound answer is UNKNOWN. */
void store_reader_read(struct store_reader *reader, struct store_answer *answer,
                       enum store_call call, struct store_key key,
                       const struct redis_reply *reply);

/* Of a call that was not even sent. */
void store_reader_refuse(struct store_reader *reader,
                         struct store_answer *answer, enum store_call call,
                         struct store_key key, const char *why);

#endif
