/* explain_text.c - the answer in words: complete in itself, one fact a line. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "explain/explain_private.h"

enum { TEXT_MAX = 12 * 1024 };

static const char *answer_text(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "?";
}

static void say_words(struct buf *b, const char *before, const cJSON *list, const char *behind)
{
    const char *comma = before;
    const cJSON *w;
    cJSON_ArrayForEach(w, list)
    {
        buf_printf(b, "%s%s", comma, cJSON_IsString(w) ? w->valuestring : "?");
        comma = ", ";
    }
    if (json_count(list))
        buf_str(b, behind);
}

static void say_chosen_route(struct buf *b, const cJSON *answer)
{
    static const char *const made[][2] = { { "ai_route", "AI route" },
                                           { "mcp_server", "MCP server" },
                                           { "canary_of", "canary of" } };
    const char *route = json_str(answer, "route"), *host = json_str(answer, "virtual_host");
    const cJSON *order = json_get(answer, "order");
    if (!host) {
        buf_str(b, json_get(answer, "plain_host")
                       ? "no route: no host that answers by HTTPS is for this one\n"
                       : "no route: no route or domain is for this host (404 NR)\n");
        return;
    }
    if (!route)
        buf_printf(b, "no route takes it: none of the %.0f for %s%s (404 NR)\n",
                   json_num(order, "of", 0), host,
                   strcmp(host, "*") != 0 ? "" : ", the virtual host of hosts that have none");
    else
        buf_printf(b, "route %s, place %.0f of %.0f for %s\n", route, json_num(order, "place", 0),
                   json_num(order, "of", 0), host);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (json_get(answer, made[i][0]))
            buf_printf(b, "it is that of %s %s\n", made[i][1], answer_text(answer, made[i][0]));
}

static void say_order(struct buf *b, const cJSON *order)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, json_get(order, "lost"))
    {
        buf_printf(b, "lost: %s (%.0f) takes %s\n", answer_text(row, "route"),
                   json_num(row, "place", 0), answer_text(row, "takes"));
    }
    const char *comma = "others lost by ";
    cJSON_ArrayForEach(row, json_get(order, "others_lost_by"))
    {
        buf_printf(b, "%s%s %.0f", comma, row->string, row->valuedouble);
        comma = ", ";
    }
    if (json_count(json_get(order, "others_lost_by")))
        buf_str(b, "\n");
    say_words(b, "would take it too, but later: ", json_get(order, "would_take_too"), "\n");
    say_words(b, "hidden, of wider hosts: ", json_get(order, "hidden"), "\n");
}

static void say_service(struct buf *b, const cJSON *row)
{
    buf_printf(b, "to %s", answer_text(row, "service"));
    if (json_get(row, "port"))
        buf_printf(b, ":%.0f", json_num(row, "port", 0));
    if (json_get(row, "version"))
        buf_printf(b, " version %s", answer_text(row, "version"));
    if (json_get(row, "share"))
        buf_printf(b, " %.0f %%", json_num(row, "share", 0));
    if (json_get(row, "canary"))
        buf_printf(b, " (canary %s)", answer_text(row, "canary"));
    say_words(b, " at ", json_get(row, "endpoints"), "");
    buf_str(b, json_true(row, "missing") ? " which does not exist\n" : "\n");
}

static void say_effect(struct buf *b, const cJSON *answer)
{
    const cJSON *to = json_get(answer, "redirect"), *up = json_get(answer, "upstream"), *row;
    if (to)
        buf_printf(b, "answered %.0f to %s (%s)\n", json_num(to, "code", 0), answer_text(to, "to"),
                   answer_text(to, "by"));
    if (up)
        buf_printf(b, "upstream gets path %s", answer_text(up, "path"));
    if (json_get(up, "host"))
        buf_printf(b, " host %s", answer_text(up, "host"));
    say_words(b, " headers ", json_get(up, "headers"), "");
    if (up && json_get(answer, "ai_route"))
        buf_str(b, ", as ai-proxy changes them for the provider");
    if (up)
        buf_str(b, "\n");
    cJSON_ArrayForEach(row, json_get(answer, "services")) say_service(b, row);
    say_words(b, "response headers ", json_get(answer, "response_headers"), "\n");
    if (up)
        buf_printf(b, "timeout %s; retries %s\n", answer_text(answer, "timeout"),
                   answer_text(answer, "retries"));
    say_words(b, "limit ", json_get(answer, "limits"), "\n");
}

static void say_plugins(struct buf *b, const cJSON *plugins)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, plugins)
    {
        buf_printf(b, "plugin %s from %s", answer_text(row, "plugin"), answer_text(row, "from"));
        if (json_get(row, "does"))
            buf_printf(b, ": %s", answer_text(row, "does"));
        say_words(b, " (not ", json_get(row, "not"), ")");
        buf_str(b, "\n");
    }
}

char *explain_text(struct arena *a, const cJSON *answer)
{
    struct buf *b = buf_in(a, TEXT_MAX);
    say_chosen_route(b, answer);
    if (json_get(answer, "unsure"))
        buf_printf(b, "unsure: %s\n", answer_text(answer, "unsure"));
    if (json_get(answer, "dead_twin"))
        buf_printf(b, "%s takes the same requests and is dead\n", answer_text(answer, "dead_twin"));
    say_order(b, json_get(answer, "order"));
    say_effect(b, answer);
    say_plugins(b, json_get(answer, "plugins"));
    say_words(b, "annotations ", json_get(answer, "annotations"), "\n");
    const cJSON *note;
    cJSON_ArrayForEach(note, json_get(answer, "notes"))
    {
        buf_printf(b, "note: %s\n", cJSON_IsString(note) ? note->valuestring : "?");
    }
    return b->data;
}
