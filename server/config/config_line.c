/* config_line.c - where in a YAML text a field stands, for the messages about it.
 *
 * Block style only: each member is looked for under the one before, deeper than it; an item of a
 * list begins with a dash. The last one found gives the line.
 */
#include "base/text.h"
#include "config/config_file_private.h"
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at; /* beginning of the next line to look at */
    int line;       /* number of the line before it */
    int depth;      /* what is inside stands deeper than this */
    bool in_item;   /* `at` is the first line of an item */
    int found;
};

/* The next line with something on it: its depth and text. NULL: no more, or no longer inside. */
static const char *next_line(struct reader *r, int *depth)
{
    for (; *r->at; r->at += *r->at == '\n') {
        const char *s = r->at;
        int indent = (int)strspn(s, " ");
        bool item = r->in_item;
        if (s[indent] == '#' || s[indent] == '\n' || s[indent] == '\0') {
            r->at += strcspn(s, "\n");
            r->line++;
            continue;
        }
        if (indent <= r->depth && !item)
            return NULL;
        while (item && s[indent] == '-')
            indent += 1 + (int)strspn(s + indent + 1, " ");
        *depth = indent;
        return s + indent;
    }
    return NULL;
}

static void go_on(struct reader *r)
{
    r->at += strcspn(r->at, "\n");
    r->at += *r->at == '\n';
    r->line++;
    r->in_item = false;
}

static bool find_member(struct reader *r, const char *name, size_t n)
{
    int depth;
    const char *text;
    for (; (text = next_line(r, &depth)); go_on(r)) {
        if (strncmp(text, name, n) != 0 || text[n] != ':')
            continue;
        go_on(r);
        r->found = r->line;
        r->depth = depth;
        return true;
    }
    return false;
}

/* Stands before the n-th item of the list that begins here. */
static bool find_item(struct reader *r, long n)
{
    int depth, dash = -1;
    const char *text;
    r->depth--; /* a list may stand as far left as its name */
    for (; (text = next_line(r, &depth)); go_on(r)) {
        dash = dash < 0 ? depth : dash;
        if (depth != dash || *text != '-' || n-- > 0)
            continue;
        r->found = r->line + 1;
        r->depth = dash;
        r->in_item = true;
        return true;
    }
    return false;
}

int config_line(const char *text, const char *path)
{
    struct reader r = { .at = text, .depth = -1 };
    while (*path) {
        size_t n = strcspn(path, ".[");
        if (n && !find_member(&r, path, n))
            break;
        path += n;
        if (*path == '[' && !find_item(&r, strtol(path + 1, NULL, 10)))
            break;
        path += strspn(path, "[]0123456789.");
    }
    return r.found;
}
