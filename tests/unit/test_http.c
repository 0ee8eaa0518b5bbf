/* http: real connections to a server whose main thread is this test. */
#include "clock.h"
#include "http.h"
#include "log.h"
#include "page.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum { ANSWER_BYTES = 1 << 20 };

struct world {
    struct board *board;
    struct inquiry *inquiry;
    struct http *http;
    struct board_view view;
    int port;
    char listen[32];
    char answer[ANSWER_BYTES];
    size_t length;
};

static struct world world;

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A listening socket on a port that was free, to be closed. */
static int take_port(int *port)
{
    struct sockaddr_in address = address_of(0);
    socklen_t length = sizeof address;
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(taken, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &length),
                     0);
    *port = ntohs(address.sin_port);
    return taken;
}

static int try_to_connect(void)
{
    struct sockaddr_in address = address_of(world.port);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(client, (struct sockaddr *)&address, sizeof address) == 0)
        return client;
    close(client);
    return -1;
}

static int connect_to_it(void)
{
    for (int i = 0; i < 1000; i++) {
        int client = try_to_connect();

        if (client >= 0)
            return client;
        usleep(10000);
    }
    fail_msg("nobody listens");
    return -1;
}

static void open_with(const char *token)
{
    struct http_rules rules = {.listen = world.listen, .token = token};

    close(take_port(&world.port));
    snprintf(world.listen, sizeof world.listen, "127.0.0.1:%d", world.port);
    rules.board = world.board = board_new();
    rules.inquiry = world.inquiry = inquiry_new();
    memset(&world.view, 0, sizeof world.view);
    world.view.topic = world.view.prefix = "";
    world.view.phase = BOARD_COUNTING;
    world.view.values.kafka_up = world.view.values.redis_up = 1;
    board_put(world.board, &world.view);
    world.http = http_open(&rules);
}

static int set_up(void **state)
{
    (void)state;
    log_setup(LOG_ERROR, LOG_FORMAT_TEXT);
    open_with("");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_close(world.http);
    inquiry_free(world.inquiry);
    board_free(world.board);
    return 0;
}

/* Echoes. */
static enum inquiry_outcome
echo(void *context, const struct inquiry_question *question, struct strbuf *out)
{
    (void)context;
    if (text_compare(question->a, text_of("unknown")) == 0)
        return INQUIRY_UNKNOWN;
    strbuf_add_format(out, "%d|%.*s|", question->kind,
                      (int)question->tenant.length, question->tenant.bytes);
    strbuf_add(out, question->a.bytes, question->a.length);
    strbuf_add_format(out, "|%.*s", (int)question->b.length,
                      question->b.bytes != NULL ? question->b.bytes : "");
    return INQUIRY_ANSWERED;
}

static void write_all(int client, const char *text)
{
    size_t length = strlen(text);

    assert_int_equal(send(client, text, length, MSG_NOSIGNAL), length);
}

/* Reads until the end, serving questions meanwhile. */
static void read_all(int client)
{
    ssize_t part = 0;

    world.length = 0;
    for (int i = 0; i < 20000; i++) {
        part = recv(client, world.answer + world.length,
                    ANSWER_BYTES - 1 - world.length, MSG_DONTWAIT);
        if (part == 0)
            break;
        if (part > 0)
            world.length += (size_t)part;
        else if (inquiry_serve(world.inquiry, echo, NULL) == 0)
            usleep(500);
    }
    world.answer[world.length] = '\0';
    assert_int_equal(part, 0);
}

static void ask(const char *method, const char *path, const char *headers)
{
    struct strbuf request = STRBUF_EMPTY;
    int client = connect_to_it();

    strbuf_add_format(&request,
                      "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      "%s\r\n",
                      method, path, headers);
    write_all(client, request.bytes);
    read_all(client);
    close(client);
    strbuf_deinit(&request);
}

static void expect_has(const char *part)
{
    if (strstr(world.answer, part) == NULL)
        fail_msg("no \"%s\" in\n%.600s", part, world.answer);
}

static const char *body(void)
{
    const char *end = strstr(world.answer, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

static void expect(const char *method, const char *path, int code,
                   const char *part)
{
    char line[32];

    snprintf(line, sizeof line, "HTTP/1.1 %d ", code);
    ask(method, path, "");
    if (strncmp(world.answer, line, strlen(line)) != 0)
        fail_msg("%s %.80s: not %d but %.300s", method, path, code,
                 world.answer);
    expect_has(part);
    expect_has("\r\nX-Content-Type-Options: nosniff\r\n");
    expect_has("\r\nContent-Security-Policy: default-src 'none'");
    expect_has("\r\nCache-Control: no-store\r\n");
}

static void test_what_the_board_says(void **state)
{
    (void)state;
    expect("GET", "/healthz", 200, "{\"status\":\"ok\"}");
    expect_has("\r\nContent-Type: application/json; charset=utf-8\r\n");
    expect("GET", "/readyz", 200, "\"ready\":true");
    expect("GET", "/api/v1/status", 200, "\"phase\":\"counting\"");
    expect("GET", "/metrics", 200, "\nterkait_ready 1\n");
    expect_has("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8");
    world.view.values.redis_up = 0;
    board_put(world.board, &world.view);
    expect("GET", "/readyz", 503, "\"reason\":\"redis_away\"");
    expect("GET", "/metrics", 200,
           "\nterkait_not_ready{reason=\"redis_away\"} 1\n");
    expect("GET", "/healthz?x=%zz", 200, "ok");
}

static void test_a_main_loop_that_stands(void **state)
{
    (void)state;
    board_beat(world.board, clock_mono_us() - BOARD_STALLED_US);
    expect("GET", "/readyz", 503, "\"reason\":\"stalled\"");
}

static void test_the_page(void **state)
{
    (void)state;
    ask("GET", "/", "");
    expect_has("HTTP/1.1 200 ");
    expect_has("\r\nContent-Type: text/html; charset=utf-8\r\n");
    expect_has(page_policy);
    assert_memory_equal(body(), page_html, page_html_length);
    assert_int_equal(world.answer + world.length - body(), page_html_length);
}

static void test_head(void **state)
{
    (void)state;
    expect("HEAD", "/healthz", 200, "\r\nContent-Length: 15\r\n");
    assert_string_equal(body(), "");
    expect("HEAD", "/api/v1/related/a", 200, "\r\nContent-Length: 5\r\n");
    assert_string_equal(body(), "");
    expect("HEAD", "/api/v1/events", 200, "text/event-stream");
    assert_string_equal(body(), "");
}

static void test_questions(void **state)
{
    (void)state;
    expect("GET", "/api/v1/related/sku-1", 200, "\r\n\r\n0||sku-1|");
    expect("GET", "/api/v1/related/a%2Fb%20c+d?tenant=w%C3%A4", 200,
           "\r\n\r\n0|w\xc3\xa4|a/b c+d|");
    expect("GET", "/api/v1/related/a/b", 200, "\r\n\r\n0||a/b|");
    expect("GET", "/api/v1/explain?a=x&b=y%26&tenant=t", 200,
           "\r\n\r\n1|t|x|y&");
    expect("GET", "/api/v1/explain?b=y+z&a=x&tenant=", 200, "\r\n\r\n1||x|y z");
    expect("GET", "/api/v1/related/unknown", 404, "\"unknown_item\"");
    expect("GET", "/api/v1/related/a%00b", 200, "0||a");
    assert_int_equal(world.length - (size_t)(body() - world.answer), 7);
}

static void test_bad_questions(void **state)
{
    char path[2200];

    (void)state;
    expect("GET", "/api/v1/related/", 400, "\"bad_request\"");
    expect("GET", "/api/v1/related/%", 400, "\"bad_request\"");
    expect("GET", "/api/v1/related/%ff", 400, "\"bad_request\"");
    expect("GET", "/api/v1/related/a?tenant=%4", 400, "the tenant");
    expect("GET", "/api/v1/explain", 400, "\"bad_request\"");
    expect("GET", "/api/v1/explain?a=x", 400, "item b");
    expect("GET", "/api/v1/explain?a&b", 400, "\"bad_request\"");
    expect("GET", "/api/v1/explain?a=x&b=x", 400, "its own list");
    memset(path, 'x', sizeof path);
    memcpy(path, "/api/v1/related/", 16);
    path[16 + 128] = '\0';
    expect("GET", path, 200, "0||xxx");
    path[16 + 128] = 'x';
    path[16 + 129] = '\0';
    expect("GET", path, 400, "1 to 128 bytes");
    path[16 + 129] = 'x';
    path[sizeof path - 1] = '\0';
    expect("GET", path, 414, "\"too_long\"");
}

static void test_other_paths_and_methods(void **state)
{
    (void)state;
    expect("GET", "/nothing", 404, "\"not_found\"");
    expect("GET", "//", 404, "\"not_found\"");
    expect("GET", "/api/v1/related", 404, "\"not_found\"");
    expect("GET", "/healthz/", 404, "\"not_found\"");
    expect("GET", "/../etc/passwd", 404, "\"not_found\"");
    expect("POST", "/healthz", 405, "\r\nAllow: GET, HEAD\r\n");
    expect("DELETE", "/api/v1/related/a", 405, "\"method_not_allowed\"");
    expect("OPTIONS", "/", 405, "\"method_not_allowed\"");
    expect("BREW", "/metrics", 405, "\"method_not_allowed\"");
    ask("POST", "/healthz", "Content-Length: 1000000\r\n");
    expect_has("HTTP/1.1 405 ");
    ask("GET", "/healthz", "Content-Length: 5\r\n");
    expect_has("HTTP/1.1 400 ");
    ask("GET", "/healthz", "Transfer-Encoding: chunked\r\n");
    expect_has("HTTP/1.1 400 ");
}

static void test_a_token(void **state)
{
    static const char *const closed[] = {
        "/readyz",
        "/metrics",
        "/api/v1/status",
        "/api/v1/events",
        "/api/v1/explain?a=x&b=y",
        "/api/v1/related/a",
    };

    (void)state;
    tear_down(NULL);
    open_with("se cret");
    for (size_t i = 0; i < COUNT(closed); i++) {
        ask("GET", closed[i], "");
        expect_has("HTTP/1.1 401 ");
        expect_has("\r\nWWW-Authenticate: Bearer\r\n");
        expect_has("\"unauthorized\"");
        ask("GET", closed[i], "Authorization: Bearer se crex\r\n");
        expect_has("HTTP/1.1 401 ");
        ask("HEAD", closed[i], "Authorization: Bearer se cret\r\n");
        expect_has("HTTP/1.1 200 ");
    }
    expect("GET", "/healthz", 200, "ok");
    ask("GET", "/", "");
    expect_has("HTTP/1.1 200 ");
    expect("GET", "/nothing", 404, "not_found");
}

static void test_nobody_answers(void **state)
{
    int64_t begun_us = clock_mono_us();
    int client = connect_to_it();

    (void)state;
    write_all(client, "GET /api/v1/related/a HTTP/1.1\r\nHost: x\r\n"
                      "Connection: close\r\n\r\n");
    usleep(2200000);
    read_all(client);
    close(client);
    expect_has("HTTP/1.1 503 ");
    expect_has("\"no_answer\"");
    assert_in_range(clock_mono_us() - begun_us, 2000000, 6000000);
    world.view.phase = BOARD_STARTING;
    board_put(world.board, &world.view);
    expect("GET", "/api/v1/related/a", 503, "\"not_counting\"");
}

/* Until that much was read. */
static void read_until(int client, const char *part)
{
    world.length = 0;
    world.answer[0] = '\0';
    while (strstr(world.answer, part) == NULL) {
        ssize_t got = recv(client, world.answer + world.length,
                           ANSWER_BYTES - 1 - world.length, 0);

        assert_true(got > 0);
        world.length += (size_t)got;
        world.answer[world.length] = '\0';
    }
}

static int open_stream(void)
{
    int client = connect_to_it();

    write_all(client, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    return client;
}

static void test_streams(void **state)
{
    int clients[HTTP_STREAMS], more;
    int64_t begun_us = clock_mono_us();

    (void)state;
    for (int i = 0; i < HTTP_STREAMS; i++) {
        clients[i] = open_stream();
        read_until(clients[i], "\n\n");
        expect_has("\r\nContent-Type: text/event-stream\r\n");
        expect_has("event: status\ndata: {\"version\":\"" TERKAIT_VERSION);
    }
    world.view.at_ms = 4711;
    while (!board_put(world.board, &world.view))
        ;
    read_until(clients[0], "\"at_ms\":4711,");
    assert_in_range(clock_mono_us() - begun_us, 900000, 4000000);
    more = open_stream();
    read_until(more, "\"too_busy\"");
    expect_has("HTTP/1.1 503 ");
    close(more);
    for (int i = 0; i < HTTP_STREAMS; i++)
        close(clients[i]);
    usleep(2500000); /* they are noticed to be gone with the next event */
    more = open_stream();
    read_until(more, "event: status\n");
    http_close(world.http); /* ends streams */
    world.http = NULL;
    read_all(more);
    close(more);
}

static void test_keeping_alive(void **state)
{
    int client = connect_to_it();

    (void)state;
    for (int i = 0; i < 3; i++) {
        write_all(client, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        read_until(client, "{\"status\":\"ok\"}");
    }
    write_all(client, "rubbish\r\n\r\n");
    read_all(client);
    close(client);
    expect("GET", "/healthz", 200, "ok");
}

static void test_too_many(void **state)
{
    int clients[HTTP_CONNECTIONS + 20], refused = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(clients); i++)
        clients[i] = connect_to_it();
    usleep(300000);
    for (size_t i = 0; i < COUNT(clients); i++) {
        char byte;

        refused += recv(clients[i], &byte, 1, MSG_DONTWAIT) == 0;
    }
    assert_int_equal(refused, 20);
    for (size_t i = 0; i < COUNT(clients); i++)
        close(clients[i]);
    usleep(300000);
    expect("GET", "/healthz", 200, "ok");
}

static void test_a_taken_port(void **state)
{
    struct http_rules rules = {.listen = world.listen, .token = ""};
    int taken;

    (void)state;
    tear_down(NULL);
    taken = take_port(&world.port);
    snprintf(world.listen, sizeof world.listen, "127.0.0.1:%d", world.port);
    rules.board = world.board = board_new();
    rules.inquiry = world.inquiry = inquiry_new();
    world.http = http_open(&rules);
    usleep(200000);
    close(taken);
    usleep(200000);
    assert_int_equal(try_to_connect(), -1);
    expect("GET", "/healthz", 200, "ok"); /* waits for it */
    tear_down(NULL);
    taken = take_port(&world.port);
    rules.board = world.board = board_new();
    rules.inquiry = world.inquiry = inquiry_new();
    world.http = http_open(&rules);
    close(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_what_the_board_says),
        TEST(test_a_main_loop_that_stands),
        TEST(test_the_page),
        TEST(test_head),
        TEST(test_questions),
        TEST(test_bad_questions),
        TEST(test_other_paths_and_methods),
        TEST(test_a_token),
        TEST(test_nobody_answers),
        TEST(test_streams),
        TEST(test_keeping_alive),
        TEST(test_too_many),
        TEST(test_a_taken_port),
#undef TEST
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
