/* outside_read.c - the lists of a gateway read for a look: what is otherwise than it was seen.
 *
 * Of an object that is as it was nothing is kept but that. A gateway may have more places that
 * plugins can be configured for than are asked in one look: those that were asked longest ago come
 * first.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/outside_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "mask/mask.h"

enum { SCOPES_A_LOOK = 512, UNREAD_TOLD = 10, OBJECTS_MAX = 200000, THIN_MAX = 1000 };
static const size_t BYTES_MAX = (size_t)64 << 20; /* of what is otherwise */

const char *outside_place_name(struct arena *a, const struct kind *k, const char *scope)
{
    return scope ? arena_printf(a, "%s %s", k->name, scope) : k->name;
}

static void note_unread_place(struct outside_reading *r, const char *what, const char *why)
{
    if (r->unread_count++ < UNREAD_TOLD)
        json_add_str(r->arena, r->unread,
                     arena_printf(r->arena, "%s: %s", text_clean(r->arena, what, 120),
                                  text_clean(r->arena, why, 200)));
}

/* -- one object ------------------------------------------------------------------------------- */

/* Of what cannot be read, as a certificate's key, what the gateway makes of it tells whether
 * another one is the same. A version that moves while the content stays is no edit. */
cJSON *outside_content(struct arena *a, const struct kind *k, const cJSON *o)
{
    cJSON *content = k->needs ? json_clone(a, o) : kind_content(a, k, o);
    if (content && (k->needs || kind_version_of(k, o)))
        json_remove(content, "version");
    return content;
}

static const char *digest_of_object(struct outside_reading *r, struct arena *one,
                                    const struct kind *k, const cJSON *o)
{
    char *text = json_canonical(one, outside_content(one, k, o));
    return store_seen_digest(r->engine->store, r->arena, text);
}

static int by_seen_name(const void *x, const void *y)
{
    return strcmp(((const struct store_seen *)x)->name, ((const struct store_seen *)y)->name);
}

static const struct store_seen *find_seen(const struct store_place *p, const char *name)
{
    const struct store_seen key = { .name = name };
    return p->count ? bsearch(&key, p->objects, (size_t)p->count, sizeof key, by_seen_name) : NULL;
}

static void add_changed(struct outside_reading *r, const struct outside_object *o)
{
    struct outside_place *p = r->now;
    p->changed = arena_grow(r->arena, p->changed, p->changed_count, &p->room, sizeof *p->changed);
    p->changed[p->changed_count++] = *o;
}

static bool take_watched(void *arg, const cJSON *o)
{
    struct outside_reading *r = arg;
    const struct outside_place *p = r->now;
    const char *name = kind_name_of(p->kind, o);
    if (!name || (p->scope && !kind_exists(p->kind, o)))
        return true;
    const struct store_seen *was = find_seen(&p->was, name);
    if (was && r->seen[was - p->was.objects])
        return true; /* listed twice */
    struct arena *one = arena_new();
    const char *digest = digest_of_object(r, one, p->kind, o);
    r->objects++;
    if (was)
        r->seen[was - p->was.objects] = true;
    if (!was || strcmp(was->digest, digest) != 0) {
        const char *text = json_print(r->arena, o);
        r->bytes += strlen(text);
        mask_learn(p->kind, o);
        add_changed(r, &(struct outside_object){ arena_strdup(r->arena, name), digest, text,
                                                 was != NULL, was ? was->digest : NULL });
    }
    arena_free(one);
    r->full = r->full || r->bytes > BYTES_MAX || r->objects > OBJECTS_MAX;
    return !r->full;
}

/* The list was whole: what did not come again is gone. */
static void take_absent(struct outside_reading *r)
{
    const struct store_place *was = &r->now->was;
    for (int i = 0; i < was->count; i++)
        if (!r->seen[i])
            add_changed(r, &(struct outside_object){ .name = was->objects[i].name,
                                                     .before = true,
                                                     .was = was->objects[i].digest });
}

/* -- one place -------------------------------------------------------------------------------- */

struct names {
    struct outside_reading *reading;
    const struct kind *kind;
    cJSON *list;
};

static bool take_list_name(void *arg, const cJSON *o)
{
    struct names *n = arg;
    const char *name = kind_name_of(n->kind, o);
    if (name)
        json_add_str(n->reading->arena, n->list, name);
    return true;
}

/* Lists that leave members out: each object is asked for; one that cannot be read stays as it was.
 */
static bool read_thin(struct outside_reading *r, struct err *e)
{
    const struct outside_place *p = r->now;
    struct names n = { r, p->kind, json_array(r->arena) };
    struct gateway *gw = r->at->gateway;
    const cJSON *name;
    int asked = 0;
    if (!gateway_each_kind(gw, p->kind, NULL, take_list_name, &n, r->cancel, e))
        return false;
    cJSON_ArrayForEach(name, n.list)
    {
        struct arena *one = arena_new();
        struct err why = { 0 };
        bool missing = false;
        const cJSON *o = ++asked > THIN_MAX ? NULL
                                            : gateway_object(gw, one, p->kind, name->valuestring,
                                                             NULL, &missing, r->cancel, &why);
        const struct store_seen *was = find_seen(&p->was, name->valuestring);
        if (o)
            take_watched(r, o);
        else if (!missing) {
            note_unread_place(r, arena_printf(one, "%s %s", p->kind->name, name->valuestring),
                              why.kind ? why.text : "there are more than are looked at");
            if (was)
                r->seen[was - p->was.objects] = true;
        }
        arena_free(one);
        if (why.kind == ERR_GONE)
            return err_set(e, ERR_GONE, "%s", why.text);
    }
    return true;
}

static bool read_list_of(struct outside_reading *r, struct err *e)
{
    const struct outside_place *p = r->now;
    if (p->gone)
        return true;
    if (p->scope)
        return gateway_instances_at(r->at->gateway, p->scope, take_watched, r, r->cancel, e);
    if (p->kind->flags & KIND_THIN_LIST)
        return read_thin(r, e);
    return gateway_each_kind(r->at->gateway, p->kind, NULL, take_watched, r, r->cancel, e);
}

/* False: cancelled, or the store failed. One that cannot be read is left as it was. */
static bool read_outside_place(struct outside_reading *r, const struct outside_place *asked,
                               struct err *e)
{
    struct err why = { 0 };
    r->places = arena_grow(r->arena, r->places, r->count, &r->room, sizeof *r->places);
    struct outside_place *p = r->now = &r->places[r->count];
    *p = *asked;
    const char *name = outside_place_name(r->arena, p->kind, p->scope);
    if (!store_place(r->engine->store, r->arena, r->gateway, name, &p->was, e))
        return false;
    p->baseline = !p->was.mac && !p->since;
    p->since = p->was.mac ? p->was.at : p->since;
    p->was.at = p->since; /* of a new place, too: a look that does not tell all of it keeps that */
    r->seen = arena_array(r->arena, bool, p->was.count + 1);
    p->began = when_now();
    bool ok = read_list_of(r, &why) && !r->full;
    p->ended = when_now();
    if (ok) {
        take_absent(r);
        r->count++;
        return true;
    }
    if (why.kind == ERR_GONE)
        return err_set(e, ERR_GONE, "%s", why.text);
    note_unread_place(r, name, why.kind ? why.text : "there is more than is looked at");
    return true;
}

/* -- places of plugin instances --------------------------------------------------------------- */

struct scopes {
    struct outside_reading *reading;
    const struct kind *kind;
    struct outside_place *all;
    int count, room;
};

static bool add_watched_scope(void *arg, const cJSON *o)
{
    struct scopes *s = arg;
    struct arena *a = s->reading->arena;
    const char *name = kind_name_of(s->kind, o);
    const char *scope = name ? arena_printf(a, "%s:%s", s->kind->name, name) : NULL;
    if (!scope || (s->count && text_same(s->all[s->count - 1].scope, scope)))
        return true; /* a service is listed once a port */
    s->all = arena_grow(a, s->all, s->count, &s->room, sizeof *s->all);
    s->all[s->count++] =
        (struct outside_place){ .kind = kind_find("plugin-instance"), .scope = scope };
    return s->count < OBJECTS_MAX;
}

/* What was known of the list of that kind before this look: a route that is new by it brings a new
 * place. 0: nothing, or the object is not new. */
static double new_since(const struct outside_reading *r, const char *scope)
{
    for (int i = 0; i < r->count; i++) {
        const struct outside_place *p = &r->places[i];
        size_t n = strlen(p->kind->name);
        if (!p->scope && !strncmp(scope, p->kind->name, n) && scope[n] == ':')
            return p->was.mac && !find_seen(&p->was, scope + n + 1) ? p->was.at : 0;
    }
    return 0;
}

/* When each place was read last, by name. */
struct known {
    struct store_place *all;
    int count;
};

static int by_place_name(const void *x, const void *y)
{
    return strcmp(((const struct store_place *)x)->name, ((const struct store_place *)y)->name);
}

static const struct store_place *find_known(const struct known *k, const char *name)
{
    const struct store_place key = { .name = name };
    return k->count ? bsearch(&key, k->all, (size_t)k->count, sizeof key, by_place_name) : NULL;
}

static int longest_ago_first(const void *x, const void *y)
{
    const struct outside_place *p = x, *q = y;
    if (p->was.at != q->was.at)
        return p->was.at < q->was.at ? -1 : 1;
    return strcmp(p->scope, q->scope);
}

static int by_scope(const void *x, const void *y)
{
    return strcmp(((const struct outside_place *)x)->scope,
                  ((const struct outside_place *)y)->scope);
}

/* Places that are known, and whose route or domain a whole list does not name any more. Services
 * come and go by themselves: what is configured for one that is not discovered now stands. */
static bool read_gone_scopes(struct outside_reading *r, const struct known *k, struct scopes *s,
                             const char *whole, struct err *e)
{
    static const char prefix[] = "plugin-instance ";
    if (s->count)
        qsort(s->all, (size_t)s->count, sizeof *s->all, by_scope);
    for (int i = 0; i < k->count; i++) {
        const char *name = k->all[i].name;
        const char *scope = text_starts(name, prefix) ? name + strlen(prefix) : NULL;
        const char *colon = scope ? strchr(scope, ':') : NULL;
        struct outside_place gone = { .kind = kind_find("plugin-instance"), .scope = scope };
        if (!colon ||
            !text_has_word(whole, arena_strndup(r->arena, scope, (size_t)(colon - scope))))
            continue;
        if (s->count && bsearch(&gone, s->all, (size_t)s->count, sizeof gone, by_scope))
            continue;
        gone.gone = true;
        if (!read_outside_place(r, &gone, e))
            return false;
    }
    return true;
}

/* The places that there are now. *whole: the kinds of scopes whose lists could be read, and say
 * what is gone. False: cancelled. */
static bool find_watched_scopes(struct scopes *s, const char **whole, struct err *e)
{
    struct outside_reading *r = s->reading;
    for (const char *const *kind = kind_scopes; *kind; kind++) {
        struct err why = { 0 };
        s->kind = kind_find(*kind);
        bool ok =
            gateway_each_kind(r->at->gateway, s->kind, NULL, add_watched_scope, s, r->cancel, &why);
        if (why.kind == ERR_GONE)
            return err_set(e, ERR_GONE, "%s", why.text);
        if (ok && strcmp(*kind, "service") != 0)
            *whole = arena_printf(r->arena, "%s|%s", *whole, *kind);
        if (!ok)
            note_unread_place(r, arena_printf(r->arena, "plugin-instance %s:*", *kind), why.text);
    }
    return true;
}

/* Those that were asked longest ago. */
static bool read_oldest_scopes(struct outside_reading *r, const struct known *k, struct scopes *s,
                               struct err *e)
{
    for (int i = 0; i < s->count; i++) {
        const struct store_place *known =
            find_known(k, outside_place_name(r->arena, s->all[i].kind, s->all[i].scope));
        s->all[i].was.at = known ? known->at : 0;
        s->all[i].since = known ? 0 : new_since(r, s->all[i].scope);
    }
    if (s->count)
        qsort(s->all, (size_t)s->count, sizeof *s->all, longest_ago_first);
    for (int i = 0; i < s->count && i < SCOPES_A_LOOK; i++)
        if (!read_outside_place(r, &s->all[i], e))
            return false;
    if (s->count > SCOPES_A_LOOK)
        note_unread_place(r, "plugin-instance",
                          arena_printf(r->arena, "%d of %d places were not asked this time",
                                       s->count - SCOPES_A_LOOK, s->count));
    return true;
}

static bool read_watched_instances(struct outside_reading *r, const struct known *k, struct err *e)
{
    struct scopes s = { .reading = r };
    const char *whole = "";
    struct outside_place global = { .kind = kind_find("plugin-instance"), .scope = "global" };
    return read_outside_place(r, &global, e) && find_watched_scopes(&s, &whole, e) &&
           read_gone_scopes(r, k, &s, whole, e) && read_oldest_scopes(r, k, &s, e);
}

/* -- all of it -------------------------------------------------------------------------------- */

/* What nobody can write nobody edits: discovered services, the console itself. */
static bool is_watched(const struct kind *k)
{
    return !(k->flags & (KIND_READ_ONLY | KIND_SCOPED));
}

bool outside_read(struct outside_reading *r, struct err *e)
{
    struct known known = { 0 };
    known.count = store_places(r->engine->store, r->arena, r->gateway, &known.all, e);
    if (known.count < 0)
        return false;
    if (known.count)
        qsort(known.all, (size_t)known.count, sizeof *known.all, by_place_name);
    for (const struct kind *k = kinds; k->name; k++)
        if (is_watched(k) && !read_outside_place(r, &(struct outside_place){ .kind = k }, e))
            return false;
    return read_watched_instances(r, &known, e);
}
