#include "mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t count, size_t bytes)
{
    fprintf(stderr, "fatal event=out_of_memory count=%zu bytes=%zu\n", count,
            bytes);
    abort();
}

void *mem_new(size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes ? bytes : 1);

    if (memory == NULL)
        out_of_memory(count, bytes);
    return memory;
}

void *mem_resize(void *old, size_t count, size_t bytes)
{
    void *memory;

    if (bytes != 0 && count > SIZE_MAX / bytes)
        out_of_memory(count, bytes);
    memory = realloc(old, count * bytes != 0 ? count * bytes : 1);
    if (memory == NULL)
        out_of_memory(count, bytes);
    return memory;
}

char *mem_dup(const void *bytes, size_t length)
{
    char *copy = mem_new(length + 1, 1);

    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *mem_dup_text(const char *text)
{
    return mem_dup(text, strlen(text));
}
