/* daemon: the main loop. Source in, engine, publisher, Redis out.
 *
 *     until told to stop, or the source has ended and all is published:
 *         take what the source has
 *         exchange with Redis
 *         publish for a slice of time
 *         tell the dashboards, once a second
 */
#ifndef TERKAIT_DAEMON_H
#define TERKAIT_DAEMON_H

#include "config.h"
#include "engine.h"
#include "source.h"
#include "source_kafka.h"

struct daemon_parts {
    const struct config *config;
    struct engine *engine;
    struct source *source;
    const struct source *kafka; /* for its stats; NULL: a file */
    void (*progress)(void *context, int is_last); /* once a second; or NULL */
    void *progress_context;
};

/* Blocks SIGTERM, SIGINT and SIGHUP in this and all later threads and returns a
 * descriptor from which they are read. Call before any thread is started. */
int daemon_signals(void);

/* Runs until a signal, or the end of the source. Returns 0 when it ended in
 * order, -1 with the reason when the source could not go on. On SIGTERM or
 * SIGINT it stops reading and publishes what is waiting, for five seconds at
 * the most; a second one leaves at once. */
int daemon_run(const struct daemon_parts *parts, int signals,
               struct err *err) MUST_CHECK;

#endif
