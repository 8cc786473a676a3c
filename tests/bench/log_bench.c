/* log_bench.c - lines of three pods as they were received: merged by time and filtered. Prints
 * "merge MB/s", "both MB/s" and "rows N", the best of five rounds by the process' own clock.
 *
 *     log_bench LINES
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "signal/log_source_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PODS = 3, ROUNDS = 5 };

static void add_line(struct buf *b, int i)
{
    buf_printf(
        b,
        "2026-11-30T09:%02d:%02d.%09dZ "
        "{\"ai_log\":\"-\",\"authority\":\"shop.example.com\",\"bytes_received\":\"0\","
        "\"bytes_sent\":\"512\",\"downstream_local_address\":\"10.0.0.1:443\","
        "\"downstream_remote_address\":\"10.1.2.3:5%04d\",\"duration\":\"%d\","
        "\"istio_policy_status\":\"-\",\"method\":\"GET\",\"path\":\"/orders/%d?page=2&k=v\","
        "\"protocol\":\"HTTP/1.1\",\"request_id\":\"0b1f2c3d-4e5f-6789-abcd-ef01%08d\","
        "\"requested_server_name\":\"shop.example.com\",\"response_code\":\"%d\","
        "\"response_flags\":\"-\",\"route_name\":\"%s\",\"start_time\":"
        "\"2026-11-30T09:%02d:%02d.000Z\",\"trace_id\":\"-\",\"upstream_cluster\":"
        "\"outbound|80||shop.static\",\"upstream_host\":\"10.0.0.9:80\","
        "\"upstream_local_address\":\"10.0.0.1:4%04d\",\"upstream_service_time\":\"%d\","
        "\"upstream_transport_failure_reason\":\"-\",\"user_agent\":\"Mozilla/5.0 (X11; "
        "Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
        "Safari/537.36\",\"x_forwarded_for\":\"10.1.2.3\",\"response_code_details\":"
        "\"via_upstream\"}\n",
        i / 60000 % 60, i / 1000 % 60, i % 1000 * 1000000, i % 10000, i % 90, i, i,
        i % 50 ? 200 : 503, i % 7 ? "orders" : "pay", i / 60000 % 60, i / 1000 % 60, i % 10000,
        i % 80);
}

static bool count_row(void *arg, const cJSON *row)
{
    int *n = arg;
    (void)row;
    return ++*n >= 0;
}

static double seconds_since(clock_t began)
{
    return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* The part stands for what Loki gave last: nothing is asked for. */
static int filter(struct arena *a, const struct log_part *part)
{
    struct config c = { .logs = { .from = LOGS_LOKI } };
    struct log_source *s = log_source_new(a, NULL, &c, NULL);
    struct log_part one = *part;
    struct log_chain chain = { .parts = &one, .count = 1, .ended = true, .before = LOG_MOMENT_NOW };
    struct accesslog_query q = {
        .route = "pay", .status_class = 5, .limit = 1000000, .max_scan = (size_t)1 << 30
    };
    struct err e = { 0 };
    int rows = 0;

    s->chains = &chain;
    if (!accesslog_read(a, s, &q, count_row, &rows, NULL, &e))
        bug("%s", e.text);
    return rows;
}

int main(int argc, char **argv)
{
    int lines = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100000, rows = 0;
    struct log_stream streams[PODS];
    double merge = 1e9, both = 1e9, bytes = 0;

    for (int p = 0; p < PODS; p++) {
        struct buf *b = buf_in(arena_new(), (size_t)1 << 30);
        for (int i = p; i < lines; i += PODS)
            add_line(b, i);
        streams[p] = (struct log_stream){ "gw", b->data, b->len, false };
        bytes += (double)b->len;
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        struct log_part part;
        clock_t began = clock();
        log_merge(a, streams, PODS, LOG_MOMENT_NOW, true, &part);
        double merged = seconds_since(began);
        rows = filter(a, &part);
        double all = seconds_since(began);
        merge = merged < merge ? merged : merge;
        both = all < both ? all : both;
        arena_free(a);
    }
    printf("merge %.0f\nboth %.0f\nrows %d\n", bytes / merge / 1e6, bytes / both / 1e6, rows);
    return 0;
}
