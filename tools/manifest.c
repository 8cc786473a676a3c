/* manifest.c - several objects as one change. */
#include "call/change.h"
#include "tool.h"

extern const struct toolset toolset_manifest;

static const struct field apply_in[] = {
    { "manifest", ANY, REQ,
      "YAML (ours or Kubernetes), or a list of {kind,name,…}. What an object leaves out stays. "
      "delete: true takes one away, with select: camp-* instead of name all that match." },
    { "if_used", STR, OPT, NULL, .one_of = "cascade|force" },
    { 0 },
};

static const struct field apply_out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, OPT, NULL },
    { 0 },
};

static bool apply_manifest(struct call *c, struct plan *p)
{
    return change_manifest(c, p, arg_json(c, "manifest"));
}

static const struct tool tools[] = {
    {
        .name = "apply_manifest",
        .title = "Apply a manifest",
        .about = "Plans several objects as one change, taken back whole when one fails.",
        .risk = CHANGE,
        .in = apply_in,
        .out = apply_out,
        .plan = apply_manifest,
        .takes_terms = TERMS_AS_ELSEWHERE,
    },
    { 0 },
};

const struct toolset toolset_manifest = {
    .name = "manifest",
    .about = "Several resources at once.",
    .tools = tools,
};
