#include "terminal.h"

#include "mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { COLUMNS = 80, ROWS = 24, SIDE_MAX = 1000 };

/* The other screen, no cursor; and back. */
static const char enter[] = "\033[?1049h\033[?25l";
static const char leave[] = "\033[0m\033[?25h\033[?1049l";

struct terminal {
    int signals; /* descriptor of signalfd(2) */
    int has_keys;
    struct termios former;
    sigset_t former_mask;
};

int terminal_is_there(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDOUT_FILENO) && kind != NULL && kind[0] != '\0' &&
           strcmp(kind, "dumb") != 0;
}

int terminal_has_colours(void)
{
    const char *no = getenv("NO_COLOR");

    return no == NULL || no[0] == '\0';
}

int terminal_has_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strstr(value, "UTF-8") != NULL ||
                   strstr(value, "utf8") != NULL;
    }
    return 0;
}

static int write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);

        if (written < 0 && errno == EAGAIN)
            poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, 100);
        else if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

static int open_signals(struct terminal *terminal)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
    sigset_t mask;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        sigaddset(&mask, wanted[i]);
    if (sigprocmask(SIG_BLOCK, &mask, &terminal->former_mask) != 0)
        return -1;
    terminal->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (terminal->signals >= 0)
        return 0;
    sigprocmask(SIG_SETMASK, &terminal->former_mask, NULL);
    return -1;
}

/* Without a keyboard there are no keys; signals end it. */
static void open_keys(struct terminal *terminal)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) ||
        tcgetattr(STDIN_FILENO, &terminal->former) != 0)
        return;
    raw = terminal->former;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    terminal->has_keys = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
}

int terminal_open(struct terminal **out, struct err *err)
{
    struct terminal *terminal = mem_new(1, sizeof *terminal);

    if (open_signals(terminal) != 0) {
        free(terminal);
        return err_set(err, "signals: %s", strerror(errno));
    }
    open_keys(terminal);
    *out = terminal;
    if (write_all(enter, sizeof enter - 1) == 0)
        return 0;
    terminal_close(terminal);
    return err_set(err, "stdout: %s", strerror(errno));
}

void terminal_close(struct terminal *terminal)
{
    (void)!write_all(leave, sizeof leave - 1);
    if (terminal->has_keys)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->former);
    close(terminal->signals);
    sigprocmask(SIG_SETMASK, &terminal->former_mask, NULL);
    free(terminal);
}

static uint32_t bounded(unsigned short side, uint32_t otherwise)
{
    if (side == 0)
        return otherwise;
    return side < SIDE_MAX ? side : SIDE_MAX;
}

void terminal_size(const struct terminal *terminal, uint32_t *columns,
                   uint32_t *rows)
{
    struct winsize size = {0};

    (void)terminal;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    *columns = bounded(size.ws_col, COLUMNS);
    *rows = bounded(size.ws_row, ROWS);
}

/* Each row is cleared, then written, in one go: nothing flickers. (Clearing
 * behind a row that is full would take its last character.) */
int terminal_show(struct terminal *terminal, const struct strbuf *rows)
{
    struct strbuf out = STRBUF_EMPTY;
    int result;

    (void)terminal;
    strbuf_add_text(&out, "\033[H\033[K");
    for (size_t i = 0; i < rows->length; i++) {
        strbuf_add_char(&out, rows->bytes[i]);
        if (rows->bytes[i] == '\n')
            strbuf_add_text(&out, "\033[K");
    }
    strbuf_add_text(&out, "\033[0m");
    result = write_all(out.bytes, out.length);
    strbuf_deinit(&out);
    return result;
}

static enum terminal_event take_signals(struct terminal *terminal)
{
    struct signalfd_siginfo info;
    enum terminal_event event = TERMINAL_NOTHING;

    while (read(terminal->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGWINCH)
            return TERMINAL_END;
        event = TERMINAL_RESIZED;
    }
    return event;
}

/* Ctrl-C comes as a signal. No byte where one was promised: nobody types. */
static enum terminal_event take_keys(struct terminal *terminal)
{
    char keys[64];
    ssize_t count = read(STDIN_FILENO, keys, sizeof keys);

    if (count <= 0)
        terminal->has_keys = errno == EAGAIN && count < 0;
    for (ssize_t i = 0; i < count; i++)
        if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == 3 || keys[i] == 4)
            return TERMINAL_END;
    return TERMINAL_NOTHING;
}

enum terminal_event terminal_wait(struct terminal *terminal, int descriptor,
                                  int64_t wait_ms)
{
    struct pollfd fds[] = {
        {terminal->signals, POLLIN, 0},
        {terminal->has_keys ? STDIN_FILENO : -1, POLLIN, 0},
        {descriptor, POLLIN, 0},
    };

    if (poll(fds, sizeof fds / sizeof fds[0], (int)wait_ms) <= 0)
        return TERMINAL_NOTHING;
    if (fds[1].revents != 0 && take_keys(terminal) == TERMINAL_END)
        return TERMINAL_END;
    return fds[0].revents != 0 ? take_signals(terminal) : TERMINAL_NOTHING;
}
