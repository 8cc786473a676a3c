/* refs.h - who uses what: the references between gateway objects, and the guard over deletions.
 *
 * The console deletes most things without looking who uses them. The guard looks: a plan that
 * deletes what others use is refused with their names, unless it says `cascade` (the plan then
 * also holds the operations that remove the users or take the reference out of them, before the
 * deletion) or `force` (only the deletion, with a warning). Either makes the plan DESTROY.
 * Lists are streamed: only who uses the object is kept. All functions park.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct gateway;
struct kind;
struct plan;

enum { REFS_KEPT = 2000 }; /* users kept by name; more are only counted */

struct ref_use {
    const struct kind *kind;
    const char *name, *scope;
    const char *where; /* field path: "services[0].name" */
};

struct ref_uses {
    struct ref_use *list; /* one a user: its first reference */
    int count, room;
    int total;  /* users found, also those not kept */
    int unseen; /* scopes that were too many to look at */
    bool vague; /* the users of a registry may use another registry of its type */
};

/* What a reference to one object looks like. */
struct ref_target {
    const struct kind *kind;
    const char *name;
    const char *service; /* "shop.static"; NULL when only the ending is known */
    const char *ending;  /* ".nacos" */
};
struct ref_target refs_target(struct arena *a, const struct kind *k, const cJSON *object);
/* Is it a service ("shop.static", "shop.static:80") of that source? */
bool refs_is_service(const struct ref_target *t, const char *service);

/* Who uses `object` of kind k. */
bool refs_find(struct gateway *g, struct arena *a, const struct kind *k, const cJSON *object,
               struct ref_uses *out, struct cancel *c, struct err *e);
/* "route orders (services[0].name), route pay (…) and 3 more". */
char *refs_say(struct arena *a, const struct ref_uses *u);
/* `user` without its references to `object`; *gone: nothing would be left of it, so that it is to
 * be deleted instead. NULL + e (ERR_ARGS): that cannot be decided here. */
cJSON *refs_cut(struct arena *a, const struct kind *user_kind, const cJSON *user,
                const struct kind *k, const cJSON *object, bool *gone, struct err *e);
/* `user` with its references to `object` pointed to the object's new name. */
cJSON *refs_point(struct arena *a, const struct kind *user_kind, const cJSON *user,
                  const struct kind *k, const cJSON *object, const char *to);
/* As p->if_used says. Before plan_close; false: p->err says who uses what. */
bool refs_guard(struct gateway *g, struct plan *p, struct cancel *c);
