/* session.c - login, logout, the one account, and the check before every other call.
 *
 * The account is Secret higress-console: adminUsername, adminDisplayName, adminPassword, key, iv,
 * in clear base64 as the real console keeps it. A token is AES-CBC over user, password and time, so
 * a new password ends all tokens. To change what counts as logged in, change session_check().
 */
#include "embedded/rest/session.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/settings.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"
#include "net/cbc.h"

#include <strings.h>

static const char secret_name[] = "higress-console";
static const char cookie_name[] = "_hi_sess";
enum { KEY_SIZE = 32, IV_SIZE = 16, COOKIE_SECONDS = 2592000 };

struct account {
    const char *name, *display, *password, *key, *iv;
};

static const struct model_field login_model[] = {
    { "username", M_STR }, { "password", M_STR }, { "autoLogin", M_BOOL }, { 0 }
};
static const struct model_field password_model[] = { { "oldPassword", M_STR },
                                                     { "newPassword", M_STR },
                                                     { 0 } };
static const struct model_field user_model[] = { { "name", M_STR },
                                                 { "password", M_STR },
                                                 { "displayName", M_STR },
                                                 { "avatarUrl", M_STR },
                                                 { 0 } };

static const char *secret_value(struct arena *a, const cJSON *secret, const char *key)
{
    const char *coded = json_str(json_get(secret, "data"), key);
    size_t len;
    char *text = coded ? base64_decode(a, coded, strlen(coded), &len) : NULL;
    return text && *text ? arena_strndup(a, text, len) : NULL;
}

static bool load_account(struct rest_request *r, struct account *out)
{
    const cJSON *secret = kstore_get(r->store, "secrets", secret_name);
    out->name = secret_value(r->arena, secret, "adminUsername");
    out->display = secret_value(r->arena, secret, "adminDisplayName");
    out->password = secret_value(r->arena, secret, "adminPassword");
    out->key = secret_value(r->arena, secret, "key");
    out->iv = secret_value(r->arena, secret, "iv");
    return !check_blank(out->name) && !check_blank(out->password) && !check_blank(out->key) &&
           !check_blank(out->iv);
}

bool session_has_admin(struct rest_request *r)
{
    struct account account;
    return load_account(r, &account);
}

static bool same_secret_text(const char *x, const char *y)
{
    return strlen(x) == strlen(y) && crypto_equal(x, y, strlen(x));
}

/* Decoded text; NULL with r answered when it is no base64. */
static char *decode_base64(struct rest_request *r, const char *text, size_t *len)
{
    const char *problem;
    char *bytes = java_base64(r->arena, text, len, &problem);
    if (!bytes)
        rest_fail(r, X_ILLEGAL_ARGUMENT, "%s", problem);
    return bytes;
}

static char *cookie_value(struct rest_request *r)
{
    const char *p = rest_call_header(r, "cookie");
    size_t name_len = sizeof cookie_name - 1;
    while (p && *p) {
        p += strspn(p, "; ");
        size_t len = strcspn(p, ";");
        if (len > name_len && p[name_len] == '=' && memcmp(p, cookie_name, name_len) == 0)
            return arena_strndup(r->arena, p + name_len + 1, len - name_len - 1);
        p += len;
    }
    return NULL;
}

static bool cookie_fits(struct rest_request *r, const struct account *account, bool *fits)
{
    const char *value = cookie_value(r);
    size_t len, n;
    struct err e = { 0 };
    *fits = false;
    if (!value || !*value)
        return true;
    char *sealed = decode_base64(r, value, &len);
    if (!sealed)
        return false;
    if (strlen(account->iv) != IV_SIZE)
        return true;
    char *text =
        cbc_open(r->arena, account->key, strlen(account->key), account->iv, sealed, len, &n, &e);
    char *password = text ? strchr(text, 1) : NULL, *time = NULL;
    if (password)
        *password++ = '\0', time = strchr(password, 1);
    if (time)
        *time = '\0';
    *fits = time && same_secret_text(text, account->name) &&
            same_secret_text(password, account->password);
    return true;
}

static bool basic_fits(struct rest_request *r, const struct account *account, bool *fits)
{
    const char *header = rest_call_header(r, "authorization");
    char *words[2], *pair[2];
    size_t len;
    *fits = false;
    if (!header || java_split(r->arena, header, ' ', words, 2) != 2 ||
        strcmp(words[0], "Basic") != 0)
        return true;
    char *text = decode_base64(r, words[1], &len);
    if (!text)
        return false;
    if (java_split(r->arena, text, ':', pair, 2) == 2)
        *fits = same_secret_text(pair[0], account->name) &&
                same_secret_text(pair[1], account->password);
    return true;
}

bool session_check(struct rest_request *r)
{
    struct account account;
    bool fits = false;
    if (load_account(r, &account)) {
        if (!cookie_fits(r, &account, &fits))
            return false;
        if (!fits && !basic_fits(r, &account, &fits))
            return false;
    }
    return fits || rest_fail(r, X_AUTH, "Login required.");
}

static void random_printable(char *out, size_t n)
{
    crypto_random(out, n);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('!' + (unsigned char)out[i] % 94);
    out[n] = '\0';
}

static void set_data(struct arena *a, cJSON *data, const char *key, const char *text)
{
    json_set_str(a, data, key, base64_encode(a, text, strlen(text)));
}

static cJSON *load_secret(struct rest_request *r)
{
    cJSON *secret = kube_load(r, "secrets", secret_name);
    if (!secret) {
        secret = kube_new(r->arena, secret_name);
        json_set_str(r->arena, secret, "type", "Opaque");
    }
    if (!cJSON_IsObject(json_get(secret, "data")))
        json_set_object(r->arena, secret, "data");
    return secret;
}

bool session_set_admin(struct rest_request *r, const cJSON *user)
{
    char key[KEY_SIZE + 1], iv[IV_SIZE + 1];
    random_printable(key, KEY_SIZE);
    random_printable(iv, IV_SIZE);
    cJSON *secret = load_secret(r), *data = json_get(secret, "data");
    set_data(r->arena, data, "adminUsername", json_str(user, "name"));
    set_data(r->arena, data, "adminDisplayName", json_str(user, "displayName"));
    set_data(r->arena, data, "adminPassword", json_str(user, "password"));
    set_data(r->arena, data, "key", key);
    set_data(r->arena, data, "iv", iv);
    return kube_save(r, "secrets", secret) != NULL;
}

static cJSON *user_answer(struct rest_request *r, const struct account *account)
{
    cJSON *user = model_new(r->arena, user_model);
    json_set_str(r->arena, user, "name", account->name);
    json_set_str(r->arena, user, "displayName", account->display);
    return user;
}

static const char *cookie_time(struct rest_request *r, double when)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)when;
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return arena_strdup(r->arena, text);
}

static void clear_cookie(struct rest_request *r)
{
    rest_header(r, "set-cookie",
                "_hi_sess=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=/; HttpOnly");
}

static bool give_cookie(struct rest_request *r, const struct account *account, bool keep)
{
    size_t len;
    struct err e = { 0 };
    double now = r->embedded->now();
    const char *text = arena_printf(r->arena, "%s\x01%s\x01%lld", account->name, account->password,
                                    (long long)(now * 1000));
    void *sealed = NULL;
    if (strlen(account->iv) == IV_SIZE)
        sealed = cbc_seal(r->arena, account->key, strlen(account->key), account->iv, text,
                          strlen(text), &len, &e);
    if (!sealed)
        return rest_fail(r, X_ILLEGAL_STATE, "The session key is not usable.");
    const char *token = base64_encode(r->arena, sealed, len);
    const char *life = "";
    if (keep)
        life = arena_printf(r->arena, "; Max-Age=%d; Expires=%s", COOKIE_SECONDS,
                            cookie_time(r, now + COOKIE_SECONDS));
    rest_header(r, "set-cookie",
                arena_printf(r->arena, "%s=%s%s; Path=/; HttpOnly", cookie_name, token, life));
    return true;
}

static bool is_missing_text(const char *s)
{
    return !s || !*s;
}

static void handle_login(struct rest_request *r)
{
    const char *name = json_str(r->body, "username"), *password = json_str(r->body, "password");
    struct account account;
    if (is_missing_text(name) || is_missing_text(password)) {
        rest_fail(r, X_VALIDATION, "Missing user name or password.");
        return;
    }
    if (!load_account(r, &account)) {
        rest_fail(r, X_ILLEGAL_STATE, "No valid admin config is available.");
        return;
    }
    if (!same_secret_text(name, account.name) || !same_secret_text(password, account.password)) {
        rest_fail(r, X_AUTH, "Incorrect username or password");
        return;
    }
    if (!give_cookie(r, &account, json_true(r->body, "autoLogin")))
        return;
    rest_give(r, user_answer(r, &account));
}

static void logout(struct rest_request *r)
{
    clear_cookie(r);
    rest_envelope(r, NULL);
}

static void user_info(struct rest_request *r)
{
    struct account account;
    load_account(r, &account);
    rest_give(r, user_answer(r, &account));
}

static bool check_change(struct rest_request *r, struct account *account)
{
    const char *old = json_str(r->body, "oldPassword");
    const char *disabled = settings_get(r, "admin.password-change.disabled");
    if (is_missing_text(old))
        return rest_fail(r, X_VALIDATION, "Missing old password.");
    if (is_missing_text(json_str(r->body, "newPassword")))
        return rest_fail(r, X_VALIDATION, "Missing new password.");
    if (disabled && strcasecmp(disabled, "true") == 0)
        return rest_fail(r, X_ILLEGAL_STATE, "Password change is disabled.");
    if (!load_account(r, account) || !same_secret_text(old, account->password))
        return rest_fail(r, X_VALIDATION, "Incorrect old password.");
    return true;
}

static void change_password(struct rest_request *r)
{
    struct account account;
    if (!check_change(r, &account))
        return;
    cJSON *secret = load_secret(r);
    set_data(r->arena, json_get(secret, "data"), "adminPassword", json_str(r->body, "newPassword"));
    if (!kube_save(r, "secrets", secret))
        return;
    clear_cookie(r);
    rest_envelope(r, NULL);
}

const struct rest_route session_rest[] = {
    { "POST", "/session/login", handle_login, login_model, REST_ANONYMOUS },
    { "GET", "/session/logout", logout, NULL, REST_ANONYMOUS },
    { "GET", "/user/info", user_info },
    { "POST", "/user/changePassword", change_password, password_model },
    { 0 },
};
