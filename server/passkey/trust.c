/* trust.c - a model's name in itself proves nothing: anybody can write it. The maker's certificate
 * has to lead to a root that the operator installed. */
#include "passkey/trust.h"
#include "base/arena.h"
#include "base/cert.h"
#include "base/err.h"
#include "base/file.h"
#include "base/when.h"
#include <string.h>

enum { ROOTS_MAX = 1 << 20 };

char *trust_model(struct arena *a, const uint8_t aaguid[WEBAUTHN_AAGUID])
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, 2 * WEBAUTHN_AAGUID + 5), *p = text;
    for (int i = 0; i < WEBAUTHN_AAGUID; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[aaguid[i] >> 4];
        *p++ = digits[aaguid[i] & 15];
    }
    return text;
}

bool trust_takes(struct arena *a, const struct trust *t, const struct webauthn_made *made,
                 struct err *e)
{
    const char *is = trust_model(a, made->aaguid);
    const char *const *m = t->models;
    if (!m || !*m)
        return true;
    while (*m && strcasecmp(*m, is) != 0)
        m++;
    if (!*m)
        return err_set(e, ERR_POLICY,
                       "keys of the model %s are not taken here (passkeys.attestation)", is);
    if (!made->attested)
        return err_set(e, ERR_POLICY,
                       "the key says that it is a %s, but no certificate of its maker does: its "
                       "attestation (%s) proves nothing",
                       is, made->format);
    size_t n = 0;
    char *roots = t->roots ? file_read(a, t->roots, ROOTS_MAX, &n, e) : NULL;
    struct cert_der chain[4];
    size_t count = 0;
    for (; made->chain[count].len; count++)
        chain[count] = (struct cert_der){ made->chain[count].at, made->chain[count].len };
    return roots && cert_leads(chain, count, roots, made->aaguid, e);
}
