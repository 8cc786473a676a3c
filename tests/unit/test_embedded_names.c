/* test_embedded_names.c - names that lead out of the folder, that no file can have, or that YAML
 * takes for something else, for every kind and on both switches: nothing is written outside the
 * folder, nothing but objects inside, the rest is served as before, and the folder opens again. */
#include "check.h"
#include "plane.h"
#include <sys/stat.h>

#define LONG_50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_250 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50

/* As they stand in the JSON body. */
static const char *const odd_names[] = {
    "\"../x\"",
    "\"../../x\"",
    "\"../../../x\"",
    "\"a/../../../x\"",
    "\"/dev/shm/higress-ops-evil\"",
    "\"/tmp/higress-ops-evil\"",
    "\"..\"",
    "\".\"",
    "\".x\"",
    "\".higress-ops.journal\"",
    "\"../.higress-ops.lock\"",
    "\"..\\\\x\"",
    "\"a/b\"",
    "\"../secrets/higress-console\"",
    "\"\\u0000\"",
    "\"a\\u0000/../x\"",
    "\"a\\u0001\\u001fb\"",
    "\"a\\nb: c\\n---\\nd\"",
    "\"\\u007f\\u0085\\u2028\\ufeff\"",
    "\"" LONG_250 "\"",
    "\"" LONG_250 LONG_250 LONG_250 LONG_250 LONG_250 "\"",
    "\"null\"",
    "\"~\"",
    "\"true\"",
    "\"- a\"",
    "\"&a *b !c\"",
    "\"\\ud800\"",
    "\" \"",
    "null",
    "5",
    "{}",
};

/* %s: the name. */
static const struct kind_call {
    const char *method, *target, *body;
} odd_calls[] = {
    { "POST", "/v1/routes",
      "{\"name\":%s,\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"/\"},"
      "\"services\":[{\"name\":\"s.dns\"}]}" },
    { "POST", "/v1/domains", "{\"name\":%s,\"enableHttps\":\"off\"}" },
    { "POST", "/v1/tls-certificates", "{\"name\":%s,\"cert\":\"x\",\"key\":\"y\"}" },
    { "POST", "/v1/service-sources",
      "{\"name\":%s,\"type\":\"static\",\"domain\":\"10.0.0.1:80\",\"port\":80}" },
    { "POST", "/v1/proxy-servers",
      "{\"name\":%s,\"type\":\"http\",\"serverAddress\":\"10.0.0.1\",\"serverPort\":80}" },
    { "POST", "/v1/consumers",
      "{\"name\":%s,\"credentials\":[{\"type\":\"key-auth\",\"source\":\"BEARER\",\"values\":["
      "\"v\"]}]}" },
    { "POST", "/v1/ai/providers", "{\"name\":%s,\"type\":\"openai\"}" },
    { "POST", "/v1/ai/routes",
      "{\"name\":%s,\"upstreams\":[{\"provider\":\"p\",\"weight\":100}]}" },
    { "POST", "/v1/wasm-plugins",
      "{\"name\":%s,\"category\":\"c\",\"title\":\"t\",\"imageRepository\":\"r/i\",\"phase\":"
      "\"AUTHN\",\"priority\":1}" },
    { "PUT", "/v1/mcpServer",
      "{\"name\":%s,\"type\":\"DATABASE\",\"dbType\":\"MYSQL\",\"services\":[{\"name\":\"x\"}],"
      "\"dbConfig\":{\"host\":\"h\",\"port\":\"1\",\"username\":\"u\",\"dbname\":\"d\"}}" },
    { "PUT", "/v1/mcpServer",
      "{\"name\":%s,\"type\":\"OPEN_API\",\"services\":[{\"name\":\"x\"}]}" },
    { "PUT", "/v1/mcpServer",
      "{\"name\":%s,\"type\":\"DIRECT_ROUTE\",\"services\":[{\"name\":\"x.dns\"}],"
      "\"directRouteConfig\":{\"path\":\"/sse\",\"transportType\":\"sse\"}}" },
};

/* Not the certificates: one without a name breaks their list, as there. */
static const char *const lists[] = {
    "/v1/routes",    "/v1/domains",      "/v1/service-sources", "/v1/proxy-servers",
    "/v1/consumers", "/v1/ai/providers", "/v1/ai/routes",       "/v1/wasm-plugins",
    "/v1/mcpServer", "/v1/services",     "/user/info",
};

static char outer[64]; /* holds deep/data, the console's folder, and nothing else */

static int odd_setup(void **state)
{
    if (plane_setup(state) != 0 || !plane_folder(outer, sizeof outer))
        return -1;
    const char *deep = arena_printf(a, "%s/deep", outer);
    const char *data = arena_printf(a, "%s/data", deep);
    if (mkdir(deep, 0700) != 0 || mkdir(data, 0700) != 0)
        return -1;
    embedded_close(console);
    bool copied = tree_copy(folder, data);
    tree_remove(folder);
    snprintf(folder, sizeof folder, "%s", data);
    console = plane_open(folder);
    expect(201, "POST", "/v1/ai/providers", "{\"name\":\"p\",\"type\":\"openai\"}");
    return copied ? 0 : -1;
}

static int odd_teardown(void **state)
{
    int done = plane_teardown(state);
    tree_remove(outer);
    return done;
}

/* How many entries a folder has; each must be `only` unless that is NULL. */
static int count_entries(const char *dir, const char *only)
{
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (only && strcmp(e->d_name, only) != 0)
            fail_msg("%s has %s", dir, e->d_name);
        n++;
    }
    if (d)
        closedir(d);
    return n;
}

static void nothing_is_outside(void)
{
    assert_int_equal(count_entries(outer, "deep"), 1);
    assert_int_equal(count_entries(arena_printf(a, "%s/deep", outer), "data"), 1);
    assert_int_not_equal(access("/dev/shm/higress-ops-evil", F_OK), 0);
    assert_int_not_equal(access("/dev/shm/higress-ops-evil.yaml", F_OK), 0);
    assert_int_not_equal(access("/tmp/higress-ops-evil.yaml", F_OK), 0);
}

/* No folder but those of the kinds that were there, and in them no file but an object's. */
static void only_objects_are_inside(int kinds)
{
    assert_int_equal(count_entries(folder, NULL), kinds);
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (*e->d_name == '.')
            continue;
        DIR *kind = opendir(arena_printf(a, "%s/%s", folder, e->d_name));
        for (struct dirent *f; kind && (f = readdir(kind));) {
            size_t n = strlen(f->d_name);
            if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
                continue;
            if (n < 5 || strcmp(f->d_name + n - 5, ".yaml") != 0)
                fail_msg("%s/%s", e->d_name, f->d_name);
        }
        if (kind)
            closedir(kind);
    }
    if (d)
        closedir(d);
}

static void is_served(void)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        expect(200, "GET", lists[i], NULL);
    expect(200, "GET", "/v1/routes/default", NULL);
}

static void send_all(void)
{
    for (size_t c = 0; c < sizeof odd_calls / sizeof *odd_calls; c++)
        for (size_t n = 0; n < sizeof odd_names / sizeof *odd_names; n++) {
            const struct kind_call *k = &odd_calls[c];
            const char *at = strstr(k->body, "%s");
            char *body =
                arena_printf(a, "%.*s%s%s", (int)(at - k->body), k->body, odd_names[n], at + 2);
            call(k->method, k->target, body);
            if (answer.status < 200 || answer.status > 502)
                fail_msg("%s %s: %d", k->target, odd_names[n], answer.status);
            nothing_is_outside();
        }
}

static void names_break_nothing(bool lenient)
{
    int kinds = count_entries(folder, NULL);
    console->lenient = lenient;
    send_all();
    only_objects_are_inside(kinds);
    is_served();
    embedded_close(console);
    console = plane_open(folder);
    console->lenient = lenient;
    is_served();
    for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) {
        call("DELETE", arena_printf(a, "%s/..%%2fx", lists[n]), NULL);
        call("DELETE", arena_printf(a, "%s/..%%5cx", lists[n]), NULL);
        call("DELETE", arena_printf(a, "%s/%%00", lists[n]), NULL);
    }
    is_served();
    nothing_is_outside();
}

static void strict_names_break_nothing(void **state)
{
    (void)state;
    names_break_nothing(false);
}

static void lenient_names_break_nothing(void **state)
{
    (void)state;
    names_break_nothing(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(strict_names_break_nothing, odd_setup, odd_teardown),
        cmocka_unit_test_setup_teardown(lenient_names_break_nothing, odd_setup, odd_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
