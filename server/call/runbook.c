/* runbook.c - reads runbooks, and fills them. */
#include "call/runbook.h"
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
#include <dirent.h>
#include <errno.h>

enum { FILLED_MAX = 256 * 1024 };

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

/* One runbook: a YAML header between "---" lines, then the text. One of the same name is replaced.
 */
static bool take_runbook(struct arena *a, struct runbooks *p, const char *text, struct err *e)
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
    if (at == RUNBOOKS_MAX)
        return err_set(e, ERR_ARGS, "there are more than %d runbooks", RUNBOOKS_MAX);
    p->all[at] = (struct runbook){ .head = head, .body = end + 5 };
    p->count += at == p->count;
    return true;
}

static int compare_runbook_files(const void *x, const void *y)
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
    for (const struct dirent *one; n < RUNBOOKS_MAX && (one = readdir(d));)
        if (text_ends(one->d_name, ".md"))
            names[n++] = arena_strdup(a, one->d_name);
    closedir(d);
    qsort(names, (size_t)n, sizeof *names, compare_runbook_files);
    return n;
}

/* A file that is wrong is left out and logged: the others, and the server, still work. */
static void take_folder(struct arena *a, struct runbooks *p, const char *dir)
{
    const char *names[RUNBOOKS_MAX];
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

struct runbooks *runbooks_read(struct arena *a, const char *dir)
{
    struct runbooks *r = arena_make(a, struct runbooks);
    for (const struct asset *f = assets; f->path; f++) {
        struct err e = { 0 };
        if (text_starts(f->path, "prompts/") && text_ends(f->path, ".md") &&
            !take_runbook(a, r, f->data, &e))
            bug("%s: %s", f->path, e.text);
    }
    if (dir)
        take_folder(a, r, dir);
    return r;
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

bool runbook_offered(const struct catalog *c, const struct runbook *r)
{
    return !names_one_off(c, r->body) && !names_one_off(c, json_str(r->head, "description"));
}

char *runbook_fill(struct arena *a, const struct runbook *r, const cJSON *given)
{
    const char *body = r->body;
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
