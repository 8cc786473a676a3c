/* certificate.c - certificates are stored as given: the console checks neither text nor key. */
#include "embedded/objects/certificate_private.h"

#include "base/arena.h"
#include "base/cert.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/rest/model.h"

static const char kind[] = "secrets", type[] = "kubernetes.io/tls";

static const struct model_field certificate_model[] = { { "name", M_STR },
                                                        { "version", M_STR },
                                                        { "cert", M_STR },
                                                        { "key", M_STR },
                                                        { "domains", M_LIST, model_a_string },
                                                        { "validityStart", M_DATE },
                                                        { "validityEnd", M_DATE },
                                                        { 0 } };

cJSON *certificate_secret(struct arena *a, const char *name, const char *cert, const char *key)
{
    struct cert_info info;
    struct err e = { 0 };
    cJSON *secret = kube_new(a, name);
    json_set_str(a, secret, "type", type);
    cJSON *data = json_set_object(a, secret, "data");
    json_set_str(a, data, "tls.crt", base64_encode(a, cert, strlen(cert)));
    json_set_str(a, data, "tls.key", base64_encode(a, key, strlen(key)));
    if (!cert_read(a, cert, strlen(cert), &info, &e))
        return secret;
    for (size_t i = 0; i < info.count; i++)
        kube_set_label(a, secret, ingress_domain_label(a, info.names[i]), "true");
    return secret;
}

static void show_certificate(struct arena *a, cJSON *out, const cJSON *secret)
{
    const char *coded = json_str(json_get(secret, "data"), "tls.crt");
    size_t len = 0;
    struct cert_info info;
    struct err e = { 0 };
    char *pem = coded ? base64_decode(a, coded, strlen(coded), &len) : NULL;
    if (!pem || !cert_read(a, pem, len, &info, &e))
        return;
    cJSON *domains = json_set_array(a, out, "domains");
    for (size_t i = 0; i < info.count; i++)
        json_add_str(a, domains, info.names[i]);
    json_set_str(a, out, "validityStart", info.not_before);
    json_set_str(a, out, "validityEnd", info.not_after);
}

static bool is_nameless(const cJSON *secret)
{
    const char *name = kube_name(secret);
    return !name || !*name;
}

static cJSON *certificate_shown(struct rest_request *r, const cJSON *secret)
{
    cJSON *out = model_new(r->arena, certificate_model);
    if (!is_nameless(secret))
        json_set_str(r->arena, out, "name", kube_name(secret));
    json_set_str(r->arena, out, "version", kube_version(secret));
    show_certificate(r->arena, out, secret);
    return out;
}

static bool is_certificate(const cJSON *secret)
{
    const char *its = json_str(secret, "type");
    return its && strcmp(its, type) == 0;
}

/* The real console sorts by name and trips over a missing one; one alone needs no sorting. Its
 * machine drops the text of an exception that it throws often; in the recordings that is so where
 * the page asked for lies past the end, so that is the rule here. */
static bool can_sort(struct rest_request *r, int total, bool nameless)
{
    if (!nameless || total < 2)
        return true;
    if (rest_past_end(r, total))
        return rest_fail(r, X_NULL_POINTER, NULL);
    return rest_fail(r, X_NULL_POINTER,
                     "Cannot read field \"value\" because \"anotherString\" is null");
}

static void certificate_get_all(struct rest_request *r)
{
    cJSON *out = json_array(r->arena);
    size_t n = kstore_count(r->store, kind);
    bool nameless = false;
    for (size_t i = 0; i < n; i++) {
        const cJSON *secret = kstore_at(r->store, kind, i);
        if (!is_certificate(secret))
            continue;
        nameless |= is_nameless(secret);
        json_add(r->arena, out, certificate_shown(r, secret));
    }
    if (can_sort(r, json_count(out), nameless))
        rest_page(r, out);
}

static void certificate_get(struct rest_request *r)
{
    const cJSON *secret = kstore_get(r->store, kind, rest_var(r, 0));
    rest_give(r, is_certificate(secret) ? certificate_shown(r, secret) : NULL);
}

static cJSON *secret_from_body(struct rest_request *r, const char *name)
{
    cJSON *secret =
        certificate_secret(r->arena, name, json_text(r->body, "cert"), json_text(r->body, "key"));
    kube_set_version(r->arena, secret, json_str(r->body, "version"));
    return secret;
}

static void certificate_create(struct rest_request *r)
{
    if (!rest_needs_name(r))
        return;
    const cJSON *stored = kube_create(r, kind, secret_from_body(r, json_text(r->body, "name")));
    if (stored)
        rest_give(r, certificate_shown(r, stored));
}

static void certificate_update(struct rest_request *r)
{
    if (!*json_text(r->body, "name")) {
        rest_fail(r, X_VALIDATION,
                  "TlsCertificate name in the URL doesn't match the one in the body.");
        return;
    }
    cJSON *secret = secret_from_body(r, rest_var(r, 0));
    kube_keep_unknown(r, kind, secret);
    const cJSON *stored = kube_replace(r, kind, secret);
    if (stored)
        rest_give(r, certificate_shown(r, stored));
}

static void delete_certificate(struct rest_request *r)
{
    if (kube_delete(r, kind, rest_var(r, 0)))
        rest_empty(r, 204);
}

const struct rest_route certificate_rest[] = {
    { "GET", "/v1/tls-certificates", certificate_get_all, NULL, REST_PAGED },
    { "POST", "/v1/tls-certificates", certificate_create, certificate_model },
    { "GET", "/v1/tls-certificates/{name}", certificate_get, .not_blank = "query.name" },
    { "PUT", "/v1/tls-certificates/{name}", certificate_update, certificate_model,
      .not_blank = "put.certificateName" },
    { "DELETE", "/v1/tls-certificates/{name}", delete_certificate, .not_blank = "delete.name" },
    { 0 },
};
