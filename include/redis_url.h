/* redis_url: where a Redis is, from the text of redis.url.
 *
 *     redis://[[user]:password@]host[:port][/db]     port 6379, db 0
 *     redis://[::1]:6379                             an IPv6 address
 *     unix://[[user]:password@]/path[?db=N]
 *
 * User, password and path may hold %XX. The last '@' ends the login, so a
 * password may hold '@', ':' and '/' as they are. */
#ifndef TERKAIT_REDIS_URL_H
#define TERKAIT_REDIS_URL_H

#include "err.h"

struct redis_url {
    char *host;     /* NULL: a unix socket */
    char *path;     /* NULL: TCP */
    char *user;     /* NULL: none */
    char *password; /* NULL: none */
    char *address;  /* for people: "host:port/db", "unix:/path"; no secret */
    int port;
    int db;
};

/* -1 with what is wrong, without a byte of the password. What it fills is the
 * caller's: redis_url_deinit(), on success only. */
int redis_url_parse(struct redis_url *url, const char *text,
                    struct err *err) MUST_CHECK;
void redis_url_deinit(struct redis_url *url);

#endif
