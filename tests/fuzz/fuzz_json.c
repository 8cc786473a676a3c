/* fuzz_json.c - any bytes: json_parse takes them or refuses them, and what it takes prints, reads
 * back equal, merges into itself unchanged and passes the splitter in any cut.
 * fuzz: -runs=150000 -max_len=512 -timeout=1
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct field item[] = {
    { "n", NUM, REQ, "A number.", .min = 1, .max = 9 },
    { "s", STR, OPT, "A text.", .max = 5, .one_of = "a|b" },
    { "k", STR, OPT, "A key.", .flags = FIELD_SECRET },
    { 0 },
};
static const struct field rows[] = {
    { "a", OBJ, OPT, "An object.", .of = item },
    { "l", LIST, OPT, "A list.", .min = 1, .max = 3, .of = &a_string },
    { "i", INT, OPT, "An integer." },
    { "b", BOOL, OPT, "A flag." },
    { "x", ANY, OPT, "Anything." },
    { 0 },
};

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_json: %s", what);
}

static bool ignore(void *arg, const char *text, size_t len)
{
    (void)text, (void)len;
    return ++*(int *)arg < 1000;
}

static void split(const char *text, size_t size, size_t cut)
{
    struct arena *a = arena_new();
    int count = 0;
    struct json_split *s = json_split_new(a, "data", 1000, ignore, &count);
    struct err e = { 0 };
    if (json_split_feed(s, text, cut, &e) && json_split_feed(s, text + cut, size - cut, &e))
        json_split_end(s, &e);
    json_split_rest(s, a);
    arena_free(a);
}

static void check(struct arena *a, const cJSON *node)
{
    char *text = json_print(a, node);
    const cJSON *back = json_parse(a, text, strlen(text), NULL);
    must(back && json_equal(node, back), "what was printed is read back equal");
    must(strcmp(json_canonical(a, node), json_canonical(a, back)) == 0, "one canonical text");
    text = json_print_pretty(a, node);
    must(json_equal(json_parse(a, text, strlen(text), NULL), node), "the indented text is equal");
    json_merge_patch(a, node, back);
    struct err e = { 0 };
    if (cJSON_IsObject(back) && field_check(rows, back, &e))
        field_mask(a, rows, json_clone(a, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    const cJSON *node = json_parse(a, (const char *)data, size, &e);
    must(node || e.kind == ERR_PROTO, "a refusal says why");
    if (node)
        check(a, node);
    arena_free(a);
    split((const char *)data, size, size ? data[0] % (size + 1) : 0);
    return 0;
}
