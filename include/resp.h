/* resp: commands in the words of the Redis protocol (RESP2).
 *
 *     GET k  ->  *2\r\n $3\r\nGET\r\n $1\r\nk\r\n   (without the spaces)
 */
#ifndef TERKAIT_RESP_H
#define TERKAIT_RESP_H

#include "event.h"
#include "strbuf.h"

#include <stddef.h>

/* Appends one command: an array of bulk strings, any bytes in them. */
void resp_add_command(struct strbuf *out, const struct text *arguments,
                      size_t count);

/* The same by parts: how many strings follow, and each of them. */
void resp_add_count(struct strbuf *out, size_t count);
void resp_add_text(struct strbuf *out, struct text text);

#endif
