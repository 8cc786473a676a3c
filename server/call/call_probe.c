/* call_probe.c - endpoints asked, for tools: probe/ with a call's gateway. */
#include "call/call_private.h"
#include "call/signal.h"
#include "probe/probe.h"

const cJSON *probe_endpoints(struct call *c, const struct probe_asked *asked)
{
    const struct probing means = { c->service->loop, c->gateway, c->config, c->cancel };
    const struct probe_ask ask = { asked->kind, asked->name, asked->address, asked->by };
    return probing_run(c->arena, &means, &ask, &c->err);
}
