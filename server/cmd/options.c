/* options.c - reads a command line by the command's option tables and prints help from them.
 *
 * Accepted: --name value, --name=value, --flag, and `--` before positional arguments that begin
 * with a dash. A new option is a row in a table; nothing changes here.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "config/setting.h"
#include "guard/spec.h"
#include "kind/kind.h"
#include "kube/higress.h"
#include "kube/rights.h"
#include "mcp/resource.h"
#include "policy/rules.h"
#include "store/store.h"
#include "tool.h"
#include "version.h"

#include <errno.h>

static const struct option_row everywhere[] = {
    { "help", NULL, "Prints this help." },
    { "version", NULL, "Prints the version." },
    { 0 },
};

static const struct option_row *find_in(const struct option_row *rows, const char *name, size_t n)
{
    for (; rows && rows->name; rows++)
        if (strlen(rows->name) == n && !strncmp(rows->name, name, n))
            return rows;
    return NULL;
}

static const struct option_row config_file = {
    "config", "FILE", "Configuration file (YAML); variables and options win over it."
};

/* The flags of the configuration as option rows; the i-th, or NULL after the last. */
static const struct option_row *config_row(int i)
{
    static struct option_row row;
    for (const struct setting *o = settings; o->path; o++) {
        if (!o->flag || i-- > 0)
            continue;
        row = (struct option_row){ o->flag, o->value, o->about };
        return &row;
    }
    return i == 0 ? &config_file : NULL;
}

static const struct option_row *find_config(const char *name, size_t n)
{
    const struct option_row *row;
    for (int i = 0; (row = config_row(i)); i++)
        if (strlen(row->name) == n && !strncmp(row->name, name, n))
            return row;
    return NULL;
}

static const struct option_row *find_option(const struct command *c, const char *name, size_t n)
{
    const struct option_row *row = find_in(c->rows, name, n);
    row = row || !c->config ? row : find_config(name, n);
    return row ? row : find_in(everywhere, name, n);
}

static void print_row(const struct option_row *row)
{
    char left[64];
    snprintf(left, sizeof left, "--%s %s", row->name, row->value ? row->value : "");
    printf("  %-24s %s\n", left, row->about);
}

static void print_rows(const struct option_row *rows)
{
    for (; rows && rows->name; rows++)
        print_row(rows);
}

void options_help(const struct command *c)
{
    printf("usage: higress-ops %s%s%s [OPTIONS]\n\n%s\n\noptions:\n", c->name, c->args ? " " : "",
           c->args ? c->args : "", c->about);
    print_rows(c->rows);
    print_rows(everywhere);
    const struct option_row *row;
    if (c->config)
        puts("\nconfiguration (also by file and variables):");
    for (int i = 0; c->config && (row = config_row(i)); i++)
        print_row(row);
    puts("\nexit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong configuration,\n"
         "4 a change waits for a decision, 5 refused and nothing written,\n"
         "6 a person was asked and decided nothing, 7 check --gateway found something,\n"
         "ask: 8 nothing wrong found, 9 the model failed, 10 a limit was reached");
}

static bool usage(const struct command *c, int *code, const char *what, const char *which)
{
    fprintf(stderr, "higress-ops %s: %s%s (see higress-ops %s --help)\n", c->name, what, which,
            c->name);
    *code = EXIT_USAGE;
    return false;
}

/* Of an option whose value may be left out, and was. */
static const char bare[] = "";

/* "true" for a flag, else the argument that follows; NULL: there is none. */
static const char *without_equals(const struct option_row *row, int argc, char **argv, int *i)
{
    if (!row->value)
        return "true";
    bool there = *i + 1 < argc;
    if (*row->value == '[' && (!there || argv[*i + 1][0] == '-'))
        return bare;
    return there ? argv[++*i] : NULL;
}

static const char *const short_options[] = { "help", "version", "follow" }; /* -h, -V, -f */

/* One argument that begins with "--", or a short one; *i moves past a value that follows it. */
static bool take_option(struct options *o, int argc, char **argv, int *i, int *code)
{
    const char *name = argv[*i] + 2;
    if (argv[*i][1] != '-')
        name = short_options[strcspn("hVf", argv[*i] + 1)];
    const char *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_row *row = find_option(o->command, name, n);
    if (!row)
        return usage(o->command, code, "unknown option ", argv[*i]);
    if (!row->value && equals)
        return usage(o->command, code, "this option takes no value: --", row->name);
    const char *value = equals ? equals + 1 : without_equals(row, argc, argv, i);
    if (!value)
        return usage(o->command, code, "a value is missing after --", row->name);
    if (o->given_count == OPTIONS_MAX)
        return usage(o->command, code, "too many options, at --", row->name);
    o->given[o->given_count].name = row->name;
    o->given[o->given_count++].value = value;
    return true;
}

static bool is_option(const char *arg)
{
    return !strncmp(arg, "--", 2) || !strcmp(arg, "-h") || !strcmp(arg, "-V") || !strcmp(arg, "-f");
}

static bool take_options(struct options *o, int argc, char **argv, int *code)
{
    bool only_args = false;
    o->argv = argv;
    for (int i = 0; i < argc; i++) {
        if (only_args || !is_option(argv[i]))
            argv[o->argc++] = argv[i];
        else if (!strcmp(argv[i], "--"))
            only_args = true;
        else if (!take_option(o, argc, argv, &i, code))
            return false;
    }
    return true;
}

bool options_parse(const struct command *c, int argc, char **argv, struct options *o, int *code)
{
    *o = (struct options){ .command = c };
    if (!take_options(o, argc, argv, code))
        return false;
    *code = EXIT_DONE;
    if (options_has(o, "help")) {
        options_help(c);
        return false;
    }
    if (options_has(o, "version")) {
        puts("higress-ops " HIGRESS_OPS_VERSION);
        return false;
    }
    if (o->argc < c->min_args)
        return usage(c, code, "an argument is missing: ", c->args ? c->args : "");
    if (o->argc > c->max_args)
        return usage(c, code, "one argument too many: ", o->argv[c->max_args]);
    return true;
}

const char *options_get(const struct options *o, const char *name)
{
    for (int i = o->given_count - 1; i >= 0; i--)
        if (!strcmp(o->given[i].name, name))
            return o->given[i].value;
    return NULL;
}

bool options_has(const struct options *o, const char *name)
{
    return options_get(o, name) != NULL;
}

bool options_int(const struct options *o, const char *name, int least, int most, int otherwise,
                 int *out)
{
    const char *text = options_get(o, name);
    *out = otherwise;
    if (!text)
        return true;
    char *end = NULL;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || n < least || n > most) {
        fprintf(stderr, "higress-ops %s: --%s is '%s' but must be a whole number from %d to %d\n",
                o->command->name, name, text, least, most);
        return false;
    }
    *out = (int)n;
    return true;
}

/* What a guard may say is for guard/ to know, which the configuration does not see. */
static bool good_guards(const struct config *c, struct arena *a, struct err *e)
{
    struct guard_spec ignored;
    for (struct config *const *one = c->gateways; *one; one++)
        if ((*one)->guard && !guard_spec_read(a, guard_spec_parse(a, (*one)->guard), &ignored, e))
            return false;
    return true;
}

const struct rules_words *options_words(struct arena *a)
{
    struct rules_words *w = arena_make(a, struct rules_words);
    /* Plans that no tool makes say what made them. */
    w->plans = "undo|import|migrate|clean_up|guard|restore";
    w->reads = RESOURCE_READ;
    for (const struct toolset *const *set = toolsets; *set; set++)
        for (const struct tool *t = (*set)->tools; t->name; t++)
            if (t->plan)
                w->plans = arena_printf(a, "%s|%s", w->plans, t->name);
            else if (t->risk == READ)
                w->reads = arena_printf(a, "%s|%s", w->reads, t->name);
    for (int i = 0; kinds[i].name; i++)
        w->kinds = arena_printf(a, "%s%s%s", i ? w->kinds : "", i ? "|" : "", kinds[i].name);
    return w;
}

/* A gateway on Kubernetes without a URL of its console, or of Envoy, is reached through its pods.
 */
static bool reach_through_pods(struct config *c, struct arena *a, struct err *e)
{
    const struct config_kube *k = &c->kube;
    const struct kube_wish wish = {
        k->kubeconfig, k->context, k->namespace,
        (k->exec ? KUBE_USE_EXEC : 0) |
            (k->login_from_secret && !c->password && !c->gateway_url ? KUBE_USE_LOGIN : 0)
    };
    const char *const selectors[KUBE_WORKLOADS] = {
        [KUBE_CONSOLE] = k->console, [KUBE_GATEWAY] = k->gateway, [KUBE_CONTROLLER] = k->controller
    };
    if (!k->kubeconfig && !k->context && !k->namespace)
        return true;
    struct kube_higress *h = kube_higress_new(a, &wish, selectors, e);
    if (!h)
        return err_about(e, "kubernetes");
    c->kube.higress = h;
    if (!c->gateway_url) {
        c->gateway_url = kube_higress_url(h, KUBE_CONSOLE);
        c->gateway_via = kube_higress_via(h, KUBE_CONSOLE);
    }
    if (!c->envoy_admin) {
        c->envoy_admin = kube_higress_url(h, KUBE_GATEWAY);
        c->envoy_via = kube_higress_via(h, KUBE_GATEWAY);
    }
    return true;
}

/* The process has the console of the gateway that is meant where none is named. */
static bool reach_all_through_pods(struct config *c, struct arena *a, struct err *e)
{
    for (int i = 0; c->gateways[i]; i++) {
        const struct config *g = c->gateways[i];
        if (!reach_through_pods(c->gateways[i], a, e))
            return false;
        if (g != c && text_same(g->name, c->name)) {
            c->kube = g->kube;
            c->gateway_url = g->gateway_url;
            c->gateway_via = g->gateway_via;
            c->envoy_admin = g->envoy_admin;
            c->envoy_via = g->envoy_via;
        }
    }
    return true;
}

struct config *options_read(const struct options *o, struct arena *a, struct err *e)
{
    struct config_flag *flags = arena_array(a, struct config_flag, o->given_count + 1);
    for (int i = 0, n = 0; i < o->given_count; i++)
        if (o->given[i].value != bare)
            flags[n++] = (struct config_flag){ o->given[i].name, o->given[i].value };
    struct config *c = config_read(a, flags, e);
    if (c)
        c->rules = rules_read(a, c, options_words(a), e);
    return c && e->kind == ERR_NONE && good_guards(c, a, e) && reach_all_through_pods(c, a, e)
               ? c
               : NULL;
}

struct config *options_config(const struct options *o, struct arena *a, int *code)
{
    struct err e = { 0 };
    struct config *c = options_read(o, a, &e);
    if (!c) {
        fprintf(stderr, "higress-ops %s: %s\n", o->command->name, e.text);
        *code = EXIT_CONFIG;
        return NULL;
    }
    trace_open(c->trace);
    store_lend_mask_key(c->state_dir);
    return c;
}
