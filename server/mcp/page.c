/* page.c - a page from its parts. */
#include "mcp/page.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/err.h"
#include "base/text.h"

static const char *page_part(struct arena *a, const char *name)
{
    const char *path = arena_printf(a, "server/mcp/assets/%s", name);
    for (const struct asset *f = assets; f->path; f++)
        if (!strcmp(f->path, path))
            return f->data;
    bug("%s is not in the binary", path);
}

/* Every `mark` of text becomes `by`. */
static const char *replace_mark(struct arena *a, const char *text, const char *mark, const char *by)
{
    const char *at = strstr(text, mark);
    if (!at)
        return text;
    const char *rest = replace_mark(a, at + strlen(mark), mark, by);
    return arena_printf(a, "%.*s%s%s", (int)(at - text), text, by, rest);
}

const char *page_text(struct arena *a, const char *name, const char *nonce)
{
    const char *text =
        replace_mark(a, page_part(a, name), "<!-- shared -->\n", page_part(a, "shared.html"));
    if (!nonce)
        return text;
    text = replace_mark(a, text, "<script>", arena_printf(a, "<script nonce=\"%s\">", nonce));
    return replace_mark(a, text, "<style>", arena_printf(a, "<style nonce=\"%s\">", nonce));
}
