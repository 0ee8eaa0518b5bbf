/* command_output: runs a command of ours against a private redis-server and
 * keeps what it printed. */
#ifndef TERKAIT_COMMAND_OUTPUT_H
#define TERKAIT_COMMAND_OUTPUT_H

#include "cmd.h"
#include "private_redis.h"
#include "redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct private_redis server;
static int is_missing;

struct output {
    int code;
    char out[16384], err[16384];
};

#define NEED_SERVER()                                                          \
    do {                                                                       \
        if (is_missing) {                                                      \
            print_message("no redis-server here: skipped\n");                  \
            skip();                                                            \
        }                                                                      \
    } while (0)

static inline int set_up(void **state)
{
    (void)state;
    is_missing = private_redis_start(&server, "--appendonly", "no") != 0;
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    private_redis_end(&server);
    return 0;
}

static inline void redirect(FILE *stream, int fd)
{
    fflush(stream);
    dup2(fd, fileno(stream));
}

static inline void read_back(char *text, size_t size, FILE *file)
{
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* Runs with `words` (separated by blanks) and the server's address. */
static inline struct output *run_command(int (*command)(int, char **),
                                         const char *words)
{
    static struct output output;
    char url[96], line[1024], set[] = "-s";
    char *arguments[32] = {NULL};
    FILE *files[] = {tmpfile(), tmpfile()};
    int former[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    int count = 0;

    snprintf(url, sizeof url, "redis.url=%s", server.url);
    snprintf(line, sizeof line, "%s", words);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        arguments[count++] = word;
    arguments[count++] = set;
    arguments[count++] = url;
    redirect(stdout, fileno(files[0]));
    redirect(stderr, fileno(files[1]));
    output.code = command(count, arguments);
    redirect(stdout, former[0]);
    redirect(stderr, former[1]);
    close(former[0]);
    close(former[1]);
    read_back(output.out, sizeof output.out, files[0]);
    read_back(output.err, sizeof output.err, files[1]);
    return &output;
}

static inline void assert_has(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL)
        fail_msg("no \"%s\" in:\n%s", wanted, text);
}

/* Sends one command whose last words are `key` and `value`. */
static inline void plant(const char *command, const char *key,
                         const char *value)
{
    struct text arguments[32] = {{command, (uint32_t)strlen(command)},
                                 {key, (uint32_t)strlen(key)}};
    struct err err = ERR_NONE;
    struct redis_reply *reply = NULL;
    struct redis *redis;
    size_t count = 2;
    int is_split = strcmp(command, "SET") != 0;

    while (*value != '\0') {
        size_t length = is_split ? strcspn(value, " ") : strlen(value);

        arguments[count++] = (struct text){value, (uint32_t)length};
        value += length + (value[length] == ' ');
    }
    if (redis_open(&redis, server.url, "plant", &err) != 0 ||
        redis_ask(redis, &reply, arguments, count, 5000, &err) != 0 ||
        redis_reply_kind(reply) == REDIS_ERROR)
        fail_msg("%s %s: %s", command, key, err.text);
    redis_reply_free(reply);
    redis_close(redis);
}

#endif
