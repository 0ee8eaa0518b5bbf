#include "http.h"

#include "clock.h"
#include "http_request.h"
#include "http_routes.h"
#include "log.h"
#include "mem.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    RETRY_S = 5,
    BACKLOG = 64,
    MEMORY_BYTES = 16384, /* of a connection: its request and headers */
    STACK_BYTES = 256 * 1024
};

struct http {
    struct http_site site;
    struct MHD_Daemon *server; /* of its thread */
    pthread_t thread;
};

/* ---- listening ---- */

static int bind_to(const struct addrinfo *address)
{
    int one = 1, zero = 0;
    int listener =
        socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->ai_family == AF_INET6)
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(listener, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(listener, BACKLOG) == 0)
        return listener;
    one = errno;
    close(listener);
    errno = one;
    return -1;
}

/* For every address IPv6 is asked first: it takes IPv4 too. */
static int bind_first(const struct addrinfo *addresses)
{
    int listener = -1;

    for (int wants_v6 = 1; wants_v6 >= 0; wants_v6--)
        for (const struct addrinfo *one = addresses;
             one != NULL && listener < 0; one = one->ai_next)
            if ((one->ai_family == AF_INET6) == wants_v6)
                listener = bind_to(one);
    return listener;
}

static int open_listener(const char *listen_at, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char *host = mem_new(strlen(listen_at) + 1, 1);
    struct addrinfo *addresses;
    const char *port;
    int problem, listener;

    http_split_address(host, &port, listen_at);
    problem =
        getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &addresses);
    free(host);
    if (problem != 0)
        return err_set(err, "%s", gai_strerror(problem));
    listener = bind_first(addresses);
    if (listener < 0)
        err_set(err, "%s", strerror(errno));
    freeaddrinfo(addresses);
    return listener;
}

/* Escapes are undone by whoever wants the text, and knows what it is. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection,
                           char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static int start(struct http *http, struct err *err)
{
    struct http_site *site = &http->site;
    int listener = open_listener(site->rules.listen, err);

    if (listener < 0)
        return -1;
    http->server = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
            MHD_USE_POLL | MHD_USE_ITC,
        0, NULL, NULL, http_routes_serve, site, MHD_OPTION_LISTEN_SOCKET,
        listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, http_routes_connect, site,
        MHD_OPTION_NOTIFY_COMPLETED, http_routes_complete, site,
        MHD_OPTION_END);
    if (http->server != NULL)
        return 0;
    close(listener);
    return err_set(err, "no thread for it");
}

/* ---- its thread ---- */

/* Waits that long, or until it is to stop; 1: it is. */
static int wait_for_stop(struct http_site *site, int seconds)
{
    struct timespec until;
    int is_over = 0, is_stopping;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&site->lock);
    while (!site->is_stopping && !is_over)
        is_over =
            pthread_cond_timedwait(&site->stopped, &site->lock, &until) != 0;
    is_stopping = site->is_stopping;
    pthread_mutex_unlock(&site->lock);
    return is_stopping;
}

/* Returns 1 when it listens. */
static int try_to_listen(struct http *http)
{
    const char *at = http->site.rules.listen;
    struct err err = ERR_NONE;
    int listens = start(http, &err) == 0;

    if (listens)
        LOG(LOG_INFO, "http_listens", F_TEXT("at", at));
    else
        LOG(LOG_WARN, "http_cannot_listen", F_TEXT("at", at),
            F_TEXT("error", err.text), F_INT("retry_s", RETRY_S));
    return listens;
}

static void *live(void *context)
{
    struct http *http = context;
    struct http_site *site = &http->site;

    while (!try_to_listen(http))
        if (wait_for_stop(site, RETRY_S))
            return NULL;
    while (!wait_for_stop(site, 1))
        http_guard_sweep(site->guard, clock_mono_us());
    MHD_stop_daemon(http->server);
    return NULL;
}

static void init_site(struct http_site *site, const struct http_rules *rules)
{
    pthread_condattr_t monotonic;

    site->rules = *rules;
    site->guard = http_guard_new();
    pthread_mutex_init(&site->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&site->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct http *http_open(const struct http_rules *rules)
{
    struct http *http = mem_new(1, sizeof *http);

    init_site(&http->site, rules);
    if (pthread_create(&http->thread, NULL, live, http) != 0)
        ASSERT(!"a thread");
    return http;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    inquiry_close(http->site.rules.inquiry);
    pthread_mutex_lock(&http->site.lock);
    http->site.is_stopping = 1;
    pthread_cond_broadcast(&http->site.stopped);
    pthread_mutex_unlock(&http->site.lock);
    pthread_join(http->thread, NULL);
    http_guard_free(http->site.guard);
    pthread_cond_destroy(&http->site.stopped);
    pthread_mutex_destroy(&http->site.lock);
    free(http);
}
