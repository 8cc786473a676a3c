/* fuzz_scrub.c - any texts and values: what is known to be secret is in no scrubbed text, neither
 * as it is nor encoded, a scrubbed tree is the same tree with other texts, and what is too short to
 * be scrubbed is told. Masked texts are cut between characters. The input: values and a text, apart
 * by newlines.
 *
 * fuzz: -runs=8000 -max_len=1024 -timeout=20
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES = 4 };

static void must(bool held, const char *what, const char *text)
{
    if (!held)
        bug("fuzz_scrub: %s: %s", what, text);
}

static char *masks_out(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, 1 << 20);
    for (const char *m; (m = secret_find_mask(text));
         text = m + 14 + strspn(m + 14, "0123456789abcdef"))
        buf_add(b, text, (size_t)(m - text));
    buf_str(b, text);
    return b->data;
}

static void check_value(struct arena *a, const struct secret_set *set, const char *value)
{
    size_t n = strlen(value);
    char *whole = arena_printf(a, "a %s b", value);
    char *encoded = arena_printf(a, "a %s b", text_percent(a, value));
    if (n < SECRET_SHORTEST || secret_is_mask(value) || secret_find_mask(value)) {
        must(n == 0 || n >= SECRET_SHORTEST || secret_quotes_short(set, whole), "not told", whole);
        return;
    }
    must(!strstr(masks_out(a, secret_scrub_with(a, set, whole)), value), "stays", whole);
    must(!strstr(masks_out(a, secret_scrub_with(a, set, encoded)), text_percent(a, value)), "stays",
         encoded);
}

static void check_tree(struct arena *a, const struct secret_set *set, const char *text)
{
    struct err e = { 0 };
    cJSON *tree = json_object(a);
    json_set_str(a, tree, "operations", text);
    json_add_str(a, json_set_array(a, tree, "list"), text);
    secret_scrub_tree(a, set, tree);
    char *printed = json_print(a, tree);
    must(json_get(json_parse(a, printed, strlen(printed), &e), "operations") != NULL, "broken",
         printed);
}

static void check_text(struct arena *a, const char *text)
{
    typedef char *mask_fn(struct arena *, const char *);
    static mask_fn *const fns[] = { mask_shapes, mask_text, mask_url, mask_dsn, mask_line };
    for (size_t i = 0; i < sizeof fns / sizeof *fns; i++) {
        char *once = fns[i](a, text);
        must(text_utf8(once, strlen(once)), "cut in a character", once);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    secret_init("fuzz", 4);
    char *text = arena_strndup(a, (const char *)data, size), *values[VALUES];
    bool good = text_utf8(text, strlen(text));
    struct secret_set *set = secret_set_new(a);
    int count = 0;
    for (char *end; good && count < VALUES && (end = strchr(text, '\n'));) {
        *end = '\0';
        secret_set_add(set, values[count++] = text);
        text = end + 1;
    }
    if (good) {
        for (int i = 0; i < count; i++)
            check_value(a, set, values[i]);
        check_tree(a, set, text);
        check_text(a, text);
    }
    arena_free(a);
    return 0;
}
