/* trap_auth.c - traps of the plugins that know consumers (key-auth, basic-auth, hmac-auth,
 * jwt-auth, oauth): one broken consumer switches all of them off, and rules do less than they say.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/trap_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- consumers as the plugins read them ------------------------------------------------------- */

/* What must differ between consumers, and where it stands. */
struct mark {
    const char *text; /* may be a secret */
    const char *path;
};

struct marks {
    struct mark *list;
    int count, room;
};

static int compare_marks(const void *x, const void *y)
{
    const struct mark *a = x, *b = y;
    int order = strcmp(a->text, b->text);
    return order ? order : strcmp(a->path, b->path);
}

static void mark(struct arena *a, struct marks *m, const char *text, const char *path)
{
    m->list = arena_grow(a, m->list, m->count, &m->room, sizeof *m->list);
    m->list[m->count++] = (struct mark){ text, path };
}

/* Two that are equal, or NULL. */
static const struct mark *find_equal_marks(struct marks *m)
{
    if (m->count > 1)
        qsort(m->list, (size_t)m->count, sizeof *m->list, compare_marks);
    for (int i = 1; i < m->count; i++)
        if (!strcmp(m->list[i].text, m->list[i - 1].text))
            return &m->list[i - 1];
    return NULL;
}

/* A level of settings: global, or a rule with consumers of its own. */
struct level {
    struct arena *a;
    const cJSON *settings;
    struct marks marks, names;
    const char *path; /* of what is wrong */
};

static const char *fault_at(struct level *l, const char *path, const char *why)
{
    l->path = path;
    return why;
}

static bool any_credential(struct level *l, const cJSON *o, const char *path)
{
    const cJSON *c;
    const char *one = json_str(o, "credential");
    int i = 0;
    if (one)
        mark(l->a, &l->marks, one, arena_printf(l->a, "%s.credential", path));
    cJSON_ArrayForEach(c, json_get(o, "credentials"))
    {
        if (cJSON_IsString(c))
            mark(l->a, &l->marks, c->valuestring,
                 arena_printf(l->a, "%s.credentials[%d]", path, i));
        i++;
    }
    return one || i > 0;
}

static const char *key_auth_fault(struct level *l, const cJSON *c, const char *path)
{
    const cJSON *s = l->settings;
    if (json_get(c, "credential") && json_get(c, "credentials"))
        return fault_at(l, path, "has both credential and credentials");
    if (!any_credential(l, c, path))
        return fault_at(l, path, "has neither credential nor credentials");
    if (json_count(json_get(c, "keys")) == 0 && json_count(json_get(s, "keys")) == 0)
        return fault_at(l, path, "has no keys, and there are none for all");
    const cJSON *query = json_get(c, "in_query"), *header = json_get(c, "in_header");
    query = query ? query : json_get(s, "in_query");
    header = header ? header : json_get(s, "in_header");
    if (cJSON_IsFalse(query) && cJSON_IsFalse(header))
        return fault_at(l, path, "is looked for neither in the query nor in a header");
    return NULL;
}

static const char *basic_auth(struct level *l, const cJSON *c, const char *path)
{
    const char *credential = json_str(c, "credential");
    const char *colon = credential ? strchr(credential, ':') : NULL;
    if (!colon)
        return fault_at(l, arena_printf(l->a, "%s.credential", path), "is not user:password");
    mark(l->a, &l->marks, arena_strndup(l->a, credential, (size_t)(colon - credential)),
         arena_printf(l->a, "%s.credential", path));
    return NULL;
}

static const char *members_fault(struct level *l, const cJSON *c, const char *path,
                                 const char *members)
{
    char word[TEXT_WORD];
    while (text_word_next(&members, word))
        if (!*trap_text(c, word))
            return fault_at(l, path, arena_printf(l->a, "has no %s", word));
    return NULL;
}

static const char *hmac_auth(struct level *l, const cJSON *c, const char *path)
{
    const char *why = members_fault(l, c, path, "key|secret");
    if (!why)
        mark(l->a, &l->marks, json_str(c, "key"), arena_printf(l->a, "%s.key", path));
    return why;
}

static const char *oauth(struct level *l, const cJSON *c, const char *path)
{
    const char *why = members_fault(l, c, path, "client_id|client_secret");
    if (!why)
        mark(l->a, &l->marks, json_str(c, "client_id"), arena_printf(l->a, "%s.client_id", path));
    return why;
}

static const char *jwt_auth(struct level *l, const cJSON *c, const char *path)
{
    const char *jwks = json_str(c, "jwks");
    struct err e = { 0 };
    const cJSON *set = jwks ? json_parse(l->a, jwks, strlen(jwks), &e) : NULL, *claim;
    struct marks headers = { 0 };
    if (!cJSON_IsArray(json_get(set, "keys")))
        return fault_at(l, arena_printf(l->a, "%s.jwks", path), "is no JSON text with keys");
    cJSON_ArrayForEach(claim, json_get(c, "claims_to_headers"))
    {
        if (json_str(claim, "header"))
            mark(l->a, &headers, json_str(claim, "header"), path);
    }
    return find_equal_marks(&headers)
               ? fault_at(l, arena_printf(l->a, "%s.claims_to_headers", path),
                          "puts two claims into one header")
               : NULL;
}

static const struct family {
    const char *plugin, *what; /* that must differ */
    const char *(*consumer)(struct level *l, const cJSON *c, const char *path);
} families[] = {
    { "key-auth", "credential", key_auth_fault },
    { "basic-auth", "user", basic_auth },
    { "hmac-auth", "key", hmac_auth },
    { "jwt-auth", "name", jwt_auth },
    { "oauth", "client_id", oauth },
};

static const struct family *family_of(const char *plugin)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (!strcmp(families[i].plugin, plugin))
            return &families[i];
    return NULL;
}

static const char *consumers_fault(struct level *l, const struct family *f)
{
    const cJSON *c;
    int i = 0;
    cJSON_ArrayForEach(c, json_get(l->settings, "consumers"))
    {
        const char *path = arena_printf(l->a, "configurations.consumers[%d]", i++);
        const char *name = json_str(c, "name");
        if (!name || !*name)
            return fault_at(l, path, "has no name");
        mark(l->a, &l->names, name, path);
        const char *why = f->consumer(l, c, path);
        if (why)
            return why;
    }
    const struct mark *same = find_equal_marks(&l->marks);
    if (!same)
        same = text_has_word("jwt-auth|oauth", f->plugin) ? find_equal_marks(&l->names) : NULL;
    if (same)
        return fault_at(l, same[1].path,
                        arena_printf(l->a, "is the same %s as %s", f->what, same[0].path));
    return NULL;
}

/* What the plugin refuses in the consumers of these settings; NULL: nothing. *path: where. */
static const char *settings_fault(const struct trap_walk *t, const struct trap_object *o,
                                  const char **path)
{
    const struct family *f = family_of(o->name);
    const cJSON *s = trap_settings(o), *consumers = json_get(s, "consumers");
    struct level l = { .a = trap_arena(t), .settings = s, .path = "configurations.consumers" };
    const char *why = NULL;
    if (!f)
        return NULL;
    if (consumers && !cJSON_IsArray(consumers))
        why = "is no list";
    else if (json_count(consumers) > 0 && json_get(s, "credentials"))
        why = "stands beside credentials, and only one of them may";
    else
        why = consumers_fault(&l, f);
    *path = l.path;
    return why;
}

/* -- plugin-config 13.1, 8.0 ------------------------------------------------------------------ */

static void trap_auth_switched_off(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = trap_is_global(o) ? settings_fault(t, o, &path) : NULL;
    if (why && trap_has_rules(trap_of(t), o->name))
        trap_add(t, o, path,
                 "%s: %s starts without a global part and every request passes it, "
                 "also at the routes that have a rule",
                 why, o->name);
}

static void trap_auth_refused(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = trap_is_global(o) ? settings_fault(t, o, &path) : NULL;
    if (why && !trap_has_rules(trap_of(t), o->name))
        trap_refused(t, o, path, "%s", why);
}

/* The console's consumers are the global part of key-auth. */
static void same_credential(struct trap_walk *t)
{
    const struct trap_world *w = trap_of(t);
    struct arena *a = trap_arena(t);
    struct marks m = { 0 };
    const cJSON *c, *v;
    for (struct trap_object o = { 0 }; trap_next(w, "consumer", &o);)
        cJSON_ArrayForEach(c, json_get(o.json, "credentials"))
        {
            const char *source = json_str(c, "source");
            bool bearer = source && !strcmp(source, "BEARER");
            cJSON_ArrayForEach(v, json_get(c, "values"))
            {
                if (cJSON_IsString(v))
                    mark(a, &m, arena_printf(a, "%s%s", bearer ? "Bearer " : "", v->valuestring),
                         o.name);
            }
        }
    if (m.count > 1)
        qsort(m.list, (size_t)m.count, sizeof *m.list, compare_marks);
    for (int i = 1; i < m.count; i++) {
        struct trap_object o;
        if (strcmp(m.list[i].text, m.list[i - 1].text) != 0 ||
            !trap_lookup(w, "consumer", m.list[i].path, NULL, &o))
            continue;
        trap_add(t, &o, "credentials[0].values",
                 "holds a key that consumer %s has, too: key-auth loses all its consumers, and "
                 "every route that asks for a key is open",
                 trap_name(t, m.list[i - 1].path));
    }
}

static void no_credential(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *c;
    int keys = 0;
    cJSON_ArrayForEach(c, json_get(o->json, "credentials")) keys +=
        json_count(json_get(c, "values"));
    if (keys == 0)
        trap_add(t, o, "credentials",
                 "has no key: key-auth refuses it, loses all its consumers, and every route that "
                 "asks for a key is open");
}

static void checks_nothing(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_is_global(o) && cJSON_IsFalse(json_get(trap_settings(o), "global_auth")) &&
        !trap_has_rules(trap_of(t), o->name))
        trap_add(t, o, "configurations.global_auth",
                 "is false and no route, domain or service has a rule: %s checks no request",
                 o->name);
}

static void others_pass(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_is_global(o) && !json_get(trap_settings(o), "global_auth") &&
        json_count(json_get(trap_settings(o), "consumers")) > 0 &&
        trap_has_rules(trap_of(t), o->name))
        trap_add(t, o, "configurations.global_auth",
                 "is not set: since a rule exists, %s looks at the routes with a rule only, and "
                 "all others are open; write true or false",
                 o->name);
}

/* A rule with consumers (key-auth: and keys) is a configuration of its own. */
static bool has_own_consumers(const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    bool who = json_count(json_get(s, "consumers")) > 0 || json_get(s, "credentials");
    return who && !trap_is_global(o);
}

static void nobody(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *allow = json_get(s, "allow");
    if (trap_is_global(o) || has_own_consumers(o) || trap_true(s, "_disable_"))
        return;
    if (json_count(s) == 0 || (cJSON_IsArray(allow) && json_count(allow) == 0))
        trap_add(t, o, "configurations.allow",
                 "names no consumer: every request there is answered "
                 "403");
}

static void allow_ignored(struct trap_walk *t, const struct trap_object *o)
{
    const char *path;
    if (has_own_consumers(o) && json_get(trap_settings(o), "allow") && !settings_fault(t, o, &path))
        trap_add(t, o, "configurations.allow",
                 "is not read beside consumers of the rule's own: each of those gets in");
}

static void own_dropped(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = has_own_consumers(o) ? settings_fault(t, o, &path) : NULL;
    if (why && json_get(trap_settings(o), "allow"))
        trap_add(t, o, path,
                 "%s: the rule's own consumers are dropped without a word, allow "
                 "counts with the global ones",
                 why);
}

/* Members that look like an allow list, and are not read. */
static const char *looks_like_allow(const cJSON *s)
{
    static const char names[] = "allows|allowed|allow_list|allowlist|allowList|allowedConsumers|"
                                "allowed_consumers|whitelist|allow_consumers";
    const cJSON *m;
    cJSON_ArrayForEach(m, s)
    {
        if (m->string && text_has_word(names, m->string))
            return m->string;
    }
    return NULL;
}

static void rule_refused(struct trap_walk *t, const struct trap_object *o)
{
    const char *path = "configurations",
               *why = has_own_consumers(o) ? settings_fault(t, o, &path) : NULL;
    const cJSON *s = trap_settings(o);
    if (trap_is_global(o) || json_count(s) == 0 || json_get(s, "allow") || json_get(s, "_disable_"))
        return;
    const char *other = looks_like_allow(s);
    if (!has_own_consumers(o))
        why = other ? "has no allow; another name for it is not read"
                    : "has neither allow nor consumers of its own";
    if (why)
        trap_refused(t, o, other ? arena_printf(trap_arena(t), "configurations.%s", other) : path,
                     "%s", why);
}

static void types_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *allow = json_get(s, "allow"), *m;
    const cJSON *global = json_get(s, "global_auth");
    if (global && !cJSON_IsBool(global))
        trap_refused(t, o, "configurations.global_auth", "is neither true nor false");
    if (allow && !cJSON_IsArray(allow))
        trap_refused(t, o, "configurations.allow", "is no list");
    cJSON_ArrayForEach(m, allow)
    {
        if (cJSON_IsArray(allow) && !cJSON_IsString(m) && !cJSON_IsNumber(m)) {
            trap_refused(t, o, "configurations.allow", "holds something else than names");
            return;
        }
    }
}

static void disabled(struct trap_walk *t, const struct trap_object *o)
{
    if (!trap_is_global(o) && trap_true(trap_settings(o), "_disable_"))
        trap_add(t, o, "configurations._disable_",
                 "leaves this place open, whatever the global "
                 "part asks for");
}

static bool is_consumer(const struct trap_walk *t, const char *plugin, const char *name)
{
    struct trap_object o;
    const cJSON *c;
    if (trap_lookup(trap_of(t), "plugin-instance", plugin, "global", &o))
        cJSON_ArrayForEach(c, json_get(trap_settings(&o), "consumers"))
        {
            const char *known = json_str(c, "name");
            if (known && !strcmp(known, name))
                return true;
        }
    return !strcmp(plugin, "key-auth") && trap_lookup(trap_of(t), "consumer", name, NULL, &o);
}

static void allows_unknown(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0;
    if (has_own_consumers(o) || trap_is_global(o))
        return;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "allow"))
    {
        const char *path = arena_printf(trap_arena(t), "configurations.allow[%d]", i++);
        if (cJSON_IsString(m) && !is_consumer(t, o->name, m->valuestring))
            trap_add(t, o, path, "names %s, whom %s does not know", trap_name(t, m->valuestring),
                     o->name);
    }
}

static void keys_without_bearer(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *c, *k;
    int i = 0;
    cJSON_ArrayForEach(c, json_get(s, "consumers"))
    {
        const char *credential = json_str(c, "credential");
        const cJSON *keys = json_get(c, "keys") ? json_get(c, "keys") : json_get(s, "keys");
        bool header = false;
        cJSON_ArrayForEach(k, keys) header =
            header || (cJSON_IsString(k) && text_equal_nocase(k->valuestring, "authorization"));
        if (header && json_count(keys) == 1 && credential && !strchr(credential, ' '))
            trap_add(t, o, arena_printf(trap_arena(t), "configurations.consumers[%d]", i),
                     "is compared with the whole header Authorization: a client that sends "
                     "'Bearer KEY' is refused; the credential must begin with 'Bearer '");
        i++;
    }
}

#define FAMILY .about = "plugin-instance", .plugins = ACCESS_BY_CONSUMER
#define SWITCHES_OFF                                                                               \
    "A broken consumer makes the plugin start without its global part when it has rules: every "   \
    "request passes."
#define RULES_OF_AUTH                                                                              \
    "A rule of a consumer plugin needs allow, or a whole configuration of its own."

const struct trap trap_auth_rows[] = {
    { "plugin-config 13.1", "AUTH_SWITCHED_OFF", "A broken consumer switches authentication off",
      SWITCHES_OFF, TRAP_OPEN, FAMILY, .beside = "plugin-instance",
      .judge = trap_auth_switched_off },
    { "plugin-config 13.1", "AUTH_REFUSED", "Consumers that the plugin refuses",
      "Without rules a broken consumer makes the plugin refuse its whole configuration.", TRAP_OPEN,
      FAMILY, .beside = "plugin-instance", .judge = trap_auth_refused },
    { "plugin-config 13.1", "CONSUMER_SAME_KEY", "Two consumers with one key", SWITCHES_OFF,
      TRAP_OPEN, .about = "consumer", .beside = "consumer", .find = same_credential },
    { "plugin-config 13.1", "CONSUMER_WITHOUT_KEY", "A consumer without a key", SWITCHES_OFF,
      TRAP_OPEN, .about = "consumer", .judge = no_credential },
    { "plugin-config 8.0", "AUTH_CHECKS_NOTHING", "An auth plugin that checks nobody",
      "Without rules, global_auth false means that nothing is checked.", TRAP_OPEN, FAMILY,
      .beside = "plugin-instance", .judge = checks_nothing },
    { "plugin-config 8.0", "AUTH_OTHERS_OPEN", "Routes without a rule are open",
      "global_auth unset checks every request until the first rule exists, then only places with a "
      "rule.",
      TRAP_OPEN, FAMILY, .beside = "plugin-instance", .judge = others_pass },
    { "plugin-config 8.0", "AUTH_ALLOW_IGNORED", "An allow list that is not read",
      "A rule with consumers of its own is taken whole, and its allow is ignored.", TRAP_OPEN,
      FAMILY, .judge = allow_ignored },
    { "plugin-config 8.0", "AUTH_RULE_REFUSED", "A rule that the plugin refuses", RULES_OF_AUTH,
      TRAP_OPEN, FAMILY, .judge = rule_refused },
    { "plugin-config 8.0", "AUTH_TYPES_REFUSED", "A value of a kind that the plugin refuses",
      "global_auth must be a boolean and allow a list of texts, or the whole configuration is "
      "refused.",
      TRAP_OPEN, FAMILY, .judge = types_refused },
    { "plugin-config 8.0", "AUTH_OWN_DROPPED", "Consumers of a rule that are dropped",
      "Own consumers that do not parse are dropped silently where the rule has allow.", TRAP_DEAD,
      FAMILY, .judge = own_dropped },
    { "plugin-config 8.0", "AUTH_NOBODY", "A rule that lets nobody in",
      "allow: [] or an empty enabled rule lets nobody in.", TRAP_BROKEN, FAMILY, .judge = nobody },
    { "plugin-config 8.0", "AUTH_DISABLED_HERE", "A place taken out of authentication",
      "_disable_: true leaves the place of the rule open.", TRAP_NOTE, FAMILY, .judge = disabled },
    { "plugin-config 8.0", "AUTH_ALLOW_UNKNOWN", "An allowed consumer that does not exist",
      "A name in allow that no consumer has lets nobody in.", TRAP_DEAD, FAMILY,
      .beside = "plugin-instance|consumer", .judge = allows_unknown },
    { "plugin-config 8", "KEY_WITHOUT_BEARER", "A key that is compared with the whole header",
      "key-auth compares the header's value whole: for 'Authorization: Bearer x' the credential is "
      "'Bearer x'.",
      TRAP_NOTE, .about = "plugin-instance", .plugins = "key-auth", .judge = keys_without_bearer },
    { 0 },
};
