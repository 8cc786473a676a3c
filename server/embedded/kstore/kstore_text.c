/* kstore_text.c - a file is an object and what stands around it: comments before it, further
 * documents behind it. Only the object is rewritten.
 */
#include "embedded/kstore/kstore_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Nothing but space, or a comment, up to the end of the line. */
static bool is_blank_line(const char *line, const char *end)
{
    while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
        line++;
    return line == end || *line == '#';
}

/* "---" or "..." at the start of a line stands for nothing else in YAML, not even in a text. */
static bool is_marker(const char *line, const char *end, const char *marker)
{
    return end - line >= 3 && memcmp(line, marker, 3) == 0 &&
           (line + 3 == end || isspace((unsigned char)line[3]));
}

/* Belongs to the head: blank, a comment, a directive, the mark that opens the document. */
static bool is_head(const char *line, const char *end)
{
    return is_blank_line(line, end) || *line == '%' ||
           (is_marker(line, end, "---") && is_blank_line(line + 3, end));
}

void kstore_text_split(struct arena *a, struct kstore_object *o, const char *text, size_t len)
{
    const char *end = text + len, *line = text, *object = NULL;
    for (const char *next; line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        stop = stop ? stop : end;
        if (object && (is_marker(line, stop, "---") || is_marker(line, stop, "...")))
            break;
        if (!object && !is_head(line, stop))
            object = line;
    }
    if (object && object > text)
        o->head = arena_strndup(a, text, (size_t)(object - text));
    if (line < end)
        o->rest = arena_strndup(a, line, (size_t)(end - line));
}

char *kstore_text_print(struct arena *a, const struct kstore_object *o)
{
    struct buf *b = buf_in(a, SIZE_MAX / 4);
    buf_str(b, o->head ? o->head : "");
    yaml_write(b, o->tree);
    buf_str(b, o->rest ? o->rest : "");
    return b->data;
}

unsigned kstore_text_line_of_name(const char *text, const char *name)
{
    unsigned number = 1;
    for (const char *line = text; line; number++) {
        const char *at = strstr(line, "name:"), *stop = strchr(line, '\n');
        if (at && (!stop || at < stop)) {
            at += strspn(at + 5, " \"'") + 5;
            if (strncmp(at, name, strlen(name)) == 0)
                return number;
        }
        line = stop ? stop + 1 : NULL;
    }
    return 1;
}

static const char before_version[] = "  resourceVersion: \"";

/* The object is ours: keys at their usual indent, metadata once at the left margin. */
long long kstore_text_find_version(const char *path, const char *version)
{
    char head[4096], wanted[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head - 1, 0);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return 0;
    head[n] = '\0';
    snprintf(wanted, sizeof wanted, "\n%s%s\"\n", before_version, version);
    const char *metadata = strstr(head, "\nmetadata:\n");
    const char *found = metadata ? strstr(metadata, wanted) : NULL;
    for (const char *line = metadata ? metadata + 10 : NULL; found && line < found;) {
        if (line[1] != ' ') /* metadata has ended before */
            return 0;
        line = strchr(line + 1, '\n');
    }
    return found ? found - head + (long long)strlen(before_version) + 1 : 0;
}

/* Each digit is the old one or the new one, as a power cut may leave them. */
static bool is_mixture(const char *text, const char *old, const char *now)
{
    for (; *old; text++, old++, now++)
        if (*text != *old && *text != *now)
            return false;
    return true;
}

bool kstore_text_patch(const char *path, long long at, const char *old, const char *now,
                       struct err *e)
{
    enum { MARK = sizeof before_version - 1 };
    char text[MARK + 24] = "";
    size_t n = strlen(old);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool there = fd >= 0 && n == strlen(now) && n < 24 && at > MARK &&
                 pread(fd, text, MARK + n, at - MARK) == (ssize_t)(MARK + n) &&
                 memcmp(text, before_version, MARK) == 0 && is_mixture(text + MARK, old, now);
    bool done = !there || (pwrite(fd, now, n, at) == (ssize_t)n && fdatasync(fd) == 0);
    if (!done)
        err_set(e, ERR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return done;
}
