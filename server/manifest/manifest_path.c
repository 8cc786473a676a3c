/* manifest_path.c - one path of an Ingress, by the controller's rules: how it matches, what it is
 * rewritten to, which services it goes to. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/ingress.h"
#include "manifest/manifest_private.h"

static const char *full_name(struct ingress *in, const char *name)
{
    return annotation_chosen(in->o, name)->string;
}

/* -- match and rewrite ------------------------------------------------------------------------ */

static bool says_regex(struct ingress *in)
{
    return annotation_true(annotation_value(in->a, in->o, "use-regex")) ||
           annotation_true(annotation_value(in->a, in->o, "full-path-regex"));
}

/* The same text, where the expression takes the whole path: groups are no text. */
static const char *escape_backslashes(struct arena *a, const char *text)
{
    char *out = arena_alloc(a, 2 * strlen(text) + 1), *to = out;
    for (; *text; text++) {
        if (*text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    *to = '\0';
    return out;
}

static void account_target(struct ingress *in, const char *target, const char *match)
{
    const char *name = full_name(in, "rewrite-target");
    if (!strcmp(match, "REGULAR"))
        manifest_account(in->m, name, MANIFEST_WORKS, LOSES_ROUTE, "%s",
                         annotation_find("rewrite-target")->does);
    else if (!strcmp(match, "PRE"))
        manifest_account(in->m, name, MANIFEST_TRANSLATED, LOSES_ROUTE,
                         "the prefix is replaced and what follows stays (rewrite.path); Higress "
                         "itself would replace the text wherever it stands in the path, nginx the "
                         "whole path%s",
                         strcmp(target, "/") ? "" : ": /svc/a becomes /a");
    else
        manifest_account(in->m, name, MANIFEST_TRANSLATED, LOSES_NOTHING,
                         "the path is replaced (rewrite.path)");
}

static void set_rewrite(struct ingress *in, cJSON *route, const char *match)
{
    const char *path = annotation_value(in->a, in->o, "rewrite-path"),
               *target = annotation_value(in->a, in->o, "rewrite-target");
    bool regex = !strcmp(match, "REGULAR");
    if (!path && !target)
        return;
    if (path && target)
        manifest_account(in->m, full_name(in, "rewrite-target"), MANIFEST_IGNORED, LOSES_NOTHING,
                         "higress.io/rewrite-path stands there, too, and wins");
    if (!path)
        account_target(in, target, match);
    else if (regex)
        manifest_account(in->m, full_name(in, "rewrite-path"), MANIFEST_TRANSLATED, LOSES_NOTHING,
                         "the path is an expression: the whole of it is replaced, as by "
                         "rewrite-target");
    json_set_str(in->a, json_get(route, "rewrite"), "path",
                 !path   ? target
                 : regex ? escape_backslashes(in->a, path)
                         : path);
}

static bool set_match(struct ingress *in, const cJSON *path, const char *at, cJSON *route,
                      struct err *e)
{
    const char *type = json_str(path, "pathType"), *text = json_str(path, "path");
    text = text && *text ? text : "/";
    bool regex = ingress_is_regex(in->a, in->o, text);
    const char *match = regex ? "REGULAR" : type && !strcmp(type, "Exact") ? "EQUAL" : "PRE";
    cJSON *p = json_get(route, "path");
    p = p ? p : json_set_object(in->a, route, "path");
    if (!type && !regex)
        text = ingress_plain_path(in->a, text);
    if (*text != '/')
        return err_set(e, ERR_ARGS, "%s.path: does not begin with '/'", at);
    json_set_str(in->a, p, "matchType", match);
    json_set_str(in->a, p, "matchValue", text);
    if (regex && !says_regex(in))
        manifest_account(in->m, arena_printf(in->a, "%s.path", at), MANIFEST_TRANSLATED,
                         LOSES_ROUTE,
                         "Higress takes it for an expression, because of rewrite-target: it is "
                         "REGULAR");
    set_rewrite(in, route, match);
    return true;
}

/* -- services --------------------------------------------------------------------------------- */

/* "30% " of "30% name:80 v1". */
static bool service_weight(char **line, double *weight)
{
    char *at = *line + strspn(*line, " "), *percent = strchr(at, '%'), *end = at;
    *line = at;
    if (!percent || percent >= at + strcspn(at, " "))
        return true;
    *weight = strtod(at, &end);
    *line = percent + 1 + strspn(percent + 1, " ");
    return end == percent && *weight >= 0 && *weight <= INGRESS_WEIGHT_MAX;
}

static bool service_line(struct arena *a, cJSON *list, char *line)
{
    double weight = 100;
    char *end;
    if (!service_weight(&line, &weight))
        return false;
    size_t n = strcspn(line, " ");
    char *version = line + n + strspn(line + n, " ");
    line[n] = '\0';
    char *colon = strrchr(line, ':');
    long port = colon ? strtol(colon + 1, &end, 10) : 0;
    if (!n)
        return false;
    cJSON *s = json_add(a, list, json_object(a));
    if (colon && end != colon + 1 && !*end && port >= 1 && port <= 65535)
        *colon = '\0';
    else
        port = 0;
    json_set_str(a, s, "name", line);
    if (port)
        json_set_num(a, s, "port", (double)port);
    if (*version)
        json_set_str(a, s, "version", version);
    json_set_num(a, s, "weight", weight);
    return true;
}

/* Weights as the shares that the gateway makes of them; a service without any is left out. */
static void weights_to_shares(struct ingress *in, cJSON *services)
{
    size_t n = (size_t)json_count(services), i = 0;
    long *weights = arena_array(in->a, long, n + 1);
    bool changed = false;
    cJSON *s, *next;
    cJSON_ArrayForEach(s, services) weights[i++] = (long)json_num(s, "weight", 100);
    ingress_shares(weights, n);
    i = 0;
    for (s = services->child; s; s = next, i++) {
        next = s->next;
        changed = changed || weights[i] != (long)json_num(s, "weight", 100);
        json_set_num(in->a, s, "weight", (double)weights[i]);
        if (weights[i] == 0)
            json_detach(services, s);
    }
    if (changed)
        manifest_account(
            in->m, "higress.io/destination", MANIFEST_TRANSLATED, LOSES_TUNING,
            "its weights do not add up to 100: they are the shares that the gateway makes "
            "of them");
}

static bool destination(struct ingress *in, const char *text, const char *at, cJSON *route,
                        struct err *e)
{
    cJSON *list = json_set_array(in->a, route, "services");
    char **line = annotation_items(in->a, text, "\r\n");
    for (int i = 0; line[i]; i++)
        if (!service_line(in->a, list, arena_strdup(in->a, line[i])))
            return err_set(e, ERR_ARGS,
                           "metadata.annotations.higress.io/destination: '%s' must be "
                           "[PERCENT%% ]NAME[:PORT][ SUBSET]; Higress ignores all lines and drops "
                           "the path of %s",
                           text_clean(in->a, line[i], 80), at);
    weights_to_shares(in, list);
    return true;
}

struct target {
    const char *name, *port; /* port: its name, where it is no number */
    const cJSON *number;
};

/* As networking.k8s.io/v1 has it, or v1beta1: {serviceName, servicePort}. */
static struct target backend_target(const cJSON *backend)
{
    const cJSON *service = json_get(backend, "service"), *port = json_get(service, "port");
    const cJSON *old = json_get(backend, "servicePort");
    if (service)
        return (struct target){ json_str(service, "name"), json_str(port, "name"),
                                json_get(port, "number") };
    return (struct target){ json_str(backend, "serviceName"),
                            cJSON_IsString(old) ? old->valuestring : NULL, old };
}

/* The name of its port waits until manifest_ports looks it up. */
static bool add_backend_service(struct ingress *in, const cJSON *backend, const char *at,
                                cJSON *route, struct err *e)
{
    struct target t = backend_target(backend);
    bool number = cJSON_IsNumber(t.number);
    if (!t.name || !*t.name || (!number && !t.port))
        return err_set(e, ERR_ARGS,
                       "%s.backend: must be a service with a port, or the McpBridge with the "
                       "annotation higress.io/destination",
                       at);
    cJSON *s = json_add(in->a, json_set_array(in->a, route, "services"), json_object(in->a));
    json_set_str(in->a, s, "name",
                 arena_printf(in->a, "%s.%s.svc.cluster.local", t.name, in->space));
    if (number)
        json_set_num(in->a, s, "port", t.number->valuedouble);
    else {
        in->port = t.port;
        manifest_account(
            in->m, arena_printf(in->a, "%s.backend", at), MANIFEST_TRANSLATED, LOSES_NOTHING,
            "the number of its port is looked up when the plan is made: in Services of "
            "the manifest, else in the gateway's list of services");
    }
    json_set_num(in->a, s, "weight", 100);
    if (!manifest_meta(in->o, NULL, "namespace"))
        manifest_account(in->m, "metadata.namespace", MANIFEST_TRANSLATED, LOSES_ROUTE,
                         "it is not given: services are those of the namespace %s", in->space);
    if (annotation_value(in->a, in->o, "destination"))
        manifest_account(in->m, "higress.io/destination", MANIFEST_IGNORED, LOSES_NOTHING,
                         "the backend is a service: Higress does not read it");
    return true;
}

bool manifest_backend(struct ingress *in, const cJSON *backend, const char *at, cJSON *route,
                      struct err *e)
{
    const char *kind = json_str(json_get(backend, "resource"), "kind");
    const char *to = annotation_value(in->a, in->o, "destination");
    in->port = NULL;
    if (kind && !to)
        return err_set(e, ERR_ARGS,
                       "%s.backend.resource: needs the annotation higress.io/destination; without "
                       "it Higress drops the path",
                       at);
    return kind ? destination(in, to, at, route, e)
                : add_backend_service(in, backend, at, route, e);
}

bool manifest_path(struct ingress *in, const cJSON *path, const char *at, cJSON *route,
                   struct err *e)
{
    const cJSON *text = json_get(path, "path");
    if (text && !cJSON_IsString(text))
        return err_set(e, ERR_ARGS, "%s.path: must be a text", at);
    return set_match(in, path, at, route, e) &&
           manifest_backend(in, json_get(path, "backend"), at, route, e);
}
