/* line.c - libedit, loaded when a chat begins. Of its header we need six functions and six numbers,
 * which are its ABI and stand below: nobody has to install it to build this program. */
#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"
#include "base/utf8.h"
#include "cmd/line_private.h"
#include "net/loop.h"
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { LINE_MAX_BYTES = 64 << 10, REMEMBERED = 200 };

/* -- histedit.h -----------------------------------------------------------------------------------
 */

struct editline;
struct history;
struct hist_event {
    int num;
    const char *str;
};
struct editline *el_init(const char *program, FILE *in, FILE *out, FILE *err);
void el_end(struct editline *e);
void el_reset(struct editline *e);
int el_set(struct editline *e, int what, ...);
const char *el_gets(struct editline *e, int *count);
struct history *history_init(void);
void history_end(struct history *h);
int history(struct history *h, struct hist_event *event, int what, ...);
enum { EL_PROMPT = 0, EL_EDITOR = 2, EL_HIST = 10, EL_GETCFN = 13, EL_CLIENTDATA = 14 };
enum { EL_READS_CLIENTDATA = 14, H_SETSIZE = 1, H_ENTER = 10 };
int el_get(struct editline *e, int what, ...);

#define EDIT_API(X)                                                                                \
    X(el_init)                                                                                     \
    X(el_end)                                                                                      \
    X(el_reset)                                                                                    \
    X(el_set)                                                                                      \
    X(el_get)                                                                                      \
    X(el_gets)                                                                                     \
    X(history_init)                                                                                \
    X(history_end)                                                                                 \
    X(history)
LIB_TABLE(edit, EDIT_API);

struct line {
    struct loop *loop;
    const char *prompt;
    struct editline *editor; /* NULL: none */
    struct history *typed;
    bool readable;
    char plain[LINE_MAX_BYTES];
};

/* -- one character --------------------------------------------------------------------------------
 */

static void note_readable(void *arg, int fd, int events)
{
    struct line *n = arg;
    (void)fd;
    (void)events;
    n->readable = true;
    loop_stop(n->loop);
}

/* Until something is typed. False: the loop was stopped for another reason. */
static bool await_typing(struct line *n)
{
    n->readable = false;
    struct loop_watch *w = loop_watch(n->loop, STDIN_FILENO, LOOP_READ, note_readable, n);
    loop_run(n->loop);
    loop_unwatch(w);
    return n->readable;
}

/* For libedit: 1 and the character, 0 at the end, -1 with EINTR when stopped. */
static int read_character(struct editline *e, wchar_t *out)
{
    struct line *n = NULL;
    char bytes[4];
    size_t have = 0;
    edit.el_get(e, EL_READS_CLIENTDATA, &n);
    do {
        if (!await_typing(n)) {
            errno = EINTR;
            return -1;
        }
        ssize_t got = read(STDIN_FILENO, bytes + have, 1);
        if (got <= 0)
            return 0;
        have++;
    } while (!utf8_size(bytes, have) && have < sizeof bytes);
    size_t size = utf8_size(bytes, have);
    *out = size ? (wchar_t)utf8_point(bytes, size) : L'?';
    return 1;
}

static char *prompt_of(struct editline *e)
{
    struct line *n = NULL;
    edit.el_get(e, EL_READS_CLIENTDATA, &n);
    return (char *)(uintptr_t)n->prompt;
}

/* -- lines ----------------------------------------------------------------------------------------
 */

struct line *line_new(struct arena *a, struct loop *l, const char *prompt)
{
    struct line *n = arena_make(a, struct line);
    struct hist_event ignored;
    n->loop = l;
    n->prompt = prompt;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        !LIB_LOAD(edit, EDIT_API, "libedit.so.2", "libedit2", &(struct err){ 0 }))
        return n;
    setlocale(LC_CTYPE, "C.UTF-8");
    n->editor = edit.el_init("higress-ops", stdin, stdout, stderr);
    if (!n->editor)
        return n;
    n->typed = edit.history_init();
    edit.history(n->typed, &ignored, H_SETSIZE, REMEMBERED);
    edit.el_set(n->editor, EL_CLIENTDATA, n);
    edit.el_set(n->editor, EL_PROMPT, prompt_of);
    edit.el_set(n->editor, EL_EDITOR, "emacs");
    edit.el_set(n->editor, EL_HIST, edit.history, n->typed);
    edit.el_set(n->editor, EL_GETCFN, read_character);
    return n;
}

static void cut_end(struct line *n)
{
    n->plain[strcspn(n->plain, "\r\n")] = '\0';
}

static enum line_end read_plain(struct line *n)
{
    if (isatty(STDIN_FILENO)) {
        fputs(n->prompt, stdout);
        fflush(stdout);
    }
    if (!fgets(n->plain, sizeof n->plain, stdin))
        return LINE_CLOSED;
    cut_end(n);
    return LINE_TYPED;
}

static enum line_end read_edited(struct line *n)
{
    struct hist_event ignored;
    int count = 0;
    const char *text = edit.el_gets(n->editor, &count);
    if (!text || count <= 0) {
        edit.el_reset(n->editor);
        fputs("\n", stdout);
        return count < 0 ? LINE_STOPPED : LINE_CLOSED;
    }
    snprintf(n->plain, sizeof n->plain, "%s", text);
    cut_end(n);
    if (n->plain[0])
        edit.history(n->typed, &ignored, H_ENTER, text);
    return LINE_TYPED;
}

enum line_end line_read(struct line *n, const char **text)
{
    *text = n->plain;
    return n->editor ? read_edited(n) : read_plain(n);
}

void line_free(struct line *n)
{
    if (n->typed)
        edit.history_end(n->typed);
    if (n->editor)
        edit.el_end(n->editor);
    n->editor = NULL;
}
