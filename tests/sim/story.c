#include "story.h"

#include <stdarg.h>
#include <stdio.h>

void story_tell(struct story *story, const char *format, ...)
{
    char *line = story->lines[story->told++ % STORY_LINES];
    int used = snprintf(line, STORY_LINE_BYTES, "%10.3f s  ",
                        (double)story->now_us / 1e6);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line + used, (size_t)(STORY_LINE_BYTES - used), format,
              arguments);
    va_end(arguments);
}

void story_fail(struct story *story, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(story->failure, sizeof story->failure, format, arguments);
    va_end(arguments);
    siglongjmp(story->out, 1);
}

void story_print(const struct story *story)
{
    uint64_t at = story->told > STORY_LINES ? story->told - STORY_LINES : 0;

    if (at > 0)
        printf("    (%llu earlier events)\n", (unsigned long long)at);
    for (; at < story->told; at++)
        printf("    %s\n", story->lines[at % STORY_LINES]);
    printf("    FAILED: %s\n", story->failure);
}
