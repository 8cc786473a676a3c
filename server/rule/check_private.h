/* check_private.h - what the files of the checks share. Only check*.c and describe.c include this.
 *
 * A rule is one row: what it says is printed by describe_kind, what it does is `holds`. It runs
 * when one of the members it is about is new: what stands there already is no mistake of a change.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"

struct check {
    struct arena *a;
    const struct kind *k;
    const cJSON *before; /* NULL for a create */
    const cJSON *after;
    struct err *e;
};

struct check_rule {
    const char *kind;
    const char *on;   /* members "a|b"; "": the whole object */
    const char *says; /* one sentence */
    bool (*holds)(const struct check *c);
    bool doubt; /* not refused: a warning in the plan */
};

/* Each ended by { 0 }. */
extern const struct check_rule check_route_rules[], check_ai_rules[], check_source_rules[],
    check_plugin_rules[], check_key_rules[], check_cluster_rules[], check_mcp_rules[],
    check_refusal_rules[];
extern const struct check_rule *const check_tables[]; /* ended by NULL */

/* ERR_ARGS "path: what". False. */
bool check_no(const struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *check_shown(const struct check *c,
                        const char *s); /* whole or not: plan.c hides secrets in it */

/* -- words, for names and addresses (check_word.c) -- */
bool check_word_host(const char *s, size_t n); /* lower case, at least one dot */
bool check_word_ipv4(const char *s, size_t n);
bool check_word_port(const char *s, size_t n);
bool check_word_kube(const char *s, size_t n); /* RFC 1123 subdomain */
bool check_word_path(const char *s);           /* begins with '/', holds no '?' */
bool check_word_url(const char *s);            /* http(s)://host… */
bool check_word_ascii(const char *s);          /* printable, 32..126 */
/* Calls fn for each member of a comma list; false when fn said no. */
bool check_word_each(const char *list, bool (*fn)(void *arg, const char *s, size_t n), void *arg);
