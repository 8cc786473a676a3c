/* test_kstore_keep.c - a folder that people wrote by hand, and disks that refuse: nothing is lost.
 *
 * The property: over generated folders, one write leaves every other file byte-identical, and in
 * the written one what the console does not know stays: unknown fields, the comment before the
 * object, the documents behind it. KEEP_SEED tries another sequence. */
#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "check.h"
#include "embedded/kstore/kstore.h"
#include "plane.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { FOLDERS = 120, ROUTES = 5, MOST_FILES = 64 };

static unsigned long long state_of_chance;

static unsigned draw(unsigned n)
{
    state_of_chance = state_of_chance * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state_of_chance >> 33) % n;
}

static void answered(int status)
{
    if (answer.status != status)
        fail_msg("%d instead of %d: %s", answer.status, status, answer.body);
}

static void put_file(const char *path, const char *text)
{
    const char *full = arena_printf(a, "%s/%s", folder, path);
    const char *dir = arena_strndup(a, full, (size_t)(strrchr(full, '/') - full));
    assert_true(file_make_dir(dir, 0755, NULL));
    assert_true(file_replace(full, text, strlen(text), 0644, NULL));
}

static const char *file_text(const char *path)
{
    return file_read(a, arena_printf(a, "%s/%s", folder, path), 1 << 22, NULL, NULL);
}

static cJSON *tree_in(const char *path)
{
    const char *text = file_text(path);
    struct err e = { 0 };
    cJSON *tree = text ? yaml_parse(a, text, strlen(text), &e) : NULL;
    if (!tree)
        fail_msg("%s: %s", path, e.text);
    return tree;
}

/* Something that no program knows, by chance: "" or a line at the indent. */
static const char *odd(int indent)
{
    static const char *const values[] = {
        "{deep: [1, 2, {x: \"\"}]}",   "\"quoted: text\"", "|\n", "0x1F", "[]",
        "a plain one # with a comment"
    };
    if (draw(3) == 0)
        return "";
    const char *value = values[draw(6)];
    if (*value == '|')
        return arena_printf(a, "%*sunknownField: |\n%*stwo\n%*s--- lines\n", indent, "", indent + 2,
                            "", indent + 2, "");
    return arena_printf(a, "%*sunknownField: %s\n", indent, "", value);
}

static const char *head(void)
{
    static const char *const heads[] = { "", "# by hand, keep it\n", "---\n",
                                         "# one\n\n# two: {[\n---\n", "%YAML 1.1\n---\n" };
    return heads[draw(5)];
}

static const char *rest(void)
{
    static const char *const rests[] = { "", "", "---\nkind: Other\nx: 1\n", "...\n",
                                         "--- # more\n- a\n---\n{broken: [\n" };
    return rests[draw(5)];
}

static void write_route(int i)
{
    put_file(arena_printf(a, "ingresses/r%d.yaml", i),
             arena_printf(a,
                          "%skind: Ingress\napiVersion: networking.k8s.io/v1\n%smetadata:\n"
                          "  annotations:\n    higress.io/destination: \"s.static:80\"\n"
                          "    example.com/note: 'unknown, kept'\n"
                          "  labels: {higress.io/resource-definer: higress}\n"
                          "  name:   r%d\n  namespace: higress-system\n  resourceVersion: \"%u\"\n"
                          "  finalizers: [example.com/stay]\n%sspec:\n%s  rules:\n"
                          "  - http:\n      paths:\n      - path: /p%d # here\n"
                          "        pathType: Prefix\n        backend: {resource: {apiGroup: x, "
                          "kind: McpBridge, name: default}}\n  ingressClassName: higress\n%s",
                          head(), odd(0), i, draw(2000), odd(2), odd(2), i, rest()));
}

static void write_folder(void)
{
    for (int i = 0; i < ROUTES; i++)
        write_route(i);
    put_file("configmaps/domain-d.example.com.yaml",
             arena_printf(a,
                          "%sdata:\n  domain: d.example.com\n  enableHttps: \"off\"\n%smetadata:\n"
                          "  annotations: {example.com/note: x}\n  labels:\n"
                          "    higress.io/config-map-type: domain\n"
                          "    higress.io/resource-definer: higress\n    team: shop\n"
                          "  name: domain-d.example.com\n%s%s",
                          head(), odd(2), odd(2), rest()));
    put_file("mcpbridges/default.yaml",
             arena_printf(a,
                          "%smetadata: {name: default}\nspec:\n%s  registries:\n"
                          "  - name: s\n    type: static\n    domain: 10.0.0.1:80\n    port: 80\n"
                          "%s  - name: t\n    type: dns\n    domain: example.com\n    port: 80\n"
                          "    unknownToo: 1\n%s",
                          head(), odd(2), odd(4), rest()));
    put_file("services/other.yaml", "# foreign\nkind: Service\nspec: {ports: [{port: 1}]}\n");
    put_file("foos/odd.yaml", "a kind: nobody knows\n");
    put_file("ingresses/notes.txt", "not a resource\n");
    put_file("ingresses/bad.yaml", "kind: Ingress\nmetadata:\n  labels: [\n");
}

struct picture {
    const char *path[MOST_FILES], *text[MOST_FILES];
    size_t count;
};

static struct picture picture(void)
{
    struct picture p = { .count = 0 };
    DIR *d = opendir(folder);
    for (struct dirent *kind; d && (kind = readdir(d));) {
        DIR *files =
            *kind->d_name == '.' ? NULL : opendir(arena_printf(a, "%s/%s", folder, kind->d_name));
        for (struct dirent *f; files && (f = readdir(files));) {
            if (*f->d_name == '.')
                continue;
            assert_true(p.count < MOST_FILES);
            p.path[p.count] = arena_printf(a, "%s/%s", kind->d_name, f->d_name);
            p.text[p.count] = file_text(p.path[p.count]);
            p.count++;
        }
        if (files)
            closedir(files);
    }
    if (d)
        closedir(d);
    return p;
}

/* Every file of `was` but the ones named is as it was. */
static void expect_others_untouched(const struct picture *was, const char *one, const char *two)
{
    for (size_t i = 0; i < was->count; i++)
        if (strcmp(was->path[i], one) != 0 && strcmp(was->path[i], two) != 0)
            assert_string_equal(file_text(was->path[i]), was->text[i]);
}

/* unknownField at each of the places is as it was; so is what stands around the object. */
static void expect_kept(const char *path, const struct picture *was, const char *const *places)
{
    const char *before = NULL, *after = file_text(path);
    for (size_t i = 0; i < was->count; i++)
        if (strcmp(was->path[i], path) == 0)
            before = was->text[i];
    struct err e = { 0 };
    cJSON *old = yaml_parse(a, before, strlen(before), &e), *new = tree_in(path);
    for (; *places; places++) {
        const cJSON *x = json_path(old, *places), *y = json_path(new, *places);
        if (!json_equal(x, y))
            fail_msg("%s lost %s:\n%s\nnow:\n%s", path, *places, before, after);
    }
    const char *mark = strstr(before, "\n---\nkind: Other");
    mark = mark ? mark : strstr(before, "\n--- # more");
    if (mark && !text_ends(after, mark))
        fail_msg("%s lost its further documents:\n%s", path, after);
    if (*before == '#' && strncmp(before, after, strcspn(before, "\n")) != 0)
        fail_msg("%s lost its comment:\n%s", path, after);
}

static void change_route(const struct picture *was)
{
    static const char *const places[] = { "unknownField",         "metadata.unknownField",
                                          "metadata.finalizers",  "spec.unknownField",
                                          "metadata.annotations", NULL };
    const char *name = arena_printf(a, "r%u", draw(ROUTES));
    const char *target = arena_printf(a, "/v1/routes/%s", name);
    cJSON *route = json_get(call("GET", target, ""), "data");
    answered(200);
    json_set_str(a, json_get(route, "path"), "matchValue", "/changed");
    call("PUT", target, json_print(a, route));
    answered(200);
    const char *path = arena_printf(a, "ingresses/%s.yaml", name);
    expect_others_untouched(was, path, "wasmplugins/key-auth.internal.yaml");
    expect_kept(path, was, places);
    assert_string_equal(json_path(tree_in(path), "spec.rules[0].http.paths[0].path")->valuestring,
                        "/changed");
}

static void change_domain(const struct picture *was)
{
    static const char *const places[] = { "metadata.unknownField", "data.unknownField",
                                          "metadata.annotations", "metadata.labels", NULL };
    call("PUT", "/v1/domains/d.example.com",
         "{\"name\":\"d.example.com\",\"enableHttps\":\"off\"}");
    answered(200);
    expect_others_untouched(was, "configmaps/domain-d.example.com.yaml", "");
    expect_kept("configmaps/domain-d.example.com.yaml", was, places);
}

static void change_source(const struct picture *was)
{
    static const char *const places[] = { "spec.unknownField", "spec.registries[0].unknownField",
                                          "spec.registries[1]", NULL };
    call("PUT", "/v1/service-sources/s",
         "{\"name\":\"s\",\"type\":\"static\",\"domain\":\"10.0.0.2:80\",\"port\":80}");
    answered(200);
    expect_others_untouched(was, "mcpbridges/default.yaml", "");
    expect_kept("mcpbridges/default.yaml", was, places);
}

static void one_write_changes_one_file_and_only_what_was_meant(void **state)
{
    (void)state;
    void (*const changes[])(const struct picture *) = { change_route, change_domain,
                                                        change_source };
    const char *given = getenv("KEEP_SEED");
    unsigned long long seed = given ? strtoull(given, NULL, 10) : 20261124;
    state_of_chance = seed;
    int writes = 0;
    for (int i = 0; i < FOLDERS; i++) {
        struct arena *outer = a;
        a = arena_new();
        write_folder();
        kstore_refresh(console->store);
        for (int k = 0; k < 3; k++, writes++) {
            struct picture was = picture();
            changes[draw(3)](&was);
        }
        arena_free(a);
        a = outer;
    }
    print_message("seed %llu: %d folders, %d writes, nothing lost\n", seed, FOLDERS, writes);
}

#define SPEC_BY_HAND                                                                               \
    "spec:\n  phase: AUTHN # first\n  matchRules:\n"                                               \
    "  - ingress: [%s]\n    configDisable: true # for now\n    config: {}\n"                       \
    "  - ingress: [%s]\n    configDisable: true\n    config: {}\n"                                 \
    "  failStrategy: FAIL_OPEN\n  defaultConfigDisable: true\n  url: oci://example.com/a:1\n"

/* The rules of authentication as somebody wrote them, with a route written; the file then. */
static const char *auth_after_write(const char *first, const char *second, const char *more)
{
    write_route(0);
    put_file("wasmplugins/key-auth.internal.yaml",
             arena_printf(a,
                          "# by hand\napiVersion: extensions.higress.io/v1alpha1\n"
                          "kind: WasmPlugin\nmetadata:\n  name: key-auth.internal\n"
                          "  namespace: higress-system\n  resourceVersion: \"41\"\n" SPEC_BY_HAND
                          "%sstatus: {}\n",
                          first, second, more));
    kstore_refresh(console->store);
    cJSON *route = json_get(call("GET", "/v1/routes/r0", ""), "data");
    call("PUT", "/v1/routes/r0", json_print(a, route));
    answered(200);
    return file_text("wasmplugins/key-auth.internal.yaml");
}

static void a_rule_written_as_it_is_moves_the_version_alone(void **state)
{
    (void)state;
    const char *now = auth_after_write("r0", "r1", "");
    assert_non_null(strstr(now, "resourceVersion: \"42\"\n"
                                "spec:\n  phase: AUTHN # first\n"));
    assert_non_null(strstr(now, "configDisable: true # for now\n"));
    /* What a write would put in order is written whole. */
    now = auth_after_write("r1", "r0", "");
    assert_null(strstr(now, "# first"));
    assert_true(strstr(now, "- r0\n") < strstr(now, "- r1\n"));
    now = auth_after_write("r0", "r1", "  imagePullPolicy: UNSPECIFIED_POLICY\n");
    assert_null(strstr(now, "UNSPECIFIED_POLICY"));
    assert_non_null(strstr(now, "resourceVersion: \"42\"\n"));
}

static const char new_route[] =
    "{\"name\":\"%s\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"/a\"},"
    "\"services\":[{\"name\":\"s.static\",\"port\":80}],\"customConfigs\":{\"long\":\"%s\"}}";

/* The write is refused with a sentence that names the file; everything is as before and served. */
static void expect_refused(const char *body, const char *why)
{
    struct picture was = picture();
    call("POST", "/v1/routes", body);
    answered(500);
    if (!strstr(answer.body, why) || !strstr(answer.body, ".yaml"))
        fail_msg("%s", answer.body);
    call("GET", "/v1/routes/new", "");
    answered(404);
    call("GET", "/v1/routes/default", "");
    answered(200);
    expect_others_untouched(&was, "", "");
    assert_int_equal(picture().count, was.count); /* no temporary file either */
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    char *filler = arena_alloc(a, 9000);
    memset(filler, 'x', 8999);
    char *body = arena_alloc(a, 10000);
    snprintf(body, 10000, new_route, "new", filler);
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){ 8192, old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    expect_refused(body, "cannot write");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    call("POST", "/v1/routes", body);
    answered(201);
}

/* Root may write anywhere, so it steps down. */
static void step_down(bool down)
{
    const char *dir = arena_printf(a, "%s/ingresses", folder);
    if (getuid() == 0)
        assert_int_equal(seteuid(down ? 65534 : 0), 0);
    else
        assert_int_equal(chmod(dir, down ? 0500 : 0700), 0);
}

static void a_read_only_folder_is_still_served(void **state)
{
    (void)state;
    DIR *d = opendir(folder); /* others may look, not write */
    for (struct dirent *kind; d && (kind = readdir(d));)
        if (*kind->d_name != '.')
            assert_int_equal(chmod(arena_printf(a, "%s/%s", folder, kind->d_name), 0755), 0);
    closedir(d);
    assert_int_equal(chmod(folder, 0755), 0);
    for (struct picture p = picture(); p.count > 0; p.count--)
        assert_int_equal(chmod(arena_printf(a, "%s/%s", folder, p.path[p.count - 1]), 0644), 0);
    char body[500];
    snprintf(body, sizeof body, new_route, "new", "");
    step_down(true);
    expect_refused(body, "Permission denied");
    step_down(false);
    call("POST", "/v1/routes", body);
    answered(201);
}

static void expect_problem(const char *what)
{
    bool found = false;
    for (size_t i = 0; kstore_problem(console->store, i); i++)
        found = found || strstr(kstore_problem(console->store, i), what);
    if (!found)
        fail_msg("no problem says: %s", what);
    call("GET", "/v1/routes/default", "");
    answered(200);
}

static void files_that_cannot_be_served_are_named(void **state)
{
    (void)state;
    put_file("ingresses/broken.yaml", "kind: Ingress\nmetadata:\n  labels: [\n");
    put_file("ingresses/twin.yaml", "kind: Ingress\nmetadata:\n  name: default\n");
    put_file("ingresses/twice.yaml", "metadata:\n  name: twice\nspec: {}\nspec: {}\n");
    put_file("ingresses/list.yaml", "- a\n");
    assert_int_equal(mkdir(arena_printf(a, "%s/ingresses/folder.yaml", folder), 0755), 0);
    kstore_refresh(console->store);
    expect_problem("ingresses/broken.yaml: ");
    expect_problem("line 4"); /* where the list should have ended */
    expect_problem("ingresses/twin.yaml: line 3: the name 'default' is that of");
    expect_problem("ingresses/twice.yaml: ");
    expect_problem("ingresses/list.yaml: line 1");
    expect_problem("ingresses/folder.yaml: cannot read");
    char body[500];
    snprintf(body, sizeof body, new_route, "twin", "");
    call("POST", "/v1/routes", body);
    answered(500);
    assert_non_null(strstr(answer.body, "twin.yaml"));
    assert_string_equal(file_text("ingresses/twin.yaml"),
                        "kind: Ingress\nmetadata:\n  name: default\n");
}

static void a_hand_edit_moves_the_version(void **state)
{
    (void)state;
    write_route(1);
    kstore_refresh(console->store);
    cJSON *route = json_get(call("GET", "/v1/routes/r1", ""), "data");
    const char *text = file_text("ingresses/r1.yaml");
    put_file("ingresses/r1.yaml", arena_printf(a, "# only a comment\n%s", text));
    call("GET", "/v1/routes/r1", "");
    assert_string_equal(
        json_str(json_get(json_parse(a, answer.body, answer.len, NULL), "data"), "version"),
        json_str(route, "version"));
    const char *at = strstr(text, "/p1");
    put_file("ingresses/r1.yaml", arena_printf(a, "%.*s/q1%s", (int)(at - text), text, at + 3));
    cJSON *now = json_get(call("GET", "/v1/routes/r1", ""), "data");
    assert_string_equal(json_path(now, "path.matchValue")->valuestring, "/q1");
    assert_string_not_equal(json_str(now, "version"), json_str(route, "version"));
    call("PUT", "/v1/routes/r1", json_print(a, route));
    answered(409);
    call("PUT", "/v1/routes/r1", json_print(a, now));
    answered(200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_write_changes_one_file_and_only_what_was_meant,
                                        plane_setup, plane_teardown),
        cmocka_unit_test_setup_teardown(a_rule_written_as_it_is_moves_the_version_alone,
                                        plane_setup, plane_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, plane_setup, plane_teardown),
        cmocka_unit_test_setup_teardown(a_read_only_folder_is_still_served, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_served_are_named, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(a_hand_edit_moves_the_version, plane_setup, plane_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
