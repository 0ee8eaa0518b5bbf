/* mem: allocation that cannot fail.
 *
 * A process that cannot get the memory its configuration promised is of no
 * use half alive: these abort with a word on stderr. Everything that grows
 * has a cap in the configuration instead. */
#ifndef TERKAIT_MEM_H
#define TERKAIT_MEM_H

#include <stddef.h>

/* 1: a sanitizer wants to see all memory freed before the process ends. */
#ifdef __SANITIZE_ADDRESS__
#define MEM_IS_WATCHED 1
#else
#define MEM_IS_WATCHED 0
#endif

/* Zeroed memory for `count` things of `bytes` each; freed by free(). */
void *mem_new(size_t count, size_t bytes)
    __attribute__((malloc, returns_nonnull));

/* As realloc; new bytes are not zeroed. */
void *mem_resize(void *old, size_t count, size_t bytes)
    __attribute__((returns_nonnull));

/* A copy, with a NUL behind it. The caller frees. */
char *mem_dup(const void *bytes, size_t length)
    __attribute__((returns_nonnull));

char *mem_dup_text(const char *text) __attribute__((returns_nonnull));

#endif
