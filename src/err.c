#include "err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *err, const char *format, ...)
{
    va_list arguments;

    if (err == NULL || err->text[0] != '\0')
        return -1;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return -1;
}

int err_where(struct err *err, const char *format, ...)
{
    struct err outer = ERR_NONE;
    va_list arguments;
    size_t used;

    if (err == NULL)
        return -1;
    va_start(arguments, format);
    vsnprintf(outer.text, sizeof outer.text, format, arguments);
    va_end(arguments);
    used = strlen(outer.text);
    if (used + 3 < sizeof outer.text) {
        memcpy(outer.text + used, ": ", 2);
        used += 2;
        memccpy(outer.text + used, err->text, '\0',
                sizeof outer.text - 1 - used);
    }
    *err = outer;
    return -1;
}

void err_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "fatal event=bug at=%s:%d broken=\"%s\"\n", file, line,
            what);
    fflush(NULL);
    abort();
}
