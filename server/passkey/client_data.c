/* client_data.c - what the browser says was asked of the key, and by which page. The text is
 * parsed, never compared with one of ours: browsers add members, in any order. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "passkey/webauthn_private.h"
#include <string.h>

/* NULL: not readable, or a member is there twice. */
static const cJSON *parse_client_data(struct arena *a, struct webauthn_bytes client)
{
    const char *twice = NULL;
    struct err e = { 0 };
    const cJSON *o = json_parse_telling(a, (const char *)client.at, client.len, &twice, &e);
    return twice || !cJSON_IsObject(o) ? NULL : o;
}

static bool challenge_in(struct arena *a, const cJSON *o, uint8_t out[WEBAUTHN_CHALLENGE])
{
    size_t n = 0;
    const char *text = json_str(o, "challenge");
    const void *bytes = text ? base64url_decode(a, text, strlen(text), &n) : NULL;
    if (!bytes || n != WEBAUTHN_CHALLENGE)
        return false;
    memcpy(out, bytes, WEBAUTHN_CHALLENGE);
    return true;
}

bool webauthn_challenge(struct arena *a, struct webauthn_bytes client,
                        uint8_t out[WEBAUTHN_CHALLENGE])
{
    return challenge_in(a, parse_client_data(a, client), out);
}

static bool is_in_frame(const cJSON *o)
{
    const cJSON *cross = json_get(o, "crossOrigin");
    return (cross && !cJSON_IsFalse(cross)) || json_get(o, "topOrigin");
}

bool client_data_check(struct arena *a, struct webauthn_bytes client, const char *type,
                       const struct webauthn_wanted *w, struct err *e)
{
    uint8_t challenge[WEBAUTHN_CHALLENGE];
    const cJSON *o = parse_client_data(a, client);
    const char *is = json_str(o, "type"), *origin = json_str(o, "origin");
    if (!o)
        return err_set(e, ERR_POLICY, "what the browser says about the key cannot be read");
    if (!is || strcmp(is, type) != 0)
        return err_set(e, ERR_POLICY, "the key was asked for something else than %s", type);
    if (!challenge_in(a, o, challenge) || !crypto_equal(challenge, w->challenge, sizeof challenge))
        return err_set(e, ERR_POLICY, "the key signed for another question than this one");
    if (!origin || strcmp(origin, w->site.origin) != 0)
        return err_set(e, ERR_POLICY, "the key was used at %s, not at %s",
                       origin ? text_clean(a, origin, 100) : "no page", w->site.origin);
    return !is_in_frame(o) || err_set(e, ERR_POLICY, "the key was used in a frame of another page");
}

/* -- the site ---------------------------------------------------------------------------- */

/* The last label of an address in any of its forms is a number. */
static bool is_site_name(const char *host)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
    return *last && strspn(host, plain) == strlen(host) &&
           strspn(last, "0123456789") != strlen(last) && !text_starts(last, "0x");
}

static const char *lower_case(struct arena *a, const char *text, size_t n)
{
    char *copy = arena_strndup(a, text, n);
    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return copy;
}

bool webauthn_site_of(struct arena *a, const char *url, struct webauthn_site *out, struct err *e)
{
    static const char why[] =
        "a passkey needs a page with a name: set http.page to https://NAME[:PORT], or to "
        "http://localhost:PORT on this machine";
    *out = (struct webauthn_site){ 0 };
    if (!url)
        return err_set(e, ERR_POLICY, "%s; it is not set", why);
    bool tls = text_starts(url, "https://");
    const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    size_t n = strcspn(host, "/?#"), name = strcspn(host, ":/?#");
    const char *port = name < n ? arena_strndup(a, host + name, n - name) : "";
    const char *otherwise = tls ? ":443" : ":80";
    out->name = lower_case(a, host, name);
    out->origin = arena_printf(a, "%s://%s%s", tls ? "https" : "http", out->name,
                               strcmp(port, otherwise) ? port : "");
    bool local = !strcmp(out->name, "localhost") || text_ends(out->name, ".localhost");
    return (is_site_name(out->name) && (tls || local)) ||
           err_set(e, ERR_POLICY, "%s; it is %s", why, text_clean(a, url, 100));
}
