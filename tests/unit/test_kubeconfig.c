/* test_kubeconfig.c - which file and entry counts, what of it, and how each mistake is named. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/secret.h"
#include "check.h"
#include "kube/kubeconfig.h"
#include "scratch.h"
#include <sys/stat.h>

static struct arena *a;
static char folder[200];

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    snprintf(folder, sizeof folder, "%s/kubeconfig.XXXXXX", scratch_base());
    assert_non_null(mkdtemp(folder));
    for (const char *const *v =
             (const char *const[]){ "KUBECONFIG", "KUBERNETES_SERVICE_HOST",
                                    "KUBERNETES_SERVICE_PORT", "POD_NAMESPACE", NULL };
         *v; v++)
        unsetenv(*v);
    setenv("HOME", folder, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = { "one", "two", "ca.pem" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(arena_printf(a, "%s/%s", folder, names[i]));
    rmdir(folder);
    arena_free(a);
    return 0;
}

static const char *put(const char *name, const char *text)
{
    struct err e = { 0 };
    const char *path = arena_printf(a, "%s/%s", folder, name);
    assert_true(file_replace(path, text, strlen(text), 0600, &e));
    return path;
}

/* A kubeconfig of one cluster and one user with these members. */
static const char *config_of(const char *cluster, const char *user)
{
    return arena_printf(a,
                        "current-context: x\n"
                        "clusters: [{name: c, cluster: {server: 'https://10.0.0.1:6443/'%s}}]\n"
                        "users: [{name: u, user: {%s}}]\n"
                        "contexts: [{name: x, context: {cluster: c, user: u}}]\n",
                        cluster, user);
}

static struct kube_access reads(const char *path)
{
    struct err e = { 0 };
    struct kube_access x;
    const struct kube_wish wish = { .path = path };
    if (!kubeconfig_read(a, &wish, &x, &e))
        fail_msg("%s", e.text);
    return x;
}

static void refuses(const struct kube_wish *wish, const char *why)
{
    struct err e = { 0 };
    struct kube_access x;
    if (kubeconfig_read(a, wish, &x, &e))
        fail_msg("it was read, and should be refused: %s", why);
    if (!strstr(e.text, why))
        fail_msg("'%s' does not say '%s'", e.text, why);
    assert_int_equal(e.kind, ERR_ARGS);
}

static void refuses_text(const char *text, const char *why)
{
    const struct kube_wish wish = { .path = put("one", text) };
    refuses(&wish, why);
}

static void the_first_file_supplies_the_whole_entry(void **state)
{
    (void)state;
    const char *one = put("one", "clusters: [{name: c, cluster: {server: https://first:1}}]\n"
                                 "contexts: [{name: x, context: {cluster: c, user: u}}]\n");
    const char *two =
        put("two", "current-context: x\n"
                   "clusters: [{name: c, cluster: {server: https://second:2, proxy-url: "
                   "'http://p:3'}}]\n"
                   "contexts: [{name: x, context: {cluster: other, namespace: n}}]\n"
                   "users: [{name: u, user: {token: abcdefghijkl}}]\n");
    setenv("KUBECONFIG", arena_printf(a, ":%s:/no/such/file:%s:%s", one, one, two), 1);
    struct kube_access x = reads(NULL);
    assert_string_equal(x.server, "https://first:1");
    assert_null(x.proxy);
    assert_string_equal(x.token, "abcdefghijkl");
    assert_string_equal(x.namespace, "default");
    assert_string_equal(x.from, one);
    unsetenv("KUBECONFIG");
}

static void a_named_file_is_the_only_one(void **state)
{
    (void)state;
    const char *one = put("one", config_of("", ""));
    setenv("KUBECONFIG", put("two", "current-context: other\n"), 1);
    assert_string_equal(reads(one).context, "x");
    const struct kube_wish missing = { .path = "/no/such/file" };
    refuses(&missing, "/no/such/file");
    unsetenv("KUBECONFIG");
}

static void contexts_are_chosen_by_name(void **state)
{
    (void)state;
    put("one", "clusters: [{name: c, cluster: {server: https://h}}]\n"
               "contexts: [{name: x, context: {cluster: c}}, {name: y, context: {cluster: d}}, "
               "{name: z, context: {}}]\n");
    const char *path = arena_printf(a, "%s/one", folder);
    const struct kube_wish none = { .path = path }, other = { path, "q", NULL };
    const struct kube_wish lost = { path, "y", NULL }, empty = { path, "z", NULL };
    refuses(&none, "chooses no context");
    refuses(&other, "there is no context 'q'");
    refuses(&lost, "there is no cluster 'd'");
    refuses(&empty, "names no cluster");
    const struct kube_wish named = { path, "x", "shop" };
    struct err e = { 0 };
    struct kube_access x;
    assert_true(kubeconfig_read(a, &named, &x, &e));
    assert_string_equal(x.namespace, "shop");
    assert_null(x.token);
}

static void paths_are_relative_to_their_file(void **state)
{
    (void)state;
    struct kube_access x =
        reads(put("one", config_of(", certificate-authority: ca.pem, tls-server-name: kubernetes",
                                   "client-certificate: /etc/c.pem, client-key: keys/k.pem")));
    assert_string_equal(x.ca.file, arena_printf(a, "%s/ca.pem", folder));
    assert_string_equal(x.certificate.file, "/etc/c.pem");
    assert_string_equal(x.key.file, arena_printf(a, "%s/keys/k.pem", folder));
    assert_string_equal(x.tls_name, "kubernetes");
    assert_string_equal(x.server, "https://10.0.0.1:6443");
}

static void data_is_base64(void **state)
{
    (void)state;
    struct kube_access x =
        reads(put("one", config_of(", certificate-authority-data: UEVNIQ==", "token: ''")));
    assert_string_equal(x.ca.text, "PEM!");
    assert_null(x.ca.file);
    assert_null(x.token);
    refuses_text(config_of(", certificate-authority-data: 'P E M'", ""), "is no base64");
    refuses_text(config_of(", certificate-authority-data: UEVNIQ==, certificate-authority: f", ""),
                 "gives certificate-authority twice");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    refuses_text(config_of(", insecure-skip-tls-verify: true", ""), "always verifies");
    refuses_text(config_of(", tls-server-name: x@elsewhere", ""), "no name of a host");
    refuses_text(config_of("", "client-certificate: c"), "without its key");
    refuses_text(config_of("", "client-key: c"), "without its certificate");
    refuses_text(config_of("", "token: t, username: u"), "only one of them");
    refuses_text(config_of("", "token: [t]"), "token of 'u' in users is no text");
    refuses_text(config_of("", "as-uid: '7'"), "without `as`");
    refuses_text(config_of("", "auth-provider: {name: gcp}"), "'gcp'");
    refuses_text("[]", "it is no object");
    refuses_text("a: [", "is no kubeconfig");
    refuses_text("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                 "clusters: [{name: c, cluster: {server: https://h}}, {name: c}]\n",
                 "clusters has 'c' twice");
    refuses_text("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                 "clusters: [{name: c, cluster: {server: 'ftp://h'}}]\n",
                 "no http:// or https:// address");
}

static void plugins_are_read(void **state)
{
    (void)state;
    struct kube_access x = reads(put(
        "one",
        config_of(", certificate-authority-data: UEVNIQ==, extensions: [{name: "
                  "client.authentication.k8s.io/exec, extension: {audience: x}}]",
                  "exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: "
                  "[-a, b], env: [{name: A, value: bcdefghij}], interactiveMode: Never, "
                  "provideClusterInfo: true, installHint: 'apt install login'}")));
    const struct kube_plugin *p = x.plugin;
    assert_non_null(p);
    assert_string_equal(p->command, arena_printf(a, "%s/bin/login", folder));
    assert_string_equal(p->args[1], "b");
    assert_null(p->args[2]);
    assert_string_equal(p->variables[0].value, "bcdefghij");
    assert_string_equal(p->install_hint, "apt install login");
    assert_string_equal(p->cluster, "{\"server\":\"https://10.0.0.1:6443/\","
                                    "\"certificate-authority-data\":\"UEVNIQ==\","
                                    "\"config\":{\"audience\":\"x\"}}");
    static const char *const faults[][2] = {
        { "apiVersion: client.authentication.k8s.io/v1alpha1, command: x", "v1alpha1" },
        { "apiVersion: client.authentication.k8s.io/v1beta1", "without a command" },
        { "apiVersion: client.authentication.k8s.io/v1, command: x", "without interactiveMode" },
        { "apiVersion: client.authentication.k8s.io/v1beta1, command: x, interactiveMode: Now",
          "'Now'" },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        refuses_text(config_of("", arena_printf(a, "exec: {%s}", faults[i][0])), faults[i][1]);
    assert_null(reads(put("one", config_of("", "token: abcdefgh, exec: {command: x}"))).plugin);
}

static void somebody_else_is_impersonated(void **state)
{
    (void)state;
    struct kube_access x = reads(
        put("one", config_of("", "token: abcdefgh, as: ann, as-groups: [g, h], as-user-extra: "
                                 "{scopes: [a, b], reason: [c]}")));
    assert_string_equal(x.as, "ann");
    assert_string_equal(x.as_groups[1], "h");
    assert_string_equal(x.as_extra[1].name, "scopes");
    assert_string_equal(x.as_extra[1].value, "b");
    assert_string_equal(x.as_extra[2].name, "reason");
    assert_null(x.as_extra[3].name);
}

static void a_pod_has_its_account(void **state)
{
    (void)state;
    const struct kube_wish any = { 0 };
    refuses(&any, "runs in no pod");
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    setenv("POD_NAMESPACE", "higress-system", 1);
    struct kube_access x = reads(NULL);
    assert_string_equal(x.server, "https://[fd00::1]:443");
    assert_string_equal(x.namespace, "higress-system");
    assert_string_equal(x.token_file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
    setenv("KUBECONFIG", put("one", ""), 1);
    assert_string_equal(reads(NULL).namespace, "higress-system");
    unsetenv("KUBECONFIG");
}

/* The address of the server is shown, and stands in every change; errors do not say it either. */
static void no_secret_is_in_an_address(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kube_access x;
    static const char *const servers[] = { "https://ann:hidden-word@10.0.0.1:6443",
                                           "https://10.0.0.1:6443/\\nhidden-word" };
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++, e = (struct err){ 0 }) {
        const struct kube_wish wish = {
            .path = put("one", arena_printf(a,
                                            "current-context: x\n"
                                            "clusters: [{name: c, cluster: {server: \"%s\"}}]\n"
                                            "contexts: [{name: x, context: {cluster: c}}]\n",
                                            servers[i]))
        };
        assert_false(kubeconfig_read(a, &wish, &x, &e));
        assert_non_null(strstr(e.text, "with a user or blanks in it"));
        assert_null(strstr(e.text, "hidden"));
    }
    reads(put("one", config_of(", proxy-url: 'http://ann:a-proxy-password-7@p:3128'", "")));
    assert_null(strstr(secret_scrub(a, "it says a-proxy-password-7 here"), "a-proxy-password-7"));
}

static void others_must_not_write_it(void **state)
{
    (void)state;
    const struct kube_wish wish = { .path = put("one", config_of("", "")) };
    assert_int_equal(chmod(wish.path, 0622), 0);
    refuses(&wish, "the kubeconfig cannot be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_file_supplies_the_whole_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(a_named_file_is_the_only_one, setup, teardown),
        cmocka_unit_test_setup_teardown(contexts_are_chosen_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(paths_are_relative_to_their_file, setup, teardown),
        cmocka_unit_test_setup_teardown(data_is_base64, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(plugins_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(somebody_else_is_impersonated, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pod_has_its_account, setup, teardown),
        cmocka_unit_test_setup_teardown(no_secret_is_in_an_address, setup, teardown),
        cmocka_unit_test_setup_teardown(others_must_not_write_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
