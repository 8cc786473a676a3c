/* remote.c - see remote.h. */
#include "remote.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "contract.h"
#include "replay.h"

#include <dirent.h>
#include <unistd.h>

/* An object that the recordings do not start from; NULL: none. */
static const char *stranger(struct arena *a, const char *data, const char *initial)
{
    const char *found = NULL;
    DIR *d = opendir(data);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        const char *folder = arena_printf(a, "%s/%s", data, e->d_name);
        DIR *kind = e->d_name[0] != '.' ? opendir(folder) : NULL;
        for (struct dirent *file; kind && !found && (file = readdir(kind));) {
            const char *name = arena_printf(a, "%s/%s", e->d_name, file->d_name);
            if (text_ends(name, ".yaml") &&
                access(arena_printf(a, "%s/%s", initial, name), F_OK) != 0)
                found = name;
        }
        if (kind)
            closedir(kind);
    }
    if (d)
        closedir(d);
    return found;
}

/* A fresh console has one route at most and nothing else that people make. */
static const char *stranger_by_api(struct arena *a, const struct tidy *t)
{
    static const char *const lists[] = { "/v1/ai/routes", "/v1/ai/providers", "/v1/mcpServer",
                                         "/v1/consumers" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const cJSON *names = json_get(t->kept, lists[i]);
        if (json_count(names) > 0)
            return arena_printf(a, "%s/%s", lists[i], names->child->string);
    }
    return json_count(json_get(t->kept, "/v1/routes")) > 1 ? "more than one route" : NULL;
}

static bool is_fresh(struct remote *r, const char *initial, struct err *e)
{
    const char *found;
    if (r->seen)
        return true;
    if (r->data) {
        found = stranger(r->arena, r->data, initial);
    } else {
        r->tidy = (struct tidy){ r->loop, r->url, r->user ? r->user : "admin:admin", NULL };
        tidy_remember(&r->tidy, r->arena);
        found = stranger_by_api(r->arena, &r->tidy);
    }
    r->seen = !found;
    return !found ||
           err_set(e, ERR_ARGS,
                   "the console is not fresh, it has %s: with writes that would be lost", found);
}

bool remote_prepare(struct remote *r, const char *initial, struct err *e)
{
    if (!r->writes)
        return true;
    if (!is_fresh(r, initial, e))
        return false;
    return !r->data || folder_reset(initial, r->data) ||
           err_set(e, ERR_ARGS, "'%s' cannot be filled from '%s'", r->data, initial);
}

/* A new password would shut out everything behind it. */
static bool changes_password(const cJSON *exchange)
{
    const char *path = json_str(json_get(exchange, "request"), "path");
    return strcmp(path, "/user/changePassword") == 0 &&
           json_num(json_get(exchange, "response"), "status", 0) == 200;
}

bool remote_takes(const struct remote *r, const char *line, size_t len, bool *written)
{
    struct arena *a = arena_new();
    const cJSON *exchange = json_parse(a, line, len, NULL);
    bool takes = r->writes || replay_is_read(exchange, *written);
    if (r->writes && !r->data)
        takes = !(*written |= changes_password(exchange));
    else
        *written |= json_count(json_get(exchange, "files")) > 0;
    arena_free(a);
    return takes;
}

void remote_tidy(const struct remote *r)
{
    if (r->url && r->writes && !r->data && r->seen)
        tidy_run(&r->tidy);
}
