/* annotation.c - names of annotations: their prefixes, their rows, predicates. */
#include "kind/annotation.h"
#include "base/text.h"
#include "kind/kind.h"
#include <stdio.h>
#include <string.h>

static const char off[] = "disabled.";
static const struct {
    const char *text;
    enum annotation_under under;
} prefixes[] = {
    { "higress.io/", READ_OWN },
    { "nginx.ingress.kubernetes.io/", READ_NGINX },
};

struct annotation_name annotation_split(const char *full)
{
    struct annotation_name n = { .disabled = full && text_starts(full, off) };
    if (!full)
        return n;
    full += n.disabled ? sizeof off - 1 : 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!text_starts(full, prefixes[i].text))
            continue;
        n.name = full + strlen(prefixes[i].text);
        n.under = prefixes[i].under;
    }
    return n;
}

static bool is_row(const struct annotation *row, const char *name)
{
    if (*row->name != *name)
        return false;
    size_t n = strlen(row->name);
    return row->name[n - 1] == '-' ? text_starts(name, row->name) && name[n]
                                   : !strcmp(row->name, name);
}

const struct annotation *annotation_find(const char *name)
{
    for (const struct annotation *r = annotation_read; r->name; r++)
        if (is_row(r, name))
            return r;
    for (const struct annotation *r = annotation_nginx; r->name; r++)
        if (is_row(r, name))
            return r;
    return NULL;
}

const struct annotation *annotation_is_read(const char *full)
{
    struct annotation_name n = annotation_split(full);
    const struct annotation *row = n.name && !n.disabled ? annotation_find(n.name) : NULL;
    return row && (row->under & n.under) ? row : NULL;
}

/* Wherever a predicate's words stand in a name, the console takes it for its own. */
static bool is_like_predicate(const char *name)
{
    return strstr(name, "-match-header-") || strstr(name, "-match-pseudo-header-") ||
           strstr(name, "-match-query-");
}

bool annotation_is_made(const char *full)
{
    struct annotation_name n = annotation_split(full);
    const struct annotation *row = n.name ? annotation_find(n.name) : NULL;
    return n.name && (is_like_predicate(n.name) || (row && row->fate == BECOMES_MEMBER));
}

bool annotation_plugin(const struct annotation *row, char *to, int room)
{
    static const char mark[] = "plugin ";
    const char *at = row->use && text_starts(row->use, mark) ? row->use + sizeof mark - 1 : NULL;
    if (at)
        snprintf(to, (size_t)room, "%.*s", (int)strcspn(at, ": ,;"), at);
    return at != NULL;
}

bool annotation_predicate(const char *name, struct annotation_predicate *out)
{
    static const char *const ways[][3] = { { "exact-match-", "EQUAL", "exact" },
                                           { "prefix-match-", "PRE", "prefix" },
                                           { "regex-match-", "REGULAR", "safe_regex" } };
    static const struct {
        const char *word, *field;
        bool pseudo;
    } targets[] = { { "header-", "headers", false },
                    { "pseudo-header-", "headers", true },
                    { "query-", "urlParams", false } };
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        if (!text_starts(name, ways[w][0]))
            continue;
        const char *rest = name + strlen(ways[w][0]);
        for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
            if (!text_starts(rest, targets[t].word))
                continue;
            *out =
                (struct annotation_predicate){ targets[t].field, ways[w][1], ways[w][2],
                                               rest + strlen(targets[t].word), targets[t].pseudo };
            return true;
        }
    }
    return false;
}
