/* late.c - a server whose every answer takes its time: late PORT MILLISECONDS answers each HTTP
 * request so long after it came, any number side by side. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { FDS = 65536, ASKED = 1, TIMER = 2 };
static int kind[FDS], other[FDS]; /* of a timer: whom it wakes */

static void watch(int loop, int fd, int what)
{
    struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
    kind[fd] = what;
    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e);
}

static void hear(int loop, int fd, long late)
{
    char request[4096];
    if (read(fd, request, sizeof request) <= 0) {
        close(fd);
        return;
    }
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec when = { .it_value = { late / 1000, late % 1000 * 1000000 } };
    timerfd_settime(t, 0, &when, NULL);
    other[t] = fd;
    watch(loop, t, TIMER);
}

int main(int argc, char **argv)
{
    static const char answer[] = "HTTP/1.1 204 Late\r\n\r\n";
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0), yes = 1;
    if (argc != 3)
        return 2;
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024))
        return 1;
    watch(loop, listener, 0);
    for (;;) {
        struct epoll_event seen[64];
        int n = epoll_wait(loop, seen, 64, -1);
        for (int i = 0; i < n; i++) {
            int fd = seen[i].data.fd;
            if (fd == listener) {
                watch(loop, accept(listener, NULL, NULL), ASKED);
            } else if (kind[fd] == TIMER) {
                send(other[fd], answer, sizeof answer - 1, MSG_NOSIGNAL);
                close(fd);
            } else {
                hear(loop, fd, atol(argv[2]));
            }
        }
    }
}
