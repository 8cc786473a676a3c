/* test_mask_recordings.c - what is not secret stays readable: of the harmless texts in the objects
 * that the real console was recorded with, at least 99 of 100.
 *
 * What is harmless is said by ../shared/reference/secrets.tsv, not by our own tables; a row there
 * that depends on a name counts where the name is no secret's.
 */
#include "base/file.h"
#include "check.h"
#include "check_arena.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include "mask/mask_table_private.h"
#include <glob.h>

enum { FILE_MAX = 64 * 1024 * 1024 };
#define SHARED "../shared/"

static struct row {
    const char *kind, *path, *rule; /* of what depends; else "secret" or "harmless" */
} * table;
static int table_count, table_room;
static int seen, readable, secret, complaints;

static char *without_lists(const char *path)
{
    char *out = arena_strdup(a, path), *to = out;
    for (const char *p = path; *p; p++)
        if (*p != '[' && *p != ']')
            *to++ = *p;
    *to = '\0';
    return out;
}

static void read_row(char *line)
{
    char none[] = "", *cell[4] = { line, none, none, none };
    for (int i = 1; i < 4; i++) {
        char *tab = strchr(cell[i - 1], '\t');
        if (!tab)
            break;
        *tab = '\0';
        cell[i] = tab + 1;
    }
    char *sub = strncmp(cell[0], "plugin:", 7) ? strchr(cell[0], '/') : NULL;
    if (sub)
        *sub = '\0';
    const char *colon = strstr(cell[3], ": "); /* "vllm: url" */
    bool typed = colon && colon - cell[3] < 9 && strncmp(cell[3], "url", 3);
    table = arena_grow(a, table, table_count, &table_room, sizeof *table);
    table[table_count++] = (struct row){ cell[0], without_lists(cell[1]),
                                         strcmp(cell[2], "depends") ? cell[2]
                                         : typed                    ? colon + 2
                                                                    : cell[3] };
}

static bool read_table(void)
{
    struct err e = { 0 };
    size_t n;
    char *text = file_read(a, SHARED "reference/secrets.tsv", FILE_MAX, &n, &e);
    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        read_row(line);
        line = end ? end + 1 : NULL;
    }
    return text != NULL;
}

/* How many literal members of a row fit; -1: it does not. */
static int fits(const char *row, const char *path)
{
    int literals = 0;
    while (*row) {
        size_t r = strcspn(row, "."), p = strcspn(path, ".");
        bool any = r == 1 && *row == '*';
        if (any && !row[1] && *path)
            return literals;
        if (!any && (r != p || strncmp(row, path, r) != 0))
            return -1;
        literals += !any;
        row += r + (row[r] == '.');
        path += p + (path[p] == '.');
    }
    return *path ? -1 : literals;
}

static const char *class_of(const char *kind, const char *path)
{
    const char *best = NULL;
    int most = -1;
    for (int i = 0; i < table_count; i++) {
        int n = strcmp(table[i].kind, kind) ? -1 : fits(table[i].path, path);
        if (n > most) {
            most = n;
            best = table[i].rule;
        }
    }
    return best;
}

static bool starts(const char *s, const char *with)
{
    return !strncmp(s, with, strlen(with));
}

static bool is_harmless(const char *class, const cJSON *object, const cJSON *leaf)
{
    const char *with;
    const char *s = leaf->valuestring, *own = leaf->string ? leaf->string : "";
    if (starts(class, "name=")) {
        char *name = arena_strndup(a, class + 5, strcspn(class + 5, ": ("));
        const char *key = json_str(object, name);
        return key && !mask_header_is_secret(key) && !mask_query_is_secret(key);
    }
    if (starts(class, "url") || starts(class, "dsn"))
        return !strpbrk(s, "?@#");
    if (starts(class, "key"))
        return mask_member_rule(own) == MASK_SHOW;
    if (starts(class, "annotation"))
        return mask_annotation_rule(own, &with) == MASK_SHOW;
    return starts(class, "harmless") || starts(class, "text") || starts(class, "pem");
}

static void compare_text(const char *kind, const cJSON *object, const cJSON *o, const cJSON *shown,
                         const char *path)
{
    const char *class = class_of(kind, path);
    if (!o->valuestring[0])
        return;
    if (!class || !is_harmless(class, object, o)) {
        secret++;
        return;
    }
    bool same = cJSON_IsString(shown) && !strcmp(o->valuestring, shown->valuestring);
    seen++;
    readable += same;
    if (!same && complaints++ < 40)
        printf("%s %s: '%.60s' is hidden\n", kind, path, o->valuestring);
}

static void compare(const char *kind, const cJSON *object, const cJSON *o, const cJSON *shown,
                    const char *path);

static void compare_members(const char *kind, const cJSON *o, const cJSON *shown, const char *path)
{
    const char *plugin = json_str(o, "pluginName");
    for (const cJSON *c = o->child; c; c = c->next) {
        const cJSON *m = json_get(shown, c->string);
        if (m && plugin && !strcmp(c->string, "configurations"))
            compare(arena_printf(a, "plugin:%s", plugin), c, c, m, "");
        else if (m) /* what is said twice is shown once */
            compare(kind, o, c, m, *path ? arena_printf(a, "%s.%s", path, c->string) : c->string);
    }
}

static void compare(const char *kind, const cJSON *object, const cJSON *o, const cJSON *shown,
                    const char *path)
{
    if (cJSON_IsString(o))
        compare_text(kind, object, o, shown, path);
    else if (cJSON_IsObject(o))
        compare_members(kind, o, shown, path);
    const cJSON *m = cJSON_IsArray(o) ? shown->child : NULL;
    for (const cJSON *c = m ? o->child : NULL; c && m; c = c->next, m = m->next)
        compare(kind, object, c, m, path);
}

/* Of a list's path or one object's; what lies below an object is something else. */
static bool is_path_of(const char *path, const struct kind *k)
{
    size_t n = strlen(k->list);
    if (strncmp(path, k->list, n) != 0 || (k->flags & KIND_SPECIAL))
        return false;
    return !path[n] || path[n] == '?' || (path[n] == '/' && !strchr(path + n + 1, '/'));
}

static const struct kind *kind_of(const char *path)
{
    if (strstr(path, "/plugin-instances"))
        return kind_find("plugin-instance");
    for (const struct kind *k = kinds; k->name; k++)
        if (is_path_of(path, k))
            return k;
    return NULL;
}

static void look_at(const struct kind *k, const cJSON *o)
{
    const cJSON *c;
    if (cJSON_IsArray(o)) {
        cJSON_ArrayForEach(c, o) look_at(k, c);
        return;
    }
    if (!cJSON_IsObject(o))
        return;
    mask_words(k, o);
    compare(k->name, o, o, mask_object(a, k, o), "");
}

static void read_exchange(const char *line, size_t n)
{
    struct err e = { 0 };
    const cJSON *x = json_parse(a, line, n, &e), *request = json_get(x, "request");
    const char *path = json_str(request, "path");
    const struct kind *k = path ? kind_of(path) : NULL;
    if (!k || json_num(json_get(x, "response"), "status", 0) >= 300)
        return;
    const cJSON *body = json_get(json_get(x, "response"), "body");
    look_at(k, json_get(body, "data") ? json_get(body, "data") : body);
    look_at(k, json_get(request, "body"));
}

static void test_readable(void **state)
{
    (void)state;
    glob_t files;
    if ((!table && !read_table()) ||
        glob(SHARED "recordings/console*/*.jsonl", 0, NULL, &files) != 0) {
        printf("the recordings or the reference beside the repository are absent\n");
        skip();
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct err e = { 0 };
        size_t n;
        char *text = file_read(a, files.gl_pathv[i], FILE_MAX, &n, &e);
        for (const char *line = text; line && *line;) {
            size_t len = strcspn(line, "\n");
            read_exchange(line, len);
            line += len + (line[len] == '\n');
        }
    }
    globfree(&files);
    printf("%d of %d harmless texts stay readable (%.2f %%); %d others\n", readable, seen,
           100.0 * readable / seen, secret);
    assert_true(seen > 1000);
    assert_true(readable >= seen * 0.99);
}

static enum mask_rule rule_of(const char *kind, const char *path)
{
    bool plugin = starts(kind, "plugin:");
    struct mask_at at = plugin ? mask_at_plugin(kind + 7) : mask_at_kind(kind_find(kind));
    while (*path) {
        size_t n = strcspn(path, ".");
        if (at.row && at.row->rule == MASK_TREE)
            at = mask_at_tree(at.row->with);
        at = mask_at_member(&at, arena_strndup(a, path, n), NULL);
        path += n + (path[n] == '.');
    }
    return at.row ? at.row->rule : MASK_UNKNOWN;
}

/* How our tables treat a row of the reference. False for what they do not hold: cookies are hidden
 * whole, objects of Kubernetes are not shown. */
static bool treat(const struct row *r, enum mask_rule *rule)
{
    bool path = starts(r->kind, "plugin:") || (kind_find(r->kind) && strcmp(r->kind, "system"));
    if (!strcmp(r->kind, "header"))
        *rule = mask_header_rule(r->path);
    else if (!strcmp(r->kind, "query"))
        *rule = mask_query_rule(r->path);
    else if (path)
        *rule = rule_of(r->kind, r->path);
    else
        return false;
    return true;
}

/* Every name and path that the reference calls secret is hidden by our tables. */
static void test_reference(void **state)
{
    (void)state;
    int count = 0;
    enum mask_rule rule;
    if (!table && !read_table())
        skip();
    for (int i = 0; i < table_count; i++) {
        const struct row *r = &table[i];
        if (strcmp(r->rule, "secret") != 0 || !treat(r, &rule))
            continue;
        if (rule != MASK_HIDE && rule != MASK_UNKNOWN)
            fail_msg("%s %s is shown", r->kind, r->path);
        count++;
    }
    printf("%d names and paths of the reference are hidden\n", count);
    assert_true(count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_reference),
                                        cmocka_unit_test(test_readable) };
    return cmocka_run_group_tests(tests, setup, teardown);
}
