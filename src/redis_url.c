#include "redis_url.h"

#include "mem.h"
#include "strbuf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_DEFAULT = 6379, PORT_MAX = 65535, DB_MAX = 1000000 };

void redis_url_deinit(struct redis_url *url)
{
    free(url->host);
    free(url->path);
    free(url->user);
    free(url->password);
    free(url->address);
    *url = (struct redis_url){0};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* NULL when a % is not followed by two hex digits, or stands for a NUL. */
static char *decode(const char *bytes, size_t length)
{
    char *out = mem_new(length + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        int high, low;

        if (bytes[i] != '%') {
            out[used++] = bytes[i];
            continue;
        }
        high = length - i > 2 ? hex_digit(bytes[i + 1]) : -1;
        low = high >= 0 ? hex_digit(bytes[i + 2]) : -1;
        if (low < 0 || high * 16 + low == 0) {
            free(out);
            return NULL;
        }
        out[used++] = (char)(high * 16 + low);
        i += 2;
    }
    return out;
}

/* A decimal number from 0 to `most` that fills [text, end). -1 otherwise. */
static int parse_number(const char *text, const char *end, int most)
{
    int number = 0;

    if (text == end)
        return -1;
    for (; text < end; text++) {
        if (!isdigit((unsigned char)*text) || number > most / 10)
            return -1;
        number = number * 10 + (*text - '0');
    }
    return number <= most ? number : -1;
}

/* "[user]:password" in [text, end). */
static int parse_login(struct redis_url *url, const char *text, const char *end,
                       struct err *err)
{
    const char *colon = memchr(text, ':', (size_t)(end - text));

    if (colon == NULL)
        return err_set(err, "before the '@' goes user:password or :password");
    if (colon > text) {
        url->user = decode(text, (size_t)(colon - text));
        if (url->user == NULL)
            return err_set(err, "the user has a '%%' without two hex digits");
    }
    url->password = decode(colon + 1, (size_t)(end - colon - 1));
    if (url->password == NULL)
        return err_set(err, "the password has a '%%' without two hex digits");
    if (url->password[0] == '\0')
        return err_set(err, "the password is empty");
    return 0;
}

/* The end of the host in [text, end), brackets included; NULL when a bracket
 * is left open. */
static const char *host_end(const char *text, const char *end)
{
    const char *mark;

    if (*text == '[') {
        mark = memchr(text, ']', (size_t)(end - text));
        return mark != NULL ? mark + 1 : NULL;
    }
    mark = memchr(text, ':', (size_t)(end - text));
    return mark != NULL ? mark : end;
}

/* "host[:port]" in [text, end). */
static int parse_place(struct redis_url *url, const char *text, const char *end,
                       struct err *err)
{
    const char *stop = host_end(text, end);
    size_t length;

    if (stop == NULL || (stop < end && *stop != ':'))
        return err_set(err, "an IPv6 address is written [address]:port");
    length = (size_t)(stop - text);
    if (length == 0 || (*text == '[' && length == 2))
        return err_set(err, "the host is missing");
    url->host =
        *text == '[' ? mem_dup(text + 1, length - 2) : mem_dup(text, length);
    url->port =
        stop == end ? PORT_DEFAULT : parse_number(stop + 1, end, PORT_MAX);
    if (url->port < 1)
        return err_set(err, "the port must be a number from 1 to %d", PORT_MAX);
    return 0;
}

static int parse_db(struct redis_url *url, const char *text, struct err *err)
{
    url->db = parse_number(text, text + strlen(text), DB_MAX);
    if (url->db < 0)
        return err_set(err, "the database must be a number from 0 to %d",
                       DB_MAX);
    return 0;
}

static int parse_tcp(struct redis_url *url, const char *rest, struct err *err)
{
    const char *at = strrchr(rest, '@');
    const char *place = at != NULL ? at + 1 : rest;
    const char *slash = strchr(place, '/');
    const char *end = slash != NULL ? slash : place + strlen(place);

    if (at != NULL && parse_login(url, rest, at, err) != 0)
        return -1;
    if (parse_place(url, place, end, err) != 0)
        return -1;
    if (slash != NULL && slash[1] != '\0')
        return parse_db(url, slash + 1, err);
    return 0;
}

static int parse_unix(struct redis_url *url, const char *rest, struct err *err)
{
    const char *at = *rest == '/' ? NULL : strstr(rest, "@/");
    const char *path = at != NULL ? at + 1 : rest;
    const char *query = strchr(path, '?');
    size_t length = query != NULL ? (size_t)(query - path) : strlen(path);

    if (at != NULL && parse_login(url, rest, at, err) != 0)
        return -1;
    if (*path != '/' || length < 2)
        return err_set(err, "a socket is written unix:///path");
    url->path = decode(path, length);
    if (url->path == NULL)
        return err_set(err, "the path has a '%%' without two hex digits");
    if (query == NULL)
        return 0;
    if (strncmp(query, "?db=", 4) != 0)
        return err_set(err, "behind the path only ?db=NUMBER may stand");
    return parse_db(url, query + 4, err);
}

static char *address_of(const struct redis_url *url)
{
    struct strbuf out = STRBUF_EMPTY;

    if (url->path != NULL)
        strbuf_add_format(&out, "unix:%s", url->path);
    else if (strchr(url->host, ':') != NULL)
        strbuf_add_format(&out, "[%s]:%d", url->host, url->port);
    else
        strbuf_add_format(&out, "%s:%d", url->host, url->port);
    if (url->db != 0)
        strbuf_add_format(&out, "%s%d", url->path != NULL ? "?db=" : "/",
                          url->db);
    return out.bytes;
}

static int parse_scheme(struct redis_url *url, const char *text,
                        struct err *err)
{
    if (strncmp(text, "redis://", 8) == 0)
        return parse_tcp(url, text + 8, err);
    if (strncmp(text, "unix://", 7) == 0)
        return parse_unix(url, text + 7, err);
    if (strncmp(text, "rediss://", 9) == 0)
        return err_set(err, "TLS (rediss://) is not supported");
    return err_set(err, "it must begin with redis:// or unix://");
}

int redis_url_parse(struct redis_url *url, const char *text, struct err *err)
{
    *url = (struct redis_url){0};
    if (parse_scheme(url, text, err) != 0) {
        redis_url_deinit(url);
        return err_where(err, "redis.url");
    }
    url->address = address_of(url);
    return 0;
}
