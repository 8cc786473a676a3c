/* secret.c - fingerprints instead of secrets, and a scrubber for texts that quote them.
 *
 * A set finds its values by their first eight bytes, so that a text is read once however many
 * values are known. What the process knows is two sets of which the older one is dropped when the
 * newer is full; public words are hashes, kept the same way.
 */
#include "base/secret.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include <ctype.h>
#include <stdint.h>

enum {
    SET_MAX = 4096,    /* values of a set */
    VALUE_MAX = 65536, /* bytes of a value */
    BUCKETS = 4096,    /* a power of two */
    WORDS = 1 << 16,   /* places for public words of one generation, a power of two */
    SCRUB_MAX = 64 * 1024 * 1024
};

struct form { /* of a value: as it is, or encoded */
    const char *text, *value;
    size_t len;
    struct form *next;
};

struct secret_set {
    struct arena *arena;
    struct form *bucket[BUCKETS];
    const char **brief; /* values too short to be scrubbed */
    int count, brief_count, brief_room;
};

static struct {
    uint8_t key[SHA256_SIZE];
    bool has_key;
    secret_key_fn *find; /* asked once, when there is no key yet */
    const char *where;
    struct secret_set *newer, *older;
    struct arena *arena; /* of the words */
    uint64_t *words, *old_words;
    int word_count;
} secrets;

/* -- fingerprints ----------------------------------------------------------------------------- */

void secret_init(const void *key, size_t n)
{
    crypto_sha256(key, n, secrets.key);
    secrets.has_key = true;
}

void secret_init_later(secret_key_fn *find, const char *where)
{
    secrets.find = find;
    secrets.where = where;
}

static void need_key(void)
{
    uint8_t found[SHA256_SIZE];
    if (secrets.has_key)
        return;
    if (secrets.find && secrets.find(secrets.where, found)) {
        secret_init(found, sizeof found);
        return;
    }
    crypto_random(secrets.key, sizeof secrets.key);
    secrets.has_key = true;
}

bool secret_is_mask(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = strlen(SECRET_MASK);
    return text_starts(text, SECRET_MASK) && strlen(text) == SECRET_MASK_SIZE &&
           !text[n + strspn(text + n, digits)];
}

bool secret_starts_mask(const char *text)
{
    return text_starts(text, SECRET_MASK);
}

const char *secret_mask_end(const char *mask)
{
    return mask + strnlen(mask, SECRET_MASK_SIZE);
}

bool secret_has_mask(const char *text, size_t n)
{
    return memmem(text, n, SECRET_MASK, strlen(SECRET_MASK)) != NULL;
}

const char *secret_find_mask(const char *text)
{
    return strstr(text, SECRET_MASK);
}

char *secret_mask(struct arena *a, const char *value)
{
    if (secret_is_mask(value))
        return arena_strdup(a, value);
    need_key();
    uint8_t mac[SHA256_SIZE];
    crypto_hmac(secrets.key, sizeof(secrets.key), value, strlen(value), mac);
    return arena_printf(a, SECRET_MASK "%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3]);
}

/* -- public words ----------------------------------------------------------------------------- */

/* Never 0, which is a free place. */
static uint64_t word_hash(const char *word)
{
    uint64_t h = text_hash(word, strlen(word));
    h ^= h >> 29;
    return h ? h : 1;
}

/* The place of h, or the free one where it would be. */
static uint64_t *word_slot(uint64_t *words, uint64_t h)
{
    size_t i = (size_t)h & (WORDS - 1);
    while (words[i] && words[i] != h)
        i = (i + 1) & (WORDS - 1);
    return &words[i];
}

static uint64_t *new_words(void)
{
    if (!secrets.arena)
        secrets.arena = arena_new();
    return arena_array(secrets.arena, uint64_t, WORDS);
}

void secret_publish(const char *word)
{
    if (!word || !word[0] || !word[1])
        return;
    if (!secrets.words)
        secrets.words = new_words();
    uint64_t h = word_hash(word), *place = word_slot(secrets.words, h);
    if (*place)
        return;
    *place = h;
    if (++secrets.word_count < WORDS / 2)
        return;
    uint64_t *old = secrets.old_words ? secrets.old_words : new_words();
    secrets.old_words = secrets.words;
    secrets.words = memset(old, 0, WORDS * sizeof *old);
    secrets.word_count = 0;
}

bool secret_is_public(const char *word)
{
    uint64_t h = word_hash(word);
    return (secrets.words && *word_slot(secrets.words, h)) ||
           (secrets.old_words && *word_slot(secrets.old_words, h));
}

/* -- sets ------------------------------------------------------------------------------------- */

static size_t form_bucket(const char *eight_bytes)
{
    uint64_t h;
    memcpy(&h, eight_bytes, sizeof h);
    return (size_t)((h * 0x9e3779b97f4a7c15u) >> 52);
}

static void add_form(struct secret_set *s, const char *text, const char *value)
{
    size_t len = strlen(text);
    if (len < SECRET_SHORTEST)
        return;
    struct form **at = &s->bucket[form_bucket(text)];
    for (const struct form *f = *at; f; f = f->next)
        if (!strcmp(f->text, text))
            return;
    struct form *f = arena_make(s->arena, struct form);
    *f = (struct form){ text, value, len, *at };
    *at = f;
}

/* In base64 a value looks in one of three ways, by what stands before it; only the characters that
 * come from the value alone. */
static void add_base64(struct secret_set *s, const char *value, size_t n)
{
    for (size_t before = 0; before < 3; before++) {
        char *padded = arena_printf(s->arena, "%.*s%s", (int)before, "::", value);
        char *text = base64_encode(s->arena, padded, n + before);
        size_t skip = before ? before + 1 : 0;
        size_t keep = (n + before) * 8 / 6 - skip;
        if (keep >= SECRET_SHORTEST)
            add_form(s, arena_strndup(s->arena, text + skip, keep), value);
    }
}

static void add_forms(struct secret_set *s, const char *value)
{
    size_t n = strlen(value);
    struct buf *b = buf_in(s->arena, VALUE_MAX * 8);
    add_form(s, value, value);
    buf_json_string(b, value, n);
    char *escaped = arena_strndup(s->arena, b->data + 1, b->len - 2);
    if (strcmp(escaped, value) != 0)
        add_form(s, escaped, value);
    add_form(s, text_percent(s->arena, value), value);
    add_base64(s, value, n);
}

struct secret_set *secret_set_new(struct arena *a)
{
    struct secret_set *s = arena_make(a, struct secret_set);
    s->arena = a;
    return s;
}

static bool has_form(const struct secret_set *s, const char *value)
{
    for (const struct form *f = s->bucket[form_bucket(value)]; f; f = f->next)
        if (!strcmp(f->text, value))
            return true;
    return false;
}

void secret_set_add(struct secret_set *s, const char *value)
{
    size_t n = value ? strlen(value) : 0;
    if (n == 0 || n > VALUE_MAX || secret_is_mask(value) || s->count == SET_MAX)
        return;
    if (n >= SECRET_SHORTEST) {
        if (has_form(s, value))
            return;
        s->count++;
        add_forms(s, arena_strdup(s->arena, value));
        return;
    }
    s->count++;
    s->brief = arena_grow(s->arena, s->brief, s->brief_count, &s->brief_room, sizeof *s->brief);
    s->brief[s->brief_count++] = arena_strdup(s->arena, value);
}

void secret_learn(const char *value)
{
    if (!value || strlen(value) < SECRET_SHORTEST)
        return;
    if ((secrets.newer && has_form(secrets.newer, value)))
        return;
    if (!secrets.newer || secrets.newer->count == SET_MAX) {
        if (secrets.older)
            arena_free(secrets.older->arena);
        secrets.older = secrets.newer;
        secrets.newer = secret_set_new(arena_new());
    }
    secret_set_add(secrets.newer, value);
}

/* -- scrubbing -------------------------------------------------------------------------------- */

static const struct form *longest(const struct secret_set *s, const char *at, size_t left,
                                  const struct form *best)
{
    for (const struct form *f = s ? s->bucket[form_bucket(at)] : NULL; f; f = f->next)
        if (f->len <= left && (!best || f->len > best->len) && !memcmp(at, f->text, f->len) &&
            !secret_is_public(f->value))
            best = f;
    return best;
}

/* What is known at this place of a text; NULL: nothing. */
static const struct form *known_at(const struct secret_set *set, const char *at, size_t left)
{
    if (left < SECRET_SHORTEST)
        return NULL;
    const struct form *best = longest(set, at, left, NULL);
    best = longest(secrets.newer, at, left, best);
    return longest(secrets.older, at, left, best);
}

/* NULL: nothing in it is known. */
static char *scrubbed(struct arena *a, const struct secret_set *set, const char *text)
{
    if (!set && !secrets.newer)
        return NULL;
    struct buf *b = NULL;
    const char *from = text, *end = text + strlen(text);
    for (const char *at = text; at + SECRET_SHORTEST <= end;) {
        const struct form *f = known_at(set, at, (size_t)(end - at));
        if (!f) {
            at++;
            continue;
        }
        b = b ? b : buf_in(a, SCRUB_MAX);
        buf_add(b, from, (size_t)(at - from));
        buf_str(b, secret_mask(a, f->value));
        from = at += f->len;
    }
    if (b)
        buf_str(b, from);
    return b ? b->data : NULL;
}

char *secret_scrub_with(struct arena *a, const struct secret_set *set, const char *text)
{
    char *out = scrubbed(a, set, text);
    if (!out)
        return arena_strdup(a, text);
    struct err ignored = { 0 };
    bool json = *text == '{' || *text == '[';
    cJSON *tree = json ? json_parse(a, text, strlen(text), &ignored) : NULL;
    if (!tree)
        return out;
    secret_scrub_tree(a, set, tree);
    return json_print(a, tree);
}

char *secret_scrub(struct arena *a, const char *text)
{
    return secret_scrub_with(a, NULL, text);
}

/* "approval_required": a whole text like that is one of our own answers, whatever a secret may be
 * called. */
static bool is_identifier_word(const char *s)
{
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyz_-")] == '\0';
}

void secret_scrub_tree(struct arena *a, const struct secret_set *set, cJSON *tree)
{
    bool text = cJSON_IsString(tree) && !is_identifier_word(tree->valuestring);
    char *out = text ? scrubbed(a, set, tree->valuestring) : NULL;
    if (out)
        tree->valuestring = out;
    for (cJSON *c = tree ? tree->child : NULL; c; c = c->next)
        secret_scrub_tree(a, set, c);
}

static bool stands_alone(const char *text, const char *at, size_t n)
{
    return (at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[n]);
}

bool secret_quotes_short(const struct secret_set *set, const char *text)
{
    for (int i = 0; set && i < set->brief_count; i++) {
        size_t n = strlen(set->brief[i]);
        for (const char *at = text; (at = strstr(at, set->brief[i])); at++)
            if (stands_alone(text, at, n))
                return true;
    }
    return false;
}
