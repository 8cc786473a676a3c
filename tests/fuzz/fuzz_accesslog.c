/* fuzz_accesslog.c - whatever a client sends: it writes no record of its own into the access log,
 * nothing hidden is shown, what is masked stays so, and a search finds what reading everything
 * finds. The first byte says which field the rest stands in, the second what is searched for.
 *
 * fuzz: -runs=20000 -max_len=2048 -timeout=20
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "signal/accesslog.h"
#include "signal/accesslog_line_private.h"
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AUTHORITY, PATH, QUERY, SNI, AGENT, ADDRESS, FIELDS, RAW, FIELD_COUNT };

static const char secret[] = "Zq7-hush-4KpW2xVn";

static void must(bool held, const char *what, const char *line)
{
    if (!held)
        bug("fuzz_accesslog: %s: %s", what, line);
}

/* A line of Higress' format with the text where it belongs, as Envoy writes it: not escaped. */
static char *line_of(struct arena *a, int field, const char *text)
{
    const char *f[FIELD_COUNT] = {
        "shop.example.com", "/orders", "x=1", "-", "curl/8", "10.0.0.1"
    };

    if (field < FIELDS)
        f[field] = text;
    return arena_printf(
        a,
        "{\"ai_log\":\"-\",\"authority\":\"%s\",\"bytes_received\":\"0\",\"bytes_sent\":\"0\","
        "\"downstream_local_address\":\"-\",\"downstream_remote_address\":\"-\",\"duration\":\"5\","
        "\"istio_policy_status\":\"-\",\"method\":\"GET\",\"path\":\"%s?%s&token=%s\","
        "\"protocol\":\"HTTP/1.1\",\"request_id\":\"r\",\"requested_server_name\":\"%s\","
        "\"response_code\":\"200\",\"response_flags\":\"-\",\"route_name\":\"shop\",\"start_time\":"
        "\"-\","
        "\"trace_id\":\"-\",\"upstream_cluster\":\"c\",\"upstream_host\":\"h\","
        "\"upstream_local_address\":\"-\",\"upstream_service_time\":\"3\","
        "\"upstream_transport_failure_reason\":\"-\",\"user_agent\":\"%s\",%s"
        "\"x_forwarded_for\":\"%s\",\"response_code_details\":\"via_upstream\"}",
        f[AUTHORITY], f[PATH], f[QUERY], secret, f[SNI], f[AGENT],
        field == FIELDS
            ? arena_printf(a, "\"cookie\":\"sid=%s; %s\",\"authorization\":\"Bearer %s\",", secret,
                           text, secret)
            : "",
        f[ADDRESS]);
}

static bool is_or_absent(const cJSON *row, const char *key, const char *value)
{
    const char *s = json_str(row, key);

    return !json_get(row, key) || (s && !strcmp(s, value));
}

static void check_record(struct arena *a, int field, const char *text)
{
    const char *line = line_of(a, field, text);
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    must(row != NULL, "a line of the gateway is a record", line);
    must(is_or_absent(row, "response_code", "200") && is_or_absent(row, "route_name", "shop") &&
             is_or_absent(row, "upstream_cluster", "c") && is_or_absent(row, "upstream_host", "h"),
         "no client says how its request went", line);
    must(json_true(row, "forged") || json_get(row, "route_name"), "a sound record is whole", line);
    must(!strstr(json_print(a, row), "hush"), "nothing hidden is shown", line);
}

static void check_raw(struct arena *a, const char *text)
{
    char *line = arena_printf(a, "%s \"GET /x?token=%s HTTP/1.1\" 503", text, secret);
    size_t n = strlen(line);

    log_blank(line, n);
    must(!strstr(json_print(a, log_raw(a, line, n)), "hush"), "no raw line shows it", line);
    char *once = log_mask_text(a, line);
    must(!strcmp(once, log_mask_text(a, once)), "masked twice is masked once", once);
}

struct found {
    struct arena *a;
    cJSON *rows;
    const char *text; /* NULL: all */
};

static bool has(const cJSON *row, const char *text)
{
    for (const cJSON *m = row->child; m; m = m->next)
        if ((cJSON_IsString(m) && strstr(m->valuestring, text)) || (m->child && has(m, text)))
            return true;
    return false;
}

static bool keep(void *arg, const cJSON *row)
{
    struct found *f = arg;

    if (!json_get(row, "raw") && (!f->text || has(row, f->text)))
        json_add(f->a, f->rows, json_clone(f->a, row));
    return true;
}

/* Two scans of one file: with the text as filter, and of everything. */
static void check_search(struct arena *a, int field, const char *text, uint8_t pick)
{
    static int file = -1;
    size_t n = strlen(text), at = n ? pick % n : 0;
    const char *needle = arena_strndup(a, text + at, n - at < 5 ? n - at : 5);
    char path[32];
    struct err e = { 0 };

    if (file < 0)
        file = memfd_create("log", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const char *log =
        arena_printf(a, "%s\n%s\n%s\n", line_of(a, field, text), text, line_of(a, AGENT, "plain"));
    must(ftruncate(file, 0) == 0 && pwrite(file, log, strlen(log), 0) == (ssize_t)strlen(log),
         "the file is written", "");
    struct found searched = { a, json_array(a), NULL }, all = { a, json_array(a), needle };
    accesslog_read(a, log_source_file(a, path),
                   &(struct accesslog_query){ .text = *needle ? needle : NULL }, keep, &searched,
                   NULL, &e);
    accesslog_read(a, log_source_file(a, path), &(struct accesslog_query){ 0 }, keep, &all, NULL,
                   &e);
    must(json_equal(searched.rows, all.rows), "a search finds what reading finds", log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    const char *text = size > 2 ? arena_strndup(a, (const char *)data + 2, size - 2) : "";
    int field = size ? data[0] % FIELD_COUNT : RAW;

    accesslog_parse(a, (const char *)data, size);
    if (!strstr(text, "hush")) {
        if (field == RAW)
            check_raw(a, text);
        else
            check_record(a, field, text);
        if (size > 1 && data[1] % 4 == 0) /* the dearest check */
            check_search(a, field, text, data[1]);
    }
    arena_free(a);
    return 0;
}
