/* http_routes: what is served, and to whom. Called by libmicrohttpd on the
 * threads of the connections. */
#ifndef TERKAIT_HTTP_ROUTES_H
#define TERKAIT_HTTP_ROUTES_H

#include "http.h"
#include "http_guard.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* Shared by all connections. */
struct http_site {
    struct http_rules rules;
    struct http_guard *guard;
    _Atomic uint32_t streams;
    /* Streams wait on it between two events. */
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    int is_stopping;
};

/* libmicrohttpd's callbacks; `context` is the site: a connection came or went;
 * a request; it is over. */
void http_routes_connect(void *context, struct MHD_Connection *connection,
                         void **guest,
                         enum MHD_ConnectionNotificationCode code);
void http_routes_complete(void *context, struct MHD_Connection *connection,
                          void **request, enum MHD_RequestTerminationCode code);
enum MHD_Result http_routes_serve(void *context,
                                  struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **request);

#endif
