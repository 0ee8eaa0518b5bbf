#include "http_routes.h"

#include "clock.h"
#include "http_request.h"
#include "mem.h"
#include "metrics.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    URL_BYTES_MAX = 1024, /* an item with every byte escaped, and more */
    BLOCK_BYTES = 32768   /* of a stream, at a time */
};

#define JSON   "application/json; charset=utf-8"
#define STREAM "text/event-stream"

/* One request, being answered. */
struct call {
    struct http_site *site;
    struct MHD_Connection *connection;
    const char *url;
    int is_head;
};

/* ---- how long it may take ---- */

static int64_t until(int seconds)
{
    return clock_mono_us() + seconds * INT64_C(1000000);
}

void http_routes_connect(void *context, struct MHD_Connection *connection,
                         void **guest, enum MHD_ConnectionNotificationCode code)
{
    struct http_site *site = context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *guest =
            http_guard_enter(site->guard,
                             MHD_get_connection_info(
                                 connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                                 ->connect_fd,
                             until(HTTP_REQUEST_S));
    else
        http_guard_leave(site->guard, *guest);
}

static void allow(struct http_site *site, struct MHD_Connection *connection,
                  int64_t until_us)
{
    http_guard_allow(
        site->guard,
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
            ->socket_context,
        until_us);
}

void http_routes_complete(void *context, struct MHD_Connection *connection,
                          void **request, enum MHD_RequestTerminationCode code)
{
    (void)request;
    (void)code;
    allow(context, connection, until(HTTP_IDLE_S + HTTP_REQUEST_S));
}

/* ---- responses ---- */

static void add_headers(struct MHD_Response *response, const char *type,
                        const char *policy)
{
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy",
                            "same-origin");
    MHD_add_response_header(response, "Cache-Control", "no-store");
}

static enum MHD_Result send_response(const struct call *call, unsigned code,
                                     struct MHD_Response *response)
{
    enum MHD_Result result;

    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (code == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (code == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, "Retry-After", "5");
    result = MHD_queue_response(call->connection, code, response);
    MHD_destroy_response(response);
    return result;
}

/* Takes over the body. */
static enum MHD_Result send_text(const struct call *call, unsigned code,
                                 const char *type, struct strbuf *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body->length, body->bytes, MHD_RESPMEM_MUST_FREE);

    if (response == NULL) {
        strbuf_deinit(body);
        return MHD_NO;
    }
    add_headers(response, type, "default-src 'none'");
    return send_response(call, code, response);
}

static enum MHD_Result send_error(const struct call *call, unsigned code,
                                  const char *error, const char *message)
{
    struct strbuf body = STRBUF_EMPTY;

    strbuf_add_format(&body, "{\"error\":\"%s\",\"message\":\"%s\"}", error,
                      message);
    return send_text(call, code, JSON, &body);
}

/* ---- what the board says ---- */

/* The view is the caller's to free. */
static struct board_view *look(const struct http_site *site, uint32_t *reasons)
{
    struct board_view *view = mem_new(1, sizeof *view);
    int64_t silent_us = board_get(site->rules.board, view, clock_mono_us());

    *reasons = board_reasons(view, silent_us);
    return view;
}

static void add_status(struct strbuf *out, const struct http_site *site)
{
    uint32_t reasons;
    struct board_view *view = look(site, &reasons);

    board_add_status(out, view, reasons);
    free(view);
}

static enum MHD_Result serve_page(const struct call *call)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        page_html_length, (void *)(uintptr_t)page_html, MHD_RESPMEM_PERSISTENT);

    if (response == NULL)
        return MHD_NO;
    add_headers(response, "text/html; charset=utf-8", page_policy);
    return send_response(call, MHD_HTTP_OK, response);
}

static enum MHD_Result serve_health(const struct call *call)
{
    struct strbuf body = STRBUF_EMPTY;

    strbuf_add_text(&body, "{\"status\":\"ok\"}");
    return send_text(call, MHD_HTTP_OK, JSON, &body);
}

static enum MHD_Result serve_ready(const struct call *call)
{
    struct strbuf body = STRBUF_EMPTY;
    uint32_t reasons;

    free(look(call->site, &reasons));
    board_add_ready(&body, reasons);
    return send_text(call,
                     reasons == 0 ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                     JSON, &body);
}

static enum MHD_Result serve_metrics(const struct call *call)
{
    struct strbuf body = STRBUF_EMPTY;
    uint32_t reasons;
    struct board_view *view = look(call->site, &reasons);

    metrics_add(&body, view, reasons);
    free(view);
    return send_text(call, MHD_HTTP_OK, METRICS_CONTENT_TYPE, &body);
}

static enum MHD_Result serve_status(const struct call *call)
{
    struct strbuf body = STRBUF_EMPTY;

    add_status(&body, call->site);
    return send_text(call, MHD_HTTP_OK, JSON, &body);
}

/* ---- a stream of events ---- */

struct stream {
    struct http_site *site;
    struct strbuf event;
    size_t sent; /* of the event */
    struct timespec next;
};

/* Until the next event is due; 0: it will not come. */
static int wait_for_next(struct stream *stream)
{
    struct http_site *site = stream->site;
    int is_due = 0;

    pthread_mutex_lock(&site->lock);
    while (!site->is_stopping && !is_due)
        is_due = pthread_cond_timedwait(&site->stopped, &site->lock,
                                        &stream->next) != 0;
    pthread_mutex_unlock(&site->lock);
    return is_due;
}

static void make_event(struct stream *stream)
{
    strbuf_clear(&stream->event);
    stream->sent = 0;
    strbuf_add_text(&stream->event, "event: status\ndata: ");
    add_status(&stream->event, stream->site);
    strbuf_add_text(&stream->event, "\n\n");
    clock_gettime(CLOCK_MONOTONIC, &stream->next);
    stream->next.tv_sec++;
}

static ssize_t read_stream(void *context, uint64_t position, char *out,
                           size_t room)
{
    struct stream *stream = context;
    size_t part;

    (void)position;
    if (stream->sent == stream->event.length) {
        if (!wait_for_next(stream))
            return MHD_CONTENT_READER_END_OF_STREAM;
        make_event(stream);
    }
    part = stream->event.length - stream->sent;
    if (part > room)
        part = room;
    memcpy(out, stream->event.bytes + stream->sent, part);
    stream->sent += part;
    return (ssize_t)part;
}

static void free_stream(void *context)
{
    struct stream *stream = context;

    atomic_fetch_sub(&stream->site->streams, 1);
    strbuf_deinit(&stream->event);
    free(stream);
}

static enum MHD_Result serve_events(const struct call *call)
{
    struct stream *stream;
    struct MHD_Response *response;

    if (call->is_head) /* libmicrohttpd would end it as a chunked body */
        return send_text(call, MHD_HTTP_OK, STREAM, &(struct strbuf){0});
    if (atomic_fetch_add(&call->site->streams, 1) >= HTTP_STREAMS) {
        atomic_fetch_sub(&call->site->streams, 1);
        return send_error(call, MHD_HTTP_SERVICE_UNAVAILABLE, "too_busy",
                          "there are too many streams of events");
    }
    stream = mem_new(1, sizeof *stream);
    stream->site = call->site;
    make_event(stream);
    response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, free_stream);
    if (response == NULL) {
        free_stream(stream);
        return MHD_NO;
    }
    allow(call->site, call->connection, HTTP_GUARD_EVER);
    add_headers(response, STREAM, "default-src 'none'");
    return send_response(call, MHD_HTTP_OK, response);
}

/* ---- questions to the main thread ---- */

/* An id that the caller frees; bytes NULL: it is none. */
static struct text decode_id(const char *text, size_t length,
                             uint32_t bytes_max)
{
    struct text id = {NULL, 0};
    char *bytes = mem_new(length + 1, 1);
    int decoded = http_decode(bytes, text, length);

    if (decoded >= 0) {
        id = (struct text){bytes, (uint32_t)decoded};
        if (http_is_id(id, bytes_max))
            return id;
    }
    free(bytes);
    return (struct text){NULL, 0};
}

static struct text argument(const struct call *call, const char *name,
                            uint32_t bytes_max)
{
    const char *value = NULL;
    size_t length = 0;

    MHD_lookup_connection_value_n(call->connection, MHD_GET_ARGUMENT_KIND, name,
                                  strlen(name), &value, &length);
    return decode_id(value != NULL ? value : "", value != NULL ? length : 0,
                     bytes_max);
}

static enum MHD_Result ask(const struct call *call,
                           const struct inquiry_question *question)
{
    struct strbuf body = STRBUF_EMPTY;

    switch (inquiry_ask(call->site->rules.inquiry, question, &body,
                        HTTP_ANSWER_MS)) {
    case INQUIRY_ANSWERED:
        return send_text(call, MHD_HTTP_OK, JSON, &body);
    case INQUIRY_UNKNOWN:
        strbuf_deinit(&body);
        return send_error(call, MHD_HTTP_NOT_FOUND, "unknown_item",
                          "nothing is counted for the item");
    case INQUIRY_SILENCE:
        break;
    }
    strbuf_deinit(&body);
    return send_error(call, MHD_HTTP_SERVICE_UNAVAILABLE, "no_answer",
                      "the main loop did not answer in time");
}

static const char *wrong_with(const struct inquiry_question *question)
{
    if (question->tenant.bytes == NULL)
        return "the tenant is not UTF-8 of at most 64 bytes, percent-encoded";
    if (question->a.bytes == NULL || question->a.length == 0)
        return "the item is not UTF-8 of 1 to 128 bytes, percent-encoded";
    if (question->kind != INQUIRY_EXPLAIN)
        return NULL;
    if (question->b.bytes == NULL || question->b.length == 0)
        return "item b is not UTF-8 of 1 to 128 bytes, percent-encoded";
    if (text_compare(question->a, question->b) == 0)
        return "an item is never in its own list";
    return NULL;
}

static enum MHD_Result answer(const struct call *call,
                              const struct inquiry_question *question)
{
    const char *wrong = wrong_with(question);
    struct board_view *view;
    uint32_t reasons;

    if (wrong != NULL)
        return send_error(call, MHD_HTTP_BAD_REQUEST, "bad_request", wrong);
    view = look(call->site, &reasons);
    free(view);
    if (reasons & (1u << BECAUSE_STARTING | 1u << BECAUSE_STOPPING))
        return send_error(call, MHD_HTTP_SERVICE_UNAVAILABLE, "not_counting",
                          "it starts, or stops");
    return ask(call, question);
}

static void free_question(struct inquiry_question *question)
{
    free((void *)(uintptr_t)question->tenant.bytes);
    free((void *)(uintptr_t)question->a.bytes);
    free((void *)(uintptr_t)question->b.bytes);
}

#define RELATED "/api/v1/related/"

static enum MHD_Result serve_related(const struct call *call)
{
    const char *item = call->url + strlen(RELATED);
    struct inquiry_question question = {
        .kind = INQUIRY_RELATED,
        .tenant = argument(call, "tenant", EVENT_TENANT_BYTES_MAX),
        .a = decode_id(item, strlen(item), EVENT_ID_BYTES_MAX),
    };
    enum MHD_Result result = answer(call, &question);

    free_question(&question);
    return result;
}

static enum MHD_Result serve_explain(const struct call *call)
{
    struct inquiry_question question = {
        .kind = INQUIRY_EXPLAIN,
        .tenant = argument(call, "tenant", EVENT_TENANT_BYTES_MAX),
        .a = argument(call, "a", EVENT_ID_BYTES_MAX),
        .b = argument(call, "b", EVENT_ID_BYTES_MAX),
    };
    enum MHD_Result result = answer(call, &question);

    free_question(&question);
    return result;
}

/* ---- routes ---- */

static const struct route {
    const char *path; /* what ends in '/', but for the root, goes on */
    enum MHD_Result (*serve)(const struct call *call);
    int is_open; /* without a token */
} routes[] = {
    {"/", serve_page, 1},
    {"/healthz", serve_health, 1},
    {"/readyz", serve_ready, 0},
    {"/metrics", serve_metrics, 0},
    {"/api/v1/status", serve_status, 0},
    {"/api/v1/events", serve_events, 0},
    {"/api/v1/explain", serve_explain, 0},
    {RELATED, serve_related, 0},
};

static const struct route *find_route(const char *url)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t length = strlen(routes[i].path);
        int goes_on = length > 1 && routes[i].path[length - 1] == '/';

        if (goes_on ? strncmp(url, routes[i].path, length) == 0
                    : strcmp(url, routes[i].path) == 0)
            return &routes[i];
    }
    return NULL;
}

static int may_see(const struct call *call, const struct route *route)
{
    const char *token = call->site->rules.token;

    return route->is_open || token[0] == '\0' ||
           http_is_bearer(
               MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND,
                                           MHD_HTTP_HEADER_AUTHORIZATION),
               token);
}

static enum MHD_Result serve(const struct call *call, const char *method)
{
    const struct route *route;

    if (strlen(call->url) > URL_BYTES_MAX)
        return send_error(call, MHD_HTTP_URI_TOO_LONG, "too_long",
                          "no path is that long");
    route = find_route(call->url);
    if (route == NULL)
        return send_error(call, MHD_HTTP_NOT_FOUND, "not_found",
                          "there is no such path");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return send_error(call, MHD_HTTP_METHOD_NOT_ALLOWED,
                          "method_not_allowed", "only GET and HEAD are");
    if (!may_see(call, route))
        return send_error(call, MHD_HTTP_UNAUTHORIZED, "unauthorized",
                          "it wants the header Authorization: Bearer TOKEN");
    return route->serve(call);
}

static int has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return (length != NULL && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                       MHD_HTTP_HEADER_TRANSFER_ENCODING) !=
               NULL;
}

enum MHD_Result http_routes_serve(void *context,
                                  struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    const struct call call = {context, connection, url,
                              strcmp(method, "HEAD") == 0};

    (void)version;
    (void)upload;
    (void)upload_size;
    if (*request == NULL && !has_body(connection)) {
        *request = context; /* called again when the request is complete */
        return MHD_YES;
    }
    if (*request == NULL &&
        (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0))
        return send_error(&call, MHD_HTTP_BAD_REQUEST, "bad_request",
                          "a body is not wanted");
    allow(context, connection, until(HTTP_REQUEST_S));
    return serve(&call, method);
}
