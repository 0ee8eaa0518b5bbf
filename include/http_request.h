/* http_request: what a request says, as far as it is only text. Pure. */
#ifndef TERKAIT_HTTP_REQUEST_H
#define TERKAIT_HTTP_REQUEST_H

#include "event.h"

#include <stddef.h>

/* A percent-encoded text; %00 and the like included. Returns how many bytes
 * went to `out` (which has `length`), or -1 when a % is followed by other than
 * two hex digits. */
int http_decode(char *out, const char *text, size_t length);

/* 1: UTF-8 of at most `bytes_max` bytes. */
int http_is_id(struct text id, uint32_t bytes_max);

/* What an Authorization header says (NULL: there is none) is "Bearer" and the
 * token. Takes as long for a wrong token as for a nearly right one. */
int http_is_bearer(const char *header, const char *token);

/* "HOST:PORT", "[HOST]:PORT", ":PORT" (host is empty then) in two; the setting
 * has been checked. `host` has room for the whole text. */
void http_split_address(char *host, const char **port, const char *listen);

#endif
