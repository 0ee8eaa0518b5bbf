/* store_command: the arguments of one command to Redis, of which some are
 * borrowed and some written here, into one buffer that moves as it grows.
 *
 *     store_command_begin(&command);
 *     store_command_add(&command, borrowed);
 *     start = command.bytes.length;
 *     strbuf_add_...(&command.bytes, ...);
 *     store_command_add_written(&command, start);
 *     store_command_finish(&command);
 *     ... command.texts, command.count ... */
#ifndef TERKAIT_STORE_COMMAND_H
#define TERKAIT_STORE_COMMAND_H

#include "store.h"

/* Zero to begin with. */
struct store_command {
    struct strbuf bytes;
    struct text *texts; /* of one written here `bytes` is NULL until the end */
    size_t *starts;     /* of one written here, in `bytes` */
    size_t count;
    size_t capacity;
};

void store_command_deinit(struct store_command *command);
void store_command_begin(struct store_command *command); /* is empty again */

void store_command_add(struct store_command *command, struct text text);
/* What was written to command->bytes from `start` on. */
void store_command_add_written(struct store_command *command, size_t start);

void store_command_add_token(struct store_command *command,
                             struct store_token token);
void store_command_add_id(struct store_command *command, struct store_id id);
/* Below 0 is below all: an empty text. */
void store_command_add_offset(struct store_command *command, int64_t offset);

/* Now texts may be read, and nothing be written to command->bytes. Returns
 * the bytes of all. */
uint64_t store_command_finish(struct store_command *command);

#endif
