/* mcp.c - one protocol server: its tables, its sessions, its end. */
#include "mcp/mcp.h"
#include "base/arena.h"
#include "base/fiber.h"
#include "call/catalog.h"
#include "call/service.h"
#include "mcp/listen.h"
#include "mcp/prompt.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "mcp/tool_list.h"
#include "mcp/watch_private.h"
#include "net/fetch.h"
#include "net/loop.h"

enum { KEEP = 4 };
static const double CALM_SECONDS = 0.5;

struct mcp *mcp_new(struct service *s)
{
    struct arena *a = arena_new();
    struct mcp *m = arena_make(a, struct mcp);
    *m = (struct mcp){ .arena = a, .service = s, .loop = s->loop, .config = s->config };
    m->sessions = session_table_new(m);
    return m;
}

void mcp_request_begins(struct mcp *m)
{
    if (++m->requests > m->most_requests)
        m->most_requests = m->requests;
}

/* What many calls at once took stays for those that follow; when none does, it goes back to the
 * system: stacks, libcurl's handles with their buffers, chunks of arenas. */
static void give_memory_back(void *arg)
{
    struct mcp *m = arg;
    loop_untimer(m->calm);
    m->calm = NULL;
    if (m->requests > KEEP)
        return;
    m->most_requests = m->requests;
    fiber_trim_pool(KEEP);
    fetch_trim(KEEP);
    arena_trim();
}

void mcp_request_ended(struct mcp *m)
{
    m->requests--;
    if (m->requests < KEEP && m->most_requests > KEEP && !m->calm)
        m->calm = loop_timer(m->loop, CALM_SECONDS, 0, give_memory_back, m);
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
    loop_untimer(m->calm);
    session_table_free(m->sessions);
    task_table_free(m);
    watch_free(m);
    prompt_free(m);
    tool_list_forget(m);
    arena_free(m->arena);
}
