/* check_kube.c - the cluster that a gateway is on, as `higress-ops check` shows it: who we are
 * there, which pods it has, and which rights are missing. */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "cmd/check_private.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "kube/higress.h"
#include "kube/rights.h"
#include "net/loop.h"
#include <stdio.h>

struct cluster_check {
    const struct config *config;
    bool good;
};

static void print_pods(struct cluster_check *x, struct loop *l, struct arena *a)
{
    static const char *const names[KUBE_WORKLOADS] = { "console pods", "gateway pods",
                                                       "controller" };
    for (int i = 0; i < KUBE_WORKLOADS; i++) {
        struct err e = { 0 };
        const struct kube_pod *p =
            kube_higress_pods(x->config->kube.higress, l, a, (enum kube_workload)i, NULL, &e);
        printf("%s: ", names[i]);
        for (const char *comma = ""; p && p->name; p++, comma = ", ")
            printf("%s%s%s%s", comma, text_clean(a, p->name, 253), p->ready ? "" : " not ready, ",
                   p->ready ? "" : text_clean(a, p->phase, 40));
        puts(e.kind ? e.text : "");
        x->good = x->good && e.kind == ERR_NONE;
    }
}

/* By which way Envoy's pages come. */
static void print_way(struct cluster_check *x, struct loop *l, struct arena *a)
{
    struct err e = { 0 };
    struct kube_higress *h = x->config->kube.higress;
    const struct fetch_request r = {
        .method = "GET",
        .url = arena_printf(a, "%s/ready", kube_higress_url(h, KUBE_GATEWAY)),
        .via = kube_higress_via(h, KUBE_GATEWAY),
    };
    struct fetch_answer answer = { 0 };
    bool ok = fetch(l, a, &r, &answer, &e);
    printf("Envoy's pages: %s%s\n", ok ? "by " : "", ok ? answer.way : text_clean(a, e.text, 900));
    x->good = x->good && ok;
}

static void print_rights(struct cluster_check *x, struct kube_api *k, struct arena *a)
{
    struct err e = { 0 };
    const struct kube_higress *h = x->config->kube.higress;
    const struct kube_right *missing = kube_rights_missing(k, a, kube_higress_uses(h), NULL, &e);
    bool any = missing && missing->verb;
    x->good = x->good && missing && !any;
    if (!missing || !any) {
        printf("rights: %s\n", missing ? "all that is used" : e.text);
        return;
    }
    for (; missing->verb; missing++)
        printf("missing right: %s %s%s%s (%s)\n", missing->verb, missing->resource,
               missing->subresource ? "/" : "", missing->subresource ? missing->subresource : "",
               missing->use);
    printf("a Role that is enough:\n%s",
           kube_role(a, kube_higress_access(h)->namespace, kube_higress_uses(h)));
}

static void check_on_loop(struct loop *l, void *arg)
{
    struct cluster_check *x = arg;
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct kube_higress *h = x->config->kube.higress;
    const struct kube_access *access = kube_higress_access(h);
    struct kube_api *k = kube_higress_api(h, l);
    const char *who = kube_who(k, a, NULL, &e);
    printf("cluster: %s, namespace %s, by %s%s%s\n", access->server, access->namespace,
           access->from, access->context ? ", context " : "",
           access->context ? access->context : "");
    if (e.kind == ERR_NONE) {
        printf("who: %s\n",
               who ? text_clean(a, who, 253) : "the cluster cannot say (it is older than 1.28)");
        print_pods(x, l, a);
        print_way(x, l, a);
        print_rights(x, k, a);
    } else {
        puts(e.text);
        x->good = false;
    }
    fetch_stop(l);
    arena_free(a);
}

bool check_cluster_of(const struct config *c)
{
    struct cluster_check x = { c, true };
    if (c->kube.higress)
        loop_main(check_on_loop, &x);
    return x.good;
}
