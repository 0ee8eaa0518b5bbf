/* redis: the connection as a small machine, turned by redis_pump().
 *
 *     WAITING --retry_us--> CONNECTING --writable--> GREETING --OK--> READY
 *        ^                      |                       |               |
 *        +----- lose() ---------+-----------------------+---------------+
 *
 * hiredis connects and parses replies; commands are put into one output
 * buffer here and leave by send(2), for several hundred thousand small
 * commands a second pass. Replies come in the order of commands, so what waits
 * for them is a ring. */
#include "redis.h"

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "redis_url.h"
#include "resp.h"
#include "strbuf.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_US INT64_C(5000000)
#define REPLY_TIMEOUT_US   INT64_C(10000000)
#define DELAY_LEAST_US     INT64_C(100000)
#define DELAY_MOST_US      INT64_C(5000000)
#define GAP_MOST_US        INT64_C(1000000)

enum {
    INPUT_BYTES = 64 * 1024,
    READS_MAX = 32, /* a turn: a busy server must not hold the main loop */
    RING_LEAST = 256
};

enum state { WAITING, CONNECTING, GREETING, READY };

struct waiter {
    redis_callback *callback;
    void *context;
};

struct redis {
    char *name;
    struct redis_url url;
    enum state state;
    redisContext *context; /* owned; NULL while waiting */

    struct strbuf out; /* [out_start, length) is not written yet */
    size_t out_start;

    struct waiter *ring; /* owned; capacity is a power of two */
    size_t ring_capacity;
    size_t ring_first;
    size_t ring_count;

    int64_t now_us; /* of the latest pump */
    int64_t retry_us;
    int64_t delay_us;
    int64_t silent_us; /* without an answer, while pumped */
    struct err error;  /* why the connection must go; empty: it need not */
    struct err loss;   /* why the latest one went */

    int64_t probe_us;  /* when the command was sent whose reply is timed */
    size_t probe_left; /* replies until that one; 0: none is timed */

    int is_quiet; /* a command-line tool tells its errors itself */
    uint64_t generation;
    struct redis_stats stats;
    char input[INPUT_BYTES];
};

int redis_open(struct redis **redis, const char *url, const char *name,
               struct err *err)
{
    struct redis_url parsed;
    struct redis *self;

    if (redis_url_parse(&parsed, url, err) != 0)
        return -1;
    self = mem_new(1, sizeof *self);
    self->name = mem_dup_text(name);
    self->url = parsed;
    self->delay_us = DELAY_LEAST_US;
    self->retry_us = INT64_MIN;
    self->ring_capacity = RING_LEAST;
    self->ring = mem_new(RING_LEAST, sizeof *self->ring);
    *redis = self;
    return 0;
}

static void ring_grow(struct redis *redis)
{
    struct waiter *ring = mem_new(redis->ring_capacity * 2, sizeof *ring);
    size_t mask = redis->ring_capacity - 1;

    for (size_t i = 0; i < redis->ring_count; i++)
        ring[i] = redis->ring[(redis->ring_first + i) & mask];
    free(redis->ring);
    redis->ring = ring;
    redis->ring_first = 0;
    redis->ring_capacity *= 2;
}

static void ring_push(struct redis *redis, struct waiter waiter)
{
    size_t at;

    if (redis->ring_count == redis->ring_capacity)
        ring_grow(redis);
    at = (redis->ring_first + redis->ring_count) & (redis->ring_capacity - 1);
    redis->ring[at] = waiter;
    redis->ring_count++;
}

static struct waiter ring_pop(struct redis *redis)
{
    struct waiter waiter = redis->ring[redis->ring_first];

    redis->ring_first = (redis->ring_first + 1) & (redis->ring_capacity - 1);
    redis->ring_count--;
    return waiter;
}

/* A callback may look at the connection, so it is down before the first of
 * them runs, and none of them can queue anything. */
static void drop_connection(struct redis *redis)
{
    if (redis->context != NULL)
        redisFree(redis->context);
    redis->context = NULL;
    redis->state = WAITING;
    redis->error = ERR_NONE;
    redis->silent_us = 0;
    redis->probe_left = 0;
    redis->out_start = 0;
    strbuf_clear(&redis->out);
    while (redis->ring_count > 0) {
        struct waiter waiter = ring_pop(redis);

        if (waiter.callback != NULL)
            waiter.callback(waiter.context, NULL);
    }
}

static void lose(struct redis *redis, const char *why)
{
    struct err reason = ERR_NONE;
    int was_ready = redis->state == READY;

    err_set(&reason, "%s", why); /* `why` may stand in what is freed below */
    redis->loss = reason;
    redis->retry_us = redis->now_us + redis->delay_us;
    LOG(redis->is_quiet ? LOG_DEBUG : LOG_WARN,
        was_ready ? "redis_lost" : "redis_unreachable",
        F_TEXT("connection", redis->name),
        F_TEXT("address", redis->url.address), F_TEXT("error", reason.text),
        F_INT("outstanding", was_ready ? redis->ring_count : 0),
        F_INT("retry_ms", redis->delay_us / 1000));
    redis->delay_us = redis->delay_us * 2 < DELAY_MOST_US ? redis->delay_us * 2
                                                          : DELAY_MOST_US;
    drop_connection(redis);
}

void redis_close(struct redis *redis)
{
    if (redis == NULL)
        return;
    drop_connection(redis);
    redis_url_deinit(&redis->url);
    strbuf_deinit(&redis->out);
    free(redis->ring);
    free(redis->name);
    free(redis);
}

/* Of a command that was just put out. */
static void await_reply(struct redis *redis, redis_callback *callback,
                        void *context)
{
    if (redis->ring_count == 0)
        redis->silent_us = 0;
    ring_push(redis, (struct waiter){callback, context});
    redis->stats.commands++;
    if (redis->probe_left == 0) {
        redis->probe_left = redis->ring_count;
        redis->probe_us = clock_mono_us();
    }
}

/* Also used to greet. */
void redis_send(struct redis *redis, const struct text *arguments, size_t count,
                redis_callback *callback, void *context)
{
    ASSERT(redis->state >= GREETING && count > 0);
    resp_add_command(&redis->out, arguments, count);
    await_reply(redis, callback, context);
}

void redis_send_written(struct redis *redis, const struct text *parts,
                        size_t count, redis_callback *callback, void *context)
{
    ASSERT(redis->state == READY);
    for (size_t i = 0; i < count; i++)
        strbuf_add(&redis->out, parts[i].bytes, parts[i].length);
    await_reply(redis, callback, context);
}

/* Greeting: [AUTH] [SELECT] PING, CLIENT SETNAME; ready at the last reply. */

static void greeting_required(void *context, const struct redis_reply *reply)
{
    struct redis *redis = context;
    struct text said;

    if (reply == NULL || redis_reply_kind(reply) != REDIS_ERROR)
        return;
    said = redis_reply_text(reply);
    err_set(&redis->error, "%.*s", (int)said.length, said.bytes);
}

/* PING shows a server that is loading, locked or not to be written to; a user
 * who may not PING may be allowed all that is needed. */
static void greeting_pinged(void *context, const struct redis_reply *reply)
{
    if (reply != NULL && redis_reply_kind(reply) == REDIS_ERROR &&
        strncmp(redis_reply_text(reply).bytes, "NOPERM", 6) == 0)
        return;
    greeting_required(context, reply);
}

/* The name is a courtesy to CLIENT LIST: a refusal does no harm. */
static void greeting_named(void *context, const struct redis_reply *reply)
{
    struct redis *redis = context;

    if (reply == NULL)
        return;
    redis->state = READY;
    redis->delay_us = DELAY_LEAST_US;
    redis->generation++;
    if (redis->generation > 1)
        redis->stats.reconnects++;
    LOG(redis->is_quiet ? LOG_DEBUG : LOG_INFO, "redis_ready",
        F_TEXT("connection", redis->name),
        F_TEXT("address", redis->url.address),
        F_INT("generation", redis->generation));
}

/* Up to three words; the later ones may be NULL. */
static void say(struct redis *redis, redis_callback *callback,
                const char *first, const char *second, const char *third)
{
    const char *words[] = {first, second, third};
    struct text arguments[3];
    size_t count = 0;

    for (; count < 3 && words[count] != NULL; count++)
        arguments[count] =
            (struct text){words[count], (uint32_t)strlen(words[count])};
    redis_send(redis, arguments, count, callback, redis);
}

static void greet(struct redis *redis)
{
    const struct redis_url *url = &redis->url;
    struct strbuf word = STRBUF_EMPTY;

    redis->state = GREETING;
    redis->silent_us = 0;
    if (url->password != NULL && url->user != NULL)
        say(redis, greeting_required, "AUTH", url->user, url->password);
    else if (url->password != NULL)
        say(redis, greeting_required, "AUTH", url->password, NULL);
    if (url->db != 0) {
        strbuf_add_int(&word, url->db);
        say(redis, greeting_required, "SELECT", word.bytes, NULL);
    }
    say(redis, greeting_pinged, "PING", NULL, NULL);
    strbuf_clear(&word);
    strbuf_add_format(&word, "terkait-%s", redis->name);
    say(redis, greeting_named, "CLIENT", "SETNAME", word.bytes);
    strbuf_deinit(&word);
}

static void start_connecting(struct redis *redis)
{
    redis->context =
        redis->url.path != NULL
            ? redisConnectUnixNonBlock(redis->url.path)
            : redisConnectNonBlock(redis->url.host, redis->url.port);
    if (redis->context == NULL) {
        lose(redis, "out of memory");
        return;
    }
    if (redis->context->err != 0) {
        lose(redis, redis->context->errstr);
        return;
    }
    redis->context->reader->maxbuf = 0; /* else large replies are slow */
    redis->state = CONNECTING;
    redis->silent_us = 0;
}

/* A socket that is being connected becomes writable either way. */
static void finish_connecting(struct redis *redis, int wait_ms)
{
    struct pollfd one = {.fd = redis->context->fd, .events = POLLOUT};
    int failure = 0;
    socklen_t size = sizeof failure;

    if (poll(&one, 1, wait_ms) <= 0)
        return;
    if (getsockopt(one.fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
        failure = errno;
    if (failure != 0)
        lose(redis, strerror(failure));
    else
        greet(redis);
}

/* Bytes out and in. */

static int would_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void write_out(struct redis *redis)
{
    while (redis->out_start < redis->out.length) {
        ssize_t sent = send(
            redis->context->fd, redis->out.bytes + redis->out_start,
            redis->out.length - redis->out_start, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && !would_wait())
            err_set(&redis->error, "write: %s", strerror(errno));
        if (sent < 0)
            break;
        redis->out_start += (size_t)sent;
    }
    if (redis->out_start == redis->out.length) {
        redis->out_start = 0;
        strbuf_clear(&redis->out);
    } else if (redis->out_start > redis->out.length / 2) {
        redis->out.length -= redis->out_start;
        memmove(redis->out.bytes, redis->out.bytes + redis->out_start,
                redis->out.length);
        redis->out_start = 0;
    }
}

static void note_latency(struct redis *redis)
{
    if (redis->probe_left == 0)
        return;
    redis->probe_left--;
    if (redis->probe_left == 0)
        redis->stats.latency_us = clock_mono_us() - redis->probe_us;
}

static void note_error(struct redis *redis, const struct waiter *waiter,
                       const redisReply *reply)
{
    redis->stats.errors++;
    if (waiter->callback == NULL)
        LOG(LOG_WARN, "redis_error", F_TEXT("connection", redis->name),
            F_TEXT("error", reply->str));
}

/* The waiting of redis_ask, the one that keeps its reply. */
struct answer {
    redisReply *reply;
    int is_done;
};

/* Called without a reply only: deliver() hands that over itself. */
static void take_loss(void *context, const struct redis_reply *reply)
{
    struct answer *answer = context;

    (void)reply;
    answer->is_done = 1;
}

static void deliver(struct redis *redis, redisReply *reply)
{
    struct waiter waiter;

    if (redis->ring_count == 0) {
        err_set(&redis->error, "an answer to no command");
        freeReplyObject(reply);
        return;
    }
    waiter = ring_pop(redis);
    note_latency(redis);
    if (reply->type == REDIS_REPLY_ERROR)
        note_error(redis, &waiter, reply);
    if (waiter.callback == take_loss) {
        *(struct answer *)waiter.context = (struct answer){reply, 1};
        return;
    }
    if (waiter.callback != NULL)
        waiter.callback(waiter.context, (const struct redis_reply *)reply);
    freeReplyObject(reply);
}

static void parse_in(struct redis *redis, size_t length)
{
    redisReader *reader = redis->context->reader;

    redisReaderFeed(reader, redis->input, length);
    while (redis->error.text[0] == '\0') {
        void *reply = NULL;

        if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
            err_set(&redis->error, "protocol: %s", reader->errstr);
            break;
        }
        if (reply == NULL)
            break;
        deliver(redis, reply);
    }
}

/* Returns whether any byte came. Bytes of a reply that is not whole yet break
 * the silence too: a large one may take its time. */
static int read_in(struct redis *redis)
{
    int moved = 0;

    for (int i = 0; i < READS_MAX && redis->error.text[0] == '\0'; i++) {
        ssize_t got =
            recv(redis->context->fd, redis->input, INPUT_BYTES, MSG_DONTWAIT);

        if (got < 0 && !would_wait())
            err_set(&redis->error, "read: %s", strerror(errno));
        else if (got == 0)
            err_set(&redis->error, "closed by the server");
        if (got <= 0)
            break;
        moved = 1;
        redis->silent_us = 0;
        parse_in(redis, (size_t)got);
        if (got < INPUT_BYTES)
            break;
    }
    return moved;
}

/* Answers are read even when writing failed: the last of them may say why. */
static int exchange(struct redis *redis)
{
    int moved;

    write_out(redis);
    moved = read_in(redis);
    if (redis->error.text[0] == '\0')
        write_out(redis); /* what the callbacks queued */
    if (redis->error.text[0] == '\0')
        return moved;
    lose(redis, redis->error.text);
    return 1;
}

/* The pump. */

/* Only time in which somebody pumped counts: a process that was stopped for a
 * minute has not waited for an answer. */
static void note_silence(struct redis *redis, int64_t now_us)
{
    int64_t gap_us = now_us - redis->now_us;

    redis->now_us = now_us;
    if (redis->state == CONNECTING || redis->ring_count > 0)
        redis->silent_us += gap_us < GAP_MOST_US ? gap_us : GAP_MOST_US;
}

static void check_silence(struct redis *redis)
{
    if (redis->state == CONNECTING && redis->silent_us >= CONNECT_TIMEOUT_US)
        lose(redis, "no connection in 5 s");
    else if (redis->ring_count > 0 && redis->silent_us >= REPLY_TIMEOUT_US)
        lose(redis, "no answer in 10 s");
}

static void wait_for_socket(const struct redis *redis, int wait_ms)
{
    struct pollfd one = {.fd = redis->context->fd, .events = POLLIN};

    if (redis->out_start < redis->out.length)
        one.events |= POLLOUT;
    poll(&one, 1, wait_ms);
}

static void wait_for_retry(const struct redis *redis, int wait_ms)
{
    int64_t left_ms = (redis->retry_us - redis->now_us + 999) / 1000;

    poll(NULL, 0, left_ms < wait_ms ? (int)left_ms : wait_ms);
}

void redis_pump(struct redis *redis, int64_t now_us, int64_t wait_ms)
{
    int wait = wait_ms < 60000 ? (int)wait_ms : 60000;

    note_silence(redis, now_us);
    if (redis->state == WAITING && now_us >= redis->retry_us)
        start_connecting(redis);
    else if (redis->state == WAITING && wait > 0)
        wait_for_retry(redis, wait);
    if (redis->state == CONNECTING)
        finish_connecting(redis, wait);
    else if (redis->state != WAITING && !exchange(redis) && wait > 0) {
        wait_for_socket(redis, wait);
        exchange(redis);
    }
    if (redis->state == GREETING)
        write_out(redis);
    check_silence(redis);
}

int redis_is_ready(const struct redis *redis)
{
    return redis->state == READY;
}

int redis_descriptor(const struct redis *redis)
{
    return redis->context != NULL ? redis->context->fd : -1;
}

uint64_t redis_generation(const struct redis *redis)
{
    return redis->generation;
}

size_t redis_outstanding(const struct redis *redis)
{
    return redis->ring_count;
}

size_t redis_unwritten(const struct redis *redis)
{
    return redis->out.length - redis->out_start;
}

const struct redis_stats *redis_stats(const struct redis *redis)
{
    return &redis->stats;
}

/* One question of a command-line tool. */

static void turn(struct redis *redis, int64_t deadline_us)
{
    int64_t now_us = clock_mono_us();

    if (now_us < deadline_us)
        redis_pump(redis, now_us, (deadline_us - now_us) / 1000 + 1);
    else
        lose(redis, "no answer in time");
}

/* Does not try twice: a person waits. */
static int become_ready(struct redis *redis, int64_t deadline_us)
{
    redis->retry_us = INT64_MIN;
    while (redis->state != READY) {
        turn(redis, deadline_us);
        if (redis->state == WAITING)
            return -1;
    }
    return 0;
}

int redis_ask(struct redis *redis, struct redis_reply **reply,
              const struct text *arguments, size_t count, int64_t timeout_ms,
              struct err *err)
{
    int64_t deadline_us = clock_mono_us() + timeout_ms * 1000;
    struct answer answer = {NULL, 0};

    redis->is_quiet = 1;
    if (become_ready(redis, deadline_us) == 0) {
        redis_send(redis, arguments, count, take_loss, &answer);
        while (!answer.is_done)
            turn(redis, deadline_us);
    }
    redis->is_quiet = 0;
    *reply = (struct redis_reply *)answer.reply;
    if (answer.reply != NULL)
        return 0;
    err_set(err, "%s", redis->loss.text);
    return err_where(err, "Redis at %s", redis->url.address);
}
