/* fault.c - what may break, how often, and what the client is told then.
 *
 * A new fault is a row; one that is an answer names the function that bends the right one.
 */
#include "chaos.h"

enum { ON_READ = 1, ON_WRITE = 2, BOTH = ON_READ | ON_WRITE };

unsigned chance_below(struct chance *c, unsigned n)
{
    c->state = c->state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(c->state >> 33) % n;
}

bool chance_of(struct chance *c, unsigned percent)
{
    return chance_below(c, 100) < percent;
}

/* One answer being bent. */
struct bent {
    struct chance *chance;
    struct arena *arena;
    const char *method, *body; /* of the request */
    struct embedded_answer *out;
};

static void answer_with(struct bent *x, int status, const char *type, const char *body)
{
    *x->out = (struct embedded_answer){ .status = status, .body = body, .len = strlen(body) };
    x->out->headers[0] = (struct embedded_header){ "content-type", type };
}

static const char page[] = "<!doctype html><html><body><h1>Sign in</h1></body></html>";
static const char no[] = "{\"success\":false,\"message\":\"the console stumbled\"}";

static void bend_half(struct bent *x)
{
    x->out->len /= 2;
}

static void bend_500(struct bent *x)
{
    answer_with(x, 500, "application/json", no);
}

static void bend_409(struct bent *x)
{
    answer_with(x, 409, "application/json", no);
}

static void bend_client(struct bent *x)
{
    static const int client[] = { 400, 401, 403, 404, 405, 413, 415 };
    answer_with(x, client[chance_below(x->chance, 7)], "application/json", no);
}

static void bend_proxy(struct bent *x)
{
    answer_with(x, 502 + (int)chance_below(x->chance, 3), "text/html", page);
}

static void bend_page(struct bent *x)
{
    answer_with(x, 200, "text/html", page);
}

static void bend_wrong(struct bent *x)
{
    static const char *const shapes[] = {
        "{}",
        "[]",
        "null",
        "\"ok\"",
        "{\"success\":true}",
        "{\"success\":true,\"data\":null}",
        "{\"success\":true,\"data\":{\"name\":\"another\",\"pluginName\":\"another\"}}",
        "{\"success\":false,\"message\":\"no\",\"data\":null}",
        "{\"success\":\"true\",\"data\":{}}",
        "{\"name\":\"another\",\"pluginName\":\"another\",\"enabled\":true}",
        "{\"code\":0,\"result\":%.*s}",
    };
    unsigned n = chance_below(x->chance, sizeof shapes / sizeof *shapes);
    const char *text = shapes[n];
    if (strchr(text, '%'))
        text =
            arena_printf(x->arena, "{\"code\":0,\"result\":%.*s}", (int)x->out->len, x->out->body);
    answer_with(x, 200, "application/json", text);
}

static void bend_lie(struct bent *x)
{
    bool gone = !strcmp(x->method, "DELETE");
    const char *echo = x->body ? x->body : "";
    bool empty = gone || chance_of(x->chance, 50);
    answer_with(x, gone ? 204 : 200, "application/json", empty ? "" : echo);
}

static const struct {
    const char *name;
    unsigned sides, weight;
    bool before; /* the console is not asked */
    void (*bend)(struct bent *x);
} faults[FAULTS] = {
    [FAULT_NONE] = { "none", 0, 0 },
    [FAULT_LATENCY] = { "latency", BOTH, 10 },
    [FAULT_RESET_BEFORE] = { "reset before", BOTH, 6, .before = true },
    [FAULT_RESET_AFTER] = { "reset after", BOTH, 8 },
    [FAULT_CLOSE_BEFORE] = { "closed before", BOTH, 4, .before = true },
    [FAULT_CLOSE_AFTER] = { "closed after", BOTH, 4 },
    [FAULT_TRUNCATED] = { "truncated body", BOTH, 6 },
    [FAULT_CUT_JSON] = { "half the JSON", BOTH, 6, .bend = bend_half },
    [FAULT_500_BEFORE] = { "500 before", BOTH, 4, .before = true, .bend = bend_500 },
    [FAULT_500_AFTER] = { "500 after success", ON_WRITE, 8, .bend = bend_500 },
    [FAULT_409_BEFORE] = { "409 before", ON_WRITE, 4, .before = true, .bend = bend_409 },
    [FAULT_409_AFTER] = { "409 after success", ON_WRITE, 8, .bend = bend_409 },
    [FAULT_4XX_AFTER] = { "4xx after success", ON_WRITE, 6, .bend = bend_client },
    [FAULT_PROXY_BEFORE] = { "502-504 before", BOTH, 4, .before = true, .bend = bend_proxy },
    [FAULT_PROXY_AFTER] = { "502-504 after", ON_WRITE, 4, .bend = bend_proxy },
    [FAULT_HTML_BEFORE] = { "HTML with 200", BOTH, 6, .before = true, .bend = bend_page },
    [FAULT_HTML_AFTER] = { "HTML, done", ON_WRITE, 6, .bend = bend_page },
    [FAULT_ENVELOPE_BEFORE] = { "wrong envelope", BOTH, 8, .before = true, .bend = bend_wrong },
    [FAULT_ENVELOPE_AFTER] = { "wrong envelope, done", ON_WRITE, 8, .bend = bend_wrong },
    [FAULT_LIE] = { "success, not done", ON_WRITE, 4, .before = true, .bend = bend_lie },
    [FAULT_HANG_BEFORE] = { "no answer", BOTH, 1, .before = true },
    [FAULT_HANG_AFTER] = { "no answer, done", ON_WRITE, 1 },
    [FAULT_LATE] = { "no answer, done late", ON_WRITE, 1, .before = true },
};

const char *fault_name(enum fault f)
{
    return faults[f].name;
}

bool fault_is_before(enum fault f)
{
    return faults[f].before;
}

enum fault fault_draw(struct chance *c, unsigned rate, bool write)
{
    unsigned sum = 0, at, side = write ? ON_WRITE : ON_READ;
    if (!chance_of(c, rate))
        return FAULT_NONE;
    for (int f = 1; f < FAULTS; f++)
        sum += faults[f].sides & side ? faults[f].weight : 0;
    at = chance_below(c, sum);
    for (int f = 1; f < FAULTS; f++) {
        unsigned weight = faults[f].sides & side ? faults[f].weight : 0;
        if (at < weight)
            return (enum fault)f;
        at -= weight;
    }
    return FAULT_NONE;
}

void fault_bend(enum fault f, struct chance *c, struct arena *a, const char *method,
                const char *body, struct embedded_answer *out)
{
    struct bent x = { c, a, method, body, out };
    if (faults[f].bend)
        faults[f].bend(&x);
}
