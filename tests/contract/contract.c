/* contract.c - replays recorded exchanges with the real console against ours, one line a file.
 *
 *   contract [-v] [--recordings DIR] [--mutate N] [--program PROGRAM [--restart]]
 *            [--url URL --data DIR] [NAME…]
 *
 * In one process, without sockets. --program starts `PROGRAM console` for each file and sends the
 * requests over CONNECTIONS connections in turn; with --restart it is ended and started again
 * before each request. --url asks a console that runs already over a fresh copy of the recordings'
 * initial folder (DIR), so name one file.
 * --mutate sends N damaged variants of each request first: the console must answer each of them
 * with a well-formed answer, and its folder must stay readable.
 *
 * Every exchange must be equal. To add a recording, add its row to files[].
 */
#include "contract.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "embedded/embedded.h"
#include "embedded/kstore.h"
#include "mutate.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "process.h"
#include "wire.h"

#include <stdio.h>
#include <unistd.h>

static const struct recording {
    const char *name;
    bool fresh; /* starts from an empty folder */
} files[] = {
    { "system" },
    { "transport" },
    { "auth-and-session" },
    { "service-sources" },
    { "routes" },
    { "first-start", .fresh = true },
    { "domains-and-certificates" },
    { "consumers" },
    { "llm-providers" },
    { "ai-routes" },
    { "plugins" },
    { "mcp-servers" },
};

struct run {
    const char *recordings;
    const char *url, *data;
    const char *mutations; /* number of variants of each exchange, as text; NULL: none */
    unsigned long long seed;
    const char *program; /* NULL: no process of its own */
    bool verbose, restart;
    struct loop *loop;
    int passed, failed, skipped;
    int equal, total; /* of all files */
};

struct replay {
    struct run *run;
    const struct recording *file;
    struct arena *arena; /* of the file */
    const char *dir;
    struct embedded *console; /* in this process */
    struct process *process;  /* of its own; neither: at run->url */
    struct folder *folder;
    const char *token; /* of the last login */
};

enum { MAX_HEADERS = 16, CONNECTIONS = 8 };

/* One exchange. */
struct turn {
    struct replay *p;
    struct arena *a;
    const cJSON *request, *expected;
    struct embedded_header headers[MAX_HEADERS];
    struct embedded_answer answer;
    struct buf *differences;
};

static const char *credentials(struct turn *t, const char *recorded)
{
    if (!text_starts(recorded, "basic ") || !strchr(recorded, ':'))
        return recorded;
    const char *pair = recorded + 6;
    return arena_printf(t->a, "Basic %s", base64_encode(t->a, pair, strlen(pair)));
}

static const char *cookie(struct turn *t, const char *recorded)
{
    const char *mark = strstr(recorded, "<from login>");
    if (!mark)
        return recorded;
    return arena_printf(t->a, "%.*s%s", (int)(mark - recorded), recorded,
                        t->p->token ? t->p->token : "");
}

static void add_header(struct turn *t, const char *name, const char *value)
{
    for (int i = 0; i + 1 < MAX_HEADERS; i++) {
        if (t->headers[i].name && strcmp(t->headers[i].name, name) != 0)
            continue;
        t->headers[i] = (struct embedded_header){ name, value };
        return;
    }
}

static void send_request(struct turn *t)
{
    const cJSON *body = json_get(t->request, "body"), *item;
    const char *text = json_str(t->request, "body_text");
    if (body)
        text = json_print(t->a, body);
    if (text)
        add_header(t, "content-type", "application/json");
    cJSON_ArrayForEach(item, json_get(t->request, "headers"))
    {
        const char *value = item->valuestring;
        if (strcmp(item->string, "authorization") == 0)
            value = credentials(t, value);
        if (strcmp(item->string, "cookie") == 0)
            value = cookie(t, value);
        add_header(t, item->string, value);
    }
    struct embedded_call call = { .method = json_str(t->request, "method"),
                                  .target = json_str(t->request, "path"),
                                  .headers = t->headers,
                                  .body = text ? text : "",
                                  .body_len = text ? strlen(text) : 0 };
    struct err e = { 0 };
    bool answered = true;
    if (t->p->console)
        embedded_handle(t->p->console, t->a, &call, &t->answer);
    else if (t->p->process)
        answered = process_call(t->p->process, t->a, &call, &t->answer, &e);
    else
        answered = wire_call(t->p->run->loop, t->a, t->p->run->url, &call, &t->answer, &e);
    if (!answered)
        buf_printf(t->differences, "      %s\n", e.text);
}

static const char *answer_header(const struct turn *t, const char *name)
{
    for (const struct embedded_header *h = t->answer.headers; h->name; h++)
        if (strcmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

static void keep_token(struct turn *t)
{
    const char *value = answer_header(t, "set-cookie");
    size_t len = value ? strcspn(value, ";") : 0;
    if (len > 9)
        t->p->token = arena_strndup(t->p->arena, value + 9, len - 9);
}

static void compare_status(struct turn *t)
{
    int expected = (int)json_num(t->expected, "status", 0);
    if (expected != t->answer.status)
        buf_printf(t->differences, "      status: expected %d, got %d: %.300s\n", expected,
                   t->answer.status, t->answer.body);
}

static void compare_headers(struct turn *t)
{
    struct normal n = { .arena = t->a, .path = json_str(t->request, "path") };
    const cJSON *recorded = json_get(t->expected, "headers"), *item;
    cJSON_ArrayForEach(item, recorded)
    {
        const char *got = answer_header(t, item->string);
        const char *want = normal_header(&n, item->string, item->valuestring);
        if (!got || strcmp(want, normal_header(&n, item->string, got)) != 0)
            buf_printf(t->differences, "      header %s: expected '%s', got '%s'\n", item->string,
                       want, got ? got : "(none)");
    }
    for (const struct embedded_header *h = t->answer.headers; h->name; h++)
        if (!json_get(recorded, h->name))
            buf_printf(t->differences, "      header %s: expected none, got '%s'\n", h->name,
                       h->value);
}

/* A page of HTML is prose; that it is one is said by the content type. */
static bool is_page(const struct turn *t)
{
    const char *type = answer_header(t, "content-type");
    return type && text_starts(type, "text/html");
}

static void compare_body(struct turn *t)
{
    struct normal theirs = { .arena = t->a, .path = json_str(t->request, "path") };
    struct normal ours = theirs;
    ours.data_dir = t->p->dir;
    const char *type = answer_header(t, "content-type");
    cJSON *want = json_clone(t->a, json_get(t->expected, "body")), *got;
    if (is_page(t) && cJSON_IsString(want))
        return;
    if (t->answer.len == 0 || strcmp(json_str(t->request, "method"), "HEAD") == 0)
        got = json_null(t->a);
    else if (type && text_starts(type, "application/json"))
        got = json_parse(t->a, t->answer.body, t->answer.len, NULL);
    else
        got = json_stringn(t->a, t->answer.body, t->answer.len);
    normal_body(&theirs, want);
    normal_body(&ours, got);
    differ(t->a, "body", want, got, t->differences);
}

/* Recorded files by normalised name, parsed and normalised. */
static cJSON *recorded_files(struct turn *t, const cJSON *files_member, const struct normal *n)
{
    cJSON *out = json_object(t->a);
    const cJSON *item;
    cJSON_ArrayForEach(item, files_member)
    {
        cJSON *object = json_null(t->a);
        if (cJSON_IsString(item))
            object = yaml_parse(t->a, item->valuestring, strlen(item->valuestring), NULL);
        normal_object(n, item->string, object);
        json_set(t->a, out, normal_text(n, item->string), object);
    }
    return out;
}

static cJSON *changed_files(struct turn *t, const struct normal *n)
{
    cJSON *out = json_object(t->a), *changes = folder_changes(t->p->folder, t->a);
    const cJSON *item;
    cJSON_ArrayForEach(item, changes)
    {
        cJSON *object = json_clone(t->a, item);
        normal_object(n, item->string, object);
        json_set(t->a, out, normal_text(n, item->string), object);
    }
    return out;
}

static void compare_files(struct turn *t, const cJSON *exchange)
{
    struct normal n = { .arena = t->a, .path = json_str(t->request, "path") };
    cJSON *want = recorded_files(t, json_get(exchange, "files"), &n);
    cJSON *got = changed_files(t, &n);
    differ(t->a, "files", want, got, t->differences);
}

static bool play(struct replay *p, const cJSON *exchange)
{
    struct arena *a = arena_new();
    struct turn t = { .p = p, .a = a };
    t.request = json_get(exchange, "request");
    t.expected = json_get(exchange, "response");
    t.differences = buf_in(a, 64 << 10);
    send_request(&t);
    keep_token(&t);
    compare_status(&t);
    compare_headers(&t);
    compare_body(&t);
    compare_files(&t, exchange);
    bool equal = t.differences->len == 0;
    if (!equal && p->run->verbose)
        printf("  %s %d %s: %s %s\n%s", p->file->name, (int)json_num(exchange, "n", 0),
               json_str(exchange, "note"), json_str(t.request, "method"),
               json_str(t.request, "path"), t.differences->data);
    arena_free(a);
    return equal;
}

/* Does the answer look like one of an HTTP server, with JSON where it says so? */
static bool is_well_formed(const struct turn *t)
{
    const char *type = answer_header(t, "content-type");
    if (t->answer.status < 200 || t->answer.status > 599)
        return false;
    if (!type || !text_starts(type, "application/json") ||
        strcmp(json_str(t->request, "method"), "HEAD") == 0)
        return true;
    return json_parse(t->a, t->answer.body, t->answer.len, NULL) != NULL;
}

static int play_mutated(struct replay *p, const cJSON *exchange, int n)
{
    int good = 0;
    for (int i = 0; i < n; i++) {
        struct arena *a = arena_new();
        struct turn t = { .p = p, .a = a };
        cJSON *damaged = mutate(a, exchange, &p->run->seed);
        t.request = json_get(damaged, "request");
        t.differences = buf_in(a, 64 << 10);
        send_request(&t);
        if (p->run->verbose)
            printf("  %d %s %s\n", t.answer.status, json_str(t.request, "method"),
                   json_print(a, t.request));
        if (is_well_formed(&t))
            good++;
        else
            printf("  %s: ill-formed answer %d to %s\n", p->file->name, t.answer.status,
                   json_print(a, t.request));
        arena_free(a);
    }
    return good;
}

static void count(struct run *run, const struct recording *file, int equal, int total)
{
    run->equal += equal;
    run->total += total;
    run->passed += run->mutations ? equal == total : equal;
    run->failed += run->mutations ? equal < total : total - equal;
    printf("%s: %d of %d equal\n", file->name, equal, total);
}

static bool readable(struct replay *p)
{
    const char *problem = p->console ? kstore_problem(p->console->store, 0) : NULL;
    if (problem)
        printf("  %s: the folder cannot be read: %s\n", p->file->name, problem);
    return !problem;
}

static bool restarted(struct replay *p)
{
    struct err e = { 0 };
    if (!p->process || !p->run->restart || process_restart(p->process, &e))
        return true;
    printf("  %s: %s\n", p->file->name, e.text);
    return false;
}

static void play_all(struct replay *p, char *text)
{
    int equal = 0, total = 0;
    for (char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        struct arena *a = arena_new();
        cJSON *exchange = json_parse(a, line, len, NULL);
        if (exchange && p->run->mutations) {
            int n = (int)strtol(p->run->mutations, NULL, 10);
            total += n;
            equal += play_mutated(p, exchange, n);
        } else if (exchange) {
            total++;
            equal += restarted(p) && play(p, exchange);
        }
        arena_free(a);
        line += len + (line[len] == '\n');
    }
    if (p->run->mutations)
        equal -= readable(p) ? 0 : 1;
    count(p->run, p->file, equal, total);
}

/* The console for one file: in this process, of its own, or somebody else's. */
static bool start(struct replay *p, struct err *e)
{
    struct process_options o = { p->run->program, p->dir, CONNECTIONS };
    if (p->run->program)
        p->process = process_start(p->arena, &o, e);
    else if (!p->run->url)
        p->console = embedded_open(p->dir, e);
    return p->process || p->console || p->run->url;
}

/* A new folder with what the recording starts from. */
static bool prepare(struct replay *p, struct err *e)
{
    const char *place = getenv("TMPDIR");
    const char *initial = arena_printf(p->arena, "%s/initial", p->run->recordings);
    if (p->run->url) {
        p->dir = p->run->data;
        return p->dir || err_set(e, ERR_ARGS, "--url needs --data");
    }
    p->dir = mkdtemp(arena_printf(p->arena, "%s/higress-contract-XXXXXX", place ? place : "/tmp"));
    return p->dir && (p->file->fresh || folder_copy(initial, p->dir));
}

static void replay_file(struct run *run, const struct recording *file)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    size_t len;
    struct replay p = { .run = run, .file = file, .arena = a };
    char *text = file_read(a, arena_printf(a, "%s/%s.jsonl", run->recordings, file->name), 64 << 20,
                           &len, &e);
    if (!text) {
        printf("%s: skipped, no recording\n", file->name);
        run->skipped++;
    } else if (prepare(&p, &e) && start(&p, &e)) {
        p.folder = folder_open(a, p.dir);
        play_all(&p, text);
    } else {
        printf("%s: the console does not start: %s\n", file->name, e.text);
        run->failed++;
    }
    embedded_close(p.console);
    process_stop(p.process);
    if (p.dir && !run->url)
        folder_remove(p.dir);
    arena_free(a);
}

struct chosen {
    struct run run;
    int count;
    const char *names[32];
};

static bool read_options(int argc, char **argv, struct chosen *c)
{
    enum { TEXTS = 5 };
    struct {
        const char *name, **value;
    } texts[TEXTS] = { { "--recordings", &c->run.recordings },
                       { "--url", &c->run.url },
                       { "--mutate", &c->run.mutations },
                       { "--program", &c->run.program },
                       { "--data", &c->run.data } };
    for (int i = 1; i < argc; i++) {
        size_t t = 0;
        while (t < TEXTS && strcmp(argv[i], texts[t].name) != 0)
            t++;
        if (t < TEXTS && i + 1 < argc)
            *texts[t].value = argv[++i];
        else if (strcmp(argv[i], "-v") == 0)
            c->run.verbose = true;
        else if (strcmp(argv[i], "--restart") == 0)
            c->run.restart = true;
        else if (argv[i][0] != '-' && c->count < 32)
            c->names[c->count++] = argv[i];
        else
            return false;
    }
    return true;
}

static bool is_chosen(const struct chosen *c, const char *name)
{
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return true;
    return c->count == 0;
}

static void run_all(struct loop *l, void *arg)
{
    struct chosen *c = arg;
    c->run.loop = l;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (is_chosen(c, files[i].name))
            replay_file(&c->run, &files[i]);
    if (c->run.url)
        fetch_stop(l);
}

int main(int argc, char **argv)
{
    struct chosen c = { .run.recordings = "../shared/recordings/console" };
    if (!read_options(argc, argv, &c)) {
        fprintf(
            stderr,
            "usage: contract [-v] [--recordings DIR] [--mutate N] [--program PROGRAM [--restart]] "
            "[--url URL --data DIR] [NAME...]\n");
        return 2;
    }
    loop_main(run_all, &c);
    printf("all: %d of %d equal\n", c.run.equal, c.run.total);
    printf("%d passed, %d failed", c.run.passed, c.run.failed);
    if (c.run.skipped)
        printf(", %d skipped", c.run.skipped);
    printf("\n");
    return c.run.failed > 0;
}
