/* probe.c - do the endpoints of an object answer, asked from here? What is sent is in probe/. */
#include "call/signal.h"
#include "tool.h"

extern const struct toolset toolset_probe;

enum { TEXT_MAX = 64 << 10, ROWS_TEXT = 40 << 10, ROWS_TOLD = 20, CERTIFICATES_TOLD = 3 };

static const struct field in[] = {
    { "kind", STR, OPT, NULL, .one_of = "route|service|ai-provider|mcp-server|domain" },
    { "name", STR, OPT, NULL, .max = 253, .flags = FIELD_BRIEF },
    { "address", STR, OPT, "HOST:PORT of an endpoint, in place of kind and name.", .max = 260,
      .flags = FIELD_BRIEF },
    { "by", STR, OPT, NULL, .one_of = "tcp|tls|http|grpc" },
    { 0 },
};

static const struct field out[] = {
    { "probes", LIST, REQ, NULL },
    { "from", STR, REQ, NULL },
    { 0 },
};

static const cJSON *run_probe(struct call *c)
{
    const struct probe_asked asked = { arg_str(c, "kind"), arg_str(c, "name"),
                                       arg_str(c, "address"), arg_str(c, "by") };
    bool object = asked.kind && asked.name;
    if (object == (asked.address != NULL) || (!object && (asked.kind || asked.name)))
        return fail_null(c, "say kind and name of an object, or address");
    return probe_endpoints(c, &asked);
}

static void say_tls(struct buf *b, const cJSON *tls)
{
    const cJSON *one;
    int n = 0;
    if (!tls)
        return;
    buf_printf(b, "  %s, ALPN %s\n", json_text(tls, "version"), json_text(tls, "alpn"));
    cJSON_ArrayForEach(one, json_get(tls, "wrong"))
        buf_printf(b, "  wrong: %s\n", one->valuestring);
    cJSON_ArrayForEach(one, json_get(tls, "chain")) if (n++ < CERTIFICATES_TOLD)
        buf_printf(b, "  certificate %s by %s, until %s\n", json_text(one, "subject"),
                   json_text(one, "issuer"), json_text(one, "until"));
}

static void say_probe_row(struct buf *b, const cJSON *row)
{
    const cJSON *one;
    buf_printf(b, "%s %s: %s", json_text(row, "at"), json_text(row, "by"),
               json_text(row, "result"));
    if (json_get(row, "status"))
        buf_printf(b, ", HTTP %.0f", json_num(row, "status", 0));
    if (json_get(row, "ms"))
        buf_printf(b, ", %.1f ms", json_num(row, "ms", 0));
    buf_printf(b, " (sent: %s)\n", json_text(row, "sent"));
    if (json_str(row, "said"))
        buf_printf(b, "  it said: %s\n", json_text(row, "said"));
    if (json_str(row, "server"))
        buf_printf(b, "  %s, %.0f tools\n", json_text(row, "server"), json_num(row, "tools", 0));
    cJSON_ArrayForEach(one, json_get(row, "keys"))
        buf_printf(b, "  key %s: %s%s%s\n", json_text(one, "key"), json_text(one, "result"),
                   json_str(one, "said") ? ": " : "", json_text(one, "said"));
    say_tls(b, json_get(row, "tls"));
    cJSON_ArrayForEach(one, json_get(row, "envoy")) buf_printf(b, "  %s\n", one->valuestring);
}

static char *say_probes(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), TEXT_MAX);
    const cJSON *one;
    const char *comma = " ";
    int told = 0, all = json_count(json_get(answer, "probes"));
    buf_printf(b, "%s, asked by %s:", json_text(answer, "target"), json_text(answer, "from"));
    cJSON_ArrayForEach(one, json_get(answer, "counts"))
    {
        buf_printf(b, "%s%.0f %s", comma, one->valuedouble, one->string);
        comma = ", ";
    }
    buf_char(b, '\n');
    cJSON_ArrayForEach(one, json_get(answer, "probes"))
    {
        if (told == ROWS_TOLD || b->len > ROWS_TEXT)
            break;
        say_probe_row(b, one);
        told++;
    }
    double more = json_num(answer, "left_out", 0) + all - told;
    if (more > 0)
        buf_printf(b, "%.0f more are not shown here\n", more);
    cJSON_ArrayForEach(one, json_get(answer, "notes"))
        buf_printf(b, "note: %s\n", one->valuestring);
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "probe",
        .title = "Probe endpoints",
        .about = "Asks an object's endpoints from here: connect, TLS, HTTP, gRPC health, models, "
                 "MCP.",
        .risk = READ,
        .fleeting = true,
        .reaches_out = true,
        .in = in,
        .out = out,
        .read = run_probe,
        .say = say_probes,
    },
    { 0 },
};

const struct toolset toolset_probe = {
    .name = "probe",
    .about = "Do upstreams answer?",
    .tools = tools,
};
