/* mcp.c - one protocol server: its tables, its sessions, its end. */
#include "mcp/mcp.h"
#include "base/arena.h"
#include "call/catalog.h"
#include "call/service.h"
#include "mcp/listen.h"
#include "mcp/prompt.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "mcp/tool_list.h"
#include "mcp/watch_private.h"

struct mcp *mcp_new(struct service *s)
{
    struct arena *a = arena_new();
    struct mcp *m = arena_make(a, struct mcp);
    *m = (struct mcp){ .arena = a, .service = s, .loop = s->loop, .config = s->config };
    m->sessions = session_table_new(m);
    return m;
}

static void notify_without_params(const void *method, struct session *s)
{
    session_notify(s, method, "{}");
}

void mcp_reload(struct mcp *m)
{
    if (catalog_narrow(m->service->catalog, m->config)) {
        tool_list_forget(m);
        session_each(m, notify_without_params, "notifications/tools/list_changed");
        listen_changed(m, LISTEN_TOOLS);
    }
    if (prompt_reload(m)) {
        session_each(m, notify_without_params, "notifications/prompts/list_changed");
        listen_changed(m, LISTEN_PROMPTS);
    }
}

void mcp_end_sessions(struct mcp *m)
{
    session_table_free(m->sessions);
    listen_end_all(m);
    watch_stop(m);
    task_end_all(m);
}

void mcp_free(struct mcp *m)
{
    if (!m)
        return;
    session_table_free(m->sessions);
    task_table_free(m);
    watch_free(m);
    prompt_free(m);
    tool_list_forget(m);
    arena_free(m->arena);
}
