/* gateway.c - one gateway: credentials, requests, answers in the console's own words.
 *
 * Every request of the program to a console passes gateway_send. What an answer means is decided by
 * answer.c; streamed lists are list.c. To support another way to log in, extend `authorize`.
 */
#include "console/gateway.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "console/memory_private.h"
#include "console/special_private.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "net/fetch.h"
#include "net/loop.h"

enum { COOKIE_MAX = 2048, READ_TRIES = 3 };
static const double PATIENCE = 5; /* seconds: a read that failed later than that is not repeated */

struct gateway {
    struct loop *loop;
    const struct config *config;
    bool session;            /* log in instead of Basic */
    char cookie[COOKIE_MAX]; /* "" until logged in */
    unsigned writes;         /* sent so far */
    struct gateway *of; /* whose view this is: all else but its memory is there; NULL: itself */
    struct list_memory *memory;
};

struct gateway *gateway_new(struct loop *l, struct arena *a, const struct config *c)
{
    struct gateway *g = arena_make(a, struct gateway);
    g->loop = l;
    g->config = c;
    bool colon = (c->password && strchr(c->password, ':')) || strchr(c->username, ':');
    g->session = c->login == LOGIN_SESSION || (c->login == LOGIN_AUTO && colon);
    return g;
}

struct gateway *gateway_remembering(struct gateway *g, struct arena *a)
{
    struct gateway *view = arena_make(a, struct gateway);
    view->loop = g->loop;
    view->config = g->config;
    view->of = g->of ? g->of : g;
    view->memory = memory_new(a);
    return view;
}

struct gateway *gateway_through(struct gateway *view, struct gateway *g)
{
    return view && view->of == g ? view : g;
}

struct list_memory *gateway_memory(const struct gateway *g)
{
    return g->memory;
}

unsigned gateway_writes(const struct gateway *g)
{
    return g->of ? g->of->writes : g->writes;
}

const struct config *gateway_config(const struct gateway *g)
{
    return g->config;
}

struct loop *gateway_loop(const struct gateway *g)
{
    return g->loop;
}

const char *gateway_url(const struct gateway *g)
{
    return g ? g->config->gateway_url : NULL;
}

static void request_defaults(const struct gateway *g, struct arena *a, struct fetch_request *r,
                             const char *path)
{
    r->url = arena_printf(a, "%s%s", g->config->gateway_url, path);
    r->timeout = g->config->timeout;
    r->via = g->config->gateway_via;
    r->ca_file = g->config->ca_file;
}

static bool keep_cookie(struct gateway *g, const char *set_cookie)
{
    size_t n = set_cookie ? strcspn(set_cookie, ";") : 0;
    if (n == 0 || n >= COOKIE_MAX || !text_starts(set_cookie, "_hi_sess="))
        return false;
    memcpy(g->cookie, set_cookie, n);
    g->cookie[n] = '\0';
    secret_learn(g->cookie + strlen("_hi_sess="));
    return true;
}

static bool log_in(struct gateway *g, struct arena *a, struct cancel *c, struct err *e)
{
    static const struct fetch_header json[] = { { "Content-Type", "application/json" }, { 0 } };
    cJSON *who = json_object(a);
    json_set_str(a, who, "username", g->config->username);
    json_set_str(a, who, "password", g->config->password);
    char *body = json_print(a, who);
    struct fetch_request r = { .method = "POST", .headers = json, .body = body, .cancel = c };
    r.body_len = strlen(body);
    request_defaults(g, a, &r, "/session/login");
    struct fetch_answer answer = { 0 };
    g->cookie[0] = '\0';
    if (!fetch(g->loop, a, &r, &answer, e))
        return err_at(e, "while logging in");
    if (answer.status != 201 && answer.status != 200)
        return gateway_refused(a, "POST", "/session/login", &answer, e);
    if (keep_cookie(g, fetch_answer_header(&answer, "set-cookie")))
        return true;
    return err_status(e, ERR_GATEWAY, answer.status,
                      "the login at %s was answered without a session cookie: is this a Higress "
                      "console?",
                      g->config->gateway_url);
}

/* Adds credentials; false when a login was needed and did not work. */
static bool authorize(struct gateway *g, struct arena *a, struct fetch_request *r, struct err *e)
{
    if (!g->config->password)
        return true;
    if (!g->session) {
        r->user_pwd_user = g->config->username;
        r->user_pwd_password = g->config->password;
        return true;
    }
    if (!g->cookie[0] && !log_in(g, a, r->cancel, e))
        return false;
    r->user_pwd_user = r->user_pwd_password = NULL;
    size_t n = 0;
    while (r->headers && r->headers[n].name)
        n++;
    struct fetch_header *all = arena_array(a, struct fetch_header, n + 2);
    for (size_t i = 0; i < n; i++)
        all[i] = r->headers[i];
    all[n] = (struct fetch_header){ "Cookie", arena_strdup(a, g->cookie) };
    r->headers = all;
    return true;
}

static bool send_once(struct gateway *g, struct arena *a, const struct fetch_request *r,
                      struct fetch_answer *out, struct err *e)
{
    struct fetch_request copy = *r;
    copy.to = TO_CONSOLE;
    *out = (struct fetch_answer){ 0 };
    return authorize(g, a, &copy, e) && fetch(g->loop, a, &copy, out, e);
}

bool gateway_send(struct gateway *g, struct arena *a, struct fetch_request *r, const char *path,
                  struct fetch_answer *out, struct err *e)
{
    if (!g->config->gateway_url)
        return err_set(e, ERR_NET,
                       "no gateway is configured: set gateway.url, HIGRESS_OPS_URL or "
                       "--gateway-url");
    g = g->of ? g->of : g;
    if (strcmp(r->method, "GET") != 0)
        g->writes++;
    request_defaults(g, a, r, path);
    if (!send_once(g, a, r, out, e))
        return false;
    if (out->status != 401 || !g->config->password || g->config->login == LOGIN_BASIC)
        return true;
    /* The session ended, the password was changed, or a console older than 2.0.4 knows no Basic.
     * The request was not carried out, so sending it again is safe. */
    bool was = g->session;
    struct fetch_answer first = *out;
    struct err login = { 0 };
    g->session = true;
    g->cookie[0] = '\0';
    if (log_in(g, a, r->cancel, &login))
        return send_once(g, a, r, out, e);
    g->session = was;
    *out = first;
    return true;
}

/* One GET, repeated while no answer came at all and little time was lost. */
static bool get_patiently(struct gateway *g, struct arena *a, const char *path, struct cancel *c,
                          struct fetch_answer *out, struct err *e)
{
    double began = loop_now(g->loop);
    for (int attempt = 1;; attempt++) {
        struct fetch_request r = { .method = "GET", .cancel = c };
        struct err now = { 0 };
        if (gateway_send(g, a, &r, path, out, &now))
            return true;
        bool again = now.kind == ERR_NET && attempt < READ_TRIES && g->config->gateway_url &&
                     loop_now(g->loop) - began < PATIENCE;
        if (!again || !nap(g->loop, g->config->pause * attempt, c, &now)) {
            err_set(e, now.kind, "%s", now.text);
            return false;
        }
    }
}

/* 404 without a body, 404 with the console's own envelope, and the 502 of NotFoundException. A 404
 * page of something else is not an answer about the object. */
static bool says_missing(struct arena *a, const struct fetch_answer *answer)
{
    if (answer->status == 404 && answer->len == 0)
        return true;
    if (answer->status != 404 && answer->status != 502)
        return false;
    struct err ignored = { 0 };
    cJSON *body = json_parse(a, answer->body ? answer->body : "", answer->len, &ignored);
    if (!cJSON_IsBool(json_get(body, "success")))
        return false;
    const char *message = json_str(body, "message");
    return answer->status == 404 || (message && strstr(message, "NotFoundException"));
}

cJSON *gateway_get(struct gateway *g, struct arena *a, const char *path, bool *missing,
                   struct cancel *c, struct err *e)
{
    struct fetch_answer answer = { 0 };
    if (missing)
        *missing = false;
    if (!get_patiently(g, a, path, c, &answer, e))
        return NULL;
    if (missing && says_missing(a, &answer)) {
        *missing = true;
        return NULL;
    }
    if (answer.status / 100 != 2)
        return gateway_refused(a, "GET", path, &answer, e), NULL;
    bool enveloped = false;
    cJSON *data = gateway_unwrap(a, "GET", path, &answer, &enveloped, e);
    /* Only this one comes without; from elsewhere it would be something else's answer. */
    if (!data || enveloped || text_starts(path, "/system/info"))
        return data;
    err_status(e, ERR_GATEWAY, answer.status,
               "GET %s was answered with something else than the console's {success, data}", path);
    return NULL;
}

struct search {
    struct arena *a;
    const struct kind *k;
    const char *name;
    cJSON *found;
};

static bool match(void *arg, const cJSON *o)
{
    struct search *s = arg;
    const char *name = kind_name_of(s->k, o);
    if (!name || strcmp(name, s->name) != 0)
        return true;
    s->found = json_clone(s->a, o);
    return false;
}

static cJSON *not_there(const struct kind *k, const char *name, bool *missing, struct err *e)
{
    if (missing)
        *missing = true;
    else
        err_status(e, ERR_GATEWAY, 404, "%s '%s' does not exist", k->name, name);
    return NULL;
}

/* An answer under the right path that is not the object asked for is not trusted. */
static cJSON *the_one(const struct kind *k, const char *name, cJSON *o, struct arena *a,
                      struct err *e)
{
    const char *named = cJSON_IsObject(o) ? kind_name_of(k, o) : NULL;
    if (named && !strcmp(named, name))
        return o;
    err_status(e, ERR_GATEWAY, 200, "the gateway answered something else than %s '%s'", k->name,
               text_clean(a, name, 80));
    return NULL;
}

static cJSON *search_list(struct gateway *g, struct arena *a, const struct kind *k,
                          const char *name, const char *scope, bool *missing, struct cancel *c,
                          struct err *e)
{
    struct search s = { .a = a, .k = k, .name = name };
    if (!gateway_each_kind(g, k, scope, match, &s, c, e))
        return NULL;
    return s.found ? s.found : not_there(k, name, missing, e);
}

/* The console answers 400 when what a scope names is not there. NULL. */
static cJSON *bad_scope(struct arena *a, const char *scope, struct err *e)
{
    if (scope && e->kind == ERR_GATEWAY && e->status == 400)
        err_at(e, "scope '%s'", text_clean(a, scope, 80));
    return NULL;
}

static cJSON *read_console_object(struct gateway *g, struct arena *a, const struct kind *k,
                                  const char *name, const char *scope, bool *missing,
                                  struct cancel *c, struct err *e)
{
    if (missing)
        *missing = false;
    if (k->flags & KIND_SPECIAL)
        return special_object(g, a, k, name, missing, c, e);
    if (!k->object)
        return search_list(g, a, k, name, scope, missing, c, e);
    char *path = kind_object_path(a, k, name, scope, e);
    bool gone = false;
    cJSON *o = path ? gateway_get(g, a, path, &gone, c, e) : NULL;
    if (gone)
        return not_there(k, name, missing, e);
    o = o ? the_one(k, name, o, a, e) : bad_scope(a, scope, e);
    if (o && (k->flags & KIND_LIST_KNOWS) && json_true(o, k->lasts))
        return search_list(g, a, k, name, scope, missing, c, e);
    return o && !kind_exists(k, o) ? not_there(k, name, missing, e) : o;
}

cJSON *gateway_object(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                      const char *scope, bool *missing, struct cancel *c, struct err *e)
{
    cJSON *o = read_console_object(g, a, k, name, scope, missing, c, e);
    if (o) {
        mask_words(k, o);
        mask_learn(k, o);
    }
    return o;
}

bool gateway_now(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                 const char *scope, const cJSON **now, struct cancel *c, struct err *e)
{
    bool missing = false;
    struct err why = { 0 };
    *now = gateway_object(g, a, k, name, scope, &missing, c, &why);
    if (*now || missing || (scope && why.status == 400 && strstr(why.text, "Unknown ")))
        return true;
    *e = why;
    return false;
}
