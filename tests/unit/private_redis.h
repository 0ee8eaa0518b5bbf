/* private_redis: a redis-server of a test's own, on a free port, in a
 * directory of its own, ended by its pid. It dies with the test too. */
#ifndef TERKAIT_PRIVATE_REDIS_H
#define TERKAIT_PRIVATE_REDIS_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct private_redis {
    pid_t pid; /* 0: does not run */
    int port;
    char directory[64];
    char socket[80];
    char url[64];
};

static struct sockaddr_in private_address(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A socket bound to a free port of the loopback; not listening yet. */
static int private_bind(int *port)
{
    struct sockaddr_in address = private_address(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        abort();
    *port = ntohs(address.sin_port);
    return fd;
}

static int private_can_connect(int port)
{
    struct sockaddr_in address = private_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);

    close(fd);
    return result == 0;
}

/* It stands still when this returns; a signal alone is not that quick. */
static inline void private_redis_freeze(const struct private_redis *server)
{
    int status;

    kill(server->pid, SIGSTOP);
    while (waitpid(server->pid, &status, WUNTRACED) == server->pid &&
           !WIFSTOPPED(status))
        ;
}

static inline void private_redis_stop(struct private_redis *server, int with)
{
    if (server->pid == 0)
        return;
    kill(server->pid, with);
    if (with != SIGKILL) /* which a stopped process does not outlive */
        kill(server->pid, SIGCONT);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

static _Noreturn void private_redis_become(const struct private_redis *server,
                                           const char *option,
                                           const char *value)
{
    char port[16];
    int quiet = open("/dev/null", O_WRONLY);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(quiet, STDOUT_FILENO);
    snprintf(port, sizeof port, "%d", server->port);
    execlp("redis-server", "redis-server", "--port", port, "--bind",
           "127.0.0.1", "--dir", server->directory, "--save", "",
           "--unixsocket", server->socket, option, value, (char *)NULL);
    _exit(127);
}

/* (Re)starts it on its port, with one further option. -1 when there is no
 * redis-server on this machine. */
static inline int private_redis_run(struct private_redis *server,
                                    const char *option, const char *value)
{
    int status;

    server->pid = fork();
    if (server->pid == 0)
        private_redis_become(server, option, value);
    for (int i = 0; i < 1000; i++) {
        if (private_can_connect(server->port))
            return 0;
        if (waitpid(server->pid, &status, WNOHANG) == server->pid)
            break;
        usleep(10000);
    }
    server->pid = 0;
    return -1;
}

static inline int private_redis_start(struct private_redis *server,
                                      const char *option, const char *value)
{
    char directory[] = "/tmp/terkait-test-XXXXXX";
    int fd;

    memset(server, 0, sizeof *server);
    if (mkdtemp(directory) == NULL)
        abort();
    strcpy(server->directory, directory);
    snprintf(server->socket, sizeof server->socket, "%s/socket",
             server->directory);
    fd = private_bind(&server->port);
    close(fd);
    snprintf(server->url, sizeof server->url, "redis://127.0.0.1:%d",
             server->port);
    return private_redis_run(server, option, value);
}

static inline int private_remove(const char *path, const struct stat *status,
                                 int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void private_redis_end(struct private_redis *server)
{
    private_redis_stop(server, SIGTERM);
    nftw(server->directory, private_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
