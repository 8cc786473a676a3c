/* demo_private.h - what the parts of `higress-ops demo` (demo*.c) share; nobody else includes it.
 *
 * One process, one loop: the embedded control plane, two healthy upstreams and the address of a
 * third that refuses, a real Envoy as a child, light traffic, and the MCP server over HTTP.
 * Functions that park are marked; they run on the demo's own fiber.
 */
#pragma once
#include "base/fiber.h"
#include "cmd/cmd.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct config;
struct embedded_server;
struct envoy;
struct err;
struct fetch_answer;
struct http_server;
struct loop;

struct demo {
    struct arena *arena; /* as long as the demo */
    struct loop *loop;
    const struct options *options;
    bool once;
    int code;             /* exit code */
    struct cancel cancel; /* fired by Ctrl-C: whatever parks goes on with an error */
    bool ended;           /* the demo's fiber has */
    const char *dir;      /* everything below it is ours */
    const char *config_file;
    const char *envoy_path; /* NULL: there is no Envoy */
    struct config *config;
    int console_port, gateway_port, admin_port, mcp_port;
    int orders_port, catalog_port, payments_port; /* nobody listens on the last */
    struct embedded_server *console;
    struct http_server *orders, *catalog;
    struct envoy *envoy; /* NULL: not there; everything else works */
    struct demo_web *web;
    struct demo_traffic *traffic;
    const cJSON *shop; /* server/embedded/assets/shop.json with ports filled in */
};

void demo_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* demo_folder.c: an empty folder, ports, the configuration file. */
bool demo_make_folder(struct demo *d, struct err *e);
bool demo_choose_ports(struct demo *d, struct err *e);
bool demo_write_config(struct demo *d, struct err *e);

/* demo_shop.c: the upstreams, the sample data, the traffic. */
bool demo_start_upstreams(struct demo *d, struct err *e);
bool demo_create_shop(struct demo *d, struct err *e); /* parks */
void demo_start_traffic(struct demo *d);
void demo_stop_traffic(struct demo *d);

/* demo_client.c: requests through Envoy, and calls of tools through MCP over HTTP. */
/* Status of GET path with Host shop.example.com through Envoy; 0: no answer. The body goes to *body
 * when that is not NULL. A token has room for one who waits: the demo's fiber gives its own, the
 * traffic none. Parks. */
int demo_request(struct demo *d, const char *path, struct cancel *cancel, const char **body);
/* A console request with the demo's login. Parks. */
bool demo_console(struct demo *d, const char *method, const char *path, const cJSON *body,
                  struct err *e);
/* structuredContent of tools/call; NULL with the tool's words when it is an error. Parks. */
const cJSON *demo_call(struct demo *d, const char *tool, const cJSON *arguments, struct err *e);

/* demo_approve.c: `higress-ops approve ID` on a terminal of its own, answered with yes. Parks. */
bool demo_approve(struct demo *d, const char *id, struct err *e);

/* demo_web.c: the MCP server over HTTP. */
bool demo_start_web(struct demo *d, struct err *e);
void demo_stop_web(struct demo *d);

/* demo_once.c: what `--once` asserts. Parks. */
bool demo_check(struct demo *d, struct err *e);

/* demo_guide.c */
bool demo_print_diagnosis(struct demo *d, struct err *e); /* parks */
void demo_print_guide(const struct demo *d);
