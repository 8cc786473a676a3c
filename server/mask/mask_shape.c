/* mask_shape.c - tokens that anybody knows by their form, found anywhere in a text.
 *
 * One pass: at each place where a token can begin, every form is tried. A new form is a row of
 * `forms`, or a function of find_one where a row cannot say it. Identifiers (AKIA…, LTAI…) are not
 * secrets and have no row.
 *
 * The text is a client's, so the work grows with its length and no faster: what a finder reads is
 * taken whole, or ends before the next place where one begins, or is bounded, or remembered
 * (struct run).
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/alphabet_private.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include <ctype.h>
#include <strings.h>

enum {
    TEXT_MAX = 64 * 1024 * 1024,
    SCHEME_MAX = 32,
    AZURE_MIN = 34,
    AZURE_MAX = 44,
    PEM_HEAD = 64
};

/* prefix, then at least `least` characters of the alphabet. */
static const struct form {
    const char *prefix;
    int alphabet, least;
    bool mixed; /* and a digit among them: the prefix alone says little */
} forms[] = {
    { "sk-proj-", WORD, 16, false },
    { "sk-svcacct-", WORD, 16, false },
    { "sk-admin-", WORD, 16, false },
    { "sk-ant-", WORD, 16, false },
    { "sk-or-v1-", WORD, 16, false },
    { "sk-", ALNUM, 16, true },
    { "AIza", WORD, 35, false },
    { "ya29.", WORD | DOT, 20, false },
    { "GOCSPX-", WORD, 20, false },
    { "ABSK", BASE64, 60, false },
    { "bedrock-api-key-", BASE64, 40, false },
    { "gsk_", ALNUM, 32, false },
    { "xai-", ALNUM, 40, false },
    { "pplx-", ALNUM, 32, false },
    { "hf_", ALNUM, 30, false },
    { "api_org_", ALNUM, 30, false },
    { "app-", ALNUM, 24, true },
    { "ghp_", ALNUM, 20, false },
    { "gho_", ALNUM, 20, false },
    { "ghu_", ALNUM, 20, false },
    { "ghs_", ALNUM, 20, false },
    { "ghr_", ALNUM, 20, false },
    { "github_pat_", ALNUM | LOW_LINE, 20, false },
    { "glpat-", WORD | DOT, 16, false },
    { "gldt-", WORD, 16, false },
    { "glrt-", WORD | DOT, 16, false },
    { "glptt-", WORD, 16, false },
    { "GR1348941", WORD, 16, false },
    { "xoxb-", ALNUM | HYPHEN, 16, false },
    { "xoxp-", ALNUM | HYPHEN, 16, false },
    { "xoxe-", ALNUM | HYPHEN, 16, false },
    { "xoxe.", ALNUM | HYPHEN | DOT, 16, false },
    { "xoxa-", ALNUM | HYPHEN, 16, false },
    { "xoxs-", ALNUM | HYPHEN, 16, false },
    { "xoxr-", ALNUM | HYPHEN, 16, false },
    { "xapp-", ALNUM | HYPHEN, 16, false },
    { "SEC", HEX, 60, true },
    { "sk_live_", ALNUM, 10, false },
    { "sk_test_", ALNUM, 10, false },
    { "rk_live_", ALNUM, 10, false },
    { "rk_test_", ALNUM, 10, false },
    { "whsec_", BASE64, 16, false },
    { "glsa_", ALNUM | LOW_LINE, 20, false },
    { "glc_", BASE64, 24, false },
    { "eyJrIjoi", BASE64, 24, false },
    { "hvs.", WORD, 20, false },
    { "hvb.", WORD, 20, false },
    { "s.", ALNUM, 24, true },
    { "npm_", ALNUM, 30, false },
    { "pypi-", WORD, 16, false },
    { "dop_v1_", ALNUM, 32, false },
    { "doo_v1_", ALNUM, 32, false },
    { "SG.", WORD | DOT, 40, false },
    { "PMAK-", ALNUM | HYPHEN, 40, false },
    { "ntn_", ALNUM, 30, false },
    { "lin_api_", ALNUM, 30, false },
    { "AccountKey=", BASE64, 16, false },
    { "SharedAccessKey=", BASE64, 16, false },
    { "$2a$", BASE64 | DOT | DOLLAR, 30, false },
    { "$2b$", BASE64 | DOT | DOLLAR, 30, false },
    { "$2y$", BASE64 | DOT | DOLLAR, 30, false },
    { "$1$", BASE64 | DOT | DOLLAR, 22, false },
    { "$5$", BASE64 | DOT | DOLLAR | COMMA, 30, false },
    { "$6$", BASE64 | DOT | DOLLAR | COMMA, 30, false },
    { "$apr1$", BASE64 | DOT | DOLLAR, 22, false },
    { "{SHA}", BASE64, 20, false },
};

/* At `at` stands something of `all` bytes, of which those from `from` are secret. */
struct find {
    size_t all, from;
};

/* A run of the characters of WORD that was measured: from any place in it, it ends there. */
struct run {
    const char *from, *end;
};

struct runs {
    struct run head, claims; /* of what could be a JWT */
};

static size_t run_length(struct run *r, const char *at)
{
    if (!r->end || at < r->from || at >= r->end)
        *r = (struct run){ at, at + alphabet_span(at, WORD) };
    return (size_t)(r->end - at);
}

static bool has_digit(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isdigit((unsigned char)s[i]))
            return true;
    return false;
}

static bool find_form(const char *at, struct find *f)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct form *row = &forms[i];
        if (*row->prefix != *at || !text_starts(at, row->prefix))
            continue;
        size_t prefix = strlen(row->prefix);
        size_t n = alphabet_span(at + prefix, row->alphabet);
        if (n < (size_t)row->least || (row->mixed && !has_digit(at + prefix, n)))
            continue;
        *f = (struct find){ prefix + n, text_ends(row->prefix, "=") ? prefix : 0 };
        return true;
    }
    return false;
}

/* Three parts: the header and the claims say who and until when; the third is the secret. */
static bool find_jwt(const char *at, struct runs *runs, struct find *f)
{
    if (*at != 'e' || !text_starts(at, "eyJ"))
        return false;
    size_t head = run_length(&runs->head, at);
    const char *second = at + head + 1;
    if (at[head] != '.' || head < 10 || !text_starts(second, "eyJ"))
        return false;
    size_t claims = run_length(&runs->claims, second);
    const char *third = second + claims + 1;
    if (second[claims] != '.' || claims < 6 || secret_starts_mask(third))
        return false;
    size_t rest = alphabet_span(third, WORD | DOT);
    *f = (struct find){ head + claims + 2 + rest, head + claims + 2 };
    return rest > 0;
}

static bool find_pem(const char *at, struct find *f)
{
    static const char begin[] = "-----BEGIN ", close[] = "-----", key[] = "PRIVATE KEY";
    if (*at != '-' || !text_starts(at, begin))
        return false;
    const char *name = at + sizeof begin - 1;
    size_t head = strnlen(name, PEM_HEAD);
    const char *line = memmem(name, head, close, sizeof close - 1);
    if (!line || !memmem(name, (size_t)(line - name), key, sizeof key - 1))
        return false;
    const char *end = strstr(line + 5, "-----END ");
    end = end ? strstr(end + 9, close) : NULL;
    *f = (struct find){ end ? (size_t)(end + 5 - at) : strlen(at), 0 };
    return true;
}

/* Three characters, a digit, Q~. */
static bool find_azure(const char *at, struct find *f)
{
    if (strnlen(at, AZURE_MIN) < AZURE_MIN || !isdigit((unsigned char)at[3]) ||
        !text_starts(at + 4, "Q~"))
        return false;
    size_t n = alphabet_span_most(at, WORD | TILDE | DOT, AZURE_MAX + 1);
    *f = (struct find){ n, 0 };
    return n >= AZURE_MIN && n <= AZURE_MAX;
}

/* 32 hex digits, a dot, a secret. */
static bool find_zhipu(const char *at, struct find *f)
{
    size_t hex = alphabet_span(at, HEX),
           rest = hex == 32 && at[hex] == '.' ? alphabet_span(at + 33, ALNUM) : 0;
    *f = (struct find){ 33 + rest, 0 };
    return rest >= 12;
}

/* "123456789:AA…", of a Telegram bot. */
static bool find_telegram(const char *at, struct find *f)
{
    size_t digits = alphabet_span(at, DIGIT);
    size_t rest = at[digits] == ':' ? alphabet_span(at + digits + 1, WORD) : 0;
    *f = (struct find){ digits + 1 + rest, digits + 1 };
    return digits >= 8 && digits <= 10 && rest >= 30;
}

/* A word of prose after "Bearer" is none. */
static bool token_like(const char *s, size_t n, bool alone)
{
    bool lower = true;
    for (size_t i = 0; i < n; i++)
        lower = lower && islower((unsigned char)s[i]);
    return n >= (alone ? 1 : 6) && *s != '{' && *s != '$' && *s != '<' &&
           (alone || !lower || n > 15);
}

/* "user:password" in base64, of which n bytes are there: its end may be cut off, or hidden already.
 * Of such a one all that can be read must be text, for a word of prose is base64, too. */
static bool is_basic(const char *s, size_t n, bool whole)
{
    struct arena *a = arena_new();
    size_t len = 0, shown = 0;
    const char *plain = whole ? base64_decode(a, s, n, &len) : base64_decode(a, s, n - n % 4, &len);
    while (plain && shown < len && (unsigned char)plain[shown] >= ' ' && plain[shown] != 0x7f)
        shown++;
    bool basic = plain && memchr(plain, ':', len) && (whole || shown == len);
    arena_free(a);
    return basic;
}

static bool find_basic(const char *at, size_t word, struct find *f)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strspn(at + word, alphabet), padded = n + strspn(at + word + n, "=");
    *f = (struct find){ word + padded, word };
    return is_basic(at + word, padded, true) || is_basic(at + word, n, false);
}

/* "Bearer x", "Basic eTp6", "APPCODE 0123…": what follows the word. */
static bool find_scheme(const char *at, bool first, struct find *f)
{
    static const char *const words[] = { "Bearer ", "Basic ",  "APPCODE ", "Digest ",
                                         "Token ",  "ApiKey ", "Api-Key " };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t word = strlen(words[i]);
        if ((*at | ' ') != (*words[i] | ' ') || strncasecmp(at, words[i], word) != 0)
            continue;
        if (i == 1)
            return find_basic(at, word, f);
        size_t n = strcspn(at + word, " \t\r\n\"'`,;<>)\\");
        bool alone = first && !at[word + n]; /* the whole text is no prose */
        if (secret_has_mask(at + word, n))
            return false; /* a part of it is hidden already */
        *f = (struct find){ word + n, word };
        return (i == 0 || has_digit(at + word, n)) && token_like(at + word, n, alone);
    }
    return false;
}

/* As it stands in a text in a text, "https:\\/\\/", too. */
static size_t url_length(const char *s)
{
    size_t n = 0;
    while (s[n] && !strchr(" \t\r\n\"'`<>^|", s[n]) && (s[n] != '\\' || strchr("/:@", s[n + 1])))
        n++;
    while (n && strchr(".,;)]}!", s[n - 1])) /* of the sentence around it */
        n--;
    return n;
}

/* With a scheme, or "//user:password@host". */
static bool find_url(const char *at, struct find *f)
{
    const char *colon = at + alphabet_span_most(at, ALNUM | PLUS | DOT | HYPHEN, SCHEME_MAX);
    bool scheme =
        isalpha((unsigned char)*at) && (text_starts(colon, "://") || text_starts(colon, ":\\/\\/"));
    bool user = !scheme && text_starts(at, "//") && at[2 + strcspn(at + 2, "/@ \t\r\n")] == '@';
    if (scheme || user)
        *f = (struct find){ url_length(at), 0 };
    return scheme || user;
}

/* "?access_token=x" and "&sig=x" where no URL is around it. */
static bool find_parameter(const char *at, struct find *f)
{
    char name[64];
    if (*at != '?' && *at != '&' && *at != ';')
        return false;
    size_t n = alphabet_span_most(at + 1, WORD | DOT, sizeof name);
    if (n == 0 || n == sizeof name || at[n + 1] != '=')
        return false;
    memcpy(name, at + 1, n);
    name[n] = '\0';
    if (!mask_query_is_secret(name))
        return false;
    size_t value = strcspn(at + n + 2, " \t\r\n\"'`<>&;#\\");
    *f = (struct find){ n + 2 + value, n + 2 };
    return value > 0;
}

static bool begins(const char *text, const char *at)
{
    unsigned char before = at == text ? ' ' : (unsigned char)at[-1];
    return !isalnum(before) && before != '_' && before < 0x80;
}

static bool find_one(const char *text, const char *at, struct runs *runs, struct find *f)
{
    return find_form(at, f) || find_jwt(at, runs, f) || find_pem(at, f) ||
           find_scheme(at, at == text, f) || find_azure(at, f) || find_zhipu(at, f) ||
           find_telegram(at, f);
}

void mask_piece(struct arena *a, struct buf *b, const char *s, size_t n)
{
    char *text = arena_strndup(a, s, n);
    buf_str(b, mask_is_placeholder(text) ? text : secret_mask(a, text));
}

/* -- by name and look together ---------------------------------------------------------------- */

/* Letters and digits in one word, as people do not write names. */
static bool is_mixed(const char *s)
{
    size_t n = strlen(s), letters = 0;
    for (size_t i = 0; i < n; i++)
        letters += isalpha((unsigned char)s[i]) != 0;
    return n >= 8 && letters > 0 && has_digit(s, n) && !strpbrk(s, " \t\r\n{}<>()");
}

/* A run of letters of both cases and digits that no separator divides. */
static bool is_random(const char *s)
{
    enum { LEAST_RUN = 12, LEAST_ALL = 16 };
    if (strlen(s) < LEAST_ALL || s[alphabet_span(s, BASE64 | LOW_LINE | HYPHEN | TILDE | DOT)])
        return false;
    for (size_t n; *s; s += n ? n : 1) {
        bool upper = false, low = false;
        n = alphabet_span(s, ALNUM);
        for (size_t i = 0; i < n; i++) {
            upper = upper || isupper((unsigned char)s[i]);
            low = low || islower((unsigned char)s[i]);
        }
        if (n >= LEAST_RUN && upper && low && has_digit(s, n))
            return true;
    }
    return false;
}

/* Words that are in the names of credentials and of other things; a name that is not ASCII may
 * look like one. */
static bool may_name_secret(const char *name)
{
    static const char *const words[] = {
        "key",      "pass",   "cred", "auth",    "pem",        "pkcs",   "salt",  "seed",
        "mnemonic", "otp",    "csrf", "xsrf",    "license",    "sess",   "login", "bearer",
        "encrypt",  "hmac",   "hash", "private", "kubeconfig", "docker", "token", "secret",
        "sign",     "cookie", "code", "id_rsa",  "pw",         "hook",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_contains_nocase(name, words[i]))
            return true;
    while (*name && (unsigned char)*name < 0x80)
        name++;
    return *name != '\0';
}

/* "…Key" of a cache, a limit, a route. */
static bool names_place(const char *name)
{
    static const char *const words[] = { "cache", "limit",  "path", "name", "header", "type",
                                         "url",   "prefix", "host", "from", "id" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_contains_nocase(name, words[i]))
            return true;
    return false;
}

enum mask_rule mask_weigh(enum mask_rule by_name, const char *name, const char *value)
{
    bool decided = by_name != MASK_SHOW && by_name != MASK_TEXT;
    if (decided || !value || mask_name_is_harmless(name) || secret_is_public(value))
        return by_name;
    if (secret_find_mask(value)) /* what is hidden in it already looks like a secret */
        return by_name;
    bool tells = may_name_secret(name) && !names_place(name) && is_mixed(value);
    return (tells && !strstr(value, "://")) || is_random(value) ? MASK_HIDE : by_name;
}

/* Could anything be found in it? Most strings are short words. */
static bool holds_no_shape(const char *text)
{
    size_t n = strlen(text);
    return n < 9 || (n < 20 && !strpbrk(text, ":=. $_") && !strpbrk(text, "-"));
}

static void write_url(struct arena *a, struct buf *b, const char *s, size_t n)
{
    char *plain = arena_strndup(a, s, n), *to = plain;
    for (const char *from = plain; *from; from++)
        if (*from != '\\')
            *to++ = *from;
    *to = '\0';
    struct buf *shown = buf_in(a, TEXT_MAX);
    mask_url_write(a, shown, plain, (size_t)(to - plain));
    buf_char(shown, '\0');
    if (strcmp(shown->data, plain) != 0)
        buf_str(b, shown->data);
    else
        buf_add(b, s, n);
}

char *mask_shapes(struct arena *a, const char *text)
{
    struct find f;
    struct runs runs = { 0 };
    const char *from = text;
    if (holds_no_shape(text))
        return arena_strdup(a, text);
    struct buf *b = buf_in(a, TEXT_MAX);
    for (const char *at = text; *at;) {
        bool url = false, start = begins(text, at);
        if (!(start && (find_one(text, at, &runs, &f) || (url = find_url(at, &f)))) &&
            !find_parameter(at, &f)) {
            at++;
            continue;
        }
        buf_add(b, from, (size_t)(at - from));
        buf_add(b, at, f.from);
        if (url)
            write_url(a, b, at, f.all);
        else
            mask_piece(a, b, at + f.from, f.all - f.from);
        from = at += f.all;
    }
    buf_str(b, from);
    return b->data;
}
