/* demo_folder.c - what the demo puts on disk: its folder, made anew each time, and the
 * configuration that every other command can be pointed at. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cmd/demo_private.h"
#include "config/config.h"
#include "config/setting.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

static const char mark[] = ".higress-ops-demo";

static bool is_empty_folder(const char *path)
{
    DIR *d = opendir(path);
    bool empty = true;
    for (struct dirent *entry; d && empty && (entry = readdir(d));)
        empty = entry->d_name[0] == '.' && (!entry->d_name[1] || !strcmp(entry->d_name, ".."));
    if (d)
        closedir(d);
    return empty;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

/* Only what an earlier demo made: its mark lies in the folder. The mark is locked while one runs.
 */
static bool claim_folder(struct demo *d, struct err *e)
{
    const char *path = arena_printf(d->arena, "%s/%s", d->dir, mark);
    if (access(path, F_OK) != 0 && !is_empty_folder(d->dir))
        return err_set(e, ERR_ARGS, "%s holds files that are not a demo's: give another --dir",
                       d->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* held until the process ends */
    if (fd < 0)
        return err_set(e, ERR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, ERR_ARGS, "another demo runs in %s: stop it or give another --dir",
                       d->dir);
    return true;
}

bool demo_make_folder(struct demo *d, struct err *e)
{
    static const char *const parts[] = { "data", "state", "envoy" };
    const char *given = options_get(d->options, "dir");
    char full[PATH_MAX];
    if (!file_make_dir(given ? given : "higress-ops-demo", 0700, e))
        return false;
    if (!realpath(given ? given : "higress-ops-demo", full))
        return err_set(e, ERR_SYSTEM, "cannot resolve the demo's folder: %s", strerror(errno));
    d->dir = arena_strdup(d->arena, full);
    if (!claim_folder(d, e))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *path = arena_printf(d->arena, "%s/%s", d->dir, parts[i]);
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* absent is fine */
        if (!file_make_dir(path, 0700, e))
            return false;
    }
    return true;
}

/* -- ports ---------------------------------------------------------------------------------------
 */
/* Binds a port, 0: any, so that nobody else is given it until *held is closed; to connect to it is
 * refused as long. Returns 0 where it is taken. */
static int bound_port(int wanted, int *held)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)wanted),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int on = 1;
    *held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(*held, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (*held >= 0 && bind(*held, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(*held, (struct sockaddr *)&a, &n) == 0)
        return ntohs(a.sin_port);
    if (*held >= 0)
        close(*held);
    *held = -1;
    return 0;
}

/* The given port as it is; else the first free one from the usual one up; with --once any. */
static bool choose_port(struct demo *d, const char *option, int usual, int *port, int *held,
                        struct err *e)
{
    if (!options_int(d->options, option, 1, 65535, 0, port))
        return err_set(e, ERR_ARGS, "--%s is no port", option);
    if (*port)
        return true;
    for (int i = 0; !d->once && !*port && i < 200; i++)
        *port = bound_port(usual + i, held);
    if (!*port)
        *port = bound_port(0, held);
    return *port || err_set(e, ERR_SYSTEM, "no port is free on 127.0.0.1");
}

bool demo_choose_ports(struct demo *d, struct err *e)
{
    int held[] = { -1, -1, -1, -1, -1, -1 };
    int mine; /* stays open: connections to that port are refused as long as the demo lives */
    d->payments_port = bound_port(0, &mine);
    d->orders_port = bound_port(0, &held[0]);
    d->catalog_port = bound_port(0, &held[1]);
    bool ok = choose_port(d, "console-port", 8001, &d->console_port, &held[2], e) &&
              choose_port(d, "gateway-port", 8080, &d->gateway_port, &held[3], e) &&
              choose_port(d, "admin-port", 15000, &d->admin_port, &held[4], e) &&
              choose_port(d, "mcp-port", 8470, &d->mcp_port, &held[5], e);
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        if (held[i] >= 0)
            close(held[i]);
    return ok;
}

/* -- configuration -------------------------------------------------------------------------------
 */
static cJSON *config_tree(struct demo *d, const char *password, bool envoy)
{
    struct arena *a = d->arena;
    cJSON *tree = json_object(a);
    cJSON *gateway = json_set_object(a, tree, "gateway");
    json_set_str(a, gateway, "url", arena_printf(a, "http://127.0.0.1:%d", d->console_port));
    json_set_str(a, gateway, "username", "admin");
    json_set_str(a, json_set_object(a, gateway, "password"), "file", password);
    if (envoy) {
        cJSON *e = json_set_object(a, tree, "envoy");
        json_set_str(a, e, "admin_url", arena_printf(a, "http://127.0.0.1:%d", d->admin_port));
        json_set_str(a, e, "access_log", arena_printf(a, "%s/envoy/access.log", d->dir));
    }
    json_set_str(a, tree, "mode", "approve");
    json_set_str(a, tree, "state", arena_printf(a, "%s/state", d->dir));
    json_set_str(a, tree, "listen", arena_printf(a, "127.0.0.1:%d", d->mcp_port));
    return tree;
}

/* The file is all there is: variables of a user's own installation must not reach the demo, nor the
 * commands that it starts. */
static void forget_environment(void)
{
    for (const struct setting *o = settings; o->path; o++)
        if (o->env)
            unsetenv(o->env);
}

bool demo_write_config(struct demo *d, struct err *e)
{
    forget_environment();
    const char *password = arena_printf(d->arena, "%s/state/password", d->dir);
    d->config_file = arena_printf(d->arena, "%s/higress-ops.yaml", d->dir);
    const char *text = yaml_print(d->arena, config_tree(d, password, d->envoy_path != NULL));
    return file_replace(password, "admin\n", 6, 0600, e) &&
           file_replace(d->config_file, text, strlen(text), 0600, e);
}
