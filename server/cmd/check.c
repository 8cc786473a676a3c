/* check.c - `higress-ops check`: is the configuration right? Names file, line and field when it is
 * not, and says what is in force when it is. With --gateway: is that of the gateway? */
#include "base/arena.h"
#include "base/err.h"
#include "cmd/check_private.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "kube/higress.h"
#include "kube/rights.h"
#include "signal/log_source.h"

static const char *or_none(const char *s)
{
    return s ? s : "(none)";
}

static const char *how_password(const struct config *g)
{
    const struct kube_higress *h = g->kube.higress;
    if (h && (kube_higress_uses(h) & KUBE_USE_LOGIN))
        return "read from its Secret";
    return g->password ? "set" : "not set";
}

static void print_gateway(struct arena *a, const struct config *g, const struct config *process)
{
    if (g->name)
        printf("\n%s%s\n", g->name,
               strcmp(g->name, process->name) ? "" : " (meant where none is named)");
    printf("gateway:     %s as %s (password %s)\n", or_none(g->gateway_url), g->username,
           how_password(g));
    printf("envoy admin: %s\n", or_none(g->envoy_admin));
    printf("logs:        %s\n", log_source_name(a, log_source_new(a, NULL, g, NULL), LOG_ACCESS));
    if (g->prometheus.url)
        printf("prometheus:  %s\n", g->prometheus.url);
    printf("mode:        %s\n%s", config_mode_name(g->mode), g->name ? "\n" : "");
}

/* False: a cluster is not as it should be. */
static bool print_gateways(struct arena *a, const struct config *c)
{
    bool good = true;
    for (int i = 0; c->gateways[i]; i++) {
        print_gateway(a, c->gateways[i], c);
        good = check_cluster_of(c->gateways[i]) && good;
    }
    return good;
}

static int run_check(const struct options *o)
{
    if (options_has(o, "gateway"))
        return check_gateway(o);
    struct arena *a = arena_new();
    int code = EXIT_DONE;
    const struct config *c = options_config(o, a, &code);
    if (c) {
        printf("file:        %s\n", or_none(c->file));
        bool good = print_gateways(a, c);
        printf("state:       %s\n", c->state_dir);
        printf("listen:      %s (%s)\n", c->listen,
               c->tokens[0].name && c->oauth_issuer ? "bearer tokens and OAuth"
               : c->tokens[0].name                  ? "bearer tokens"
               : c->oauth_issuer                    ? "OAuth"
                                                    : "no authentication");
        if (c->approvers[0].name || c->oidc.issuer)
            printf("decisions:   %s/change\n", c->page ? c->page : "at the listen address");
        puts(good ? "the configuration is right"
                  : "the configuration is right; a cluster is not as it should be");
        code = good ? EXIT_DONE : EXIT_FAILED;
    }
    arena_free(a);
    return code;
}

static const struct option_row rows[] = {
    { "gateway", "[NAME]", "Judges what that gateway (=NAME, or the one meant) is set to do." },
    { "format", "FORMAT", "Of that report: text, json, sarif or junit." },
    { "fail-on", "RISK", "Exit code 7 from this risk on: open, broken (default), dead, note." },
    { "days", "N", "Names certificates that end within N days (30)." },
    { 0 },
};

const struct command cmd_check = {
    .name = "check",
    .about =
        "Validates the configuration and shows what is in force; --gateway judges the gateway.",
    .rows = rows,
    .config = true,
    .run = run_check,
};
