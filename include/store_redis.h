/* store_redis: the store on a Redis of its own connection ("state").
 *
 * Keys, below <prefix>state:, all of one script in one hash tag:
 *     {g17}:head       hash: version, token, who, checkpoint id, marks, time,
 *                      fingerprint, id of the base, number of the deltas
 *     {g17}:base       string        {g17}:log        list of deltas
 *     {p3}:token       hash: version, token, who, fingerprint
 *     {p3}:snapshots   hash: offset -> manifest
 *     {p3}:chunk:NAME  string        {p3}:chunks      set of their keys
 *     {p3}:names:OFFSET  set of the keys that a manifest names
 *
 * Further than store.h says:
 *   - A call made while it is not ready is not sent; its answer is UNKNOWN.
 *   - Any error reply is UNKNOWN too, with Redis's words. When Redis no longer
 *     knows a script all are loaded again.
 *   - is_at_odds is set in any answer that brings a group's head, and when a
 *     delta is refused because of it; a base is what mends it.
 *   - A snapshot that is_only replaces one of its own offset as well, and one
 *     whose chunks are missing is replaced by any of its offset.
 *   - A snapshot names no chunk twice. Of the chunks that none names it deletes
 *     250, and the next one more: a script must not take long.
 *   - A chunk staged again with the same content is DONE, with another
 *     REFUSED. */
#ifndef TERKAIT_STORE_REDIS_H
#define TERKAIT_STORE_REDIS_H

#include "redis.h"
#include "store.h"
#include "store_scripts.h"

struct store_redis;

/* -1 when the URL is none; nothing is connected yet: the seam's pump does. */
int store_redis_open(struct store_redis **self, struct store *store,
                     const char *url, const char *prefix,
                     struct err *err) MUST_CHECK;

/* Answers what is outstanding with UNKNOWN; calls made from those answers are
 * dropped. */
void store_redis_close(struct store_redis *self);

/* The connection, for poll(2) and for what a start asks (store_check.h) before
 * the first call. */
struct redis *store_redis_connection(struct store_redis *self);

struct store_redis_stats {
    struct {
        uint64_t requests;
        uint64_t refused; /* MISSING too */
        uint64_t unknown;
        uint64_t bytes;     /* sent */
        int64_t slowest_us; /* from the call to its answer */
    } by_call[STORE_CALLS];
    uint64_t reloads; /* of the scripts, because Redis forgot them */
    uint64_t full;    /* answers that say Redis is out of memory (OOM) */
};
const struct store_redis_stats *
store_redis_stats(const struct store_redis *self);

#endif
