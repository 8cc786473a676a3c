/* contract.c - replays recorded exchanges with the real console against ours, one line a file.
 *
 *   contract [-v] [--recordings DIR] [--rules FILE] [NAME…]
 *            [--mutate N | --program PROGRAM [--restart]]
 *            [--url URL [--data DIR] [--user NAME:PASSWORD] [--writes]]
 *
 * In one process, without sockets. --program starts `PROGRAM console` for each file and sends the
 * requests over CONNECTIONS connections in turn; with --restart it is ended and started again
 * before each request. --url asks a console that runs already (remote.c): the reads that do not
 * depend on earlier writes, with --writes all.
 * --mutate sends N damaged variants of each request first: the console must answer each of them
 * with a well-formed answer, and its folder must stay readable.
 *
 * Every exchange must be equal; what is not is listed by rule (report.c). DIR holds the sets of
 * recordings, sets[]; every NAME.jsonl in one of them is replayed.
 */
#include "contract.h"
#include "../unit/scratch.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "process.h"
#include "remote.h"
#include "replay.h"
#include "report.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static const char *const sets[] = { "console", "console2" };

enum { MAX_FILES = 200, MAX_CHOSEN = 32, CONNECTIONS = 8, MAX_REPORT = 256 << 10 };

/* One file of exchanges. */
struct recording {
    const char *set, *name;
    char *text;
    const cJSON *headers; /* that its set records */
};

struct run {
    struct arena *arena;
    const char *recordings;
    struct remote remote; /* url NULL: none */
    const char *rules;
    struct report *report;
    const char *mutations; /* number of variants of each exchange, as text; NULL: none */
    unsigned long long seed;
    const char *program; /* NULL: no process of its own */
    bool verbose, restart;
    struct loop *loop;
    int passed, failed, skipped;
    int equal, total; /* of all files */
};

static void count(struct run *run, const char *name, int equal, int total)
{
    run->equal += equal;
    run->total += total;
    run->passed += run->mutations ? equal == total : equal;
    run->failed += run->mutations ? equal < total : total - equal;
    printf("%s: %d of %d equal\n", name, equal, total);
}

static bool readable(struct replay *p)
{
    const char *problem = p->console ? kstore_problem(p->console->store, 0) : NULL;
    if (problem)
        printf("  %s: the folder cannot be read: %s\n", p->name, problem);
    return !problem;
}

static bool restarted(struct run *run, struct replay *p)
{
    struct err e = { 0 };
    if (!p->process || !run->restart || process_restart(p->process, &e))
        return true;
    printf("  %s: %s\n", p->name, e.text);
    return false;
}

static void play_all(struct run *run, struct replay *p, const char *text)
{
    int equal = 0, total = 0;
    int n = run->mutations ? (int)strtol(run->mutations, NULL, 10) : 0;
    struct buf *differences = buf_in(p->arena, MAX_REPORT);
    bool written = false;
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        buf_reset(differences);
        if (run->remote.url && !remote_takes(&run->remote, text, len, &written))
            continue;
        total += n ? n : 1;
        if (n)
            equal += replay_mutated(p, text, len, n, &run->seed);
        else
            equal += restarted(run, p) && replay_play(p, text, len, differences);
    }
    if (n && !readable(p))
        equal--;
    count(run, p->name, equal, total);
}

/* The console for one file: in this process, of its own, or somebody else's. */
static bool start(const struct run *run, struct replay *p, struct err *e)
{
    struct process_options o = { run->program, p->dir, CONNECTIONS };
    if (run->program)
        p->process = process_start(p->arena, &o, e);
    else if (!run->remote.url)
        p->console = embedded_open(p->dir, e);
    return p->process || p->console || run->remote.url;
}

/* A recording that makes the account starts from nothing, the others from their set's initial/, or
 * the first set's. */
static const char *initial_folder(const struct run *run, struct replay *p,
                                  const struct recording *file)
{
    if (strstr(file->text, "\"/system/init\""))
        return NULL;
    const char *own = arena_printf(p->arena, "%s/%s/initial", run->recordings, file->set);
    if (access(own, R_OK) == 0)
        return own;
    return arena_printf(p->arena, "%s/%s/initial", run->recordings, sets[0]);
}

/* A new folder with what the recording starts from. */
static bool prepare(struct run *run, struct replay *p, const struct recording *file, struct err *e)
{
    const char *initial = initial_folder(run, p, file);
    if (run->remote.url) {
        p->dir = run->remote.data;
        p->unversioned = !p->dir;
        return remote_prepare(&run->remote, initial, e);
    }
    p->dir = mkdtemp(arena_printf(p->arena, "%s/higress-contract-XXXXXX", scratch_base()));
    return p->dir && (!initial || folder_copy(initial, p->dir));
}

static void replay_file(struct run *run, const struct recording *file)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct replay p = { .arena = a,
                        .loop = run->loop,
                        .url = run->remote.url,
                        .verbose = run->verbose,
                        .user = run->remote.user,
                        .report = run->report };
    p.name = arena_printf(a, "%s/%s", file->set, file->name);
    p.headers = file->headers;
    if (run->remote.url && !initial_folder(run, &p, file)) {
        printf("%s: skipped, it needs a console that has never been set up\n", p.name);
        run->skipped++;
    } else if (file->text && prepare(run, &p, file, &e) && start(run, &p, &e)) {
        p.folder = p.dir ? folder_open(a, p.dir) : NULL;
        play_all(run, &p, file->text);
    } else {
        printf("%s: not replayed: %s\n", p.name, e.text);
        run->failed++;
    }
    embedded_close(p.console);
    process_stop(p.process);
    if (p.dir && !run->remote.url)
        folder_remove(p.dir);
    remote_tidy(&run->remote);
    arena_free(a);
}

static int by_name(const void *x, const void *y)
{
    const struct recording *l = x, *r = y;
    return strcmp(l->name, r->name);
}

static bool is_recording(const struct dirent *e)
{
    return text_ends(e->d_name, ".jsonl");
}

/* Every NAME.jsonl of the set, by name. Their number. */
static size_t find_recordings(const struct run *run, const char *set, struct recording *out)
{
    size_t n = 0, len;
    struct arena *a = run->arena;
    const char *folder = arena_printf(a, "%s/%s", run->recordings, set);
    DIR *d = opendir(folder);
    for (struct dirent *e; d && n < MAX_FILES && (e = readdir(d));) {
        if (!is_recording(e))
            continue;
        const char *path = arena_printf(a, "%s/%s", folder, e->d_name);
        out[n].set = set;
        out[n].name = arena_strndup(a, e->d_name, strlen(e->d_name) - strlen(".jsonl"));
        out[n++].text = file_read(a, path, 64 << 20, &len, NULL);
    }
    if (d)
        closedir(d);
    qsort(out, n, sizeof *out, by_name);
    return n;
}

/* The names of all headers that a recording's answers have. */
static void add_headers(struct arena *a, cJSON *names, const char *text)
{
    struct arena *scratch = arena_new();
    const cJSON *item;
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        const cJSON *exchange = json_parse(scratch, text, len, NULL);
        cJSON_ArrayForEach(item, json_path(exchange, "response.headers"))
            json_set_bool(a, names, item->string, true);
    }
    arena_free(scratch);
}

struct chosen {
    struct run run;
    int count;
    const char *names[MAX_CHOSEN]; /* "routes": of every set; "console2/routes"; none: all */
};

static bool read_options(int argc, char **argv, struct chosen *c)
{
    enum { TEXTS = 7 };
    struct {
        const char *name, **value;
    } texts[TEXTS] = { { "--recordings", &c->run.recordings }, { "--url", &c->run.remote.url },
                       { "--data", &c->run.remote.data },      { "--user", &c->run.remote.user },
                       { "--rules", &c->run.rules },           { "--mutate", &c->run.mutations },
                       { "--program", &c->run.program } };
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
        else if (strcmp(argv[i], "--writes") == 0)
            c->run.remote.writes = true;
        else if (argv[i][0] != '-' && c->count < MAX_CHOSEN)
            c->names[c->count++] = argv[i];
        else
            return false;
    }
    return true;
}

static bool is_chosen(const struct chosen *c, const struct recording *file)
{
    const char *whole = arena_printf(c->run.arena, "%s/%s", file->set, file->name);
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->names[i], file->name) == 0 || strcmp(c->names[i], whole) == 0)
            return true;
    return c->count == 0;
}

static void run_set(struct chosen *c, const char *set)
{
    struct recording *files = arena_array(c->run.arena, struct recording, MAX_FILES);
    size_t n = find_recordings(&c->run, set, files);
    if (!n) {
        printf("%s: skipped, no recordings\n", set);
        c->run.skipped++;
    }
    cJSON *headers = json_object(c->run.arena);
    for (size_t i = 0; i < n; i++)
        add_headers(c->run.arena, headers, files[i].text);
    for (size_t i = 0; i < n; i++) {
        files[i].headers = headers;
        if (is_chosen(c, &files[i]))
            replay_file(&c->run, &files[i]);
    }
}

static void run_all(struct loop *l, void *arg)
{
    struct chosen *c = arg;
    c->run.loop = c->run.remote.loop = l;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        run_set(c, sets[i]);
    if (c->run.remote.url)
        fetch_stop(l);
}

int main(int argc, char **argv)
{
    struct chosen c = { .run.recordings = "../shared/recordings",
                        .run.rules = "tests/contract/rules.tsv" };
    if (!read_options(argc, argv, &c)) {
        fprintf(stderr,
                "usage: contract [-v] [--recordings DIR] [--rules FILE] [NAME...]\n"
                "                [--mutate N | --program PROGRAM [--restart]]\n"
                "                [--url URL [--data DIR] [--user NAME:PASSWORD] [--writes]]\n");
        return 2;
    }
    c.run.arena = c.run.remote.arena = arena_new();
    c.run.report = report_new(c.run.arena, c.run.rules);
    loop_main(run_all, &c);
    report_print(c.run.report);
    arena_free(c.run.arena);
    printf("all: %d of %d equal\n", c.run.equal, c.run.total);
    printf("%d passed, %d failed", c.run.passed, c.run.failed);
    if (c.run.skipped)
        printf(", %d skipped", c.run.skipped);
    printf("\n");
    return c.run.failed > 0;
}
