/* plane.h - an embedded console around each case: its folder, its administrator, requests to it and
 * what it answered. plane_setup and plane_teardown are cmocka's; what a file needs besides goes
 * into a set-up of its own that calls plane_setup first. Include after check.h.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "scratch.h"
#include "tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLANE_INIT                                                                                 \
    "{\"adminUser\":{\"name\":\"admin\",\"displayName\":\"A\",\"password\":\"admin\"}}"
#define PLANE_ADMIN "Basic YWRtaW46YWRtaW4=" /* admin:admin */

static struct arena *a;
static struct embedded *console;
static char folder[128];
static struct embedded_answer answer; /* of the last request */
static const char *authorization;     /* of the next; NULL: nobody's */

/* One request to any console; body NULL: none. The answer is as long as the arena. */
static inline void plane_ask(struct embedded *x, const char *method, const char *target,
                             const char *body)
{
    struct embedded_header headers[3] = { { "content-type", "application/json" } };
    if (authorization)
        headers[1] = (struct embedded_header){ "authorization", authorization };
    struct embedded_call c = { method, target, headers, body ? body : "", body ? strlen(body) : 0 };
    embedded_handle(x, a, &c, &answer);
}

/* The parsed body of the answer; NULL when it is empty. */
static inline cJSON *call(const char *method, const char *target, const char *body)
{
    plane_ask(console, method, target, body);
    return answer.len ? json_parse(a, answer.body, answer.len, NULL) : NULL;
}

static inline cJSON *expect(int status, const char *method, const char *target, const char *body)
{
    cJSON *parsed = call(method, target, body);
    if (answer.status != status)
        fail_msg("%s %s: %d, not %d: %s", method, target, answer.status, status, answer.body);
    return parsed;
}

/* Never NULL, so that it can be compared. */
static inline const char *text_at(const cJSON *tree, const char *path)
{
    const cJSON *node = json_path(tree, path);
    return cJSON_IsString(node) ? node->valuestring : "(none)";
}

/* A folder that does not outlive the test. */
static inline bool plane_folder(char *path, size_t size)
{
    snprintf(path, size, "%s/higress-ops-test-XXXXXX", scratch_base());
    return mkdtemp(path) != NULL;
}

static inline struct embedded *plane_open(const char *dir)
{
    struct err e = { 0 };
    struct embedded *x = embedded_open(dir, &e);
    if (!x)
        fail_msg("%s", e.text);
    return x;
}

static char plane_filled[64]; /* what the first case's folder held at its start */

static inline void plane_forget(void)
{
    tree_remove(plane_filled);
}

/* A folder is filled once a program: its certificate takes a while. Later cases begin as copies. */
static inline int plane_setup(void **state)
{
    (void)state;
    a = arena_new();
    authorization = PLANE_ADMIN;
    if (!plane_folder(folder, sizeof folder))
        return -1;
    bool first = !*plane_filled;
    if (!first && !tree_copy(plane_filled, folder))
        return -1;
    console = plane_open(folder);
    if (!first)
        return 0;
    expect(200, "POST", "/system/init", PLANE_INIT);
    return plane_folder(plane_filled, sizeof plane_filled) && atexit(plane_forget) == 0 &&
                   tree_copy(folder, plane_filled)
               ? 0
               : -1;
}

static inline int plane_teardown(void **state)
{
    (void)state;
    embedded_close(console);
    tree_remove(folder);
    arena_free(a);
    return 0;
}
