/* credential.c - token files read again, and plugins run and remembered. */
#include "kube/credential.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "mask/mask.h"
#include "net/child.h"
#include "net/loop.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { TOKEN_MAX = 64 << 10, PLUGIN_OUT_MAX = 1 << 20, PLUGIN_SAID_MAX = 600, ARGS_MAX = 256 };
static const double TOKEN_FILE_AGE = 50, PLUGIN_SECONDS = 60, PLUGIN_MARGIN = 30;

struct kube_credentials {
    struct loop *loop;
    const struct kube_access *access;
    struct arena *held; /* what is known now lives here; NULL: nothing is */
    struct kube_credential is;
    double since;   /* loop time of the last look at a token file */
    double ends;    /* Unix seconds; 0: it does not */
    bool is_asking; /* a plugin runs */
};

static void forget_held(void *arg)
{
    struct kube_credentials *k = arg;
    arena_free(k->held);
    k->held = NULL;
}

struct kube_credentials *kube_credentials_new(struct loop *l, struct arena *a,
                                              const struct kube_access *access)
{
    struct kube_credentials *k = arena_make(a, struct kube_credentials);
    k->loop = l;
    k->access = access;
    arena_defer(a, forget_held, k);
    return k;
}

static void hold(struct kube_credentials *k, struct arena *held, struct kube_credential is)
{
    arena_free(k->held);
    k->held = held;
    k->is = is;
    if (is.token)
        secret_learn(is.token);
    if (is.key.text)
        secret_learn(is.key.text);
}

/* -- a token file -------------------------------------------------------------------------------
 */

static bool read_token_file(struct kube_credentials *k, struct err *e)
{
    const char *path = k->access->token_file;
    struct arena *held = arena_new();
    struct err why = { 0 };
    size_t n = 0;
    char *text = file_read(held, path, TOKEN_MAX, &n, &why);
    char *token = text ? text + strspn(text, " \t\r\n") : NULL;
    if (token)
        token[strcspn(token, " \t\r\n")] = '\0';
    k->since = loop_now(k->loop);
    if (token && *token) {
        hold(k, held, (struct kube_credential){ .token = token });
        return true;
    }
    arena_free(held);
    if (k->held)
        return true; /* the old one may still be good */
    return err_set(e, ERR_ARGS, "no token of the cluster: %s",
                   text ? "its file is empty" : why.text);
}

/* -- a plugin -----------------------------------------------------------------------------------
 */

static bool plugin_is_missing(const struct kube_plugin *p, struct err *e)
{
    const char *path = getenv("PATH");
    bool word = !strchr(p->command, '/');
    return err_set(e, ERR_ARGS, "the credential plugin '%s' %s%s%s%s%s", p->command,
                   word ? "is not in PATH (" : "is not there, or cannot be run",
                   word ? (path ? path : "") : "", word ? ")" : "",
                   p->install_hint ? ": " : "; install it, or name another user of the kubeconfig",
                   p->install_hint ? p->install_hint : "");
}

/* What a plugin is told, in KUBERNETES_EXEC_INFO. */
static const char *exec_info(struct arena *a, const struct kube_plugin *p)
{
    cJSON *o = json_object(a), *spec;
    json_set_str(a, o, "kind", "ExecCredential");
    json_set_str(a, o, "apiVersion", p->api_version);
    spec = json_set_object(a, o, "spec");
    if (p->cluster)
        json_put(spec, "cluster", json_raw(a, p->cluster));
    json_set_bool(a, spec, "interactive", false);
    return json_print(a, o);
}

static bool run_plugin(struct kube_credentials *k, struct arena *a, struct cancel *c,
                       struct child_end *end, struct err *e)
{
    const struct kube_plugin *p = k->access->plugin;
    int n = 0, variables = 0;
    if (p->wants_terminal)
        return err_set(e, ERR_ARGS,
                       "the credential plugin '%s' wants a terminal (interactiveMode Always), and "
                       "none is given to it here",
                       p->command);
    const char *path = child_find(a, p->command);
    if (!path)
        return plugin_is_missing(p, e);
    const char **argv = arena_array(a, const char *, ARGS_MAX + 2);
    argv[n++] = p->command;
    for (const char *const *arg = p->args; *arg && n <= ARGS_MAX; arg++)
        argv[n++] = *arg;
    struct child_variable *more = arena_array(a, struct child_variable, ARGS_MAX + 2);
    for (const struct kube_variable *v = p->variables; v->name && variables < ARGS_MAX; v++)
        more[variables++] = (struct child_variable){ v->name, v->value };
    more[variables] = (struct child_variable){ "KUBERNETES_EXEC_INFO", exec_info(a, p) };
    const struct child_spec spec = { .path = path,
                                     .argv = argv,
                                     .variables = more,
                                     .max_out = PLUGIN_OUT_MAX,
                                     .max_said = PLUGIN_SAID_MAX,
                                     .timeout = PLUGIN_SECONDS,
                                     .cancel = c };
    if (!child_run(k->loop, a, &spec, end, e))
        return err_at(e, "the credential plugin '%s'", p->command);
    if (end->status == 0)
        return true;
    bool killed = WIFSIGNALED(end->status);
    const char *said = text_clean(a, mask_shapes(a, secret_scrub(a, end->said)), PLUGIN_SAID_MAX);
    return err_set(e, ERR_SYSTEM, "the credential plugin '%s' ended with %s %d: %s", p->command,
                   killed ? "signal" : "status",
                   killed ? WTERMSIG(end->status) : WEXITSTATUS(end->status),
                   *said ? said : "it said nothing");
}

/* What is wrong with its answer, in words; NULL: nothing. */
static const char *plugin_answer_fault(const struct kube_plugin *p, const cJSON *o)
{
    const cJSON *status = json_get(o, "status");
    if (!cJSON_IsObject(o) || !text_same(json_str(o, "kind"), "ExecCredential"))
        return "is no ExecCredential";
    if (!text_same(json_str(o, "apiVersion"), p->api_version))
        return "is of another apiVersion than the kubeconfig wants";
    if (!cJSON_IsObject(status))
        return "has no status";
    if (!json_str(status, "clientCertificateData") != !json_str(status, "clientKeyData"))
        return "has a certificate without its key, or a key without its certificate";
    return json_str(status, "token") || json_str(status, "clientCertificateData")
               ? NULL
               : "has neither a token nor a certificate";
}

static bool ask_plugin(struct kube_credentials *k, struct cancel *c, struct err *e)
{
    struct arena *held = arena_new();
    struct child_end end = { 0 };
    struct err why = { 0 };
    const struct kube_plugin *p = k->access->plugin;
    bool ok = run_plugin(k, held, c, &end, e);
    const cJSON *o = ok ? json_parse(held, end.out, end.len, &why) : NULL;
    const char *fault = ok ? plugin_answer_fault(p, o) : NULL;
    if (fault)
        ok =
            err_set(e, ERR_SYSTEM, "what the credential plugin '%s' printed %s", p->command, fault);
    if (!ok) {
        arena_free(held);
        return false;
    }
    const cJSON *status = json_get(o, "status");
    k->ends = when_parse(json_str(status, "expirationTimestamp"));
    hold(k, held,
         (struct kube_credential){
             .token = json_str(status, "token"),
             .certificate.text = json_str(status, "clientCertificateData"),
             .key.text = json_str(status, "clientKeyData"),
         });
    return true;
}

/* One run at a time: who comes meanwhile waits for it and looks again. */
static bool ask_plugin_once(struct kube_credentials *k, struct cancel *c, struct err *e)
{
    while (k->is_asking)
        if (!nap_for(k->loop, 0.02, "credential plugin", k->access->plugin->command, c, e))
            return false;
    bool good = k->held && (k->ends <= 0 || when_now() < k->ends - PLUGIN_MARGIN);
    if (good)
        return true;
    k->is_asking = true;
    bool ok = ask_plugin(k, c, e);
    k->is_asking = false;
    return ok;
}

/* -- both ----------------------------------------------------------------------------------------
 */

static struct kube_pem copy_pem(struct arena *a, struct kube_pem x)
{
    return (struct kube_pem){ arena_strdup(a, x.file), arena_strdup(a, x.text) };
}

bool kube_credentials_now(struct kube_credentials *k, struct arena *a, struct cancel *c,
                          struct kube_credential *out, struct err *e)
{
    const struct kube_access *x = k->access;
    *out = (struct kube_credential){ x->token, x->certificate, x->key, x->user, x->password };
    if (x->plugin) {
        if (!ask_plugin_once(k, c, e))
            return false;
        out->certificate = copy_pem(a, k->is.certificate);
        out->key = copy_pem(a, k->is.key);
    } else if (x->token_file) {
        bool due = !k->held || loop_now(k->loop) - k->since > TOKEN_FILE_AGE;
        struct err unread = { 0 };
        if (due && !read_token_file(k, &unread) && !x->token)
            return err_set(e, unread.kind, "%s", unread.text);
    }
    if (k->held)
        out->token = arena_strdup(a, k->is.token);
    return true;
}

bool kube_credentials_refused(struct kube_credentials *k)
{
    bool renews = k->access->plugin || k->access->token_file;
    bool worth = renews && k->held != NULL;
    if (worth)
        forget_held(k);
    return worth;
}
