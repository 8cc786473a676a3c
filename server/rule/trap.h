/* trap.h - configuration that stands in a gateway and does not do what it says: each trap of the
 * references is a row with a verdict of its own. Pure: a world that was read in, findings out.
 *
 * A list that was not read is unknown, never empty: a trap that needs it is named in `unjudged`,
 * not answered. A trap that holds for some versions of the gateway is judged by the version; where
 * that is unknown the finding says for which it holds. No sentence carries a secret: values come
 * into it through trap_value, which masks. Everything is bounded, what was left out is counted.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct kind;

/* -- the world: what was read of one gateway -- */
struct trap_world;

struct trap_world *trap_world_new(struct arena *a);
/* objects: an array as received, of a kind of kind.h, that outlives the world; of plugin instances
 * an array of {"scope","object"}, all scopes in one (trap_wrap). whole: is nothing missing of it?
 */
void trap_world_set(struct trap_world *w, const char *kind, const cJSON *objects, bool whole);
/* The list as it is with this object in its place, added, or gone (object NULL). A list that was
 * not read holds it alone then, and is not whole. */
void trap_world_apply(struct trap_world *w, const char *kind, const char *name, const char *scope,
                      const cJSON *object);
void trap_world_doubt(struct trap_world *w, const char *kind);      /* is not whole from now on */
void trap_world_version(struct trap_world *w, const char *version); /* "2.2.4"; NULL: unknown */
/* Looks (look_private.h) go through this object alone; other traps judge all. */
void trap_world_about(struct trap_world *w, const char *kind, const char *name);
/* Unix seconds, and within how many days the end of a certificate is near. */
void trap_world_time(struct trap_world *w, double now, double days);
/* The schema that the gateway gives for a plugin's settings (schema.h). */
void trap_world_schema(struct trap_world *w, const char *plugin, const cJSON *schema);
void trap_world_envoy(struct trap_world *w, const cJSON *config_dump); /* of /config_dump */
/* What the control plane says of itself, as pilot_read gives it. Where it is not given nothing of
 * it is judged, or missed. */
void trap_world_control(struct trap_world *w, const cJSON *control);
/* Where Envoy holds a route otherwise than the console: [{"name","says"}]. */
void trap_world_differences(struct trap_world *w, const cJSON *differences);
/* Adds {"scope","object"} to an array of instances. */
void trap_wrap(struct arena *a, cJSON *instances, const char *scope, const cJSON *object);

/* The same lists, found by name without a walk over all. */
const struct trap_world *trap_world_index(struct arena *a, const struct trap_world *w);

/* One object of it; zeroed before the first trap_next. */
struct trap_object {
    const char *kind, *name; /* name is never NULL */
    const char *scope;       /* of a plugin instance: "route:orders"; else NULL */
    const cJSON *json;
    const cJSON *at; /* place in the list */
};
/* The next object of a kind; false after the last, and where the list was not read. */
bool trap_next(const struct trap_world *w, const char *kind, struct trap_object *o);
/* The same of those of one name (a service has one for each port) or, name NULL, at one scope. */
bool trap_next_of(const struct trap_world *w, const char *kind, const char *name, const char *scope,
                  struct trap_object *o);
bool trap_known(const struct trap_world *w, const char *kind); /* read, and whole */
/* scope NULL but for plugin instances. False: not there, or not read: ask trap_known. */
bool trap_lookup(const struct trap_world *w, const char *kind, const char *name, const char *scope,
                 struct trap_object *o);

/* -- the table -- */
enum trap_risk {
    TRAP_OPEN,   /* somebody gets in who should not */
    TRAP_BROKEN, /* requests or configuration fail */
    TRAP_DEAD,   /* configured, and without effect */
    TRAP_NOTE,   /* works, and should be known */
};

struct trap_walk; /* the run of one trap: where its findings go */

/* One of `judge` and `find`. Which ones are called and for what the row says. */
struct trap {
    const char *number;  /* in the reference: "plugin-config 8.0", "annotations 3", "check 16" */
    const char *verdict; /* "CONSUMERS_BROKEN" */
    const char *title;   /* a few words for people */
    const char *rule;    /* what the gateway does, one sentence: why it is a trap */
    enum trap_risk risk;
    const char *from, *until; /* holds from this release, until before that one; NULL: always */
    const char *about;        /* kinds of the objects it judges, "route|ai-route" */
    const char *plugins;      /* of plugin instances only enabled ones of these, "key-auth|…" */
    const char *beside;       /* kinds that must be known, whole, to judge; NULL: none */
    bool envoy;               /* judged on Envoy's /config_dump: that must be known, `about` not */
    bool control;             /* the same of the control plane */
    void (*judge)(struct trap_walk *t, const struct trap_object *o); /* called for each object */
    void (*find)(struct trap_walk *t); /* called once: duplicates, … */
    const void *with; /* what a judge that several rows share looks for: trap_with */
};

/* Each is ended by { 0 } and stands in a file of its own; the list, ended by NULL, in trap.c. */
extern const struct trap *const trap_tables[];
const char *trap_risk_name(enum trap_risk r); /* "open", "broken", "dead", "note" */

/* -- for the rows -- */
double trap_now(const struct trap_world *w); /* 0: unknown */
double trap_days(const struct trap_world *w);
const cJSON *trap_envoy(const struct trap_world *w);                      /* NULL: unknown */
const cJSON *trap_differences(const struct trap_world *w);                /* NULL: not compared */
const cJSON *trap_schema(const struct trap_world *w, const char *plugin); /* NULL: unknown */
const struct trap_world *trap_of(const struct trap_walk *t);
struct arena *trap_arena(const struct trap_walk *t);
const void *trap_with(const struct trap_walk *t); /* of the row that is judged */
/* The settings of a plugin instance as a tree, never NULL. */
const cJSON *trap_settings(const struct trap_object *o);
bool trap_enabled(const struct trap_object *o); /* a plugin instance that is not switched off */
/* What stands at a path of the object ("configurations.redis.service_name"), as a reader may see
 * it: masked by the tables of its kind, cleaned, short. "(absent)" where there is nothing. member:
 * a last step that may hold dots (an annotation's name), or NULL. */
const char *trap_value(const struct trap_walk *t, const struct trap_object *o, const char *path,
                       const char *member);
/* A name out of an object (of a consumer, a service, a host), cleaned and short. */
const char *trap_name(const struct trap_walk *t, const char *name);
/* A finding: path is the member, "" for the whole object; the sentence says what and what happens.
 * Sentences are made of names, numbers and trap_value only. */
void trap_add(struct trap_walk *t, const struct trap_object *o, const char *path,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* -- what was found -- */
struct trap_finding {
    const struct trap *trap;
    const char *kind, *name, *scope, *path, *text;
    const char *holds; /* "if this gateway is at least 2.2.4"; NULL: sure */
};

enum { TRAP_FINDINGS = 2000, TRAP_EACH = 200 /* of one trap */ };

/* Traps that could not be judged, by the kind that was missing. */
struct trap_unjudged {
    const char *kind; /* NULL: the end */
    bool part;        /* some of its objects were read */
    int count;
    const char *verdicts; /* "A, B, C" */
};

struct trap_findings {
    struct trap_finding *list; /* by risk, then in the order of the tables */
    int count;
    int left_out; /* found, not kept */
    struct trap_unjudged unjudged[24];
};

/* touches: only traps that judge or look at one of these kinds, "route|consumer"; NULL: all. */
struct trap_findings *trap_find(struct arena *a, const struct trap_world *w, const char *touches);
/* Only those of traps that are judged on Envoy's dump. */
struct trap_findings *trap_find_envoy(struct arena *a, const struct trap_world *w);
/* "OPEN CONSUMERS_BROKEN plugin-instance key-auth (global), configurations.consumers[3]: …" */
char *trap_line(struct arena *a, const struct trap_finding *f);
