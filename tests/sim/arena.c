#include "arena.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 18 };

struct block {
    struct block *next;
    size_t used, room;
    _Alignas(16) char bytes[];
};

struct arena {
    struct block *blocks; /* the first one is filled; kept over a clear */
};

struct arena *arena_new(void)
{
    return mem_new(1, sizeof(struct arena));
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    free_blocks(arena->blocks);
    free(arena);
}

void arena_clear(struct arena *arena)
{
    struct block *block = arena->blocks;

    if (block == NULL)
        return;
    free_blocks(block->next);
    block->next = NULL;
    block->used = 0;
}

void *arena_take(struct arena *arena, size_t bytes)
{
    struct block *block = arena->blocks;
    void *taken;

    bytes = (bytes + 15) & ~(size_t)15;
    if (block == NULL || block->room - block->used < bytes) {
        size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

        block = mem_new(1, sizeof *block + room);
        block->room = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    taken = block->bytes + block->used;
    block->used += bytes;
    memset(taken, 0, bytes);
    return taken;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    void *copy = arena_take(arena, length);

    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

struct text arena_text(struct arena *arena, struct text text)
{
    return (struct text){arena_copy(arena, text.bytes, text.length),
                         text.length};
}

int text_equal(struct text left, struct text right)
{
    return left.length == right.length &&
           (left.length == 0 ||
            memcmp(left.bytes, right.bytes, left.length) == 0);
}
