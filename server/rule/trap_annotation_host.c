/* trap_annotation_host.c - traps of annotations that act on more than their route: on a host's TLS,
 * on a service, on a mirror. annotations.md 2, 4, 5, 7. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include "rule/route_look_private.h"
#include "rule/trap_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *host_place(const struct trap_walk *t, const char *full)
{
    return arena_printf(trap_arena(t), "customConfigs.%s", full);
}

/* -- a host's TLS ----------------------------------------------------------------------------- */

/* The certificate of a domain; "" where it serves no HTTPS. */
static const char *certificate_of(const struct trap_walk *t, const char *domain)
{
    struct trap_object o;
    if (!trap_lookup(trap_of(t), "domain", domain, NULL, &o))
        return "";
    const char *https = json_text(o.json, "enableHttps");
    return !*https || !strcmp(https, "off") ? "" : json_text(o.json, "certIdentifier");
}

/* "ns/name" and "name": in the namespace of the certificate, named like it or with -cacert. */
static bool is_ca_of(const char *secret, const char *certificate)
{
    const char *slash = strchr(secret, '/');
    const char *name = slash ? slash + 1 : secret;
    size_t n = strlen(certificate);
    return (!slash || text_starts(secret, "higress-system/")) && !strncmp(name, certificate, n) &&
           (!name[n] || !strcmp(name + n, "-cacert"));
}

static void client_certificates(struct trap_walk *t, const struct trap_object *o)
{
    const char *full = NULL, *secret = route_annotation(o->json, "auth-tls-secret", &full);
    const cJSON *d;
    if (!secret)
        return;
    if (json_count(json_get(o->json, "domains")) == 0)
        trap_add(t, o, host_place(t, full),
                 "asks for client certificates of hosts that serve no HTTPS: everybody is let in");
    cJSON_ArrayForEach(d, json_get(o->json, "domains"))
    {
        const char *domain = cJSON_IsString(d) ? d->valuestring : "";
        const char *certificate = certificate_of(t, domain);
        if (!*certificate)
            trap_add(t, o, host_place(t, full),
                     "asks for client certificates of %s, which serves no HTTPS: everybody is let "
                     "in",
                     trap_name(t, domain));
        else if (!is_ca_of(secret, certificate))
            trap_add(t, o, host_place(t, full),
                     "is not named %s or %s-cacert, after the certificate of %s and in its "
                     "namespace: it is ignored, and clients without a certificate are let in",
                     trap_name(t, certificate), trap_name(t, certificate), trap_name(t, domain));
    }
}

static void redirect_to_nothing(struct trap_walk *t, const struct trap_object *o)
{
    const char *full = NULL;
    const cJSON *d;
    if (!annotation_true(route_annotation(o->json, "force-ssl-redirect", &full)))
        return;
    if (json_count(json_get(o->json, "domains")) == 0)
        trap_add(t, o, host_place(t, full),
                 "redirects to https for hosts that no certificate serves: clients reach a closed "
                 "port");
    cJSON_ArrayForEach(d, json_get(o->json, "domains"))
    {
        if (cJSON_IsString(d) && !*certificate_of(t, d->valuestring))
            trap_add(t, o, host_place(t, full),
                     "redirects to https, and nothing serves HTTPS for %s: clients reach a closed "
                     "port",
                     trap_name(t, d->valuestring));
    }
}

/* -- one of several of a host, of a service --------------------------------------------------- */

struct claim {
    const char *of; /* host, or service:port */
    const char *value;
    const struct trap_object *o;
};

struct claims {
    struct claim *list;
    int count, room;
};

static int by_of(const void *x, const void *y)
{
    return strcmp(((const struct claim *)x)->of, ((const struct claim *)y)->of);
}

static void add_claim(const struct trap_walk *t, struct claims *c, const char *of,
                      const char *value, const struct trap_object *o)
{
    struct trap_object *kept = arena_make(trap_arena(t), struct trap_object);
    *kept = *o;
    c->list = arena_grow(trap_arena(t), c->list, c->count, &c->room, sizeof *c->list);
    c->list[c->count++] = (struct claim){ of, value, kept };
}

/* Two neighbours that claim the same and say otherwise. */
static void say_claims(struct trap_walk *t, struct claims *c, const char *format_of)
{
    if (c->count > 1)
        qsort(c->list, (size_t)c->count, sizeof *c->list, by_of);
    for (int i = 1; i < c->count; i++) {
        const struct claim *x = &c->list[i - 1], *y = &c->list[i];
        if (!strcmp(x->of, y->of) && strcmp(x->value, y->value) != 0)
            trap_add(t, y->o, "customConfigs", "says otherwise than route %s for %s: %s",
                     trap_name(t, x->o->name), trap_name(t, y->of), format_of);
    }
}

static void app_roots(struct trap_walk *t)
{
    struct claims c = { 0 };
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "route", &o);) {
        const char *root = route_annotation(o.json, "app-root", NULL);
        const cJSON *d;
        cJSON_ArrayForEach(d, (root ? json_get(o.json, "domains") : NULL))
        {
            if (cJSON_IsString(d))
                add_claim(t, &c, d->valuestring, root, &o);
        }
    }
    say_claims(t, &c, "one app-root holds for the host, that of the youngest Ingress");
}

/* What is written once for a service, in one text. */
static const char *service_settings(const struct trap_walk *t, const cJSON *route)
{
    const char *all = "";
    for (const struct annotation *row = annotation_read; row->name; row++) {
        const char *value =
            row->scope == ACTS_ON_SERVICE ? route_annotation(route, row->name, NULL) : NULL;
        if (value)
            all = arena_printf(trap_arena(t), "%s%s=%s\n", all, row->name, value);
    }
    return all;
}

static void service_claims(struct trap_walk *t)
{
    struct claims c = { 0 };
    bool any = false;
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "route", &o);) {
        const char *settings = service_settings(t, o.json);
        const cJSON *s;
        any = any || *settings;
        cJSON_ArrayForEach(s, json_get(o.json, "services")) add_claim(
            t, &c,
            arena_printf(trap_arena(t), "%s:%d", json_text(s, "name"), (int)json_num(s, "port", 0)),
            settings, &o);
    }
    if (any)
        say_claims(t, &c,
                   "backend-protocol, TLS and balancing of a service are those of the oldest "
                   "Ingress that uses it, for every route");
}

/* -- mirrors ---------------------------------------------------------------------------------- */

/* "[ns/]name[:port]" → "name.ns.svc.cluster.local". */
static const char *full_service(const struct trap_walk *t, const char *target, bool *has_port)
{
    const char *slash = strchr(target, '/'), *colon = strrchr(target, ':');
    const char *name = slash ? slash + 1 : target;
    size_t n = colon && colon > name ? (size_t)(colon - name) : strlen(name);
    *has_port = colon && colon > name && colon[1];
    int ns = slash ? (int)(slash - target) : 0;
    return arena_printf(trap_arena(t), "%.*s.%.*s%s.svc.cluster.local", (int)n, name, ns, target,
                        slash ? "" : "higress-system");
}

static bool is_listed_service(const struct trap_walk *t, const char *service)
{
    struct trap_object o;
    return trap_lookup(trap_of(t), "service", service, NULL, &o);
}

static void mirrors(struct trap_walk *t, const struct trap_object *o, bool without_port)
{
    const char *full = NULL, *target = route_annotation(o->json, "mirror-target-service", &full);
    bool has_port;
    if (!target || route_annotation(o->json, "mirror-target-fqdn", NULL))
        return;
    const char *service = full_service(t, target, &has_port);
    if (is_listed_service(t, service) || has_port == without_port)
        return;
    if (without_port)
        trap_add(t, o, host_place(t, full),
                 "names a service without a port, and %s is not listed with one: a Service without "
                 "ports (ExternalName) crashes the controller here, one that is not there is no "
                 "mirror",
                 trap_name(t, service));
    else
        trap_add(
            t, o, host_place(t, full),
            "names %s, which is no Kubernetes service: nothing is mirrored; for other services "
            "use mirror-target-fqdn",
            trap_name(t, service));
}

static void mirror_lost(struct trap_walk *t, const struct trap_object *o)
{
    mirrors(t, o, false);
}

static void mirror_portless(struct trap_walk *t, const struct trap_object *o)
{
    mirrors(t, o, true);
}

const struct trap trap_annotation_host_rows[] = {
    { .number = "annotations 11 auth-tls-secret",
      .verdict = "CLIENT_CERTIFICATE_OFF",
      .title = "Client certificates that nobody asks for",
      .rule = "auth-tls-secret must lie in the namespace of the server's certificate and be named "
              "like it, or with -cacert; anything else is ignored.",
      .risk = TRAP_OPEN,
      .about = "route|ai-route",
      .beside = "domain",
      .judge = client_certificates },
    { .number = "annotations 2 force-ssl-redirect",
      .verdict = "SSL_REDIRECT_NOWHERE",
      .title = "A redirect to HTTPS that nothing serves",
      .rule = "The redirect is sent whether the host has TLS or not.",
      .risk = TRAP_BROKEN,
      .about = "route|ai-route",
      .beside = "domain",
      .judge = redirect_to_nothing },
    { .number = "annotations 2 app-root",
      .verdict = "APP_ROOT_TWICE",
      .title = "Two app-roots of one host",
      .rule = "app-root holds for the whole host; the youngest Ingress wins.",
      .risk = TRAP_DEAD,
      .about = "route",
      .find = app_roots },
    { .number = "annotations 5 one service",
      .verdict = "SERVICE_SETTING_SHARED",
      .title = "Settings of a service that one route decides",
      .rule = "backend-protocol, TLS, balancing and affinity are written once for a service and "
              "port: the oldest Ingress that uses it decides for all.",
      .risk = TRAP_DEAD,
      .about = "route",
      .find = service_claims },
    { .number = "annotations 4 mirror-target-service",
      .verdict = "MIRROR_LOST",
      .title = "A mirror that does not exist",
      .rule = "mirror-target-service takes Kubernetes services only; one that is missing is no "
              "mirror.",
      .risk = TRAP_DEAD,
      .about = "route|ai-route",
      .beside = "service",
      .judge = mirror_lost },
    { .number = "annotations 4 mirror-target-service port",
      .verdict = "MIRROR_PORTLESS",
      .title = "A mirror that may crash the controller",
      .rule = "Without a port the first one of the Service is taken; where it has none, the "
              "controller panics.",
      .risk = TRAP_BROKEN,
      .about = "route|ai-route",
      .beside = "service",
      .judge = mirror_portless },
    { 0 },
};
