/* daemon: the main loop. Source in, engine, durable state, lists out.
 *
 *     until told to stop, or the source has ended and all is published:
 *         take what the source has
 *         make it durable (keeper), when there is a store
 *         exchange with Redis
 *         publish for a slice of time
 *         tell the dashboards, once a second
 *
 * One daemon lives through several *rounds*, each with an engine of its own:
 * a start that went wrong in the middle, or partitions that were added, end a
 * round, and the next one loads what is durable. */
#ifndef TERKAIT_DAEMON_H
#define TERKAIT_DAEMON_H

#include "config.h"
#include "dead_letters.h"
#include "engine.h"
#include "keeper.h"
#include "source.h"
#include "store_redis.h"

struct daemon;

/* Blocks SIGTERM, SIGINT and SIGHUP in this and all later threads and returns a
 * descriptor from which they are read. Call before any thread is started. */
int daemon_signals(void);

/* Borrows the configuration and the descriptor. From now on the service manager
 * is told how it goes. */
int daemon_open(struct daemon **daemon, const struct config *config,
                int signals, struct err *err) MUST_CHECK;
void daemon_close(struct daemon *daemon);

/* On SIGHUP `reload` is called: it changes the configuration where it stands,
 * and returns 1 when it did. NULL, as at first: SIGHUP does nothing. */
void daemon_set_reload(struct daemon *daemon, int (*reload)(void *context),
                       void *context);

/* What it waits for ("redis"), for the service manager and all who look; a
 * literal. */
void daemon_wait_for(struct daemon *daemon, const char *what);

/* For those who look; there as long as the daemon is. */
struct observer *daemon_observer(struct daemon *daemon);

/* Waits up to `wait_ms`, for a signal too; keeps the connection to Redis and
 * the stats alive. Returns 1 when it is to stop. */
int daemon_idle(struct daemon *daemon, int64_t wait_ms);

struct daemon_round {
    struct engine *engine;
    struct source *source;
    const struct source *kafka;      /* the same, for its stats; NULL: a file */
    struct dead_letters *letters;    /* NULL: refused records go nowhere */
    struct keeper *keeper;           /* NULL: nothing is kept */
    const struct store_redis *store; /* the keeper's, likewise */
    void (*begin)(void *context);    /* the keeper runs: start the source */
    int (*has_grown)(void *context); /* the source has more than it reads */
    void (*progress)(void *context, int is_last); /* once a second; or NULL */
    void *context;
};

enum daemon_end {
    DAEMON_DONE,       /* told to stop, or the end of the source */
    DAEMON_FAILED,     /* the source cannot go on */
    DAEMON_START_OVER, /* as keeper.h has them */
    DAEMON_TAKEN_OVER,
    DAEMON_REFUSED,
    DAEMON_MISFIT
};

/* Runs until a signal, the end of the source, or the keeper's word. On SIGTERM
 * or SIGINT it stops reading, makes everything durable and publishes what is
 * waiting, for ten seconds at the most; a second one leaves at once. `err` gets
 * the reason of anything but DAEMON_DONE. */
enum daemon_end daemon_run(struct daemon *daemon,
                           const struct daemon_round *round,
                           struct err *err) MUST_CHECK;

#endif
