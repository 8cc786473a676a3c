/* seen.c - seals and opens what says that a part was served. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "plan/rendering.h"
#include "store/store.h"
#include "web/seen_private.h"

static const char context[] = "part of a change";

static void seen_seal_key(const struct store *s, uint8_t key[SEAL_KEY_SIZE])
{
    store_key(s, context, key);
}

char *seen_make(const struct store *s, struct arena *a, const struct seen *what)
{
    uint8_t key[SEAL_KEY_SIZE];
    cJSON *o = json_object(a);
    json_set_str(a, o, "who", what->who);
    json_set_str(a, o, "id", what->id);
    json_set_str(a, o, "plan", what->rendering->plan);
    json_set_str(a, o, "rendering", what->rendering->digest);
    json_set_num(a, o, "part", what->part);
    json_set_str(a, o, "word", what->word);
    const char *text = json_print(a, o);
    seen_seal_key(s, key);
    return crypto_seal(a, key, context, text, strlen(text));
}

static bool says(const cJSON *o, const char *member, const char *wanted)
{
    const char *value = json_str(o, member);
    return value && !strcmp(value, wanted);
}

bool seen_check(const struct store *s, struct arena *a, const char *text, const struct seen *what,
                const char **word, struct err *e)
{
    uint8_t key[SEAL_KEY_SIZE];
    size_t n = 0;
    seen_seal_key(s, key);
    const char *opened = text ? crypto_open(a, key, context, text, &n) : NULL;
    const cJSON *o = opened ? json_parse(a, opened, n, NULL) : NULL;
    *word = json_str(o, "word");
    bool ok = says(o, "who", what->who) && says(o, "id", what->id) &&
              says(o, "plan", what->rendering->plan) &&
              says(o, "rendering", what->rendering->digest) &&
              json_num(o, "part", -1) == what->part;
    return ok || err_set(e, ERR_POLICY,
                         "change %s: part %d of it, as it is now, was not shown here yet; look at "
                         "all of it first",
                         what->id, what->part + 1);
}
