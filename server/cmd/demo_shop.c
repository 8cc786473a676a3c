/* demo_shop.c - a small shop: two upstreams of its own, routes created through the console's API,
 * and a trickle of customers. The data is server/embedded/assets/shop.json. */
#include "base/arena.h"
#include "base/asset.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "cmd/demo_private.h"
#include "net/http.h"
#include "net/loop.h"

/* -- upstreams -----------------------------------------------------------------------------------
 */
static void answer_as(struct http_exchange *x, const char *name)
{
    static const struct http_header type[] = { { "content-type", "text/plain; charset=utf-8" },
                                               { 0 } };
    const char *body = arena_printf(x->arena, "%s answers %s\n", name, x->path);
    http_reply(x, 200, type, body, strlen(body));
}

static void answer_orders(void *arg, struct http_exchange *x)
{
    (void)arg;
    answer_as(x, "orders");
}

static void answer_catalog(void *arg, struct http_exchange *x)
{
    (void)arg;
    answer_as(x, "catalog");
}

bool demo_start_upstreams(struct demo *d, struct err *e)
{
    struct http_options o = { .address = "127.0.0.1",
                              .port = d->orders_port,
                              .handler = answer_orders };
    d->orders = http_listen(d->loop, &o, e);
    o.port = d->catalog_port;
    o.handler = answer_catalog;
    d->catalog = d->orders ? http_listen(d->loop, &o, e) : NULL;
    return d->catalog != NULL;
}

/* -- data ----------------------------------------------------------------------------------------
 */
static const char *shop_text(void)
{
    for (const struct asset *f = assets; f->path; f++)
        if (strcmp(f->path, "server/embedded/assets/shop.json") == 0)
            return f->data;
    bug("the shop is not linked into the binary");
}

/* "@orders" stands for the port of the upstream of that name. */
static const char *fill_ports(struct demo *d, const char *text)
{
    const struct {
        const char *mark;
        int port;
    } ports[] = { { "@orders", d->orders_port },
                  { "@catalog", d->catalog_port },
                  { "@payments", d->payments_port } };
    struct buf *b = buf_in(d->arena, 1 << 20);
    while (*text) {
        size_t n = strcspn(text, "@");
        buf_add(b, text, n);
        text += n;
        for (size_t i = 0; *text && i < sizeof ports / sizeof *ports; i++)
            if (strncmp(text, ports[i].mark, strlen(ports[i].mark)) == 0) {
                buf_printf(b, "%d", ports[i].port);
                text += strlen(ports[i].mark);
                break;
            }
    }
    return b->data;
}

bool demo_create_shop(struct demo *d, struct err *e)
{
    const char *text = fill_ports(d, shop_text());
    d->shop = json_parse(d->arena, text, strlen(text), e);
    if (!d->shop)
        return false;

    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(d->shop, "create"))
    {
        const cJSON *path = one->child;
        if (!demo_console(d, "POST", path->valuestring, path->next, e))
            return false;
    }
    return true;
}

/* -- traffic -------------------------------------------------------------------------------------
 */
struct demo_traffic {
    struct demo *demo;
    struct loop_timer *timer;
    const cJSON *next;
    bool busy; /* one customer at a time, however slow the answers */
};

static void visit_shop(void *arg)
{
    struct demo_traffic *t = arg;
    t->busy = true;
    demo_request(t->demo, t->next->valuestring, NULL, NULL);
    t->next = t->next->next ? t->next->next : json_get(t->demo->shop, "traffic")->child;
    t->busy = false;
}

static void on_tick(void *arg)
{
    struct demo_traffic *t = arg;
    if (!t->busy)
        fiber_start(visit_shop, t);
}

void demo_start_traffic(struct demo *d)
{
    struct demo_traffic *t = arena_make(d->arena, struct demo_traffic);
    t->demo = d;
    t->next = json_get(d->shop, "traffic")->child;
    t->timer = loop_timer(d->loop, 0.05, d->once ? 0.05 : 0.5, on_tick, t);
    d->traffic = t;
}

void demo_stop_traffic(struct demo *d)
{
    if (d->traffic)
        loop_untimer(d->traffic->timer);
    d->traffic = NULL;
}
