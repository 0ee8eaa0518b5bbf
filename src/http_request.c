#include "http_request.h"

#include "err.h"
#include "utf8.h"

#include <string.h>
#include <strings.h>

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

int http_decode(char *out, const char *text, size_t length)
{
    int used = 0;

    for (size_t i = 0; i < length; i++) {
        int high, low;

        if (text[i] != '%') {
            out[used++] = text[i];
            continue;
        }
        if (length - i < 3)
            return -1;
        high = hex_digit(text[++i]);
        low = hex_digit(text[++i]);
        if (high < 0 || low < 0)
            return -1;
        out[used++] = (char)(high << 4 | low);
    }
    return used;
}

int http_is_id(struct text id, uint32_t bytes_max)
{
    size_t at = 0;

    if (id.length > bytes_max)
        return 0;
    while (at < id.length) {
        size_t length = utf8_length(id.bytes + at, id.length - at);

        if (length == 0)
            return 0;
        at += length;
    }
    return 1;
}

int http_is_bearer(const char *header, const char *token)
{
    static const char scheme[] = "Bearer ";
    size_t length = strlen(token);
    unsigned char differs = 0;

    if (header == NULL || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return 0;
    header += sizeof scheme - 1;
    header += strspn(header, " ");
    if (strlen(header) != length)
        return 0;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(header[i] ^ token[i]);
    return differs == 0;
}

void http_split_address(char *host, const char **port, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    size_t length;

    ASSERT(colon != NULL);
    *port = colon + 1;
    length = (size_t)(colon - listen);
    if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']') {
        listen++;
        length -= 2;
    }
    memcpy(host, listen, length);
    host[length] = '\0';
}
