/* platform_text.c - texts of the platforms: what is read out of payloads, and how plain text is cut
 * and made visible before a platform's own file puts it into its JSON. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "chat/platform_private.h"

enum { VISIBLE_MAX = 1 << 20, BLANKS = 4 };
static const char blanks[] = " \t\r\n";

/* -- what is read --------------------------------------------------------------------------- */

struct chat_event *chat_taken_add(struct arena *a, struct chat_taken *out,
                                  enum chat_event_kind kind)
{
    struct chat_event *list = arena_array(a, struct chat_event, out->n + 1);
    if (out->n)
        memcpy(list, out->events, out->n * sizeof *list);
    out->events = list;
    list[out->n].kind = kind;
    return &list[out->n++];
}

static const char *const choices[CHAT_CHOICES] = {
    [CHAT_APPROVE] = "approve", [CHAT_REJECT] = "reject", [CHAT_DETAILS] = "details"
};

const char *chat_choice_word(enum chat_choice choice)
{
    return choices[choice];
}

enum chat_choice chat_choice_named(const char *word)
{
    for (enum chat_choice i = CHAT_APPROVE; word && i < CHAT_CHOICES; i++)
        if (!strcmp(choices[i], word))
            return i;
    return CHAT_NO_CHOICE;
}

const char *chat_text_of(const cJSON *object, const char *key)
{
    const char *text = json_text(object, key);
    return *text ? text : NULL;
}

const cJSON *chat_nested(struct arena *a, const char *text, const char *what, struct err *e)
{
    struct err why = { 0 };
    const cJSON *tree = text ? json_parse(a, text, strlen(text), &why) : NULL;
    if (!tree)
        err_set(e, ERR_PROTO, "%s is not JSON in a text%s%s", what, *why.text ? ": " : "",
                why.text);
    return tree;
}

char *chat_form_value(struct arena *a, const char *form, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    for (const char *p = form, *end = form + len; p && p < end;) {
        const char *next = memchr(p, '&', (size_t)(end - p));
        size_t n = (size_t)((next ? next : end) - p);
        if (n > name_len && !memcmp(p, name, name_len) && p[name_len] == '=') {
            char *value = arena_strndup(a, p + name_len + 1, n - name_len - 1);
            for (char *c = value; (c = strchr(c, '+'));)
                *c = ' ';
            return text_unpercent(a, value, strlen(value));
        }
        p = next ? next + 1 : end;
    }
    return NULL;
}

char *chat_trimmed(struct arena *a, const char *text)
{
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n && memchr(blanks, text[n - 1], BLANKS))
        n--;
    return arena_strndup(a, text, n);
}

char *chat_without(struct arena *a, const char *text, const char *mention)
{
    size_t len = strlen(mention), used = 0;
    char *out = arena_alloc(a, strlen(text) + 1);
    while (*text) {
        if (len && !strncmp(text, mention, len))
            text += len;
        else
            out[used++] = *text++;
    }
    return chat_trimmed(a, out);
}

bool chat_refuse(struct chat_taken *out, int status, struct err *e, const char *why)
{
    out->status = status;
    return err_set(e, status == 400 ? ERR_PROTO : ERR_POLICY, "%s", why);
}

void chat_answer_json(struct arena *a, struct chat_taken *out, const cJSON *body)
{
    out->type = "application/json";
    out->body = json_print(a, body);
}

/* -- what is said --------------------------------------------------------------------------- */

char *chat_visible(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, VISIBLE_MAX);
    for (;;) {
        size_t n = strcspn(text, "\n");
        buf_str(b, text_visible(a, arena_strndup(a, text, n)));
        if (!text[n])
            return b->data;
        buf_char(b, '\n');
        text += n + 1;
    }
}

/* Bytes of the character at s, and what it takes in UTF-16. */
static size_t step_unit(const char *s, size_t *units)
{
    size_t size = utf8_size(s, strnlen(s, 4));
    *units = size == 4 ? 2 : 1;
    return size ? size : 1;
}

size_t chat_units(const char *text)
{
    size_t n = 0, units;
    for (; *text; n += units)
        text += step_unit(text, &units);
    return n;
}

char *chat_piece(struct arena *a, const char **rest, size_t max)
{
    const char *from = *rest, *at = from, *line = NULL;
    size_t used = 0, units = 0;
    if (!*from)
        return NULL;
    while (*at) {
        size_t size = step_unit(at, &units);
        if (used + units > max)
            break;
        if (*at == '\n')
            line = at;
        used += units;
        at += size;
    }
    const char *end = *at && line && line > from ? line : at;
    *rest = *at && end == line ? end + 1 : end;
    return arena_strndup(a, from, (size_t)(end - from));
}

bool chat_fits(const char *text, size_t max, struct err *e)
{
    size_t n = strlen(text);
    return n <= max || err_set(e, ERR_ARGS,
                               "a text of %zu bytes does not fit into one message of %zu: it is "
                               "sent as a file",
                               n, max);
}
