/* bench: what the programs that measure share. Each takes words of the form
 * name=value, does one thing, and prints one JSON object, or one a line. */
#ifndef TERKAIT_BENCH_H
#define TERKAIT_BENCH_H

#include "config.h"
#include "err.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The text behind `name=`, the last wins. */
static inline const char *bench_text(int argc, char **argv, const char *name,
                                     const char *otherwise)
{
    size_t length = strlen(name);

    for (int i = argc - 1; i > 0; i--)
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=')
            return argv[i] + length + 1;
    return otherwise;
}

static inline uint32_t bench_count(int argc, char **argv, const char *name,
                                   uint32_t otherwise)
{
    const char *text = bench_text(argc, argv, name, NULL);

    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

static inline double bench_real(int argc, char **argv, const char *name,
                                double otherwise)
{
    const char *text = bench_text(argc, argv, name, NULL);

    return text == NULL ? otherwise : strtod(text, NULL);
}

/* The settings, with each `set:key=value` of the words as -s would have it. */
static inline struct config *bench_config(int argc, char **argv)
{
    const char *overrides[32];
    size_t count = 0;
    struct config *config;
    struct err err = ERR_NONE;

    for (int i = 1; i < argc && count < 32; i++)
        if (strncmp(argv[i], "set:", 4) == 0)
            overrides[count++] = argv[i] + 4;
    if (config_load(&config, NULL, overrides, count, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return config;
}

/* Of this thread: the machine may have others to serve. */
static inline int64_t bench_cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Of all threads. */
static inline int64_t bench_process_cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* What the process has of the machine's memory, after free pages went back. */
static inline double bench_rss(void)
{
    FILE *file;
    long pages = 0;

    malloc_trim(0);
    file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        exit(1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

#endif
