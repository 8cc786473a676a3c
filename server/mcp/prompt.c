/* prompt.c - lists and fills the runbooks: those of prompts/, which are in the binary,
 * and those of the configured folder. A runbook that names a tool which is switched off is not
 * offered. */
#include "mcp/prompt.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/yaml.h"
#include "call/catalog.h"
#include "call/service.h"
#include "config/config.h"
#include "kind/kind.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/request.h"
#include "tool.h"
#include <dirent.h>
#include <errno.h>

enum { PROMPTS_MAX = 64, FILLED_MAX = 256 * 1024 };

static const struct field argument_rows[] = {
    { "name", STR, REQ, "Name, as {{name}} in the text.", .min = 1, .max = 64 },
    { "description", STR, REQ, "One sentence.", .min = 1, .max = 400 },
    { "required", BOOL, OPT, "Must be given." },
    { "complete", STR, OPT, "Kind whose names complete it." },
    { 0 },
};
static const struct field an_argument = { "argument", OBJ, OPT, "One.", .of = argument_rows };
static const struct field header[] = {
    { "name", STR, REQ, "Name of the prompt.", .min = 1, .max = 64 },
    { "title", STR, OPT, "Title for people.", .min = 1, .max = 120 },
    { "description", STR, REQ, "One sentence.", .min = 1, .max = 400 },
    { "arguments", LIST, OPT, "What it takes.", .max = 16, .of = &an_argument },
    { 0 },
};

struct prompt {
    const cJSON *head; /* name, title, description, arguments */
    const char *body;
    const struct coded_prompt *coded; /* in place of the body */
    const struct toolset *set;        /* of a coded one */
    bool offered;
};

struct prompts {
    struct arena *arena;
    struct prompt all[PROMPTS_MAX];
    int count;
};

/* One runbook: a YAML header between "---" lines, then the text. One of the same name is replaced.
 */
static bool take_runbook(struct arena *a, struct prompts *p, const char *text, struct err *e)
{
    const char *end = text_starts(text, "---\n") ? strstr(text + 4, "\n---\n") : NULL;
    if (!end)
        return err_set(e, ERR_ARGS, "there is no header between '---' lines");
    const cJSON *head = yaml_parse(a, text + 4, (size_t)(end - text - 3), e);
    if (!head)
        return false;
    if (!field_check(header, head, e))
        return false;
    int at = 0;
    while (at < p->count && strcmp(json_str(p->all[at].head, "name"), json_str(head, "name")))
        at++;
    if (at == PROMPTS_MAX)
        return err_set(e, ERR_ARGS, "there are more than %d runbooks", PROMPTS_MAX);
    p->all[at] = (struct prompt){ .head = head, .body = end + 5 };
    p->count += at == p->count;
    return true;
}

static void take_coded(struct arena *a, struct prompts *p, const struct coded_prompt *coded,
                       const struct toolset *set)
{
    cJSON *head = json_object(a);
    if (p->count == PROMPTS_MAX)
        bug("there are more than %d prompts", PROMPTS_MAX);
    json_set_str(a, head, "name", coded->name);
    json_set_str(a, head, "description", coded->about);
    cJSON *arguments = json_set_array(a, head, "arguments");
    for (const struct field *row = coded->in; row && row->type; row++) {
        cJSON *argument = json_add(a, arguments, json_object(a));
        json_set_str(a, argument, "name", row->name);
        json_set_str(a, argument, "description", row->about);
        json_set_bool(a, argument, "required", row->need == REQ);
    }
    p->all[p->count++] = (struct prompt){ .head = head, .coded = coded, .set = set };
}

static int compare_prompt_names(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static int markdown_files(struct arena *a, const char *dir, const char **names)
{
    DIR *d = opendir(dir);
    int n = 0;
    if (!d) {
        log_event(LOG_ERROR, "prompts", "%s cannot be read: %s", dir, strerror(errno));
        return 0;
    }
    for (const struct dirent *one; n < PROMPTS_MAX && (one = readdir(d));)
        if (text_ends(one->d_name, ".md"))
            names[n++] = arena_strdup(a, one->d_name);
    closedir(d);
    qsort(names, (size_t)n, sizeof *names, compare_prompt_names);
    return n;
}

/* A file that is wrong is left out and logged: the others, and the server, still work. */
static void take_folder(struct arena *a, struct prompts *p, const char *dir)
{
    const char *names[PROMPTS_MAX];
    int n = markdown_files(a, dir, names);
    for (int i = 0; i < n; i++) {
        struct err e = { 0 };
        size_t size = 0;
        const char *path = arena_printf(a, "%s/%s", dir, names[i]);
        const char *text = file_read(a, path, FILLED_MAX, &size, &e);
        if (!text || !take_runbook(a, p, text, &e))
            log_event(LOG_ERROR, "prompts", "%s is left out: %s", path, e.text);
    }
}

/* Does the text name, as `name`, a tool that is switched off? */
static bool names_one_off(const struct catalog *c, const char *text)
{
    for (const char *mark = text; (mark = strchr(mark, '`')); mark++) {
        char name[64];
        size_t n = strcspn(mark + 1, "`\n ");
        snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 0, mark + 1);
        const struct catalog_tool *t = n ? catalog_find(c, name) : NULL;
        if (t && t->off)
            return true;
    }
    return false;
}

/* The one rule of what --toolsets and --tools leave of the prompts: those that lead to no tool
 * which is switched off. */
static bool is_prompt_offered(const struct mcp *m, const struct prompt *p)
{
    if (p->coded)
        return catalog_offers_set(m->service->catalog, p->set);
    return !names_one_off(m->service->catalog, p->body) &&
           !names_one_off(m->service->catalog, json_str(p->head, "description"));
}

static struct prompts *prompts_of(struct mcp *m)
{
    if (m->prompts)
        return m->prompts;
    struct arena *a = arena_new();
    m->prompts = arena_make(a, struct prompts);
    m->prompts->arena = a;
    for (const struct asset *f = assets; f->path; f++) {
        struct err e = { 0 };
        if (text_starts(f->path, "prompts/") && text_ends(f->path, ".md") &&
            !take_runbook(a, m->prompts, f->data, &e))
            bug("%s: %s", f->path, e.text);
    }
    for (int i = 0; m->service->toolsets[i]; i++)
        for (const struct coded_prompt *c = m->service->toolsets[i]->prompts; c && c->name; c++)
            take_coded(a, m->prompts, c, m->service->toolsets[i]);
    if (m->config->prompts_dir)
        take_folder(a, m->prompts, m->config->prompts_dir);
    for (int i = 0; i < m->prompts->count; i++)
        m->prompts->all[i].offered = is_prompt_offered(m, &m->prompts->all[i]);
    return m->prompts;
}

bool prompt_reload(struct mcp *m)
{
    struct prompts *old = m->prompts;
    if (!old)
        return false;
    m->prompts = NULL;
    const struct prompts *now = prompts_of(m);
    bool same = now->count == old->count;
    for (int i = 0; same && i < now->count; i++)
        same = json_equal(now->all[i].head, old->all[i].head) &&
               now->all[i].offered == old->all[i].offered;
    arena_free(old->arena);
    return !same;
}

void prompt_free(struct mcp *m)
{
    if (m->prompts)
        arena_free(m->prompts->arena);
    m->prompts = NULL;
}

static const struct prompt *find_prompt(struct request *r, const char *name)
{
    struct prompts *p = prompts_of(r->mcp);
    for (int i = 0; name && i < p->count; i++)
        if (p->all[i].offered && !strcmp(json_str(p->all[i].head, "name"), name))
            return &p->all[i];
    request_fail(r, 200, RPC_INVALID_PARAMS, "Unknown prompt: %s",
                 name ? text_clean(r->arena, name, 80) : "(none)");
    return NULL;
}

static void copy_string(struct arena *a, cJSON *to, const cJSON *from, const char *member)
{
    const char *s = json_str(from, member);
    if (s)
        json_set_str(a, to, member, s);
}

cJSON *prompt_list(struct request *r)
{
    struct arena *a = r->arena;
    struct prompts *p = prompts_of(r->mcp);
    cJSON *result = json_object(a);
    cJSON *list = json_set_array(a, result, "prompts");
    for (int i = 0; i < p->count; i++) {
        if (!p->all[i].offered)
            continue;
        cJSON *one = json_add(a, list, json_object(a));
        copy_string(a, one, p->all[i].head, "name");
        if (r->era->titles)
            copy_string(a, one, p->all[i].head, "title");
        copy_string(a, one, p->all[i].head, "description");
        cJSON *arguments = json_set_array(a, one, "arguments");
        const cJSON *row;
        cJSON_ArrayForEach(row, json_get(p->all[i].head, "arguments"))
        {
            cJSON *argument = json_add(a, arguments, json_object(a));
            copy_string(a, argument, row, "name");
            copy_string(a, argument, row, "description");
            json_set_bool(a, argument, "required", json_true(row, "required"));
        }
    }
    return result;
}

static bool arguments_fit(struct request *r, const struct prompt *p, const cJSON *given)
{
    const cJSON *row;
    if (given && !cJSON_IsObject(given))
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: arguments must be an "
                            "object of strings");
    cJSON_ArrayForEach(row, given)
    {
        if (!cJSON_IsString(row))
            return request_fail(r, 200, RPC_INVALID_PARAMS,
                                "Invalid params: argument %.60s must be a string", row->string);
    }
    cJSON_ArrayForEach(row, json_get(p->head, "arguments"))
    {
        if (json_true(row, "required") && !json_str(given, json_str(row, "name")))
            return request_fail(r, 200, RPC_INVALID_PARAMS,
                                "Invalid params: argument %s is required", json_str(row, "name"));
    }
    return true;
}

/* {{name}} becomes what was given for it, cleaned: it is data, and one line. */
static const char *fill_prompt(struct arena *a, const char *body, const cJSON *given)
{
    struct buf *b = buf_in(a, FILLED_MAX);
    for (const char *at; (at = strstr(body, "{{"));) {
        const char *end = strstr(at, "}}");
        if (!end)
            break;
        const char *name = arena_strndup(a, at + 2, (size_t)(end - at - 2));
        const char *value = json_str(given, name);
        buf_add(b, body, (size_t)(at - body));
        buf_str(b, value ? text_clean(a, value, 500) : "(not given)");
        body = end + 2;
    }
    buf_str(b, body);
    return b->data;
}

cJSON *prompt_get(struct request *r)
{
    struct arena *a = r->arena;
    const struct prompt *p = find_prompt(r, json_str(r->rpc.params, "name"));
    const cJSON *given = json_get(r->rpc.params, "arguments");
    if (!p || !arguments_fit(r, p, given))
        return NULL;
    if (p->coded)
        return p->coded->fill(r, given);
    cJSON *result = json_object(a);
    copy_string(a, result, p->head, "description");
    cJSON *message = json_add(a, json_set_array(a, result, "messages"), json_object(a));
    json_set_str(a, message, "role", "user");
    cJSON *content = json_set_object(a, message, "content");
    json_set_str(a, content, "type", "text");
    json_set_str(a, content, "text", fill_prompt(a, p->body, given));
    return result;
}

const struct kind *prompt_argument_kind(struct request *r, const char *name, const char *argument)
{
    const struct prompt *p = find_prompt(r, name);
    const cJSON *rows = p ? json_get(p->head, "arguments") : NULL;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (argument && !strcmp(json_str(row, "name"), argument))
            return kind_find(json_str(row, "complete"));
    }
    return NULL;
}
