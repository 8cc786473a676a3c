/* trap_private.h - the tables of traps, one of each trap_*.c, and what their files share about
 * plugin instances. Only trap*.c include this. */
#pragma once
#include "rule/access.h"
#include "rule/trap.h"

extern const struct trap trap_mcp_text_rows[], trap_mcp_rows[], trap_mcp_server_rows[],
    trap_mcp_reach_rows[], trap_refusal_rows[], trap_annotation_rows[],
    trap_annotation_route_rows[], trap_annotation_canary_rows[], trap_annotation_host_rows[];
extern const struct trap trap_plugin_rows[], trap_auth_rows[], trap_login_rows[], trap_limit_rows[],
    trap_provider_rows[], trap_ai_rows[], trap_guard_rows[], trap_change_rows[], trap_object_rows[],
    trap_route_rows[], trap_source_rows[], trap_envoy_rows[], trap_control_rows[];

/* Faults of the control plane, as control.h has them; found once, for all traps. */
const cJSON *trap_control_faults(struct trap_walk *t);

/* Plugins that keep somebody out. */
#define TRAP_GUARDS                                                                                \
    ACCESS_LOGINS                                                                                  \
    "|ip-restriction|waf|request-block|bot-detect|replay-protection|ai-security-guard|"            \
    "ai-data-masking|request-validation"

bool trap_is_global(const struct trap_object *o);
/* "orders" of "route:orders" where the scope is of that kind ("route:"); else NULL. */
const char *trap_target(const struct trap_object *o, const char *kind_and_colon);
/* Does an enabled instance of that plugin stand anywhere but at global? */
bool trap_has_rules(const struct trap_world *w, const char *plugin);
/* An enabled instance of one of the plugins at that scope. */
bool trap_runs_at(const struct trap_world *w, const char *plugins, const char *scope);
/* The same for a scope, everything that holds it (domain, services) and global. Routes must be
 * known. */
bool trap_runs_on(const struct trap_walk *t, const char *plugins, const char *scope);
/* A route at one of its hosts, "" where it names none. */
struct trap_place {
    const char *host, *path; /* as matchValue says it */
    struct trap_object route;
    int order; /* in the list */
};
/* Those of that host and path, in the order of the list; *n: how many. */
const struct trap_place *trap_places(const struct trap_world *w, const char *host, const char *path,
                                     int *n);
/* Does a route share the requests of another on purpose? */
bool trap_is_canary(const struct trap_object *route);
/* What comes of a part that the plugin refuses, to end a sentence with. */
const char *trap_refusal(const struct trap_walk *t, const struct trap_object *o);
/* trap_add of "SENTENCE: REFUSAL". */
void trap_refused(struct trap_walk *t, const struct trap_object *o, const char *path,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Members of settings, as the plugins read them: absent, null and "" are nothing. */
bool trap_has(const cJSON *settings, const char *path);
const char *trap_text(const cJSON *settings, const char *path); /* "" where there is none */
bool trap_true(const cJSON *settings, const char *path); /* true, "true", 1: as gjson takes it */
/* Do a transformer's settings take that header off requests? */
bool trap_removes_header(const cJSON *settings, const char *header);
/* A Go duration: "5s", "1m30s", "500ms". */
bool trap_duration(const char *s);
/* NULL, or why RE2 does not take it. */
const char *trap_bad_regex(const struct trap_walk *t, const char *expression);
