/* tool.h - a tool, as its author writes it down.
 *
 * A tool is one const entry with exactly one of .get, .read, .plan:
 *   .get   a path: one GET, no code ("/v1/routes/{name}"; {name} is the percent-encoded argument);
 *   .read  composes several reads and returns the answer;
 *   .plan  *describes* a change with plan_create, plan_put, plan_remove.
 *
 * Only the change engine, after policy and approval, writes: there is no function here that changes
 * a gateway. A handler runs on its call's fiber: reads look blocking and park. Everything it makes
 * lives in the call's arena (arena(c)); it frees nothing. One that cannot go on returns fail(c, …).
 * Gateway objects stay JSON as received: patch them (json_merge_patch), never rebuild them.
 * What a handler may use: call/ (call.h: arguments, errors, progress; read.h, signal.h, change.h,
 * page.h), plan/draft.h, rule/limits.h, and base.
 */
#pragma once
#include "base/field.h"
#include "base/json.h"
#include "base/risk.h"

struct call;
struct coded_prompt;
struct resource_provider;
struct plan;

enum terms { TERMS_NONE = 0, TERMS_DESCRIBED, TERMS_AS_ELSEWHERE };

struct tool {
    const char *name; /* [a-z0-9_]{1,40} */
    const char *title;
    const char *about; /* what a model reads: one or two sentences */
    enum risk risk;    /* yields annotations and the approval rule */
    const struct field *in;
    const struct field *out; /* shape of structuredContent; open */
    const char *get;
    const cJSON *(*read)(struct call *c);
    bool (*plan)(struct call *c, struct plan *p);
    enum terms takes_terms; /* may its change be guarded and scheduled? */
    bool local, bound;      /* needs no gateway; has that of the change it is about */
    bool of_each;           /* local, but what it reads each of several gateways has its own of */
    bool fleeting;          /* its answer is of the moment: it shows changes, time or traffic */
    bool reaches_out;       /* it asks servers behind the gateway, too: openWorldHint */
    bool on_map;            /* a client with a screen may show the map of the gateway beside it */
    const char *schema;     /* tests/conformance: JSON Schema text instead of `in`, unchecked */
    bool whole;             /* tests/conformance: .read returns the whole CallToolResult */
    /* One short paragraph for `content` beside the structured answer; NULL: a generic one. */
    char *(*say)(struct call *c, const cJSON *out);
    /* The data beside what .say says, in few bytes; NULL: the answer as it is. */
    const cJSON *(*facts)(struct call *c, const cJSON *out);
};

struct toolset {
    const char *name, *about;
    const struct tool *tools;                  /* ended by { 0 } */
    const struct coded_prompt *prompts;        /* mcp/prompt.h; ended by { 0 }; NULL: none */
    const struct resource_provider *resources; /* mcp/resource.h; NULL: none */
};
extern const struct toolset *const toolsets[]; /* server/toolsets.c; ended by NULL */
