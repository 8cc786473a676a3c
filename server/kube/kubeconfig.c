/* kubeconfig.c - which files, which entries of them, and what of a cluster and a user counts.
 *
 * A member that is new to Kubernetes and changes whom or what one reaches is a row of
 * take_cluster or take_user; those that nothing here needs are left alone, as kubectl leaves them.
 */
#include "kube/kubeconfig.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "net/probe.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KUBECONFIG_MAX = 4 << 20, FILES_MAX = 32, NAMESPACE_MAX = 64, SMALL_FILE = 64 << 10 };

#define ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

struct kubeconfig_file {
    const char *path, *folder;
    const cJSON *tree;
};

struct kubeconfig {
    struct arena *a;
    struct kubeconfig_file files[FILES_MAX];
    int count;
    const char *looked; /* at these paths, for an error */
};

/* An entry of one of the lists, and the file that it stands in. */
struct kube_entry {
    const struct kubeconfig_file *file;
    const char *list, *name;
    const cJSON *is; /* its "cluster", "user" or "context" */
};

/* -- the files ----------------------------------------------------------------------------------
 */

static const char *kubeconfig_folder(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_strndup(a, path, (size_t)(slash - path + (slash == path))) : ".";
}

static bool read_kubeconfig_file(struct kubeconfig *k, const char *path, bool must, struct err *e)
{
    size_t n = 0;
    struct err why = { 0 };
    k->looked = k->looked ? arena_printf(k->a, "%s, %s", k->looked, path) : path;
    char *text = file_read_secret(k->a, path, KUBECONFIG_MAX, &n, &why);
    if (!text && why.status == ENOENT && !must)
        return true;
    if (!text)
        return err_set(e, ERR_ARGS, "the kubeconfig cannot be read: %s", why.text);
    const cJSON *tree = n ? yaml_parse(k->a, text, n, &why) : json_object(k->a);
    if (tree && cJSON_IsNull(tree))
        tree = json_object(k->a);
    if (!cJSON_IsObject(tree))
        return err_set(e, ERR_ARGS, "%s is no kubeconfig: %s", path,
                       why.kind ? why.text : "it is no object");
    k->files[k->count++] = (struct kubeconfig_file){ path, kubeconfig_folder(k->a, path), tree };
    return true;
}

static bool is_read_already(const struct kubeconfig *k, const char *path)
{
    for (int i = 0; i < k->count; i++)
        if (!strcmp(k->files[i].path, path))
            return true;
    return false;
}

static bool read_kubeconfig_list(struct kubeconfig *k, const char *list, struct err *e)
{
    for (const char *at = list; *at;) {
        size_t n = strcspn(at, ":");
        const char *path = arena_strndup(k->a, at, n);
        at += n + (at[n] == ':');
        if (!n || is_read_already(k, path))
            continue;
        if (k->count == FILES_MAX)
            return err_set(e, ERR_ARGS, "KUBECONFIG names more than %d files", FILES_MAX);
        if (!read_kubeconfig_file(k, path, false, e))
            return false;
    }
    return true;
}

static bool read_kubeconfig_files(struct kubeconfig *k, const char *path, struct err *e)
{
    const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");
    if (path)
        return read_kubeconfig_file(k, path, true, e);
    if (list && *list)
        return read_kubeconfig_list(k, list, e);
    return !home || !*home ||
           read_kubeconfig_file(k, arena_printf(k->a, "%s/.kube/config", home), false, e);
}

/* -- entries ------------------------------------------------------------------------------------
 */

/* The first file that has the name supplies the entry. member: "cluster" of the list "clusters". */
static bool find_kube_entry(const struct kubeconfig *k, const char *list, const char *member,
                            const char *name, struct kube_entry *out, struct err *e)
{
    for (int i = 0; i < k->count; i++) {
        const cJSON *item, *found = NULL;
        cJSON_ArrayForEach(item, json_get(k->files[i].tree, list))
        {
            if (!text_same(json_str(item, "name"), name))
                continue;
            if (found)
                return err_set(e, ERR_ARGS, "%s: %s has '%s' twice", k->files[i].path, list, name);
            found = item;
        }
        if (!found)
            continue;
        *out = (struct kube_entry){ &k->files[i], list, name, json_get(found, member) };
        return true;
    }
    return err_set(e, ERR_ARGS, "there is no %s '%s' in %s", member, name, k->looked);
}

static bool bad_entry(const struct kube_entry *x, struct err *e, const char *why)
{
    return err_set(e, ERR_ARGS, "%s: '%s' of %s %s", x->file->path, x->name, x->list, why);
}

/* *text: that member; "" counts as none. False: it is no text. */
static bool take_kube_text(const struct kube_entry *x, const cJSON *o, const char *member,
                           const char **text, struct err *e)
{
    const cJSON *is = json_get(o, member);
    const char *said = json_text(o, member);
    if (is && !cJSON_IsNull(is) && !cJSON_IsString(is))
        return err_set(e, ERR_ARGS, "%s: %s of '%s' in %s is no text", x->file->path, member,
                       x->name, x->list);
    if (*said)
        *text = said;
    return true;
}

static bool take_kube_path(struct arena *a, const struct kube_entry *x, const char *member,
                           const char **path, struct err *e)
{
    const char *text = NULL;
    if (!take_kube_text(x, x->is, member, &text, e))
        return false;
    if (text)
        *path = *text == '/' ? text : arena_printf(a, "%s/%s", x->file->folder, text);
    return true;
}

/* MEMBER names a file, MEMBER-data is the same in base64; not both. */
static bool take_kube_pem(struct arena *a, const struct kube_entry *x, const char *member,
                          struct kube_pem *out, struct err *e)
{
    const char *data = NULL, *data_member = arena_printf(a, "%s-data", member);
    if (!take_kube_path(a, x, member, &out->file, e) ||
        !take_kube_text(x, x->is, data_member, &data, e) || !data)
        return e->kind == ERR_NONE;
    if (out->file)
        return bad_entry(x, e, arena_printf(a, "gives %s twice, as a file and as data", member));
    size_t n = 0;
    char *pem = base64_decode(a, data, strlen(data), &n);
    if (!pem || memchr(pem, 0, n))
        return bad_entry(x, e, arena_printf(a, "has a %s that is no base64", data_member));
    out->text = arena_strndup(a, pem, n);
    return true;
}

/* -- a cluster ----------------------------------------------------------------------------------
 */

static bool take_kube_server(struct arena *a, const struct kube_entry *x, struct kube_access *out,
                             struct err *e)
{
    if (!take_kube_text(x, x->is, "server", &out->server, e))
        return false;
    if (!out->server)
        return bad_entry(x, e, "has no server");
    if (!text_starts(out->server, "https://") && !text_starts(out->server, "http://"))
        return bad_entry(x, e, "has a server that is no http:// or https:// address");
    /* It is the name of the gateway everywhere: nothing secret may be in it. */
    if (strpbrk(out->server, "@ \t\r\n"))
        return bad_entry(x, e,
                         "has a server with a user or blanks in it; give username and password of "
                         "its user");
    size_t n = strcspn(out->server, "?#");
    while (n && out->server[n - 1] == '/')
        n--;
    out->server = arena_strndup(a, out->server, n);
    return true;
}

static bool take_kube_cluster(struct arena *a, const struct kube_entry *x, struct kube_access *out,
                              struct err *e)
{
    if (!take_kube_server(a, x, out, e) ||
        !take_kube_pem(a, x, "certificate-authority", &out->ca, e) ||
        !take_kube_text(x, x->is, "tls-server-name", &out->tls_name, e) ||
        !take_kube_text(x, x->is, "proxy-url", &out->proxy, e))
        return false;
    if (out->tls_name && !probe_is_host(out->tls_name)) /* in a URL it would be more */
        return bad_entry(x, e, "has a tls-server-name that is no name of a host");
    if (json_true(x->is, "insecure-skip-tls-verify"))
        return bad_entry(x, e,
                         "says insecure-skip-tls-verify; higress-ops always verifies: give the "
                         "cluster's CA as certificate-authority, or its name as tls-server-name");
    return true;
}

/* What a plugin is told of the cluster, with the keys of the kubeconfig. */
static const char *told_cluster(struct arena *a, const struct kube_entry *x)
{
    static const char *const told[] = { "server", "tls-server-name", "certificate-authority-data",
                                        "proxy-url", "disable-compression" };
    cJSON *o = json_object(a);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (json_get(x->is, told[i]))
            json_put(o, told[i], json_clone(a, json_get(x->is, told[i])));
    const cJSON *extension =
        json_find(json_get(x->is, "extensions"), "name", "client.authentication.k8s.io/exec");
    if (json_get(extension, "extension"))
        json_put(o, "config", json_clone(a, json_get(extension, "extension")));
    return json_print(a, o);
}

/* -- a user -------------------------------------------------------------------------------------
 */

static const char *const *kube_texts(struct arena *a, const cJSON *list)
{
    const char **out = arena_array(a, const char *, json_count(list) + 1);
    const cJSON *item;
    int n = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            out[n++] = item->valuestring;
    }
    return out;
}

static const struct kube_variable *plugin_variables(struct arena *a, const cJSON *list)
{
    struct kube_variable *out = arena_array(a, struct kube_variable, json_count(list) + 1);
    const cJSON *item;
    int n = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (json_str(item, "name"))
            out[n++] = (struct kube_variable){ json_str(item, "name"), json_text(item, "value") };
    }
    return out;
}

/* What is wrong with it, in words; NULL: nothing. mode: interactiveMode. */
static const char *plugin_fault(struct arena *a, const struct kube_plugin *p, const char *mode)
{
    bool v1 = text_same(p->api_version, "client.authentication.k8s.io/v1");
    if (!v1 && !text_same(p->api_version, "client.authentication.k8s.io/v1beta1"))
        return arena_printf(a,
                            "has an exec plugin of apiVersion '%s'; known are "
                            "client.authentication.k8s.io/v1 and …/v1beta1",
                            p->api_version ? p->api_version : "");
    if (!p->command)
        return "has an exec plugin without a command";
    if (!mode)
        return v1 ? "has an exec plugin of v1 without interactiveMode" : NULL;
    return text_has_word("Never|IfAvailable|Always", mode)
               ? NULL
               : arena_printf(a, "has an exec plugin of interactiveMode '%s'", mode);
}

static bool take_kube_plugin(struct arena *a, const struct kube_entry *x,
                             const struct kube_entry *cluster, struct kube_access *out,
                             struct err *e)
{
    const cJSON *o = json_get(x->is, "exec");
    struct kube_plugin *p = arena_make(a, struct kube_plugin);
    const char *mode = NULL;
    if (!take_kube_text(x, o, "apiVersion", &p->api_version, e) ||
        !take_kube_text(x, o, "command", &p->command, e) ||
        !take_kube_text(x, o, "installHint", &p->install_hint, e) ||
        !take_kube_text(x, o, "interactiveMode", &mode, e))
        return false;
    const char *fault = plugin_fault(a, p, mode);
    if (fault)
        return bad_entry(x, e, fault);
    p->wants_terminal = text_same(mode, "Always");
    if (strchr(p->command, '/') && *p->command != '/')
        p->command = arena_printf(a, "%s/%s", x->file->folder, p->command);
    p->args = kube_texts(a, json_get(o, "args"));
    p->variables = plugin_variables(a, json_get(o, "env"));
    p->cluster = json_true(o, "provideClusterInfo") ? told_cluster(a, cluster) : NULL;
    out->plugin = p;
    return true;
}

static bool take_impersonated(struct arena *a, const struct kube_entry *x, struct kube_access *out,
                              struct err *e)
{
    if (!take_kube_text(x, x->is, "as", &out->as, e) ||
        !take_kube_text(x, x->is, "as-uid", &out->as_uid, e))
        return false;
    const cJSON *extra = json_get(x->is, "as-user-extra"), *key, *value;
    int n = 0;
    cJSON_ArrayForEach(key, json_members(extra)) n += json_count(key);
    struct kube_variable *list = arena_array(a, struct kube_variable, n + 1);
    n = 0;
    cJSON_ArrayForEach(key, json_members(extra)) cJSON_ArrayForEach(value, key)
    {
        if (cJSON_IsString(value))
            list[n++] = (struct kube_variable){ key->string, value->valuestring };
    }
    out->as_groups = kube_texts(a, json_get(x->is, "as-groups"));
    out->as_extra = list;
    return out->as || (!out->as_uid && !*out->as_groups && !n) ||
           bad_entry(x, e, "impersonates groups, a uid or extra without `as`");
}

static bool is_pem_given(const struct kube_pem *x)
{
    return x->file || x->text;
}

/* Beside which a plugin is not asked. */
static bool has_own_credential(const struct kube_access *x)
{
    return is_pem_given(&x->certificate) || x->token || x->token_file || x->user;
}

/* What does not go together in a user, in words; NULL: nothing. */
static const char *user_fault(struct arena *a, const cJSON *user, const struct kube_access *x)
{
    bool certificate = is_pem_given(&x->certificate), token = x->token || x->token_file;
    const char *provider = json_str(json_get(user, "auth-provider"), "name");
    if (certificate != is_pem_given(&x->key))
        return certificate ? "has a client certificate without its key"
                           : "has a client key without its certificate";
    if (token && x->user)
        return "has a token and a user name; only one of them can be sent";
    if (has_own_credential(x) || json_get(user, "exec") || !provider)
        return NULL;
    return arena_printf(a,
                        "uses the auth-provider '%s', which higress-ops does not know; use its "
                        "exec plugin (for OIDC: kubelogin)",
                        provider);
}

static bool take_kube_user(struct arena *a, const struct kube_entry *x,
                           const struct kube_entry *cluster, struct kube_access *out, struct err *e)
{
    if (!take_kube_pem(a, x, "client-certificate", &out->certificate, e) ||
        !take_kube_pem(a, x, "client-key", &out->key, e) ||
        !take_kube_text(x, x->is, "token", &out->token, e) ||
        !take_kube_path(a, x, "tokenFile", &out->token_file, e) ||
        !take_kube_text(x, x->is, "username", &out->user, e) ||
        !take_kube_text(x, x->is, "password", &out->password, e) ||
        !take_impersonated(a, x, out, e))
        return false;
    const char *fault = user_fault(a, x->is, out);
    if (fault)
        return bad_entry(x, e, fault);
    return has_own_credential(out) || !json_get(x->is, "exec") ||
           take_kube_plugin(a, x, cluster, out, e);
}

/* -- all of it ----------------------------------------------------------------------------------
 */

static void learn_proxy_password(struct arena *a, const char *proxy)
{
    const char *user = proxy ? strstr(proxy, "://") : NULL, *at = user ? strrchr(user, '@') : NULL;
    const char *colon = at ? memchr(user + 3, ':', (size_t)(at - user) - 3) : NULL;
    if (colon)
        secret_learn(arena_strndup(a, colon + 1, (size_t)(at - colon - 1)));
}

static void learn_kube_secrets(struct arena *a, const struct kube_access *x)
{
    learn_proxy_password(a, x->proxy);
    const char *const secrets[] = { x->token, x->password, x->key.text };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (secrets[i])
            secret_learn(secrets[i]);
    for (const struct kube_variable *v = x->plugin ? x->plugin->variables : NULL; v && v->name; v++)
        secret_learn(v->value);
}

static bool use_service_account(struct arena *a, const struct kubeconfig *k,
                                struct kube_access *out, struct err *e)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    const char *pod = getenv("POD_NAMESPACE");
    size_t n = 0;
    struct err ignored = { 0 };
    if (!host || !*host || !port || !*port)
        return err_set(e, ERR_ARGS, "there is no kubeconfig (%s), and this process runs in no pod",
                       k->looked ? k->looked : "neither KUBECONFIG nor HOME is set");
    bool v6 = strchr(host, ':') != NULL;
    char *namespace = pod && *pod ? arena_strdup(a, pod)
                                  : file_read(a, ACCOUNT "/namespace", NAMESPACE_MAX, &n, &ignored);
    if (namespace)
    namespace[strcspn(namespace, " \r\n")] = '\0';
    out->from = "the service account of this pod";
    out->namespace = namespace && *namespace ? namespace : "default";
    out->server = arena_printf(a, v6 ? "https://[%s]:%s" : "https://%s:%s", host, port);
    out->ca.file = ACCOUNT "/ca.crt";
    out->token_file = ACCOUNT "/token";
    return true;
}

static bool has_clusters(const struct kubeconfig *k)
{
    for (int i = 0; i < k->count; i++)
        if (json_count(json_get(k->files[i].tree, "clusters")))
            return true;
    return false;
}

/* The context that is asked for, or the first that a file calls the current one; NULL: none. */
static const char *context_meant(const struct kubeconfig *k, const struct kube_wish *wish)
{
    const char *current = wish->context;
    for (int i = 0; i < k->count && (!current || !*current); i++)
        current = json_str(k->files[i].tree, "current-context");
    return current && *current ? current : NULL;
}

static bool take_kube_context(struct arena *a, const struct kubeconfig *k, const char *name,
                              struct kube_access *out, struct err *e)
{
    struct kube_entry context, cluster, user;
    const char *names[2] = { NULL, NULL };
    if (!find_kube_entry(k, "contexts", "context", name, &context, e) ||
        !take_kube_text(&context, context.is, "cluster", &names[0], e) ||
        !take_kube_text(&context, context.is, "user", &names[1], e) ||
        !take_kube_text(&context, context.is, "namespace", &out->namespace, e))
        return false;
    out->from = context.file->path;
    out->context = name;
    if (!names[0])
        return bad_entry(&context, e, "names no cluster");
    return find_kube_entry(k, "clusters", "cluster", names[0], &cluster, e) &&
           take_kube_cluster(a, &cluster, out, e) &&
           (!names[1] || (find_kube_entry(k, "users", "user", names[1], &user, e) &&
                          take_kube_user(a, &user, &cluster, out, e)));
}

bool kubeconfig_read(struct arena *a, const struct kube_wish *wish, struct kube_access *out,
                     struct err *e)
{
    struct kubeconfig k = { .a = a };
    *out = (struct kube_access){ .as_groups = kube_texts(a, NULL),
                                 .as_extra = plugin_variables(a, NULL) };
    if (!read_kubeconfig_files(&k, wish->path, e))
        return false;
    const char *meant = context_meant(&k, wish);
    if (!meant && has_clusters(&k))
        return err_set(e, ERR_ARGS,
                       "%s chooses no context: name one as kubernetes.context, or set "
                       "current-context",
                       k.looked);
    if (meant ? !take_kube_context(a, &k, meant, out, e) : !use_service_account(a, &k, out, e))
        return false;
    if (wish->namespace || !out->namespace)
        out->namespace = wish->namespace ? wish->namespace : "default";
    learn_kube_secrets(a, out);
    return true;
}
