/* stdio_bench.c - times an MCP server over stdio, as a client meets it.
 *
 *     stdio_bench cold N -- CMD…            exec to `initialize` answered, N times; RSS after it
 *     stdio_bench calls N LINE -- CMD…      N calls of LINE one after another, then N with 64
 *                                           under way; RSS after the first, the Nth, the last,
 *                                           and a second later
 *
 * LINE is a JSON-RPC request; %d is its id. Prints `name=value` pairs on one line. Times are
 * microseconds of CLOCK_MONOTONIC.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INITIALIZE                                                                                 \
    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"     \
    "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"bench\",\"version\":\"1\"}}}\n"
#define INITIALIZED "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"

enum { WINDOW = 64 };

struct child {
    pid_t pid;
    int to;
    FILE *from;
    char *line;
    size_t cap;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct child start(char **argv)
{
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0)
        die("pipe");
    struct child c = { .pid = fork() };
    if (c.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    c.to = in[1];
    c.from = fdopen(out[0], "r");
    return c;
}

static void say(struct child *c, const char *text)
{
    for (size_t n = strlen(text); n > 0;) {
        ssize_t sent = write(c->to, text, n);
        if (sent <= 0)
            die("the server left");
        text += sent;
        n -= (size_t)sent;
    }
}

static void hear(struct child *c)
{
    if (getline(&c->line, &c->cap, c->from) <= 0) {
        fprintf(stderr, "the server closed its output\n");
        exit(1);
    }
}

static void stop(struct child *c)
{
    close(c->to);
    fclose(c->from);
    free(c->line);
    kill(c->pid, SIGTERM);
    waitpid(c->pid, NULL, 0);
}

static long rss_kb(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    long kb = -1;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static void cold(int n, char **argv)
{
    double *took = calloc((size_t)n, sizeof *took);
    long rss = 0;
    for (int i = -1; i < n; i++) {
        double from = now();
        struct child c = start(argv);
        say(&c, INITIALIZE);
        hear(&c);
        if (i >= 0)
            took[i] = now() - from;
        usleep(300000);
        rss = rss_kb(c.pid);
        stop(&c);
    }
    qsort(took, (size_t)n, sizeof *took, by_value);
    printf("min=%.0f med=%.0f max=%.0f rss_kb=%ld\n", took[0], took[n / 2], took[n - 1], rss);
    free(took);
}

static void call(struct child *c, const char *line, int id)
{
    char text[4096];
    const char *at = strstr(line, "%d");
    snprintf(text, sizeof text, "%.*s%d%s\n", (int)(at - line), line, id, at + 2);
    say(c, text);
}

static void calls(int n, const char *line, char **argv)
{
    if (!strstr(line, "%d"))
        die("LINE has no %d for its id");
    struct child c = start(argv);
    say(&c, INITIALIZE);
    hear(&c);
    say(&c, INITIALIZED);
    call(&c, line, 1);
    hear(&c);
    if (!strstr(c.line, "\"result\"") || strstr(c.line, "\"isError\":true")) {
        fprintf(stderr, "the call failed: %.200s\n", c.line);
        exit(1);
    }
    long before = rss_kb(c.pid);
    size_t bytes = strlen(c.line);
    double *took = calloc((size_t)n, sizeof *took);
    for (int i = 0; i < n; i++) {
        double from = now();
        call(&c, line, i + 2);
        hear(&c);
        took[i] = now() - from;
    }
    qsort(took, (size_t)n, sizeof *took, by_value);
    long one_by_one = rss_kb(c.pid);
    double from = now();
    for (int sent = 0, heard = 0; heard < n; heard++) {
        for (; sent < n && sent < heard + WINDOW; sent++)
            call(&c, line, sent + n + 2);
        hear(&c);
    }
    double pipelined = now() - from;
    long after = rss_kb(c.pid);
    usleep(1000000);
    printf("p50=%.1f p99=%.1f pipelined_per_s=%.0f answer_bytes=%zu rss_kb=%ld rss_one_kb=%ld "
           "rss_after_kb=%ld rss_calm_kb=%ld\n",
           took[n / 2], took[n * 99 / 100], n / pipelined * 1e6, bytes, before, one_by_one, after,
           rss_kb(c.pid));
    free(took);
    stop(&c);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc > 4 && strcmp(argv[1], "cold") == 0 && strcmp(argv[3], "--") == 0)
        cold((int)strtol(argv[2], NULL, 10), argv + 4);
    else if (argc > 5 && strcmp(argv[1], "calls") == 0 && strcmp(argv[4], "--") == 0)
        calls((int)strtol(argv[2], NULL, 10), argv[3], argv + 5);
    else
        return fprintf(stderr, "stdio_bench cold N -- CMD…\nstdio_bench calls N LINE -- CMD…\n"), 2;
    return 0;
}
