/* store_scripts: the Lua that Redis runs for store_redis, and what it answers.
 *
 * A script reads and checks everything before its first write, and that write
 * is one which Redis refuses as a whole when it is full, read-only or short of
 * replicas. So it either runs whole or changes nothing. Every answer is an
 * array; its first word is one of
 *
 *     done      as asked
 *     token     refused: the token that stands, and who owns it; of a take
 *               the head stands there instead
 *     id        refused: the checkpoint id that stands
 *     name      refused: a chunk of that name has another content
 *     odds      refused: why head, base and log do not fit
 *     missing   a chunk that is not there
 *     version   not understood: the key, and the version that stands there
 *
 * Epochs, owners, sequences and offsets are numbers of 64 bits, which Lua has
 * not: they pass as text of a fixed width, of decimal digits alone, because Lua
 * compares text by the server's locale, where letters may stand anyhow ("aa"
 * after "z" in Danish). */
#ifndef TERKAIT_STORE_SCRIPTS_H
#define TERKAIT_STORE_SCRIPTS_H

#include "strbuf.h"

/* The calls of the seam; all but the last two are scripts. */
enum store_call {
    STORE_CALL_LOOK,
    STORE_CALL_TAKE,
    STORE_CALL_CHECKPOINT,
    STORE_CALL_MANIFESTS,
    STORE_CALL_STAGE,
    STORE_CALL_SNAPSHOT,
    STORE_CALL_LOAD,   /* MULTI: what is large does not pass through Lua */
    STORE_CALL_CHUNKS, /* MGET */
    STORE_CALLS,
    STORE_SCRIPTS = STORE_CALL_LOAD
};

/* Where things stand in a head as the scripts answer it. */
enum store_head_field {
    STORE_HEAD_VERSION,
    STORE_HEAD_TOKEN,
    STORE_HEAD_WHO,
    STORE_HEAD_ID,
    STORE_HEAD_MARKS,
    STORE_HEAD_TIME,
    STORE_HEAD_FINGERPRINT,
    STORE_HEAD_BASE,   /* id of the base; empty: there is none */
    STORE_HEAD_DELTAS, /* how many */
    STORE_HEAD_STORED, /* so many fields are stored; what follows is found */
    STORE_HEAD_BASE_IS = STORE_HEAD_STORED, /* version and id of the base */
    STORE_HEAD_LOG_IS,                      /* deltas in the log */
    STORE_HEAD_ODDS, /* why these do not fit the head, nil: they do */
    STORE_HEAD_FIELDS
};

/* Names of the stored fields in the hash. */
extern const char *const store_head_names[STORE_HEAD_STORED];

/* "look", "take", ... */
const char *store_call_name(enum store_call call);

/* Appends the source of a script. */
void store_script_add(struct strbuf *out, enum store_call script);

#endif
