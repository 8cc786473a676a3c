/* tool.h - the tool author's whole world.
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
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/risk.h"
#include "base/text.h"

struct call;
struct coded_prompt;
struct resource_provider;
struct plan;

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
    bool local, bound;  /* needs no gateway; has that of the change it is about */
    const char *schema; /* tests/conformance: JSON Schema text instead of `in`, unchecked */
    bool whole;         /* tests/conformance: .read returns the whole CallToolResult */
    /* One short paragraph for `content` beside the structured answer; NULL: a generic one. */
    char *(*say)(struct call *c, const cJSON *out);
};

struct toolset {
    const char *name, *about;
    const struct tool *tools;                  /* ended by { 0 } */
    const struct coded_prompt *prompts;        /* mcp/prompt.h; ended by { 0 }; NULL: none */
    const struct resource_provider *resources; /* mcp/resource.h; NULL: none */
};
extern const struct toolset *const toolsets[]; /* server/toolsets.c; ended by NULL */

/* -- the call -- */
struct arena *arena(struct call *c);
/* Arguments: validated before the handler ran, so these cannot fail. Asking for an undeclared name
 * is a bug and aborts. Absent optional ones give NULL / `otherwise`. */
const char *arg_str(struct call *c, const char *name);
double arg_num(struct call *c, const char *name, double otherwise);
bool arg_bool(struct call *c, const char *name);
const cJSON *arg_json(struct call *c, const char *name);

/* What went wrong, to which object, what to do next. ERR_ARGS. Returns false (or use fail_null). */
bool fail(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
#define fail_null(c, ...) (fail((c), __VA_ARGS__), NULL)
bool failed(const struct call *c);
const char *fail_text(const struct call *c);
/* Forgets an error, for reads whose failure is itself an answer. */
void fail_forget(struct call *c);
void progress(struct call *c, double done, double total, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool cancelled(const struct call *c);

/* -- reading the gateway (may park) -- */
enum missing { MISSING_FAILS = 0, MISSING_IS_NULL };
/* kind: a row of the kind table ("route", "ai-provider", …); name: the object's; scope: for
 * plugin-instance "global", "domain:NAME", "route:NAME", "service:NAME", else NULL. */
const cJSON *gw_get(struct call *c, const char *kind, const char *name, const char *scope,
                    enum missing m);
/* Streams the objects of a collection; only one is in memory at a time (o lives until fn returns).
 * fn returns false to stop. False on error. */
typedef bool gw_each_fn(struct call *c, void *arg, const cJSON *o);
bool gw_each(struct call *c, const char *kind, const char *scope, gw_each_fn *fn, void *arg);
/* A GET of any console path, bare data out of its envelope. */
const cJSON *gw_path(struct call *c, const char *path, enum missing m);
/* Secrets of an object masked, by the kind's table; a copy in the call's arena. */
const cJSON *gw_masked(struct call *c, const char *kind, const cJSON *o);
#define GW_KINDS                                                                                   \
    "route|domain|service-source|proxy-server|service|ai-provider|ai-route|wasm-plugin|"           \
    "plugin-instance|consumer|tls-certificate|mcp-server|mcp-consumers|higress-config|dashboard|"  \
    "system"
const char *gw_kind_only(const char *kind); /* name of a kind's only object; NULL: has several */
const char *gw_kind_key(const char *kind);  /* "name", … the member that names an object */
const char *gw_name_of(const char *kind, const cJSON *o);
/* A kind in words (plan/describe.h); plugin: the settings of that plugin, else NULL. */
const cJSON *gw_describe(struct call *c, const char *kind, const char *plugin);

/* -- describing a change -- */
/* Each adds one operation; the engine reads `before` again and re-checks it right before writing.
 * False after fail(). `after` is taken as given but for what an update would silently lose, which
 * the kind table carries over from `before` (authConfig, certificates, credentials). */
bool plan_create(struct plan *p, const char *kind, const char *scope, const cJSON *after);
bool plan_put(struct plan *p, const char *kind, const char *name, const char *scope,
              const cJSON *before, const cJSON *after);
bool plan_remove(struct plan *p, const char *kind, const char *name, const char *scope,
                 const cJSON *before);
void plan_warn(struct plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_title(struct plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_risk(struct plan *p, enum risk at_least);
/* A secret argument by reference: {"env":"NAME"} or {"file":"/path"} on the server's side, as far
 * as the configuration allows them; learnt by the scrubber. NULL after fail(). */
const char *secret_ref(struct call *c, const cJSON *ref);

/* -- the life of a plan (tools/change.c) -- */
const cJSON *change_apply(struct call *c, const char *id); /* asks approval, applies; parks */
const cJSON *change_get(struct call *c, const char *id, double wait_seconds);
const cJSON *change_list(struct call *c, const char *state, int limit, const char *cursor);
const cJSON *change_cancel(struct call *c, const char *id);
bool change_undo(struct call *c, struct plan *p, const char *id);
/* Describes a manifest (text or tree, manifest/manifest.h) as one plan. */
bool change_manifest(struct call *c, struct plan *p, const cJSON *manifest);

/* What a rate limit by key makes of a plugin's configuration: rule/limits.h. */
cJSON *limits_config(struct arena *a, const cJSON *ask, const cJSON *config, struct err *e);

/* -- the data plane -- */
/* Lines of the configured access log, newest first, each parsed (JSON or Higress' text format);
 * fn returns false to stop. False when no log is configured or readable (fail says which). */
struct log_query {
    const char *route, *host, *path_prefix, *flag, *text;
    int status_class; /* 2..5; 0: any */
    double since;     /* Unix seconds; 0: any */
    int limit;        /* matching lines */
    size_t max_scan;  /* bytes read at most; 0: 64 MiB */
};
bool log_each(struct call *c, const struct log_query *q, gw_each_fn *fn, void *arg);
/* A page of Envoy's admin interface: parsed JSON, or text as a JSON string. NULL after fail(). */
const cJSON *envoy_admin(struct call *c, const char *path);
/* The whole walk: target kind "route", "service" or NULL; see diagnose/diagnose.h. */
const cJSON *diagnose(struct call *c, const char *kind, const char *name);

/* -- a page of lines -- */
/* Out of a stream of objects: counts all that match, keeps the lines of one page within limit and
 * bytes. The line under way is written into one buffer that is used again, so that a filter over
 * 100,000 objects costs no memory. limit 0: a short page. */
struct page;
struct page *page_new(struct call *c, double limit, const char *cursor, const char *text);
struct buf *page_line(struct page *p); /* empty; write the next line into it */
bool page_wants(const struct page *p); /* must the next match be written, or only counted? */
void page_match(struct page *p);       /* an object matches; its line is in the buffer if wanted */
cJSON *page_answer(struct page *p, const char *member); /* {member, count, cursor?}; NULL: failed */
char *page_say(struct call *c, const cJSON *answer, const char *member, const char *noun);
