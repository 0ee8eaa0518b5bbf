#include "source_file.h"

#include "clock.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024 };

/* Regular files are closed again after the first look, so that thousands of
 * them do not need as many descriptors; a pipe could not be opened twice. */
struct input {
    const char *path;
    int descriptor; /* -1: closed */
    int is_regular;
    uint64_t size_bytes;
};

struct file_source {
    struct input *inputs;
    size_t count;
    size_t current;
    char *buffer;
    size_t capacity;
    size_t start;
    size_t end;
    size_t bytes_max;
    size_t long_bytes; /* read so far of an over-long line; 0: there is none */
    int long_is_blank;
    int64_t line;
    int64_t now_ms;
    uint64_t bytes_read;
    uint64_t bytes_all;
    enum source_state state;
};

static int is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
            return 0;
    return 1;
}

/* Takes the line of `length` bytes at `start` and the `newline` behind it (0
 * or 1 bytes). Returns 1 when it is a record, 0 when it is blank. */
static uint32_t take_line(struct file_source *self, struct record *out,
                          size_t length, size_t newline)
{
    const char *bytes = self->buffer + self->start;
    int is_none = is_blank(bytes, length);

    self->start += length + newline;
    if (self->long_bytes > 0) {
        is_none = is_none && self->long_is_blank;
        bytes = self->buffer;
        length += self->long_bytes;
        self->long_bytes = 0;
    }
    *out = (struct record){.bytes = bytes,
                           .length = length,
                           .offset = self->line++,
                           .stamp_ms = -1,
                           .now_ms = self->now_ms};
    return is_none ? 0 : 1;
}

static uint32_t take_lines(struct file_source *self, struct record *out,
                           uint32_t max)
{
    uint32_t count = 0;

    while (count < max) {
        const char *from = self->buffer + self->start;
        const char *newline = memchr(from, '\n', self->end - self->start);

        if (newline == NULL)
            break;
        count += take_line(self, &out[count], (size_t)(newline - from), 1);
    }
    return count;
}

/* Makes room behind `end`. Only when nothing handed over is in use. */
static void make_room(struct file_source *self)
{
    size_t base = self->long_bytes > 0 ? self->bytes_max : 0;
    size_t kept = self->end - self->start;

    memmove(self->buffer + base, self->buffer + self->start, kept);
    self->start = base;
    self->end = base + kept;
    if (self->end < self->capacity)
        return;
    if (self->long_bytes == 0) {
        self->long_is_blank = is_blank(self->buffer, self->end);
        self->long_bytes = self->end;
    } else {
        self->long_is_blank = self->long_is_blank &&
                              is_blank(self->buffer + base, self->end - base);
        self->long_bytes += self->end - base;
    }
    self->start = self->end = self->bytes_max;
}

static int open_input(struct input *input, struct err *err)
{
    struct stat about;

    if (strcmp(input->path, "-") == 0)
        input->descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    else
        input->descriptor = open(input->path, O_RDONLY | O_CLOEXEC);
    if (input->descriptor < 0 || fstat(input->descriptor, &about) < 0)
        return err_set(err, "%s: %s", input->path, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return err_set(err, "%s: %s", input->path, strerror(EISDIR));
    input->is_regular = S_ISREG(about.st_mode);
    input->size_bytes = about.st_size > 0 ? (uint64_t)about.st_size : 0;
    return 0;
}

static void close_input(struct input *input)
{
    if (input->descriptor >= 0)
        close(input->descriptor);
    input->descriptor = -1;
}

/* 1: there may be something to read; 0: nothing came in time, or a signal did.
 */
static int wait_for_input(const struct input *input, int64_t until_us)
{
    struct pollfd wanted = {.fd = input->descriptor, .events = POLLIN};
    int64_t left_ms = (until_us - clock_mono_us() + 999) / 1000;

    if (input->is_regular)
        return 1;
    if (left_ms < 0)
        left_ms = 0;
    return poll(&wanted, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms) > 0;
}

enum filled { FILL_FAILED = -1, FILL_END, FILL_MORE, FILL_NOTHING };

/* Adds to the buffer what the current input has by then. */
static enum filled fill(struct file_source *self, int64_t until_us,
                        struct err *err)
{
    struct input *input = &self->inputs[self->current];
    ssize_t got;

    if (input->descriptor < 0 && open_input(input, err) < 0)
        return FILL_FAILED;
    if (!wait_for_input(input, until_us))
        return FILL_NOTHING;
    make_room(self);
    got = read(input->descriptor, self->buffer + self->end,
               self->capacity - self->end);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return FILL_NOTHING;
    if (got < 0) {
        err_set(err, "%s: read failed: %s", input->path, strerror(errno));
        return FILL_FAILED;
    }
    self->end += (size_t)got;
    self->bytes_read += (uint64_t)got;
    return got > 0 ? FILL_MORE : FILL_END;
}

/* The current input has ended: a last line without a newline counts. */
static uint32_t end_input(struct file_source *self, struct record *out)
{
    size_t length = self->end - self->start;
    uint32_t count = 0;

    close_input(&self->inputs[self->current++]);
    if (length > 0 || self->long_bytes > 0)
        count = take_line(self, out, length, 0);
    if (self->current == self->count)
        self->state = SOURCE_ENDED;
    return count;
}

static int file_poll(void *source, struct record *out, uint32_t max,
                     int64_t timeout_ms, struct err *err)
{
    struct file_source *self = source;
    int64_t until_us = clock_mono_us() + timeout_ms * 1000;
    uint32_t count = take_lines(self, out, max);

    ASSERT(max > 0);
    while (count == 0 && self->current < self->count) {
        enum filled filled = fill(self, until_us, err);

        if (filled == FILL_FAILED)
            return -1;
        self->state =
            filled == FILL_NOTHING ? SOURCE_CAUGHT_UP : SOURCE_READING;
        if (filled == FILL_MORE)
            count = take_lines(self, out, max);
        else if (filled == FILL_END)
            count = end_input(self, out);
        if (clock_mono_us() >= until_us || filled == FILL_NOTHING)
            break;
    }
    return (int)count;
}

static enum source_state file_state(void *source)
{
    return ((struct file_source *)source)->state;
}

static int64_t file_lag(void *source)
{
    (void)source;
    return -1;
}

static void file_free(void *source)
{
    struct file_source *self = source;

    for (size_t i = 0; i < self->count; i++)
        close_input(&self->inputs[i]);
    free(self->inputs);
    free(self->buffer);
    free(self);
}

static int look_at_inputs(struct file_source *self, struct err *err)
{
    int all_regular = 1;

    for (size_t i = 0; i < self->count; i++) {
        struct input *input = &self->inputs[i];

        if (open_input(input, err) < 0)
            return -1;
        all_regular = all_regular && input->is_regular;
        self->bytes_all += input->size_bytes;
        if (input->is_regular && strcmp(input->path, "-") != 0)
            close_input(input);
    }
    if (!all_regular)
        self->bytes_all = 0;
    return 0;
}

int source_file_open(struct source *source, const char *const *paths,
                     size_t count, size_t bytes_max, int64_t now_ms,
                     struct err *err)
{
    struct file_source *self = mem_new(1, sizeof *self);

    ASSERT(count > 0);
    self->inputs = mem_new(count, sizeof *self->inputs);
    self->count = count;
    self->bytes_max = bytes_max;
    self->capacity = bytes_max + BLOCK_BYTES;
    self->buffer = mem_new(self->capacity, 1);
    self->now_ms = now_ms;
    self->state = SOURCE_READING;
    for (size_t i = 0; i < count; i++)
        self->inputs[i] = (struct input){.path = paths[i], .descriptor = -1};
    if (look_at_inputs(self, err) < 0) {
        file_free(self);
        return -1;
    }
    *source = (struct source){.self = self,
                              .poll = file_poll,
                              .state = file_state,
                              .lag = file_lag,
                              .free = file_free};
    return 0;
}

void source_file_progress(const struct source *source, uint64_t *bytes_read,
                          uint64_t *bytes_all)
{
    const struct file_source *self = source->self;

    *bytes_read = self->bytes_read;
    *bytes_all = self->bytes_all;
}
