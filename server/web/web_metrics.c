/* web_metrics.c - GET /metrics: our own figures as Prometheus' text format 0.0.4. What was counted
 * is base/meter.h's; figures of the moment are read here. */
#include "base/buf.h"
#include "base/fiber.h"
#include "base/meter.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "net/fetch.h"
#include "net/listen.h"
#include "version.h"
#include "web/web_private.h"
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_MAX = 4 << 20 };

/* -- who may -------------------------------------------------------------------------------- */

/* A proxy on this machine speaks for others. */
static bool is_of_this_machine(const struct http_exchange *x)
{
    static const char *const marks[] = { "forwarded", "x-forwarded-for", "x-real-ip", "via" };
    bool local =
        !strcmp(x->peer, "unix") || listen_is_local(x->peer) || text_starts(x->peer, "[::1]");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        local = local && !http_header(x, marks[i]);
    return local;
}

bool web_metrics_open(const struct web *w, struct http_exchange *x)
{
    switch (w->mcp->config->telemetry.metrics) {
    case METRICS_TOKEN:
        return web_known(w, x);
    case METRICS_ANY:
        return true;
    case METRICS_LOCAL:
        if (is_of_this_machine(x))
            return true;
        web_refuse(x, 403, NULL, RPC_INVALID_REQUEST, "Only this machine may read this");
        return false;
    case METRICS_OFF:
        break;
    }
    web_refuse(x, 404, NULL, RPC_INVALID_REQUEST, "http.metrics is off");
    return false;
}

/* -- of the moment -------------------------------------------------------------------------- */

static void write_held(struct buf *b, const struct mcp *m)
{
    const struct mcp_held held = mcp_held(m);
    int running = 0, waiting = 0;
    fetch_count(&running, &waiting);
    const struct {
        const char *name, *help;
        int value;
    } rows[] = {
        { "calls_in_flight", "Requests of clients that are worked on.", held.calls },
        { "sessions", "MCP sessions that are open.", held.sessions },
        { "streams", "Listen streams that are open.", held.streams },
        { "tasks", "Tasks that are kept.", held.tasks },
        { "subscriptions", "Resources that clients subscribed to.", held.watches },
        { "fibers", "Fibers that have begun and not ended.", fiber_count() },
        { "upstream_requests_running", "Requests under way.", running },
        { "upstream_requests_queued", "Requests that wait for their turn.", waiting },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[64];
        snprintf(name, sizeof name, "higress_ops_%s", rows[i].name);
        meter_gauge(b, name, "gauge", rows[i].help, rows[i].value);
    }
}

static int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n - 3; /* ".", "..", and the one that looks */
}

/* Unix seconds: now, less the age by the clock that counts from the boot; 0: not known. */
static double started_at(void)
{
    char text[1024];
    struct timespec since_boot;
    unsigned long long ticks = 0;
    FILE *f = fopen("/proc/self/stat", "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    const char *name_end = strrchr(text, ')'); /* the name may hold anything */
    const char *skip = "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
                       "%*d %llu";
    if (!name_end || sscanf(name_end + 2, skip, &ticks) != 1 ||
        clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0)
        return 0;
    double age = (double)since_boot.tv_sec + (double)since_boot.tv_nsec / 1e9 -
                 (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return when_now() - age;
}

/* What cannot be read is left out. */
static void write_process(struct buf *b)
{
    unsigned long long pages = 0, resident = 0;
    double started = started_at();
    struct rlimit most;
    struct timespec used;
    if (started > 0)
        meter_gauge(b, "process_start_time_seconds", "gauge", "When the process began.", started);
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%llu %llu", &pages, &resident) == 2) {
        double page = (double)sysconf(_SC_PAGESIZE);
        meter_gauge(b, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
                    (double)pages * page);
        meter_gauge(b, "process_resident_memory_bytes", "gauge", "Memory in RAM.",
                    (double)resident * page);
    }
    if (f)
        fclose(f);
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        meter_gauge(b, "process_cpu_seconds_total", "counter", "Processor time used.",
                    (double)used.tv_sec + (double)used.tv_nsec / 1e9);
    if (getrlimit(RLIMIT_NOFILE, &most) == 0)
        meter_gauge(b, "process_max_fds", "gauge", "Descriptors that may be open.",
                    (double)most.rlim_cur);
    if (open_descriptors() > 0)
        meter_gauge(b, "process_open_fds", "gauge", "Descriptors that are open.",
                    open_descriptors());
}

void web_metrics(struct web *w, struct http_exchange *x)
{
    static const struct http_header headers[] = {
        { "Content-Type", "text/plain; version=0.0.4; charset=utf-8" },
        { "Cache-Control", "no-store" },
        { 0 },
    };
    struct buf *b = buf_in(x->arena, PAGE_MAX);
    buf_str(b, "# HELP higress_ops_build_info The version of this program.\n"
               "# TYPE higress_ops_build_info gauge\n"
               "higress_ops_build_info{version=\"" HIGRESS_OPS_VERSION "\"} 1\n");
    meter_write(b);
    write_held(b, w->mcp);
    write_process(b);
    http_reply(x, 200, headers, b->data, b->len);
}
