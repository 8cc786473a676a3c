/* check_cluster.c - what the API server of a Kubernetes cluster refuses and the file store of a
 * standalone gateway takes: names of the objects that the console makes, hosts, paths, labels.
 *
 * The console itself looks at none of it: on a cluster it passes the refusal on as a 500, for an
 * object of several parts after it wrote some. The rules are those of Kubernetes 1.33
 * (apimachinery's validation of names and labels, the validation of Ingress).
 */
#include "rule/check_private.h"

/* The longest that a name of an object, one of a label, and the text of a label may be. */
enum { OBJECT_NAME = 253, LABEL_NAME = 63 };

/* -- names ------------------------------------------------------------------------------------ */

/* What the console makes of a name, "<before>NAME<after>": the longest of each kind. */
static const struct {
    const char *kind, *object, *before, *after;
} made[] = {
    { "route", "Ingress", "", "" },
    { "ai-route", "Ingress", "ai-route-", ".fallback.internal" },
    { "mcp-server", "Ingress", "mcp-server-", ".internal" },
    { "tls-certificate", "Secret", "", "" },
    { "domain", "ConfigMap", "domain-", "" },
};

static bool takes_name(const struct check *c, const char *member, const char *object,
                       const char *name)
{
    if (check_word_kube(name, strlen(name)))
        return true;
    return check_no(c,
                    "%s: '%s' is refused by Kubernetes (the %s '%s'): lower-case letters, digits, "
                    "'-' and '.', letters or digits at both ends of each part, at most %d bytes",
                    member, check_shown(c, json_str(c->after, member)), object,
                    check_shown(c, name), OBJECT_NAME);
}

static bool cluster_name(const struct check *c)
{
    const char *name = json_str(c->after, c->k->key);
    for (size_t i = 0; name && !c->before && i < sizeof made / sizeof *made; i++) {
        const char *plain =
            text_starts(name, "*") ? arena_printf(c->a, "wildcard%s", name + 1) : name;
        bool domain = !strcmp(made[i].kind, "domain");
        if (!strcmp(made[i].kind, c->k->name))
            return takes_name(
                c, c->k->key, made[i].object,
                arena_printf(c->a, "%s%s%s", made[i].before, domain ? plain : name, made[i].after));
    }
    return true;
}

/* The object of a plugin is called NAME-VERSION, and says its version in a label. */
static bool cluster_plugin(const struct check *c)
{
    const char *name = json_str(c->after, "name"), *version = json_str(c->after, "pluginVersion");
    version = version && *version ? version : "1.0.0";
    if (!name || !takes_name(c, "name", "WasmPlugin", name) ||
        !takes_name(c, version == json_str(c->after, "pluginVersion") ? "pluginVersion" : "name",
                    "WasmPlugin", arena_printf(c->a, "%s-%s", name, version)))
        return !name;
    return strlen(version) <= LABEL_NAME ||
           check_no(c, "pluginVersion: is longer than the %d bytes that a label takes", LABEL_NAME);
}

/* A login is kept in a Secret NAME-auth-xxxxx. */
static bool cluster_source(const struct check *c)
{
    const char *name = json_str(c->after, "name");
    bool on = json_true(json_get(c->after, "authN"), "enabled");
    bool was = json_true(json_get(c->before, "authN"), "enabled");
    return !name || !on || was ||
           takes_name(c, "name", "Secret", arena_printf(c->a, "%s-auth-xxxxx", name));
}

/* -- Ingresses -------------------------------------------------------------------------------- */

static bool cluster_hosts(const struct check *c)
{
    const cJSON *d;
    int i = 0;
    cJSON_ArrayForEach(d, json_get(c->after, "domains"))
    {
        const char *s = cJSON_IsString(d) ? d->valuestring : "";
        if (check_word_ipv4(s, strlen(s)))
            return check_no(c, "domains[%d]: '%s' is an address; Kubernetes takes names only", i,
                            check_shown(c, s));
        i++;
    }
    return true;
}

/* Ingress paths of the types Exact and Prefix; the console writes REGULAR as Prefix, too. */
static bool takes_path(const struct check *c, const char *member)
{
    static const char *const inside[] = { "//", "/./", "/../", "%2f", "%2F" };
    static const char *const last[] = { "/..", "/." };
    const char *s = json_str(json_get(c->after, member), "matchValue"), *found = NULL;
    if (!s)
        return true;
    if (*s != '/')
        return check_no(c, "%s.matchValue: '%s' does not begin with '/', which Kubernetes refuses",
                        member, check_shown(c, s));
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
        found = !found && strstr(s, inside[i]) ? inside[i] : found;
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        found = !found && text_ends(s, last[i]) ? last[i] : found;
    return !found || check_no(c, "%s.matchValue: '%s' holds '%s', which Kubernetes refuses", member,
                              check_shown(c, s), found);
}

static bool cluster_path(const struct check *c)
{
    return takes_path(c, "path");
}

static bool cluster_ai_path(const struct check *c)
{
    return takes_path(c, "pathPredicate");
}

/* -- labels and annotations ------------------------------------------------------------------- */

static bool is_label_value(const char *s, size_t n)
{
    static const char inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (n == 0 || n > LABEL_NAME || strspn(s, inner) < n)
        return false;
    return !strchr("-_.", s[0]) && !strchr("-_.", s[n - 1]);
}

/* "name" or "prefix.example/name" */
static bool is_qualified(const char *key)
{
    const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;
    return (!slash || check_word_kube(key, (size_t)(slash - key))) &&
           is_label_value(name, strlen(name));
}

static bool cluster_labels(const struct check *c)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(c->after, "customLabels"))
    {
        const char *value = cJSON_IsString(m) ? m->valuestring : "";
        if (!is_qualified(m->string))
            return check_no(c, "customLabels: '%s' is no name of a label that Kubernetes takes",
                            check_shown(c, m->string));
        if (*value && !is_label_value(value, strlen(value)))
            return check_no(c,
                            "customLabels.%s: '%s' is no text of a label that Kubernetes takes: at "
                            "most %d letters, digits, '-', '_' and '.'",
                            m->string, check_shown(c, value), LABEL_NAME);
    }
    return true;
}

static bool cluster_annotations(const struct check *c)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(c->after, "customConfigs"))
    {
        if (!is_qualified(text_lower(c->a, m->string, strlen(m->string))))
            return check_no(c,
                            "customConfigs: '%s' is no name of an annotation that Kubernetes takes",
                            check_shown(c, m->string));
    }
    return true;
}

#define NAME_SAYS "A name it takes."
#define LABEL_SAYS "Labels it takes."
#define ANNOTATION_SAYS "Names of annotations it takes."
#define HOST_SAYS "Domains, no addresses."

const struct check_rule check_cluster_rules[] = {
    { "route", "name", NAME_SAYS, cluster_name },
    { "route", "domains", HOST_SAYS, cluster_hosts },
    { "route", "path", "Every path begins with '/' and holds no //, /./, /../, %2f.",
      cluster_path },
    { "route", "customLabels", LABEL_SAYS, cluster_labels },
    { "route", "customConfigs", ANNOTATION_SAYS, cluster_annotations },
    { "ai-route", "name", NAME_SAYS, cluster_name },
    { "ai-route", "domains", HOST_SAYS, cluster_hosts },
    { "ai-route", "pathPredicate", "The path holds no //, /./, /../, %2f.", cluster_ai_path },
    { "ai-route", "customLabels", LABEL_SAYS, cluster_labels },
    { "ai-route", "customConfigs", ANNOTATION_SAYS, cluster_annotations },
    { "mcp-server", "name", NAME_SAYS, cluster_name },
    { "mcp-server", "domains", HOST_SAYS, cluster_hosts },
    { "domain", "name", NAME_SAYS, cluster_name },
    { "tls-certificate", "name", NAME_SAYS, cluster_name },
    { "wasm-plugin", "name|pluginVersion", "Name and NAME-VERSION are ones that Kubernetes takes.",
      cluster_plugin },
    { "service-source", "name|authN", "With a login, NAME-auth-xxxxx is one Kubernetes takes.",
      cluster_source },
    { 0 },
};
