/* deed.c - random work: creates, patches, replacements and deletes of every kind.
 *
 * Names come from small pools, so that objects are met again, refer to each other, and half of the
 * time are there already. A new kind is a row in `makers`.
 */
#include "chaos.h"

#include "base/file.h"
#include "console/gateway.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CERTIFICATES = 3 };

struct maker {
    const char *kind;
    const char *names; /* a format with one number */
    unsigned pool;
    cJSON *(*make)(struct arena *a, struct chance *c, const char *name);
    /* For what is always there: changes something of it instead. */
    cJSON *(*change)(struct arena *a, struct chance *c, const cJSON *before);
};

static cJSON *parsed(struct arena *a, const char *text)
{
    struct err e = { 0 };
    cJSON *o = json_parse(a, text, strlen(text), &e);
    if (!o)
        bug("the test's own object: %s: %s", e.text, text);
    return o;
}

static cJSON *make_route(struct arena *a, struct chance *c, const char *name)
{
    cJSON *o = parsed(
        a, arena_printf(a,
                        "{\"name\":\"%s\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"/p%u\"},"
                        "\"services\":[{\"name\":\"s%u.static\",\"port\":80,\"weight\":100}]}",
                        name, chance_below(c, 50), chance_below(c, 4)));
    if (chance_of(c, 60))
        json_add_str(a, json_set_array(a, o, "domains"),
                     arena_printf(a, "d%u.example", chance_below(c, 4)));
    if (chance_of(c, 30))
        json_set_str(a, json_set_object(a, o, "customConfigs"), "higress.io/timeout",
                     arena_printf(a, "%u", 1 + chance_below(c, 60)));
    return o;
}

static cJSON *make_domain(struct arena *a, struct chance *c, const char *name)
{
    static const char *const https[] = { "off", "on", "force" };
    return parsed(
        a, arena_printf(a, "{\"name\":\"%s\",\"enableHttps\":\"%s\",\"certIdentifier\":\"c%u\"}",
                        name, https[chance_below(c, 3)], chance_below(c, 3)));
}

static cJSON *make_source(struct arena *a, struct chance *c, const char *name)
{
    return parsed(a,
                  arena_printf(a,
                               "{\"name\":\"%s\",\"type\":\"static\",\"domain\":\"10.0.0.%u:%u\","
                               "\"port\":80,\"protocol\":\"http\"}",
                               name, 1 + chance_below(c, 200), 8000 + chance_below(c, 80)));
}

static cJSON *make_proxy(struct arena *a, struct chance *c, const char *name)
{
    return parsed(a, arena_printf(a,
                                  "{\"name\":\"%s\",\"type\":\"HTTP\",\"serverAddress\":"
                                  "\"10.1.0.%u\",\"serverPort\":3128,\"connectTimeout\":%u}",
                                  name, 1 + chance_below(c, 200), 1000 + chance_below(c, 900)));
}

static cJSON *make_provider(struct arena *a, struct chance *c, const char *name)
{
    static const char *const types[] = { "qwen", "openai", "deepseek", "moonshot" };
    return parsed(a, arena_printf(a,
                                  "{\"name\":\"%s\",\"type\":\"%s\",\"protocol\":\"openai/v1\","
                                  "\"tokens\":[\"sk-chaos-%08u\"]}",
                                  name, types[chance_below(c, 4)], chance_below(c, 100000000)));
}

static cJSON *make_ai_route(struct arena *a, struct chance *c, const char *name)
{
    return parsed(
        a, arena_printf(a,
                        "{\"name\":\"%s\",\"pathPredicate\":{\"matchType\":\"PRE\",\"matchValue\":"
                        "\"/ai%u\"},\"upstreams\":[{\"provider\":\"m%u\",\"weight\":100,"
                        "\"modelMapping\":{}}]}",
                        name, chance_below(c, 50), chance_below(c, 3)));
}

static cJSON *make_plugin(struct arena *a, struct chance *c, const char *name)
{
    return parsed(
        a, arena_printf(a,
                        "{\"name\":\"%s\",\"category\":\"custom\",\"phase\":\"UNSPECIFIED_PHASE\","
                        "\"title\":\"T\",\"description\":\"D\",\"priority\":%u,"
                        "\"imageRepository\":\"oci://r.example/%s\",\"imageVersion\":\"1.0.%u\"}",
                        name, chance_below(c, 500), name, chance_below(c, 9)));
}

static cJSON *make_instance(struct arena *a, struct chance *c, const char *name)
{
    return parsed(a, arena_printf(a,
                                  "{\"pluginName\":\"%s\",\"enabled\":true,\"configurations\":"
                                  "{\"note\":\"n%u\",\"limit\":%u}}",
                                  name, chance_below(c, 100), chance_below(c, 100)));
}

static cJSON *make_consumer(struct arena *a, struct chance *c, const char *name)
{
    return parsed(
        a, arena_printf(a,
                        "{\"name\":\"%s\",\"credentials\":[{\"type\":\"key-auth\",\"source\":"
                        "\"HEADER\",\"key\":\"x-key\",\"values\":[\"key-%s-%06u\"]}]}",
                        name, name, chance_below(c, 1000000)));
}

static char *certificates[CERTIFICATES][2];

static bool run_openssl(const char *name, const char *key, const char *cert)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2);
        execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9", "-subj", name, "-keyout",
               key, "-out", cert, (char *)NULL);
        _exit(127);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    return status == 0;
}

bool deed_prepare(struct arena *a, const char *dir)
{
    struct err e = { 0 };
    size_t n;
    for (int i = 0; i < CERTIFICATES; i++) {
        char *key = arena_printf(a, "%s/key", dir), *cert = arena_printf(a, "%s/cert", dir);
        if (!run_openssl(arena_printf(a, "/CN=c%d.example", i), key, cert))
            return false;
        certificates[i][0] = file_read(a, cert, 1 << 20, &n, &e);
        certificates[i][1] = file_read(a, key, 1 << 20, &n, &e);
    }
    return certificates[CERTIFICATES - 1][1] != NULL;
}

static cJSON *make_certificate(struct arena *a, struct chance *c, const char *name)
{
    cJSON *o = json_object(a);
    unsigned i = chance_below(c, CERTIFICATES);
    json_set_str(a, o, "name", name);
    json_set_str(a, o, "cert", certificates[i][0]);
    json_set_str(a, o, "key", certificates[i][1]);
    return o;
}

static cJSON *make_mcp_server(struct arena *a, struct chance *c, const char *name)
{
    return parsed(
        a, arena_printf(a,
                        "{\"name\":\"%s\",\"type\":\"DIRECT_ROUTE\",\"description\":\"n%u\","
                        "\"domains\":[\"d%u.example\"],\"services\":[{\"name\":\"s%u.static\","
                        "\"port\":80}],\"directRouteConfig\":{\"path\":\"/m%u\","
                        "\"transportType\":\"streamable\"}}",
                        name, chance_below(c, 100), chance_below(c, 4), chance_below(c, 4),
                        chance_below(c, 9)));
}

static cJSON *change_consumers(struct arena *a, struct chance *c, const cJSON *before)
{
    cJSON *after = json_clone(a, before), *list = json_set_array(a, after, "consumers");
    for (unsigned i = 0; i < 3; i++)
        if (chance_of(c, 50))
            json_add_str(a, list, arena_printf(a, "u%u", i));
    return after;
}

static cJSON *change_config(struct arena *a, struct chance *c, const cJSON *before)
{
    cJSON *after = json_clone(a, before);
    cJSON *downstream = json_path(after, "data.higress.downstream");
    if (downstream)
        json_set_num(a, downstream, "idleTimeout", 1 + chance_below(c, 900));
    return after;
}

static const struct maker makers[] = {
    { "route", "r%u", 5, make_route },
    { "domain", "d%u.example", 4, make_domain },
    { "service-source", "s%u", 4, make_source },
    { "proxy-server", "x%u", 3, make_proxy },
    { "ai-provider", "m%u", 3, make_provider },
    { "ai-route", "a%u", 3, make_ai_route },
    { "wasm-plugin", "w%u", 3, make_plugin },
    { "plugin-instance", "request-block|key-rate-limit|cors|w0", 4, make_instance },
    { "consumer", "u%u", 3, make_consumer },
    { "tls-certificate", "c%u", 3, make_certificate },
    { "mcp-server", "t%u", 2, make_mcp_server },
    { "mcp-consumers", "t%u", 2, .change = change_consumers },
    { "higress-config", "higress-config|", 1, .change = change_config },
};

static const char *name_of(struct arena *a, const struct maker *m, unsigned n)
{
    const char *bar = m->names;
    if (!strchr(bar, '|')) {
        const char *hole = strchr(bar, '%');
        return arena_printf(a, "%.*s%u%s", (int)(hole - bar), bar, n, hole + 2);
    }
    for (; n; n--)
        bar += strcspn(bar, "|") + 1;
    return arena_strndup(a, bar, strcspn(bar, "|"));
}

static const char *scope_of(struct arena *a, struct chance *c, const struct kind *k)
{
    if (!(k->flags & KIND_SCOPED))
        return NULL;
    switch (chance_below(c, 4)) {
    case 0:
        return "global";
    case 1:
        return arena_printf(a, "domain:d%u.example", chance_below(c, 4));
    case 2:
        return arena_printf(a, "service:s%u.static", chance_below(c, 4));
    default:
        return arena_printf(a, "route:r%u", chance_below(c, 5));
    }
}

/* The object as the client reads it; the truth is asked, too. */
static bool read_it(struct bad_console *b, struct gateway *g, struct arena *a, const struct kind *k,
                    const char *name, const char *scope, cJSON **before, const char **lie,
                    struct err *e)
{
    bool missing = false;
    *before = gateway_object(g, a, k, name, scope, &missing, NULL, e);
    if (!*before && !missing)
        return false;
    const cJSON *truth = bad_console_object(b, a, k, name, scope);
    if (strcmp(kind_hash(a, k, *before), kind_hash(a, k, truth)) != 0)
        *lie = arena_printf(a, "%s '%s' %s was read as %.300s, and is %.300s", k->name, name,
                            scope ? scope : "", *before ? json_print(a, *before) : "missing",
                            truth ? json_print(a, truth) : "missing");
    return true;
}

/* One member takes the value it has in a fresh object. */
static cJSON *patched(struct arena *a, struct chance *c, const cJSON *before, const cJSON *fresh)
{
    cJSON *after = json_clone(a, before);
    int n = (int)chance_below(c, (unsigned)json_count(fresh));
    const cJSON *member = cJSON_GetArrayItem(fresh, n);
    json_set(a, after, member->string, json_clone(a, member));
    return after;
}

static bool add(struct bad_console *b, struct gateway *g, struct plan *p, struct chance *c,
                const char **lie, struct err *e)
{
    struct arena *a = p->arena;
    const struct maker *m = &makers[chance_below(c, sizeof makers / sizeof *makers)];
    const struct kind *k = kind_find(m->kind);
    const char *name = name_of(a, m, chance_below(c, m->pool)), *scope = scope_of(a, c, k);
    cJSON *before, *fresh = m->make ? m->make(a, c, name) : NULL;
    unsigned how = chance_below(c, 100);
    /* What goes along when another operation deletes its owner is judged for plans of one. */
    if (p->count > 0 && ((k->flags | p->ops[0].kind->flags) & (KIND_SCOPED | KIND_SPECIAL)))
        return true;
    if (!read_it(b, g, a, k, name, scope, &before, lie, e))
        return false;
    if (!fresh)
        return before && plan_put(p, k->name, name, scope, before, m->change(a, c, before));
    if (!before)
        return plan_create(p, k->name, scope, fresh);
    if (how < 25)
        return plan_remove(p, k->name, name, scope, before);
    return plan_put(p, k->name, name, scope, before,
                    how < 60 ? patched(a, c, before, fresh) : fresh);
}

static void read_list(struct bad_console *b, struct arena *a, struct chance *c, const char **lie)
{
    const struct kind *k = kind_find(makers[chance_below(c, sizeof makers / sizeof *makers)].kind);
    const char *names = bad_console_names(b, a, k, false);
    const char *are = names ? bad_console_names(b, a, k, true) : NULL;
    if (names && (!are || strcmp(names, are) != 0))
        *lie = arena_printf(a, "the list of %s was read as %.200s, and is %.200s", k->name, names,
                            are ? are : "unreadable");
}

struct plan *deed_make(struct bad_console *b, struct gateway *g, struct arena *a, struct chance *c,
                       const char **lie, struct err *e)
{
    struct plan *p = plan_new(a, "chaos", CHANGE, e);
    if (chance_of(c, 8))
        read_list(b, a, c, lie);
    int n = chance_of(c, 80) ? 1 : 2 + (int)chance_below(c, 2);
    for (int i = 0; i < n; i++)
        if (!add(b, g, p, c, lie, e) && e->kind != ERR_ARGS)
            return NULL;
    return p->count > 0 && e->kind == ERR_NONE ? p : NULL;
}
