/* effect.c - titles that name the effect. A kind with words of its own is a row of `says`; what a
 * row does not know is said by verb, name and the members that change. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/effect_private.h"
#include "plan/plan.h"

enum { TITLE_OPS = 3, MEMBERS_SHOWN = 4, NAMES_SHOWN = 3, EFFECT_MAX = 400 };

/* One operation, with what it compares: contents, masked. */
struct effect {
    struct arena *a;
    const struct plan_op *op;
    const char *name;
    const cJSON *before, *after; /* NULL: absent */
};

/* Is that the only member that changes? */
static bool only(const struct effect *f, const char *member)
{
    cJSON *x = json_clone(f->a, f->before), *y = json_clone(f->a, f->after);
    if (!x || !y || json_equal(json_get(x, member), json_get(y, member)))
        return false;
    json_remove(x, member);
    json_remove(y, member);
    return json_equal(x, y);
}

/* "alice, bob and 2 more"; member NULL: the elements are the names. */
static const char *effect_names(struct arena *a, const cJSON *list, const char *member)
{
    struct buf *b = buf_in(a, EFFECT_MAX);
    const cJSON *e;
    int i = 0, n = json_count(list);
    cJSON_ArrayForEach(e, list)
    {
        const char *name = member ? json_str(e, member) : cJSON_IsString(e) ? e->valuestring : NULL;
        if (i++ < NAMES_SHOWN)
            buf_printf(b, "%s%.60s", i > 1 ? ", " : "", name ? name : "?");
    }
    if (n > NAMES_SHOWN)
        buf_printf(b, " and %d more", n - NAMES_SHOWN);
    return n ? b->data : "nobody";
}

/* "a 90 %, b 10 %", or "a" alone. */
static const char *weighted_names(struct arena *a, const cJSON *list, const char *member)
{
    struct buf *b = buf_in(a, EFFECT_MAX);
    const cJSON *e;
    if (json_count(list) < 2)
        return effect_names(a, list, member);
    cJSON_ArrayForEach(e, list) buf_printf(b, "%s%.60s %.0f %%", b->len ? ", " : "",
                                           json_text(e, member), json_num(e, "weight", 100));
    return b->data;
}

/* ": path, methods and 2 more": the members that change. */
static const char *members(const struct effect *f)
{
    struct buf *b = buf_in(f->a, EFFECT_MAX);
    const cJSON *m;
    int n = 0;
    cJSON_ArrayForEach(m, f->after)
    {
        if (!json_equal(m, json_get(f->before, m->string)) && n++ < MEMBERS_SHOWN)
            buf_printf(b, "%s%.60s", n > 1 ? ", " : ": ", m->string);
    }
    cJSON_ArrayForEach(m, f->before)
    {
        if (!json_get(f->after, m->string) && n++ < MEMBERS_SHOWN)
            buf_printf(b, "%s%.60s", n > 1 ? ", " : ": ", m->string);
    }
    if (n > MEMBERS_SHOWN)
        buf_printf(b, " and %d more", n - MEMBERS_SHOWN);
    return b->data;
}

/* -- who may call ----------------------------------------------------------------------------- */

static const char *route_auth(const struct effect *f, const char *what)
{
    const cJSON *was = json_get(f->before, "authConfig"), *is = json_get(f->after, "authConfig");
    const char *who = effect_names(f->a, json_get(is, "allowedConsumers"), NULL);
    if (!json_true(is, "enabled"))
        return arena_printf(f->a, "Let everybody call %s%s: no key-auth any more", what, f->name);
    return json_true(was, "enabled")
               ? arena_printf(f->a, "Let %s call %s%s, nobody else", who, what, f->name)
               : arena_printf(f->a, "Require key-auth (%s) on %s%s", who, what, f->name);
}

/* -- kinds with words of their own: NULL where they have none for this change ------------------ */

static const char *route_effect(const struct effect *f)
{
    const cJSON *path = json_get(f->after, "path");
    if (only(f, "authConfig"))
        return route_auth(f, "");
    if (only(f, "services"))
        return arena_printf(f->a, "Send route %s to %s", f->name,
                            weighted_names(f->a, json_get(f->after, "services"), "name"));
    if (only(f, "path"))
        return arena_printf(f->a, "Let route %s take %s%s%s", f->name,
                            !strcmp(json_text(path, "matchType"), "REGULAR") ? "~" : "",
                            json_text(path, "matchValue"),
                            !strcmp(json_text(path, "matchType"), "PRE") ? "*" : "");
    if (only(f, "domains"))
        return arena_printf(f->a, "Let route %s take the hosts %s", f->name,
                            effect_names(f->a, json_get(f->after, "domains"), NULL));
    return NULL;
}

static const char *say_ai_route(const struct effect *f)
{
    const cJSON *fallback = json_get(f->after, "fallbackConfig");
    if (f->op->verb == PLAN_CREATE)
        return arena_printf(f->a, "Add AI route %s to %s", f->name,
                            weighted_names(f->a, json_get(f->after, "upstreams"), "provider"));
    if (only(f, "authConfig"))
        return route_auth(f, "AI route ");
    if (only(f, "upstreams"))
        return arena_printf(f->a, "Send AI route %s to %s", f->name,
                            weighted_names(f->a, json_get(f->after, "upstreams"), "provider"));
    if (!only(f, "fallbackConfig"))
        return NULL;
    return json_true(fallback, "enabled")
               ? arena_printf(f->a, "Let AI route %s fall back to %s", f->name,
                              effect_names(f->a, json_get(fallback, "upstreams"), "provider"))
               : arena_printf(f->a, "Take the fallback off AI route %s", f->name);
}

static const char *say_provider(const struct effect *f)
{
    int was = json_count(json_get(f->before, "tokens")),
        is = json_count(json_get(f->after, "tokens"));
    if (f->op->verb == PLAN_CREATE)
        return arena_printf(f->a, "Add provider %s (%s)%s", f->name, json_text(f->after, "type"),
                            is ? "" : " without a key");
    if (!only(f, "tokens"))
        return NULL;
    if (was == 1 && is == 1)
        return arena_printf(f->a, "Rotate the key of provider %s", f->name);
    if (was == 0 || is == 0)
        return arena_printf(f->a, is ? "Give provider %s a key" : "Take the key from provider %s",
                            f->name);
    return arena_printf(f->a, "Change the keys of provider %s (%d before, %d now)", f->name, was,
                        is);
}

static const char *say_consumer(const struct effect *f)
{
    return only(f, "credentials")
               ? arena_printf(f->a, "Change the credentials of consumer %s", f->name)
               : NULL;
}

static const char *say_domain(const struct effect *f)
{
    if (only(f, "enableHttps"))
        return arena_printf(f->a, "Set HTTPS of domain %s to %s", f->name,
                            json_text(f->after, "enableHttps"));
    return NULL;
}

/* "shop-reviews", "domain a.example.com", "the whole gateway". */
static const char *plugin_place_words(const struct effect *f)
{
    const char *scope = f->op->scope ? f->op->scope : "";
    const char *colon = strchr(scope, ':');
    if (!colon)
        return "the whole gateway";
    if (text_starts(scope, "route:"))
        return colon + 1;
    return arena_printf(f->a, "%.*s %s", (int)(colon - scope), scope, colon + 1);
}

static const char *say_instance(const struct effect *f)
{
    static const char auth[] = "key-auth|basic-auth|hmac-auth|jwt-auth|oauth|hmac-auth-apisix|"
                               "simple-jwt-auth|oidc|ext-auth|opa";
    const cJSON *settings = json_get(f->after, "configurations");
    const cJSON *allow = json_get(settings, "allow");
    bool was = json_true(f->before, "enabled"), is = json_true(f->after, "enabled");
    bool guards = text_has_word(auth, f->name);
    if (f->op->verb == PLAN_DELETE)
        return arena_printf(f->a, "%s %s from %s", guards ? "Take" : "Remove", f->name,
                            plugin_place_words(f));
    if (was && !is)
        return arena_printf(f->a, "Switch %s off on %s", f->name, plugin_place_words(f));
    if (!was && is && guards)
        return arena_printf(f->a, "Require %s%s on %s", f->name,
                            allow ? arena_printf(f->a, " (%s)", effect_names(f->a, allow, NULL))
                                  : "",
                            plugin_place_words(f));
    if (!was && is)
        return arena_printf(f->a, "Switch %s on for %s", f->name, plugin_place_words(f));
    return arena_printf(f->a, "%s %s on %s", f->op->verb == PLAN_CREATE ? "Prepare" : "Change",
                        f->name, plugin_place_words(f));
}

static const struct {
    const char *kind;
    const char *(*say)(const struct effect *f);
} says[] = {
    { "route", route_effect },    { "ai-route", say_ai_route }, { "ai-provider", say_provider },
    { "consumer", say_consumer }, { "domain", say_domain },     { "plugin-instance", say_instance },
};

/* -- any ------------------------------------------------------------------------------------- */

const char *effect_of(struct arena *a, const struct plan_op *op)
{
    struct effect f = { .a = a, .op = op, .name = op->name };
    f.before = mask_object(a, op->kind, kind_content(a, op->kind, op->before));
    f.after = mask_object(a, op->kind, kind_content(a, op->kind, op->after));
    const char *said = NULL;
    for (size_t i = 0; !said && i < sizeof says / sizeof *says; i++)
        if (!strcmp(says[i].kind, op->kind->name) &&
            (op->verb != PLAN_DELETE || !strcmp(says[i].kind, "plugin-instance")))
            said = says[i].say(&f);
    if (said)
        return said;
    if (op->verb == PLAN_PUT)
        return arena_printf(a, "Change %s %s%s", op->kind->name, op->name, members(&f));
    return arena_printf(a, "%s %s %s", op->verb == PLAN_CREATE ? "Create" : "Delete",
                        op->kind->name, op->name);
}

void effect_title(struct plan *p)
{
    struct buf *b = buf_in(p->arena, TITLE_OPS * EFFECT_MAX);
    const struct plan_op *last = &p->ops[p->count - 1];
    for (int i = 0; p->count <= TITLE_OPS && i < p->count; i++)
        buf_printf(b, "%s%s", i ? "; " : "", effect_of(p->arena, &p->ops[i]));
    if (p->count > TITLE_OPS) /* of a cascade what it is about comes last */
        buf_printf(b, "%s, and %d operations more",
                   effect_of(p->arena, last->verb == PLAN_DELETE ? last : &p->ops[0]),
                   p->count - 1);
    plan_title(p, "%s", b->data);
}
