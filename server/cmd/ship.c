/* ship.c - each second a batch: read behind the mark, sent without blocking, the mark moved. A file
 * and syslog are written at once; to a collector a fiber sends (ship_otlp.c), one at a time. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "cmd/mark_private.h"
#include "cmd/server_private.h"
#include "cmd/ship_otlp_private.h"
#include "cmd/ship_private.h"
#include "config/config.h"
#include "net/loop.h"
#include "store/store.h"
#include "store/store_search.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BATCH = 200, COMPLAIN_EVERY = 60 };

struct ship {
    struct server *server;
    struct loop_timer *timer;
    struct mark mark; /* lost are lines: refused for good, or removed before they were sent */
    int to;           /* a descriptor, or -1 */
    double complained;
    struct { /* to a collector */
        bool busy, ended;
        bool bare; /* the next one goes without its detail: it was refused with it */
        int at_once, tries;
        double not_before; /* loop_now */
    } otlp;
};

/* -- the mark ------------------------------------------------------------------------------ */

static struct mark shipped_mark(struct arena *a, const struct config *c)
{
    return mark_of(a, c, "audit.shipped", "shipped");
}

static void write_shipped(const struct ship *x, struct store *s, struct mark_place p)
{
    struct err e = { 0 };
    if (!mark_write(&x->mark, s, p, &e))
        log_event(LOG_ERROR, "ship", "%s", e.text);
}

/* -- the other side ------------------------------------------------------------------------ */

static void close_other_side(struct ship *x)
{
    if (x->to >= 0)
        close(x->to);
    x->to = -1;
}

static int open_syslog(const char *path, struct err *e)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof to.sun_path)
        return err_set(e, ERR_SYSTEM, "the path of the socket '%.60s…' is too long", path), -1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memcpy(to.sun_path, path, strlen(path) + 1);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    err_set(e, ERR_SYSTEM, "'%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_syslog(const char *where)
{
    return !strncmp(where, "syslog", 6);
}

static int open_other_side(const char *where, struct err *e)
{
    if (is_syslog(where))
        return open_syslog(where[6] == ':' ? where + 7 : "/dev/log", e);
    return file_open_own(where + 5, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 077, e);
}

/* Whoever rotates the file moves it away: what came after that would go with it, and be deleted. */
static void leave_if_moved(struct ship *x, const char *where)
{
    struct stat ours, there;
    if (x->to < 0 || is_syslog(where))
        return;
    if (fstat(x->to, &ours) == 0 && lstat(where + 5, &there) == 0 && ours.st_ino == there.st_ino &&
        ours.st_dev == there.st_dev)
        return;
    close_other_side(x);
}

/* The whole record or nothing of it: on a full disk the half that fitted is taken away again. */
static ssize_t append_record(int fd, const char *text)
{
    size_t n = strlen(text);
    off_t end = lseek(fd, 0, SEEK_END);
    ssize_t sent = write(fd, text, n);
    if (sent < 0 || (size_t)sent == n)
        return sent;
    if (ftruncate(fd, end) == 0)
        errno = ENOSPC;
    return -1;
}

/* <13> is user.notice. */
static ssize_t send_text(const struct ship *x, struct arena *a, cJSON *line, bool syslog)
{
    const char *json = json_print(a, line);
    const char *text =
        syslog ? arena_printf(a, "<13>higress-ops: %s", json) : arena_printf(a, "%s\n", json);
    return syslog ? send(x->to, text, strlen(text), MSG_NOSIGNAL) : append_record(x->to, text);
}

static bool send_line(struct ship *x, struct arena *a, cJSON *line, bool syslog)
{
    ssize_t sent = send_text(x, a, line, syslog);
    if (sent < 0 && errno == EMSGSIZE) {
        json_remove(line, "detail");
        json_set_bool(a, line, "detail_left_out", true);
        sent = send_text(x, a, line, syslog);
    }
    return sent >= 0;
}

/* -- a batch ------------------------------------------------------------------------------- */

static void log_unshipped(struct ship *x, int seq, const char *why)
{
    double now = loop_now(x->server->loop);
    if (x->complained > 0 && now < x->complained + COMPLAIN_EVERY)
        return;
    x->complained = now;
    log_event(LOG_ERROR, "ship", "lines of the audit behind %d are not shipped yet: %s", seq, why);
}

/* The number of the last line that the other side has. */
static int send_batch(struct ship *x, struct arena *a, const cJSON *lines, int seq)
{
    const char *where = x->server->config->audit.ship;
    struct err e = { 0 };
    int was = seq;
    cJSON *line;
    leave_if_moved(x, where);
    if (x->to < 0)
        x->to = open_other_side(where, &e);
    if (x->to < 0) {
        log_unshipped(x, seq, e.text);
        return seq;
    }
    cJSON_ArrayForEach(line, lines)
    {
        if (!send_line(x, a, line, is_syslog(where)))
            break;
        seq = (int)json_num(line, "seq", 0);
    }
    const char *why = line ? strerror(errno) : NULL;
    /* Said to be there only when a power cut would leave it there. */
    if (!is_syslog(where) && fdatasync(x->to) != 0) {
        why = strerror(errno);
        seq = was;
    }
    if (why) {
        log_unshipped(x, seq, why);
        close_other_side(x);
    }
    return seq;
}

/* Retention does not wait for lines that were not to be sent anywhere then. */
static void count_removed(struct mark_place *m, const cJSON *lines)
{
    const cJSON *line;
    double before = m->seq, missing = 0;
    cJSON_ArrayForEach(line, lines)
    {
        missing += json_num(line, "seq", 0) - before - 1;
        before = json_num(line, "seq", 0);
    }
    m->lost += missing;
    if (missing > 0)
        log_event(LOG_ERROR, "ship",
                  "%.0f lines of the audit behind %d were removed by retention before they were "
                  "shipped",
                  missing, m->seq);
}

/* The lines behind the mark, and the mark. NULL: none. */
static const cJSON *next_batch(struct ship *x, struct store *s, struct arena *a, int most,
                               struct mark_place *m)
{
    struct err e = { 0 };
    bool forged = false;
    mark_read(&x->mark, s, m, &forged);
    if (forged) /* it could say that lines went which nobody took */
        log_event(LOG_ERROR, "ship", "'%s' is not what was written there: all lines are sent again",
                  x->mark.path);
    const cJSON *lines = store_lines_after(s, a, m->seq, most, &e);
    if (e.kind != ERR_NONE)
        log_unshipped(x, m->seq, e.text);
    return json_count(lines) ? lines : NULL;
}

static void ship_batch(struct ship *x, struct store *s)
{
    struct arena *a = arena_new();
    struct mark_place m;
    const cJSON *lines = next_batch(x, s, a, BATCH, &m);
    int seq = lines ? send_batch(x, a, lines, m.seq) : m.seq;
    if (seq != m.seq) {
        count_removed(&m, lines);
        m.seq = seq;
        write_shipped(x, s, m);
    }
    arena_free(a);
}

/* -- a collector --------------------------------------------------------------------------- */

static double seq_at(const cJSON *lines, int i)
{
    return json_num(cJSON_GetArrayItem(lines, i), "seq", 0);
}

/* Half of them; a single one without its detail; that one, too: it is lost. */
static bool make_smaller(struct ship *x, struct mark_place *m, const cJSON *lines,
                         const struct otlp_sent *sent)
{
    if (sent->lines > 1 || !x->otlp.bare) {
        x->otlp.bare = sent->lines == 1;
        x->otlp.at_once = sent->lines / 2 > 1 ? sent->lines / 2 : 1;
        return false;
    }
    log_event(LOG_ERROR, "ship", "line %.0f of the audit is lost on its way: %s", seq_at(lines, 0),
              sent->why);
    m->lost++;
    return true;
}

/* Did the mark move? */
static bool take_answer(struct ship *x, struct mark_place *m, const cJSON *lines,
                        const struct otlp_sent *sent)
{
    bool moved = sent->verdict == OTLP_TAKEN;
    if (sent->verdict == OTLP_LATER) {
        x->otlp.tries++;
        x->otlp.not_before = loop_now(x->server->loop) + sent->wait;
        log_unshipped(x, m->seq, sent->why);
        return false;
    }
    if (sent->verdict == OTLP_SMALLER)
        moved = make_smaller(x, m, lines, sent);
    else if (sent->why)
        log_event(sent->rejected ? LOG_ERROR : LOG_WARN, "ship", "%s", sent->why);
    if (!moved)
        return false;
    x->otlp.tries = 0;
    x->otlp.bare = false;
    x->otlp.at_once = x->otlp.at_once * 2 < BATCH ? x->otlp.at_once * 2 : BATCH;
    m->lost += sent->rejected;
    return true;
}

/* Batch after batch, until there are none, or the other side wants to be left alone. */
static bool send_one_request(struct ship *x, struct store *s)
{
    struct arena *a = arena_new();
    struct mark_place m;
    struct otlp_sent sent = { 0 };
    const cJSON *lines = next_batch(x, s, a, x->otlp.at_once, &m);
    const struct otlp_request q = { x->server->loop, x->server->config, x->otlp.tries };
    if (lines)
        otlp_send(&q, a, lines, x->otlp.bare, &sent);
    x->otlp.ended = x->otlp.ended || sent.verdict == OTLP_GONE;
    bool goes_on = lines && !x->otlp.ended && sent.verdict != OTLP_LATER;
    if (lines && !x->otlp.ended && take_answer(x, &m, lines, &sent)) {
        while (json_count(lines) > sent.lines)
            json_detach((cJSON *)lines, cJSON_GetArrayItem(lines, sent.lines));
        count_removed(&m, lines);
        m.seq = (int)seq_at(lines, sent.lines - 1);
        write_shipped(x, s, m);
    }
    arena_free(a);
    return goes_on;
}

static void send_requests(void *arg)
{
    struct ship *x = arg;
    struct err e = { 0 };
    struct store *s = engine_store(service_engine(x->server->service), &e);
    while (s && send_one_request(x, s))
        continue;
    x->otlp.busy = false;
}

static void begin_requests(struct ship *x)
{
    if (x->otlp.busy || x->otlp.ended || loop_now(x->server->loop) < x->otlp.not_before)
        return;
    x->otlp.busy = true;
    fiber_start(send_requests, x);
}

static void tick_ship(void *arg)
{
    struct ship *x = arg;
    struct err e = { 0 };
    char path[1100];
    snprintf(path, sizeof path, "%s/state.db", x->server->config->state_dir);
    if (access(path, F_OK) != 0 ||
        !mark_has_turn(&x->mark)) /* nothing is made only to look at it */
        return;
    struct store *s = engine_store(service_engine(x->server->service), &e);
    if (s && text_starts(x->server->config->audit.ship, "otlp:"))
        begin_requests(x);
    else if (s)
        ship_batch(x, s);
}

struct ship *ship_begin(struct server *s)
{
    if (!s->config->audit.ship)
        return NULL;
    struct ship *x = arena_make(s->arena, struct ship);
    *x = (struct ship){ .server = s, .mark = shipped_mark(s->arena, s->config), .to = -1 };
    x->otlp.at_once = BATCH;
    x->timer = loop_timer(s->loop, 1, 1, tick_ship, x);
    return x;
}

int ship_line(struct engine *g, const struct config *c)
{
    struct err e = { 0 };
    bool forged = false;
    if (!c->audit.ship)
        return INT32_MAX;
    struct arena *a = arena_new();
    struct store *s = engine_store(g, &e);
    const struct mark m = shipped_mark(a, c);
    struct mark_place p = { 0 };
    if (s)
        mark_read(&m, s, &p, &forged);
    arena_free(a);
    return p.seq;
}

void ship_end(struct ship *x)
{
    if (!x)
        return;
    loop_untimer(x->timer);
    mark_end(&x->mark);
    close_other_side(x);
}

int audit_shipped(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    bool forged = false;
    const struct mark m = shipped_mark(v->arena, v->config);
    struct mark_place at = { 0 };
    mark_read(&m, s, &at, &forged);
    const char *anchor = store_anchor_text(s, v->arena, &e);
    if (!anchor)
        return verb_failed(v, &e);
    int last = (int)strtol(anchor, NULL, 10);
    if (forged)
        puts("the mark of what was shipped is not what was written: all lines are sent again");
    if (at.lost > 0)
        printf("%.0f lines are lost: the other side refused them, or retention removed them before "
               "they were shipped\n",
               at.lost);
    printf("shipped to line %d of %d: %d behind\n", at.seq, last, last - at.seq);
    return EXIT_DONE;
}
