/* check_mcp.c - the text of an MCP server about to be written, by the rows of trap_mcp_text.c: what
 * the plugin would refuse is refused here, what it would not do is a doubt. */
#include "base/json.h"
#include "rule/check_private.h"
#include "rule/mcp_text_private.h"

enum { SAID = 5 };

struct said {
    struct arena *a;
    const char *text; /* sentences, joined */
    int count;
};

static void say_more(void *arg, const char *path, const char *what)
{
    struct said *s = arg;
    if (s->count++ < SAID)
        s->text = arena_printf(s->a, "%s%srawConfigurations%s%s: %s", s->text, *s->text ? "; " : "",
                               *path ? "." : "", path, what);
}

/* Nothing to say by the rules that refuse, or by those that do not? */
static bool passes(const struct check *c, bool refused)
{
    const char *type = json_str(c->after, "type");
    struct err e = { 0 };
    struct said s = { c->a, "", 0 };
    const cJSON *raw = json_get(c->after, "rawConfigurations");
    const cJSON *tree = type && !strcmp(type, "OPEN_API") ? mcp_text_tree(c->a, raw, &e) : NULL;
    if (e.kind != ERR_NONE)
        return !refused || check_no(c, "rawConfigurations: %s", e.text);
    struct mcp_look l = { c->a, tree, &s, say_more };
    for (const struct trap *row = trap_mcp_text_rows; tree && row->number; row++) {
        const struct mcp_text_rule *rule = row->with;
        if (rule && rule->refused == refused && row->risk != TRAP_NOTE)
            rule->look(&l);
    }
    if (s.count > SAID)
        s.text = arena_printf(c->a, "%s; and %d more", s.text, s.count - SAID);
    return s.count == 0 || check_no(c, "%s", s.text);
}

static bool text_taken(const struct check *c)
{
    return passes(c, true);
}

static bool text_acts(const struct check *c)
{
    return passes(c, false);
}

const struct check_rule check_mcp_rules[] = {
    { "mcp-server", "rawConfigurations|type",
      "The text has server (with a name) or toolSet, members of their types, and tools that can be "
      "called.",
      text_taken },
    { "mcp-server", "rawConfigurations|type",
      "Every member of the text is known and does something.", text_acts, .doubt = true },
    { 0 },
};
