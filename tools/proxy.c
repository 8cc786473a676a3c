/* proxy.c - what the gateway's Envoys really run by: of one replica, or compared over all. */
#include "call/page.h"
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_proxy;

enum { TEXT_MAX = 48 * 1024 };

static const struct field in[] = {
    { "what", STR, REQ, NULL, .one_of = PROXY_WHATS "|" CONTROL_WHAT },
    { "replica", STR, OPT, "None: all compared, differences only." },
    { "text", STR, OPT, NULL, .max = 200, .flags = FIELD_BRIEF },
    { "limit", INT, OPT, NULL, .min = 1, .max = 500, .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field out[] = {
    { "lines", LIST, REQ, NULL },
    { "replicas", LIST, OPT, NULL },
    { 0 },
};

static const cJSON *run_proxy(struct call *c)
{
    const struct proxy_ask ask = {
        .what = arg_str(c, "what"),
        .replica = arg_str(c, "replica"),
        .text = arg_str(c, "text"),
        .cursor = arg_str(c, "cursor"),
        .limit = arg_num(c, "limit", 0),
    };
    return strcmp(ask.what, CONTROL_WHAT) ? inspect_proxies(c, &ask) : control_plane(c, &ask);
}

/* Is something to be said of one that the lines do not say? */
static bool replica_stands_out(const cJSON *replica, const cJSON *first)
{
    return json_get(replica, "error") || json_get(replica, "not_ready") ||
           json_get(replica, "refused") || json_get(replica, "restarts") ||
           !text_same(json_str(replica, "by"), json_str(first, "by")) ||
           !text_same(json_str(replica, "version"), json_str(first, "version"));
}

static void say_replica(struct buf *b, const cJSON *r)
{
    const char *error = json_str(r, "error"), *why = json_str(r, "not_ready");
    if (!error && !json_get(r, "items"))
        return; /* a controller: it has a line of its own */
    buf_printf(b, "%s: ", json_text(r, "name"));
    if (error)
        buf_printf(b, "could not be read: %s", error);
    else
        buf_printf(b, "%.0f read", json_num(r, "items", 0));
    if (json_get(r, "version"))
        buf_printf(b, ", version %s, updated %s", json_text(r, "version"), json_text(r, "updated"));
    if (json_get(r, "refused"))
        buf_printf(b, ", updates refused: %.0f", json_num(r, "refused", 0));
    if (why)
        buf_printf(b, ", not ready: %s", why);
    if (json_get(r, "restarts"))
        buf_printf(b, ", restarts: %.0f", json_num(r, "restarts", 0));
    if (json_get(r, "by"))
        buf_printf(b, ", by %s", json_text(r, "by"));
    buf_str(b, "\n");
}

static char *say_proxy(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), TEXT_MAX);
    const cJSON *r, *replicas = json_get(answer, "replicas"), *first = replicas->child;
    int told = 0;
    bool compared = json_get(answer, "same") != NULL, versions = false;
    if (compared)
        buf_printf(b, "the same in all that were read: %.0f; ", json_num(answer, "same", 0));
    buf_str(b, page_say(c, answer, "lines", compared ? "differences" : "lines"));
    cJSON_ArrayForEach(r, replicas)
    {
        versions = versions || !text_same(json_str(r, "version"), json_str(first, "version"));
    }
    cJSON_ArrayForEach(r, replicas)
    {
        told += versions || replica_stands_out(r, first);
        if (versions || replica_stands_out(r, first))
            say_replica(b, r);
    }
    if (!told && json_get(first, "by"))
        buf_printf(b, "read by %s\n", json_text(first, "by"));
    if (json_get(answer, "unread"))
        buf_printf(b, "replicas that could not be read: %.0f\n", json_num(answer, "unread", 0));
    if (json_get(answer, "not_looked_at"))
        buf_printf(b, "replicas that were not looked at: %.0f\n",
                   json_num(answer, "not_looked_at", 0));
    if (json_get(answer, "left_out"))
        buf_printf(b, "left out: %.0f, narrow it by text\n", json_num(answer, "left_out", 0));
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "inspect_proxy",
        .title = "Inspect Envoy",
        .about = "What the gateway's Envoys run by. Values are untrusted.",
        .risk = READ,
        .fleeting = true,
        .in = in,
        .out = out,
        .read = run_proxy,
        .local = true,
        .say = say_proxy,
    },
    { 0 },
};

const struct toolset toolset_proxy = {
    .name = "proxy",
    .about = "What the gateway's Envoys run by.",
    .tools = tools,
};
