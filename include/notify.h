/* notify: tells the service manager how it goes, one datagram at a time.
 *
 * As systemd's sd_notify(3): to the socket of $NOTIFY_SOCKET, a path or, after
 * a '@', an abstract name. Without one nothing is sent. A datagram that cannot
 * be sent is given up. */
#ifndef TERKAIT_NOTIFY_H
#define TERKAIT_NOTIFY_H

#include <stdint.h>

struct notify;

/* `address` as in $NOTIFY_SOCKET; NULL or empty: nobody listens. A beat is due
 * at half of `watchdog_us`; 0: none is wanted. */
struct notify *notify_new(const char *address, int64_t watchdog_us);
void notify_free(struct notify *notify);

/* From the environment, as the service manager sets it for this process. */
struct notify *notify_from_environment(void);

/* READY=1, once. */
void notify_ready(struct notify *notify);

/* RELOADING=1 and READY=1, when it is ready at all. */
void notify_reloading(struct notify *notify, int64_t now_us);
void notify_reloaded(struct notify *notify);

/* STOPPING=1, once. */
void notify_stopping(struct notify *notify);

/* STATUS=, a line for people; sent when it differs from the one before. */
void notify_status(struct notify *notify, const char *text);

/* The main loop turns: WATCHDOG=1, when a beat is due. */
void notify_beat(struct notify *notify, int64_t now_us);

#endif
