/* xds.c - the whole of a rendering, and its files. To render something new: a rule's part goes into
 * xds_route.c (what happens to a request) or xds_rule.c (which requests), and its annotation into
 * the table of xds_note.c, so that it is no longer reported as ignored. */
#include "embedded/xds/xds.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "embedded/xds/xds_private.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>

enum { MAX_REASON = 512, MAX_FILE = 16 << 20, MAX_DOCUMENT = 256 << 20 };

void xds_note(struct xds *x, const char *kind, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *reason = arena_vprintf(x->a, format, args);
    va_end(args);

    cJSON *note = json_object(x->a);
    json_set_str(x->a, note, "object", arena_printf(x->a, "%s/%s", kind, name));
    json_set_str(x->a, note, "reason", text_clean(x->a, reason, MAX_REASON));
    json_add(x->a, x->notes, note);
}

const char *xds_object_name(const cJSON *object)
{
    const char *name = json_str(json_get(object, "metadata"), "name");
    return name ? name : "?";
}

/* Higress writes the host alone as domain and lets Envoy ignore port and case of the request's. */
static cJSON *route_configuration(struct xds *x)
{
    cJSON *c = json_object(x->a);
    json_set_str(x->a, c, "@type", XDS_TYPE "config.route.v3.RouteConfiguration");
    json_set_str(x->a, c, "name", arena_printf(x->a, "http.%d", x->in->port));
    json_set_bool(x->a, c, "ignore_port_in_host_matching", true);
    json_set_bool(x->a, c, "validate_clusters", false);
    cJSON *hosts = json_set_array(x->a, c, "virtual_hosts");

    size_t n = 0;
    struct xds_rule **rules = xds_rules(x, &n);
    const char *host = NULL;
    cJSON *routes = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!host || strcmp(host, rules[i]->takes.host) != 0) {
            host = rules[i]->takes.host;
            cJSON *v = json_add(x->a, hosts, json_object(x->a));
            json_set_str(x->a, v, "name", arena_printf(x->a, "%s:%d", host, x->in->port));
            json_add_str(x->a, json_set_array(x->a, v, "domains"), host);
            routes = json_set_array(x->a, v, "routes");
        }
        xds_routes(x, rules[i], routes);
    }
    return c;
}

static cJSON *document(struct xds *x, cJSON *resource)
{
    cJSON *d = json_object(x->a);
    if (cJSON_IsArray(resource)) {
        json_set(x->a, d, "resources", resource);
        return d;
    }
    json_add(x->a, json_set_array(x->a, d, "resources"), resource);
    return d;
}

void xds_render(struct arena *a, const struct xds_input *in, struct xds_output *out)
{
    struct xds x = { .a = a, .in = in, .notes = json_array(a), .hosts = json_object(a) };
    out->clusters = document(&x, xds_clusters(&x)); /* first: routes ask which services exist */
    out->routes = document(&x, route_configuration(&x));
    out->listeners = document(&x, xds_listener(&x));
    xds_notes(&x);
    out->notes = x.notes;
}

void xds_each_rule(struct arena *a, const cJSON *ingresses,
                   void (*tell)(void *arg, const struct xds_told *told), void *arg)
{
    const struct xds_input in = { .ingresses = ingresses };
    struct xds x = { .a = a, .in = &in, .notes = json_array(a), .hosts = json_object(a) };
    size_t n = 0;
    struct xds_rule **rules = xds_rules(&x, &n);
    for (size_t i = 0; i < n; i++) {
        x.a = arena_new();
        x.notes = json_array(x.a);
        cJSON *routes = json_array(x.a);
        xds_routes(&x, rules[i], routes);
        const struct xds_told told = { rules[i]->takes.name, rules[i]->takes.host, routes,
                                       xds_unrendered(rules[i]->ingress) };
        tell(arg, &told);
        arena_free(x.a);
    }
}

/* -- files ---------------------------------------------------------------------------------------
 */
static bool read_object_file(struct arena *a, const char *path, cJSON *to, struct err *e)
{
    struct err why = { 0 };
    size_t n = 0;
    const char *text = file_read(a, path, MAX_FILE, &n, &why);
    if (!text && why.status == ENOENT)
        return true; /* deleted since the folder was listed */
    if (!text)
        return err_set(e, why.kind, "%s", why.text);

    cJSON *object = yaml_parse(a, text, n, &why);
    if (!object)
        return err_set(e, ERR_ARGS, "%s is not YAML: %s", path, why.text);
    if (cJSON_IsObject(object))
        json_add(a, to, object);
    return true;
}

static int compare_folder_names(const void *v, const void *w)
{
    return strcmp(*(char *const *)v, *(char *const *)w);
}

/* Names of the .yaml files in a folder, sorted; none when there is no such folder. */
static char **list_folder(struct arena *a, const char *folder, size_t *n, struct err *e)
{
    enum { MOST = 200000 };
    DIR *d = opendir(folder);
    char **names = arena_array(a, char *, 16);
    size_t room = 16;
    *n = 0;
    if (!d && errno != ENOENT)
        return err_set(e, ERR_SYSTEM, "cannot list %s: %s", folder, strerror(errno)), NULL;
    for (struct dirent *entry; d && *n < MOST && (entry = readdir(d));) {
        if (entry->d_name[0] == '.' || !text_ends(entry->d_name, ".yaml"))
            continue;
        if (*n == room) {
            char **wider = arena_array(a, char *, room * 2);
            memcpy(wider, names, room * sizeof *names);
            names = wider;
            room *= 2;
        }
        names[(*n)++] = arena_strdup(a, entry->d_name);
    }
    if (d)
        closedir(d);
    qsort(names, *n, sizeof *names, compare_folder_names);
    return names;
}

static bool read_kind_folder(struct arena *a, const char *data, const char *kind, const cJSON **to,
                             struct err *e)
{
    const char *folder = arena_printf(a, "%s/%s", data, kind);
    cJSON *objects = json_array(a);
    size_t n = 0;
    char **names = list_folder(a, folder, &n, e);
    *to = objects;
    for (size_t i = 0; names && i < n; i++)
        if (!read_object_file(a, arena_printf(a, "%s/%s", folder, names[i]), objects, e))
            return false;
    return names != NULL;
}

bool xds_read_folder(struct arena *a, const char *data, struct xds_input *in, struct err *e)
{
    return read_kind_folder(a, data, "ingresses", &in->ingresses, e) &&
           read_kind_folder(a, data, "mcpbridges", &in->mcpbridges, e) &&
           read_kind_folder(a, data, "wasmplugins", &in->wasmplugins, e) &&
           read_kind_folder(a, data, "envoyfilters", &in->envoyfilters, e) &&
           read_kind_folder(a, data, "http2rpcs", &in->http2rpcs, e) &&
           read_kind_folder(a, data, "services", &in->services, e);
}

static bool write_document(struct arena *a, const char *folder, const char *name,
                           const cJSON *document, struct err *e)
{
    const char *path = arena_printf(a, "%s/%s", folder, name);
    struct buf *b = buf_in(a, MAX_DOCUMENT);
    if (!json_write(b, document))
        return err_set(e, ERR_SYSTEM, "%s would be larger than %d MiB", path, MAX_DOCUMENT >> 20);

    struct err ignored = { 0 };
    size_t n = 0;
    const char *old = file_read(a, path, MAX_DOCUMENT, &n, &ignored);
    if (old && n == b->len && memcmp(old, b->data, n) == 0)
        return true;
    return file_replace(path, b->data, b->len, 0600, e);
}

bool xds_write(struct arena *a, const char *folder, const struct xds_output *out, struct err *e)
{
    return write_document(a, folder, "cds.json", out->clusters, e) &&
           write_document(a, folder, "rds.json", out->routes, e) &&
           write_document(a, folder, "lds.json", out->listeners, e);
}
