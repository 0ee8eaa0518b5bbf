/* load_config: a config from a file's text and options, for its tests. */
#ifndef TERKAIT_LOAD_CONFIG_H
#define TERKAIT_LOAD_CONFIG_H

#include "config.h"
#include "strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A settings file that is there as long as the test. */
static char path[] = "/tmp/terkait-config-XXXXXX";

static inline void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline int make_path(void **state)
{
    int descriptor = mkstemp(path);

    (void)state;
    return descriptor < 0 ? -1 : close(descriptor);
}

static inline int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* Loads a file's text (NULL: none) and one -s after another, NULL at the end.
 * On failure the config is NULL and the text of the error is in `err`. */
static inline struct config *load_all(struct err *err, const char *text,
                                      const char *const *overrides)
{
    struct config *config = NULL;
    size_t count = 0;

    *err = ERR_NONE;
    while (overrides[count] != NULL)
        count++;
    if (text != NULL)
        write_file(text);
    if (config_load(&config, text != NULL ? path : NULL, overrides, count,
                    err) < 0)
        return NULL;
    assert_string_equal(err->text, "");
    return config;
}

#define LOAD(text, ...)                                                        \
    load_all(&(struct err){{0}}, text, (const char *const[]){__VA_ARGS__})

#endif
