/* terminal.c - /dev/tty asked, and the person who sits there named. */
#include "base/word.h"
#include "cmd/terminal_private.h"
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { NAME_MAX_SHOWN = 32, ASKED_AT_MOST = 5 };

static FILE *open_own_terminal(void)
{
    return isatty(STDIN_FILENO) ? fopen("/dev/tty", "r+e") : NULL;
}

static bool is_typed_word(const char *answer, const char *word)
{
    return word_equal(answer, word) || (!strcmp(word, "yes") && word_equal(answer, "y"));
}

static bool is_no(const char *answer)
{
    return word_equal(answer, "n") || word_equal(answer, "no");
}

/* One whole line; what of it does not fit is no answer. False: the end. */
static bool read_answer(FILE *tty, char *answer, size_t size)
{
    if (!fgets(answer, (int)size, tty))
        return false;
    bool whole = strchr(answer, '\n') != NULL;
    for (int c = whole ? '\n' : fgetc(tty); c != '\n' && c != EOF;)
        c = fgetc(tty);
    if (!whole)
        answer[0] = '\0';
    return true;
}

/* Anything else is a slip of the fingers: it is asked again, and what was typed ahead is no answer
 * to that. */
static bool hear(FILE *tty, const char *question, const char *word)
{
    char answer[64];
    for (int i = 0; i < ASKED_AT_MOST; i++) {
        if (i)
            tcflush(fileno(tty), TCIFLUSH);
        fprintf(tty, "%s Type %s%s: ", question, word, i ? " or no" : "");
        if (fflush(tty) != 0 || !read_answer(tty, answer, sizeof answer) || is_no(answer))
            return false;
        if (is_typed_word(answer, word))
            return true;
    }
    return false;
}

bool terminal_ask(const char *shown, const char *question, const char *word, bool *sure)
{
    FILE *tty = open_own_terminal();
    if (!tty)
        return false;
    fprintf(tty, "%s\n", shown ? shown : "");
    *sure = hear(tty, question, word);
    fclose(tty);
    return true;
}

static bool read_hidden(FILE *tty, char *out, size_t size)
{
    struct termios was, hidden;
    if (tcgetattr(fileno(tty), &was) != 0)
        return false;
    hidden = was;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    /* Stopped or ended in the middle, the shell would be left without an echo. */
    hidden.c_lflag &= ~(tcflag_t)ISIG;
    if (tcsetattr(fileno(tty), TCSAFLUSH, &hidden) != 0)
        return false;
    bool got = fgets(out, (int)size, tty) != NULL;
    tcsetattr(fileno(tty), TCSAFLUSH, &was);
    fputs("\n", tty);
    return got;
}

bool terminal_ask_secret(const char *question, char *out, size_t size)
{
    FILE *tty = open_own_terminal();
    if (!tty)
        return false;
    setvbuf(tty, NULL, _IONBF, 0);
    fputs(question, tty);
    bool got = read_hidden(tty, out, size);
    fclose(tty);
    size_t n = got ? strcspn(out, "\r\n") : 0;
    bool whole = got && out[n];
    if (got)
        out[n] = '\0';
    return whole;
}

/* -- who ------------------------------------------------------------------------------------------
 */

/* A user's name as one word of harmless letters. */
static void clean_name(const char *name, char out[NAME_MAX_SHOWN + 1])
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    size_t n = 0;
    for (; name && name[n] && n < NAME_MAX_SHOWN; n++)
        out[n] = strchr(fine, name[n]) ? name[n] : '_';
    out[n] = '\0';
}

static void user_name_of(uid_t uid, char out[NAME_MAX_SHOWN + 1])
{
    const struct passwd *p = getpwuid(uid);
    clean_name(p ? p->pw_name : "unnamed", out);
}

/* The uid that logged in, which sudo and su do not change; false: the kernel does not know. */
static bool login_uid(uid_t *uid)
{
    unsigned n = 0;
    FILE *f = fopen("/proc/self/loginuid", "re");
    bool known = f && fscanf(f, "%10u", &n) == 1 && n != (unsigned)-1;
    if (f)
        fclose(f);
    *uid = (uid_t)n;
    return known;
}

/* What sudo left in the environment is believed of root only, and where name and uid fit. */
static bool sudo_user(char name[NAME_MAX_SHOWN + 1])
{
    const char *user = getenv("SUDO_USER"), *uid = getenv("SUDO_UID");
    const struct passwd *p = user && uid && geteuid() == 0 ? getpwnam(user) : NULL;
    char *end = NULL;
    if (!p || !*uid || strtoul(uid, &end, 10) != p->pw_uid || *end)
        return false;
    clean_name(p->pw_name, name);
    return true;
}

void terminal_person(char out[PERSON_MAX])
{
    char name[NAME_MAX_SHOWN + 1], login[NAME_MAX_SHOWN + 1];
    uid_t uid = getuid(), from;
    user_name_of(uid, name);
    if (login_uid(&from) && from != uid) {
        user_name_of(from, login);
        snprintf(out, PERSON_MAX, "%s (uid %u, login uid %u %s)", name, uid, from, login);
    } else if (!login_uid(&from) && sudo_user(login)) {
        snprintf(out, PERSON_MAX, "%s (uid %u, sudo by %s)", name, uid, login);
    } else {
        snprintf(out, PERSON_MAX, "%s (uid %u)", name, uid);
    }
}
