/* demo_guide.c - what the demo prints for a person: the first diagnosis, and how to attach. */
#include "base/err.h"
#include "base/json.h"
#include "cmd/demo_private.h"

static const char *or_dash(const char *s)
{
    return s ? s : "-";
}

static const char *text_at(const cJSON *list, const char *place)
{
    const cJSON *item = json_path(list, place);
    return or_dash(cJSON_IsString(item) ? item->valuestring : NULL);
}

bool demo_print_diagnosis(struct demo *d, struct err *e)
{
    cJSON *arguments = json_object(d->arena);
    json_set_str(d->arena, arguments, "route", "shop-pay");
    const cJSON *out = demo_call(d, "diagnose", arguments, e);
    const cJSON *first = json_path(out, "verdicts[0]"), *fact;
    if (!first)
        return err_set(e, ERR_PROTO, "diagnose named no verdict");

    demo_say("\ndiagnose (asked through MCP): route shop-pay");
    demo_say("  %s, confidence %s", or_dash(json_str(first, "code")),
             or_dash(json_str(first, "confidence")));
    cJSON_ArrayForEach(fact, json_get(first, "evidence"))
        demo_say("  - %s: %s", text_at(fact, "[0]"), text_at(fact, "[1]"));
    const char *code = json_str(first, "code");
    if (!code || strcmp(code, "UPSTREAM_REFUSED") != 0)
        return err_set(e, ERR_GATEWAY, "payments refuse connections, and diagnose does not say so");
    return true;
}

void demo_print_guide(const struct demo *d)
{
    demo_say("\n"
             "shop      http://127.0.0.1:%d (Host: shop.example.com)%s\n"
             "console   http://127.0.0.1:%d (admin / admin), REST API only\n"
             "MCP       http://127.0.0.1:%d/mcp",
             d->gateway_port, d->envoy ? "" : ": not served, there is no Envoy", d->console_port,
             d->mcp_port);
    demo_say("\nattach a client:\n"
             "  Claude Code  claude mcp add --transport http higress http://127.0.0.1:%d/mcp\n"
             "  Cursor       ~/.cursor/mcp.json:  {\"mcpServers\":{\"higress\":{\"url\":"
             "\"http://127.0.0.1:%d/mcp\"}}}\n"
             "  VS Code      .vscode/mcp.json:    {\"servers\":{\"higress\":{\"type\":\"http\","
             "\"url\":\"http://127.0.0.1:%d/mcp\"}}}\n"
             "  Inspector    npx @modelcontextprotocol/inspector --transport http --server-url "
             "http://127.0.0.1:%d/mcp",
             d->mcp_port, d->mcp_port, d->mcp_port, d->mcp_port);
    demo_say("\nask it, for instance: why do payments fail? | limit the catalog to 5 requests a "
             "second\n"
             "approve what it plans, where the client cannot ask you:\n"
             "  higress-ops approve ID --config %s\n"
             "Ctrl-C ends everything.",
             d->config_file);
}
