/* http: metrics, health, status, answers and the live page over HTTP, as
 * conf/openapi.yaml has them.
 *
 *     own thread: listens, tries again when it cannot
 *     a thread a connection: board_get, inquiry_ask
 *
 * The main thread is never waited for but by inquiry_ask, and never waits. A
 * port that is taken is warned of and tried again every 5 s. At most
 * HTTP_CONNECTIONS stand at once, further ones are closed; of these
 * HTTP_STREAMS may be streams of events. A connection that says nothing for
 * HTTP_IDLE_S, or takes HTTP_REQUEST_S for one request, is closed. */
#ifndef TERKAIT_HTTP_H
#define TERKAIT_HTTP_H

#include "board.h"
#include "inquiry.h"

enum {
    HTTP_CONNECTIONS = 64,
    HTTP_STREAMS = 16,
    HTTP_IDLE_S = 10,
    HTTP_REQUEST_S = 20,
    HTTP_ANSWER_MS = 2000
};

struct http_rules {
    const char *listen; /* http.listen, but not "off" */
    const char *token;  /* empty: none */
    struct board *board;
    struct inquiry *inquiry;
};

struct http;

/* Borrows all. Signals that others take are blocked already. */
struct http *http_open(const struct http_rules *rules);

/* Closes the inquiry, then every connection; waits for their threads. */
void http_close(struct http *http);

#endif
