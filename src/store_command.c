#include "store_command.h"

#include "err.h"
#include "mem.h"
#include "store_format.h"

#include <stdlib.h>

void store_command_deinit(struct store_command *command)
{
    strbuf_deinit(&command->bytes);
    free(command->texts);
    free(command->starts);
    *command = (struct store_command){.count = 0};
}

void store_command_begin(struct store_command *command)
{
    strbuf_clear(&command->bytes);
    strbuf_reserve(&command->bytes, 0); /* is never NULL */
    command->count = 0;
}

void store_command_add(struct store_command *command, struct text text)
{
    if (command->count == command->capacity) {
        command->capacity = command->capacity * 2 + 16;
        command->texts = mem_resize(command->texts, command->capacity,
                                    sizeof *command->texts);
        command->starts = mem_resize(command->starts, command->capacity,
                                     sizeof *command->starts);
    }
    command->starts[command->count] = 0;
    command->texts[command->count++] = text;
}

void store_command_add_written(struct store_command *command, size_t start)
{
    size_t length = command->bytes.length - start;

    ASSERT(length <= UINT32_MAX);
    store_command_add(command, (struct text){NULL, (uint32_t)length});
    command->starts[command->count - 1] = start;
}

void store_command_add_token(struct store_command *command,
                             struct store_token token)
{
    size_t start = command->bytes.length;

    store_format_add_token(&command->bytes, token);
    store_command_add_written(command, start);
}

void store_command_add_id(struct store_command *command, struct store_id id)
{
    size_t start = command->bytes.length;

    store_format_add_id(&command->bytes, id);
    store_command_add_written(command, start);
}

void store_command_add_offset(struct store_command *command, int64_t offset)
{
    size_t start = command->bytes.length;

    if (offset >= 0)
        store_format_add_number(&command->bytes, (uint64_t)offset);
    store_command_add_written(command, start);
}

uint64_t store_command_finish(struct store_command *command)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < command->count; i++) {
        struct text *text = &command->texts[i];

        if (text->bytes == NULL)
            text->bytes = command->bytes.bytes + command->starts[i];
        bytes += text->length;
    }
    return bytes;
}
